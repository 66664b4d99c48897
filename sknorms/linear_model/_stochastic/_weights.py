r"""The weights of a learner, and the two ways in which a gradient moves them.

Weights are one array: a row a feature, and the intercept in the last row. Rows of X are
centred implicitly, :math:`z = (x - m)^T w + c`, so that c is the intercept of the
centred rows; that takes one product more, nothing is copied, and no step in w is undone
by the next one in the intercept.
"""

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Penalty

__all__ = ["PenaltySteps", "Weights", "column"]


def column(per_feature: FloatArray, like: FloatArray) -> FloatArray:
    """Return one number a feature so that it broadcasts over outputs."""
    return per_feature if like.ndim == 1 else per_feature[:, np.newaxis]


@dataclass
class Weights:
    """What changes from step to step."""

    theta: FloatArray
    # Sum of gradients of all steps, each less what moved its centre (dual averaging).
    dual: FloatArray
    # Reciprocal steps of the elements of theta, and the sums of squared gradients.
    inverse: FloatArray
    squares: FloatArray
    velocity: FloatArray
    total: FloatArray
    n_averaged: int = 0
    # Steps taken, those of them that are in `dual`, and how much shorter steps became.
    n_steps: int = 0
    n_in_dual: int = 0
    shrink: float = 1.0

    @classmethod
    def starting_from(cls, theta: FloatArray) -> "Weights":
        """Return weights at a point, nothing having been learnt yet."""
        zeros = [np.zeros_like(theta) for _ in range(5)]
        return cls(theta, zeros[0], zeros[1], zeros[2], zeros[3], zeros[4])

    def copy(self) -> "Weights":
        """Return weights that do not share memory with these."""
        copied = copy(self)
        for name in ("theta", "dual", "inverse", "squares", "velocity", "total"):
            setattr(copied, name, getattr(self, name).copy())
        return copied

    def restart(self, inverse: FloatArray) -> None:
        """Forget the steps that led here; the next ones start with these lengths."""
        self.inverse = inverse
        self.dual = -inverse * self.theta
        self.n_in_dual = 0

    def average(self) -> FloatArray:
        """Return the mean of the weights of the averaged steps."""
        return self.total / self.n_averaged if self.n_averaged else self.theta.copy()


@dataclass(frozen=True, eq=False)
class PenaltySteps:
    """Steps against a gradient that end in the proximal point of a penalty.

    Parameters
    ----------
    penalty : Penalty
        The penalty of all rows of the weights but the last one.
    l1, l2, lower, upper : ndarray or None
        Its parts, if it is a sum over coefficients; ``free`` if they are all nothing.
    """

    penalty: Penalty
    free: bool
    separable: bool
    parts: tuple[FloatArray, ...] = ()

    @classmethod
    def of(cls, penalty: Penalty, n_features: int, n_outputs: int | None) -> Any:
        """Prepare the steps of a penalty."""
        found = penalty.separable(n_features, n_outputs or 1)
        if found is None:
            return cls(penalty, False, False)
        free = not (found.l1.any() or found.l2.any() or found.bounded)
        parts = [found.l1, found.l2, found.lower, found.upper]
        if n_outputs is not None:
            parts = [part[:, np.newaxis] for part in parts]
        return cls(penalty, free, True, tuple(parts))

    def prox(self, v: FloatArray, step: Any) -> FloatArray:
        """Return the proximal point of the coefficients."""
        if not self.separable:
            return self.penalty.prox(v, step)
        l1, l2, lower, upper = self.parts
        shrunk = np.abs(v)
        shrunk -= l1 * step
        np.maximum(shrunk, 0.0, out=shrunk)
        shrunk /= 1.0 + l2 * step
        np.copysign(shrunk, v, out=shrunk)
        # Zeros carry no sign: they are the zeros of a sparse solution.
        shrunk += 0.0
        return np.clip(shrunk, lower, upper, out=shrunk)

    def descend(self, weights: Weights, gradient: FloatArray, step: float) -> None:
        """Take one step of the same length for all: ``prox(w - step g)``."""
        theta = weights.theta - step * gradient
        if not self.free:
            theta[:-1] = self.prox(theta[:-1], step)
        weights.theta = theta

    def average_duals(
        self, weights: Weights, gradient: FloatArray, inverse: FloatArray
    ) -> None:
        r"""Take one step whose length differs by element (FTRL-proximal).

        .. math:: z \mathrel{+}= g - (\eta_t^{-1} - \eta_{t-1}^{-1}) w, \qquad
                  w = \operatorname{prox}_{t \eta_t \Omega}(-\eta_t z)

        Without a penalty that is plain descent. With one, coefficients are zero as long
        as the *sum* of their gradients is within t times the penalty's strength, so
        that the noise of single batches fills no zeros (McMahan, 2011).
        """
        weights.n_steps += 1
        if self.free:
            weights.theta = weights.theta - gradient / inverse
            weights.inverse = inverse
            return
        if not self.separable:
            # Its prox takes one step for all: the shortest.
            inverse[:-1] = inverse[:-1].max()
        weights.dual += gradient - (inverse - weights.inverse) * weights.theta
        theta = -weights.dual / inverse
        weights.n_in_dual += 1
        step = weights.n_in_dual / inverse[:-1]
        theta[:-1] = self.prox(
            theta[:-1], step if self.separable else float(step.reshape(-1)[0])
        )
        weights.theta, weights.inverse = theta, inverse
