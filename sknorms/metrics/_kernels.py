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
    "power_scores",
    "power_sum",
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


# A general power costs fifty times a product. These polynomials give log2(1 + t) and
# 2^t on [0, 1) to 1.7e-5 and, relatively, 3.5e-6 (interpolated at Chebyshev nodes); the
# exponents come out of, and go into, the bits of the float.
_LOG = tuple(
    np.float32(c)
    for c in (1.651467e-5, 1.4414924, -0.70648646, 0.40947029, -0.1874886, 0.043004956)
)
_EXP = tuple(
    np.float32(c) for c in (1.0000035, 0.6929729, 0.24160436, 0.0517449975, 0.01367031)
)
# Relative room for them and for the rounding of the exponent, at most 127 in size:
# twice of what every float32 mantissa was tested to need.
POWER_ERROR = 2.0**-13
_NORMAL = np.int32(0x00800000)
_MANTISSA = np.int32(0x007FFFFF)
_ONE_BITS = np.int32(0x3F800000)
_SHIFT = np.int32(23)
_BIAS = np.int32(127)
_LARGEST_EXPONENT = np.float32(100.0)


@kernel(fastmath=_ANY_ORDER)
def power_sum(x: Float32Array, y: Float32Array, p: np.float32) -> np.float32:
    """Return ``sum |x - y|^p``; terms are capped at 2^100, and tiny ones are zero."""
    zero = np.float32(0)
    total = zero
    for k in range(x.shape[0]):
        bits = np.float32(abs(x[k] - y[k])).view(np.int32)
        whole = np.float32((bits >> _SHIFT) - _BIAS)
        t = np.int32((bits & _MANTISSA) | _ONE_BITS).view(np.float32) - np.float32(1)
        log = _LOG[4] + t * _LOG[5]
        log = _LOG[0] + t * (_LOG[1] + t * (_LOG[2] + t * (_LOG[3] + t * log)))
        exponent = min(p * (whole + log), _LARGEST_EXPONENT)
        exponent = max(exponent, np.float32(-_BIAS))
        floor = np.float32(np.floor(exponent))
        t = exponent - floor
        power = _EXP[2] + t * (_EXP[3] + t * _EXP[4])
        power = _EXP[0] + t * (_EXP[1] + t * power)
        scale = np.int32((np.int32(floor) + _BIAS) << _SHIFT).view(np.float32)
        total += power * scale if bits >= _NORMAL else zero
    return total


@kernel(fastmath=_ANY_ORDER)
def power_scores(
    queries: AnyArray, corpus: AnyArray, p: float, root: float, out: Float32Array
) -> None:
    """Write minus ``(sum |x - y|^p)^root``."""
    for first in range(0, corpus.shape[0], _TILE):
        for i in range(queries.shape[0]):
            for j in range(first, min(first + _TILE, corpus.shape[0])):
                total = power_sum(queries[i], corpus[j], np.float32(p))
                out[i, j] = -(total ** np.float32(root))
