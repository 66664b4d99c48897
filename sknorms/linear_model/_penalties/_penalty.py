r"""What a penalty is: one record with its value, prox, conjugate and optimality.

A linear model minimises a mean loss plus :math:`\Omega(w)`. Solvers ask a penalty for

.. math::
    \operatorname{prox}_{t\Omega}(v) = \arg\min_w \tfrac12 \|w - v\|^2 + t\,\Omega(w),
    \qquad \Omega^*(v) = \sup_w\, \langle v, w \rangle - \Omega(w),

and for how far minus a gradient is from the subdifferential of :math:`\Omega`, which is
zero at the solution. Coefficients have shape (p,), or (p, K) for K scores a row.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError, check_known_parameters, check_real

if TYPE_CHECKING:
    from sknorms.linear_model._penalties._blocks import Blocks
    from sknorms.linear_model._penalties._separable import Separable

__all__ = ["PENALTIES", "Penalty", "check_strength", "get_penalty", "named_penalty"]


class Penalty(ABC):
    """A convex function of the coefficients: immutable, hashable, picklable.

    It is 0 at 0 and never negative. Arrays are float64; a true value beyond the largest
    float is infinity, without a warning.
    """

    #: Whether there is an ``alpha`` that multiplies it; constraints have none.
    has_alpha: ClassVar[bool] = True

    @abstractmethod
    def value(self, w: FloatArray) -> float:
        """Return the penalty of coefficients, inf where they are not allowed."""

    @abstractmethod
    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Return the proximal point of ``step`` times the penalty, a new array."""

    @abstractmethod
    def conjugate(self, v: FloatArray) -> float:
        """Return the convex conjugate, inf outside its domain."""

    @abstractmethod
    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the largest c in [0, limit] with a finite conjugate of c v."""

    @abstractmethod
    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return how far ``-gradient`` is from the subdifferential at allowed ``w``.

        One number a coefficient or a group; all are 0 if and only if ``w`` is optimal.
        """

    @abstractmethod
    def alpha_max(self, gradient_at_zero: FloatArray) -> float:
        """Return the smallest alpha for which no coefficient leaves 0.

        Coefficients that are not penalised are left aside: ``gradient_at_zero`` is the
        gradient of the mean loss where all others are 0. Infinity if there is no such
        alpha.
        """

    def with_alpha(self, alpha: float) -> "Penalty":
        """Return the same penalty with another strength; constraints stay the same."""
        if not self.has_alpha:
            check_strength(alpha)
            return self
        return cast("Penalty", replace(cast(Any, self), alpha=alpha))

    def separable(self, n_features: int, n_outputs: int = 1) -> "Separable | None":
        """Return it as a sum over coefficients, None if it is no such sum."""
        return None

    def separable_path(
        self, alphas: Sequence[float] | FloatArray, n_features: int
    ) -> "list[Separable] | None":
        """Return it as sums over coefficients of one score, for several strengths."""
        each = [self.with_alpha(float(a)).separable(n_features) for a in alphas]
        known = [one for one in each if one is not None]
        return known if len(known) == len(each) else None

    def blocks(self, n_features: int) -> "Blocks | None":
        """Return it as a sum over groups of features, None if it is no such sum."""
        return None


Record = TypeVar("Record", bound=type[Penalty])

#: Name to class of record.
PENALTIES: dict[str, type[Penalty]] = {}


def named_penalty(*names: str) -> Callable[[Record], Record]:
    """Enter a record under its names."""

    def enter(record: Record) -> Record:
        PENALTIES.update(dict.fromkeys(names, record))
        return record

    return enter


def get_penalty(penalty: Any, **parameters: Any) -> Penalty:
    """Return the record of a penalty.

    Parameters
    ----------
    penalty : str, None or Penalty
        A name ("l1", "l2", "elasticnet" or "elastic_net", "group" or "group_lasso",
        "sparse_group" or "sparse_group_lasso", "box", "norm_ball"), None for no
        penalty, or a record, which is returned as it is.
    **parameters : dict
        Parameters of the record, where a name is given.

    Returns
    -------
    Penalty
        An `L1Penalty`, `L2Penalty`, `ElasticNetPenalty`, `GroupLassoPenalty`,
        `SparseGroupLassoPenalty`, `BoxConstraint` or `NormBallConstraint`. No penalty
        is a box without bounds.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is unknown, missing or bad.

    Examples
    --------
    >>> from sknorms.linear_model import get_penalty
    >>> get_penalty("l1", alpha=0.1).value([[3.0], [-4.0]])
    0.7000000000000001
    >>> get_penalty(None)
    BoxConstraint(lower=-inf, upper=inf)
    """
    if isinstance(penalty, Penalty):
        check_known_parameters(f"penalty={penalty!r}", parameters, ())
        return penalty
    if penalty is None:
        check_known_parameters("penalty=None", parameters, ())
        return PENALTIES["box"]()
    if not isinstance(penalty, str) or penalty not in PENALTIES:
        names = ", ".join(map(repr, PENALTIES))
        raise ParameterError(
            f"penalty must be one of {names}, None or a penalty record; got "
            f"{penalty!r}."
        )
    record = PENALTIES[penalty]
    known = inspect.signature(record).parameters
    check_known_parameters(f"penalty={penalty!r}", parameters, known)
    return record(**parameters)


def check_strength(alpha: Any) -> float:
    """Return alpha as a float if it is finite and not negative."""
    strength = check_real("alpha", alpha, low=0.0)
    if strength == float("inf"):
        raise ParameterError(
            f"alpha must be finite; got {alpha!r}. An alpha of alpha_max already makes "
            "every penalised coefficient zero."
        )
    return strength
