"""Statistics of columns: what some metrics learn from data, and bounds centre on."""

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, some_rows, widen
from sknorms._parallel import single_threaded_blas
from sknorms._typing import FloatArray, Rows
from sknorms._validation import first_rows

__all__ = [
    "column_means",
    "column_variances",
    "covariance",
    "observed_means",
    "typical_rows",
]

_BLOCK_BYTES = 1 << 22
# How many rows tell a typical length well enough to choose a scale.
_TYPICAL_ROWS = 1024
# Variances below this are sums of squares that have lost digits.
_SMALLEST = 2.0**-1000


def typical_rows(rows: Rows) -> Rows:
    """Return up to a thousand rows from all over, float64 where dense."""
    chosen = rows[some_rows(rows.shape[0], _TYPICAL_ROWS)]
    return chosen if sparse.issparse(chosen) else widen(chosen)


def column_means(rows: Rows) -> FloatArray:
    """Return the float64 mean of each column of dense rows, zero where it overflows."""
    n_rows, n_features = rows.shape
    total = np.zeros(n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in row_slices(n_rows, max(1, _BLOCK_BYTES // (8 * n_features))):
            total += widen(rows[block]).sum(axis=0)
        means = total / n_rows
    return np.where(np.isfinite(means), means, 0.0)


def observed_means(rows: FloatArray) -> FloatArray:
    """Return the mean of what was observed in each column, 0 where that is nothing."""
    count = np.maximum((~np.isnan(rows)).sum(axis=0), 1)
    with np.errstate(over="ignore", invalid="ignore"):
        means = np.nansum(rows, axis=0) / count
    return np.where(np.isfinite(means), means, 0.0)


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
