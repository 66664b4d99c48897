"""The norm of a row, as the transformers use it: measure rows, or divide them by it."""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._compile import kernels_available
from sknorms._typing import AnyArray, FloatArray, Rows, SparseMatrix
from sknorms.norms import get_norm
from sknorms.norms._norm import Norm
from sknorms.norms._pairwise_sum import follows_numpy
from sknorms.norms._scaled import (
    ScaledNorms,
    divide_rows,
    normalize_rows,
    scaled_row_norms,
)
from sknorms.norms._vector import VectorNorm
from sknorms.preprocessing._kernels import (
    LARGEST,
    MAGNITUDES,
    SQUARES,
    divide_dense,
    divide_stored,
)

__all__ = ["RowNorm", "get_row_norm", "kernels_worthwhile"]

# Orders with a kernel: what is summed, and from where on the plain sum is accurate
# (squares below 2^-960 have lost digits; sums of magnitudes and maxima never do).
_KERNELS = {
    1.0: (MAGNITUDES, np.array([0.0, math.inf])),
    2.0: (SQUARES, np.array([2.0**-960, math.inf])),
    math.inf: (LARGEST, np.array([0.0, math.inf])),
}
# A row length that takes halving, interleaved parts and a remainder to sum.
_LENGTH_TRIED = 1003
_NAMES = {1.0: "l1", 2.0: "l2", math.inf: "max"}


@dataclass(frozen=True)
class RowNorm(ABC):
    """How rows are measured; right from the smallest subnormal to the largest float."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name for feature names."""

    @abstractmethod
    def measure(self, rows: Rows) -> ScaledNorms:
        """Return the norm of each row."""

    def divide(self, rows: Rows, out: Rows, *, compiled: bool = False) -> ScaledNorms:
        """Write rows divided by their norms to ``out``, and return the norms.

        ``out`` may be ``rows``. The bits do not depend on ``compiled``.
        """
        del compiled
        norms = self.measure(rows)
        divide_rows(rows, norms, out=out)
        return norms


@dataclass(frozen=True)
class _PowerNorm(RowNorm):
    """A p-norm."""

    order: float

    @property
    def label(self) -> str:
        """The name that scikit-learn has for it, else l and the order."""
        return _NAMES.get(self.order, f"l{self.order:g}")

    def measure(self, rows: Rows) -> ScaledNorms:
        """Return the norm of each row."""
        return scaled_row_norms(rows, self.order)

    def divide(self, rows: Rows, out: Rows, *, compiled: bool = False) -> ScaledNorms:
        """Measure and divide in one pass."""
        if compiled and self.order in _KERNELS:
            if _suits_dense_kernel(rows, out):
                return self._divide_dense(rows, out)
            if self.order < math.inf and _suits_stored_kernel(rows, out):
                return self._divide_stored(rows, out)
        return normalize_rows(rows, self.order, out=out)[1]

    def _divide_dense(self, rows: AnyArray, out: AnyArray) -> ScaledNorms:
        norm = np.empty(len(rows))
        scale = np.ones(len(rows))
        kind, limits = _KERNELS[self.order]
        divide_dense(rows, out, kind, limits, norm)
        left_alone = norm < 0.0
        if left_alone.any():
            unit, measured = normalize_rows(rows[left_alone], self.order)
            out[left_alone] = unit
            norm[left_alone], scale[left_alone] = measured.norm, measured.scale
        return ScaledNorms(scale, norm)

    def _divide_stored(self, rows: SparseMatrix, out: SparseMatrix) -> ScaledNorms:
        norm = np.empty(rows.shape[0])
        scale = np.ones(rows.shape[0])
        kind, limits = _KERNELS[self.order]
        table = rows.data, rows.indices, rows.indptr, rows.shape[1]
        divide_stored(*table, out.data, kind, limits, norm)
        left_alone = norm < 0.0
        if left_alone.any():
            unit, measured = normalize_rows(rows[left_alone], self.order)
            stored = np.repeat(left_alone, np.diff(rows.indptr))
            out.data[: len(stored)][stored] = unit.data
            norm[left_alone], scale[left_alone] = measured.norm, measured.scale
        return ScaledNorms(scale, norm)


@dataclass(frozen=True)
class _RecordNorm(RowNorm):
    """Any other norm of vectors, such as a group norm."""

    record: Norm

    @property
    def label(self) -> str:
        """The name of the record's class."""
        return type(self.record).__name__.lower()

    def measure(self, rows: Rows) -> ScaledNorms:
        """Measure rows brought to ordinary size by a power of two, which is exact."""
        largest = scaled_row_norms(rows, math.inf).values
        exponent = np.where(largest > 0.0, np.frexp(largest)[1], 0)
        scale = np.ldexp(1.0, np.clip(-exponent, -1022, 1023))
        norm = self.record.measure_table(_scaled(rows, scale))
        return ScaledNorms(scale, np.asarray(norm, dtype=np.float64))


def get_row_norm(norm: Any) -> RowNorm:
    """Resolve a ``norm`` parameter: a name, a number p > 0 or a record.

    Raises
    ------
    ValueError
        If it is unknown, not positive, or a norm of matrices.
    """
    if isinstance(norm, RowNorm):
        return norm
    record = get_norm(norm)
    if isinstance(record, VectorNorm):
        return _PowerNorm(record.order)
    if record.core_ndim != 1:
        raise ValueError(
            f"norm must be a norm of vectors, since every row is one; got {norm!r}, a "
            'norm of matrices. Use "l1", "l2", "max" or a number p > 0.'
        )
    return _RecordNorm(record)


def kernels_worthwhile(rows: Rows) -> bool:
    """Whether a table is so large that a compiled pass pays for being loaded."""
    numbers = rows.nnz if sparse.issparse(rows) else rows.size
    if numbers < 1 << 19 or not kernels_available():
        return False
    # The kernels sum as NumPy does today, which it does not promise to go on doing.
    return follows_numpy(_LENGTH_TRIED)


def _suits_stored_kernel(rows: Rows, out: Rows) -> bool:
    return (
        sparse.issparse(rows)
        and rows.data.dtype in (np.float32, np.float64)
        and rows.data.dtype == out.data.dtype
        and rows.data.flags.c_contiguous
    )


def _suits_dense_kernel(rows: Rows, out: Rows) -> bool:
    return (
        isinstance(rows, np.ndarray)
        and rows.dtype in (np.float32, np.float64)
        and rows.dtype == out.dtype
        and rows.flags.c_contiguous
        and rows.flags.aligned
        and out.flags.c_contiguous
    )


def _scaled(rows: Rows, scale: FloatArray) -> Rows:
    """Return float64 rows, each multiplied by its scale."""
    wide = rows.astype(np.float64)
    if sparse.issparse(wide):
        wide.data *= np.repeat(scale, np.diff(wide.indptr))
    else:
        wide *= scale[:, np.newaxis]
    return wide
