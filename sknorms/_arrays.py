"""Blocks of rows in float64, and the one order in which they are summed."""

from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, IndexArray, Rows

__all__ = ["row_slices", "row_sum", "some_rows", "widen"]

# Multiples of this, modulo one, are spread evenly and follow no period.
_GOLDEN = (5.0**0.5 - 1.0) / 2.0


def widen(rows: Rows) -> FloatArray:
    """Return a block of rows as a dense, C-contiguous float64 array.

    Parameters
    ----------
    rows : ndarray or CSR of shape (n, d)
        Any storage dtype. Densifies: hand over a block, never a whole matrix.

    Returns
    -------
    ndarray of shape (n, d)
        ``rows`` itself if it already is such an array.
    """
    if sparse.issparse(rows):
        # Widen the stored entries first: adding them up must not wrap or round.
        return np.ascontiguousarray(rows.astype(np.float64).toarray())
    return np.ascontiguousarray(rows, dtype=np.float64)


def row_sum(terms: FloatArray) -> Any:
    """Sum over the last axis in one fixed order, whatever the other axes are.

    NumPy adds a contiguous axis pairwise (error O(log n)) in an order that depends on
    its length alone. A row's sum is therefore the same bits in every block, which is
    what makes results reproducible; `einsum` and `@` give no such guarantee.
    """
    return np.add.reduce(np.ascontiguousarray(terms, dtype=np.float64), axis=-1)


def row_slices(n_rows: int, step: int) -> list[slice]:
    """Cut ``range(n_rows)`` into consecutive slices of at most ``step`` rows."""
    return [slice(s, min(s + step, n_rows)) for s in range(0, n_rows, step)]


def some_rows(n_rows: int, size: int) -> IndexArray:
    """Return numbers of rows from all over a table, ascending, the same in every call.

    One row of each of ``size`` stretches of equal length, at places that follow no
    period. Rows at equal distances are all of one kind where kinds take turns.

    Parameters
    ----------
    n_rows, size : int
        All rows are returned where ``size``, at least 1, is not smaller.
    """
    if size >= n_rows:
        return np.arange(n_rows)
    ends = np.arange(size + 1) * n_rows // size
    places = np.arange(1, size + 1) * _GOLDEN % 1.0
    return ends[:-1] + (places * np.diff(ends)).astype(np.intp)
