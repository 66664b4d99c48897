"""The p-norm for any p, with prox and projection by a safeguarded root find."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import check_real
from sknorms.norms._balance import solve_projection, solve_prox
from sknorms.norms._measure import to_unit_size
from sknorms.norms._vector import L1, L2, LInf, VectorNorm

__all__ = ["Lp", "p_norm"]


def p_norm(p: Any, *, name: str = "p") -> VectorNorm:
    """Return the record of the p-norm, `L1`, `L2`, `LInf` or `Lp`; errors say name."""
    p = check_real(name, p, low=0.0, low_open=True)
    closed: dict[float, VectorNorm] = {1.0: L1(), 2.0: L2(), math.inf: LInf()}
    return closed[p] if p in closed else Lp(p)


@dataclass(frozen=True)
class Lp(VectorNorm):
    r"""The p-norm, :math:`\|x\|_p = (\sum_i |x_i|^p)^{1/p}`; dual ``Lp(p / (p - 1))``.

    Parameters
    ----------
    p : float
        In (0, inf]. Below 1 it is no norm (the triangle inequality fails): it can be
        measured and divided by, but has no dual, prox or projection.

    Notes
    -----
    Prox and projection take a few dozen passes over the slices; see `L1`, `L2` and
    `LInf` for the closed forms, which ``get_norm(p)`` picks by itself.

    Examples
    --------
    >>> from sknorms.norms import Lp
    >>> Lp(3).value([1e200, 1e200])
    np.float64(1.2599210498948731e+200)
    >>> Lp(3).dual()
    Lp(p=1.5)
    >>> Lp(4).project([1.0, 1.0], radius=1.0).round(6)
    array([0.840896, 0.840896])
    """

    p: float
    slack: ClassVar[tuple[float, float]] = (4.0, 0.0)

    def __post_init__(self) -> None:
        p = check_real("p", self.p, low=0.0, low_open=True)
        object.__setattr__(self, "p", p)

    @property
    def order(self) -> float:
        """The p it was made with."""
        return self.p

    def dual(self) -> VectorNorm:
        """Return the q-norm with 1/p + 1/q = 1."""
        self._check_convex("dual norm")
        return p_norm(self.conjugate)

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Find the length that is left, then the point."""
        self._check_convex("prox")
        if self.p in (1.0, math.inf):
            return p_norm(self.p).prox_slices(slices, step)
        magnitudes, exponent = to_unit_size(np.abs(slices))
        with np.errstate(under="ignore", over="ignore"):
            direction, length = solve_prox(
                magnitudes, np.ldexp(step, -exponent), self.p
            )
            left = direction * np.ldexp(length, exponent)[:, np.newaxis]
        return np.copysign(left, slices)

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Find the direction of the nearest point; its length is the radius."""
        self._check_convex("projection")
        if self.p in (1.0, math.inf):
            return p_norm(self.p).project_slices(slices, radius)
        magnitudes, exponent = to_unit_size(np.abs(slices))
        with np.errstate(under="ignore", over="ignore"):
            scaled = np.ldexp(radius, -exponent)
            direction = solve_projection(magnitudes, scaled, self.p)
            nearest = direction * radius[:, np.newaxis]
        return np.copysign(nearest, slices)

    def _check_convex(self, what: str) -> None:
        if self.p < 1.0:
            raise ValueError(
                f"p must be >= 1 for a {what}, because below 1 the ball is not convex; "
                f"got p={self.p!r}. Use p=1, the closest norm."
            )
