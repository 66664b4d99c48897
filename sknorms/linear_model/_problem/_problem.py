r"""The smooth part of the objective: the weighted mean loss of scores.

:math:`F(z) = \sum_i s_i f(z_i, y_i) / S`, :math:`z = X w + b`, S the sum of the sample
weights s. Slopes and bends are the first and second derivative in each score, with the
share :math:`s_i / S` of the row in them.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._problem._design import Design

__all__ = ["Problem"]

_STEPS = 100
_FAR = 1e3
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

    @functools.cached_property
    def size(self) -> float:
        """The root mean square derivative without coefficients."""
        u = self.loss.gradient(self.null_scores, self.y)
        return math.sqrt(self._mean(u * u))

    @functools.cached_property
    def norms(self) -> FloatArray:
        """Root mean squares of columns, about their means if there is an intercept."""
        if self.fit_intercept:
            return np.sqrt(self.design.variances())
        return np.sqrt(self.design.squares)

    @functools.cached_property
    def far_from_zero(self) -> bool:
        """Whether the mean of a column is much larger than what it varies by."""
        if not self.fit_intercept:
            return False
        varying = self.norms > 0.0
        means = np.abs(self.design.means[varying])
        return bool((means > _FAR * self.norms[varying]).any())

    @functools.cached_property
    def null_scores(self) -> FloatArray:
        """The best scores without coefficients."""
        origin = np.zeros(self.design.n_rows)
        return origin + self.balance(origin)

    @functools.cached_property
    def centred(self) -> FloatArray:
        """Targets of the squared loss, less their mean if there is an intercept."""
        return np.asarray(self.y - self.null_scores)

    @functools.cached_property
    def conjugate_at_zero(self) -> float:
        """The mean conjugate of derivatives that are all zero."""
        return self.conjugate(np.zeros(self.design.n_rows))

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
        if self.loss.quadratic:
            return -float(self.slopes(z).sum())
        search = _Bracket()
        for _ in range(_STEPS):
            scores = z + search.shift
            slopes = self.slopes(scores)
            total, size = float(slopes.sum()), float(np.abs(slopes).sum())
            if abs(total) <= _BALANCED * size:
                break
            if not search.advance(total, float(self.bends(scores).sum())):
                break
        return search.shift

    def mean_product(self, left: FloatArray, right: FloatArray) -> float:
        """Return the weighted mean of products of numbers of rows."""
        share = self.design.share
        if len(share) == 1:
            return float(left @ right) * float(share[0])
        return float((share * left) @ right)

    def _mean(self, values: FloatArray) -> float:
        share = self.design.share
        if len(share) == 1:
            return float(values.sum() * share[0])
        return float(share @ values)


class _Bracket:
    """Newton's steps to a zero of an increasing function, kept between bounds."""

    def __init__(self) -> None:
        self.shift = 0.0
        self._low, self._high = -math.inf, math.inf
        self._last = math.inf
        self._reach = 1.0

    def advance(self, value: float, derivative: float) -> bool:
        """Move on from where the function has a value; False if there is no way."""
        if value > 0.0:
            self._high = self.shift
        else:
            self._low = self.shift
        new = self.shift - value / derivative if derivative > 0.0 else math.nan
        # Far from the zero of an exponential, Newton's steps are of length 1.
        slow = abs(value) > 0.5 * self._last
        self._last = abs(value)
        if slow or not self._low < new < self._high:
            new = self._middle(value, new)
        moved = new != self.shift
        self.shift = new
        return moved

    def _middle(self, value: float, new: float) -> float:
        if math.isfinite(self._low) and math.isfinite(self._high):
            return 0.5 * (self._low + self._high)
        if self._low < new < self._high:
            return new
        self._reach *= 4.0
        return self.shift - math.copysign(self._reach, value)
