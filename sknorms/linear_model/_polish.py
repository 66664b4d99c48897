r"""Newton's method on the coefficients that are not zero.

Where the signs s are known, the minimiser of a quadratic model solves linear equations,
:math:`H d = -(g + \lambda_1 s)`. If the step leads across zero or a bound, the
piecewise quadratic objective is minimised exactly along it, coefficients that end on a
breakpoint are fixed there, and the equations are solved for the others.
"""

import numpy as np
from scipy import linalg

from sknorms._typing import BoolArray, FloatArray
from sknorms.linear_model._terms import Terms

__all__ = ["newton_on_support"]

# Added to the diagonal, relative to its mean, until the factorisation succeeds.
_RIDGES = (1e-14, 1e-11, 1e-8)
_STEPS = 12
# A coefficient this much smaller than before is one that stopped at zero.
_ZERO = 1e-13
_SHORT = 1e-3


def newton_on_support(
    hessian: FloatArray, gradient: FloatArray, w: FloatArray, terms: Terms
) -> FloatArray:
    """Return better coefficients of a quadratic model.

    Parameters
    ----------
    hessian : array of shape (a, a)
        Of the smooth part, squares in the penalty included.
    gradient : array of shape (a,)
        Of the same at ``w``.
    w : array of shape (a,)
        None is zero.
    terms : Terms

    Returns
    -------
    array of shape (a,)
    """
    w, gradient = w.copy(), gradient.copy()
    for _ in range(_STEPS):
        signs = np.sign(w)
        active = np.flatnonzero((w != 0.0) & ~_held(w, gradient, terms))
        slope = gradient[active] + terms.l1[active] * signs[active]
        step = _newton_step(hessian[np.ix_(active, active)], slope)
        if step is None or not step.size:
            break
        part = terms.take(active)
        crossed, length = _line_search(
            hessian[np.ix_(active, active)], gradient[active], w[active], step, part
        )
        new = _stopped(w[active], length * step, part)
        gradient += hessian[:, active] @ (new - w[active])
        w[active] = new
        if not crossed or length < _SHORT:
            break
    return w


def _held(w: FloatArray, gradient: FloatArray, terms: Terms) -> BoolArray:
    """Tell which coefficients lie on a bound and are pressed against it."""
    slope = gradient + terms.l1 * np.sign(w)
    held: BoolArray = ((w >= terms.table[3]) & (slope < 0.0)) | (
        (w <= terms.table[2]) & (slope > 0.0)
    )
    return held


def _newton_step(hessian: FloatArray, slope: FloatArray) -> FloatArray | None:
    """Return the solution of H d = -slope, None if H is too far from definite."""
    if not len(slope):
        return slope
    size = float(np.trace(hessian)) / len(slope)
    for ridge in _RIDGES:
        lifted = hessian.copy()
        lifted.flat[:: len(slope) + 1] += ridge * size
        try:
            factor = linalg.cho_factor(lifted, lower=True, check_finite=False)
        except linalg.LinAlgError:
            continue
        step = linalg.cho_solve(factor, -slope, check_finite=False)
        if np.isfinite(step).all() and float(step @ slope) <= 0.0:
            return np.asarray(step)
    return None


def _line_search(
    hessian: FloatArray,
    gradient: FloatArray,
    w: FloatArray,
    step: FloatArray,
    terms: Terms,
) -> tuple[bool, float]:
    """Return whether the step crosses a breakpoint, and the best length up to 1."""
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        zeros = np.where(terms.l1 > 0.0, -w / step, -1.0)
        bounds = np.where(step > 0.0, terms.table[3] - w, terms.table[2] - w) / step
    end = min(1.0, float(bounds[step != 0.0].min(initial=1.0)))
    inside = np.flatnonzero((zeros > 0.0) & (zeros < end))
    if not inside.size:
        return end < 1.0, end
    inside = inside[np.argsort(zeros[inside])]
    # The derivative along the step rises by bend, and jumps where a sign changes.
    bend = float(step @ hessian @ step)
    slope = float((gradient + terms.l1 * np.sign(w)) @ step)
    breaks = np.append(zeros[inside], end)
    jumps = 2.0 * terms.l1[inside] * np.abs(step[inside])
    slopes = slope + np.concatenate([[0.0], np.cumsum(jumps)])
    turned = slopes + bend * breaks >= 0.0
    if not turned.any():
        return True, end
    k = int(np.argmax(turned))
    low = float(breaks[k - 1]) if k else 0.0
    best = -float(slopes[k]) / bend if bend > 0.0 else low
    return True, min(max(best, low), float(breaks[k]))


def _stopped(w: FloatArray, change: FloatArray, terms: Terms) -> FloatArray:
    """Return w + change, exactly zero or on a bound where it should be."""
    new = w + change
    new[(np.abs(new) <= _ZERO * np.abs(w)) & (terms.l1 > 0.0)] = 0.0
    return np.clip(new, terms.table[2], terms.table[3])
