"""What a solver returns."""

from dataclasses import dataclass, field
from typing import Any

from sknorms._typing import FloatArray, IndexArray

__all__ = ["Solution", "Start"]


@dataclass(frozen=True, eq=False)
class Start:
    """Where a solver begins, from an earlier solution.

    Attributes
    ----------
    coef : array of shape (n_features,), or (n_features, K) for K scores a row
    intercept : float, or array of shape (K,)
    columns : array of int or None
        Features the earlier solver worked on last.
    """

    coef: FloatArray
    intercept: Any
    columns: IndexArray | None = None


@dataclass(frozen=True, eq=False)
class Solution:
    """A model, and the proof of how good it is.

    Attributes
    ----------
    coef : array of shape (n_features,), or (n_features, K) for K scores a row
    intercept : float, or array of shape (K,)
    objective : float
        The mean loss plus the penalty.
    dual_gap : float
        An upper bound of how far the objective is above the least possible one.
    relative_gap : float
        The gap divided by the objective of the model without coefficients, its
        intercept at its best; 0 if both are 0.
    target : float
        The relative gap that was asked for.
    dual_coef : array of shape (n_samples,), or (n_samples, K)
        The best dual point, minus the derivatives of the mean loss.
    converged : bool
        Whether ``relative_gap`` is at most ``target``.
    n_iter : int
        Sweeps and Newton steps, at least 1.
    n_full_passes : int
        How often all features were looked at.
    gaps : tuple of float
        The relative gap at each of these passes.
    seconds : tuple of float
        When each of these passes ended, since the solver began.
    columns : array of int
        Features worked on last.
    cause : str
        What is probably to blame if it did not converge, else empty.
    """

    coef: FloatArray
    intercept: Any
    objective: float
    dual_gap: float
    relative_gap: float
    target: float
    dual_coef: FloatArray
    converged: bool
    n_iter: int
    n_full_passes: int
    gaps: tuple[float, ...] = ()
    seconds: tuple[float, ...] = ()
    columns: IndexArray | None = field(default=None, repr=False)
    cause: str = ""

    @property
    def start(self) -> Start:
        """Where a solver of a similar problem may begin."""
        return Start(self.coef, self.intercept, self.columns)
