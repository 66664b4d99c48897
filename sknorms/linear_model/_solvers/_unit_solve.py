"""Working sets of units: groups of coefficients, or coefficients of several scores.

As in `_solve`, all features are looked at only to take a dual point, which bounds how
far the model is from optimal and says which units to work on next.
"""

import math
from dataclasses import replace

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem import (
    GapRecord,
    KnownProducts,
    Patch,
    ScoreProblem,
    Solution,
    Start,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._patch_solver import Look, PatchSolver, dual_value
from sknorms.linear_model._solvers._units import Units

__all__ = ["solve_units"]

# The gap on a working set goes down to these parts of the gap and of the target.
_OF_GAP = 0.1
_OF_TARGET = 0.3
_MOST_PASSES = 500
# Without progress in so many passes there will be none.
_PATIENCE = 8
_PATIENCE_AT_TARGET = 3
# Units to begin with, the fewest to work on later, and how many more than are not zero.
_FIRST = 50
_FIRST_COEFFICIENTS = 200
_FEWEST = 20
_SPARE_OF_ROUNDS = 2.0
_SPARE = 1.2


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
        # A look at all features costs little beside second derivatives of several
        # classes: it is taken after every step, so that working sets can be small.
        self.stepwise = problem.loss.vector_valued
        self.known: KnownProducts | None = None
        self.first = max(_FEWEST, min(_FIRST, _FIRST_COEFFICIENTS // units.size))
        self.shape = (problem.design.n_columns, problem.n_outputs)
        self.norms = np.repeat(problem.norms(), problem.n_outputs)
        origin = np.zeros((problem.design.n_rows, problem.n_outputs))
        null, self.shift = problem.balanced(origin)
        self.record = GapRecord(problem, problem.value(null), tol)

    def run(self, initial: Start | None) -> Solution:
        """Return the solution."""
        w, intercept = self._begin(initial)
        columns: IndexArray | None = None
        while True:
            z = self.problem.scores(w.reshape(self.shape)) + intercept
            z, shift = self.problem.balanced(z)
            intercept = intercept + shift
            primal, here = self._look(w, z)
            if self.record.reproducible or not self._hopeful():
                table, spent = w.reshape(self.shape), self.budget.spent
                return self.record.solution(table, intercept, primal, spent, columns)
            columns = self._next(w, here.gradient, first=initial is None)
            rest = _OF_TARGET * self.record.tol * self.record.null
            target = max(_OF_GAP * self.record.gap, rest)
            start = w, z, intercept
            w, intercept = self._work(start, here, columns, target)

    def _hopeful(self) -> bool:
        """Whether sweeps are left, and rounding is not all that is left of the gap."""
        gaps = self.record.gaps
        if not self.budget.left or len(gaps) >= _MOST_PASSES:
            return False
        patience = _PATIENCE_AT_TARGET if self.record.converged else _PATIENCE
        few = len(gaps) < patience
        return few or min(gaps[-patience + 1 :]) < min(gaps[: -patience + 1])

    def _begin(self, initial: Start | None) -> tuple[FloatArray, FloatArray]:
        if initial is None:
            return np.zeros(math.prod(self.shape)), self.shift
        coef = np.asarray(initial.coef, dtype=np.float64).reshape(-1)
        return coef, np.atleast_1d(np.asarray(initial.intercept, dtype=np.float64))

    def _look(self, w: FloatArray, z: FloatArray) -> tuple[float, Look]:
        """Return the objective and what it is made of; keep the best dual point."""
        u = self.problem.derivatives(z)
        slopes = self.problem.weigh(u)
        gradient = self.problem.gradient(slopes).reshape(-1)
        here = Look(self.problem.value(z), slopes, gradient)
        primal = here.loss + self.units.penalty.value(w)
        dual, scale = dual_value(self.problem, self.units, self.norms, u, gradient)
        self.record.look(primal, dual, scale * u)
        return primal, here

    def _next(self, w: FloatArray, gradient: FloatArray, *, first: bool) -> IndexArray:
        """Return the units that are not zero, and those nearest to leaving zero."""
        support = self.units.support(w)
        distances = self.units.distances(gradient, self.norms)
        distances[support] = -math.inf
        least = self.first if first and len(self.record.gaps) == 1 else _FEWEST
        violating = int(np.count_nonzero(distances < 0.0)) - len(support)
        grown = min(len(support) + violating, 4 * len(support))
        spare = _SPARE if self.stepwise else _SPARE_OF_ROUNDS
        wanted = max(int(spare * len(support)), grown, least)
        if wanted >= len(distances):
            return np.flatnonzero(distances < math.inf)
        nearest = np.argpartition(distances, wanted - 1)[:wanted]
        return np.sort(nearest[distances[nearest] < math.inf])

    def _work(
        self,
        start: tuple[FloatArray, FloatArray, FloatArray],
        here: Look,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, FloatArray]:
        """Return coefficients and intercepts, solved for on some units."""
        w, z, intercept = start
        coordinates = self.units.coordinates(columns)
        patch = Patch.of(self.problem, coordinates, self.known)
        inner = PatchSolver(
            patch,
            self.units.select(columns),
            self.norms[coordinates],
            (w[coordinates], z, intercept),
        )
        if self.stepwise:
            own = replace(here, gradient=here.gradient[coordinates])
            inner.step(own, self.budget)
        else:
            inner.run(target, self.budget)
        self.known = patch.products
        full = np.zeros_like(w)
        full[coordinates] = inner.w
        return full, inner.intercept
