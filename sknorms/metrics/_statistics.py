"""Statistics of columns that some metrics learn from the data they are fitted on."""

import numpy as np

from sknorms._arrays import row_slices, widen
from sknorms._parallel import single_threaded_blas
from sknorms._typing import FloatArray, Rows
from sknorms._validation import first_rows

__all__ = ["column_variances", "covariance"]

_BLOCK_BYTES = 1 << 22
# Variances below this are sums of squares that have lost digits.
_SMALLEST = 2.0**-1000


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
    """Return the sample covariance matrix (``ddof=1``), shape (d, d).

    Raises
    ------
    ValueError
        If a column varies so much, or so little, that float64 cannot hold its variance.
    """
    n_rows, n_features = rows.shape
    shift = widen(rows[:1])[0]
    blocks = row_slices(n_rows, max(1, _BLOCK_BYTES // (8 * n_features)))
    varies = np.zeros(n_features, dtype=np.bool_)
    total, product = np.zeros(n_features), np.zeros((n_features, n_features))
    # One thread: how many there are must not show in the result.
    with single_threaded_blas(), np.errstate(over="ignore", invalid="ignore"):
        for block in blocks:
            difference = widen(rows[block]) - shift
            total += difference.sum(axis=0)
            varies |= difference.any(axis=0)
        mean = total / n_rows
        for block in blocks:
            centered = widen(rows[block]) - shift - mean
            product += centered.T @ centered
    product[:, ~varies] = product[~varies, :] = 0.0
    product /= max(1, n_rows - 1)
    variances = np.diag(product)
    lost = ~np.isfinite(product).all(axis=0) | (varies & (variances < _SMALLEST))
    if lost.any():
        raise ValueError(
            "the covariance is beyond what float64 holds in "
            f"{first_rows(lost).replace('row', 'column')}. Scale the data, with "
            "sklearn.preprocessing.StandardScaler for example."
        )
    return product
