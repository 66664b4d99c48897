"""Norms of matrices: norms of their singular values."""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.norms._measure import to_unit_size
from sknorms.norms._norm import Norm
from sknorms.norms._scaled import ScaledNorms, scaled_row_norms
from sknorms.norms._vector import L1, L2, LInf, VectorNorm

__all__ = ["FrobeniusNorm", "MatrixNorm", "NuclearNorm", "SpectralNorm"]


class MatrixNorm(Norm):
    """A norm of matrices: the last two axes, unless ``axis`` says otherwise.

    All of them are norms of the singular values. A row of a table is a matrix with one
    row, whose only singular value is its l2 norm.
    """

    core_ndim: ClassVar[int] = 2

    def measure_table(self, table: Any) -> FloatArray:
        """Return the l2 norm of each row."""
        return scaled_row_norms(table).values


class SingularValueNorm(MatrixNorm):
    """A vector norm of the singular values, computed by decomposition."""

    slack: ClassVar[tuple[float, float]] = (4.0, 4.0)

    @property
    @abstractmethod
    def vector(self) -> VectorNorm:
        """The norm of the singular values."""

    def scaled_slices(self, slices: AnyArray) -> ScaledNorms:
        """Return the norm of the singular values of each matrix."""
        matrices, exponent = to_unit_size(np.asarray(slices, dtype=np.float64))
        norms = np.empty(len(matrices))
        finite = np.isfinite(matrices).all(axis=(1, 2))
        values = np.linalg.svd(matrices[finite], compute_uv=False)
        norms[finite] = self.vector.measure_slices(values)
        # No decomposition exists; NaN wins over infinity as it does for vectors.
        norms[~finite] = LInf().measure_slices(_flat(matrices[~finite]))
        return ScaledNorms(np.ldexp(1.0, -exponent), norms)

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Shrink the singular values."""
        return _on_singular_values(self.vector.shrink, slices, step)

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Project the singular values."""
        return _on_singular_values(self.vector.pull, slices, radius)


@dataclass(frozen=True)
class NuclearNorm(SingularValueNorm):
    """The sum of the singular values (trace norm); dual `SpectralNorm`.

    Its prox is singular value thresholding (Cai, Candes and Shen, 2010).

    Examples
    --------
    >>> from sknorms.norms import NuclearNorm
    >>> NuclearNorm().value([[3.0, 0.0], [0.0, -4.0]])
    np.float64(7.0)
    >>> NuclearNorm().prox([[3.0, 0.0], [0.0, -4.0]], step=3.5).round(12) + 0.0
    array([[ 0. ,  0. ],
           [ 0. , -0.5]])
    """

    @property
    def vector(self) -> L1:
        """The l1 norm."""
        return L1()

    def dual(self) -> "SpectralNorm":
        """Return the spectral norm."""
        return SpectralNorm()


@dataclass(frozen=True)
class SpectralNorm(SingularValueNorm):
    """The largest singular value; dual `NuclearNorm`.

    Examples
    --------
    >>> from sknorms.norms import SpectralNorm
    >>> SpectralNorm().value([[3.0, 0.0], [0.0, -4.0]])
    np.float64(4.0)
    >>> SpectralNorm().project([[3.0, 0.0], [0.0, -4.0]], radius=3.5).round(12) + 0.0
    array([[ 3. ,  0. ],
           [ 0. , -3.5]])
    """

    @property
    def vector(self) -> LInf:
        """The l-infinity norm."""
        return LInf()

    def dual(self) -> NuclearNorm:
        """Return the nuclear norm."""
        return NuclearNorm()


@dataclass(frozen=True)
class FrobeniusNorm(MatrixNorm):
    """The l2 norm of all elements, and of the singular values; its own dual.

    Examples
    --------
    >>> from sknorms.norms import FrobeniusNorm
    >>> FrobeniusNorm().value([[3e300, 0.0], [0.0, 4e300]])
    np.float64(5e+300)
    >>> FrobeniusNorm().project([[3.0, 0.0], [0.0, 4.0]], radius=1.0)
    array([[0.6, 0. ],
           [0. , 0.8]])
    """

    def dual(self) -> "FrobeniusNorm":
        """Return the Frobenius norm."""
        return self

    def scaled_slices(self, slices: AnyArray) -> ScaledNorms:
        """Return the l2 norm of the elements of each matrix."""
        return L2().scaled_slices(_flat(slices))

    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Shorten every matrix by its step."""
        return L2().prox_slices(_flat(slices), step).reshape(slices.shape)

    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Scale every matrix to its radius."""
        return L2().project_slices(_flat(slices), radius).reshape(slices.shape)


def _flat(matrices: AnyArray) -> AnyArray:
    return matrices.reshape(len(matrices), math.prod(matrices.shape[1:]))


def _on_singular_values(
    change: Callable[[FloatArray, FloatArray], FloatArray],
    matrices: FloatArray,
    size: FloatArray,
) -> FloatArray:
    """Apply ``change`` to the singular values; non-finite matrices become NaN."""
    scaled, exponent = to_unit_size(matrices)
    out = np.full(matrices.shape, np.nan)
    finite = np.isfinite(scaled).all(axis=(1, 2))
    left, values, right = np.linalg.svd(scaled[finite], full_matrices=False)
    with np.errstate(over="ignore", under="ignore"):
        changed = change(values, np.ldexp(size[finite], -exponent[finite]))
        rebuilt = (left * changed[:, np.newaxis, :]) @ right
        out[finite] = np.ldexp(rebuilt, exponent[finite, np.newaxis, np.newaxis])
    return out
