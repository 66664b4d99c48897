"""Losses of classes: logistic, multinomial and squared hinge."""

import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._losses._loss import (
    Loss,
    named_loss,
    parabola_peak,
    real_targets,
    refuse_targets,
)

__all__ = ["LogisticLoss", "MultinomialLoss", "SquaredHingeLoss"]

# How far the elements of a row of probabilities may be from adding up to one.
_SUM_SLACK = 1e-10
_SIGNS = "-1 or +1, one for each of the two classes,"
_CODES = "the numbers 0, 1, 2, ... of the classes"


@named_loss("log_loss", "logistic")
@dataclass(frozen=True)
class LogisticLoss(Loss):
    r"""The logistic loss of two classes, :math:`f(z, y) = \log(1 + e^{-yz})`, y = ±1.

    Notes
    -----
    With :math:`v = -u y \in [0, 1]`, :math:`f^*(u) = v \log v + (1-v) \log(1-v)`; the
    gradient has Lipschitz constant 1/4.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import LogisticLoss
    >>> LogisticLoss().value(np.array([0.0, 1000.0]), np.array([1.0, -1.0])).round(4)
    array([6.931e-01, 1.000e+03])
    """

    classifies: ClassVar[bool] = True
    has_probabilities = True
    smoothness = 0.25

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the negative log-likelihood of the class."""
        logs: FloatArray = np.logaddexp(0.0, -y * z)
        return logs

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return minus y times the probability of the other class."""
        slopes: FloatArray = -y * special.expit(-y * z)
        return slopes

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the product of the two probabilities."""
        product: FloatArray = special.expit(z) * special.expit(-z)
        return product

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return minus the entropy of v."""
        v = -y * u
        with np.errstate(invalid="ignore"):
            entropy = special.xlogy(v, v) + special.xlog1py(1.0 - v, -v)
        return np.where((v >= 0.0) & (v <= 1.0), entropy, math.inf)

    def predict(self, z: FloatArray) -> FloatArray:
        """Return the probability of the class +1, shape (n,)."""
        probabilities: FloatArray = special.expit(z)
        return probabilities

    def check_target(self, y: Any) -> AnyArray:
        """Return signs, float64; ValueError for anything but -1 and +1."""
        return _signs(y)


@named_loss("multinomial")
@dataclass(frozen=True)
class MultinomialLoss(Loss):
    r"""The logistic loss of K classes, :math:`f(z, y) = \log \sum_k e^{z_k} - z_y`.

    Scores have shape (n, K); targets are the numbers 0, ..., K - 1 of the classes.

    Notes
    -----
    With :math:`p = u + e_y` in the unit simplex, :math:`f^*(u) = \sum_k p_k \log p_k`;
    the gradient has Lipschitz constant 1/2. The second derivative of one row is
    :math:`\operatorname{diag}(p) - p p^T`, of which `curvature` is the diagonal.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import MultinomialLoss
    >>> loss, z = MultinomialLoss(), np.array([[0.0, 0.0], [1000.0, 0.0]])
    >>> loss.value(z, np.array([0, 1])).round(4)
    array([6.931e-01, 1.000e+03])
    >>> loss.gradient(z, np.array([0, 1]))
    array([[-0.5,  0.5],
           [ 1. , -1. ]])
    """

    classifies: ClassVar[bool] = True
    vector_valued: ClassVar[bool] = True
    has_probabilities = True
    smoothness = 0.5

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the negative log-likelihood of the class."""
        peak = _largest(z)
        with np.errstate(under="ignore"):
            excess = np.log(_total(np.exp(z - peak[:, np.newaxis])))
        losses: FloatArray = excess + (peak - z[np.arange(len(z)), y])
        return losses

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the probabilities, less 1 for the class of the target."""
        slopes = self.predict(z)
        slopes[np.arange(len(z)), y] -= 1.0
        return slopes

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return p (1 - p) of every class."""
        probabilities = self.predict(z)
        return probabilities * (1.0 - probabilities)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return minus the entropy of p."""
        p = u.copy()
        p[np.arange(len(u)), y] += 1.0
        inside = (-_largest(-p) >= 0.0) & (np.abs(_total(p) - 1.0) <= _SUM_SLACK)
        entropy = _total(special.xlogy(p, np.maximum(p, 0.0)))
        return np.where(inside, entropy, math.inf)

    def predict(self, z: FloatArray) -> FloatArray:
        """Return the probabilities of the classes, shape (n, K)."""
        with np.errstate(under="ignore"):
            p: FloatArray = np.exp(z - _largest(z)[:, np.newaxis])
            p /= _total(p)[:, np.newaxis]
        return p

    def check_target(self, y: Any) -> AnyArray:
        """Return class numbers, intp; ValueError for anything but 0, 1, 2, ..."""
        codes = real_targets(y)
        bad = (codes < 0.0) | (codes % 1.0 != 0.0)
        refuse_targets("multinomial", bad, codes, _CODES)
        return codes.astype(np.intp)

    def n_outputs(self, y: AnyArray) -> int:
        """Return the number of classes, one more than the largest number."""
        return int(y.max()) + 1


@named_loss("squared_hinge")
@dataclass(frozen=True)
class SquaredHingeLoss(Loss):
    r"""The squared distance to a margin of 1, :math:`\max(0, 1 - y z)^2`, y = ±1.

    Notes
    -----
    For :math:`u y \le 0`, :math:`f^*(u) = u y + u^2 / 4`; the gradient has Lipschitz
    constant 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import SquaredHingeLoss
    >>> SquaredHingeLoss().value(np.array([2.0, -1.0]), np.array([1.0, 1.0]))
    array([0., 4.])
    """

    classifies: ClassVar[bool] = True
    smoothness = 2.0

    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the squared lack of margin."""
        with np.errstate(over="ignore"):
            return np.square(np.maximum(0.0, 1.0 - y * z))

    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return -2 y times the lack of margin."""
        slopes: FloatArray = -2.0 * y * np.maximum(0.0, 1.0 - y * z)
        return slopes

    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return 2 below the margin, else 0."""
        return np.where(y * z < 1.0, 2.0, 0.0)

    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the conjugate, inf where u has the sign of y."""
        with np.errstate(over="ignore"):
            return np.where(u * y <= 0.0, u * (0.25 * u + y), math.inf)

    def check_target(self, y: Any) -> AnyArray:
        """Return signs, float64; ValueError for anything but -1 and +1."""
        return _signs(y)

    def dual_scale(
        self, u: FloatArray, y: AnyArray, sample_weight: FloatArray, limit: float
    ) -> float:
        """Return the maximiser of the concave parabola, within the limit."""
        return parabola_peak(u, y, sample_weight, limit, curvature=0.5)


def _largest(z: FloatArray) -> FloatArray:
    """Return the largest of each row; rows are short, so columns are faster."""
    largest: FloatArray = functools.reduce(np.maximum, z.T)
    return largest


def _total(p: FloatArray) -> FloatArray:
    """Return the sum of each row."""
    return np.asarray(p @ np.ones(p.shape[1]))


def _signs(y: Any) -> FloatArray:
    signs = real_targets(y)
    refuse_targets("two-class", np.abs(signs) != 1.0, signs, _SIGNS)
    return signs
