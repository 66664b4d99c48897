r"""Dual points, and the duality gap that says how far from optimal a model can be.

For scores z, the derivatives :math:`u_i = f'(z_i)` times a factor c are a dual point
with the value :math:`D = -\sum_i s_i f^*(c u_i) / S - \Omega^*(-c g)`,
:math:`g = X'(s u) / S`, provided that the intercept is optimal (:math:`\sum s u = 0`).
No model has an objective below D. Of the factors that come from scaling u alone and
from scaling u together with the derivatives of the squares in the penalty (the dual of
least squares with extra rows), the better one is taken.
"""

import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._problem import Problem
from sknorms.linear_model._terms import Terms

__all__ = ["DualPoint", "best_dual_point"]


@dataclass(frozen=True, eq=False)
class DualPoint:
    """A feasible dual point.

    Attributes
    ----------
    value : float
        The dual objective, -inf if none is known.
    scale : float
        The factor c.
    u : array of shape (n_rows,)
        Derivatives of the loss, times c.
    gradient : array of shape (n_columns,)
        X'(s u) / S.
    """

    value: float
    scale: float
    u: FloatArray
    gradient: FloatArray


def best_dual_point(
    problem: Problem, terms: Terms, w: FloatArray, u: FloatArray, gradient: FloatArray
) -> DualPoint:
    """Return the best dual point that is a multiple of u.

    Parameters
    ----------
    problem : Problem
    terms : Terms
    w : array of shape (k,)
    u : array of shape (n_rows,)
        Derivatives of the loss at the scores of w.
    gradient : array of shape (k,)
        X'(s u) / S.
    """
    limit = terms.feasible_scale(gradient)
    # Zero is a dual point of every loss and penalty.
    best_value, best_scale = -problem.conjugate(np.zeros_like(u)), 0.0
    for scale in _scales(problem, terms, w, u, gradient, limit):
        value = -problem.conjugate(scale * u) - terms.conjugate(-scale * gradient)
        if value > best_value:
            best_value, best_scale = value, scale
    return DualPoint(best_value, best_scale, best_scale * u, best_scale * gradient)


def _scales(
    problem: Problem,
    terms: Terms,
    w: FloatArray,
    u: FloatArray,
    gradient: FloatArray,
    limit: float,
) -> set[float]:
    # At the solution the factor is 1.
    scales = {problem.dual_scale(u, limit), min(1.0, limit)}
    if terms.has_l2:
        squares = np.flatnonzero(w * terms.l2)
        roots = np.sqrt(terms.l2[squares]) * w[squares]
        size = np.abs(gradient + terms.l2 * w)
        over = (size > 0.0) & (terms.l1 > 0.0)
        joint = float((terms.l1[over] / size[over]).min(initial=math.inf))
        scales.add(problem.dual_scale(u, min(limit, joint), extra=roots))
        scales.add(_peak(problem, terms, u, gradient, min(1.0, limit)))
    return scales


def _peak(
    problem: Problem, terms: Terms, u: FloatArray, gradient: FloatArray, limit: float
) -> float:
    """Return where a parabola through the dual objective at three factors is highest.

    Far from the solution, squares in the penalty make factors near 1 useless.
    """
    low, middle, high = (
        -problem.conjugate(scale * u) - terms.conjugate(-scale * gradient)
        for scale in (0.0, 0.5 * limit, limit)
    )
    bend = low - 2.0 * middle + high
    if not math.isfinite(bend) or bend >= 0.0:
        return 0.0
    peak = 0.5 - 0.25 * (high - low) / bend
    return limit * min(max(peak, 0.0), 1.0)
