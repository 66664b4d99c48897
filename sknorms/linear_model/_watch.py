"""What a learner tells its monitor: measured for many steps at once.

A step of a small model takes some thirty microseconds, of which measuring one by one
would be a third. So gradients and weights of some steps are put aside, and measured
together; a gradient that is not finite is told at once.
"""

import math

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._clipping import Clipped, safe_norm
from sknorms.linear_model._monitor import GradientMonitor, Step
from sknorms.norms import row_norms

__all__ = ["Watch"]

# Steps that are put aside, and elements that they may have together.
_MOST_STEPS, _MOST_ELEMENTS = 64, 1 << 16


class Watch:
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
        size = max(1, min(_MOST_STEPS, _MOST_ELEMENTS // theta.size))
        self._gradients = np.empty((size, *theta.shape))
        # Every step makes new weights, so that the old ones need not be copied.
        self._thetas = [theta]
        self._told: list[tuple[float, ...]] = []

    def start_from(self, theta: FloatArray) -> None:
        """Note weights to which no step has led."""
        self._thetas[-1] = theta

    def before(self, gradient: FloatArray) -> None:
        """Put a gradient aside before it is clipped."""
        self._gradients[len(self._told)] = gradient

    def after(
        self,
        theta: FloatArray,
        size: float,
        clipped: Clipped,
        share: float,
        stability: float,
        loss: float,
    ) -> str:
        """Put the rest of the step aside; return "ok", or what many of them show."""
        self._told.append((size, clipped.norm, clipped.factor, share, stability, loss))
        self._thetas.append(theta)
        return self.flush() if len(self._told) == len(self._gradients) else "ok"

    def skip(self, gradient: FloatArray, size: float, share: float, loss: float) -> str:
        """Tell of a step that was not taken, because its gradient is not finite."""
        verdict = self.flush()
        bad = gradient.size - int(np.isfinite(gradient).sum())
        step = Step(
            size,
            n_nonfinite=max(1, bad),
            loss=loss,
            clipped_fraction=share,
            weight_norm=safe_norm(self._thetas[-1][:-1]),
        )
        said = self.monitor.record_step(step)
        return said if verdict == "ok" else verdict

    def flush(self) -> str:
        """Tell of the steps that were put aside; return what they show."""
        n_steps = len(self._told)
        if not n_steps:
            return "ok"
        gradients = self._gradients[:n_steps].reshape(n_steps, -1)
        coefs = np.array(self._thetas)[:, :-1].reshape(n_steps + 1, -1)
        told = np.array(self._told)
        steps = np.empty((n_steps, len(Step._fields)))
        steps[:, 0] = told[:, 0]
        steps[:, 1] = np.maximum(gradients.max(axis=1), -gradients.min(axis=1))
        steps[:, 2:5] = told[:, 1:4]
        steps[:, 5] = _lengths(coefs[1:] - coefs[:-1])
        steps[:, 6] = _lengths(coefs[1:])
        steps[:, 7:9] = told[:, 4:6]
        steps[:, 9] = ~np.isfinite(told[:, 5])
        self._told.clear()
        del self._thetas[:-1]
        return self.monitor.record_steps(steps)


def _lengths(rows: FloatArray) -> FloatArray:
    squares = np.einsum("ij,ij->i", rows, rows)
    if squares.max(initial=0.0) < math.inf:
        roots: FloatArray = np.sqrt(squares)
        return roots
    return row_norms(rows).astype(np.float64)
