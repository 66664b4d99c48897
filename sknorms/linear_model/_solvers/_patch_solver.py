"""Solving the problem on some coefficients, all others being zero."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._problem import Patch, ScoreModel, ScoreProblem
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._units import Units

__all__ = ["Look", "PatchSolver", "dual_value"]

_SWEEPS = 10
# Rounds on a model of a loss that is not quadratic, and when it is solved well enough.
_MODEL_ROUNDS = 8
_REDUCTION = 0.1
_ARMIJO = 1e-4
_HALVINGS = 60
_ROUNDING = 2.0**-50
_STALLED = 4


# Part of the root mean square of derivatives that rounding may leave.
_NOISE = 1e-10


def dual_value(
    problem: ScoreProblem,
    units: Units,
    norms: FloatArray,
    u: FloatArray,
    gradient: FloatArray,
) -> tuple[float, float]:
    """Return the value of the best dual point that is a multiple of u, and the factor.

    Parameters
    ----------
    problem : ScoreProblem
    units : Units
    norms : array of shape (m,)
        Root mean squares of the columns.
    u : array of shape (n_rows, K)
        Derivatives of the loss.
    gradient : array of shape (m,)
        X'(s u) / S in the coefficients of the units.
    """
    free = units.free()
    if free.any():
        # Nothing but rounding may be left in a direction that costs nothing.
        size = math.sqrt(float(problem.share @ (u * u).sum(axis=1)))
        gradient = np.where(
            free & (np.abs(gradient) <= _NOISE * size * norms), 0.0, gradient
        )
    limit = units.penalty.feasible_scale(-gradient, math.inf)
    soft = min(limit, units.soft_scale(gradient))
    best, best_scale = -math.inf, 0.0
    for scale in {problem.dual_scale(u, limit), min(1.0, limit), min(1.0, soft)}:
        value = -problem.conjugate(scale * u)
        value -= units.penalty.conjugate(-scale * gradient)
        if value > best:
            best, best_scale = value, scale
    return best, best_scale


@dataclass(frozen=True, eq=False)
class Look:
    """What is known of a point.

    Attributes
    ----------
    loss : float
        The mean loss.
    slopes : array of shape (n_rows, K)
        Its derivatives in the scores.
    gradient : array of shape (m,)
        Its derivatives in the coefficients.
    """

    loss: float
    slopes: FloatArray
    gradient: FloatArray


class PatchSolver:
    """Rounds of sweeps and Newton steps until the gap on a patch is small.

    A step minimises a quadratic model of the loss, which is the loss itself where that
    is quadratic, and is shortened until the true objective falls.
    """

    def __init__(
        self,
        patch: Patch,
        units: Units,
        norms: FloatArray,
        start: tuple[FloatArray, FloatArray, FloatArray],
    ) -> None:
        self.patch = patch
        self.problem = patch.problem
        self.units = units
        self.norms = norms
        self.w, self.z, self.intercept = start
        self._dual = -math.inf
        self._pattern: FloatArray | None = None
        self._steps: Any = None

    def run(self, target: float, budget: Budget) -> None:
        """Improve ``w``, ``z`` and ``intercept`` until the gap is at most a target."""
        stalled, lowest = 0, math.inf
        while budget.left and stalled < _STALLED:
            self._balance()
            u = self.problem.derivatives(self.z)
            slopes = self.problem.weigh(u)
            here = Look(self.problem.value(self.z), slopes, self.patch.rmatvec(slopes))
            primal = here.loss + self.units.penalty.value(self.w)
            parts = self.units, self.norms, u, here.gradient
            dual, _ = dual_value(self.problem, *parts)
            if primal - max(self._dual, dual) <= target:
                break
            progress = primal < lowest - _ROUNDING * abs(primal) or (
                dual > self._dual + _ROUNDING * abs(dual)
            )
            stalled = 0 if progress else stalled + 1
            lowest, self._dual = min(lowest, primal), max(self._dual, dual)
            self.step(here, budget)

    def step(self, here: Look, budget: Budget) -> None:
        """Make one round from where a look was taken; intercepts stay behind."""
        model = self.patch.model(self.z)
        if self._steps is None or not self.problem.loss.quadratic:
            self._steps = self.units.steps(model)
        self._steps.begin(self.w, here.gradient, here.slopes)
        self._minimise(budget)
        self._move(self._steps.w, model, here)

    def _minimise(self, budget: Budget) -> None:
        """Improve the coefficients of the model."""
        if self.problem.loss.quadratic:
            self._improve(1e-3, budget)
            return
        first = self._violation()
        for _ in range(_MODEL_ROUNDS):
            self._improve(_REDUCTION, budget)
            if self._violation() <= _REDUCTION * first or not budget.left:
                break

    def _improve(self, reduction: float, budget: Budget) -> None:
        """Sweep; once the support has settled, follow with Newton's method on it."""
        before = self.units.pattern(self._steps.w)
        n_sweeps = min(_SWEEPS, max(1, budget.left))
        budget.spend(self._steps.sweep(n_sweeps, 0.1 * reduction))
        after = self.units.pattern(self._steps.w)
        changed = int(np.count_nonzero(before != after))
        if changed <= 0.05 * np.count_nonzero(after) + 1:
            budget.spend(1)
            self._steps.newton(reduction)

    def _violation(self) -> float:
        steps = self._steps
        return float(self.units.penalty.violation(steps.w, steps.g).max(initial=0.0))

    def _move(self, new: FloatArray, model: ScoreModel, here: Look) -> None:
        """Go to new coefficients as far as the objective falls."""
        change = new - self.w
        shift = model.follow @ change
        scores = self.patch.matvec(change) + shift
        length = 1.0
        if not self.problem.loss.quadratic:
            length = self._armijo(change, scores, here)
        self.w = new if length == 1.0 else self._between(length, change)
        self.z = self.z + length * scores
        moved = shift - self.patch.means @ self.patch.spread(change)
        self.intercept = self.intercept + length * moved

    def _balance(self) -> None:
        """Let intercepts be at their best."""
        self.z, shift = self.problem.balanced(self.z)
        self.intercept = self.intercept + shift

    def _armijo(self, change: FloatArray, scores: FloatArray, here: Look) -> float:
        """Return a length for which the objective falls as the model promises."""
        penalty = self.units.penalty
        before = penalty.value(self.w)
        promised = float(np.vdot(here.slopes, scores))
        promised += penalty.value(self._between(1.0, change))
        promised -= before
        start = here.loss + before
        length = 1.0
        for _ in range(_HALVINGS):
            value = self.problem.value(self.z + length * scores)
            value += penalty.value(self._between(length, change))
            if value <= start + _ARMIJO * length * promised + _ROUNDING * abs(start):
                return length
            length *= 0.5
        return 0.0

    def _between(self, length: float, change: FloatArray) -> FloatArray:
        """Return coefficients on the way; rounding must not take them out of bounds."""
        inside: FloatArray = self.units.penalty.prox(self.w + length * change, 0.0)
        return inside
