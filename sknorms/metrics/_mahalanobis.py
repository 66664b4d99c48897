"""Distance in units of the spread of the data, correlations included."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_sum, widen
from sknorms._parallel import single_threaded_blas
from sknorms._typing import FloatArray, Rows
from sknorms.engine import (
    VANISHING64,
    ChordEmbedding,
    Embedding,
    power_of_two_scale,
)
from sknorms.metrics._metric import Metric, frozen_array
from sknorms.metrics._registry import register_metric
from sknorms.metrics._statistics import column_means, covariance, typical_rows
from sknorms.norms._scaled import last_axis_norm, scaled_row_norms

__all__ = ["Mahalanobis"]

_EPS = 2.0**-52
# Error of a scaled vector that leaves no bound.
_HOPELESS = 2.0**400
# An inverse that was computed is symmetric and semi-definite up to its rounding.
_TOLERANCE = 1e-6


@register_metric
@dataclass(frozen=True, eq=False)
class Mahalanobis(Metric):
    """Length of the difference after whitening by a covariance.

    Directions in which the covariance is zero do not count. Where it is singular, the
    pseudo-inverse of the correlations stands for its inverse, so that neither constant
    nor redundant columns are an error, and units of columns do not matter.

    Parameters
    ----------
    V : array-like of shape (n_features, n_features), default=None
        Covariance. None, with ``VI`` None as well, learns it in ``fit`` (``ddof=1``).
    VI : array-like of shape (n_features, n_features), default=None
        Its inverse, given instead of ``V``.

    Raises
    ------
    ValueError
        If both are given, or one is not a symmetric positive semi-definite matrix.

    Examples
    --------
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> metric = get_metric("mahalanobis", V=[[4.0, 0.0], [0.0, 1.0]])
    >>> pairwise_distances([[0.0, 0.0]], [[2.0, 0.0], [0.0, 2.0]], metric=metric)
    array([[1., 2.]])
    """

    V: Any = None
    VI: Any = None

    name: ClassVar[str] = "mahalanobis"
    learned: ClassVar[tuple[str, ...]] = ("V", "VI")
    formula: ClassVar[str] = r"\sqrt{(x - y)^\top V^{-1} (x - y)}"

    def __post_init__(self) -> None:
        if self.V is not None and self.VI is not None:
            raise ValueError(
                "V and VI were both given; give V, or its inverse VI, not both."
            )
        for name in self.learned:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _symmetric(name, getattr(self, name)))
        if self.V is not None or self.VI is not None:
            _ = self.factor  # raises here, not at first use

    @cached_property
    def factor(self) -> FloatArray:
        """Upper trapezoidal R with ``R^T R = V^{-1}``, shape (rank, n_features)."""
        name = "VI" if self.V is None else "V"
        matrix = self.VI if self.V is None else self.V
        if matrix is None:
            raise ValueError(
                "Mahalanobis() has neither V nor VI; call learn(X), or give one."
            )
        spread = np.sqrt(np.maximum(np.diag(matrix), 0.0))
        unit = np.where(spread > 0, spread, 1.0)
        with single_threaded_blas():
            values, vectors = np.linalg.eigh(matrix / unit / unit[:, np.newaxis])
        largest = max(values[-1], 0.0)
        if values[0] < -_TOLERANCE * max(largest, -values[0] * _EPS) or largest < 0:
            raise ValueError(
                f"{name} must be positive semi-definite; its smallest eigenvalue "
                f"relative to its columns' scale is {values[0]:g}. Check that it is a "
                "covariance matrix, or the inverse of one."
            )
        kept = values > largest * len(values) * _EPS
        roots, vectors = np.sqrt(values[kept]), vectors[:, kept]
        if self.V is None:
            root = (vectors * roots).T * spread
        else:
            root = (vectors / roots).T / unit * (spread > 0)
        with single_threaded_blas():
            factor: FloatArray = frozen_array(np.linalg.qr(root, mode="r"))
        return factor

    def learn(self, X: Rows) -> Self:
        """Return a record with the covariance of the columns of ``X``."""
        if self.V is None and self.VI is None:
            return type(self)(V=covariance(X))
        n_features = self.factor.shape[1]
        if n_features != X.shape[1]:
            name = "VI" if self.V is None else "V"
            raise ValueError(
                f"{name} must have a row and a column for each column of the data: got "
                f"{n_features} for {X.shape[1]} columns."
            )
        return self

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances, ``|R (x - y)|``."""
        difference = x - y
        factor = self.factor
        rotated = np.empty((*difference.shape[:-1], len(factor)))
        for i, row in enumerate(factor):
            # A matrix product would add in an order that depends on the block.
            rotated[..., i] = row_sum(difference[..., i:] * row[i:])
        return last_axis_norm(rotated)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of whitened rows."""
        return WhitenedChord.fit(rows, self.factor)


@dataclass(frozen=True, eq=False)
class WhitenedChord(ChordEmbedding):
    """Vectors ``R (x - center)``.

    Attributes
    ----------
    center : float64 array of shape (n_features,)
    factor : float64 array of shape (rank, n_features)
        R.
    scale : float
        Power of two applied last.
    """

    center: FloatArray
    factor: FloatArray
    scale: float

    @classmethod
    def fit(cls, rows: Rows, factor: FloatArray) -> Self:
        """Choose centre and scale from the corpus."""
        center = column_means(rows)
        typical, _ = cls(center, factor, 1.0).vectors(typical_rows(rows))
        scale = power_of_two_scale(scaled_row_norms(typical).values)
        return cls(center, factor, scale)

    def width(self, n_features: int) -> int:
        """Return the rank."""
        del n_features
        return len(self.factor)

    def vectors(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Return the scaled vectors and their errors.

        An inner product of d terms is off by at most ``d 2^-53`` times the two lengths;
        the other half of the room is for the same error in the exact keys.
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            moved = widen(rows) - self.center
            lengths = scaled_row_norms(moved).values
            size = np.sqrt(row_sum(np.square(self.factor)).sum())
            error = (len(self.center) + 4) * 2 * _EPS * size * lengths
            # Beyond this nothing is ruled out anyway, and no square overflows.
            error = np.minimum(error * self.scale, _HOPELESS)
            return (moved @ self.factor.T) * self.scale, error

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared scaled length that a key allows."""
        # Rotated differences are rounded to multiples of the smallest float64.
        reach: FloatArray = np.square((keys + VANISHING64) * self.scale)
        return reach


def _symmetric(name: str, values: Any) -> Any:
    """Return a read-only symmetric matrix, or raise."""
    matrix = np.array(values, dtype=np.float64)
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0
    if not square or not np.isfinite(matrix).all():
        raise ValueError(
            f"{name} must be a square matrix of finite numbers, one row for each "
            f"column of the data; got {values!r}."
        )
    spread = np.sqrt(np.abs(np.diag(matrix)))
    room = _TOLERANCE * spread * spread[:, np.newaxis]
    if (np.abs(matrix - matrix.T) > room).any():
        raise ValueError(
            f"{name} must be symmetric, as a covariance and its inverse are; got "
            f"{values!r}."
        )
    return frozen_array(matrix / 2 + matrix.T / 2)
