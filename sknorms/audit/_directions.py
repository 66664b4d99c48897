"""Anisotropy, the weight of columns, and the length that all directions share."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_flag
from sknorms.audit._sample import Sample, column_moments, draw_sample, read_table

__all__ = [
    "ColumnShares",
    "SharedScale",
    "anisotropy",
    "column_shares",
    "mean_cosine",
    "shared_scale",
    "shares_of",
]

_MOST_DIRECTIONS = 64
_SMALLEST_SPREAD = 1e-6
_CONSTANT = 1e-3
# Squares below this are as good as zero: it keeps a logarithm within reason.
_FLOOR = 1e-4


def anisotropy(X: Any, *, sample: Any = 2000, random_state: Any = 0) -> float:
    """Return the mean cosine of two different rows.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data; rows that are zero, repeated or not finite are left out.
    sample : int or None, default=2000
        At most how many rows to draw; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    float
        0 if directions are spread evenly, 1 if all rows point the same way; NaN for
        fewer than two rows.

    References
    ----------
    Ethayarajh, K. (2019). How Contextual are Contextualized Word Representations?
    EMNLP-IJCNLP, section 3.4.

    Examples
    --------
    >>> from sknorms.audit import anisotropy
    >>> anisotropy([[1.0, 0.0], [0.0, 3.0]])
    0.0
    >>> round(anisotropy([[10.0, 11.0], [11.0, 10.0]]), 3)
    0.995
    """
    return mean_cosine(draw_sample(read_table(X), sample, random_state).rows)


def mean_cosine(rows: Rows) -> float:
    """Return the mean cosine of two different ones of nonzero float64 rows."""
    n = rows.shape[0]
    if n < 2:
        return float("nan")
    total = np.asarray(_inverse_norms(rows) @ rows).ravel()
    # The squared length of the sum of unit rows has n ones, and each pair twice.
    return float((total @ total - n) / (n * (n - 1)))


def _inverse_norms(rows: Rows) -> FloatArray:
    return np.asarray(1.0 / euclidean_norms(rows))


def euclidean_norms(rows: Rows) -> FloatArray:
    """Return the norms of scaled float64 rows."""
    if sparse.issparse(rows):
        return np.asarray(np.sqrt(rows.multiply(rows).sum(axis=1))).ravel()
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", rows, rows)))


@dataclass(frozen=True, eq=False)
class ColumnShares:
    """What each column contributes to distances, or to lengths.

    Attributes
    ----------
    top : int
        Number of the column that contributes most.
    top_share : float
        Its share, between 0 and 1.
    effective : float
        Number of equal columns that would be as unequal: (sum v)^2 / sum v^2.
    shares : float64 array of shape (n_features,)
        The share of every column; they sum to 1.
    """

    top: int
    top_share: float
    effective: float
    shares: FloatArray = field(repr=False)


def column_shares(
    X: Any, *, of_lengths: bool = False, sample: Any = 2000, random_state: Any = 0
) -> ColumnShares:
    """Measure how much each column contributes to squared Euclidean distances.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data; rows that are zero, repeated or not finite are left out.
    of_lengths : bool, default=False
        Whether to measure shares of squared lengths, which is what inner products and
        cosines are made of, instead of squared differences.
    sample : int or None, default=2000
        At most how many rows to draw; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    ColumnShares
        Shares of the summed variance, or of the summed mean squares.

    Examples
    --------
    >>> from sknorms.audit import column_shares
    >>> found = column_shares([[1.0, 100.0], [2.0, 300.0], [3.0, 200.0]])
    >>> found.top, round(found.top_share, 4)
    (1, 0.9999)
    """
    drawn = draw_sample(read_table(X), sample, random_state)
    return shares_of(drawn.rows, check_flag("of_lengths", of_lengths))


def shares_of(rows: Rows, of_lengths: bool) -> ColumnShares:
    """Measure the share of every column of float64 rows."""
    mean, variance = column_moments(rows)
    parts = variance + mean**2 if of_lengths else variance
    total = parts.sum()
    shares = parts / total if total > 0 else np.full(len(parts), 1.0 / len(parts))
    top = int(shares.argmax())
    effective = float(1.0 / (shares @ shares))
    return ColumnShares(top, float(shares[top]), effective, shares)


@dataclass(frozen=True)
class SharedScale:
    """Whether rows are directions times a length of their own.

    Attributes
    ----------
    spread : float
        Standard deviation of the logarithm of the factor that all directions of a row
        share: 0 for rows whose coordinates vary independently, however they do.
    error : float
        What the spread may be by chance: two standard errors at spread 0.
    of_lengths : float
        Standard deviation of the logarithm of the norms.
    correlation : float
        Between the logarithms of the factor and of the norm.
    n_directions : int
        In how many directions the factor was measured.
    """

    spread: float
    error: float
    of_lengths: float
    correlation: float
    n_directions: int


def shared_scale(X: Any, *, sample: Any = 2000, random_state: Any = 0) -> SharedScale:
    """Measure how much of a row's length is a factor common to all of its directions.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data; rows that are zero, repeated or not finite are left out.
    sample : int or None, default=2000
        At most how many rows to draw; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    SharedScale
        Its ``spread`` estimates the standard deviation of log s if rows are s u, s
        independent of u. NaN for fewer than 3 rows.

    Notes
    -----
    Whitened coordinates w_1 ... w_q of a row share the factor s. The mean of their
    log w_j^2 then has variance 4 var(log s) + var(log w_j^2) / q, the second part being
    all there is for independent coordinates, however long their tails are. Whitening is
    the one that changes coordinates least, so that independent ones stay apart. Of wide
    dense data 64 columns are drawn, wide sparse data are projected onto 64 random
    directions: both keep a common factor.

    References
    ----------
    Kessy, A., Lewin, A. and Strimmer, K. (2018). Optimal Whitening and Decorrelation.
    The American Statistician 72(4), for the whitening.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.audit import shared_scale
    >>> generator = np.random.default_rng(0)
    >>> X = generator.normal(size=(2000, 50))
    >>> shared_scale(X).spread < 0.05
    True
    >>> lengths = np.exp(0.3 * generator.normal(size=(2000, 1)))
    >>> round(shared_scale(X * lengths).spread, 1)
    0.3
    """
    return scale_of(draw_sample(read_table(X), sample, random_state))


def scale_of(drawn: Sample) -> SharedScale:
    """Measure the factor shared by the coordinates of each row of a sample."""
    rows = drawn.rows
    whitened = _whitened(_narrowed(rows)) if len(drawn) > 2 else np.empty((0, 0))
    n, q = whitened.shape
    if q == 0:
        nothing = float("nan")
        return SharedScale(nothing, nothing, nothing, nothing, 0)
    logs = np.log(whitened**2 + _FLOOR)
    factor, norms = logs.mean(axis=1), np.log(euclidean_norms(rows))
    own = float(logs.var(axis=0).mean()) / q
    spread = np.sqrt(max(float(factor.var()) - own, 0.0)) / 2.0
    error = np.sqrt(2.0 * own * np.sqrt(2.0 / n)) / 2.0
    varied = factor.std() > 0 and norms.std() > 0
    correlation = float(np.corrcoef(factor, norms)[0, 1]) if varied else 0.0
    return SharedScale(
        float(spread), float(error), float(norms.std()), correlation, int(q)
    )


def _narrowed(rows: Rows) -> FloatArray:
    """Return centred rows in at most 64 columns, drawn ones, or mixed if sparse.

    A drawn column of a sparse table is nearly empty; a mixture of all is not.
    """
    generator, d = np.random.default_rng(0), rows.shape[1]
    if sparse.issparse(rows):
        directions = generator.normal(size=(d, min(d, _MOST_DIRECTIONS)))
        table = np.asarray(rows @ directions)
    else:
        table = rows[:, generator.permutation(d)[:_MOST_DIRECTIONS]]
    return np.asarray(table - table.mean(axis=0))


def _whitened(table: FloatArray) -> FloatArray:
    """Make columns uncorrelated with unit variance, each as near as can be to itself.

    Columns that are independent already are only scaled (they would be mixed by
    whitening in the order of variance, and share what one of them contributes).
    """
    values, vectors = np.linalg.eigh(table.T @ table / len(table))
    if values[-1] <= 0:
        return np.empty((len(table), 0))
    kept = vectors[:, values > _SMALLEST_SPREAD * values[-1]]
    scales = np.sqrt(values[values > _SMALLEST_SPREAD * values[-1]])
    whitened = (table @ kept / scales) @ kept.T
    return np.asarray(whitened[:, whitened.std(axis=0) > _CONSTANT])
