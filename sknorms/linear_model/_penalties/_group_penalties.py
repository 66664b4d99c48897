"""Penalties of groups of features: group lasso and sparse-group lasso."""

import functools
import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError, check_real
from sknorms.linear_model._penalties._blocks import Blocks
from sknorms.linear_model._penalties._penalty import (
    Penalty,
    check_strength,
    named_penalty,
)
from sknorms.linear_model._penalties._separable import Separable
from sknorms.norms import GroupNorm

__all__ = ["GroupLassoPenalty", "GroupPenalty", "SparseGroupLassoPenalty"]


class GroupPenalty(Penalty):
    """A penalty that is a sum over groups of features; `blocks` says it all."""

    alpha: float
    groups: Sequence[Any] | None
    weights: Sequence[float] | None

    @property
    @abstractmethod
    def ratio(self) -> float:
        """The share of the magnitudes."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "alpha", check_strength(self.alpha))
        if self.groups is not None:
            object.__setattr__(self, "groups", GroupNorm(self.groups).groups)
        object.__setattr__(self, "weights", _checked_weights(self.weights))

    def blocks(self, n_features: int) -> Blocks:
        """Return the groups of ``n_features`` features, and their strengths.

        Raises
        ------
        ValueError
            If groups or weights are given for another number of features or groups.
        """
        order, starts = self._layout(n_features)
        sizes = np.diff(starts)
        weights = np.sqrt(sizes) if self.weights is None else np.array(self.weights)
        if len(weights) != len(sizes):
            raise ValueError(
                f"weights must hold one number for each of the {len(sizes)} groups; "
                f"got {len(weights)}."
            )
        l1 = self.alpha * self.ratio
        return Blocks(order, starts, l1, self.alpha * (1.0 - self.ratio) * weights)

    def separable(self, n_features: int, n_outputs: int = 1) -> Separable | None:
        """Return it as a sum over coefficients if every group is a single one."""
        blocks = self.blocks(n_features)
        if n_outputs > 1 or len(blocks.strength) < n_features:
            return None
        l1 = np.full(n_features, blocks.l1)
        l1[blocks.order] += blocks.strength
        unbounded = np.full(n_features, math.inf)
        return Separable(l1, np.zeros(n_features), -unbounded, unbounded)

    def value(self, w: FloatArray) -> float:
        """Return the penalty."""
        w = np.asarray(w, dtype=np.float64)
        return self.blocks(len(w)).value(w)

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Return the proximal point; one ``step`` for all, or one a group."""
        v = np.asarray(v, dtype=np.float64)
        return self.blocks(len(v)).prox(v, step)

    def conjugate(self, v: FloatArray) -> float:
        """Return 0 where the dual norm is at most 1, else infinity."""
        v = np.asarray(v, dtype=np.float64)
        return self.blocks(len(v)).conjugate(v)

    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the largest c in [0, limit] with a finite conjugate of c v."""
        v = np.asarray(v, dtype=np.float64)
        return self.blocks(len(v)).feasible_scale(v, limit)

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the distance to optimality of each group, shape (n_groups,)."""
        w = np.asarray(w, dtype=np.float64)
        return self.blocks(len(w)).violation(w, np.asarray(gradient, dtype=np.float64))

    def alpha_max(self, gradient_at_zero: FloatArray) -> float:
        """Return the smallest alpha for which no penalised group leaves 0."""
        gradient = np.asarray(gradient_at_zero, dtype=np.float64)
        unit = cast(GroupPenalty, self.with_alpha(1.0)).blocks(len(gradient))
        scales = unit.scales(gradient)[unit.l1 + unit.strength > 0.0]
        with np.errstate(divide="ignore", over="ignore"):
            return float((1.0 / scales).max(initial=0.0))

    def _layout(self, n_features: int) -> tuple[Any, Any]:
        """Return the features in the order of their groups, and where groups start."""
        if self.groups is None:
            return np.arange(n_features), np.arange(n_features + 1)
        if len(self.groups) != n_features:
            raise ValueError(
                f"groups must hold one label for each of the {n_features} features; "
                f"got {len(self.groups)}."
            )
        return self._order

    @functools.cached_property
    def _order(self) -> tuple[Any, Any]:
        labels = np.array(self.groups, dtype=np.intp)
        starts = np.concatenate([[0], np.cumsum(np.bincount(labels))])
        return np.argsort(labels, kind="stable"), starts.astype(np.intp)


