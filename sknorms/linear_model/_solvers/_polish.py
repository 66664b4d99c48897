r"""Newton's method on many coefficients that are not zero, by conjugate gradients.

Where the signs s are known, the minimiser of a quadratic model solves linear equations,
:math:`H d = -(g + \lambda_1 s)`. If the step leads across zero or a bound, the
piecewise quadratic objective is minimised exactly along it, coefficients that end on a
breakpoint are fixed there, and the equations are solved for the others.
"""

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import ProductHessian
from sknorms.linear_model._solvers._ray import Ray, held

__all__ = ["newton_on_support"]


def newton_on_support(
    hessian: ProductHessian,
    gradient: FloatArray,
    w: FloatArray,
    terms: Terms,
) -> FloatArray:
    """Return better coefficients of a quadratic model.

    Parameters
    ----------
    hessian : ProductHessian
        Of the smooth part, squares in the penalty included.
    gradient : array of shape (a,)
        Of the same at ``w``.
    w : array of shape (a,)
    terms : Terms

    Returns
    -------
    array of shape (a,)
    """
    active = np.flatnonzero((w != 0.0) & ~held(w, gradient, terms))
    part = terms.take(active)
    slope = gradient[active] + part.l1 * np.sign(w[active])
    step = hessian.solve(active, -slope) if active.size else None
    if step is None or not float(step @ slope) < 0.0:
        return w
    bend = float(step @ hessian.times(active, step)[active])
    ray = Ray(w[active], step, slope, bend, part)
    new = w.copy()
    new[active] = ray.end(ray.search()[0])
    return new
