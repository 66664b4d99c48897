r"""Dual points where some coefficients have neither a penalty nor a bound.

Of such coefficients the derivatives :math:`X_f^T S u` have to vanish, as has the sum of
:math:`S u` for an intercept. Taken at any scores, u is brought there by the step
:math:`u - h \circ (X_f \delta + t)` that Newton's method predicts for it, h being the
second derivatives of the loss; a small step does not leave the domain of the conjugate.
"""

import numpy as np
from scipy import linalg

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._columns import gather
from sknorms.linear_model._problem._problem import Problem

__all__ = ["balanced_slopes"]

# The second step takes away what rounding has left of the first.
_STEPS = 2
# Directions of a Hessian below this part of its largest are none.
_FLAT = 1e-13


def balanced_slopes(
    problem: Problem, free: IndexArray, z: FloatArray, u: FloatArray
) -> FloatArray:
    """Return derivatives of the loss whose products with free columns vanish.

    Parameters
    ----------
    problem : Problem
    free : array of int
        The columns.
    z : array of shape (n_rows,)
        Scores.
    u : array of shape (n_rows,)
        Derivatives of the loss there, which balance the intercept.
    """
    block = gather(problem, free)
    share = problem.design.share
    bends = block.table.per_row(problem.bends(z))
    total = float(bends.sum())
    if total <= 0.0:
        return u
    means = np.zeros(len(free))
    if problem.fit_intercept:
        means = block.rmatvec(bends) / total
    hessian = block.table.gram(block.columns, bends) - total * np.outer(means, means)
    scale = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    scale[scale == 0.0] = 1.0
    for _ in range(_STEPS):
        slopes = block.rmatvec(block.table.per_row(share) * u) / scale
        step = linalg.lstsq(hessian / np.outer(scale, scale), slopes, cond=_FLAT)[0]
        change = step / scale
        u = u - bends / share * (block.matvec(change) - float(means @ change))
    # Zero is a dual point of every loss, should the step lead too far.
    return u if np.isfinite(problem.conjugate(u)) else np.zeros_like(u)
