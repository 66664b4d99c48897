"""Working sets of units: groups of coefficients, or coefficients of several scores.

As in `_solve`, all features are looked at only to take a dual point, which bounds how
far the model is from optimal and says which units to work on next.
"""

import math

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem import (
    GapRecord,
    Patch,
    ScoreProblem,
    Solution,
    Start,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._patch_solver import PatchSolver, dual_value
from sknorms.linear_model._solvers._units import Units

__all__ = ["solve_units"]

# The gap on a working set goes down to these parts of the gap and of the target.
_OF_GAP = 0.1
_OF_TARGET = 0.3
_MOST_PASSES = 500
# Units to begin with, and the fewest to work on later.
_FIRST = 50
_FEWEST = 20


def solve_units(
    problem: ScoreProblem,
    units: Units,
    tol: float,
    max_iter: int,
    initial: Start | None,
) -> Solution:
    """Minimise a mean loss plus a penalty that is a sum over units.

    Parameters
    ----------
    problem : ScoreProblem
    units : Units
        Of all coefficients.
    tol : float
        The gap that is good enough, relative to the objective without coefficients.
    max_iter : int
        How many sweeps may be made.
    initial : Start or None
        Where to begin.
    """
    return _OuterLoop(problem, units, tol, Budget(max_iter)).run(initial)


class _OuterLoop:
    """Working sets, one after the other."""

    def __init__(
        self, problem: ScoreProblem, units: Units, tol: float, budget: Budget
    ) -> None:
        self.problem = problem
        self.units = units
        self.budget = budget
        self.shape = (problem.design.n_columns, problem.n_outputs)
        self.norms = np.repeat(problem.norms(), problem.n_outputs)
        origin = np.zeros((problem.design.n_rows, problem.n_outputs))
        self.shift = problem.balance(origin)
        self.record = GapRecord(problem, problem.value(origin + self.shift), tol)

    def run(self, initial: Start | None) -> Solution:
        """Return the solution."""
        w, intercept = self._begin(initial)
        columns: IndexArray | None = None
        while True:
            z = self.problem.scores(w.reshape(self.shape)) + intercept
            shift = self.problem.balance(z)
            z, intercept = z + shift, intercept + shift
            primal, gradient = self._look(w, z)
            done = self.record.converged or not self.budget.left
            if done or len(self.record.gaps) >= _MOST_PASSES:
                table, spent = w.reshape(self.shape), self.budget.spent
                return self.record.solution(table, intercept, primal, spent, columns)
            columns = self._next(w, gradient, first=initial is None)
            rest = _OF_TARGET * self.record.tol * self.record.null
            target = max(_OF_GAP * self.record.gap, rest)
            w, intercept = self._work(w, z, intercept, columns, target)

    def _begin(self, initial: Start | None) -> tuple[FloatArray, FloatArray]:
        if initial is None:
            return np.zeros(math.prod(self.shape)), self.shift
        coef = np.asarray(initial.coef, dtype=np.float64).reshape(-1)
        return coef, np.atleast_1d(np.asarray(initial.intercept, dtype=np.float64))

    def _look(self, w: FloatArray, z: FloatArray) -> tuple[float, FloatArray]:
        """Return the objective and the gradient, and keep the best dual point."""
        u = self.problem.derivatives(z)
        gradient = self.problem.gradient(self.problem.weigh(u)).reshape(-1)
        primal = self.problem.value(z) + self.units.penalty.value(w)
        dual, scale = dual_value(self.problem, self.units, self.norms, u, gradient)
        self.record.look(primal, dual, scale * u)
        return primal, gradient

    def _next(self, w: FloatArray, gradient: FloatArray, *, first: bool) -> IndexArray:
        """Return the units that are not zero, and those nearest to leaving zero."""
        support = self.units.support(w)
        distances = self.units.distances(gradient, self.norms)
        distances[support] = -math.inf
        least = _FIRST if first and len(self.record.gaps) == 1 else _FEWEST
        violating = int(np.count_nonzero(distances < 0.0)) - len(support)
        grown = min(len(support) + violating, 4 * len(support))
        wanted = max(2 * len(support), grown, least)
        if wanted >= len(distances):
            return np.flatnonzero(distances < math.inf)
        nearest = np.argpartition(distances, wanted - 1)[:wanted]
        return np.sort(nearest[distances[nearest] < math.inf])

    def _work(
        self,
        w: FloatArray,
        z: FloatArray,
        intercept: FloatArray,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, FloatArray]:
        """Return coefficients and intercepts, solved for on some units."""
        coordinates = self.units.coordinates(columns)
        patch = Patch.of(self.problem, coordinates)
        inner = PatchSolver(
            patch,
            self.units.select(columns),
            self.norms[coordinates],
            (w[coordinates], z, intercept),
        )
        inner.run(target, self.budget)
        full = np.zeros_like(w)
        full[coordinates] = inner.w
        return full, inner.intercept
