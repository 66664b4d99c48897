r"""Newton's method on the coefficients that are not zero.

Where the signs s are known, the minimiser of a quadratic model solves linear equations,
:math:`H d = -(g + \lambda_1 s)`. If the step leads across zero or a bound, the
piecewise quadratic objective is minimised exactly along it, coefficients that end on a
breakpoint are fixed there, and the equations are solved for the others.
"""

import numpy as np

from sknorms._typing import BoolArray, FloatArray
from sknorms.linear_model._hessian import Hessian
from sknorms.linear_model._terms import Terms

__all__ = ["newton_on_support"]

# Steps that are always affordable, and the cost of the steps that are.
_STEPS = 12
_AFFORDABLE = 3e8
# A coefficient this much smaller than before is one that stopped at zero.
_ZERO = 1e-13


def newton_on_support(
    hessian: Hessian,
    gradient: FloatArray,
    w: FloatArray,
    terms: Terms,
    entering: FloatArray | None = None,
) -> FloatArray:
    """Return better coefficients of a quadratic model.

    Parameters
    ----------
    hessian : Hessian
        Of the smooth part, squares in the penalty included.
    gradient : array of shape (a,)
        Of the same at ``w``.
    w : array of shape (a,)
    terms : Terms
    entering : array of shape (a,), optional
        The signs that coefficients which are zero may take; 0 where they stay zero.

    Returns
    -------
    array of shape (a,)
    """
    w, gradient = w.copy(), gradient.copy()
    signs = np.sign(w) if entering is None else np.where(w != 0.0, np.sign(w), entering)
    for _ in range(_most_steps(len(w))):
        active = np.flatnonzero((signs != 0.0) & ~_held(w, gradient, signs, terms))
        part = terms.take(active)
        slope = gradient[active] + part.l1 * signs[active]
        step = hessian.solve(active, -slope) if active.size else None
        if step is None or not float(step @ slope) < 0.0:
            break
        wrong = (w[active] == 0.0) & (step * signs[active] <= 0.0)
        if wrong.any():
            signs[active[wrong]] = 0.0
            continue
        product = hessian.times(active, step)
        ray = _Ray(w[active], step, slope, float(step @ product[active]), part)
        length, crossed = ray.search()
        new = ray.end(length)
        gradient += hessian.times(active, new - w[active])
        w[active] = new
        signs = np.sign(w)
        if not crossed:
            break
    return w


def _most_steps(size: int) -> int:
    """Return how many steps to make: each may take but one coefficient to zero."""
    return max(_STEPS, min(2 * size, int(_AFFORDABLE / max(1, size) ** 3)))


def _held(
    w: FloatArray, gradient: FloatArray, signs: FloatArray, terms: Terms
) -> BoolArray:
    """Tell which coefficients lie on a bound and are pressed against it."""
    slope = gradient + terms.l1 * signs
    held: BoolArray = ((w >= terms.table[3]) & (slope < 0.0)) | (
        (w <= terms.table[2]) & (slope > 0.0)
    )
    return held


class _Ray:
    """The piecewise quadratic objective along a step."""

    def __init__(
        self,
        w: FloatArray,
        step: FloatArray,
        slope: FloatArray,
        bend: float,
        terms: Terms,
    ) -> None:
        self.w = w
        self.step = step
        self.slope = float(slope @ step)
        self.bend = bend
        self.terms = terms

    def search(self) -> tuple[float, bool]:
        """Return the best length up to 1, and whether a breakpoint is within 1."""
        w, step, l1 = self.w, self.step, self.terms.l1
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            zeros = np.where(l1 > 0.0, -w / step, -1.0)
            sides = np.where(step > 0.0, self.terms.table[3], self.terms.table[2])
            bounds = (sides - w) / step
        last = min(1.0, float(bounds[step != 0.0].min(initial=1.0)))
        inside = np.flatnonzero((zeros > 0.0) & (zeros < last))
        if not inside.size:
            return last, last < 1.0
        inside = inside[np.argsort(zeros[inside])]
        # The derivative along the step rises by bend, and jumps where a sign changes.
        breaks = np.append(zeros[inside], last)
        jumps = 2.0 * l1[inside] * np.abs(step[inside])
        slopes = self.slope + np.concatenate([[0.0], np.cumsum(jumps)])
        turned = slopes + self.bend * breaks >= 0.0
        if not turned.any():
            return last, True
        k = int(np.argmax(turned))
        low = float(breaks[k - 1]) if k else 0.0
        best = -float(slopes[k]) / self.bend if self.bend > 0.0 else low
        return min(max(best, low), float(breaks[k])), True

    def end(self, length: float) -> FloatArray:
        """Return where a length leads, exactly to zero or a bound if it should."""
        new = self.w + length * self.step
        stopped = (np.abs(new) <= _ZERO * np.abs(self.w)) & (self.terms.l1 > 0.0)
        new[stopped] = 0.0
        return np.clip(new, self.terms.table[2], self.terms.table[3])
