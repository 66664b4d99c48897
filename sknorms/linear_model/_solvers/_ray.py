"""Exact line search of a piecewise quadratic objective."""

import numpy as np

from sknorms._typing import BoolArray, FloatArray
from sknorms.linear_model._penalties import Terms

__all__ = ["Ray", "held"]

# A coefficient this much smaller than before is one that stopped at zero.
_ZERO = 1e-13


def held(w: FloatArray, gradient: FloatArray, terms: Terms) -> BoolArray:
    """Tell which coefficients lie on a bound and are pressed against it."""
    slope = gradient + terms.l1 * np.sign(w)
    pressed: BoolArray = ((w >= terms.table[3]) & (slope < 0.0)) | (
        (w <= terms.table[2]) & (slope > 0.0)
    )
    return pressed


class Ray:
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
