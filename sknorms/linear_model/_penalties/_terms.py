r"""A penalty that is a sum over coefficients, as coordinate solvers take it.

Each coefficient has the term :math:`\lambda_1 |w| + \lambda_2 w^2 / 2` within
:math:`[l, u]`, with :math:`l \le 0 \le u`. Its conjugate at v has the maximiser
:math:`\operatorname{clip}(S(v, \lambda_1) / \lambda_2, l, u)`, S being the soft
threshold.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray, IndexArray

__all__ = ["Terms"]


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of all coefficients, rows l1, l2, lower and upper of one table.

    Attributes
    ----------
    table : array of shape (4, k)
    """

    table: FloatArray

    @classmethod
    def of(
        cls, l1: FloatArray, l2: FloatArray, lower: FloatArray, upper: FloatArray
    ) -> "Terms":
        """Return terms from one array of each kind."""
        return cls(np.stack([l1, l2, lower, upper]).astype(np.float64))

    def take(self, columns: IndexArray) -> "Terms":
        """Return the terms of some coefficients."""
        return Terms(np.ascontiguousarray(self.table[:, columns]))

    @property
    def l1(self) -> FloatArray:
        """The weight of the magnitude of each coefficient."""
        l1: FloatArray = self.table[0]
        return l1

    @property
    def l2(self) -> FloatArray:
        """The weight of half the square of each coefficient."""
        l2: FloatArray = self.table[1]
        return l2

    @functools.cached_property
    def has_l2(self) -> bool:
        """Whether any coefficient is penalised by its square."""
        return bool(self.l2.any())

    @functools.cached_property
    def _finite_conjugate(self) -> bool:
        """Whether the conjugate can be anything but 0 or infinite."""
        finite = np.isfinite(self.table[2:]) & (self.table[2:] != 0.0)
        return self.has_l2 or bool(finite.any())

    @functools.cached_property
    def free(self) -> IndexArray:
        """Coefficients without any penalty or bound."""
        unbounded = np.isinf(self.table[2]) & np.isinf(self.table[3])
        return np.flatnonzero((self.l1 == 0.0) & (self.l2 == 0.0) & unbounded)

    @functools.cached_property
    def limits(self) -> FloatArray:
        """How far -g may go down and up with a finite conjugate, shape (2, k)."""
        return np.where(
            (self.l2 > 0.0) | np.isfinite(self.table[2:]), math.inf, self.table[0]
        )

    @functools.cached_property
    def has_zero_limit(self) -> bool:
        """Whether some gradient must not be different from 0 in a direction."""
        return not bool(self.limits.all())

    @functools.cached_property
    def _symmetric(self) -> bool:
        """Whether the limits are the same both ways."""
        return bool(np.array_equal(self.limits[0], self.limits[1]))

    def value(self, w: FloatArray) -> float:
        """Return the penalty of coefficients within their bounds."""
        total = float(self.l1 @ np.abs(w)) if self.l1.size else 0.0
        if self.has_l2:
            total += 0.5 * float(self.l2 @ (w * w))
        return total

    def conjugate(self, v: FloatArray) -> float:
        """Return the conjugate at v, which has to be feasible but for rounding."""
        if not self._finite_conjugate:
            return 0.0
        over = np.flatnonzero(np.abs(v) > self.l1)
        l1, l2, lower, upper = self.table[:, over]
        excess = v[over] - np.copysign(l1, v[over])
        with np.errstate(divide="ignore", over="ignore"):
            best = np.clip(excess / l2, lower, upper)
        inner = np.isfinite(best)
        best, excess, l2 = best[inner], excess[inner], l2[inner]
        return float(best @ (excess - 0.5 * l2 * best))

    def prox(self, v: FloatArray, step: FloatArray) -> FloatArray:
        """Return the minimisers of the terms plus squared distances over 2 step."""
        l1, l2, lower, upper = self.table
        size = np.maximum(np.abs(v) - step * l1, 0.0)
        shrunk = np.copysign(size, v) / (1.0 + step * l2)
        held: FloatArray = np.minimum(np.maximum(shrunk, lower), upper)
        return held

    def excess(self, v: FloatArray, w: FloatArray) -> float:
        """Return the sum of what exceeds a finite limit times the size of w."""
        over = np.abs(v) - np.where(v > 0.0, self.limits[1], self.limits[0])
        return float(np.maximum(over, 0.0) @ np.abs(w))

    def feasible_scale(
        self, gradient: FloatArray, noise: FloatArray | float = 0.0
    ) -> float:
        """Return the largest c, inf if any, so that -c gradient is feasible.

        ``noise`` is by how much the bound of each coefficient may be exceeded.
        """
        allowed = self.limits[0] + noise
        if not self._symmetric:
            allowed = np.where(gradient > 0.0, allowed, self.limits[1] + noise)
        size = np.abs(gradient)
        with np.errstate(divide="ignore", over="ignore"):
            used = size / np.where(size > 0.0, allowed, 1.0)
        most = float(used.max(initial=0.0))
        return 1.0 / most if most > 0.0 else math.inf

    def slack(self, gradient: FloatArray) -> FloatArray:
        """Return how far each gradient is from where a zero coefficient would move."""
        if not self.table[2:].all():
            # A coefficient that cannot go up is not moved by a negative gradient.
            gradient = np.where(
                self.table[3] == 0.0, np.maximum(gradient, 0.0), gradient
            )
            gradient = np.where(
                self.table[2] == 0.0, np.minimum(gradient, 0.0), gradient
            )
        return self.l1 - np.abs(gradient)

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the distance of -gradient to the subdifferential of each term."""
        slope = gradient + self.l2 * w
        at_zero = np.maximum(-self.slack(gradient), 0.0)
        down = slope + np.copysign(self.l1, w)
        moved = np.where(
            w >= self.table[3],
            np.maximum(down, 0.0),
            np.where(w <= self.table[2], np.maximum(-down, 0.0), np.abs(down)),
        )
        return np.where(w == 0.0, at_zero, moved)
