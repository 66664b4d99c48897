"""Losses of two classes for several of them: each class against the others."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._losses._loss import Loss

__all__ = ["OneVsRest"]


@dataclass(frozen=True)
class OneVsRest(Loss):
    """The sum over classes of a loss of two classes; all of them in one pass.

    Scores and targets have shape (n, K); a target is +1 for the class of its row, else
    -1.

    Parameters
    ----------
    loss : Loss
        The loss of one class against the others.
    """

    loss: Loss
    classifies: ClassVar[bool] = True
    vector_valued: ClassVar[bool] = True

    @property
    def smoothness(self) -> float:
        """Lipschitz constant of the gradient."""
        return self.loss.smoothness

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict` returns probabilities."""
        return self.loss.has_probabilities

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the loss of each row, shape (n,)."""
        total: FloatArray = self.loss.value(z, y).sum(axis=1)
        return total

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the derivatives, shape (n, K)."""
        return self.loss.gradient(z, y)

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the second derivatives, shape (n, K)."""
        return self.loss.curvature(z, y)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the sum of the conjugates, shape (n,)."""
        total: FloatArray = self.loss.conjugate(u, y).sum(axis=1)
        return total

    def predict(self, z: FloatArray) -> FloatArray:
        """Return probabilities that add up to one, shape (n, K)."""
        own = self.loss.predict(z)
        total = own.sum(axis=1, keepdims=True)
        # Where no class wants a row, it belongs to each of them alike.
        fair = np.full_like(own, 1.0 / own.shape[1])
        shares: FloatArray = np.divide(own, total, out=fair, where=total > 0.0)
        return shares

    def check_target(self, y: Any) -> AnyArray:
        """Return signs; ValueError for anything but -1 and +1."""
        signs = np.asarray(y)
        self.loss.check_target(signs.reshape(-1))
        return signs
