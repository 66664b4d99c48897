"""Working sets one after the other, with a certificate between them."""

import math
import time
from typing import Any

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    DualPoint,
    Problem,
    Solution,
    Start,
    balanced_slopes,
    best_dual_point,
    gather,
    suspected_cause,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._restricted import RestrictedSolver
from sknorms.linear_model._solvers._working_set import discard, next_columns

__all__ = ["OuterLoop"]

# The gap on a working set goes down to these parts of the gap and of the target.
_OF_GAP = 0.1
_OF_TARGET = 0.3
# Without progress in so many passes there will be none.
_PATIENCE = 8


class OuterLoop:
    """Working sets, one after the other."""

    def __init__(
        self, problem: Problem, terms: Terms, tol: float, budget: Budget
    ) -> None:
        self.problem = problem
        self.design = problem.design
        self.terms = terms
        self.tol = tol
        self.budget = budget
        self.norms = problem.norms
        fixed = (terms.table[2] == 0.0) & (terms.table[3] == 0.0)
        self.kept = (self.norms > 0.0) & ~fixed
        self.null = problem.value(problem.null_scores)
        self.gaps: list[float] = []
        self.begun, self.seconds = time.perf_counter(), list[float]()
        self.best: DualPoint | None = None

    def run(self, initial: Start | None) -> Solution:
        """Return the solution."""
        w, intercept, columns = self._begin(initial)
        while True:
            w[~self.kept] = 0.0
            z, intercept = self._scores(w, intercept)
            primal, point = self._look(w, z)
            gap = primal - self._keep_best(point).value
            self.gaps.append(self._relative(gap))
            self.seconds.append(time.perf_counter() - self.begun)
            if gap <= self.tol * self.null or not self._hopeful():
                return self._solution(w, intercept, primal, gap, columns)
            columns = self._next(w, point, gap, first=initial is None)
            target = max(_OF_GAP * gap, _OF_TARGET * self.tol * self.null)
            w, intercept = self._improve(w, z, intercept, columns, target)

    def _scores(self, w: FloatArray, intercept: float) -> tuple[FloatArray, float]:
        """Return the scores of a model, and the intercept that is best for it."""
        z = self.design.matvec(w) + intercept
        shift = self.problem.balance(z)
        z += shift
        return z, intercept + shift

    def _improve(
        self,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, float]:
        """Return a model whose gap on some columns is at most a target."""
        inner = RestrictedSolver(
            gather(self.problem, columns),
            self.terms.take(columns),
            self.norms[columns],
            w[columns],
            z,
            intercept,
        )
        inner.run(target, self.budget)
        w = np.zeros(self.design.n_columns)
        w[columns] = inner.w
        return w, inner.intercept

    def _hopeful(self) -> bool:
        """Whether sweeps are left, and rounding is not all that is left of the gap."""
        few = len(self.gaps) < _PATIENCE
        return self.budget.left > 0 and (
            few or min(self.gaps[-_PATIENCE + 1 :]) < min(self.gaps[: -_PATIENCE + 1])
        )

    def _begin(self, initial: Start | None) -> tuple[FloatArray, float, Any]:
        if initial is None:
            return np.zeros(self.design.n_columns), 0.0, None
        bounds = self.terms.table[2:]
        return np.clip(initial.coef, *bounds), initial.intercept, initial.columns

    def _look(self, w: FloatArray, z: FloatArray) -> tuple[float, DualPoint]:
        """Return the objective and the dual point of all features."""
        u = self.problem.loss.gradient(z, self.problem.y)
        free = self.terms.free
        if free.size:
            u = balanced_slopes(self.problem, free, z, u)
        gradient = self.design.rmatvec(self.problem.design.share * u)
        gradient[free] = 0.0
        primal = self.problem.value(z) + self.terms.value(w)
        norms = self.norms
        return primal, best_dual_point(self.problem, self.terms, w, u, gradient, norms)

    def _keep_best(self, point: DualPoint) -> DualPoint:
        if self.best is None or point.value > self.best.value:
            self.best = point
        return self.best

    def _next(self, w: FloatArray, point: DualPoint, gap: float, *, first: bool) -> Any:
        best = self._keep_best(point)
        discard(
            self.kept,
            self.terms,
            best.gradient,
            self.norms,
            gap,
            self.problem.loss.smoothness,
        )
        return next_columns(
            self.kept,
            self.terms,
            w,
            point.gradient,
            self.norms,
            first and len(self.gaps) == 1,
        )

    def _relative(self, gap: float) -> float:
        if self.null > 0.0:
            return max(gap, 0.0) / self.null
        return 0.0 if gap <= 0.0 else math.inf

    def _solution(
        self, w: FloatArray, intercept: float, primal: float, gap: float, columns: Any
    ) -> Solution:
        best = self.best
        u = np.zeros(self.design.n_rows) if best is None else best.u
        relative = self._relative(gap)
        converged = gap <= self.tol * self.null
        # A few sweeps in, nothing can be said about the data.
        tried = not converged and len(self.gaps) > 1
        return Solution(
            coef=w,
            intercept=intercept,
            objective=primal,
            dual_gap=max(gap, 0.0),
            relative_gap=relative,
            target=self.tol,
            dual_coef=self.design.expand(-self.design.share * u),
            converged=converged,
            n_iter=max(1, self.budget.spent),
            n_full_passes=len(self.gaps),
            gaps=tuple(self.gaps),
            seconds=tuple(self.seconds),
            columns=columns,
            cause=suspected_cause(self.problem, w) if tried else "",
        )
