"""Rigorous float32 rounding bounds, and numbers rounded to the safe side.

The bound on a computed inner product, ``|fl(x.y) - x.y| <= gamma_d |x||y|`` with
``gamma_d = d u / (1 - d u)``, holds for every order of summation, with and without
fused operations (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
section 3.1).
"""

import numpy as np
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms._typing import BoolArray, Float32Array, FloatArray, Rows

__all__ = [
    "EXACT_SLACK",
    "LONGEST_SQUARE32",
    "UNDERFLOW32",
    "UNIT32",
    "VANISHING64",
    "drop_long",
    "gamma32",
    "power_of_two_scale",
    "round_down32",
    "round_up32",
    "squared_lengths",
    "to_float32",
]

# Unit roundoff of float32: half the distance between 1 and the next number.
UNIT32 = 2.0**-24
# Relative room for the float64 rounding of exact values and thresholds, far below the
# float32 terms it joins. Exact sums are added pairwise, so that their error grows with
# log d rather than d; and from d = 2^23 on `gamma32` is infinite, and nothing is ruled
# out at all.
EXACT_SLACK = 2.0**-30
# Squared lengths, and sums of magnitudes, of scaled rows that float32 carries: whatever
# is made of two of them stays below its largest number, 2^128. Longer rows are left out
# of the scores, and every pair with them is evaluated exactly.
LONGEST_SQUARE32 = 2.0**100
# Absolute room for what falls below the normal range of float32. A cast, or a product,
# loses up to 2^-150 a coordinate. A row of length up to 2^50 makes of such casts up to
# 2^50 sqrt(d) 2^-150 on either side of a product: sqrt(d) 2^-99 in all, which leaves
# room for any d that `gamma32` is finite for.
UNDERFLOW32 = 2.0**-80
# The same for float64: terms of exact keys are rounded to multiples of 2^-1074, which
# loses up to 2^-1075 a coordinate. It has room for 2^35 of them.
VANISHING64 = 2.0**-1040


def gamma32(n_terms: int) -> float:
    """Return ``gamma_n`` for float32; infinite where the bound says nothing."""
    product = n_terms * UNIT32
    return product / (1.0 - product) if product < 0.5 else np.inf


def round_up32(values: FloatArray) -> Float32Array:
    """Return float32 numbers that are not smaller than ``values``."""
    with np.errstate(over="ignore", under="ignore"):
        nearest = np.asarray(values, dtype=np.float64).astype(np.float32)
        up: Float32Array = np.nextafter(nearest, np.float32(np.inf))
    return up


def round_down32(values: FloatArray) -> Float32Array:
    """Return float32 numbers that are not larger than ``values``."""
    return -round_up32(-np.asarray(values, dtype=np.float64))


def power_of_two_scale(sizes: FloatArray) -> float:
    """Return a power of two that brings the median positive size near one.

    Multiplying by it is exact, so scaled rows keep every digit; the median keeps one
    enormous row from pushing all the others into the subnormal range.
    """
    usable = sizes[(sizes > 0) & np.isfinite(sizes)]
    if usable.size == 0:
        return 1.0
    exponent = int(np.frexp(np.median(usable))[1])
    return float(np.ldexp(1.0, min(max(-exponent, -1000), 1000)))


def to_float32(vectors: Rows) -> Rows:
    """Round to float32 in C order, without warnings; its caller deals with overflow."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if sparse.issparse(vectors):
            return vectors.astype(np.float32)
        return vectors.astype(np.float32, order="C")


def squared_lengths(rows: Rows) -> FloatArray:
    """Return the squared Euclidean length of float32 rows, in float64."""
    wide = rows.astype(np.float64)
    if sparse.issparse(rows):
        return np.asarray(wide.multiply(wide).sum(axis=1)).ravel()
    total: FloatArray = row_sum(wide * wide)
    return total


def drop_long(vectors: Rows, lengths: FloatArray) -> BoolArray:
    """Zero, in place, the rows that float32 cannot carry; return which they were.

    Parameters
    ----------
    vectors : ndarray or CSR of shape (n, width)
        Written to. CSR rows keep their structure, with zeros as their stored entries.
    lengths : float64 array of shape (n,)
        Squared lengths or sums of magnitudes; a row of NaN is dropped as well.

    Returns
    -------
    bool array of shape (n,)
    """
    long: BoolArray = ~(lengths <= LONGEST_SQUARE32)
    if sparse.issparse(vectors):
        vectors.data[np.repeat(long, np.diff(vectors.indptr))] = 0
    else:
        vectors[long] = 0
    return long
