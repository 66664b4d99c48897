r"""Penalties that are sums over groups of features, as the arrays that kernels work on.

.. math:: \Omega(w) = a \|w\|_1 + \sum_g b_g \|w_g\|_2
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import FloatArray, IndexArray

__all__ = ["Blocks"]

# How far rounding may carry a scaled gradient beyond the strength of its group.
_ROUNDING = 2.0**-46
_MAX_ROUNDS = 100
# Numbers with squares that can be summed as they are.
_SMALL, _LARGE = 1e-140, 1e140


@dataclass(frozen=True, eq=False)
class Blocks:
    r"""A penalty that is a sum over groups of features.

    Parameters
    ----------
    order : ndarray of shape (p,), intp
        The features, one group after the other.
    starts : ndarray of shape (n_groups + 1,), intp
        Group g is ``order[starts[g]:starts[g + 1]]``; no group is empty.
    l1 : float
        The strength :math:`a` of every magnitude.
    strength : ndarray of shape (n_groups,)
        The :math:`b_g`. Coefficients of shape (p, K) have groups of rows, whose norm is
        that of all their numbers.
    """

    order: IndexArray
    starts: IndexArray
    l1: float
    strength: FloatArray

    @functools.cached_property
    def sizes(self) -> IndexArray:
        """How many features each group has, shape (n_groups,)."""
        return np.diff(self.starts)

    def labels(self) -> IndexArray:
        """Return the group of every feature, shape (p,)."""
        labels = np.empty(len(self.order), dtype=np.intp)
        labels[self.order] = np.repeat(np.arange(len(self.strength)), self.sizes)
        return labels

    def select(self, groups: IndexArray) -> "Blocks":
        """Return the same penalty of some groups, their features numbered anew."""
        starts = np.array([0, *np.cumsum(self.sizes[groups])], dtype=np.intp)
        return Blocks(
            np.arange(starts[-1]),
            starts.astype(np.intp),
            self.l1,
            self.strength[groups],
        )

    def flat(self, n_outputs: int) -> "Blocks":
        """Return the same penalty of coefficients (p, K) that are laid out in a row."""
        order = self.order[:, np.newaxis] * n_outputs + np.arange(n_outputs)
        starts = self.starts * n_outputs
        return Blocks(order.reshape(-1), starts, self.l1, self.strength)

    def features(self, groups: IndexArray) -> IndexArray:
        """Return the features of some groups, one group after the other."""
        parts = [self.order[self.starts[g] : self.starts[g + 1]] for g in groups]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.intp)

    def value(self, w: FloatArray) -> float:
        """Return the penalty."""
        with np.errstate(over="ignore"):
            magnitudes = self.l1 * float(np.abs(w).sum()) if self.l1 else 0.0
            return magnitudes + float((self.strength * self.norms(w)).sum())

    @functools.cached_property
    def _in_order(self) -> bool:
        """Whether features lie one group after the other."""
        return np.array_equal(self.order, np.arange(len(self.order)))

    def norms(self, w: FloatArray) -> FloatArray:
        """Return the l2 norm of each group, shape (n_groups,), whatever its size."""
        size = np.abs(w)
        ordinary = (size == 0.0) | ((size > _SMALL) & (size < _LARGE))
        if ordinary.all():
            plain: FloatArray = np.sqrt(self._total(size * size))
            return plain
        peak = self._largest(size)
        scale = np.where((peak > 0.0) & (peak < math.inf), peak, 1.0)
        with np.errstate(over="ignore", under="ignore"):
            roots = np.sqrt(self._total(np.square(size / self._spread(scale, w))))
            norms: FloatArray = scale * roots
        return norms

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Soft-threshold, then shorten every group; one step, or one a group."""
        steps = np.broadcast_to(np.asarray(step, dtype=np.float64), self.strength.shape)
        soft = _soft(v, self._spread(_times(self.l1, steps), v))
        norms = self.norms(soft)
        cut = _times(self.strength, steps)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            factor = np.where(cut >= norms, 0.0, (norms - cut) / norms)
        # A group that loses nothing comes back bit for bit.
        kept = self._spread(np.where(cut == 0.0, 1.0, factor), v)
        return np.where(kept == 0.0, 0.0, soft * kept)

    def conjugate(self, v: FloatArray) -> float:
        """Return 0 where no group exceeds its strength, else infinity."""
        norms = self.norms(self._left(v))
        slack = _ROUNDING * (self.l1 + self.strength)
        return 0.0 if (norms <= self.strength + slack).all() else math.inf

    def feasible_scale(self, v: FloatArray, limit: float = 1.0) -> float:
        """Return the largest c in [0, limit] with a finite conjugate of c v."""
        return min(limit, float(self.scales(v).min(initial=math.inf)))

    def scales(self, v: FloatArray) -> FloatArray:
        r"""Return for each group the largest c with :math:`\|S_a(c v_g)\| \le b_g`.

        Newton's method from above, on a convex and increasing function of c: it cannot
        step over the root.
        """
        if not self.l1:
            norms = self.norms(v)
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                return np.where(norms > 0.0, self.strength / norms, math.inf)
        size = np.abs(v)
        peak = self._largest(size)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            scale = np.where(peak > 0.0, (self.l1 + self.strength) / peak, math.inf)
        for _ in range(_MAX_ROUNDS):
            finite = np.where(scale < math.inf, scale, 0.0)
            with np.errstate(over="ignore"):
                excess = np.maximum(self._spread(finite, v) * size - self.l1, 0.0)
            norms = self.norms(excess)
            with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
                shares = excess / self._spread(norms, v)
                slopes = self._total(np.where(excess > 0.0, shares * size, 0.0))
                step = np.where(slopes > 0.0, (norms - self.strength) / slopes, 0.0)
            moved = np.maximum(scale - np.maximum(step, 0.0), 0.0)
            if (moved >= scale * (1.0 - 2.0**-52)).all():
                break
            scale = moved
        return scale

    def excess(self, gradient: FloatArray) -> FloatArray:
        """Return by how much each group exceeds what keeps it zero, negative if not."""
        return self.norms(self._left(gradient)) - self.strength

    def violation(self, w: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the distance of -gradient to the subdifferential, one a group."""
        norms = self.norms(w)
        soft = self._left(gradient)
        at_zero = np.maximum(self.norms(soft) - self.strength, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = w / self._spread(np.where(norms > 0.0, norms, 1.0), w)
        smooth = gradient + self._spread(self.strength, w) * unit
        away = np.where(w != 0.0, np.abs(smooth + self.l1 * np.sign(w)), np.abs(soft))
        return np.where(norms > 0.0, self.norms(away), at_zero)

    def _left(self, v: FloatArray) -> FloatArray:
        """Return what the magnitudes leave of a gradient."""
        return _soft(v, np.full(v.shape, self.l1)) if self.l1 else v

    def _spread(self, values: FloatArray, like: FloatArray) -> FloatArray:
        """Return one number a group as one a feature, a column if ``like`` has two."""
        spread = np.repeat(values, self.sizes)
        if not self._in_order:
            spread[self.order] = spread.copy()
        return spread if like.ndim == 1 else spread[:, np.newaxis]

    def _total(self, values: FloatArray) -> FloatArray:
        rows = values if values.ndim == 1 else values.sum(axis=1)
        rows = rows if self._in_order else rows[self.order]
        total: FloatArray = np.add.reduceat(rows, self.starts[:-1])
        return total

    def _largest(self, sizes: FloatArray) -> FloatArray:
        rows = sizes if sizes.ndim == 1 else sizes.max(axis=1)
        rows = rows if self._in_order else rows[self.order]
        largest: FloatArray = np.maximum.reduceat(rows, self.starts[:-1])
        return largest


def _soft(v: FloatArray, threshold: FloatArray) -> FloatArray:
    """Soft-threshold; where the threshold is 0, v comes back bit for bit."""
    size = np.abs(v)
    zero = (size <= threshold) & (threshold > 0.0)
    with np.errstate(invalid="ignore"):
        return np.where(zero, 0.0, np.copysign(size - threshold, v))


def _times(strength: Any, step: FloatArray) -> FloatArray:
    """Return the product, 0 where the strength is 0 whatever the step."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where(np.equal(strength, 0.0), 0.0, strength * step)
