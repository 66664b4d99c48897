"""The filter after the bound: which pairs of a scored block must be evaluated."""

from collections.abc import Iterator

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import Float32Array, IndexArray
from sknorms.engine._kernels import collect_survivors

__all__ = ["survivors"]

Pairs = tuple[IndexArray, IndexArray]


def survivors(
    score: Float32Array,
    offset: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    capacity: int,
) -> Iterator[Pairs]:
    """Yield (rows, columns) of the pairs that the bound cannot rule out.

    Parameters
    ----------
    score : float32 array of shape (n, m)
        Scores of the block; may be overwritten.
    offset : float32 array of shape (m,)
    weight, level : float32 arrays of shape (n,)
        A pair survives unless ``weight * offset - score > level``.
    capacity : int
        Roughly how many pairs to hand over at a time.

    Yields
    ------
    rows, columns : intp arrays of equal length
        Sorted by row, then column.
    """
    if kernels_available():
        yield from _compiled(score, offset, weight, level, capacity)
    else:
        yield from _in_place(score, offset, weight, level, capacity)


def _compiled(
    score: Float32Array,
    offset: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    capacity: int,
) -> Iterator[Pairs]:
    capacity = max(capacity, score.shape[1])
    rows = np.empty(capacity, dtype=np.intp)
    columns = np.empty(capacity, dtype=np.intp)
    row = 0
    while row < len(score):
        found, row = collect_survivors(score, offset, weight, level, row, rows, columns)
        if found:
            yield rows[:found], columns[:found]


def _in_place(
    score: Float32Array,
    offset: Float32Array,
    weight: Float32Array,
    level: Float32Array,
    capacity: int,
) -> Iterator[Pairs]:
    with np.errstate(invalid="ignore", over="ignore"):
        np.subtract(weight[:, None] * offset, score, out=score)
        flat = np.flatnonzero(~(score > level[:, None]))
    for start in range(0, len(flat), capacity):
        rows, columns = np.divmod(flat[start : start + capacity], score.shape[1])
        yield rows, columns
