"""Bounds whose scores are one float32 matrix product."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import Float32Array, FloatArray, Rows
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._rounding import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    VANISHING64,
    drop_long,
    gamma32,
    round_down32,
    round_up32,
    squared_lengths,
    to_float32,
)

__all__ = ["ChordEmbedding", "DotEmbedding"]

# The h of `ChordEmbedding`: costs half a float32 rounding, forgives errors of 1e-12.
_SPLIT = 2.0**-26


class ChordEmbedding(Embedding):
    """Bound for keys that grow with the length of a difference of vectors.

    With computed vectors x, y of float32 and their squared lengths X, Y: ``|x - y|^2 =
    X + Y - 2 x.y``, and what the rounding of the product and of the vectors can do to
    it is at most ``c (X + Y)``, because ``2 |x||y| <= X + Y``. The errors thus move
    into the squared lengths, and the test costs no more than the plain one.

    Vectors that carry absolute errors a, b of their own (a rotation computed in
    float64, say) change a length D of difference to no less than ``D - (a + b)``, and
    ``2 D (a + b) <= h D^2 + (a + b)^2 / h`` for any h > 0: with a fixed h this splits
    into a relative part and a part for each row as well.
    """

    rank_weight = 0.5

    @abstractmethod
    def vectors(self, rows: Rows) -> tuple[Rows, Any]:
        """Return scaled float64 vectors and the absolute error of each.

        The error comes on top of 2**-50 of the vector's length; a number or one a row.
        """

    @abstractmethod
    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared scaled length of difference that a key allows."""

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def _relative_error(self, width: int) -> float:
        # gamma_d for the product, 4u for the two vectors' rounding, 3u for the test.
        return gamma32(width) + 8 * UNIT32 + 2 * _SPLIT + EXACT_SLACK

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the squared length, lowered."""
        lowered = self.queries(rows)
        return Embedded(lowered.rows, round_down32(lowered.numbers))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the squared length, lowered."""
        exact, error = self.vectors(rows)
        vectors = to_float32(exact)
        lengths = squared_lengths(vectors)
        long = drop_long(vectors, lengths)
        sizes = lengths * (1.0 - self._relative_error(vectors.shape[1]))
        sizes -= 2.0 * np.square(error) / _SPLIT
        sizes[long] = -np.inf
        return Embedded(vectors, sizes)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs with ``|x - y|^2 <= reach``, errors included."""
        with np.errstate(over="ignore"):
            reach = self.squared_reach(thresholds) * (1.0 + EXACT_SLACK)
        level = round_up32(0.5 * (reach + UNDERFLOW32 - sizes))
        return np.full(len(sizes), 0.5, dtype=np.float32), level


@dataclass(frozen=True)
class DotEmbedding(Embedding):
    """Bound for keys ``-x.y``: ``|fl(x.y) - x.y| <= c |x||y|``, rows not centred.

    Attributes
    ----------
    scale : float
        Power of two for both sides.
    """

    scale: float
    keeps_sparse = True

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def _embed(self, rows: Rows) -> tuple[Any, FloatArray, Any]:
        with np.errstate(over="ignore", under="ignore"):
            scaled = rows.astype(np.float64) * self.scale
            if sparse.issparse(scaled):
                scaled = sparse.csr_array(scaled)
        vectors = to_float32(scaled)
        lengths = squared_lengths(vectors)
        long = drop_long(vectors, lengths)
        return vectors, np.sqrt(lengths), long

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the length, raised."""
        vectors, lengths, long = self._embed(rows)
        offsets = round_up32(lengths)
        offsets[long] = np.inf
        return Embedded(vectors, offsets)

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the length times the relative error."""
        vectors, lengths, long = self._embed(rows)
        relative = gamma32(vectors.shape[1]) + 8 * UNIT32 + EXACT_SLACK
        sizes = lengths * relative
        sizes[long] = np.inf
        return Embedded(vectors, sizes)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs with ``-x.y <= threshold``, errors included."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = thresholds * self.scale * self.scale
            # Exact keys round to zero below the float64 range: those are ties.
            vanished = VANISHING64 * self.scale * self.scale
            room = EXACT_SLACK * np.abs(scaled) + UNDERFLOW32 + vanished
            level = round_up32(scaled + room)
        # An infinite size or threshold keeps every pair.
        level[np.isinf(sizes) | np.isinf(thresholds)] = np.inf
        weight = round_down32(-np.where(np.isinf(sizes), 0.0, sizes))
        return weight, level
