"""Gower's distance between rows of numbers and categories."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_slices, row_sum, widen
from sknorms._compile import Kernel, kernels_available
from sknorms._typing import AnyArray, BoolArray, Float32Array, FloatArray, Rows
from sknorms.engine import (
    UNIT32,
    CoordinateEmbedding,
    Embedded,
    Embedding,
    round_up32,
)
from sknorms.metrics._domain import Domain, Missing
from sknorms.metrics._kernels import capped_scores
from sknorms.metrics._labels import column_labels, more_labels, numbers_for_labels
from sknorms.metrics._metric import Metric, frozen_array
from sknorms.metrics._registry import register_metric
from sknorms.metrics._statistics import observed_means, typical_rows

__all__ = ["Gower"]

_BLOCK_BYTES = 1 << 22
# Far below the 2^12 that `GowerBound` has room for.
_LARGEST_CODE = 2.0**10


@register_metric
@dataclass(frozen=True, eq=False)
class Gower(Metric):
    """Mean over columns of how far two rows are apart in each, in [0, 1].

    Numbers are apart by their difference relative to the column's range, at most 1, and
    categories by 0 or 1. NaN means not observed: the mean is over the columns observed
    in both rows, and rows that share none are never neighbours.

    The columns of a data frame say themselves whether they are categories: words, truth
    values and categorical types are. A label that was not among the training rows
    differs from all that were.

    Parameters
    ----------
    categorical : array-like, default=None
        Which columns are categories (coded as numbers): a boolean mask of shape
        (n_features,), or indices of columns. None for no column.
    ranges : array-like of shape (n_features,), default=None
        Largest minus smallest value of each column, at least 0; unused for categories.
        None learns them in ``fit``. In a column of range 0 any difference counts 1.
    categories : sequence of length n_features, default=None
        For rows in data frames: the labels of each column that has labels, None for
        the others. Such columns are categories. None learns them from the frame.

    Examples
    --------
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> age_and_job = [[20.0, 0.0], [30.0, 0.0], [60.0, 2.0]]
    >>> pairwise_distances(age_and_job, metric=get_metric("gower", categorical=[1]))
    array([[0.   , 0.125, 1.   ],
           [0.125, 0.   , 0.875],
           [1.   , 0.875, 0.   ]])
    >>> import pandas
    >>> people = pandas.DataFrame({"age": [20, 30, 60], "job": ["cook", "cook", "dj"]})
    >>> pairwise_distances(people, metric="gower")
    array([[0.   , 0.125, 1.   ],
           [0.125, 0.   , 0.875],
           [1.   , 0.875, 0.   ]])
    """

    categorical: Any = None
    ranges: Any = None
    categories: Any = None

    name: ClassVar[str] = "gower"
    complementary: ClassVar[bool] = True
    domain_: ClassVar[Domain] = Missing()
    triangle_inequality = False
    learned: ClassVar[tuple[str, ...]] = ("ranges",)
    formula: ClassVar[str] = r"1 / |S| \sum_{i \in S} \min(|x_i - y_i| / R_i, 1)"

    def __post_init__(self) -> None:
        if self.categorical is not None:
            object.__setattr__(self, "categorical", _columns(self.categorical))
        if self.categories is not None:
            object.__setattr__(self, "categories", _labels(self.categories))
        if self.ranges is None:
            return
        ranges = frozen_array(self.ranges)
        if ranges.ndim != 1 or not (ranges >= 0).all():
            raise ValueError(
                "ranges must be a vector of numbers of at least zero, one a column; "
                f"got {self.ranges!r}. Leave it at None to learn it from the data."
            )
        object.__setattr__(self, "ranges", ranges)

    def learn_table(self, X: Any) -> Self:
        """Return a record with the labels in the columns of a data frame."""
        if self.categories is not None:
            return self
        return replace(self, categories=column_labels(X))

    def extend_table(self, X: Any) -> Self:
        """Return a record that also knows the labels of a further data frame."""
        return replace(self, categories=more_labels(self.categories, column_labels(X)))

    def encode(self, X: Any) -> Any:
        """Return a data frame with numbers for its labels."""
        return numbers_for_labels(X, self.categories)

    def learn(self, X: Rows) -> Self:
        """Return a record with the ranges of the columns of ``X``."""
        n_features = X.shape[1]
        self._nominal(n_features)
        if self.ranges is None:
            return replace(self, ranges=_ranges(X))
        if len(self.ranges) != n_features:
            raise ValueError(
                f"ranges must have one number a column: got {len(self.ranges)} for "
                f"{n_features} columns."
            )
        return self

    def _nominal(self, n_features: int) -> BoolArray:
        """Return which of the columns are categories."""
        mask = self._labelled(n_features)
        if self.categorical is None:
            return mask
        try:
            mask[self.categorical] = True
        except IndexError as error:
            raise ValueError(
                f"categorical must be a mask of length {n_features} or indices below "
                f"{n_features}, the number of columns; got {self.categorical!r}."
            ) from error
        return mask

    def _labelled(self, n_features: int) -> BoolArray:
        """Return which of the columns have labels."""
        if self.categories is None:
            return np.zeros(n_features, dtype=np.bool_)
        if len(self.categories) != n_features:
            raise ValueError(
                "categories must have one entry a column, labels or None: got "
                f"{len(self.categories)} for {n_features} columns."
            )
        return np.array([labels is not None for labels in self.categories])

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances, NaN where nothing is shared."""
        with np.errstate(over="ignore"):
            apart = np.abs(x - y)
            nominal = self._nominal(x.shape[-1]) | (self.ranges == 0)
            share = apart / np.where(nominal, 1.0, self.ranges)
        missing = np.isnan(apart)
        share = np.where(nominal, apart > 0, np.minimum(share, 1.0))
        share[missing] = 0.0
        shared = np.asarray(x.shape[-1] - np.count_nonzero(missing, axis=-1))
        mean = np.full(shared.shape, np.nan)
        np.divide(row_sum(share), shared, out=mean, where=shared > 0)
        return mean

    def embedding(self, rows: Rows) -> Embedding | None:
        """Bound by float32 sums; there is no such sum without compiled kernels."""
        if not kernels_available():
            return None
        nominal = self._nominal(rows.shape[1]) | (self.ranges == 0)
        typical = widen(typical_rows(rows))
        center = observed_means(typical)
        units = np.where(nominal, _category_units(typical - center), self.ranges)
        # A smaller factor is a smaller bound, and one that overflows is none.
        factors = 1.0 / np.maximum(units, 2.0**-1000)
        return GowerBound(rows.shape[1], center, factors=factors)


