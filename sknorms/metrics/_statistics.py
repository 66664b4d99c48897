"""Statistics of columns that some metrics learn from the data they are fitted on."""

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, widen
from sknorms._typing import FloatArray, Rows

__all__ = ["column_variances", "covariance"]

_BLOCK_BYTES = 1 << 22


def column_variances(rows: Rows) -> FloatArray:
    """Return the sample variance (``ddof=1``) of each column, by two passes.

    Exactly zero for a constant column, whatever its value; NaN entries are left out.
    """
    n_features = rows.shape[1]
    blocks = row_slices(rows.shape[0], max(1, _BLOCK_BYTES // (8 * n_features)))
    # Differences to any one row are exact enough to start from, and zero for a
    # constant column, which differences to a rounded mean are not.
    shift = widen(rows[:1])[0]
    shift = np.where(np.isnan(shift), 0.0, shift)
    total, count = np.zeros(n_features), np.zeros(n_features)
    for block in blocks:
        difference = widen(rows[block]) - shift
        total += np.nansum(difference, axis=0)
        count += (~np.isnan(difference)).sum(axis=0)
    mean = total / np.maximum(count, 1)
    squares = np.zeros(n_features)
    for block in blocks:
        squares += np.nansum(np.square(widen(rows[block]) - shift - mean), axis=0)
    variances: FloatArray = squares / np.maximum(count - 1, 1)
    return variances


def covariance(rows: Rows) -> FloatArray:
    """Return the sample covariance matrix (``ddof=1``), shape (d, d)."""
    dense = rows.toarray() if sparse.issparse(rows) else rows
    wide = np.asarray(dense, dtype=np.float64)
    centered = wide - wide.mean(axis=0)
    product: FloatArray = centered.T @ centered
    return product / max(1, len(wide) - 1)
