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
from sknorms.linear_model._stochastic._clipping import Clipped, safe_norm
from sknorms.norms import row_norms

__all__ = ["Watch", "watch_over"]

# Steps that are told together: few where something is to be done about them.
_MANY_STEPS, _FEW_STEPS = 256, 32
# Weights of more elements than this are large.
_LARGE = 256
# Columns of what is measured of a step.
_LARGEST, _UPDATE, _WEIGHT = (
    Step._fields.index(name) for name in ("norm_inf", "update_norm", "weight_norm")
)


class Watch(ABC):
    """Steps on their way to a monitor.

    Every step makes new weights, so that the old ones are there to compare with.

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
        self._told: list[tuple[float, ...]] = []
        self.start_from(theta)

    @abstractmethod
    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""

    @abstractmethod
    def before(self, gradient: FloatArray) -> None:
        """Measure a gradient before it is clipped, or put it aside."""

    @abstractmethod
    def _measured(self, theta: FloatArray) -> tuple[float, float, float]:
        """Return the largest element and the lengths of update and weights.

        They are NaN as long as weights are only put aside.
        """

    @abstractmethod
    def _fill_in(self, steps: FloatArray) -> None:
        """Fill in what was only put aside."""

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
        """Measure the rest of a step; return what many of them show, now and then.

        None stands for nothing that has been looked at yet.
        """
        largest, update, weight = self._measured(theta)
        bad = 0.0 if -math.inf < loss < math.inf else 1.0
        norm, factor = clipped.norm, clipped.factor
        self._told.append(
            (size, largest, norm, factor, share, update, weight, stability, loss, bad)
        )
        return self.flush() if len(self._told) == self.most else None

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
        if not self._told:
            return "ok"
        steps = np.array(self._told)
        self._told.clear()
        self._fill_in(steps)
        return self.monitor.record_steps(steps)


class LargeWatch(Watch):
    """Measures step by step."""

    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""
        self._coef = theta[:-1].reshape(-1)
        self._largest = math.nan

    def before(self, gradient: FloatArray) -> None:
        """Measure a gradient before it is clipped."""
        flat = gradient.reshape(-1)
        self._largest = abs(flat.item(idamax(flat)))

    def _measured(self, theta: FloatArray) -> tuple[float, float, float]:
        coef = theta[:-1].reshape(-1)
        moved, self._coef = coef - self._coef, coef
        return self._largest, safe_norm(moved), safe_norm(coef)

    def _fill_in(self, steps: FloatArray) -> None:
        pass

    def _weight_norm(self) -> float:
        return safe_norm(self._coef)


class SmallWatch(Watch):
    """Puts gradients and weights aside, and measures many together."""

    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""
        self.flush()
        self._thetas = [theta]
        self._gradients = np.empty((self.most, *theta.shape))

    def before(self, gradient: FloatArray) -> None:
        """Put a gradient aside before it is clipped."""
        self._gradients[len(self._told)] = gradient

    def _measured(self, theta: FloatArray) -> tuple[float, float, float]:
        self._thetas.append(theta)
        return _UNKNOWN

    def _fill_in(self, steps: FloatArray) -> None:
        n_steps = len(steps)
        gradients = self._gradients[:n_steps].reshape(n_steps, -1)
        coefs = np.array(self._thetas)[:, :-1].reshape(n_steps + 1, -1)
        steps[:, _LARGEST] = np.maximum(gradients.max(axis=1), -gradients.min(axis=1))
        steps[:, _UPDATE] = _lengths(coefs[1:] - coefs[:-1])
        steps[:, _WEIGHT] = _lengths(coefs[1:])
        del self._thetas[:-1]

    def _weight_norm(self) -> float:
        return safe_norm(self._thetas[-1][:-1])


_UNKNOWN = (math.nan, math.nan, math.nan)


def watch_over(monitor: GradientMonitor, theta: FloatArray) -> Watch:
    """Return what tells a monitor of steps of such weights."""
    kind = LargeWatch if theta.size > _LARGE else SmallWatch
    return kind(monitor, theta)


def _lengths(rows: FloatArray) -> FloatArray:
    squares = np.einsum("ij,ij->i", rows, rows)
    if squares.max(initial=0.0) < math.inf:
        roots: FloatArray = np.sqrt(squares)
        return roots
    return row_norms(rows).astype(np.float64)
