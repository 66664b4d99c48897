"""The test that a bound is for, as `Embedding` documents it, one pair at a time."""

import numpy as np

__all__ = ["ruled_out"]


def ruled_out(embedding, queries, corpus, limits):
    """Return which pairs the bound rules out.

    ``limits``, the largest keys still of interest, broadcasts to one a pair.
    """
    ours, theirs = embedding.queries(queries), embedding.corpus(corpus)
    score = np.empty((queries.shape[0], corpus.shape[0]), dtype=np.float32)
    embedding.score(ours.rows, theirs.rows, out=score)
    limits = np.broadcast_to(limits, score.shape)
    out = np.empty(score.shape, dtype=bool)
    for j in range(score.shape[1]):
        weight, level = embedding.cut(ours.numbers, limits[:, j])
        with np.errstate(invalid="ignore", over="ignore"):
            out[:, j] = weight * theirs.numbers[j] - score[:, j] > level
    return out
