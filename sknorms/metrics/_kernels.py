"""Compiled coordinate sums: ``out[i, j] = -sum_k term(queries[i, k], corpus[j, k])``.

They compute float32 scores for the engine's bound, so the order of additions is free
(``reassoc``): every order has the same error bound. Contraction to fused operations is
free for the same reason.
"""

from sknorms._compile import kernel
from sknorms._typing import AnyArray, Float32Array

__all__ = ["manhattan_scores"]

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
