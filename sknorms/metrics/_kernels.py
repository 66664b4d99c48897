"""Compiled coordinate sums: ``out[i, j] = -sum_k term(queries[i, k], corpus[j, k])``.

Rows are float32. They compute float32 scores for the engine's bound, so the order of
additions is free (``reassoc``): every order has the same error bound. Contraction to
fused operations is free for the same reason.
"""

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, Float32Array

__all__ = [
    "POWER_ERROR",
    "canberra_scores",
    "capped_scores",
    "chebyshev_scores",
    "hamming_scores",
    "manhattan_scores",
    "power",
    "power_scores",
]

_ANY_ORDER = {"reassoc", "contract", "nsz"}
# Corpus rows taken together with all queries of a block, so that they stay in the
# first-level cache.
_TILE = 64


@kernel(fastmath=_ANY_ORDER)
def _manhattan_tile(
    queries: AnyArray, corpus: AnyArray, i: int, j: int, out: Float32Array
) -> None:
    """Do four queries against two corpus rows: each value read serves several sums."""
    x0, x1, x2, x3 = queries[i], queries[i + 1], queries[i + 2], queries[i + 3]
    y0, y1 = corpus[j], corpus[j + 1]
    s00 = s10 = s20 = s30 = s01 = s11 = s21 = s31 = queries.dtype.type(0)
    for k in range(queries.shape[1]):
        u, v = y0[k], y1[k]
        s00 += abs(x0[k] - u)
        s10 += abs(x1[k] - u)
        s20 += abs(x2[k] - u)
        s30 += abs(x3[k] - u)
        s01 += abs(x0[k] - v)
        s11 += abs(x1[k] - v)
        s21 += abs(x2[k] - v)
        s31 += abs(x3[k] - v)
    out[i, j], out[i, j + 1] = -s00, -s01
    out[i + 1, j], out[i + 1, j + 1] = -s10, -s11
    out[i + 2, j], out[i + 2, j + 1] = -s20, -s21
    out[i + 3, j], out[i + 3, j + 1] = -s30, -s31


@kernel(fastmath=_ANY_ORDER)
def _manhattan_pair(
    queries: AnyArray, corpus: AnyArray, i: int, j: int, out: Float32Array
) -> None:
    total = queries.dtype.type(0)
    for k in range(queries.shape[1]):
        total += abs(queries[i, k] - corpus[j, k])
    out[i, j] = -total


@kernel(fastmath=_ANY_ORDER)
def manhattan_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the sums of absolute differences."""
    n_queries, n_corpus = queries.shape[0], corpus.shape[0]
    in_fours = n_queries - n_queries % 4
    in_twos = n_corpus - n_corpus % 2
    for first in range(0, in_twos, _TILE):
        for i in range(0, in_fours, 4):
            for j in range(first, min(first + _TILE, in_twos), 2):
                _manhattan_tile(queries, corpus, i, j, out)
    for i in range(n_queries):
        for j in range(in_twos if i < in_fours else 0, n_corpus):
            _manhattan_pair(queries, corpus, i, j, out)


@kernel(fastmath=_ANY_ORDER)
def chebyshev_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the largest absolute differences."""
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                # The bits of positive floats are ordered as the floats are, and maxima
                # of integers compile to vector instructions.
                largest = np.int32(0)
                for k in range(queries.shape[1]):
                    gap = np.float32(abs(queries[i, k] - corpus[j, k]))
                    largest = max(largest, gap.view(np.int32))
                out[i, j] = -np.int32(largest).view(np.float32)


@kernel(fastmath=_ANY_ORDER, error_model="numpy")
def canberra_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the sums of absolute differences relative to both sizes."""
    zero, one = np.float32(0), np.float32(1)
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                total = zero
                for k in range(queries.shape[1]):
                    x, y = queries[i, k], corpus[j, k]
                    size = abs(x) + abs(y)
                    total += abs(x - y) / (size if size > zero else one)
                out[i, j] = -total


@kernel(fastmath=_ANY_ORDER, error_model="numpy")
def hamming_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the shares of columns that differ."""
    zero, one = np.float32(0), np.float32(1)
    n_features = np.float32(queries.shape[1])
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                total = zero
                for k in range(queries.shape[1]):
                    total += one if queries[i, k] != corpus[j, k] else zero
                out[i, j] = -total / n_features


@kernel(fastmath=_ANY_ORDER)
def capped_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the sums of ``min(|x - y|, 1)``, leaving out what is NaN."""
    zero, one = np.float32(0), np.float32(1)
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                total = zero
                for k in range(queries.shape[1]):
                    gap = abs(queries[i, k] - corpus[j, k])
                    # Both comparisons are false for NaN.
                    total += gap if gap < one else (one if gap >= one else zero)
                out[i, j] = -total


# The power function of a library costs fifty times a product, one at a time. These
# polynomials give log2(1 + t) on [0, 1) to 1.2e-4 and 2^t to 1e-4 of its size
# (interpolated at Chebyshev nodes); whole exponents come out of the bits of a float,
# and go back into them. All of it compiles to vector instructions.
_LOG_0, _LOG_1, _LOG_2, _LOG_3, _LOG_4 = (
    np.float32(c)
    for c in (1.1457996e-4, 1.4368749, -0.6708827, 0.31226948, -0.07844067)
)
_EXP_0, _EXP_1, _EXP_2, _EXP_3 = (
    np.float32(c) for c in (0.9999003, 0.69632477, 0.22469315, 0.07896726)
)
# What they and the rounding of exponents may add up to in a power and in its root,
# relatively; tested on every float32 mantissa.
POWER_ERROR = 2.0**-11
_ONE = np.float32(1)
_MANTISSA, _ONE_BITS, _NORMAL = np.int32(0x7FFFFF), np.int32(0x3F800000), np.int32(1)
_SHIFT, _BIAS = np.int32(23), np.int32(127)
_LOWEST, _HIGHEST = np.float32(0), np.float32(227)


@kernel(fastmath=_ANY_ORDER)
def power(x: np.float32, p: np.float32) -> np.float32:
    """Return ``x^p`` for x >= 0, at most 2^100; 0 for what is not a normal float."""
    bits = np.float32(x).view(np.int32)
    exponent = bits >> _SHIFT
    t = np.int32((bits & _MANTISSA) | _ONE_BITS).view(np.float32) - _ONE
    log = _LOG_0 + t * (_LOG_1 + t * (_LOG_2 + t * (_LOG_3 + t * _LOG_4)))
    log += np.float32(exponent - _BIAS)
    # Not negative, so that cutting off the digits rounds down.
    biased = min(max(p * log + np.float32(_BIAS), _LOWEST), _HIGHEST)
    whole = np.int32(biased)
    t = biased - np.float32(whole)
    fraction = _EXP_0 + t * (_EXP_1 + t * (_EXP_2 + t * _EXP_3))
    result = fraction * np.int32(whole << _SHIFT).view(np.float32)
    return result if exponent >= _NORMAL else np.float32(0)


@kernel(fastmath=_ANY_ORDER)
def power_scores(
    queries: AnyArray, corpus: AnyArray, p: float, root: float, out: Float32Array
) -> None:
    """Write minus ``(sum |x - y|^p)^root``."""
    order, inverse = np.float32(p), np.float32(root)
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                total = np.float32(0)
                for k in range(queries.shape[1]):
                    total += power(abs(queries[i, k] - corpus[j, k]), order)
                out[i, j] = -power(total, inverse)
