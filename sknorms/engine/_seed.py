"""A first threshold for every query, so that the first blocks already prune."""

from dataclasses import dataclass

import numpy as np

from sknorms._arrays import some_rows
from sknorms._typing import FloatArray, IndexArray
from sknorms.engine._admission import Admission
from sknorms.engine._corpus import Corpus, QueryBlock
from sknorms.engine._geometry import Embedded

__all__ = ["Sample", "first_thresholds"]


@dataclass(frozen=True)
class Sample:
    """Corpus rows from all over, embedded once for all queries."""

    indices: IndexArray
    embedded: Embedded

    @classmethod
    def draw(cls, corpus: Corpus, size: int, k: int) -> "Sample | None":
        """Return a sample, or None where there is no bound or too few rows for k."""
        if corpus.embedding is None or size <= k:
            return None
        indices = some_rows(corpus.n_rows, size)
        return cls(indices, corpus.embed(indices))


def first_thresholds(
    corpus: Corpus,
    block: QueryBlock,
    k: int,
    sample: Sample | None,
    *,
    admission: Admission | None = None,
) -> tuple[FloatArray, int]:
    """Return, per query, a key that its k-th neighbour cannot exceed.

    The k-th smallest exact key of *any* k rows is such a number; rows that score well
    in a sample make it a small one. How many pairs were measured is returned as well.
    """
    if sample is None or corpus.embedding is None or block.embedded is None:
        return np.full(len(block), np.inf), 0
    score = np.empty((len(block), len(sample.indices)), dtype=np.float32)
    corpus.embedding.score(block.embedded.rows, sample.embedded.rows, out=score)
    weight = corpus.embedding.rank_weight(block.embedded)
    with np.errstate(invalid="ignore", over="ignore"):
        surrogate = weight * sample.embedded.numbers - score
    if admission is not None:
        shut = ~admission.admits(block.numbers[:, None], sample.indices)
        surrogate[shut] = np.inf
    best = np.argpartition(surrogate, k - 1, axis=1)[:, :k]
    indices = sample.indices[best]
    rows = np.repeat(np.arange(len(block)), k)
    keys = block.pair_keys(corpus, rows, indices.ravel()).reshape(indices.shape)
    if admission is not None:
        keys[np.take_along_axis(shut, best, axis=1)] = np.inf
    # NaN (pairs without a distance) sorts last, and as a threshold prunes nothing.
    kth: FloatArray = np.sort(keys, axis=1)[:, k - 1]
    return np.where(np.isnan(kth), np.inf, kth), keys.size
