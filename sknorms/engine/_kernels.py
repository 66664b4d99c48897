"""Compiled kernels of the engine. Each has a NumPy twin beside its caller."""

from typing import Any, TypeAlias

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import Float32Array, FloatArray, IndexArray

__all__ = [
    "Found",
    "collect_survivors",
    "drop_beyond",
    "product_survivors",
    "push_candidates",
]

# Rows, columns and values of pairs, three arrays of equal length to be written to.
Found: TypeAlias = tuple[IndexArray, IndexArray, Float32Array]
# Scores are tested in runs of this many. Only in this form, with a fixed length, a
# boolean to collect into and no call, does the test compile to vector instructions,
# which makes it ten times faster than pair by pair.
_RUN = 64


@kernel()
def _push(heap: Float32Array, value: float) -> None:
    """Replace the largest number of a heap, which is in front, by a smaller one."""
    at, child = 0, 1
    last = heap.shape[0] - 1
    while child < last:
        # Added rather than branched on: which child is larger nobody can predict.
        child += heap[child + 1] > heap[child]
        if heap[child] <= value:
            heap[at] = value
            return
        heap[at] = heap[child]
        at, child = child, 2 * child + 1
    if child == last and heap[child] > value:
        heap[at] = heap[child]
        at = child
    heap[at] = value


@kernel()
def _collect_run(
    score: Float32Array,
    offset: Float32Array,
    gaps: Float32Array,
    i: int,
    run: tuple[int, int, int],
    w: float,
    t: float,
    heap: Float32Array,
    growth: float,
    slack: float,
    found: Found,
    count: int,
) -> tuple[int, Any]:
    """Write the pairs of a run that pass; return how many by now, and the level."""
    start, stop, origin = run
    rows, columns, values = found
    for j in range(start, stop):
        value = w * offset[j] - score[i, j]
        if not (value > t):
            rows[count] = i
            columns[count] = origin + j
            values[count] = value
            count += 1
            if heap.shape[0] and value > -np.inf:
                above = value + gaps[j] if gaps.shape[0] else value
                if above < heap[0]:
                    _push(heap, above)
                    t = min(t, growth * heap[0] + slack)
    return count, t


@kernel()
def collect_survivors(
    score: Float32Array,
    offset: Float32Array,
    gaps: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    heaps: Float32Array,
    growth: FloatArray,
    slack: Float32Array,
    first_row: int,
    found: Found,
    count: int,
    origin: int,
) -> tuple[int, int]:
    """Write the pairs that pass the bound; return how many by now, and the next row.

    A pair's value is ``weight * offset - score``; columns are numbered from ``origin``.
    Where ``heaps`` have columns, they keep the smallest values of each query, plus the
    gaps of the columns if there are any, and levels, which are overwritten, come down
    to ``growth`` times the last of them plus ``slack``. Stops before a row that might
    not fit into what was found, so that the caller can make room and come back.
    """
    n_rows, n_columns = score.shape
    in_runs = n_columns - n_columns % _RUN
    rest = in_runs, n_columns, origin
    for i in range(first_row, n_rows):
        if count + n_columns > found[0].shape[0]:
            return count, i
        w, t, heap = weight[i], level[i], heaps[i]
        g, s = growth[i], slack[i]
        for start in range(0, in_runs, _RUN):
            passing = False
            for j in range(_RUN):
                # Written so that NaN passes: what cannot be bounded is kept.
                passing |= not (w * offset[start + j] - score[i, start + j] > t)
            if passing:
                run = start, start + _RUN, origin
                count, t = _collect_run(
                    score, offset, gaps, i, run, w, t, heap, g, s, found, count
                )
        count, t = _collect_run(
            score, offset, gaps, i, rest, w, t, heap, g, s, found, count
        )
        level[i] = t
    return count, n_rows


@kernel()
def drop_beyond(level: Float32Array, found: Found, count: int) -> int:
    """Drop pairs that levels have come down below since; return how many are left."""
    rows, columns, values = found
    kept = 0
    for p in range(count):
        if not (values[p] > level[rows[p]]):
            rows[kept] = rows[p]
            columns[kept] = columns[p]
            values[kept] = values[p]
            kept += 1
    return kept


@kernel()
def product_survivors(
    queries: Float32Array,
    corpus: Float32Array,
    offset: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    heaps: Float32Array,
    growth: FloatArray,
    slack: Float32Array,
    scratch: Float32Array,
    step: int,
    first_column: int,
    first_row: int,
    found: Found,
) -> tuple[int, int, int]:
    """Score block after block by a product, and write the pairs that pass.

    ``scratch`` holds the scores of all queries with ``step`` corpus rows. Returns how
    many pairs were found, and the corpus row and query to come back to; the scores of
    a block that was left half way are still in ``scratch`` then.
    """
    n_queries, n_corpus = queries.shape[0], corpus.shape[0]
    room = found[0].shape[0]
    count = 0
    for start in range(first_column, n_corpus, step):
        stop = min(start + step, n_corpus)
        score = scratch[: n_queries * (stop - start)].reshape((n_queries, stop - start))
        if first_row == 0:
            if n_queries == 1:
                # A product of two matrices would first copy the larger one.
                np.dot(corpus[start:stop], queries[0], score[0])
            else:
                np.dot(queries, corpus[start:stop].T, score)
        near = offset[start:stop]
        row = first_row
        while row < n_queries:
            count, row = collect_survivors(
                score,
                near,
                near[:0],
                weight,
                level,
                heaps,
                growth,
                slack,
                row,
                found,
                count,
                start,
            )
            if row < n_queries:
                count = drop_beyond(level, found, count)
                if 2 * count > room or count + step > room:
                    return count, start, row
        first_row = 0
    return drop_beyond(level, found, count), n_corpus, 0


@kernel()
def _comes_after(key: float, index: int, other_key: float, other_index: int) -> Any:
    """Whether one (key, index) sorts behind another."""
    return key > other_key or (key == other_key and index > other_index)


@kernel()
def push_candidates(
    keys: FloatArray,
    indices: IndexArray,
    rows: IndexArray,
    new_keys: FloatArray,
    new_indices: IndexArray,
) -> None:
    """Let candidates take the place of the last ones by (key, index).

    Each row is a binary heap with its last entry, by that order, in front.
    """
    k = keys.shape[1]
    for c in range(rows.shape[0]):
        heap, heap_indices = keys[rows[c]], indices[rows[c]]
        key, index = new_keys[c], new_indices[c]
        # Written so that NaN stays out.
        if not (key < np.inf and _comes_after(heap[0], heap_indices[0], key, index)):
            continue
        at, child = 0, 1
        while child < k:
            right = child + 1
            if right < k and _comes_after(
                heap[right], heap_indices[right], heap[child], heap_indices[child]
            ):
                child = right
            if not _comes_after(heap[child], heap_indices[child], key, index):
                break
            heap[at] = heap[child]
            heap_indices[at] = heap_indices[child]
            at, child = child, 2 * child + 1
        heap[at] = key
        heap_indices[at] = index
