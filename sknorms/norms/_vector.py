"""The l1, l2 and l-infinity norms, whose prox and projection have closed forms."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.norms._norm import Norm
from sknorms.norms._scaled import ScaledNorms, rescale_rows, scaled_row_norms
from sknorms.norms._simplex import project_rows_on_simplex

__all__ = ["L1", "L2", "LInf", "VectorNorm"]


class VectorNorm(Norm):
    """A norm of vectors that is a p-norm."""

    @property
    @abstractmethod
    def order(self) -> float:
        """The p of the p-norm, inf for the largest magnitude."""

    @property
    def conjugate(self) -> float:
        """The q with 1/p + 1/q = 1, inf for p = 1."""
        p = self.order
        if p == math.inf:
            return 1.0
        return math.inf if p == 1.0 else p / (p - 1.0)

    def scaled_slices(self, slices: AnyArray) -> ScaledNorms:
        """Return the p-norm of each slice."""
        return scaled_row_norms(slices, self.order)

    def measure_table(self, table: Any) -> FloatArray:
        """Return the p-norm of each row, dense or CSR."""
        return scaled_row_norms(table, self.order).values


@dataclass(frozen=True)
class L1(VectorNorm):
    r"""The sum of magnitudes, :math:`\|x\|_1 = \sum_i |x_i|`; dual `LInf`.

    Its prox is soft thresholding, with a step that may differ from element to element:
    :math:`\operatorname{sign}(x_i) \max(|x_i| - t_i, 0)`. Its projection follows Duchi
    et al. (2008).

    Examples
    --------
    >>> from sknorms.norms import L1
    >>> L1().value([3.0, -4.0])
    np.float64(7.0)
    >>> L1().prox([3.0, -4.0, 0.5], step=[1.0, 1.0, float("inf")])
    array([ 2., -3.,  0.])
    >>> L1().project([3.0, -4.0], radius=5.0)
    array([ 2., -3.])
    """

    elementwise_step: ClassVar[bool] = True
    slack: ClassVar[tuple[float, float]] = (2.0, 1.0)

    @property
    def order(self) -> float:
        """1."""
        return 1.0

    def dual(self) -> "LInf":
        """Return the l-infinity norm."""
        return LInf()

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Soft-threshold every element; NaN stays NaN."""
        if step.ndim == 1:
            step = step[:, np.newaxis]
        magnitudes = np.abs(slices)
        with np.errstate(invalid="ignore"):
            shrunk = np.copysign(magnitudes - step, slices)
        # Comparing rather than clipping keeps NaN, and inf - inf out of the result.
        out: FloatArray = np.where(magnitudes <= step, 0.0, shrunk)
        return out

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Project the magnitudes onto the simplex and put the signs back."""
        shrunk = project_rows_on_simplex(np.abs(slices), radius)
        return np.where(shrunk == 0.0, shrunk, np.copysign(shrunk, slices))


@dataclass(frozen=True)
class L2(VectorNorm):
    r"""The Euclidean norm, :math:`\|x\|_2 = \sqrt{\sum_i x_i^2}`; its own dual.

    Its prox shrinks the length, :math:`x \max(0, 1 - t / \|x\|_2)`; its projection is
    :math:`x \min(1, r / \|x\|_2)`.

    Examples
    --------
    >>> from sknorms.norms import L2
    >>> L2().value([3e300, 4e300])
    np.float64(5e+300)
    >>> L2().prox([3.0, 4.0], step=2.5)
    array([1.5, 2. ])
    >>> L2().project([[3.0, 4.0], [0.3, 0.4]], radius=1.0, axis=1)
    array([[0.6, 0.8],
           [0.3, 0.4]])
    """

    @property
    def order(self) -> float:
        """2."""
        return 2.0

    def dual(self) -> "L2":
        """Return the l2 norm."""
        return self

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Shorten every slice by its step."""
        measured = scaled_row_norms(slices)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            # One subtraction before the division: exact where norm and step are close.
            left = measured.norm - step * measured.scale
            factor = np.where(measured.norm == math.inf, 1.0, left / measured.norm)
            shortened: FloatArray = slices * np.maximum(factor, 0.0)[:, np.newaxis]
        return shortened

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Scale every slice to its radius."""
        return rescale_rows(slices, scaled_row_norms(slices), radius)


@dataclass(frozen=True)
class LInf(VectorNorm):
    r"""The largest magnitude, :math:`\|x\|_\infty = \max_i |x_i|`; dual `L1`.

    Its projection clips every element to [-r, r]; its prox clips to the threshold of
    the l1 ball of radius t, :math:`x - P_{tB_1}(x)` (Moreau) without the cancellation.

    Examples
    --------
    >>> from sknorms.norms import LInf
    >>> LInf().value([3.0, -4.0])
    np.float64(4.0)
    >>> LInf().prox([3.0, -4.0], step=2.0)
    array([ 2.5, -2.5])
    >>> LInf().project([3.0, -4.0], radius=3.5)
    array([ 3. , -3.5])
    """

    slack: ClassVar[tuple[float, float]] = (0.0, 0.0)

    @property
    def order(self) -> float:
        """Infinity."""
        return math.inf

    def dual(self) -> L1:
        """Return the l1 norm."""
        return L1()

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Clip every slice to the level at which it loses its step in l1 norm."""
        magnitudes = np.abs(slices)
        # The largest element is cut down to the level, so it tells what the level is.
        removed = project_rows_on_simplex(magnitudes, step)
        peak = np.argmax(magnitudes, axis=-1)[:, np.newaxis]
        level = np.take_along_axis(magnitudes, peak, axis=-1)
        level = level - np.take_along_axis(removed, peak, axis=-1)
        clipped: FloatArray = np.copysign(np.minimum(magnitudes, level), slices)
        return clipped

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Clip every element."""
        bound = radius[:, np.newaxis]
        return np.clip(slices, -bound, bound)
