"""Norms of the difference other than the Euclidean."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._typing import BoolArray, FloatArray, Rows
from sknorms._validation import check_real
from sknorms.engine import Embedding
from sknorms.metrics._coordinate_bounds import (
    ChebyshevBound,
    ManhattanBound,
    MinkowskiBound,
)
from sknorms.metrics._embeddings import AffineChord
from sknorms.metrics._metric import Metric, frozen_array
from sknorms.metrics._registry import register_metric
from sknorms.metrics._tables import ABSOLUTE, SumMetric
from sknorms.norms._scaled import last_axis_norm

__all__ = ["Chebyshev", "Manhattan", "Minkowski"]


@register_metric
@dataclass(frozen=True, eq=False)
class Manhattan(SumMetric):
    """Sum of the absolute differences."""

    name: ClassVar[str] = "manhattan"
    aliases: ClassVar[tuple[str, ...]] = ("cityblock", "l1")
    formula: ClassVar[str] = r"\sum_i |x_i - y_i|"
    term: ClassVar[int] = ABSOLUTE

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return last_axis_norm(x - y, 1.0)

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the sums."""
        del x, y
        return sums

    def sum_limits(self, limits: FloatArray) -> FloatArray:
        """Return the limits."""
        return limits

    def doubtful(self, sums: FloatArray) -> BoolArray:
        """Return where a sum overflowed."""
        return ~(sums < np.inf)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by float32 sums."""
        return ManhattanBound.fit(rows)


@register_metric
@dataclass(frozen=True, eq=False)
class Chebyshev(Metric):
    """Largest absolute difference."""

    name: ClassVar[str] = "chebyshev"
    aliases: ClassVar[tuple[str, ...]] = ("infinity", "linf")
    formula: ClassVar[str] = r"\max_i |x_i - y_i|"

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return last_axis_norm(x - y, math.inf)

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all keys between two blocks, column by column: a maximum is exact."""
        x, columns = self.represent(queries), self.represent(corpus).T
        keys = np.zeros((len(x), columns.shape[1]))
        difference = np.empty_like(keys)
        for k, column in enumerate(np.ascontiguousarray(columns)):
            np.subtract(x[:, k : k + 1], column, out=difference)
            np.maximum(keys, np.abs(difference, out=difference), out=keys)
        return keys

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by float32 maxima."""
        return ChebyshevBound.fit(rows)


@register_metric
@dataclass(frozen=True, eq=False)
class Minkowski(Metric):
    """The p-norm of the difference, with a weight for every column.

    Parameters
    ----------
    p : float, default=2.0
        Order, in (0, inf]. Below 1 the triangle inequality does not hold.
    w : array-like of shape (n_features,), default=None
        Weights, not negative. As in SciPy they stand before the powers; for infinite
        ``p``, columns of weight zero are left out and the others count alike.

    Examples
    --------
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> pairwise_distances(
    ...     [[0.0, 0.0]], [[8.0, 1.0]], metric=get_metric("minkowski", p=1 / 3)
    ... )
    array([[27.]])
    >>> weighted = get_metric("minkowski", p=1, w=[1.0, 10.0])
    >>> pairwise_distances([[0.0, 0.0]], [[8.0, 1.0]], metric=weighted)
    array([[18.]])
    """

    p: float = 2.0
    w: Any = None

    name: ClassVar[str] = "minkowski"
    aliases: ClassVar[tuple[str, ...]] = ("p",)
    formula: ClassVar[str] = r"(\sum_i w_i |x_i - y_i|^p)^{1/p}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", check_real("p", self.p, low=0.0, low_open=True))
        if self.w is None:
            return
        w = frozen_array(self.w)
        if w.ndim != 1 or not (np.isfinite(w) & (w >= 0)).all():
            raise ValueError(
                "w must be a vector of finite weights of at least zero, one a column; "
                f"got {self.w!r}."
            )
        object.__setattr__(self, "w", w)
        if not np.isfinite(self._factors()).all():
            raise ValueError(
                f"w has a weight whose root of order p={self.p:g} overflows; got "
                f"{w.max():g} at most. Scale all weights down."
            )

    @property
    def triangle_inequality(self) -> bool:
        """Whether the triangle inequality holds: for p of at least 1."""
        return self.p >= 1.0

    def learn(self, X: Rows) -> Self:
        """Check that there is one weight a column; nothing is learnt."""
        if self.w is not None and len(self.w) != X.shape[1]:
            raise ValueError(
                f"w must have one weight a column: got {len(self.w)} for "
                f"{X.shape[1]} columns."
            )
        return self

    def _factors(self) -> Any:
        """Return what differences are multiplied by: ``w |d|^p = (w^(1/p) |d|)^p``."""
        if self.w is None:
            return None
        if self.p == math.inf:
            return (self.w > 0).astype(np.float64)
        with np.errstate(over="ignore", under="ignore"):
            return np.power(self.w, 1.0 / self.p)

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        difference = x - y
        if self.w is not None:
            difference *= self._factors()
        return last_axis_norm(difference, self.p)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product where p is 2, else by float32 sums or maxima."""
        factors = self._factors()
        if self.p == 2.0:
            return AffineChord.fit(rows, squared=False, factors=factors)
        if self.p == 1.0:
            return ManhattanBound.fit(rows, factors)
        if self.p == math.inf:
            return ChebyshevBound.fit(rows, factors)
        return MinkowskiBound.fit(rows, factors, p=self.p)
