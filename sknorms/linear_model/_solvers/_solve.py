r"""The outer loop of the exact solvers.

All features are looked at only to take a dual point, which bounds how far the model is
from optimal, proves that some features are zero in every solution, and says which
others to work on next. Between two such passes the problem is solved on those (Massias,
Gramfort and Salmon, 2018; Bertrand et al., 2022).
"""

import functools
from dataclasses import dataclass
from typing import Any

from sknorms._typing import AnyArray
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    Design,
    GrownBlock,
    Problem,
    ScoreProblem,
    Solution,
    Start,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._least_squares import LeastSquaresLoop
from sknorms.linear_model._solvers._newton_loop import NewtonLoop
from sknorms.linear_model._solvers._outer_loop import OuterLoop
from sknorms.linear_model._solvers._score_solve import solve_scores

__all__ = ["Solver", "solve"]


def solve(
    design: Design,
    y: AnyArray,
    loss: Loss,
    penalty: Any,
    *,
    fit_intercept: bool = True,
    tol: float = 1e-6,
    max_iter: int = 10_000,
    initial: Start | None = None,
) -> Solution:
    """Minimise a mean loss plus a penalty until the duality gap is small.

    Parameters
    ----------
    design : Design
    y : array of shape (n_samples,)
        Targets as ``loss.check_target`` returns them.
    loss : Loss
    penalty : Penalty
        Sums over coefficients of a single score are solved here, all others in
        `_score_solve`.
    fit_intercept : bool, default=True
    tol : float, default=1e-6
        The gap that is good enough, relative to the objective without coefficients.
    max_iter : int, default=10000
        How many sweeps may be made.
    initial : Start, optional
        Where to begin.

    Returns
    -------
    Solution
        With ``converged`` False if ``max_iter`` was too small, or ``tol`` too small for
        float64.
    """
    solver = Solver(design, y, loss, fit_intercept)
    return solver.solve(penalty, tol, max_iter, initial)


@dataclass(frozen=True, eq=False)
class Solver:
    """One loss of one target, under any penalty; `solve` says what is what.

    What does not depend on the penalty is found once: sizes of columns, and products of
    those that were worked on.
    """

    design: Design
    y: AnyArray
    loss: Loss
    fit_intercept: bool

    def solve(
        self, penalty: Any, tol: float, max_iter: int, initial: Start | None = None
    ) -> Solution:
        """Return the minimum under a penalty."""
        parts = penalty.separable(self.design.n_columns)
        if self.loss.vector_valued or parts is None:
            return solve_scores(self._scores, penalty, tol, max_iter, initial)
        terms = Terms.of(parts.l1, parts.l2, parts.lower, parts.upper)
        return self._loop(terms, tol, Budget(max_iter)).run(initial)

    def _loop(self, terms: Terms, tol: float, budget: Budget) -> OuterLoop:
        problem = self._problem
        if not self.loss.quadratic:
            return NewtonLoop(problem, terms, tol, budget)
        if LeastSquaresLoop.suits(problem, terms):
            return LeastSquaresLoop(problem, terms, tol, budget, self._block)
        return OuterLoop(problem, terms, tol, budget)

    @property
    def _rows(self) -> AnyArray:
        return self.y if self.design.kept is None else self.y[self.design.kept]

    @functools.cached_property
    def _problem(self) -> Problem:
        return Problem(self.design, self._rows, self.loss, self.fit_intercept)

    @functools.cached_property
    def _scores(self) -> ScoreProblem:
        n_outputs = self.loss.n_outputs(self.y)
        return ScoreProblem(
            self.design, self._rows, self.loss, self.fit_intercept, n_outputs
        )

    @functools.cached_property
    def _block(self) -> GrownBlock:
        return GrownBlock(self._problem)
