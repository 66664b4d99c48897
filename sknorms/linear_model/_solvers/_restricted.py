"""Least squares on a block of columns, all other coefficients being zero."""

import math

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    ColumnBlock,
    best_dual_point,
    best_of_squares,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._descent import is_small, polish, sweep

__all__ = ["RestrictedSolver"]

_SWEEPS = 10
_ROUNDING = 2.0**-50
_STALLED = 4
# Sweeps are slow if they leave this part of the gap.
_SLOW = 0.5


class RestrictedSolver:
    """Rounds of sweeps and Newton steps until the gap on the block is small.

    Each round takes the dual point of the current scores; the best one counts. A step
    minimises the loss itself, which is quadratic; others are for `NewtonLoop`.
    """

    def __init__(
        self,
        block: ColumnBlock,
        terms: Terms,
        norms: FloatArray,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
    ) -> None:
        self.block = block
        self.problem = block.problem
        self.terms = terms
        self.norms = norms
        self.w = w
        self.z = z
        self.intercept = intercept
        self._dual = -math.inf
        self._signs: FloatArray | None = None
        self._gaps = (math.inf, math.inf)

    def run(self, target: float, budget: Budget) -> None:
        """Improve ``w``, ``z`` and ``intercept`` until the gap is at most a target."""
        stalled, lowest = 0, math.inf
        while budget.left and stalled < _STALLED:
            u = self.problem.loss.gradient(self.z, self.problem.y)
            slopes = self.problem.design.share * u
            gradient = self.block.rmatvec(slopes)
            primal = self.problem.value(self.z) + self.terms.value(self.w)
            value = self._dual_value(u, gradient)
            gap = primal - max(self._dual, value)
            self._gaps = (self._gaps[1], gap)
            if gap <= target:
                break
            progress = primal < lowest - _ROUNDING * abs(primal) or (
                value > self._dual + _ROUNDING * abs(value)
            )
            stalled = 0 if progress else stalled + 1
            lowest, self._dual = min(lowest, primal), max(self._dual, value)
            self._step(slopes, gradient, budget)

    def _dual_value(self, u: FloatArray, gradient: FloatArray) -> float:
        """Return the value of the best dual point."""
        rest = (self.problem, self.terms, self.w, u, gradient, self.norms)
        if kernels_available() and not self.terms.has_zero_limit:
            return best_of_squares(*rest)[0]
        return best_dual_point(*rest).value

    def _step(self, slopes: FloatArray, gradient: FloatArray, budget: Budget) -> None:
        model = self.block.model(self.z)
        support = np.flatnonzero(self.w)
        if self._settled(support):
            self._signs = None
            descent = polish(model, self.terms, self.w, gradient, support)
        else:
            self._signs = np.sign(self.w)
            n_sweeps = min(_SWEEPS, budget.left)
            descent = sweep(model, self.terms, self.w, slopes, gradient, n_sweeps, 0.0)
        budget.spend(descent.sweeps)
        self._move(descent.coef - self.w, descent.shift)

    def _settled(self, support: IndexArray) -> bool:
        """Whether signs are nearly those before the last sweeps."""
        if self._signs is None or not support.size:
            return False
        changed = int(np.count_nonzero(self._signs != np.sign(self.w)))
        if changed > 0.05 * len(support) + 1:
            return False
        # Many coefficients take long to solve for, and sweeps may be good enough.
        return is_small(support) or self._gaps[1] > _SLOW * self._gaps[0]

    def _move(self, change: FloatArray, shift: float) -> None:
        """Go along a change; balance the intercept."""
        self.w = self.w + change
        self.z = self.z + (self.block.matvec(change) + shift)
        rest = self.problem.balance(self.z)
        self.z += rest
        self.intercept += shift - float(self.block.means @ change) + rest
