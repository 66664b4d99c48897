"""Norms of groups of features: the sum, or the largest, of the groups' own norms."""

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import check_choice, check_real
from sknorms.norms._lp import p_norm
from sknorms.norms._measure import to_unit_size
from sknorms.norms._norm import Norm
from sknorms.norms._rows import row_slices
from sknorms.norms._scaled import (
    ScaledNorms,
    last_axis_norm,
    rescale_rows,
)
from sknorms.norms._simplex import weighted_threshold
from sknorms.norms._vector import VectorNorm

__all__ = ["GroupNorm"]

_MAX_ROUNDS = 200


@dataclass(frozen=True)
class GroupNorm(Norm):
    r"""The weighted sum of the norms of groups, :math:`\sum_g w_g \|x_g\|_p`.

    Parameters
    ----------
    groups : sequence
        Either one label a feature (groups are then in sorted order of the labels), or
        one sequence of feature indices a group, each feature in exactly one group.
    weights : sequence of float or None, default=None
        One positive finite number a group; None is 1 each.
    p : float, default=2.0
        Order of the norm within a group, in [1, inf].
    outer : {1.0, inf}, default=1.0
        1 adds the groups' norms; infinity takes the largest. The dual of one is the
        other, with weights inverted and p conjugate:
        :math:`\max_g \|x_g\|_q / w_g`.

    Raises
    ------
    ValueError
        If the groups overlap, are empty or leave features out, or a weight is not
        positive and finite.

    Notes
    -----
    The prox is block soft thresholding (Yuan and Lin, 2006, for p=2). The projection
    for outer=1 reduces to a weighted l1 ball of group norms for p=2; for other p its
    multiplier is found by bisection on the prox.

    Examples
    --------
    >>> from sknorms.norms import GroupNorm
    >>> norm = GroupNorm(["a", "a", "b"])
    >>> norm.value([3.0, 4.0, -2.0])
    np.float64(7.0)
    >>> norm.prox([3.0, 4.0, -2.0], step=2.5)
    array([1.5, 2. , 0. ])
    >>> norm.dual_value([3.0, 4.0, -2.0])
    np.float64(5.0)
    >>> GroupNorm([[0, 1], [2]], weights=[1.0, 2.0]).value([3.0, 4.0, -2.0])
    np.float64(9.0)
    """

    groups: Sequence[Any]
    weights: Sequence[float] | None = None
    p: float = 2.0
    outer: float = 1.0

    slack: ClassVar[tuple[float, float]] = (8.0, 4.0)

    def __post_init__(self) -> None:
        labels = _labels(self.groups)
        count = max(labels, default=-1) + 1
        object.__setattr__(self, "groups", labels)
        object.__setattr__(self, "weights", _weights(self.weights, count))
        object.__setattr__(self, "p", check_real("p", self.p, low=1.0))
        check_choice("outer", self.outer, (1.0, math.inf))
        object.__setattr__(self, "outer", float(self.outer))

    def dual(self) -> "GroupNorm":
        """Return the norm with the other outer norm, conjugate p, inverse weights."""
        return self._dual

    def scaled_slices(self, slices: AnyArray) -> ScaledNorms:
        """Return the norm of each slice."""
        self._check_width(slices.shape[-1])
        values = np.ascontiguousarray(slices, dtype=np.float64)
        scaled, exponent = to_unit_size(values)
        norms = last_axis_norm(self._group_norms(scaled) * self._w, self.outer)
        return ScaledNorms(np.ldexp(1.0, -exponent), norms)

    def measure_table(self, table: Any) -> FloatArray:
        """Return the norm of each row; CSR is laid out one block at a time."""
        self._check_width(table.shape[1])
        norms = np.empty(table.shape[0])
        for rows in row_slices(*table.shape):
            block: Any = table[rows]
            norms[rows] = self.measure_slices(
                block.toarray() if sparse.issparse(block) else block
            )
        return norms

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Shrink every group, or (outer=inf) remove the projection on the dual ball."""
        if self.outer != 1.0:
            removed: FloatArray = slices - self.dual().pull(slices, step)
            return removed
        return self._each_group(slices, step[:, np.newaxis] * self._w, project=False)

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Project every group (outer=inf), or shrink all by one multiplier."""
        if self.outer != 1.0:
            radii = radius[:, np.newaxis] / self._w
            return self._each_group(slices, radii, project=True)
        scaled, exponent = to_unit_size(slices)
        with np.errstate(over="ignore", under="ignore"):
            target = np.ldexp(radius, -exponent)
            level = self._level(scaled, target)
            steps = level[:, np.newaxis] * self._w
            shrunk = self._each_group(scaled, steps, project=False)
            # The level is found to within rounding; the radius is met exactly.
            measured = ScaledNorms(np.ones(len(target)), self.measure_slices(shrunk))
            return np.ldexp(
                rescale_rows(shrunk, measured, target), exponent[:, np.newaxis]
            )

    @functools.cached_property
    def _dual(self) -> "GroupNorm":
        conjugate = p_norm(self.p).conjugate
        outer = math.inf if self.outer == 1.0 else 1.0
        return GroupNorm(self.groups, tuple(1.0 / self._w), conjugate, outer)

    @functools.cached_property
    def _inner(self) -> VectorNorm:
        return p_norm(self.p)

    @functools.cached_property
    def _w(self) -> FloatArray:
        return np.array(self.weights, dtype=np.float64)

    @functools.cached_property
    def _members(self) -> list[tuple[IndexArray, IndexArray]]:
        """Groups of equal size together: which they are, and their features."""
        labels = np.array(self.groups, dtype=np.intp)
        order = np.argsort(labels, kind="stable")
        sizes = np.bincount(labels, minlength=len(self._w))
        starts = np.cumsum(sizes) - sizes
        members = []
        for size in np.unique(sizes):
            which = np.flatnonzero(sizes == size)
            features = order[starts[which, np.newaxis] + np.arange(size)]
            members.append((which, features))
        return members

    def _group_norms(self, slices: FloatArray) -> FloatArray:
        norms = np.empty((len(slices), len(self._w)))
        for which, features in self._members:
            norms[:, which] = last_axis_norm(slices[:, features], self.p)
        return norms

    def _each_group(
        self, slices: FloatArray, sizes: FloatArray, *, project: bool
    ) -> FloatArray:
        """Apply the inner prox or projection to every group of every slice."""
        out = np.empty_like(slices)
        apply = self._inner.pull if project else self._inner.shrink
        for which, features in self._members:
            groups = np.ascontiguousarray(slices[:, features])
            flat = groups.reshape(math.prod(groups.shape[:2]), groups.shape[2])
            moved = apply(flat, sizes[:, which].reshape(-1))
            out[:, features] = moved.reshape(groups.shape)
        return out

    def _level(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Return the step whose prox has the radius as its norm."""
        if self.p == 2.0:
            return weighted_threshold(self._group_norms(slices), self._w, radius)[:, 0]
        if self.p == 1.0:
            weights = self._w[np.array(self.groups, dtype=np.intp)]
            return weighted_threshold(np.abs(slices), weights, radius)[:, 0]
        return self._level_by_bisection(slices, radius)

    def _level_by_bisection(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        low = np.zeros(len(slices))
        high = self.dual().measure_slices(slices)
        for _ in range(_MAX_ROUNDS):
            middle = 0.5 * (low + high)
            if np.all((middle == low) | (middle == high)):
                break
            steps = middle[:, np.newaxis] * self._w
            shrunk = self._each_group(slices, steps, project=False)
            above = self.measure_slices(shrunk) > radius
            low = np.where(above, middle, low)
            high = np.where(above, high, middle)
        return low

    def _check_width(self, n_features: int) -> None:
        if n_features != len(self.groups):
            raise ValueError(
                f"x must have {len(self.groups)} features, one for each label in "
                f"groups; got {n_features}."
            )


def _labels(groups: Any) -> tuple[int, ...]:
    """Return the number of its group for every feature."""
    given = list(groups)
    if given and all(np.ndim(group) == 1 for group in given):
        return _labels_of_lists([np.asarray(group) for group in given])
    labels = np.asarray(given)
    if labels.ndim != 1 or labels.dtype == object:
        raise ValueError(
            "groups must be one label a feature, or one sequence of feature indices a "
            f"group; got {groups!r}."
        )
    return tuple(int(label) for label in np.unique(labels, return_inverse=True)[1])


def _labels_of_lists(groups: list[AnyArray]) -> tuple[int, ...]:
    if any(group.dtype.kind not in "iu" or len(group) == 0 for group in groups):
        raise ValueError(
            "groups must hold non-empty sequences of integer feature indices; got "
            f"{groups!r}."
        )
    features = np.concatenate(groups)
    if not np.array_equal(np.sort(features), np.arange(len(features))):
        raise ValueError(
            f"groups must hold every feature from 0 to {len(features) - 1} exactly "
            f"once; got {[group.tolist() for group in groups]}. Give features that "
            "belong nowhere a group of their own."
        )
    labels = np.empty(len(features), dtype=np.intp)
    for number, group in enumerate(groups):
        labels[group] = number
    return tuple(int(label) for label in labels)


def _weights(weights: Iterable[float] | None, count: int) -> tuple[float, ...]:
    """Return one positive finite weight a group."""
    if weights is None:
        return (1.0,) * count
    checked = tuple(
        check_real("weights", weight, low=0.0, low_open=True) for weight in weights
    )
    if len(checked) != count or math.inf in checked:
        raise ValueError(
            f"weights must be {count} positive finite numbers, one a group; got "
            f"{checked!r}."
        )
    return checked
