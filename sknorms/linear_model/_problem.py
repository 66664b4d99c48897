r"""The smooth part of the objective: the weighted mean loss of scores.

:math:`F(z) = \sum_i s_i f(z_i, y_i) / S`, :math:`z = X w + b`, S the sum of the sample
weights s. Slopes and bends are the first and second derivative in each score, with the
share :math:`s_i / S` of the row in them.
"""

import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._design import Design
from sknorms.linear_model._loss import Loss

__all__ = ["Problem"]

_STEPS = 100
# The sum of slopes is zero if it is this part of the sum of their magnitudes.
_BALANCED = 2.0**-50


@dataclass(frozen=True, eq=False)
class Problem:
    """A loss of scores against targets, on the rows of a design.

    Attributes
    ----------
    design : Design
    y : array of shape (n_rows,)
        Targets of the rows that have a weight, as ``loss.check_target`` returns them.
    loss : Loss
    fit_intercept : bool
    """

    design: Design
    y: AnyArray
    loss: Loss
    fit_intercept: bool

    def value(self, z: FloatArray) -> float:
        """Return F(z)."""
        return self._mean(self.loss.value(z, self.y))

    def slopes(self, z: FloatArray) -> FloatArray:
        """Return the derivatives of F, shape (n_rows,)."""
        return self.design.share * self.loss.gradient(z, self.y)

    def bends(self, z: FloatArray) -> FloatArray:
        """Return the second derivatives of F, one number if it is the same in all."""
        if self.loss.quadratic:
            return self.design.share
        return self.design.share * self.loss.curvature(z, self.y)

    def conjugate(self, u: FloatArray) -> float:
        """Return the mean conjugate of derivatives of the loss."""
        return self._mean(self.loss.conjugate(u, self.y))

    def dual_scale(
        self, u: FloatArray, limit: float, extra: FloatArray | None = None
    ) -> float:
        """Return a good factor, at most ``limit``, of a dual point.

        ``extra`` are derivatives at rows of target 0 that stand for squares in a
        penalty, as in least squares; their weight makes up for the curvature of the
        conjugate of the loss.
        """
        y, share = self.y, self.design.per_row(self.design.share)
        if extra is not None:
            nothing = np.zeros(len(extra))
            u, y = np.concatenate([u, extra]), np.concatenate([y, nothing])
            share = np.concatenate([share, nothing + self.loss.smoothness])
        return self.loss.dual_scale(u, y, share, limit)

    def balance(self, z: FloatArray) -> float:
        """Return the shift of all scores that is best, 0 without an intercept.

        F(z + t) is convex in t, and Newton's steps are kept between the points where
        its derivative is known to be negative and positive.
        """
        if not self.fit_intercept:
            return 0.0
        shift, low, high, reach = 0.0, -math.inf, math.inf, 1.0
        for _ in range(_STEPS):
            slopes = self.slopes(z + shift if shift else z)
            total = float(slopes.sum())
            if abs(total) <= _BALANCED * float(np.abs(slopes).sum()):
                break
            low, high = (low, shift) if total > 0.0 else (shift, high)
            bend = self._total_bend(z + shift)
            new = shift - total / bend if bend > 0.0 else math.nan
            if not low < new < high:
                new, reach = _between(
                    low, high, shift - math.copysign(reach, total), reach
                )
            if new == shift:
                break
            shift = new
            if self.loss.quadratic:
                break
        return shift

    def _total_bend(self, z: FloatArray) -> float:
        if self.loss.quadratic:
            return 1.0
        return float(self.bends(z).sum())

    def _mean(self, values: FloatArray) -> float:
        share = self.design.share
        if len(share) == 1:
            return float(values.sum() * share[0])
        return float(share @ values)


def _between(low: float, high: float, step: float, reach: float) -> tuple[float, float]:
    """Return a point between bounds, and how far to reach next if there is none."""
    if math.isinf(low) or math.isinf(high):
        return step, 4.0 * reach
    return 0.5 * (low + high), reach
