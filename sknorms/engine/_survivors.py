"""The filter after the bound: which pairs of a scored block must be evaluated."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sknorms._arrays import row_slices
from sknorms._compile import kernels_available
from sknorms._typing import Float32Array, FloatArray, IndexArray
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._kernels import (
    Found,
    collect_survivors,
    drop_beyond,
    product_survivors,
)

__all__ = ["Sieve", "can_fuse", "scored_survivors", "survivors"]

Pairs = tuple[IndexArray, IndexArray]


@dataclass(frozen=True)
class Sieve:
    """What pairs have to pass, query by query.

    Attributes
    ----------
    weight, level : float32 arrays of shape (n,)
        A pair survives unless its value, ``weight * offset - score``, is beyond the
        level.
    heaps : float32 array of shape (n, k) or (n, 0)
        The smallest values so far, each with the gap of its corpus row. ``growth``
        times the last of k of them, plus ``slack``, makes a level as well, which needs
        nothing exact.
    slack : float32 array of shape (n,)
    growth : float64 array of shape (n,)
    """

    weight: Float32Array
    level: Float32Array
    heaps: Float32Array
    slack: Float32Array
    growth: FloatArray

    @property
    def closes(self) -> bool:
        """Whether levels come down as closer pairs are seen."""
        return bool(self.heaps.shape[1])

    @classmethod
    def plain(cls, weight: Float32Array, level: Float32Array) -> "Sieve":
        """Return a sieve whose levels stay as they are."""
        heaps = np.empty((len(weight), 0), dtype=np.float32)
        growth = np.ones(len(weight))
        return cls(weight, level.copy(), heaps, np.zeros_like(level), growth)

    @classmethod
    def closing(
        cls,
        weight: Float32Array,
        level: Float32Array,
        slack: Float32Array,
        growth: FloatArray,
        k: int,
    ) -> "Sieve":
        """Return a sieve whose levels come down as k closer pairs are seen."""
        heaps = np.full((len(weight), k), np.inf, dtype=np.float32)
        return cls(weight, level.copy(), heaps, slack, growth)


def scored_survivors(
    embedding: Embedding,
    queries: Embedded,
    corpus: Embedded,
    sieve: Sieve,
    scratch: Float32Array,
    step: int,
    capacity: int,
) -> Iterator[Pairs]:
    """Score queries against corpus rows, block by block, and yield what survives.

    Parameters
    ----------
    embedding : Embedding
    queries, corpus : Embedded
    sieve : Sieve
    scratch : float32 array
        Room for the scores of a block: at least ``n_queries * step`` numbers.
    step : int
        Corpus rows in a block.
    capacity : int
        Roughly how many pairs to hand over at a time.

    Yields
    ------
    rows, columns : intp arrays of equal length
    """
    if can_fuse(embedding, corpus):
        yield from _fused(queries, corpus, sieve, scratch, step, capacity)
        return
    blocks = _scored(embedding, queries, corpus, scratch, step)
    if sieve.closes and kernels_available():
        yield from _closing(blocks, sieve, max(capacity, step))
        return
    for start, score, block in blocks:
        for rows, columns in survivors(score, block.numbers, sieve, capacity):
            yield rows, columns + start


def _scored(
    embedding: Embedding,
    queries: Embedded,
    corpus: Embedded,
    scratch: Float32Array,
    step: int,
) -> Iterator[tuple[int, Float32Array, Embedded]]:
    """Yield where a block starts, its scores and its rows."""
    for part in row_slices(len(corpus.numbers), step):
        block = corpus.take(part)
        shape = (len(queries.numbers), part.stop - part.start)
        score = scratch[: shape[0] * shape[1]].reshape(shape)
        embedding.score(queries.rows, block.rows, out=score)
        yield part.start, score, block


def _closing(
    blocks: Iterator[tuple[int, Float32Array, Embedded]],
    sieve: Sieve,
    capacity: int,
) -> Iterator[Pairs]:
    """Hold back what survives a block until levels have come down in later ones."""
    found, count = _room(capacity, 1), 0
    tests = (sieve.weight, sieve.level, sieve.heaps, sieve.growth, sieve.slack)
    for start, score, block in blocks:
        offset, row = block.numbers, 0
        gaps = offset[:0] if block.gaps is None else block.gaps
        while row < len(score):
            count, row = collect_survivors(
                score, offset, gaps, *tests, row, found, count, start
            )
            if row < len(score):
                count = drop_beyond(sieve.level, found, count)
                if 2 * count > capacity or count + len(offset) > capacity:
                    yield found[0][:count], found[1][:count]
                    count = 0
    count = drop_beyond(sieve.level, found, count)
    if count:
        yield found[0][:count], found[1][:count]


def can_fuse(embedding: Embedding, corpus: Embedded) -> bool:
    """Whether scores can be computed and tested in one compiled pass."""
    dense = isinstance(corpus.rows, np.ndarray)
    return embedding.is_product and dense and kernels_available()


def _fused(
    queries: Embedded,
    corpus: Embedded,
    sieve: Sieve,
    scratch: Float32Array,
    step: int,
    capacity: int,
) -> Iterator[Pairs]:
    step = min(step, len(corpus.numbers))
    found = _room(capacity, step)
    column = row = 0
    while column < len(corpus.numbers):
        count, column, row = product_survivors(
            queries.rows,
            corpus.rows,
            corpus.numbers,
            sieve.weight,
            sieve.level,
            sieve.heaps,
            sieve.growth,
            sieve.slack,
            scratch,
            step,
            column,
            row,
            found,
        )
        if count:
            yield found[0][:count], found[1][:count]


def survivors(
    score: Float32Array,
    offset: Float32Array,
    sieve: Sieve,
    capacity: int,
) -> Iterator[Pairs]:
    """Yield (rows, columns) of the pairs that the bound cannot rule out.

    Parameters
    ----------
    score : float32 array of shape (n, m)
        Scores of the block; may be overwritten.
    offset : float32 array of shape (m,)
    sieve : Sieve
    capacity : int
        Roughly how many pairs to hand over at a time.

    Yields
    ------
    rows, columns : intp arrays of equal length
        Sorted by row, then column.
    """
    if kernels_available():
        yield from _compiled(score, offset, sieve, capacity)
    else:
        yield from _in_place(score, offset, sieve, capacity)


def _compiled(
    score: Float32Array, offset: Float32Array, sieve: Sieve, capacity: int
) -> Iterator[Pairs]:
    found = _room(capacity, score.shape[1])
    row = 0
    while row < len(score):
        count, row = collect_survivors(
            score,
            offset,
            offset[:0],
            sieve.weight,
            sieve.level,
            sieve.heaps,
            sieve.growth,
            sieve.slack,
            row,
            found,
            0,
            0,
        )
        if count:
            yield found[0][:count], found[1][:count]


def _room(capacity: int, n_columns: int) -> Found:
    # A row of scores has to fit in whole.
    capacity = max(capacity, n_columns)
    rows, columns = (np.empty(capacity, dtype=np.intp) for _ in range(2))
    return rows, columns, np.empty(capacity, dtype=np.float32)


def _in_place(
    score: Float32Array, offset: Float32Array, sieve: Sieve, capacity: int
) -> Iterator[Pairs]:
    with np.errstate(invalid="ignore", over="ignore"):
        np.subtract(sieve.weight[:, None] * offset, score, out=score)
        flat = np.flatnonzero(~(score > sieve.level[:, None]))
    for start in range(0, len(flat), capacity):
        rows, columns = np.divmod(flat[start : start + capacity], score.shape[1])
        yield rows, columns
