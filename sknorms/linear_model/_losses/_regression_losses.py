"""Losses of numbers: squared, Huber and Poisson."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import ParameterError, check_real
from sknorms.linear_model._losses._loss import (
    Loss,
    named_loss,
    parabola_peak,
    real_targets,
    refuse_targets,
)

__all__ = ["HuberLoss", "PoissonLoss", "SquaredLoss"]

# How far rounding may carry a point beyond the bounds of a domain.
_ROUNDING = 1.0 + 2.0**-50


@named_loss("squared_error", "squared")
@dataclass(frozen=True)
class SquaredLoss(Loss):
    r"""Half the squared error, :math:`f(z, y) = (z - y)^2 / 2`.

    Notes
    -----
    :math:`f^*(u) = u^2 / 2 + u y`; the gradient has Lipschitz constant 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import SquaredLoss
    >>> SquaredLoss().value(np.array([1.0, 3.0]), np.array([0.0, 0.0]))
    array([0.5, 4.5])
    """

    quadratic: ClassVar[bool] = True

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return half the squared differences."""
        with np.errstate(over="ignore"):
            halves: FloatArray = 0.5 * np.square(z - y)
        return halves

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the differences."""
        return z - y

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return ones."""
        return np.ones_like(z)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the conjugate, finite everywhere."""
        with np.errstate(over="ignore"):
            conjugates: FloatArray = u * (0.5 * u + y)
        return conjugates

    def dual_scale(
        self, u: FloatArray, y: AnyArray, sample_weight: FloatArray, limit: float
    ) -> float:
        """Return the maximiser of the concave parabola, within the limit."""
        return parabola_peak(u, y, sample_weight, limit, curvature=1.0)


@named_loss("huber")
@dataclass(frozen=True)
class HuberLoss(Loss):
    r"""The squared error near zero, the absolute error beyond ``delta``.

    With :math:`r = z - y`, :math:`f = r^2 / 2` where :math:`|r| \le \delta`, and
    :math:`f = \delta |r| - \delta^2 / 2` elsewhere (Huber, 1964).

    Parameters
    ----------
    delta : float, default=1.35
        Where the loss becomes linear, in units of the target; positive and finite.

    Notes
    -----
    :math:`f^*(u) = u^2 / 2 + u y` for :math:`|u| \le \delta`; the gradient has
    Lipschitz constant 1.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import HuberLoss
    >>> HuberLoss(delta=1.0).value(np.array([1.0, 3.0]), np.array([0.0, 0.0]))
    array([0.5, 2.5])
    """

    delta: float = 1.35

    def __post_init__(self) -> None:
        delta = check_real("delta", self.delta, low=0.0, low_open=True)
        if math.isinf(delta):
            raise ParameterError(
                f"delta must be finite; got {delta!r}. Use the squared loss instead."
            )
        object.__setattr__(self, "delta", delta)

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the loss of each difference."""
        size = np.abs(z - y)
        near = np.minimum(size, self.delta)
        with np.errstate(over="ignore"):
            losses: FloatArray = near * (size - 0.5 * near)
        return losses

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the differences, clipped to ``delta``."""
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return 1 where the loss is quadratic, else 0."""
        return (np.abs(z - y) <= self.delta).astype(np.float64)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the conjugate, inf beyond ``delta``."""
        with np.errstate(over="ignore"):
            inside = np.abs(u) <= self.delta * _ROUNDING
            return np.where(inside, u * (0.5 * u + y), math.inf)

    def dual_scale(
        self, u: FloatArray, y: AnyArray, sample_weight: FloatArray, limit: float
    ) -> float:
        """Return the maximiser of the concave parabola that is in the domain."""
        largest = float(np.abs(u).max(initial=0.0))
        limit = min(limit, max(1.0, self.delta / largest) if largest else limit)
        return parabola_peak(u, y, sample_weight, limit, curvature=1.0)


@named_loss("poisson")
@dataclass(frozen=True)
class PoissonLoss(Loss):
    r"""Half the Poisson deviance of counts with the mean :math:`e^z`.

    :math:`f(z, y) = e^z - y z - y + y \log y`, which is 0 where :math:`e^z = y` and
    positive elsewhere; y is not negative.

    Notes
    -----
    With :math:`v = u + y \ge 0`, :math:`f^*(u) = v \log v - v + y - y \log y`. The
    gradient is not Lipschitz continuous.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import PoissonLoss
    >>> PoissonLoss().value(np.log([1.0, 2.0]), np.array([0.0, 2.0]))
    array([1., 0.])
    """

    smoothness = math.inf

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return half the deviance of each count."""
        with np.errstate(over="ignore", under="ignore"):
            some = y > 0.0
            # e^z - y - y (z - log y) = y (e^d - 1 - d), without cancellation of y.
            count = np.where(some, y, 1.0)
            d = z - np.log(count)
            return np.where(some, count * (np.expm1(d) - d), np.exp(z))

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the means less the counts."""
        return self.predict(z) - y

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the means."""
        return self.predict(z)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the relative entropy of v to y, plus u log y; inf below -y."""
        v = u + y
        inside, count = (v >= 0.0) & (v < math.inf), np.where(y > 0.0, y, 1.0)
        # For y = 0 the terms in y vanish: v log v - v is what y = 1 gives, less 1.
        entropy = special.kl_div(np.where(inside, v, 0.0), count)
        entropy = entropy - np.where(y > 0.0, 0.0, 1.0)
        with np.errstate(invalid="ignore", over="ignore"):
            return np.where(inside, entropy + u * np.log(count), math.inf)

    def predict(self, z: FloatArray) -> FloatArray:
        """Return the means, the exponentials of the scores."""
        with np.errstate(over="ignore", under="ignore"):
            means: FloatArray = np.exp(z)
        return means

    def check_target(self, y: Any) -> AnyArray:
        """Return counts, float64; ValueError for negative ones."""
        counts = real_targets(y)
        refuse_targets("poisson", counts < 0.0, counts, "y >= 0")
        return counts
