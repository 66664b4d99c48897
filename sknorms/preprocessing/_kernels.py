"""Measuring and dividing dense rows in one pass over memory, compiled.

The sums are taken in NumPy's order, so that the norms, and with them the quotients, are
the bits of `sknorms.norms` with or without a compiler.
"""

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray

__all__ = ["LARGEST", "MAGNITUDES", "SQUARES", "divide_dense", "pairwise_sum"]

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
            divisor = norm if norm > 0.0 else 1.0
            quotient = out[i]
            # By way of scratch: writing over a row while reading it is not vectorised.
            for j in range(n_features):
                terms[j] = np.float64(row[j]) / divisor
            for j in range(n_features):
                quotient[j] = terms[j]
