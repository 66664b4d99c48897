"""Paths of least squares by the moments of rows, which are checked on the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray
from sknorms.linear_model._base._fitting import PathTask
from sknorms.linear_model._problem import Moments, Solution, make_design, reduced
from sknorms.linear_model._solvers import solve_products

__all__ = ["MomentPath"]


@dataclass(frozen=True, eq=False)
class MomentPath:
    """One of several targets whose moments are known.

    Attributes
    ----------
    task : PathTask
        The same with all rows.
    moments : Moments
        Of columns and targets.
    at : int
        The number of the target.
    n_targets : int
    """

    task: PathTask
    moments: Moments
    at: int
    n_targets: int

    def path(self, alphas: Sequence[float] | FloatArray) -> list[Solution] | None:
        """Return fits for several strengths, None where moments are not enough."""
        covariance = self.moments.covariance(self.task.limits.fit_intercept)
        n_features = len(covariance) - self.n_targets
        products = covariance[:n_features, n_features + self.at].copy()
        square = float(covariance.diagonal()[n_features + self.at])
        gram = np.ascontiguousarray(covariance[:n_features, :n_features])
        if not (np.isfinite(covariance).all() and square > 0.0):
            return None
        if kernels_available() and not self._has_free(n_features):
            found = self._by_products(gram, products, square, alphas)
        else:
            found = self._by_few_rows(alphas)
        # Products of nearly collinear columns say less than their rows do.
        if not found or not all(model.converged for model in found):
            return None
        models = self.task.with_intercepts(found)
        # The model with the weakest penalty depends on the moments most.
        w = found[-1].coef
        lost = 0.5 * (square - 2.0 * float(products @ w) + float(w @ (gram @ w)))
        differs = abs(self.task.mean_loss(models[-1]) - lost)
        return models if differs <= self.task.limits.tol * 0.5 * square else None

    def _has_free(self, n_features: int) -> bool:
        """Whether some coefficient is held by nothing."""
        parts = self.task.penalty.with_alpha(1.0).separable(n_features)
        return parts is None or not (parts.l1 + parts.l2).all()

    def _by_products(
        self,
        gram: FloatArray,
        products: FloatArray,
        square: float,
        alphas: Sequence[float] | FloatArray,
    ) -> list[Solution]:
        penalties = [self.task.penalty.with_alpha(float(alpha)) for alpha in alphas]
        limits = self.task.limits
        parts = [penalty.separable(len(gram)) for penalty in penalties]
        known = [one for one in parts if one is not None]
        return solve_products(
            gram, products, square, known, limits.tol, limits.max_iter
        )

    def _by_few_rows(self, alphas: Sequence[float] | FloatArray) -> list[Solution]:
        """Return the path of as many rows as columns, nothing if there are no such."""
        limits = self.task.limits
        few = reduced(self.moments, self.n_targets, limits.fit_intercept)
        if few is None or few.shares[self.at] <= 0.0:
            return []
        # The gap is relative to the mean square of the target, part of which is gone.
        tol = limits.tol / float(few.shares[self.at])
        adjusted = replace(limits, fit_intercept=False, tol=tol)
        design, target = make_design(few.rows), few.targets[self.at]
        small = replace(self.task, design=design, y=target, limits=adjusted)
        return small.path(alphas)
