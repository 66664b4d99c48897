"""What kind of rows a sample holds, as far as the numbers tell."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms.audit._sample import Sample, column_moments

__all__ = ["RowFacts"]

# Standard errors, and a little more, that columns standardised on all rows, or on other
# ones, may be off by.
_ERRORS, _ROOM = 4.0, 0.02
_CONSTANT = 1e-6
_ROWS_PER_VALUE = 10
_LARGEST_WHOLE = 2.0**20
_STANDARDIZED_SHARE = 0.75


@dataclass(frozen=True)
class RowFacts:
    """What kind of numbers the rows are made of.

    Attributes
    ----------
    n_columns : int
        Columns.
    varying : int
        Columns that are not constant.
    zero_share, negative_share : float
        Shares of the entries.
    discrete : bool
        Whether entries are whole numbers, or half of the columns have few values.
    standardized : bool
        Whether the columns have mean 0 and standard deviation 1, about.
    principal : bool
        Whether the columns are uncorrelated, have mean 0, and vary less and less: what
        principal component analysis returns.
    """

    n_columns: int
    varying: int
    zero_share: float
    negative_share: float
    discrete: bool
    standardized: bool
    principal: bool

    @classmethod
    def of(cls, drawn: Sample) -> "RowFacts":
        """Look at a sample."""
        raw = drawn.raw
        entries = raw.data if sparse.issparse(raw) else raw
        n_entries = max(raw.shape[0] * raw.shape[1], 1)
        nonzero = int((entries != 0).sum())
        mean, variance = column_moments(drawn.rows)
        varies = variance > 1e-12 * np.maximum(mean**2, variance.max(initial=0.0))
        spread = np.sqrt(np.where(varies, variance, 1.0))
        return cls(
            n_columns=int(raw.shape[1]),
            varying=int(varies.sum()),
            zero_share=1.0 - nonzero / n_entries,
            negative_share=float((entries < 0).sum() / n_entries),
            discrete=_whole(entries) or _few_values(raw),
            standardized=_standardized(drawn.rows, drawn.scale),
            principal=_principal(drawn.rows, mean, spread) if varies.all() else False,
        )

    @property
    def rarer_sign(self) -> float:
        """Share of the entries that have the rarer one of the two signs."""
        positive = 1.0 - self.zero_share - self.negative_share
        return min(positive, self.negative_share)


def _whole(entries: AnyArray) -> bool:
    """Whether all numbers are whole, and not just too large for a fraction."""
    if entries.dtype.kind in "biu":
        return True
    small = np.abs(entries) < _LARGEST_WHOLE
    return bool((small & (np.floor(entries) == entries)).all())


def _few_values(raw: Rows) -> bool:
    """Whether half of the columns have less than a value for every ten rows."""
    if sparse.issparse(raw) or len(raw) < 2:
        return False
    ordered = np.sort(raw, axis=0)
    counts = 1 + (ordered[1:] != ordered[:-1]).sum(axis=0)
    return bool(np.median(counts) * _ROWS_PER_VALUE < len(raw))


def _standardized(rows: Rows, scale: float) -> bool:
    """Whether columns have mean 0 and deviation 1, but for what a sample adds."""
    if sparse.issparse(rows):
        return False  # centred columns are not sparse
    n = len(rows)
    if n < 2:
        return False
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    varies = spread > _CONSTANT * np.maximum(np.abs(mean), spread.max())
    if not varies.any():
        return False
    mean, spread = mean[varies], spread[varies]
    fourth = (((rows[:, varies] - mean) / spread) ** 4).mean(axis=0)
    errors = np.sqrt(np.maximum(fourth - 1.0, 0.0) / (4.0 * n))
    fits = np.abs(mean) <= spread * (_ROOM + _ERRORS / np.sqrt(n))
    fits &= np.abs(spread / scale - 1.0) <= _ROOM + _ERRORS * errors
    return bool(fits.mean() >= _STANDARDIZED_SHARE)


def _principal(rows: Rows, mean: FloatArray, spread: FloatArray) -> bool:
    """Whether columns are uncorrelated, centred, and in order of their variance."""
    n, d = rows.shape
    room = 5.0 / np.sqrt(n)
    ordered = (spread[1:] <= spread[:-1] * (1.0 + room)).all()
    ordered = ordered and spread[-1] < 0.5 * spread[0]
    if sparse.issparse(rows) or d < 2 or not ordered:
        return False
    if (np.abs(mean) > room * spread).any():
        return False
    standard = (rows - mean) / spread
    correlations = standard.T @ standard / n
    return bool(np.abs(correlations - np.eye(d)).max() <= room)
