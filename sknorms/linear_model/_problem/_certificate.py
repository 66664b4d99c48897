r"""Dual points, and the duality gap that says how far from optimal a model can be.

For scores z, the derivatives :math:`u_i = f'(z_i)` times a factor c are a dual point
with the value :math:`D = -\sum_i s_i f^*(c u_i) / S - \Omega^*(-c g)`,
:math:`g = X'(s u) / S`, provided that the intercept is optimal (:math:`\sum s u = 0`).
No model has an objective below D. Of the factors that come from scaling u alone and
from scaling u together with the derivatives of the squares in the penalty (the dual of
least squares with extra rows), the better one is taken.

Gradients of coefficients that are not zero may exceed a bound by the rounding of the
products that they come from, or models without an l1 penalty and models of columns in
wild units could not be certified. The excess times the coefficient counts as gap.
"""

import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem._dual_kernels import best_multiple
from sknorms.linear_model._problem._problem import Problem

__all__ = ["DualPoint", "best_dual_point", "best_of_squares"]


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


# Rounding of a product with a column, relative to the norms of its factors.
_ROUNDING = 2.0**-46
# Only factors as near to 1 as this can be held off by rounding.
_NEARLY = 0.99
# Larger factors would make a sum of derivatives that rounding left matter.
_LARGEST = 1e3


def best_dual_point(
    problem: Problem,
    terms: Terms,
    w: FloatArray,
    u: FloatArray,
    gradient: FloatArray,
    norms: FloatArray,
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
    norms : array of shape (k,)
        Root mean squares of the columns.
    """
    ray = _Ray(problem, terms, w, u, gradient)
    value, scale = max((ray.value(scale), scale) for scale in ray.scales(norms))
    return DualPoint(value, scale, scale * u, scale * gradient)


def best_of_squares(
    problem: Problem,
    terms: Terms,
    w: FloatArray,
    u: FloatArray,
    gradient: FloatArray,
    norms: FloatArray,
) -> tuple[float, float]:
    """Return the value and the factor of the best dual point of the squared loss.

    It is what `best_dual_point` says of it, compiled; coefficients without a penalty
    are not looked after.
    """
    size = problem.size + float(norms @ np.abs(w))
    uu = problem.mean_product(u, u)
    uy = problem.mean_product(u, problem.centred)
    noise = _ROUNDING * norms
    value, scale = best_multiple(gradient, w, terms.table, noise, size, uu, uy)
    return float(value), float(scale)


@dataclass(frozen=True, eq=False)
class _Ray:
    """The multiples of one dual point."""

    problem: Problem
    terms: Terms
    w: FloatArray
    u: FloatArray
    gradient: FloatArray

    def value(self, scale: float) -> float:
        """Return the dual objective; what exceeds a bound is charged for."""
        if scale == 0.0:
            return -self.problem.conjugate_at_zero
        v = -scale * self.gradient
        value = -self.problem.conjugate(scale * self.u) - self.terms.conjugate(v)
        return value - self.terms.excess(v, self.w)

    def scales(self, norms: FloatArray) -> set[float]:
        """Return factors that may be good. Zero is one for every loss and penalty."""
        limit = min(_LARGEST, self.terms.feasible_scale(self.gradient))
        # At the solution the factor is 1.
        scales = {
            0.0,
            min(1.0, limit),
            self.problem.dual_scale(self.u, limit),
        }
        if _NEARLY < limit < 1.0 or self.terms.has_zero_limit:
            scales.add(min(1.0, self._limit_but_for_rounding(norms)))
        if self.terms.has_l2:
            scales |= {self._joint(limit), self._peak(min(1.0, limit))}
        return scales

    def _limit_but_for_rounding(self, norms: FloatArray) -> float:
        """Return the largest factor if coefficients in the model may exceed bounds."""
        size = self.problem.size + float(norms @ np.abs(self.w))
        noise = np.where(self.w != 0.0, _ROUNDING * size * norms, 0.0)
        return self.terms.feasible_scale(self.gradient, noise)

    def _joint(self, limit: float) -> float:
        """Return the factor of u together with the derivatives of the squares."""
        terms, w = self.terms, self.w
        squares = np.flatnonzero(w * terms.l2)
        roots = np.sqrt(terms.l2[squares]) * w[squares]
        size = np.abs(self.gradient + terms.l2 * w)
        over = (size > 0.0) & (terms.l1 > 0.0)
        joint = float((terms.l1[over] / size[over]).min(initial=math.inf))
        return self.problem.dual_scale(self.u, min(limit, joint), extra=roots)

    def _peak(self, limit: float) -> float:
        """Return where a parabola through the values at three factors is highest.

        Far from the solution, squares in the penalty make factors near 1 useless.
        """
        low, middle, high = (self.value(part * limit) for part in (0.0, 0.5, 1.0))
        bend = low - 2.0 * middle + high
        if not math.isfinite(bend) or bend >= 0.0:
            return 0.0
        peak = 0.5 - 0.25 * (high - low) / bend
        return limit * min(max(peak, 0.0), 1.0)
