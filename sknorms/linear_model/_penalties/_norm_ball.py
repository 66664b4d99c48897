"""A bound on a norm of the coefficients, for any norm."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError, check_real
from sknorms.linear_model._penalties._penalty import Penalty, named_penalty
from sknorms.norms import get_norm
from sknorms.norms._norm import Norm

__all__ = ["NormBallConstraint"]


@named_penalty("norm_ball")
@dataclass(frozen=True)
class NormBallConstraint(Penalty):
    r"""Coefficients within a ball: 0 where :math:`\|w\| \le r`, else infinity.

    Parameters
    ----------
    norm : str, float or Norm, default="l2"
        What `sknorms.norms.get_norm` takes: a name, a number p >= 1, or a record such
        as `sknorms.norms.GroupNorm`. Norms of vectors measure all coefficients
        together; norms of matrices take shape (p, K), one column where K is 1.
    radius : float, default=1.0
        The largest norm; positive and finite.

    Raises
    ------
    ValueError
        If the norm is unknown or not convex, or the radius is out of range.

    Notes
    -----
    The prox is the projection :math:`P` whatever the step, the conjugate is r times the
    dual norm. The distance to the subdifferential has no closed form for every norm;
    `violation` is :math:`|w - P(w - \text{gradient})|`, which is zero at the same
    points.

    Examples
    --------
    >>> from sknorms.linear_model import NormBallConstraint
    >>> ball = NormBallConstraint("l1", radius=5.0)
    >>> ball.value([3.0, -4.0]), ball.conjugate([3.0, -4.0])
    (inf, 20.0)
    >>> ball.prox([3.0, -4.0], step=1.0)
    array([ 2., -3.])
    """

    has_alpha: ClassVar[bool] = False

    norm: Any = "l2"
    radius: float = 1.0

    def __post_init__(self) -> None:
        record = get_norm(self.norm)
        record.dual()  # Raises for p < 1, which is no norm.
        radius = check_real("radius", self.radius, low=0.0, low_open=True)
        if radius == math.inf:
            raise ParameterError(
                f"radius must be finite; got {self.radius!r}. Use penalty=None for no "
                "bound."
            )
        object.__setattr__(self, "norm", record)
        object.__setattr__(self, "radius", radius)

    def value(self, w: FloatArray) -> float:
        """Return 0 within the ball (to within the rounding of the norm), else inf."""
        points = self._points(w)
        per_point, per_element = self._record.slack
        slack = (per_point + per_element * points.size) * 2.0**-52
        with np.errstate(over="ignore"):
            inside = self._record.value(points) <= self.radius * (1.0 + slack)
        return 0.0 if inside else math.inf

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Return the nearest point of the ball; the step plays no part."""
        v = np.asarray(v, dtype=np.float64)
        nearest: FloatArray = self._record.project(self._points(v), self.radius)
        return nearest.reshape(v.shape)

    def conjugate(self, v: FloatArray) -> float:
        """Return the radius times the dual norm."""
        with np.errstate(over="ignore"):
            return float(self.radius * self._record.dual_value(self._points(v)))

    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the limit: the conjugate is finite everywhere."""
        return limit

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return how far each coefficient is from where a projected step takes it."""
        w = np.asarray(w, dtype=np.float64)
        return np.abs(w - self.prox(w - gradient, 1.0))

    def alpha_max(self, gradient_at_zero: FloatArray) -> float:
        """Return 0 if 0 is the solution, which takes a gradient of 0; else infinity."""
        return math.inf if np.any(gradient_at_zero) else 0.0

    @property
    def _record(self) -> Norm:
        record: Norm = self.norm
        return record

    def _points(self, w: Any) -> FloatArray:
        """Return coefficients in the shape that the norm takes for one point."""
        points: FloatArray = np.asarray(w, dtype=np.float64)
        if self._record.core_ndim == 1:
            return points.reshape(-1)
        return points if points.ndim == 2 else points[:, np.newaxis]
