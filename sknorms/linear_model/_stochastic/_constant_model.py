"""The best constant prediction: where learning starts, and the unit of everything."""

import math
from typing import NamedTuple

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._losses import Loss, OneVsRest

__all__ = ["ConstantModel"]

_MAX_ROUNDS = 60
# The intercept is only where learning starts from.
_ENOUGH = 1e-6


class ConstantModel(NamedTuple):
    """A model without features.

    Parameters
    ----------
    intercept : ndarray of shape () or (K,)
        The score of every row.
    weight : float
        Total weight of the rows that were measured.
    loss : float
        Their mean loss, the unit of tolerances.
    square, bend : float
        Their mean squared derivative, and mean second derivative.
    """

    intercept: FloatArray
    weight: float
    loss: float
    square: float
    bend: float

    @classmethod
    def fit(
        cls,
        loss: Loss,
        target: AnyArray,
        weight: FloatArray,
        n_outputs: int | None,
        *,
        fit_intercept: bool,
    ) -> "ConstantModel":
        """Find it; ``n_outputs`` is None for losses of one number."""
        shape = () if n_outputs is None else (n_outputs,)
        share = weight / weight.sum()
        intercept = np.zeros(shape)
        if fit_intercept and n_outputs is not None and not isinstance(loss, OneVsRest):
            intercept = _logarithms(loss, target, share, intercept)
        elif fit_intercept:
            intercept = _best(loss, target, share, intercept)
        return cls.measured(loss, target, weight, intercept)

    @classmethod
    def measured(
        cls, loss: Loss, target: AnyArray, weight: FloatArray, intercept: FloatArray
    ) -> "ConstantModel":
        """Measure rows at a given intercept."""
        n_rows, total = len(target), float(weight.sum())
        share = weight / total
        scores = np.broadcast_to(intercept, (n_rows, *intercept.shape))
        with np.errstate(all="ignore"):
            value = float(share @ loss.value(scores, target))
            slopes = loss.gradient(scores, target).reshape(n_rows, -1)
            bends = loss.curvature(scores, target).reshape(n_rows, -1)
            square = float(share @ np.square(slopes).sum(axis=1))
            bend = float(share @ bends.max(axis=1))
        return cls(intercept, total, value, square, bend)

    def joined(self, other: "ConstantModel") -> "ConstantModel":
        """Return the same model measured on these rows and others together."""
        total = self.weight + other.weight
        mine, theirs = self.weight / total, other.weight / total
        return ConstantModel(
            self.intercept,
            total,
            mine * self.loss + theirs * other.loss,
            mine * self.square + theirs * other.square,
            mine * self.bend + theirs * other.bend,
        )

    @property
    def slope(self) -> float:
        """Root mean square of the derivative of the loss, the unit of gradients."""
        return self._units()[0]

    @property
    def reach(self) -> float:
        """How far scores have to move, the unit of scores."""
        return self._units()[1]

    def _units(self) -> tuple[float, float]:
        """Return both; 1 where there is nothing to measure them by.

        Half the square of a distance over the distance, or the distance over 1: both
        are exact for squared errors and of the right size for others. The second one
        does not see how far outliers are if the loss does not.
        """
        slope = math.sqrt(self.square) if self.square > 0.0 else 0.0
        reach = 2.0 * self.loss / slope if slope > 0.0 else 0.0
        if self.bend > 0.0:
            reach = min(reach, slope / self.bend)
        usable = 0.0 < reach < math.inf and slope < math.inf
        return (slope, reach) if usable else (1.0, 1.0)


def _logarithms(
    loss: Loss, target: AnyArray, share: FloatArray, start: FloatArray
) -> FloatArray:
    """Return the logarithms of the shares of classes, the scores of the best constant.

    At equal scores the mean derivative is what a class is short of its equal share.
    """
    slopes = loss.gradient(np.broadcast_to(start, (len(target), *start.shape)), target)
    shares = 1.0 / len(start) - share @ slopes
    # A class may be yet to come.
    logs: FloatArray = np.log(np.maximum(shares, 0.5 / len(target)))
    return logs


def _best(
    loss: Loss, target: AnyArray, share: FloatArray, start: FloatArray
) -> FloatArray:
    """Return where the derivative changes its sign: Newton's method, kept in bounds."""
    at, low, high = start, np.full_like(start, -np.inf), np.full_like(start, np.inf)
    stride = 1.0
    for number in range(_MAX_ROUNDS):
        scores = np.broadcast_to(at, (len(target), *start.shape))
        with np.errstate(all="ignore"):
            slopes = loss.gradient(scores, target)
            mean, bend = share @ slopes, share @ loss.curvature(scores, target)
            flat = np.abs(mean) <= _ENOUGH * (share @ np.abs(slopes))
            if (flat & np.isfinite(mean)).all():
                break
            low, high = np.where(mean < 0.0, at, low), np.where(mean > 0.0, at, high)
            moved = at - mean / bend
            stride *= 2.0
            middle = 0.5 * (low + high)
            outward = np.where(mean < 0.0, low + stride, high - stride)
            safe = np.where(np.isfinite(middle), middle, outward)
            inside = (moved > low) & (moved < high)
            if number % 3 == 2:
                # On an exponential Newton's method comes down by one at a time.
                inside &= ~np.isfinite(middle)
        at = np.where(mean == 0.0, at, np.where(inside, moved, safe))
    return at
