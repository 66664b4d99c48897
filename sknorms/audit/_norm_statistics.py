"""How long the rows are, and which of them are zero, repeated or not finite."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknorms._typing import FloatArray, Rows
from sknorms.audit._sample import (
    draw_positions,
    finite_rows,
    first_occurrences,
    read_table,
)
from sknorms.norms import row_norms

__all__ = ["NormStatistics", "norm_statistics"]

# Real services return "unit" vectors whose norms are off by 2e-4 (float16, quantised).
UNIT_TOLERANCE = 1e-3
_QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)


@dataclass(frozen=True, eq=False)
class NormStatistics:
    """The Euclidean norms of rows, and what is wrong with single rows.

    Attributes
    ----------
    n_rows : int
        Rows of the data.
    n_sampled : int
        Rows that were drawn; all counts but ``n_nonfinite`` are among them.
    n_nonfinite : int
        Rows of all of the data that hold NaN or infinity.
    n_zero : int
        Rows without any nonzero entry.
    n_duplicates : int
        Rows that equal an earlier one in every entry.
    mean, cv : float
        Mean of the norms, and their coefficient of variation: standard deviation over
        mean.
    quantiles : dict of float to float
        Norms by the share of rows below them: 0, 0.01, 0.05, 0.25, 0.5, ... 1.
    unit_share : float
        Share of rows with norm 1, give or take 1e-3.
    norms : float64 array
        Of the finite rows drawn, in the order of the data.
    """

    n_rows: int
    n_sampled: int
    n_nonfinite: int
    n_zero: int
    n_duplicates: int
    mean: float
    cv: float
    quantiles: dict[float, float]
    unit_share: float
    norms: FloatArray = field(repr=False)


def norm_statistics(
    X: Any, *, sample: Any = 100_000, random_state: Any = 0
) -> NormStatistics:
    """Measure how long rows are, and count rows that are zero, repeated or not finite.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data. NaN and infinity are counted, not refused.
    sample : int or None, default=100000
        At most how many rows to look at; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    NormStatistics
        Norms are of the Euclidean kind and never over- or underflow; one beyond
        float64 counts as its largest number.

    Examples
    --------
    >>> from sknorms.audit import norm_statistics
    >>> found = norm_statistics([[3.0, 4.0], [0.6, 0.8], [3.0, 4.0], [0.0, 0.0]])
    >>> found.n_zero, found.n_duplicates, found.unit_share
    (1, 1, 0.25)
    """
    rows = read_table(X)
    finite = finite_rows(rows)
    positions = draw_positions(rows.shape[0], sample, random_state)
    drawn = rows[positions[finite[positions]]]
    norms = _finite_norms(drawn) if drawn.shape[0] else _NONE
    mean, cv = mean_and_cv(norms)
    repeated = drawn.shape[0] - int(first_occurrences(drawn).sum())
    return NormStatistics(
        n_rows=int(rows.shape[0]),
        n_sampled=len(positions),
        n_nonfinite=int((~finite).sum()),
        n_zero=int((norms == 0).sum()),
        n_duplicates=repeated,
        mean=mean,
        cv=cv,
        quantiles=_quantiles(norms),
        unit_share=float((np.abs(norms - 1) <= UNIT_TOLERANCE).mean())
        if len(norms)
        else 0.0,
        norms=norms,
    )


_NONE: FloatArray = np.empty(0)


def _finite_norms(rows: Rows) -> FloatArray:
    """Return the norms of finite rows, those beyond float64 as its largest number."""
    return np.nan_to_num(np.asarray(row_norms(rows), dtype=np.float64))


def mean_and_cv(norms: FloatArray) -> tuple[float, float]:
    """Return mean and coefficient of variation, zeros for no or zero norms only."""
    largest = float(norms.max()) if len(norms) else 0.0
    if largest == 0.0:
        return 0.0, 0.0
    relative = norms / largest
    return float(relative.mean() * largest), float(relative.std() / relative.mean())


def _quantiles(norms: FloatArray) -> dict[float, float]:
    if not len(norms):
        return {}
    values = np.quantile(norms, _QUANTILES)
    return dict(zip(_QUANTILES, map(float, values), strict=True))
