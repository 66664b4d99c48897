"""Rows to look at: checked without refusing them, and drawn at random."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array, check_random_state

from sknorms._arrays import row_slices
from sknorms._typing import BoolArray, FloatArray, IndexArray, Rows
from sknorms._validation import STORAGE_DTYPES, check_integer

__all__ = [
    "Sample",
    "column_moments",
    "draw_positions",
    "draw_sample",
    "finite_rows",
    "first_occurrences",
    "read_table",
    "sample_at",
    "scaled_alike",
]

_BLOCK_ELEMENTS = 1 << 22


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows that were drawn.

    Attributes
    ----------
    rows : ndarray or CSR of shape (n_sampled, n_features), float64
        Finite, not zero, no two of them equal, scaled by one power of two so that the
        largest entry is between 0.5 and 1.
    raw : ndarray or CSR of shape (n_sampled, n_features)
        The same rows as they were given.
    indices : intp array of shape (n_sampled,)
        Which rows of the data they are, ascending.
    scale : float
        What the data are multiplied by.
    """

    rows: Rows
    raw: Rows
    indices: IndexArray
    scale: float

    def __len__(self) -> int:
        return len(self.indices)


def read_table(X: Any, name: str = "X") -> Rows:
    """Return a table of numbers, finite or not, its storage type kept."""
    rows: Rows = check_array(
        X,
        accept_sparse="csr",
        dtype=list(STORAGE_DTYPES),
        ensure_all_finite=False,
        input_name=name,
    )
    if sparse.issparse(rows) and not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def finite_rows(X: Rows) -> BoolArray:
    """Return which rows hold neither NaN nor infinity, block by block."""
    if sparse.issparse(X):
        finite = np.ones(X.shape[0], dtype=np.bool_)
        bad = np.flatnonzero(~np.isfinite(X.data))
        finite[np.searchsorted(X.indptr, bad, side="right") - 1] = False
        return finite
    step = max(1, _BLOCK_ELEMENTS // max(1, X.shape[1]))
    blocks = row_slices(X.shape[0], step)
    return np.concatenate([np.isfinite(X[block]).all(axis=1) for block in blocks])


def draw_positions(n: int, sample: Any, random_state: Any) -> IndexArray:
    """Return at most ``sample`` of n positions, ascending; None takes all of them."""
    size = n if sample is None else check_integer("sample", sample, low=1)
    if size >= n:
        return np.arange(n)
    draw = check_random_state(random_state).permutation(n)[:size]
    return np.sort(draw)


def largest_entry(rows: Rows) -> float:
    """Return the largest magnitude of finite rows, 0 for none."""
    entries = rows.data if sparse.issparse(rows) else rows
    return float(np.abs(entries.astype(np.float64)).max()) if entries.size else 0.0


def scaled_rows(X: Rows, largest: float) -> tuple[Rows, float]:
    """Return rows in float64 with entries up to 1, and what they are multiplied by.

    The factor is a power of two, so that nothing is rounded; squares of what is left
    neither overflow nor, where it matters, underflow.
    """
    rows = X.astype(np.float64)
    if largest == 0.0:
        return rows, 1.0
    exponent = -int(np.frexp(largest)[1])
    # In two steps: the factor of subnormal numbers is beyond the range of float64.
    scaled = rows * 2.0 ** (exponent // 2) * 2.0 ** (exponent - exponent // 2)
    return scaled, float(np.ldexp(1.0, min(exponent, 1023)))


def first_occurrences(X: Rows) -> BoolArray:
    """Return which rows equal no earlier row, bit for bit.

    Rows are told apart by 64-bit hashes of their bytes.
    """
    seen: set[int] = set()
    first = np.zeros(X.shape[0], dtype=np.bool_)
    for i, key in enumerate(_row_hashes(X)):
        if key not in seen:
            seen.add(key)
            first[i] = True
    return first


def _row_hashes(X: Rows) -> Iterator[int]:
    if sparse.issparse(X):
        yield from _sparse_hashes(X)
        return
    for block in row_slices(X.shape[0], max(1, _BLOCK_ELEMENTS // X.shape[1])):
        table = np.ascontiguousarray(X[block])
        width = table.shape[1] * table.itemsize
        yield from map(hash, table.view(f"V{width}").ravel().tolist())


def _sparse_hashes(X: Rows) -> Iterator[int]:
    stored = X.copy()
    stored.eliminate_zeros()
    for start, stop in zip(stored.indptr[:-1], stored.indptr[1:], strict=True):
        entries = slice(start, stop)
        yield hash((stored.data[entries].tobytes(), stored.indices[entries].tobytes()))


def draw_sample(X: Rows, sample: Any, random_state: Any) -> Sample:
    """Draw rows that have a direction and occur once."""
    positions = draw_positions(X.shape[0], sample, random_state)
    return sample_at(X, positions, distinct=True)


def sample_at(X: Rows, positions: IndexArray, *, distinct: bool) -> Sample:
    """Take the rows at some positions that are finite and not zero."""
    drawn = X[positions]
    positions, drawn = _kept(positions, drawn, finite_rows(drawn))
    positions, drawn = _kept(positions, drawn, _nonzero(drawn))
    if distinct:
        positions, drawn = _kept(positions, drawn, first_occurrences(drawn))
    rows, scale = scaled_rows(drawn, largest_entry(drawn))
    return Sample(rows, drawn, positions, scale)


def scaled_alike(first: Sample, second: Sample) -> tuple[Sample, Sample]:
    """Return two samples scaled by the same factor."""
    largest = max(largest_entry(first.raw), largest_entry(second.raw))
    rescaled = []
    for drawn in (first, second):
        rows, scale = scaled_rows(drawn.raw, largest)
        rescaled.append(Sample(rows, drawn.raw, drawn.indices, scale))
    return rescaled[0], rescaled[1]


def _kept(
    positions: IndexArray, rows: Rows, mask: BoolArray
) -> tuple[IndexArray, Rows]:
    return (positions, rows) if mask.all() else (positions[mask], rows[mask])


def _nonzero(rows: Rows) -> BoolArray:
    if sparse.issparse(rows):
        stored = rows.copy()
        stored.eliminate_zeros()
        filled: BoolArray = np.diff(stored.indptr) > 0
        return filled
    return np.asarray((rows != 0).any(axis=1))


def column_moments(rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of every column of float64 rows, zeros for no rows."""
    if not rows.shape[0]:
        return np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
    mean = np.asarray(rows.mean(axis=0)).ravel()
    if sparse.issparse(rows):
        squares = rows.copy()
        squares.data = squares.data**2
        second = np.asarray(squares.mean(axis=0)).ravel()
        return mean, np.maximum(second - mean**2, 0.0)
    return mean, np.asarray(rows.var(axis=0))
