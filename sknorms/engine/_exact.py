"""Exact keys of chosen pairs, a cache-sized chunk at a time."""

import numpy as np

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray
from sknorms.engine._corpus import Corpus, QueryBlock

__all__ = ["pair_keys"]

# Gathered rows of one chunk, so that the passes over them stay in cache.
_CHUNK_BYTES = 1 << 18


def pair_keys(
    corpus: Corpus, block: QueryBlock, rows: IndexArray, indices: IndexArray
) -> FloatArray:
    """Return the exact keys of pairs (query row, corpus row).

    Parameters
    ----------
    corpus : Corpus
    block : QueryBlock
    rows : intp array of shape (n_pairs,)
        Rows within the query block.
    indices : intp array of shape (n_pairs,)
        Rows of the corpus.

    Returns
    -------
    float64 array of shape (n_pairs,)
    """
    if block.represented is None:
        raise ValueError("this geometry evaluates whole blocks, not single pairs.")
    geometry = corpus.geometry
    keys = np.empty(len(rows))
    row_bytes = 8 * max(1, block.represented.shape[1], corpus.n_features)
    for chunk in row_slices(len(rows), max(1, _CHUNK_BYTES // row_bytes)):
        keys[chunk] = geometry.pair_keys(
            block.represented, rows[chunk], corpus.rows, indices[chunk]
        )
    return keys
