"""Blocks of rows in float64, dense or CSR, with the same sums to the last bit.

Every sum over the features is ``np.add.reduce`` over the last axis of a C-contiguous
float64 array, whose order of summation depends on the row length alone. So a row's sum
does not depend on the block the row is in. Zeros do not change a sum of non-negative
terms, so a CSR row gives the sum of its dense twin once it is laid out the same way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sknorms._typing import AnyArray, BoolArray, FloatArray
from sknorms.norms._pairwise_sum import follows_numpy, sparse_row_sums

__all__ = ["BLOCK_ELEMENTS", "DenseRows", "RowBlock", "SparseRows", "row_slices"]

# Float64 elements in one widened block (512 KiB): smaller blocks cost more calls than
# they save cache misses, larger ones leave the second-level cache.
BLOCK_ELEMENTS = 1 << 16
# From so many columns an entry on, following the order of summation is cheaper than
# laying rows out.
_WORTH_FOLLOWING = 200


@dataclass(frozen=True)
class DenseRows:
    """Rows as a C-contiguous float64 array of shape (n_rows, n_features)."""

    values: FloatArray
    scratch: FloatArray | None = None

    def spread(self, per_row: FloatArray) -> FloatArray:
        """Give every value of a row that row's number."""
        return per_row[:, np.newaxis]

    def total(self, terms: FloatArray) -> FloatArray:
        """Sum the terms of every row."""
        sums: FloatArray = np.add.reduce(terms, axis=-1)
        return sums

    def largest(self, magnitudes: FloatArray) -> FloatArray:
        """Return the largest term of every row, 0 for rows without any."""
        largest: FloatArray = np.maximum.reduce(magnitudes, axis=-1, initial=0.0)
        return largest

    def select(self, where: BoolArray) -> "DenseRows":
        """Return the rows where ``where`` holds, as a copy."""
        return DenseRows(self.values[where])


@dataclass(frozen=True)
class SparseRows:
    """The stored values of CSR rows, as float64, with their places."""

    values: FloatArray
    indices: AnyArray
    indptr: AnyArray
    n_columns: int
    scratch: FloatArray | None = None

    def spread(self, per_row: FloatArray) -> FloatArray:
        """Give every stored value of a row that row's number."""
        return np.repeat(per_row, np.diff(self.indptr))

    def total(self, terms: FloatArray) -> FloatArray:
        """Sum the non-negative terms of every row, as if it were dense."""
        n_elements = (len(self.indptr) - 1) * self.n_columns
        worthwhile = 0 < len(terms) * _WORTH_FOLLOWING < n_elements
        if worthwhile and follows_numpy(self.n_columns):
            return sparse_row_sums(terms, self.indices, self.indptr, self.n_columns)
        return self._total_laid_out(terms)

    def _total_laid_out(self, terms: FloatArray) -> FloatArray:
        """Write the terms out as dense rows, one block at a time."""
        sums = np.zeros(len(self.indptr) - 1)
        slices = list(row_slices(len(sums), self.n_columns))
        if not slices or len(terms) == 0:
            return sums
        page = np.zeros((slices[0].stop, self.n_columns))
        for rows in slices:
            bounds = self.indptr[rows.start : rows.stop + 1]
            stored = slice(bounds[0], bounds[-1])
            row = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
            column = self.indices[stored]
            page[row, column] = terms[stored]
            sums[rows] = np.add.reduce(page[: len(bounds) - 1], axis=-1)
            page[row, column] = 0.0
        return sums

    def largest(self, magnitudes: FloatArray) -> FloatArray:
        """Return the largest term of every row, 0 for rows without any."""
        largest = np.zeros(len(self.indptr) - 1)
        filled = np.diff(self.indptr) > 0
        if filled.any():
            starts = self.indptr[:-1][filled]
            largest[filled] = np.maximum.reduceat(magnitudes, starts)
        return largest

    def select(self, where: BoolArray) -> "SparseRows":
        """Return the rows where ``where`` holds, as a copy."""
        counts = np.diff(self.indptr)
        stored = np.repeat(where, counts)
        indptr = np.concatenate([[0], np.cumsum(counts[where])])
        return SparseRows(
            self.values[stored], self.indices[stored], indptr, self.n_columns
        )


RowBlock: TypeAlias = DenseRows | SparseRows


def row_slices(n_rows: int, row_size: int) -> Iterator[slice]:
    """Cut ``n_rows`` rows of ``row_size`` elements into blocks that stay in cache."""
    step = max(1, BLOCK_ELEMENTS // max(1, row_size))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))
