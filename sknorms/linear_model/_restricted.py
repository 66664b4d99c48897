"""Solving the problem on a block of columns, all other coefficients being zero."""

import math

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._budget import Budget
from sknorms.linear_model._certificate import best_dual_point
from sknorms.linear_model._columns import ColumnBlock, Model
from sknorms.linear_model._coordinate_kernels import sweep_gram
from sknorms.linear_model._polish import newton_on_support
from sknorms.linear_model._terms import Terms

__all__ = ["RestrictedSolver"]

_SWEEPS = 10
# Sweeps over a model of a loss that is not quadratic end once steps are this small.
_REDUCTION = 0.1
_MOST_ACTIVE = 800
_ARMIJO = 1e-4
_HALVINGS = 60
_ROUNDING = 2.0**-50
_STALLED = 4


class RestrictedSolver:
    """Rounds of sweeps and Newton steps until the gap on the block is small.

    Each round takes the dual point of the current scores; the best one counts. A step
    minimises a quadratic model of the loss, which is the loss itself where that is
    quadratic, and is shortened until the true objective falls.
    """

    def __init__(
        self,
        block: ColumnBlock,
        terms: Terms,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
    ) -> None:
        self.block = block
        self.problem = block.problem
        self.terms = terms
        self.w = w
        self.z = z
        self.intercept = intercept
        self._dual = -math.inf
        self._signs: FloatArray | None = None

    def run(self, target: float, budget: Budget) -> None:
        """Improve ``w``, ``z`` and ``intercept`` until the gap is at most a target."""
        stalled, lowest = 0, math.inf
        while budget.left and stalled < _STALLED:
            u = self.problem.loss.gradient(self.z, self.problem.y)
            slopes = self.problem.design.share * u
            gradient = self.block.rmatvec(slopes)
            primal = self.problem.value(self.z) + self.terms.value(self.w)
            point = best_dual_point(self.problem, self.terms, self.w, u, gradient)
            gap = primal - max(self._dual, point.value)
            if gap <= target:
                break
            progress = primal < lowest - _ROUNDING * abs(primal) or (
                point.value > self._dual + _ROUNDING * abs(point.value)
            )
            stalled = 0 if progress else stalled + 1
            lowest, self._dual = min(lowest, primal), max(self._dual, point.value)
            self._step(slopes, gradient, budget)

    def _step(self, slopes: FloatArray, gradient: FloatArray, budget: Budget) -> None:
        model = self.block.model(self.z)
        support = np.flatnonzero(self.w)
        if self._worth_polishing(support):
            new, shift = self._polished(model, gradient, support)
            self._signs = None
            budget.spend(1)
        else:
            self._signs = np.sign(self.w)
            new, shift = self._swept(model, slopes, gradient, budget)
        self._move(new - self.w, shift, slopes)

    def _worth_polishing(self, support: IndexArray) -> bool:
        """Whether signs have settled, and a factorisation is affordable."""
        if self._signs is None or not support.size:
            return False
        changed = int(np.count_nonzero(self._signs != np.sign(self.w)))
        few = min(self.problem.design.n_rows, _MOST_ACTIVE)
        return changed <= 0.05 * len(support) + 1 and len(support) <= few

    def _swept(
        self, model: Model, slopes: FloatArray, gradient: FloatArray, budget: Budget
    ) -> tuple[FloatArray, float]:
        """Return coefficients after sweeps, and the change of the intercept."""
        new = self.w.copy()
        n_sweeps = min(_SWEEPS, budget.left)
        reduction = 0.0 if self.problem.loss.quadratic else _REDUCTION
        table = self.terms.table
        if self._use_gram(model):
            g = gradient.copy()
            done = sweep_gram(
                model.gram, new, table, model.curvature, g, n_sweeps, reduction
            )
            shift = model.shift(new - self.w)
        else:
            columns, q = self.block.columns, slopes.copy()
            rest = (model.curvature, model.slopes, model.total, model.d, q)
            done, shift = self.block.table.sweep(
                columns, new, table, *rest, n_sweeps, reduction
            )
        budget.spend(done)
        return new, shift

    def _use_gram(self, model: Model) -> bool:
        return False

    def _polished(
        self, model: Model, gradient: FloatArray, support: IndexArray
    ) -> tuple[FloatArray, float]:
        """Return coefficients after a Newton step on the support."""
        terms = self.terms.take(support)
        hessian = model.hessian(support)
        hessian.flat[:: len(support) + 1] += terms.l2
        w = self.w[support]
        new = self.w.copy()
        new[support] = newton_on_support(
            hessian, gradient[support] + terms.l2 * w, w, terms
        )
        return new, model.shift(new - self.w)

    def _move(self, change: FloatArray, shift: float, slopes: FloatArray) -> None:
        """Go along a change as far as the objective falls; balance the intercept."""
        scores = self.block.matvec(change) + shift
        length = 1.0
        if not self.problem.loss.quadratic:
            length = self._armijo(change, scores, slopes)
        self.w = self.w + length * change if length < 1.0 else self.w + change
        self.z = self.z + length * scores
        rest = self.problem.balance(self.z)
        self.z += rest
        self.intercept += length * (shift - float(self.block.means @ change)) + rest

    def _armijo(
        self, change: FloatArray, scores: FloatArray, slopes: FloatArray
    ) -> float:
        """Return a length for which the objective falls as the model promises."""
        before = self.terms.value(self.w)
        promised = float(slopes @ scores) + self.terms.value(self.w + change) - before
        start = self.problem.value(self.z) + before
        length = 1.0
        for _ in range(_HALVINGS):
            value = self.problem.value(self.z + length * scores)
            value += self.terms.value(self.w + length * change)
            slack = _ROUNDING * abs(start)
            if value <= start + _ARMIJO * length * promised + slack:
                return length
            length *= 0.5
        return 0.0
