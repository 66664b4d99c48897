"""Measuring and dividing rows in one pass over memory, compiled.

The sums are taken in NumPy's order, so that the norms, and with them the quotients, are
the bits of `sknorms.norms` with or without a compiler.
"""

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray

__all__ = [
    "LARGEST",
    "MAGNITUDES",
    "SQUARES",
    "divide_dense",
    "divide_stored",
]

# What a row's norm is taken of.
LARGEST, MAGNITUDES, SQUARES = 0, 1, 2

# Longest run that NumPy sums without splitting it.
_RUN = 128


@kernel(error_model="numpy")
def run_sum(run: FloatArray) -> float:
    """Sum at most 128 terms in eight interleaved parts, as NumPy does."""
    length = len(run)
    if length < 8:
        total = 0.0
        for i in range(length):
            total += run[i]
        return total
    p0, p1, p2, p3, p4, p5, p6, p7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for block in range(length // 8):
        # Indices counted from zero need no test for being negative.
        eight = run[8 * block : 8 * block + 8]
        p0 += eight[0]
        p1 += eight[1]
        p2 += eight[2]
        p3 += eight[3]
        p4 += eight[4]
        p5 += eight[5]
        p6 += eight[6]
        p7 += eight[7]
    total = ((p0 + p1) + (p2 + p3)) + ((p4 + p5) + (p6 + p7))
    for i in range(length - length % 8, length):
        total += run[i]
    return total


@kernel(error_model="numpy")
def pairwise_sum(terms: FloatArray, lengths: IndexArray, lefts: FloatArray) -> float:
    """Sum terms by halving them down to runs, as ``np.add.reduce`` does.

    ``lengths`` and ``lefts`` are scratch for 64 levels: how many terms a level sums (-1
    once it is at its right half), and the sum of its left half.
    """
    depth = 0
    start = 0
    lengths[0] = len(terms)
    while True:
        length = lengths[depth]
        if length > _RUN:
            half = length // 2
            lengths[depth + 1] = half - half % 8
            depth += 1
            continue
        total = run_sum(terms[start : start + length])
        start += length
        while depth > 0 and lengths[depth - 1] < 0:
            depth -= 1
            total = lefts[depth] + total
        if depth == 0:
            return total
        half = lengths[depth - 1] // 2
        lengths[depth] = lengths[depth - 1] - (half - half % 8)
        lengths[depth - 1] = -1
        lefts[depth - 1] = total


@kernel(error_model="numpy")
def _divide_run(row: AnyArray, norm: float, scratch: FloatArray, out: AnyArray) -> None:
    """Write a run of numbers divided by a norm; ``out`` may be the run itself."""
    divisor = norm if norm > 0.0 else 1.0
    # By way of scratch: writing over a row while reading it is not vectorised.
    if out.itemsize == 4:
        # To float32 by the reciprocal, as in `sknorms.norms`.
        factor = 1.0 / divisor
        for j in range(len(row)):
            scratch[j] = np.float64(row[j]) * factor
    else:
        for j in range(len(row)):
            scratch[j] = np.float64(row[j]) / divisor
    for j in range(len(row)):
        out[j] = scratch[j]


@kernel(error_model="numpy")
def divide_dense(
    rows: AnyArray, out: AnyArray, kind: int, limits: FloatArray, norms: FloatArray
) -> None:
    """Write every row divided by its norm, as far as the plain norm is accurate.

    Parameters
    ----------
    rows, out : float32 or float64 arrays of shape (n, d), C-contiguous
        May be the same array.
    kind : int
        One of ``LARGEST``, ``MAGNITUDES``, ``SQUARES``.
    limits : float64 array of shape (2,)
        Sums within ``[limits[0], limits[1])`` are accurate.
    norms : float64 array of shape (n,)
        Receives the norms; -1 for rows left alone because theirs is not accurate.
    """
    n_features = rows.shape[1]
    terms = np.empty(n_features)
    lengths = np.empty(64, dtype=np.intp)
    lefts = np.empty(64)
    for i in range(len(rows)):
        row = rows[i]
        for j in range(n_features):
            value = np.float64(row[j])
            terms[j] = value * value if kind == SQUARES else abs(value)
        if kind == LARGEST:
            total = terms.max()
        elif n_features <= _RUN:
            total = run_sum(terms)  # spares short rows a call that is not inlined
        else:
            total = pairwise_sum(terms, lengths, lefts)
        norms[i] = -1.0
        if limits[0] <= total < limits[1]:
            norm = np.sqrt(total) if kind == SQUARES else total
            norms[i] = norm
            _divide_run(row, norm, terms, out[i])


@kernel(error_model="numpy")
def stored_run_sum(
    terms: FloatArray, columns: AnyArray, start: int, length: int, parts: FloatArray
) -> float:
    """Sum what is stored of a run of at most 128 columns, as `run_sum` does."""
    whole = length - length % 8
    parts[:] = 0.0
    stored = 0
    while stored < len(columns) and columns[stored] - start < whole:
        parts[(columns[stored] - start) % 8] += terms[stored]
        stored += 1
    left = (parts[0] + parts[1]) + (parts[2] + parts[3])
    total: float = left + ((parts[4] + parts[5]) + (parts[6] + parts[7]))
    for i in range(stored, len(columns)):
        total += terms[i]
    return total


@kernel(error_model="numpy")
def stored_sum(
    terms: FloatArray,
    columns: AnyArray,
    n_columns: int,
    lengths: IndexArray,
    lefts: FloatArray,
    parts: FloatArray,
) -> float:
    """Sum the stored terms of a sparse row, sorted by column, as `pairwise_sum` does.

    Zeros change no sum of non-negative terms, so a part is entered only if it holds
    several entries.
    """
    depth = 0
    start = 0
    done = 0
    lengths[0] = n_columns
    while True:
        length = lengths[depth]
        stop = start + length
        several = done + 1 < len(columns) and columns[done + 1] < stop
        if several and length > _RUN:
            half = length // 2
            lengths[depth + 1] = half - half % 8
            depth += 1
            continue
        total = 0.0
        if several:
            first = done
            while done < len(columns) and columns[done] < stop:
                done += 1
            run, places = terms[first:done], columns[first:done]
            total = stored_run_sum(run, places, start, length, parts)
        elif done < len(columns) and columns[done] < stop:
            total = terms[done]
            done += 1
        start += length
        while depth > 0 and lengths[depth - 1] < 0:
            depth -= 1
            total = lefts[depth] + total
        if depth == 0:
            return total
        half = lengths[depth - 1] // 2
        lengths[depth] = lengths[depth - 1] - (half - half % 8)
        lengths[depth - 1] = -1
        lefts[depth - 1] = total


@kernel(error_model="numpy")
def divide_stored(
    values: AnyArray,
    columns: AnyArray,
    starts: AnyArray,
    n_columns: int,
    out: AnyArray,
    kind: int,
    limits: FloatArray,
    norms: FloatArray,
) -> None:
    """Write every CSR row divided by its norm, as `divide_dense` does.

    Parameters
    ----------
    values, out : float32 or float64 arrays of shape (n_stored,)
        May be the same array.
    columns, starts : int arrays of shape (n_stored,) and (n + 1,)
        Where the values are; sorted within a row.
    n_columns : int
    kind : int
        One of ``MAGNITUDES``, ``SQUARES``.
    limits : float64 array of shape (2,)
    norms : float64 array of shape (n,)
        Receives the norms; -1 for rows left alone.
    """
    lengths = np.empty(64, dtype=np.intp)
    lefts = np.empty(64)
    parts = np.empty(8)
    terms = np.empty(np.max(np.diff(starts)))
    for i in range(len(norms)):
        row = values[starts[i] : starts[i + 1]]
        for j in range(len(row)):
            value = np.float64(row[j])
            terms[j] = value * value if kind == SQUARES else abs(value)
        places = columns[starts[i] : starts[i + 1]]
        row_terms = terms[: len(row)]
        total = stored_sum(row_terms, places, n_columns, lengths, lefts, parts)
        norms[i] = -1.0
        if limits[0] <= total < limits[1]:
            norm = np.sqrt(total) if kind == SQUARES else total
            norms[i] = norm
            _divide_run(row, norm, terms, out[starts[i] : starts[i + 1]])
