"""Bounds for sums and maxima over coordinates: compiled kernels or plain passes."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.spatial.distance import cdist

from sknorms._arrays import row_slices, widen
from sknorms._compile import Kernel, kernels_available
from sknorms._typing import AnyArray, Float32Array, FloatArray, Rows
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._rounding import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    drop_long,
    gamma32,
    round_down32,
    round_up32,
)

__all__ = ["CoordinateEmbedding"]

# Queries of one tile of the column-wise passes.
_TILE_QUERIES = 16


@dataclass(frozen=True, eq=False)
class CoordinateEmbedding(Embedding):
    """Rows whose computed coordinate sum is off by a known amount at most.

    The score is minus the computed sum. All its terms are non-negative, so the rounding
    of terms and additions changes it by a relative ``gamma``; rounding float64 rows to
    float32 first changes it by at most 2u times the two rows' sizes.

    Attributes
    ----------
    terms : int
        Number of coordinates added up.
    center : float64 array of shape (n_features,) or None
        Subtracted first, where that does not change the sum.
    scale : float
        Power of two applied next; 1 where the sum does not change by scaling.
    """

    terms: int
    center: FloatArray | None = None
    scale: float = 1.0

    # Where there are no compiled kernels: how absolute differences of one column are
    # combined with those before it, or else SciPy's name of the same sum.
    combine: ClassVar[np.ufunc | None] = None
    scipy_name: ClassVar[str]

    @property
    @abstractmethod
    def kernel(self) -> "Kernel[Any, None]":
        """Compiled ``kernel(queries, corpus, out)`` that writes minus the sums."""

    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the scaled sum that a key allows."""
        with np.errstate(over="ignore"):
            return keys * self.scale

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return by how many times 2u rounding a row to float32 may move the sum."""
        return np.zeros(len(rows))

    @property
    def relative_error(self) -> float:
        """Relative error of a computed sum and of the test on it."""
        return gamma32(self.terms + 8) + EXACT_SLACK

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def score(self, queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
        """Write minus the sums of all pairs."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            if kernels_available():
                self.kernel(queries, corpus, out)
            elif self.combine is not None:
                _column_by_column(queries, corpus, self.combine, out)
            else:
                np.negative(cdist(queries, corpus, self.scipy_name), out=out)

    @property
    def vanished(self) -> float:
        """What a sum of coordinates may have lost below the range of float64."""
        return 0.0

    def coordinates(self, rows: Rows) -> FloatArray:
        """Return rows in float64, moved and scaled as the sum allows."""
        wide = widen(rows)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if self.center is not None:
                wide = wide - self.center
            moved: FloatArray = wide * self.scale
        return moved

    def _embed(self, rows: Rows) -> tuple[AnyArray, FloatArray, Any]:
        wide = self.coordinates(rows)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            largest = np.abs(wide).max(axis=1, initial=0.0)
            sizes = self.sizes(wide)
            vectors = wide.astype(np.float32)
        loose = drop_long(vectors, np.maximum(largest, sizes))
        stays = self.center is None and rows.dtype != np.float64
        if stays:
            sizes[:] = 0.0  # these rows are float32 numbers already
        error = 2 * UNIT32 * sizes * (1.0 + self.relative_error)
        return vectors, error, loose

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is minus what rounding a row can do."""
        vectors, errors, loose = self._embed(rows)
        offsets = round_down32(-errors)
        offsets[loose] = -np.inf
        return Embedded(vectors, offsets)

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is what rounding the row can do."""
        vectors, errors, loose = self._embed(rows)
        errors[loose] = np.inf
        return Embedded(vectors, errors)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose true sum may be within reach."""
        grown = 1.0 + self.relative_error
        level = round_up32(self.reach(thresholds) * grown + sizes + UNDERFLOW32)
        return np.ones(len(sizes), dtype=np.float32), level


def _column_by_column(
    queries: AnyArray, corpus: AnyArray, combine: np.ufunc, out: Float32Array
) -> None:
    # Whole-column passes over a tile in cache, in the rows' own precision, are faster
    # than `cdist`, which works in float64 pair by pair.
    columns = np.ascontiguousarray(corpus.T)
    for rows in row_slices(len(queries), _TILE_QUERIES):
        tile = queries[rows]
        total = np.zeros((len(tile), len(corpus)), dtype=queries.dtype)
        term = np.empty_like(total)
        for k, column in enumerate(columns):
            np.subtract(column, tile[:, k : k + 1], out=term)
            np.abs(term, out=term)
            combine(total, term, out=total)
        np.negative(total, out=out[rows])
