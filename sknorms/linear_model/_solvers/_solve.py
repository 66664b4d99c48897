r"""The outer loop of the exact solvers.

All features are looked at only to take a dual point, which bounds how far the model is
from optimal, proves that some features are zero in every solution, and says which
others to work on next. Between two such passes the problem is solved on those (Massias,
Gramfort and Salmon, 2018; Bertrand et al., 2022).
"""

from typing import Any

from sknorms._typing import AnyArray
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    Design,
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

__all__ = ["solve"]


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
    rows = y if design.kept is None else y[design.kept]
    parts = penalty.separable(design.n_columns)
    if loss.vector_valued or parts is None:
        scores = ScoreProblem(design, rows, loss, fit_intercept, loss.n_outputs(y))
        return solve_scores(scores, penalty, tol, max_iter, initial)
    problem = Problem(design, rows, loss, fit_intercept)
    terms = Terms.of(parts.l1, parts.l2, parts.lower, parts.upper)
    kind = OuterLoop if loss.quadratic else NewtonLoop
    if LeastSquaresLoop.suits(problem, terms):
        kind = LeastSquaresLoop
    return kind(problem, terms, tol, Budget(max_iter)).run(initial)
