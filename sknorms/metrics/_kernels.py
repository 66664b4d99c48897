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
def manhattan_scores(queries: AnyArray, corpus: AnyArray, out: Float32Array) -> None:
    """Write minus the sums of absolute differences."""
    n_features = queries.shape[1]
    for first in range(0, corpus.shape[0], _TILE):
        last = min(first + _TILE, corpus.shape[0])
        for i in range(queries.shape[0]):
            for j in range(first, last):
                total = queries.dtype.type(0)
                for k in range(n_features):
                    total += abs(queries[i, k] - corpus[j, k])
                out[i, j] = -total
