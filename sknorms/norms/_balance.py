r"""Prox and projection of the p-norm as one balance of two powers.

Let a be magnitudes, z the prox or projection, :math:`1/p + 1/q = 1`. Setting the
gradient of the Lagrangian to zero gives, with :math:`w = z / \|z\|_p`,

.. math:: \alpha w_i + \beta w_i^{p-1} = a_i, \qquad \|w\|_p = 1, \qquad
          \alpha = \|z\|_p, \quad \beta = \|a - z\|_q .

The projection knows alpha (the radius), the prox knows beta (the step). In terms of
:math:`u = w^{p-1}` the same balance holds with alpha and beta, p and q exchanged, so p
may be taken as >= 2, where the left side is convex in w and Newton's method from above
converges monotonically. The unknown weight is the root of a decreasing function, found
by Newton's method on logarithms inside a bracket.
"""

from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray
from sknorms.norms._scaled import last_axis_norm

__all__ = ["solve_projection", "solve_prox"]

_MAX_ROUNDS = 200
_TOLERANCE = 2.0**-51


def solve_projection(a: FloatArray, radius: FloatArray, p: float) -> FloatArray:
    """Return w of p-norm 1 for magnitudes outside the ball of the radius."""
    q = p / (p - 1.0)
    low = last_axis_norm(a, p) - radius
    high = last_axis_norm(a, q)
    if p >= 2.0:
        w, _ = _Balance(a, p).solve(_Weights(radius, low, high, linear_known=True))
        return w
    # The distance in the q-norm is at least d^(1/q - 1/p) times that in the p-norm.
    low = low * a.shape[-1] ** (1.0 / q - 1.0 / p)
    u, _ = _Balance(a, q).solve(_Weights(radius, low, high, linear_known=False))
    return _unit(u ** (q - 1.0), p)


def solve_prox(
    a: FloatArray, step: FloatArray, p: float
) -> tuple[FloatArray, FloatArray]:
    """Return w of p-norm 1 and the length of the prox, for steps < dual norm."""
    q = p / (p - 1.0)
    low = last_axis_norm(a, q) - step
    high = last_axis_norm(a, p)
    if p < 2.0:
        u, length = _Balance(a, q).solve(_Weights(step, low, high, linear_known=True))
        return _unit(u ** (q - 1.0), p), length
    low = low * a.shape[-1] ** (1.0 / p - 1.0 / q)
    return _Balance(a, p).solve(_Weights(step, low, high, linear_known=False))


def _unit(w: FloatArray, p: float) -> FloatArray:
    unit: FloatArray = w / last_axis_norm(w, p)[:, np.newaxis]
    return unit


@dataclass(frozen=True)
class _Weights:
    """The known weight of the balance, and a bracket of the unknown one."""

    known: FloatArray
    low: FloatArray
    high: FloatArray
    linear_known: bool

    def bracket(self) -> tuple[FloatArray, FloatArray]:
        """Return logarithms a little outside the bracket, against rounding."""
        low = np.maximum(self.low, self.high * 2.0**-60)
        return np.log(low) - 1e-3, np.log(self.high) + 1e-3

    def pair(self, unknown: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the weights of w and of its power, as columns."""
        known, unknown = self.known[:, np.newaxis], unknown[:, np.newaxis]
        return (known, unknown) if self.linear_known else (unknown, known)


@dataclass(frozen=True)
class _Balance:
    """Find w >= 0 with ``A w + B w^(p-1) = a`` and p-norm 1, for p >= 2."""

    a: FloatArray
    p: float

    def solve(self, weights: _Weights) -> tuple[FloatArray, FloatArray]:
        """Return w and the unknown weight of every row."""
        with np.errstate(all="ignore"):
            low, high = weights.bracket()
            log = 0.5 * (low + high)
            last = np.full(len(log), np.inf)
            for _ in range(_MAX_ROUNDS):
                w, error, slope = self._residual(weights, np.exp(log))
                low = np.where(error > 0.0, log, low)
                high = np.where(error > 0.0, high, log)
                newton = log - error / slope
                good = (newton > low) & (newton < high) & (abs(error) < 0.5 * last)
                done = (abs(error) <= _TOLERANCE) | ~(high - low > _TOLERANCE)
                if done.all():
                    break
                last = abs(error)
                log = np.where(done, log, np.where(good, newton, 0.5 * (low + high)))
        return _unit(w, self.p), np.exp(log)

    def _residual(
        self, weights: _Weights, unknown: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return w, the logarithm of its norm, and the derivative of that."""
        linear, power = weights.pair(unknown)
        w = self._point(linear, power)
        norm = last_axis_norm(w, self.p)
        tail = w ** (self.p - 2.0)
        change = 1.0 / (linear + (self.p - 1.0) * power * tail)
        if weights.linear_known:
            change = change * tail
        share = (w / norm[:, np.newaxis]) ** self.p
        terms = np.where(w > 0.0, share * change, 0.0)
        return w, np.log(norm), -unknown * np.add.reduce(terms, axis=-1)

    def _point(self, linear: FloatArray, power: FloatArray) -> FloatArray:
        """Solve the balance of every element by Newton's method from above."""
        e = self.p - 1.0
        w = np.minimum(self.a / linear, (self.a / power) ** (1.0 / e))
        w = np.where(self.a > 0.0, w, self.a)
        moving = self.a > 0.0
        for _ in range(_MAX_ROUNDS):
            head = power * w ** (e - 1.0)
            change = ((linear + head) * w - self.a) / (linear + e * head)
            # An element that has settled stays, however long the others take, so that
            # its value does not depend on them.
            w = np.where(moving, np.maximum(w - change, 0.0), w)
            moving &= np.abs(change) > _TOLERANCE * w
            if not moving.any():
                break
        return w
