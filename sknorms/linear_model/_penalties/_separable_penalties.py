"""Penalties of single coefficients: l1, l2, elastic net and boxes."""

import functools
import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, cast

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError, check_flag, check_real
from sknorms.linear_model._penalties._penalty import (
    Penalty,
    check_strength,
    named_penalty,
)
from sknorms.linear_model._penalties._separable import Separable

__all__ = [
    "BoxConstraint",
    "ElasticNetPenalty",
    "L1Penalty",
    "L2Penalty",
    "SeparablePenalty",
]

# One number for all features, or one a feature.
PerFeature: TypeAlias = float | Sequence[float]


class SeparablePenalty(Penalty):
    """A penalty that is a sum over coefficients; `separable` says it all."""

    @abstractmethod
    def separable(self, n_features: int, n_outputs: int = 1) -> Separable:
        """Return the strengths and bounds of the coefficients.

        Raises
        ------
        ValueError
            If weights or bounds are given for another number of features.
        """

    def value(self, w: FloatArray) -> float:
        """Return the penalty, inf if a coefficient is out of bounds."""
        w = np.asarray(w, dtype=np.float64)
        return self.separable(len(w)).value(w)

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Return the proximal point; ``step`` may differ by coefficient."""
        v = np.asarray(v, dtype=np.float64)
        return self.separable(len(v)).prox(v, step)

    def conjugate(self, v: FloatArray) -> float:
        """Return the convex conjugate, inf outside its domain."""
        v = np.asarray(v, dtype=np.float64)
        return self.separable(len(v)).conjugate(v)

    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the largest c in [0, limit] with a finite conjugate of c v."""
        v = np.asarray(v, dtype=np.float64)
        return self.separable(len(v)).feasible_scale(v, limit)

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the distance to optimality of each coefficient."""
        w = np.asarray(w, dtype=np.float64)
        return self.separable(len(w)).violation(w, gradient)


class WeightedPenalty(SeparablePenalty):
    """A mixture of magnitudes and squares with weights and bounds by feature."""

    alpha: float
    weights: Sequence[float] | None
    positive: bool
    lower: PerFeature
    upper: PerFeature

    @property
    @abstractmethod
    def ratio(self) -> float:
        """The share of the magnitudes."""

    def __post_init__(self) -> None:
        fields = {
            "alpha": check_strength(self.alpha),
            "weights": _checked_weights(self.weights),
            "positive": check_flag("positive", self.positive),
            "lower": _checked_bound("lower", self.lower, high=0.0),
            "upper": _checked_bound("upper", self.upper, low=0.0),
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def separable(self, n_features: int, n_outputs: int = 1) -> Separable:
        """Return strengths and bounds of ``n_features`` coefficients."""
        return next(self._of_strengths([self.alpha], n_features))

    def separable_path(
        self, alphas: Sequence[float] | FloatArray, n_features: int
    ) -> list[Separable] | None:
        """Return the same for several strengths."""
        checked = [check_strength(float(alpha)) for alpha in alphas]
        return list(self._of_strengths(checked, n_features))

    def _of_strengths(
        self, alphas: Sequence[float], n_features: int
    ) -> Iterator[Separable]:
        weights, lower, upper = self._arrays
        each = _per_feature("weights", weights, n_features)
        bounds = (
            _per_feature("lower", lower, n_features),
            _per_feature("upper", upper, n_features),
        )
        for alpha in alphas:
            strength = alpha * each
            yield Separable(
                strength * self.ratio, strength * (1.0 - self.ratio), *bounds
            )

    def alpha_max(self, gradient_at_zero: FloatArray) -> float:
        """Return the smallest alpha for which no penalised coefficient leaves 0."""
        gradient = np.asarray(gradient_at_zero, dtype=np.float64)
        unit = cast(SeparablePenalty, self.with_alpha(1.0)).separable(len(gradient))
        penalised = (unit.l1 > 0.0) | (unit.l2 > 0.0)
        shape = (-1,) + (1,) * (gradient.ndim - 1)
        moving = unit.allowed(gradient) & penalised.reshape(shape)
        strength = np.broadcast_to(unit.l1.reshape(shape), gradient.shape)[moving]
        with np.errstate(divide="ignore", over="ignore"):
            return float((np.abs(gradient[moving]) / strength).max(initial=0.0))

    @functools.cached_property
    def _arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        lower = np.asarray(self.lower, dtype=np.float64)
        return (
            np.asarray(1.0 if self.weights is None else self.weights, dtype=np.float64),
            np.maximum(lower, 0.0) if self.positive else lower,
            np.asarray(self.upper, dtype=np.float64),
        )


@named_penalty("l1")
@dataclass(frozen=True)
class L1Penalty(WeightedPenalty):
    r"""The sum of magnitudes, :math:`\alpha \sum_j o_j |w_j|`: the lasso.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength, at least 0.
    weights : sequence of float or None, default=None
        The :math:`o_j`, one number >= 0 a feature; 0 leaves it unpenalised. None is 1
        each.
    positive : bool, default=False
        Whether coefficients may not be negative.
    lower : float or sequence of float, default=-inf
        Smallest allowed coefficient, at most 0; one number, or one a feature.
    upper : float or sequence of float, default=inf
        Largest allowed coefficient, at least 0; one number, or one a feature.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The prox is :math:`\operatorname{clip}(S_{t\alpha o}(v), \text{lower},
    \text{upper})`, S the soft threshold; the conjugate is 0 where
    :math:`|v_j| \le \alpha o_j`, and (without bounds) infinite elsewhere.

    Examples
    --------
    >>> from sknorms.linear_model import L1Penalty
    >>> penalty = L1Penalty(alpha=2.0, weights=[1.0, 0.5])
    >>> penalty.value([3.0, -4.0])
    10.0
    >>> penalty.prox([3.0, -4.0], step=1.0)
    array([ 1., -3.])
    >>> penalty.alpha_max([1.0, -3.0])
    6.0
    """

    alpha: float = 1.0
    weights: Sequence[float] | None = None
    positive: bool = False
    lower: PerFeature = -math.inf
    upper: PerFeature = math.inf

    @property
    def ratio(self) -> float:
        """1."""
        return 1.0


@named_penalty("l2")
@dataclass(frozen=True)
class L2Penalty(WeightedPenalty):
    r"""Half the sum of squares, :math:`\alpha \sum_j o_j w_j^2 / 2`: ridge regression.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength, at least 0.
    weights : sequence of float or None, default=None
        The :math:`o_j`, one number >= 0 a feature; 0 leaves it unpenalised. None is 1
        each.
    positive : bool, default=False
        Whether coefficients may not be negative.
    lower : float or sequence of float, default=-inf
        Smallest allowed coefficient, at most 0; one number, or one a feature.
    upper : float or sequence of float, default=inf
        Largest allowed coefficient, at least 0; one number, or one a feature.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The prox is :math:`\operatorname{clip}(v / (1 + t\alpha o), \text{lower},
    \text{upper})`.

    Examples
    --------
    >>> from sknorms.linear_model import L2Penalty
    >>> L2Penalty(alpha=2.0).value([3.0, -4.0])
    25.0
    >>> L2Penalty(alpha=2.0, positive=True).prox([3.0, -4.0], step=1.0)
    array([1., 0.])
    """

    alpha: float = 1.0
    weights: Sequence[float] | None = None
    positive: bool = False
    lower: PerFeature = -math.inf
    upper: PerFeature = math.inf

    @property
    def ratio(self) -> float:
        """0."""
        return 0.0


@named_penalty("elasticnet", "elastic_net")
@dataclass(frozen=True)
class ElasticNetPenalty(WeightedPenalty):
    r"""Both, :math:`\alpha \sum_j o_j (\rho |w_j| + (1-\rho) w_j^2 / 2)`.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength, at least 0.
    l1_ratio : float, default=0.5
        The :math:`\rho` in [0, 1]: 1 is `L1Penalty`, 0 is `L2Penalty`.
    weights : sequence of float or None, default=None
        The :math:`o_j`, one number >= 0 a feature; 0 leaves it unpenalised. None is 1
        each.
    positive : bool, default=False
        Whether coefficients may not be negative.
    lower : float or sequence of float, default=-inf
        Smallest allowed coefficient, at most 0; one number, or one a feature.
    upper : float or sequence of float, default=inf
        Largest allowed coefficient, at least 0; one number, or one a feature.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    The prox is :math:`\operatorname{clip}(S_{t\alpha\rho o}(v) /
    (1 + t\alpha(1-\rho)o), \text{lower}, \text{upper})`, S the soft threshold (Zou and
    Hastie, 2005).

    Examples
    --------
    >>> from sknorms.linear_model import ElasticNetPenalty
    >>> penalty = ElasticNetPenalty(alpha=2.0, l1_ratio=0.5)
    >>> penalty.value([3.0, -1.0])
    9.0
    >>> penalty.prox([3.0, -1.0], step=1.0)
    array([1., 0.])
    """

    alpha: float = 1.0
    l1_ratio: float = 0.5
    weights: Sequence[float] | None = None
    positive: bool = False
    lower: PerFeature = -math.inf
    upper: PerFeature = math.inf

    def __post_init__(self) -> None:
        super().__post_init__()
        ratio = check_real("l1_ratio", self.l1_ratio, low=0.0, high=1.0)
        object.__setattr__(self, "l1_ratio", ratio)

    @property
    def ratio(self) -> float:
        """The ``l1_ratio`` it was made with."""
        return self.l1_ratio


@named_penalty("box")
@dataclass(frozen=True)
class BoxConstraint(SeparablePenalty):
    r"""Bounds: 0 where :math:`\text{lower} \le w \le \text{upper}`, else infinity.

    The penalties have bounds of their own; this is for fits that need nothing else.

    Parameters
    ----------
    lower : float or sequence of float, default=-inf
        Smallest allowed coefficient, at most 0; one number, or one a feature.
    upper : float or sequence of float, default=inf
        Largest allowed coefficient, at least 0; one number, or one a feature.

    Raises
    ------
    ValueError
        If a bound is NaN or on the wrong side of 0.

    Notes
    -----
    The prox is clipping; the conjugate is the sum of the larger of
    :math:`\text{lower}_j v_j` and :math:`\text{upper}_j v_j`.

    Examples
    --------
    >>> from sknorms.linear_model import BoxConstraint
    >>> BoxConstraint(lower=[0.0, -1.0], upper=1.0).prox([-3.0, -4.0], step=1.0)
    array([ 0., -1.])
    """

    has_alpha: ClassVar[bool] = False

    lower: PerFeature = -math.inf
    upper: PerFeature = math.inf

    def __post_init__(self) -> None:
        lower = _checked_bound("lower", self.lower, high=0.0)
        upper = _checked_bound("upper", self.upper, low=0.0)
        object.__setattr__(self, "lower", lower)
        object.__setattr__(self, "upper", upper)

    def separable(self, n_features: int, n_outputs: int = 1) -> Separable:
        """Return bounds, and strengths of zero."""
        nothing = np.zeros(n_features)
        lower = _per_feature("lower", np.asarray(self.lower), n_features)
        upper = _per_feature("upper", np.asarray(self.upper), n_features)
        return Separable(nothing, nothing, lower, upper)

    def alpha_max(self, gradient_at_zero: FloatArray) -> float:
        """Return 0 if 0 is the solution, else infinity."""
        gradient = np.asarray(gradient_at_zero, dtype=np.float64)
        moving = self.separable(len(gradient)).allowed(gradient)
        return math.inf if moving.any() else 0.0


def _checked_weights(weights: Iterable[float] | None) -> tuple[float, ...] | None:
    if weights is None:
        return None
    checked = tuple(check_real("weights", weight, low=0.0) for weight in weights)
    if math.inf in checked:
        raise ParameterError(
            f"weights must be finite; got {checked!r}. Leave a feature out with "
            "lower=0 and upper=0."
        )
    return checked


def _checked_bound(
    name: str, bound: Any, *, low: float = -math.inf, high: float = math.inf
) -> PerFeature:
    """Return one float, or a tuple of them, on the right side of 0."""
    if np.ndim(bound) == 0:
        return check_real(name, bound, low=low, high=high)
    return tuple(check_real(name, each, low=low, high=high) for each in bound)


def _per_feature(name: str, values: FloatArray, n_features: int) -> FloatArray:
    if values.ndim and len(values) != n_features:
        raise ValueError(
            f"{name} must hold one number for each of the {n_features} features; got "
            f"{len(values)}."
        )
    return np.array(np.broadcast_to(values, n_features), dtype=np.float64)