@dataclass(frozen=True, eq=False)
class GowerBound(CoordinateEmbedding):
    """Sums of ``min(f |x - y|, 1)``: at most t times the columns observed in a row.

    With f one over the range, the terms are Gower's; for a category any f will do,
    since a term is at most 1. The rounding of a row moves the sum by at most 2u times
    its sum of magnitudes; corpus rows that could move it further than `_ROOM` are never
    ruled out.

    Attributes
    ----------
    factors : float64 array of shape (n_features,)
        The f of each column.
    """

    factors: FloatArray | None = None

    scipy_name: ClassVar[str] = ""
    # Mean scaled magnitude that the rounding of a corpus row is allowed for.
    _ROOM: ClassVar[float] = 2.0**12

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum."""
        return capped_scores

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return the sums of magnitudes."""
        total: FloatArray = row_sum(np.abs(rows))
        return total

    def _embed(self, rows: Rows) -> tuple[AnyArray, FloatArray, Any]:
        wide = widen(rows)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            center, factors = self.center, self.factors
            moved = wide - (0.0 if center is None else center)
            moved *= 1.0 if factors is None else factors
        missing = np.isnan(wide)
        moved[missing] = 0.0
        unmoved = GowerBound(self.terms)
        vectors, errors, loose = super(GowerBound, unmoved)._embed(moved)
        vectors[missing] = np.nan
        return vectors, errors, loose

    @property
    def _allowed(self) -> float:
        return 2 * UNIT32 * self._ROOM * self.terms

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the number of observed columns."""
        vectors, errors, loose = self._embed(rows)
        counts = (~np.isnan(widen(rows))).sum(axis=1).astype(np.float32)
        counts[loose | (errors > self._allowed)] = np.nan
        return Embedded(vectors, counts)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose sum may be within reach of the larger count."""
        grown = 1.0 + 2 * self.relative_error
        # No mean exceeds 1, so at 2 every pair is kept.
        weight = -round_up32(np.clip(thresholds, -1.0, 2.0) * grown)
        level = round_up32((sizes + self._allowed) * grown)
        return weight, level


def _columns(categorical: Any) -> AnyArray:
    """Return a read-only mask or indices of columns."""
    columns = np.array(categorical)
    if columns.ndim != 1 or not (
        columns.dtype == np.bool_ or np.issubdtype(columns.dtype, np.integer)
    ):
        raise ValueError(
            "categorical must be a boolean mask or integer indices of columns; got "
            f"{categorical!r}."
        )
    columns.flags.writeable = False
    return columns


def _labels(categories: Any) -> AnyArray:
    """Return a read-only array of one tuple of labels, or None, a column."""
    try:
        columns = [None if labels is None else tuple(labels) for labels in categories]
    except TypeError as error:
        raise ValueError(
            "categories must have one entry a column, its labels or None; got "
            f"{categories!r}."
        ) from error
    array = np.empty(len(columns), dtype=object)
    array[:] = columns
    array.flags.writeable = False
    return array


def _ranges(rows: Rows) -> FloatArray:
    """Return largest minus smallest observed value of each column."""
    n_rows, n_features = rows.shape
    low, high = np.full(n_features, np.inf), np.full(n_features, -np.inf)
    for block in row_slices(n_rows, max(1, _BLOCK_BYTES // (8 * n_features))):
        wide = widen(rows[block])
        low = np.fmin(low, np.fmin.reduce(wide, axis=0))
        high = np.fmax(high, np.fmax.reduce(wide, axis=0))
    with np.errstate(over="ignore"):
        ranges = np.where(high > low, high - low, 0.0)
    return np.minimum(ranges, np.finfo(np.float64).max)


def _category_units(rows: FloatArray) -> FloatArray:
    """Return what to measure the codes of categories in, so that most differ by one.

    The smallest gap between codes, unless that makes the codes so large that their
    rounding would count.
    """
    units = np.ones(rows.shape[1])
    for i, column in enumerate(rows.T):
        codes = np.unique(column[~np.isnan(column)])
        if len(codes) > 1:
            units[i] = max(np.diff(codes).min(), np.abs(codes).max() / _LARGEST_CODE)
    return units
