"""Differences relative to the size of what is compared.

Where there is nothing to compare, 0/0, two coordinates or rows are equal: distance 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import BoolArray, FloatArray, Rows, SparseMatrix
from sknorms.engine import Embedding, power_of_two_scale
from sknorms.metrics._coordinate_bounds import BrayCurtisBound, CanberraBound
from sknorms.metrics._metric import Metric
from sknorms.metrics._overlap import LineBound, ratio
from sknorms.metrics._registry import register_metric
from sknorms.metrics._sparse_pairs import SparsePairs, StoredPairs
from sknorms.metrics._statistics import typical_rows
from sknorms.metrics._tables import (
    ABSOLUTE,
    PRODUCT,
    RELATIVE,
    SQUARE,
    SumMetric,
    sum_table,
)
from sknorms.norms._scaled import scaled_row_norms

__all__ = ["BrayCurtis", "Canberra", "Tanimoto"]

# Sums and squares of numbers of this exponent stay inside the range of float64.
_TOP_EXPONENT = 400
# Sums of sizes within these are as accurate as any.
_SMALLEST, _LARGEST = 2.0**-900, 2.0**900
# Between a row and its negative.
_LARGEST_TANIMOTO = 4.0 / 3.0


@register_metric
@dataclass(frozen=True, eq=False)
class Canberra(SumMetric):
    """Sum of the differences, each relative to its two values, in [0, n_features]."""

    name: ClassVar[str] = "canberra"
    formula: ClassVar[str] = r"\sum_i |x_i - y_i| / (|x_i| + |y_i|)"
    term: ClassVar[int] = RELATIVE

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        with np.errstate(over="ignore"):
            apart, size = np.abs(x - y), np.abs(x) + np.abs(y)
        huge = np.isinf(size)
        if huge.any():
            # Halving is exact at this size, and no half can overflow.
            half_x = np.broadcast_to(x, size.shape)[huge] / 2
            half_y = np.broadcast_to(y, size.shape)[huge] / 2
            apart[huge] = np.abs(half_x - half_y)
            size[huge] = np.abs(half_x) + np.abs(half_y)
        total: FloatArray = row_sum(ratio(apart, size))
        return total

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the sums."""
        del x, y
        return sums

    def doubtful(self, sums: FloatArray) -> BoolArray:
        """Return where sizes overflowed."""
        return np.isnan(sums)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by float32 sums."""
        return CanberraBound(rows.shape[1])


@register_metric
@dataclass(frozen=True, eq=False)
class BrayCurtis(Metric):
    """Sum of the differences relative to the sum of all values, in [0, 1].

    Meant for counts and other numbers of at least zero. With negative numbers the
    sizes |x| + |y| are summed, as scikit-learn's ``DistanceMetric`` does; SciPy sums
    |x + y|, which can vanish.
    """

    name: ClassVar[str] = "braycurtis"
    triangle_inequality = False
    formula: ClassVar[str] = r"\sum_i |x_i - y_i| / \sum_i (|x_i| + |y_i|)"

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return np.minimum(_in_range(_bray_curtis, x, y), 1.0)

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all keys between two blocks of rows, shape (n_queries, n_corpus)."""
        x, y = self.represent(queries), self.represent(corpus)
        with np.errstate(over="ignore"):
            sizes = row_sum(np.abs(x))[:, None] + row_sum(np.abs(y))
        if not ((sizes == 0) | ((sizes > _SMALLEST) & (sizes < _LARGEST))).all():
            return super().block_keys(queries, corpus)
        return np.minimum(ratio(sum_table(ABSOLUTE, x, y), sizes), 1.0)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by float32 sums of differences, and sums of rows."""
        return BrayCurtisBound.fit(rows)


@register_metric
@dataclass(frozen=True, eq=False)
class Tanimoto(SparsePairs, Metric):
    """Jaccard's distance carried over to real numbers, in [0, 4/3].

    On rows of zeros and ones it is Jaccard's distance, bit for bit.
    """

    name: ClassVar[str] = "tanimoto"
    triangle_inequality = False
    complementary: ClassVar[bool] = True
    formula: ClassVar[str] = r"1 - x \cdot y / (\|x\|^2 + \|y\|^2 - x \cdot y)"

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return np.minimum(_in_range(_tanimoto, x, y), _LARGEST_TANIMOTO)

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the rows in float64."""
        return rows.astype(np.float64)

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the distances of pairs of CSR rows."""
        apart = pairs.stored_sums(SQUARE)
        first, second = pairs.stored_squares()
        with np.errstate(over="ignore", invalid="ignore"):
            size = first + second - pairs.stored_sums(PRODUCT)
            keys = np.minimum(ratio(apart, size), _LARGEST_TANIMOTO)
        ours, theirs = pairs.stored_counts()
        again = np.flatnonzero(_out_of_range(apart, size) & (ours + theirs > 0))
        if len(again):
            keys[again] = self.dense_pair_keys(pairs.take(again))
        return keys

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``X + Y - 2 x.y <= t (X + Y - x.y)``, rearranged."""
        del n_features
        t = np.minimum(keys, _LARGEST_TANIMOTO)
        return (1.0 - t) / (2.0 - t), np.zeros(len(t))

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of the rows and their squared lengths."""
        scale = power_of_two_scale(scaled_row_norms(typical_rows(rows)).values)
        return LineBound.fit(rows, self, scale=scale)


def _bray_curtis(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    return row_sum(np.abs(x - y)), row_sum(np.abs(x)) + row_sum(np.abs(y))


def _tanimoto(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    # The squared length of the difference itself: 1 - x.y / (...) would cancel. The
    # denominator does not, being at least half of |x|^2 + |y|^2.
    apart = row_sum(np.square(x - y))
    return apart, row_sum(x * x) + row_sum(y * y) - row_sum(x * y)


def _in_range(
    parts: Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]],
    x: FloatArray,
    y: FloatArray,
) -> FloatArray:
    """Return a quotient that does not change if both rows are scaled by one number.

    Where its parts leave the range of float64, both rows are scaled by the same power
    of two, which is exact, and measured again.
    """
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        apart, size = (np.atleast_1d(part) for part in parts(x, y))
        again = _out_of_range(apart, size)
        if again.any():
            apart[again], size[again] = parts(*_scaled_pairs(x, y, again))
        quotient = ratio(apart, size)
    shape = np.broadcast_shapes(x.shape[:-1], y.shape[:-1])
    return quotient.reshape(shape)


def _out_of_range(apart: FloatArray, size: FloatArray) -> BoolArray:
    return ~((size >= 2.0**-960) & np.isfinite(size) & np.isfinite(apart))


def _scaled_pairs(
    x: FloatArray, y: FloatArray, where: BoolArray
) -> tuple[FloatArray, FloatArray]:
    shape = np.broadcast_shapes(x.shape, y.shape)
    x, y = (np.broadcast_to(side, shape).reshape(*where.shape, -1) for side in (x, y))
    x, y = x[where], y[where]
    largest = np.maximum(np.abs(x).max(axis=-1), np.abs(y).max(axis=-1))
    exponent = _TOP_EXPONENT - np.frexp(largest)[1][..., np.newaxis]
    return np.ldexp(x, exponent), np.ldexp(y, exponent)
