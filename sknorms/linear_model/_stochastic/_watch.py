"""What a learner tells its monitor: measured and told for many steps together.

A step of a small model takes some thirty microseconds, of which measuring each by
itself would be a good part: its gradients and weights are put aside. Large ones are
measured while they are in the cache.
"""

import math
from abc import ABC, abstractmethod

import numpy as np
from scipy.linalg.blas import idamax

from sknorms._typing import FloatArray
from sknorms.linear_model._monitor import GradientMonitor, Step
from sknorms.linear_model._stochastic._clipping import (
    SAFE_HIGH,
    SAFE_LOW,
    Clipped,
    safe_norm,
)
from sknorms.norms import row_norms

__all__ = ["Watch", "watch_over"]

# Steps that are told together: few where something is to be done about them.
_MANY_STEPS, _FEW_STEPS = 256, 32
# Weights of more elements than this are large.
_LARGE = 128
# Columns of what is told of each step, of what is measured, and of what follows.
_TOLD = [
    Step._fields.index(name)
    for name in (
        "norm",
        "clip_factor",
        "clipped_norm",
        "clipped_fraction",
        "stability",
        "loss",
    )
]
_MEASURED = [
    Step._fields.index(name) for name in ("norm_inf", "update_norm", "weight_norm")
]
_LOSS, _NONFINITE = Step._fields.index("loss"), Step._fields.index("n_nonfinite")


class Watch(ABC):
    """Steps on their way to a monitor.

    Parameters
    ----------
    monitor : GradientMonitor
        Who is told.
    theta : ndarray
        The weights before the first step; the intercept, in the last row, is left out.
    """

    def __init__(self, monitor: GradientMonitor, theta: FloatArray) -> None:
        self.monitor = monitor
        self.most = _FEW_STEPS if monitor.is_acted_upon else _MANY_STEPS
        # One number after the other: they are turned into an array all at once.
        self._told: list[float] = []
        self._n_told = 0
        self.start_from(theta)

    @abstractmethod
    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""

    @abstractmethod
    def before(self, gradient: FloatArray) -> None:
        """Measure a gradient before it is clipped, or put it aside."""

    @abstractmethod
    def _note(self, theta: FloatArray) -> None:
        """Measure new weights, or put them aside."""

    @abstractmethod
    def _measured(self) -> FloatArray:
        """Return largest element, lengths of update and weights, a row a step."""

    @abstractmethod
    def _weight_norm(self) -> float:
        """Return the length of the weights as they are."""

    def after(
        self,
        theta: FloatArray,
        size: float,
        clipped: Clipped,
        share: float,
        stability: float,
        loss: float,
    ) -> str | None:
        """Note the rest of a step; return what many of them show, now and then.

        None stands for nothing that has been looked at yet.
        """
        factor, norm = clipped
        self._told += (size, factor, norm, share, stability, loss)
        self._n_told += 1
        self._note(theta)
        return self.flush() if self._n_told == self.most else None

    def skip(self, gradient: FloatArray, size: float, share: float, loss: float) -> str:
        """Tell of a step that was not taken, because its gradient is not finite."""
        verdict = self.flush()
        bad = gradient.size - int(np.isfinite(gradient).sum())
        step = Step(
            size,
            n_nonfinite=max(1, bad),
            loss=loss,
            clipped_fraction=share,
            weight_norm=self._weight_norm(),
        )
        said = self.monitor.record_step(step)
        return said if verdict == "ok" else verdict

    def flush(self) -> str:
        """Tell of the steps that were not told of; return what they show."""
        n_steps = self._n_told
        if not n_steps:
            return "ok"
        steps = np.empty((n_steps, len(Step._fields)))
        told = np.fromiter(self._told, np.float64, len(self._told))
        steps[:, _TOLD] = told.reshape(n_steps, len(_TOLD))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            steps[:, _MEASURED] = self._measured()
        steps[:, _NONFINITE] = ~np.isfinite(steps[:, _LOSS])
        self._told.clear()
        self._n_told = 0
        return self.monitor.record_steps(steps)


class LargeWatch(Watch):
    """Measures step by step."""

    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""
        self.flush()
        self._n_coefs = theta[:-1].size
        self._coef = theta.reshape(-1)[: self._n_coefs]
        self._moved = np.empty(self._n_coefs)
        self._largest = math.nan
        self._sizes: list[float] = []

    def before(self, gradient: FloatArray) -> None:
        """Measure a gradient before it is clipped."""
        flat = gradient.reshape(-1)
        self._largest = abs(flat.item(idamax(flat)))

    def _note(self, theta: FloatArray) -> None:
        coef = theta.reshape(-1)[: self._n_coefs]
        moved = np.subtract(coef, self._coef, out=self._moved)
        # Every step makes new weights: the old ones are there to compare with.
        self._coef = coef
        self._sizes += (self._largest, safe_norm(moved), safe_norm(coef))

    def _measured(self) -> FloatArray:
        measured = np.fromiter(self._sizes, np.float64, len(self._sizes))
        self._sizes.clear()
        return measured.reshape(-1, len(_MEASURED))

    def _weight_norm(self) -> float:
        return safe_norm(self._coef)


class SmallWatch(Watch):
    """Puts gradients and weights aside, and measures many together."""

    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""
        self.flush()
        self._gradients = np.empty((self.most, *theta.shape))
        # Those before the first step, and those after each.
        self._thetas = np.empty((self.most + 1, *theta.shape))
        self._thetas[0] = theta

    def before(self, gradient: FloatArray) -> None:
        """Put a gradient aside before it is clipped."""
        self._gradients[self._n_told] = gradient

    def _note(self, theta: FloatArray) -> None:
        self._thetas[self._n_told] = theta

    def _measured(self) -> FloatArray:
        n_steps = self._n_told
        gradients = self._gradients[:n_steps].reshape(n_steps, -1)
        coefs = self._thetas[: n_steps + 1, :-1].reshape(n_steps + 1, -1)
        measured = np.empty((n_steps, len(_MEASURED)))
        measured[:, 0] = np.maximum(gradients.max(axis=1), -gradients.min(axis=1))
        measured[:, 1] = _lengths(coefs[1:] - coefs[:-1])
        measured[:, 2] = _lengths(coefs[1:])
        self._thetas[0] = self._thetas[n_steps]
        return measured

    def _weight_norm(self) -> float:
        return safe_norm(self._thetas[self._n_told, :-1])


def watch_over(monitor: GradientMonitor, theta: FloatArray) -> Watch:
    """Return what tells a monitor of steps of such weights."""
    kind = LargeWatch if theta.size > _LARGE else SmallWatch
    return kind(monitor, theta)


def _lengths(rows: FloatArray) -> FloatArray:
    # Stacks of products with a row itself, which is faster here than a sum of squares.
    squares = np.matmul(rows[:, np.newaxis, :], rows[:, :, np.newaxis]).reshape(-1)
    lengths: FloatArray = np.sqrt(squares)
    if not SAFE_LOW < squares.min() <= squares.max() < SAFE_HIGH:
        odd = ~((squares > SAFE_LOW) & (squares < SAFE_HIGH))
        lengths[odd] = row_norms(rows[odd])
    return lengths
