"""What enters or leaves a model as a whole: single coefficients, or groups of them."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.linear_model._penalties import Blocks, Separable
from sknorms.linear_model._problem import ScoreModel
from sknorms.linear_model._solvers._group_steps import GroupSteps
from sknorms.linear_model._solvers._separable_steps import SeparableSteps
from sknorms.linear_model._solvers._steps import Steps

__all__ = ["CoefficientUnits", "GroupUnits", "Units"]


class Units(ABC):
    """A penalty of coefficients that are laid out in a row, as a sum over units."""

    #: The penalty, with ``value``, ``conjugate`` and ``feasible_scale``.
    penalty: Any

    @property
    @abstractmethod
    def size(self) -> int:
        """How many coefficients a unit has, about."""

    @abstractmethod
    def support(self, w: FloatArray) -> IndexArray:
        """Return the units that are not zero, or that nothing keeps there."""

    @abstractmethod
    def pattern(self, w: FloatArray) -> FloatArray:
        """Return what has to settle before Newton's method is worth its cost."""

    @abstractmethod
    def distances(self, gradient: FloatArray, norms: FloatArray) -> FloatArray:
        """Return how far each unit is from leaving zero, in norms of its columns."""

    @abstractmethod
    def coordinates(self, units: IndexArray) -> IndexArray:
        """Return the coefficients of some units, one unit after the other."""

    @abstractmethod
    def select(self, units: IndexArray) -> "Units":
        """Return some units alone, their coefficients numbered in a row."""

    @abstractmethod
    def free(self) -> BoolArray:
        """Tell which coefficients have neither a penalty nor a bound."""

    @abstractmethod
    def soft_scale(self, gradient: FloatArray) -> float:
        """Return a factor that makes the conjugate small, inf if there is none."""

    @abstractmethod
    def steps(self, model: ScoreModel) -> Steps:
        """Return what minimises a quadratic model plus the penalty."""


@dataclass(frozen=True, eq=False)
class CoefficientUnits(Units):
    """Every coefficient by itself."""

    penalty: Separable

    @property
    def size(self) -> int:
        """How many coefficients a unit has: it is one."""
        return 1

    def support(self, w: FloatArray) -> IndexArray:
        """Return the coefficients that are not zero, or that nothing keeps there."""
        fixed = (self.penalty.lower == 0.0) & (self.penalty.upper == 0.0)
        return np.flatnonzero((w != 0.0) | ((self.penalty.l1 == 0.0) & ~fixed))

    def pattern(self, w: FloatArray) -> FloatArray:
        """Return the signs."""
        return np.sign(w)

    def distances(self, gradient: FloatArray, norms: FloatArray) -> FloatArray:
        """Return how far each gradient is from where a coefficient leaves zero."""
        moves = self.penalty.allowed(gradient)
        slack = self.penalty.l1 - np.where(moves, np.abs(gradient), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(norms > 0.0, slack / norms, math.inf)

    def coordinates(self, units: IndexArray) -> IndexArray:
        """Return the coefficients themselves."""
        return units

    def select(self, units: IndexArray) -> "CoefficientUnits":
        """Return some coefficients."""
        return CoefficientUnits(self.penalty.select(units))

    def free(self) -> BoolArray:
        """Tell which coefficients have neither a penalty nor a bound."""
        part = self.penalty
        unbounded = np.isinf(part.lower) & np.isinf(part.upper)
        free: BoolArray = (part.l1 == 0.0) & (part.l2 == 0.0) & unbounded
        return free

    def soft_scale(self, gradient: FloatArray) -> float:
        """Return the largest factor for which magnitudes alone balance the gradient."""
        l1 = self.penalty.l1
        over = (np.abs(gradient) > l1) & (l1 > 0.0)
        scales = l1[over] / np.abs(gradient[over])
        return float(scales.min(initial=math.inf))

    def steps(self, model: ScoreModel) -> SeparableSteps:
        """Return coordinate descent and Newton's method on the support."""
        return SeparableSteps(model, self.penalty)


@dataclass(frozen=True, eq=False)
class GroupUnits(Units):
    """Groups of coefficients."""

    penalty: Blocks

    @property
    def size(self) -> int:
        """How many coefficients a group has on average."""
        return max(1, len(self.penalty.order) // max(1, len(self.penalty.strength)))

    def support(self, w: FloatArray) -> IndexArray:
        """Return the groups that are not zero, or that nothing keeps there."""
        free = self.penalty.l1 + self.penalty.strength == 0.0
        return np.flatnonzero((self.penalty.norms(w) > 0.0) | free)

    def pattern(self, w: FloatArray) -> FloatArray:
        """Return which groups, or with an l1 part which coefficients, are zero."""
        size = np.abs(w) if self.penalty.l1 else self.penalty.norms(w)
        return (size > 0.0).astype(np.float64)

    def distances(self, gradient: FloatArray, norms: FloatArray) -> FloatArray:
        """Return how far the gradient of each group is from where it leaves zero."""
        slack = -self.penalty.excess(gradient)
        size = self.penalty.norms(norms)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(size > 0.0, slack / size, math.inf)

    def coordinates(self, units: IndexArray) -> IndexArray:
        """Return the coefficients of some groups, one group after the other."""
        return self.penalty.features(units)

    def select(self, units: IndexArray) -> "GroupUnits":
        """Return some groups."""
        return GroupUnits(self.penalty.select(units))

    def free(self) -> BoolArray:
        """Tell which coefficients are in groups without a penalty."""
        free: BoolArray = (self.penalty.l1 + self.penalty.strength == 0.0)[
            self.penalty.labels()
        ]
        return free

    def soft_scale(self, gradient: FloatArray) -> float:
        """Return infinity: the conjugate is 0 or infinite."""
        return math.inf

    def steps(self, model: ScoreModel) -> GroupSteps:
        """Return block coordinate descent and Newton's method on the support."""
        return GroupSteps(model, self.penalty)
