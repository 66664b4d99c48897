"""Coordinate bounds of the metrics that are sums or maxima over coordinates."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.spatial.distance import cdist

from sknorms._arrays import row_sum, widen
from sknorms._compile import Kernel, kernels_available
from sknorms._typing import AnyArray, Float32Array, FloatArray, Rows
from sknorms.engine import (
    UNDERFLOW32,
    UNIT32,
    CoordinateEmbedding,
    CoordinateSpace,
    Embedded,
    Embedding,
    TreeSpace,
    packed_differences,
    power_of_two_scale,
    round_up32,
)
from sknorms.metrics._kernels import (
    POWER_ERROR,
    canberra_scores,
    chebyshev_scores,
    hamming_scores,
    manhattan_scores,
    power_scores,
)
from sknorms.metrics._statistics import column_means, typical_rows
from sknorms.norms._scaled import scaled_row_norms

__all__ = [
    "BrayCurtisBound",
    "CanberraBound",
    "ChebyshevBound",
    "HammingBound",
    "ManhattanBound",
    "MinkowskiBound",
]

# Smallest float32 with all its digits, and half the smallest one.
_TINY = 2.0**-126
_VANISHING = 2.0**-150
# A few times the smallest float64.
_SMALLEST = 2.0**-1072


@dataclass(frozen=True, eq=False)
class _Homogeneous(CoordinateEmbedding):
    """Sums of a norm of differences: rows may be shifted and scaled together.

    Attributes
    ----------
    factors : float64 array of shape (n_features,) or None
        What each column is multiplied by after centring.
    """

    factors: FloatArray | None = None

    @classmethod
    def fit(cls, rows: Rows, factors: FloatArray | None = None, **fields: Any) -> Self:
        """Choose centre and scale; rows that float32 holds exactly are not centred."""
        exact = rows.dtype != np.float64 and factors is None
        center = None if exact else column_means(rows)
        typical = widen(typical_rows(rows))
        with np.errstate(over="ignore"):
            if center is not None:
                typical = typical - center
            if factors is not None:
                typical = typical * factors
            lengths = np.abs(typical).max(axis=1, initial=0.0)
        scale = power_of_two_scale(lengths)
        return cls(rows.shape[1], center, scale, factors=factors, **fields)

    @property
    @abstractmethod
    def tree_power(self) -> float:
        """The p of the norm of differences."""

    def tree_space(self) -> TreeSpace | None:
        """Return the space of the rows themselves, if they are not weighted."""
        if self.factors is not None or self.tree_power < 1.0:
            return None
        return CoordinateSpace(self.tree_power)

    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the scaled norm that a key allows, its own rounding included."""
        return super().reach(keys + _SMALLEST)

    @property
    def _lost(self) -> float:
        """What multiplying a scaled coordinate may round away below float64's range."""
        return 0.0 if self.factors is None else _SMALLEST * self.scale

    @property
    def vanished(self) -> float:
        """What such losses add up to in a score."""
        return self.terms * self._lost

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs within reach, and what vanishes of it."""
        return super().cut(sizes + self.vanished, thresholds)

    def coordinates(self, rows: Rows) -> FloatArray:
        """Return rows in float64, moved, weighted and scaled."""
        if self.factors is None:
            return super().coordinates(rows)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            moved = widen(rows) - (0.0 if self.center is None else self.center)
            weighted: FloatArray = moved * self.factors * self.scale
        return weighted


@dataclass(frozen=True, eq=False)
class ManhattanBound(_Homogeneous):
    """Sum of absolute differences."""

    combine: ClassVar[np.ufunc | None] = np.add
    scipy_name: ClassVar[str] = "cityblock"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum."""
        return manhattan_scores

    @property
    def tree_power(self) -> float:
        """The p of the norm of differences."""
        return 1.0

    def pack(self, rows: Rows, k: int) -> Embedding:
        """Return the bound by rows of bytes if it is less work."""
        return packed_differences(self, rows, k)

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return the sums of absolute values."""
        total: FloatArray = row_sum(np.abs(rows))
        return total


@dataclass(frozen=True, eq=False)
class ChebyshevBound(_Homogeneous):
    """Largest absolute difference."""

    combine: ClassVar[np.ufunc | None] = np.maximum
    scipy_name: ClassVar[str] = "chebyshev"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled maximum."""
        return chebyshev_scores

    @property
    def tree_power(self) -> float:
        """The p of the norm of differences."""
        return np.inf

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return the largest absolute values."""
        largest: FloatArray = np.abs(rows).max(axis=1, initial=0.0)
        return largest


@dataclass(frozen=True, eq=False)
class MinkowskiBound(_Homogeneous):
    """The p-norm of differences; for p < 1 its p-th power, which is subadditive.

    The compiled sum caps its terms and drops tiny ones, which only lowers it.

    Attributes
    ----------
    p : float
        Order, neither 1 nor infinite.
    """

    p: float = 2.0

    scipy_name: ClassVar[str] = "minkowski"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum of powers."""
        return power_scores

    @property
    def tree_power(self) -> float:
        """The p of the norm of differences."""
        return self.p

    @property
    def _power(self) -> float:
        """What the norm is raised to in a score."""
        return min(self.p, 1.0)

    @property
    def relative_error(self) -> float:
        """Relative error of a computed sum: that of the powers comes on top."""
        return super().relative_error + POWER_ERROR

    def score(self, queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
        """Write minus the norms, or their powers, of all pairs."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            if kernels_available():
                root = self._power / self.p
                power_scores(queries, corpus, self.p, root, out)
            else:
                norms = cdist(queries, corpus, self.scipy_name, p=self.p)
                # An overflow says nothing, and what is NaN is kept.
                norms[np.isinf(norms)] = np.nan
                np.negative(norms**self._power, out=out)

    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the scaled norm, or its power, that a key allows."""
        with np.errstate(over="ignore"):
            scaled = np.maximum(keys + _SMALLEST, 0.0) * self.scale
            reach: FloatArray = np.where(keys < 0, -np.inf, scaled**self._power)
        return reach

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return the norms, or what the errors of coordinates add up to as powers."""
        if self.p >= 1.0:
            return scaled_row_norms(rows, self.p).values
        unit: float = (1.5 * UNIT32) ** self.p / (2 * UNIT32)
        total: FloatArray = row_sum(np.abs(rows) ** self.p)
        return total * unit

    @property
    def vanished(self) -> float:
        """What coordinates lost below the ranges of both floats add up to."""
        lost: float = (_VANISHING + self._lost) ** self._power
        return 4.0 * self.terms * lost


@dataclass(frozen=True, eq=False)
class CanberraBound(CoordinateEmbedding):
    """Sum of relative differences, each term in [0, 1].

    With u the rounding of float32, ``|x - y| / (|x| + |y|)`` changes by at most u / 2
    if x is rounded, and twice that if y is as well, provided they are not subnormal.
    """

    scipy_name: ClassVar[str] = "canberra"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum."""
        return canberra_scores

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return half the number of terms, or infinity for rows float32 cannot hold."""
        magnitudes = np.abs(rows)
        lost = ((magnitudes > 0) & (magnitudes < _TINY)).any(axis=1)
        return np.where(lost, np.inf, 0.5 * self.terms)


@dataclass(frozen=True, eq=False)
class HammingBound(CoordinateEmbedding):
    """Share of the columns that differ; rounding can only make values equal."""

    scipy_name: ClassVar[str] = "hamming"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled count."""
        return hamming_scores


@dataclass(frozen=True, eq=False)
class BrayCurtisBound(CoordinateEmbedding):
    """Differences relative to sizes: ``sum |x - y| <= t (S_x + S_y)``, one S a row.

    The scores are those of manhattan. Rounding a row to float32 changes them by at most
    2u S, which raises t by 2u.
    """

    combine: ClassVar[np.ufunc | None] = np.add
    scipy_name: ClassVar[str] = "cityblock"

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Choose a scale."""
        with np.errstate(over="ignore"):
            lengths = np.abs(widen(typical_rows(rows))).max(axis=1, initial=0.0)
        return cls(rows.shape[1], None, power_of_two_scale(lengths))

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum."""
        return manhattan_scores

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the row's sum of magnitudes."""
        embedded = self.queries(rows)
        return Embedded(embedded.rows, round_up32(embedded.numbers))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the row's sum of magnitudes."""
        vectors, _, loose = self._embed(rows)
        with np.errstate(over="ignore", under="ignore"):
            sums: FloatArray = row_sum(np.abs(widen(rows) * self.scale))
        sums[loose] = np.inf
        return Embedded(vectors, sums)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs with a quotient within reach, errors included."""
        # No quotient exceeds 1, so at 2 every pair is kept.
        t = np.clip(thresholds, -1.0, 2.0)
        t = t + np.abs(t) * self.relative_error + 2 * UNIT32
        weight = -round_up32(t)
        level = round_up32(-weight.astype(np.float64) * sizes + UNDERFLOW32)
        return weight, level
