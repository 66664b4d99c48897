"""Paths of least squares by products of all columns with each other and the target."""

import math
import time
from collections.abc import Sequence

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Separable, Terms
from sknorms.linear_model._problem import Solution
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._gram_solver import GramSolver

__all__ = ["solve_products"]


def solve_products(
    gram: FloatArray,
    products: FloatArray,
    square: float,
    penalties: Sequence[Separable],
    tol: float,
    max_iter: int,
) -> list[Solution]:
    """Return fits under several penalties, each starting from the one before it.

    Parameters
    ----------
    gram : array of shape (p, p)
        Weighted mean products of the columns, less their means if there is an
        intercept.
    products : array of shape (p,)
        The same of the columns and the target.
    square : float
        The same of the target and itself, above 0.
    penalties : sequence of Separable
    tol : float
        The gap that is good enough, relative to the objective without coefficients.
    max_iter : int
        How many sweeps may be made for one penalty.

    Returns
    -------
    list of Solution
        Intercepts and dual points are left out.
    """
    begun, target = time.perf_counter(), 0.5 * tol * square
    w, gradient, found = np.zeros(len(gram)), -products, list[Solution]()
    for parts in penalties:
        terms = Terms.of(parts.l1, parts.l2, parts.lower, parts.upper)
        solver = GramSolver(gram, terms, w, gradient, -products, square, thorough=False)
        budget = Budget(max_iter)
        gap = max(0.0, solver.run(target, budget, 0.0))
        w, gradient = solver.w, solver.gradient
        loss = 0.5 * square + 0.5 * float(w @ (gradient - products))
        found.append(
            Solution(
                coef=w.copy(),
                intercept=0.0,
                objective=loss + terms.value(w),
                dual_gap=gap,
                relative_gap=gap / (0.5 * square) if math.isfinite(gap) else gap,
                target=tol,
                dual_coef=np.zeros(0),
                converged=gap <= target,
                n_iter=max(1, budget.spent),
                n_full_passes=1,
                gaps=(gap / (0.5 * square),),
                seconds=(time.perf_counter() - begun,),
            )
        )
    return found
