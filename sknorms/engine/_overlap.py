"""A bound for keys that are settled by an inner product and two squared lengths."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import Float32Array, FloatArray, Rows
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._rounding import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    drop_long,
    gamma32,
    round_up32,
    squared_lengths,
    to_float32,
)

__all__ = ["OverlapEmbedding"]


@dataclass(frozen=True)
class OverlapEmbedding(Embedding):
    """Bound for keys that are settled by x.y and by X = |x|^2 and Y = |y|^2.

    Each threshold draws a line::

        key(x, y) <= t  only if  slope(t) (X + Y) - x.y <= room(t).

    The computed inner product and the test are off by at most c (X + Y), because
    ``2 |x||y| <= X + Y``; lowering the slope by c forgives that. Inner products of
    zeros and ones are whole numbers, which float32 adds without error up to 2**24.

    Attributes
    ----------
    scale : float
        Power of two for both sides; rooms are those of scaled rows.
    columns : int
        Number of columns.
    terms : int
        The most terms of an inner product that are not zero, which settles the
        rounding: the columns, or what the fullest CSR row of the corpus stores.
    """

    scale: float
    columns: int
    terms: int
    keeps_sparse = True

    @abstractmethod
    def line(self, keys: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return slope (within [-1, 1]) and room of each key."""

    def foreign(self, rows: Rows) -> Any:
        """Return which rows the line does not hold for; they are never ruled out."""
        return np.zeros(rows.shape[0], dtype=np.bool_)

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def _embed(self, rows: Rows) -> tuple[Any, FloatArray]:
        """Return float32 vectors, and squared lengths or NaN for rows left out."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            scaled = rows.astype(np.float64) * self.scale
            vectors = to_float32(scaled)
            lengths = squared_lengths(vectors)
        lengths[self.foreign(rows)] = np.nan
        lengths[drop_long(vectors, lengths)] = np.nan
        return vectors, lengths

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the squared length."""
        vectors, lengths = self._embed(rows)
        return Embedded(vectors, lengths.astype(np.float32))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the squared length."""
        return Embedded(*self._embed(rows))

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs on the near side of their line, errors included."""
        slope, room = self.line(thresholds * (1.0 + EXACT_SLACK))
        # gamma_d for the product; casts of both rows, offset, weight and the test.
        forgiven = gamma32(self.terms) + 16 * UNIT32 + EXACT_SLACK
        weight = -round_up32(forgiven - slope)
        level = room + EXACT_SLACK * np.abs(room) + UNDERFLOW32
        raised = round_up32(level - weight.astype(np.float64) * sizes)
        # NaN compares false: a row that was left out is kept against every other.
        return weight, raised