@named_penalty("group", "group_lasso")
@dataclass(frozen=True)
class GroupLassoPenalty(GroupPenalty):
    r"""The sum of the l2 norms of groups, :math:`\alpha \sum_g o_g \|w_g\|_2`.

    Groups enter or leave a model as a whole.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength, at least 0.
    groups : sequence or None, default=None
        Either one label a feature (groups are then in sorted order of the labels), or
        one sequence of feature indices a group, each feature in exactly one group. None
        makes every feature a group of its own: with several classes, a feature is then
        kept or dropped for all of them together.
    weights : sequence of float or None, default=None
        The :math:`o_g`, one number >= 0 a group; 0 leaves it unpenalised. None is the
        square root of the number of features in the group.

    Raises
    ------
    ValueError
        If the groups overlap, are empty or leave features out, or a number is out of
        range.

    Notes
    -----
    The prox is block soft thresholding; the conjugate is 0 where every
    :math:`\|v_g\|_2 \le \alpha o_g`, and infinite elsewhere (Yuan and Lin, 2006).

    Examples
    --------
    >>> from sknorms.linear_model import GroupLassoPenalty
    >>> penalty = GroupLassoPenalty(alpha=2.0, groups=["a", "a", "b"], weights=[1, 1])
    >>> penalty.value([3.0, 4.0, -1.0])
    12.0
    >>> penalty.prox([3.0, 4.0, -1.0], step=1.25)
    array([1.5, 2. , 0. ])
    >>> penalty.alpha_max([3.0, 4.0, -1.0])
    5.0
    """

    alpha: float = 1.0
    groups: Sequence[Any] | None = None
    weights: Sequence[float] | None = None

    @property
    def ratio(self) -> float:
        """0."""
        return 0.0


@named_penalty("sparse_group", "sparse_group_lasso")
@dataclass(frozen=True)
class SparseGroupLassoPenalty(GroupPenalty):
    r"""Both lassos, :math:`\alpha (\rho \|w\|_1 + (1-\rho) \sum_g o_g \|w_g\|_2)`.

    Groups leave a model as a whole, and features within the groups that stay.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength, at least 0.
    l1_ratio : float, default=0.5
        The :math:`\rho` in [0, 1]: 1 is the lasso, 0 the group lasso.
    groups : sequence or None, default=None
        As in `GroupLassoPenalty`.
    weights : sequence of float or None, default=None
        The :math:`o_g`, one number >= 0 a group. None is the square root of the number
        of features in the group.

    Raises
    ------
    ValueError
        If the groups overlap, are empty or leave features out, or a number is out of
        range.

    Notes
    -----
    The prox is a soft threshold followed by block soft thresholding, which is exact
    (Simon et al., 2013).

    Examples
    --------
    >>> from sknorms.linear_model import SparseGroupLassoPenalty
    >>> penalty = SparseGroupLassoPenalty(2.0, groups=[0, 0, 1], weights=[1.0, 1.0])
    >>> penalty.value([3.0, 4.0, -1.0])
    14.0
    >>> penalty.prox([4.0, 5.0, -1.0], step=1.0)
    array([2.4, 3.2, 0. ])
    """

    alpha: float = 1.0
    l1_ratio: float = 0.5
    groups: Sequence[Any] | None = None
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        ratio = check_real("l1_ratio", self.l1_ratio, low=0.0, high=1.0)
        object.__setattr__(self, "l1_ratio", ratio)

    @property
    def ratio(self) -> float:
        """The ``l1_ratio`` it was made with."""
        return self.l1_ratio


def _checked_weights(weights: Iterable[float] | None) -> tuple[float, ...] | None:
    if weights is None:
        return None
    checked = tuple(check_real("weights", weight, low=0.0) for weight in weights)
    if math.inf in checked:
        raise ParameterError(f"weights must be finite; got {checked!r}.")
    return checked
