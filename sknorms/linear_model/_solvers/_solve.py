r"""The outer loop of the exact solvers.

All features are looked at only to take a dual point, which bounds how far the model is
from optimal, proves that some features are zero in every solution, and says which
others to work on next. Between two such passes the problem is solved on those (Massias,
Gramfort and Salmon, 2018; Bertrand et al., 2022).
"""

import functools
from dataclasses import dataclass, replace
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

# Sweeps over products of columns, at least and as a part of all, before residuals are
# tried.
_ENOUGH, _PART = 1000, 0.1


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
        if not self.loss.quadratic:
            loop: OuterLoop = NewtonLoop(self._problem, terms, tol, Budget(max_iter))
        elif LeastSquaresLoop.suits(self._problem, terms):
            return self._least_squares(terms, tol, max_iter, initial)
        else:
            loop = OuterLoop(self._problem, terms, tol, Budget(max_iter))
        return loop.run(initial)

    def _least_squares(
        self, terms: Terms, tol: float, max_iter: int, initial: Start | None
    ) -> Solution:
        """Minimise by products of columns, and by the columns where that is not enough.

        Products of nearly collinear columns have lost digits that residuals still have.
        """
        budget = Budget(max(min(max_iter, _ENOUGH), int(_PART * max_iter)))
        loop = LeastSquaresLoop(self._problem, terms, tol, budget, self._block)
        found = loop.run(initial)
        left = max_iter - budget.spent
        if found.converged or left <= 0:
            return found
        start = Start(found.coef, found.intercept, found.columns)
        finer = OuterLoop(self._problem, terms, tol, Budget(left)).run(start)
        best = finer if finer.relative_gap < found.relative_gap else found
        return replace(
            best,
            n_iter=found.n_iter + finer.n_iter,
            n_full_passes=found.n_full_passes + finer.n_full_passes,
            gaps=found.gaps + finer.gaps,
            seconds=found.seconds + tuple(found.seconds[-1] + x for x in finer.seconds),
        )

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
