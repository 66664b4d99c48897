r"""Penalties that are sums over coefficients, as the arrays that kernels work on.

.. math:: \Omega(w) = \sum_j a_j |w_j| + \tfrac12 b_j w_j^2 \quad \text{with }
          l_j \le w_j \le u_j, \qquad l_j \le 0 \le u_j.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import BoolArray, FloatArray

__all__ = ["Separable"]

# How far rounding may carry a scaled gradient beyond the l1 strength.
_ROUNDING = 1.0 + 2.0**-50


@dataclass(frozen=True, eq=False)
class Separable:
    """A penalty that is a sum over coefficients; float64 arrays of shape (p,).

    Parameters
    ----------
    l1, l2 : ndarray of shape (p,)
        Strength of the magnitude, and of half the square, of each coefficient.
    lower, upper : ndarray of shape (p,)
        Bounds, with lower <= 0 <= upper. Coefficients of shape (p, K) share them row by
        row.
    """

    l1: FloatArray
    l2: FloatArray
    lower: FloatArray
    upper: FloatArray

    @property
    def bounded(self) -> bool:
        """Whether any coefficient has a finite bound."""
        return bool(np.isfinite(self.lower).any() or np.isfinite(self.upper).any())

    def select(self, features: Any) -> "Separable":
        """Return the same penalty of some of the features."""
        return Separable(*(part[features] for part in self._parts(1)))

    def flat(self, n_outputs: int) -> "Separable":
        """Return the same penalty of coefficients (p, K) that are laid out in a row."""
        return Separable(*(np.repeat(part, n_outputs) for part in self._parts(1)))

    def value(self, w: FloatArray) -> float:
        """Return the penalty, inf if a coefficient is out of bounds."""
        l1, l2, lower, upper = self._parts(w.ndim)
        if ((w < lower) | (w > upper)).any():
            return math.inf
        with np.errstate(over="ignore", invalid="ignore"):
            return float((np.abs(w) * l1 + 0.5 * _times(l2, w * w)).sum())

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Soft-threshold, shrink and clip; ``step`` may differ by coefficient."""
        l1, l2, lower, upper = self._parts(v.ndim)
        size = np.abs(v)
        with np.errstate(over="ignore", invalid="ignore"):
            threshold = _times(l1, step)
            zero = (size <= threshold) & (threshold > 0.0)
            left = np.where(zero, 0.0, np.copysign(size - threshold, v))
            shrunk = left / (1.0 + _times(l2, step))
        # With lower <= 0 <= upper, clipping the free minimiser is exact.
        return np.clip(shrunk, lower, upper)

    def conjugate(self, v: FloatArray) -> float:
        """Return the largest of ``v w`` less the penalty, over all allowed w."""
        l1, l2, lower, upper = self._parts(v.ndim)
        # The maximiser has the sign of v, if it is not zero.
        bound = np.where(v > 0.0, upper, -lower)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            excess = np.where(np.abs(v) <= l1 * _ROUNDING, 0.0, np.abs(v) - l1)
            best = np.where(excess > 0.0, np.minimum(excess / l2, bound), 0.0)
            # Where neither a square nor a bound holds w back, there is no maximum.
            gained = np.where(
                best < math.inf, best * (excess - 0.5 * _times(l2, best)), math.inf
            )
        return float(gained.sum())

    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the largest c in [0, limit] with a finite conjugate of c v."""
        l1, l2, lower, upper = self._parts(v.ndim)
        free = np.where(v > 0.0, upper, -lower) == math.inf
        binding = free & (l2 == 0.0) & (v != 0.0)
        if not binding.any():
            return limit
        with np.errstate(over="ignore"):
            scales = np.broadcast_to(l1, v.shape)[binding] / np.abs(v[binding])
        return min(limit, float(scales.min()))

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return by how much a one-sided derivative has the wrong sign, shape of w."""
        right, left = self.slopes(w, gradient)
        return np.maximum(0.0, np.maximum(-right, left))

    def slopes(
        self, w: FloatArray, gradient: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives to the right and left; at bounds they are infinite."""
        l1, l2, lower, upper = self._parts(w.ndim)
        smooth = gradient + l2 * w
        right = np.where(w >= upper, math.inf, smooth + np.where(w >= 0.0, l1, -l1))
        left = np.where(w <= lower, -math.inf, smooth + np.where(w > 0.0, l1, -l1))
        return right, left

    def allowed(self, gradient: FloatArray) -> BoolArray:
        """Return which coefficients may go against the gradient from 0."""
        _, _, lower, upper = self._parts(gradient.ndim)
        moves: BoolArray = ((gradient < 0.0) & (upper > 0.0)) | (
            (gradient > 0.0) & (lower < 0.0)
        )
        return moves

    def _parts(self, ndim: int) -> tuple[FloatArray, ...]:
        """Return the arrays, as columns for two-dimensional coefficients."""
        parts = (self.l1, self.l2, self.lower, self.upper)
        return parts if ndim == 1 else tuple(part[:, np.newaxis] for part in parts)


def _times(strength: FloatArray, size: Any) -> FloatArray:
    """Return the product, 0 where the strength is 0 whatever the size."""
    return np.where(strength == 0.0, 0.0, strength * size)
