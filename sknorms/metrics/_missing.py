"""Euclidean distance between rows that were not observed in every column."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_sum, widen
from sknorms._typing import Float32Array, FloatArray, Rows
from sknorms._validation import check_real
from sknorms.engine import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    VANISHING64,
    Embedded,
    Embedding,
    drop_long,
    gamma32,
    power_of_two_scale,
    round_up32,
)
from sknorms.metrics._domain import Domain, Missing
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import register_metric
from sknorms.metrics._statistics import observed_means, typical_rows
from sknorms.norms._scaled import last_axis_norm, scaled_row_norms

__all__ = ["NanEuclidean"]


@register_metric
@dataclass(frozen=True, eq=False)
class NanEuclidean(Metric):
    """Euclidean distance over the columns observed in both rows, scaled up to all.

    NaN means not observed. Rows that share no observed column have no distance: they
    are never neighbours.

    Parameters
    ----------
    missing_values : float, default=None
        A number that means not observed too, for rows that cannot hold NaN. Dense rows
        only, if it is zero.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> X = [[0.0, 0.0, np.nan, 5.0], [3.0, np.nan, 7.0, 5.0]]
    >>> pairwise_distances(X, metric=get_metric("nan_euclidean")).round(3)
    array([[0.   , 4.243],
           [4.243, 0.   ]])
    >>> X = [[0, 0, -1, 5], [3, -1, 7, 5]]
    >>> pairwise_distances(X, metric="nan_euclidean", missing_values=-1).round(3)
    array([[0.   , 4.243],
           [4.243, 0.   ]])
    """

    missing_values: float | None = None

    name: ClassVar[str] = "nan_euclidean"
    triangle_inequality = False
    formula: ClassVar[str] = r"\sqrt{n / |S| \sum_{i \in S} (x_i - y_i)^2}"

    def __post_init__(self) -> None:
        marker = self.missing_values
        if marker is not None and not _is_nan(marker):
            marker = check_real("missing_values", marker)
        else:
            marker = None  # NaN is missing as it is
        object.__setattr__(self, "missing_values", marker)

    @property
    def domain(self) -> Domain:
        """Finite numbers and what stands for missing ones."""
        return Missing(self.missing_values)

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances, NaN where nothing is shared."""
        difference = x - y
        missing = np.isnan(difference)
        difference[missing] = 0.0
        n_features = x.shape[-1]
        shared = np.asarray(n_features - np.count_nonzero(missing, axis=-1))
        share = np.full(shared.shape, np.nan)
        np.divide(n_features, shared, out=share, where=shared > 0)
        distances: FloatArray = last_axis_norm(difference) * np.sqrt(share)
        return distances

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by one product of values, squares and masks."""
        return MaskedProduct.fit(rows)


@dataclass(frozen=True, eq=False)
class MaskedProduct(Embedding):
    """The sum of squares over shared columns, D, as one inner product.

    With values zero and masks 0 where nothing was observed,

        D = sum_i m_i(y) x_i^2 + m_i(x) y_i^2 - 2 x_i y_i.

    The number of shared columns is at most the number n(y) observed in the corpus row,
    so that a key of at most t needs ``D <= t^2 n(y) / n``. The rounding of D is at most
    c (|x|^2 + |y|^2); the corpus row's part is one more column.

    Attributes
    ----------
    center : float64 array of shape (n_features,)
        Subtracted first.
    scale : float
        Power of two applied next.
    """

    center: FloatArray
    scale: float

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Choose centre and scale from a sample of the corpus."""
        typical = widen(typical_rows(rows))
        center = observed_means(typical)
        with np.errstate(over="ignore", invalid="ignore"):
            lengths = scaled_row_norms(np.nan_to_num(typical - center)).values
        return cls(center, power_of_two_scale(lengths))

    def width(self, n_features: int) -> int:
        """Return the number of columns."""
        return 3 * n_features + 1

    @property
    def _rounding(self) -> float:
        # The product, casts of values and squares, and the test.
        width = self.width(len(self.center))
        return 2.0 * gamma32(width) + 24 * UNIT32 + EXACT_SLACK

    def _parts(self, rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray, Any]:
        """Return values, masks, squared lengths, and rows float32 cannot carry."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            values = (widen(rows) - self.center) * self.scale
            observed = ~np.isnan(widen(rows))
            values = np.where(observed, values, 0.0).astype(np.float32)
            values = values.astype(np.float64)
            lengths = row_sum(np.square(values))
        long = drop_long(values, lengths)
        lengths[long] = 0.0
        return values, observed.astype(np.float64), lengths, long

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the number of observed columns."""
        values, masks, lengths, long = self._parts(rows)
        room = self._rounding * (1.0 + 8 * UNIT32) * lengths
        columns = [masks, np.square(values), values, room[:, np.newaxis]]
        counts = masks.sum(axis=1)
        counts[long] = np.nan  # what is compared with NaN is kept
        return Embedded(_side_by_side(columns), counts.astype(np.float32))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is what rounding can do to them."""
        values, masks, lengths, long = self._parts(rows)
        ones = np.ones((len(values), 1))
        columns = [-np.square(values), -masks, 2.0 * values, ones]
        sizes = self._rounding * lengths
        sizes[long] = np.inf
        return Embedded(_side_by_side(columns), sizes)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose sum may be within reach of the larger count."""
        with np.errstate(over="ignore"):
            # Keys are rounded to multiples of the smallest float64.
            raised = (thresholds + VANISHING64) * self.scale
            share = np.square(raised) / len(self.center)
            weight = -round_up32(share * (1.0 + 8 * UNIT32 + EXACT_SLACK))
        return weight, round_up32(sizes + UNDERFLOW32)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def _side_by_side(columns: list[FloatArray]) -> Float32Array:
    with np.errstate(under="ignore"):
        return np.concatenate(columns, axis=1).astype(np.float32)
