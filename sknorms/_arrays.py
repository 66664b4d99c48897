"""Blocks of rows in float64, and the one order in which they are summed."""

from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, Rows

__all__ = ["row_slices", "row_sum", "widen"]


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
