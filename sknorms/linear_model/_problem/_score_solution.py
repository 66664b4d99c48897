"""The solution of a problem with scores of any shape, as solvers return it."""

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._problem._score_problem import ScoreProblem
from sknorms.linear_model._problem._solution import Solution

__all__ = ["GapRecord"]


@dataclass(eq=False)
class GapRecord:
    """The best dual point so far, and the gaps on the way.

    Attributes
    ----------
    problem : ScoreProblem
    null : float
        The objective without coefficients, the intercepts at their best.
    tol : float
        The gap that is good enough, relative to it.
    """

    problem: ScoreProblem
    null: float
    tol: float

    def __post_init__(self) -> None:
        self.best = -math.inf
        self.u: FloatArray = np.zeros((self.problem.design.n_rows, 1))
        self.gaps: list[float] = []
        self.begun, self.seconds = time.perf_counter(), list[float]()
        self.gap, self._own = math.inf, math.inf

    def look(self, objective: float, dual: float, u: FloatArray) -> float:
        """Note the objective and a dual point, and return the gap."""
        if dual > self.best or not self.gaps:
            self.best, self.u = dual, u
        self.gap, self._own = max(objective - self.best, 0.0), objective - dual
        if self.null > 0.0:
            self.gaps.append(self.gap / self.null)
        else:
            self.gaps.append(0.0 if self.gap <= 0.0 else math.inf)
        self.seconds.append(time.perf_counter() - self.begun)
        return self.gap

    @property
    def converged(self) -> bool:
        """Whether the gap is good enough."""
        return self.gap <= self.tol * self.null

    @property
    def reproducible(self) -> bool:
        """Whether the coefficients alone tell that, without an earlier dual point."""
        return self._own <= self.tol * self.null

    def solution(
        self,
        w: FloatArray,
        intercept: FloatArray,
        objective: float,
        n_iter: int,
        columns: Any = None,
    ) -> Solution:
        """Return the solution, for coefficients of shape (p, K) and K intercepts."""
        problem = self.problem
        dual = problem.design.expand(-problem.weigh(self.u))
        scalar = not problem.loss.vector_valued
        return Solution(
            coef=w[:, 0] if scalar else w,
            intercept=float(intercept[0]) if scalar else intercept,
            objective=objective,
            dual_gap=self.gap,
            relative_gap=self.gaps[-1],
            target=self.tol,
            dual_coef=dual[:, 0] if scalar else dual,
            converged=self.converged,
            n_iter=max(1, n_iter),
            n_full_passes=len(self.gaps),
            gaps=tuple(self.gaps),
            seconds=tuple(self.seconds),
            columns=columns,
        )
