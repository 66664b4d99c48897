"""How long steps are: scale-normalised AdaGrad, and steps of one length for all."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError, check_real
from sknorms.linear_model._stochastic._constant_model import ConstantModel
from sknorms.linear_model._stochastic._feature_scales import Moments
from sknorms.linear_model._stochastic._weights import PenaltySteps, Weights, column

__all__ = ["STEP_RULES", "StepRule", "Units", "get_step_rule"]

# Steps of "adaptive" that have become shorter than this share of the first are the end.
_SHORTEST = 1e-6


@dataclass(frozen=True, eq=False)
class Units:
    """In what units a rule that knows of scales measures: arrays as of the weights.

    Parameters
    ----------
    unit : ndarray
        Reciprocal steps are this many times the root of the squared gradients.
    floor : ndarray
        What is added to the squares, so that first steps are not the longest ones.
    """

    unit: FloatArray
    floor: FloatArray

    @classmethod
    def of(
        cls,
        moments: Moments,
        constant: ConstantModel,
        like: FloatArray,
        doubt: float = 0.0,
    ) -> "Units":
        r"""Measure features in their scales, and scores by how far they have to go.

        The first steps of all features together move scores about once by their reach:
        each takes the share :math:`1/\sqrt{d}`, d the squared length of a row. As far
        as scales are in doubt, features are taken to vary as much as they are large.
        """
        scale = np.hypot(moments.scale, doubt * moments.mean)
        scale = column(np.append(scale, 1.0), like)
        reach = constant.reach / np.sqrt(moments.row_size + 1.0)
        floor = np.broadcast_to(np.square(constant.slope * scale), like.shape)
        return cls(np.broadcast_to(scale / reach, like.shape), floor.copy())


@dataclass(frozen=True)
class StepRule(ABC):
    """How long steps are.

    Parameters
    ----------
    eta0 : float
        The first step, in the rule's own units.
    power_t : float
        The power of "invscaling".
    """

    eta0: float
    power_t: float = 0.25

    default_eta0: ClassVar[float] = 0.01
    #: Whether features are centred and measured in their scales.
    scales: ClassVar[bool] = False
    #: Whether the length needs the curvature of the loss over the batch.
    needs_curvature: ClassVar[bool] = False

    @abstractmethod
    def move(
        self,
        weights: Weights,
        gradient: FloatArray,
        steps: PenaltySteps,
        units: Units | None,
        curvature: float,
    ) -> None:
        """Move the weights against a gradient."""

    def first_inverse(self, weights: Weights, units: Units | None) -> FloatArray:
        """Return the reciprocal steps that learning starts with."""
        return np.full(weights.theta.shape, 1.0 / self.eta0)

    def goes_on(self, weights: Weights) -> bool:
        """Make steps shorter after epochs without progress; return whether to go on."""
        return False


@dataclass(frozen=True)
class ScaledAdaGrad(StepRule):
    """Every element has a step of its own, by its scale and its gradients so far."""

    default_eta0: ClassVar[float] = 1.0
    scales: ClassVar[bool] = True

    def move(
        self,
        weights: Weights,
        gradient: FloatArray,
        steps: PenaltySteps,
        units: Units | None,
        curvature: float,
    ) -> None:
        """Move by ``eta0 * g / (unit * sqrt(floor + sum of g**2))``."""
        weights.squares += gradient * gradient
        inverse = self.first_inverse(weights, units)
        steps.average_duals(weights, gradient, inverse)

    def first_inverse(self, weights: Weights, units: Units | None) -> FloatArray:
        """Return the reciprocal steps for the squares of gradients so far."""
        if units is None:
            raise RuntimeError("AdaGrad needs the scales of the features.")
        inverse: FloatArray = weights.squares + units.floor
        np.sqrt(inverse, out=inverse)
        inverse *= units.unit
        inverse /= self.eta0 * weights.shrink
        return inverse


@dataclass(frozen=True)
class UniformRule(StepRule):
    """All elements have the same step."""

    def move(
        self,
        weights: Weights,
        gradient: FloatArray,
        steps: PenaltySteps,
        units: Units | None,
        curvature: float,
    ) -> None:
        """Move by the length times the gradient."""
        weights.n_steps += 1
        step = self.length(weights.n_steps, curvature) * weights.shrink
        weights.inverse[...] = 1.0 / step
        steps.descend(weights, gradient, step)

    def length(self, n_steps: int, curvature: float) -> float:
        """Return the length of a step."""
        return self.eta0


@dataclass(frozen=True)
class Constant(UniformRule):
    """The same step for ever."""


@dataclass(frozen=True)
class InverseScaling(UniformRule):
    """Steps that shrink with a power of their number."""

    def length(self, n_steps: int, curvature: float) -> float:
        """Return ``eta0 / n_steps ** power_t``."""
        return self.eta0 / float(n_steps**self.power_t)


@dataclass(frozen=True)
class Adaptive(UniformRule):
    """The same step as long as there is progress, then a fifth of it."""

    def goes_on(self, weights: Weights) -> bool:
        """Divide the step by five, unless it is next to nothing already."""
        weights.shrink /= 5.0
        return weights.shrink >= _SHORTEST


@dataclass(frozen=True)
class Lipschitz(UniformRule):
    """The step for which the loss of a batch cannot rise, 1 over its curvature."""

    default_eta0: ClassVar[float] = 1.0
    needs_curvature: ClassVar[bool] = True

    def length(self, n_steps: int, curvature: float) -> float:
        """Return ``eta0 / curvature``."""
        return self.eta0 / curvature if curvature > 0.0 else self.eta0


STEP_RULES: dict[str, type[StepRule]] = {
    "adagrad": ScaledAdaGrad,
    "constant": Constant,
    "invscaling": InverseScaling,
    "adaptive": Adaptive,
    "lipschitz": Lipschitz,
}


def get_step_rule(learning_rate: Any, eta0: Any, power_t: Any) -> StepRule:
    """Return the rule of a name, with its parameters."""
    if not isinstance(learning_rate, str) or learning_rate not in STEP_RULES:
        names = ", ".join(map(repr, STEP_RULES))
        raise ParameterError(
            f"learning_rate must be one of {names}; got {learning_rate!r}."
        )
    rule = STEP_RULES[learning_rate]
    first = rule.default_eta0
    if eta0 is not None:
        first = check_real("eta0", eta0, low=0.0, low_open=True)
    return rule(first, check_real("power_t", power_t, low=0.0))
