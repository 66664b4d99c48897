"""Neighbour lists as a sparse matrix, filled in block by block."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.engine import working_bytes
from sknorms.neighbors._search._index import Index, Queries, Resources, as_dtype

__all__ = [
    "check_mode",
    "nearest_graph",
    "neighbor_graph",
    "radius_graph",
    "regular_starts",
]

# What a found neighbour takes on its way into a graph: key, value and index, gathered
# from the tasks, joined, and (within a radius) put in order.
_NEAREST_BYTES, _RADIUS_BYTES = 56, 96
# Queries that tell how many neighbours there are, before blocks grow, and how fast they
# may: the next block can be denser than those before it.
_FIRST_QUERIES, _GROWTH = 256, 4


def check_mode(mode: Any) -> bool:
    """Return whether ``mode`` asks for distances; raise if it is unknown."""
    modes = {"connectivity": False, "distance": True}
    if not isinstance(mode, str) or mode not in modes:
        raise ValueError(
            'Unsupported mode, must be one of "connectivity", or "distance" but got '
            f'"{mode}" instead'
        )
    return modes[mode]


def neighbor_graph(
    values: AnyArray, indices: AnyArray, starts: AnyArray, n_columns: int
) -> Any:
    """Return a CSR matrix that stores every neighbour, zero distances included.

    Parameters
    ----------
    values : array of shape (n_entries,)
    indices : integer array of shape (n_entries,)
    starts : integer array of shape (n_rows + 1,)
    n_columns : int

    Returns
    -------
    CSR of shape (n_rows, n_columns)
        A matrix or an array, as scikit-learn's ``sparse_interface`` setting says
        (a matrix where scikit-learn has no such setting). Nothing is copied that has
        the narrowest integer type already.
    """
    narrow = _integer_type(max(n_columns, len(values)))
    as_array = get_config().get("sparse_interface", "spmatrix") == "sparray"
    kind = sparse.csr_array if as_array else sparse.csr_matrix
    parts = (indices.astype(narrow, copy=False), starts.astype(narrow, copy=False))
    return kind((values, *parts), shape=(len(starts) - 1, n_columns))


def regular_starts(n_queries: int, k: int) -> IndexArray:
    """Return the starts of lists that all have length k."""
    return np.arange(0, n_queries * k + 1, k, dtype=np.intp)


def nearest_graph(
    index: Index, queries: Queries, k: int, use: Resources, *, wants_distance: bool
) -> Any:
    """Return the k nearest of every query as a graph, k being possible.

    Above the graph itself, no more than the budget is used: blocks of queries are
    searched one after the other, each as large as half of it allows.
    """
    n_entries = len(queries) * k
    indices = np.empty(n_entries, _integer_type(max(n_entries, index.n_rows)))
    entries = (np.empty if wants_distance else np.ones)(n_entries, queries.dtype)
    budget = working_bytes(use.working_memory)
    step = min(len(queries), max(1, budget // (2 * _NEAREST_BYTES * k)))
    inner = _with_bytes(use, budget - step * _NEAREST_BYTES * k)
    for block in row_slices(len(queries), step):
        values, found = index.nearest(_cut(queries, block), k, inner)
        filled = slice(block.start * k, block.stop * k)
        indices[filled] = found.ravel()
        if wants_distance:
            entries[filled] = as_dtype(values, queries.dtype).ravel()
    starts = regular_starts(len(queries), k)
    return neighbor_graph(entries, indices, starts, index.n_rows)


def radius_graph(
    index: Index,
    queries: Queries,
    radius: FloatArray,
    use: Resources,
    *,
    wants_distance: bool,
    by_value: bool,
) -> Any:
    """Return all neighbours within a radius as a graph.

    How many there are is not known before, so blocks of queries grow with what was
    found so far: where it is spread evenly, no more than the budget is used above the
    graph itself.
    """
    lengths = [np.zeros(1, dtype=np.intp)]
    indices, entries = _Growing(_integer_type(index.n_rows)), _Growing(queries.dtype)
    blocks = _Blocks(len(queries), index.n_rows, working_bytes(use.working_memory))
    inner = _with_bytes(use, blocks.budget - blocks.budget // 2)
    for block in blocks:
        part = _cut(queries, block)
        found = index.within(part, radius[block], inner, by_value=by_value)
        lengths.append(np.diff(found.starts))
        indices.extend(found.indices)
        if wants_distance:
            entries.extend(found.values)
        blocks.learn(len(part), len(found.indices))
    values = (
        entries.array if wants_distance else np.ones_like(indices.array, entries.dtype)
    )
    starts = np.cumsum(np.concatenate(lengths))
    return neighbor_graph(values, indices.array, starts, index.n_rows)


class _Blocks:
    """Slices of the queries, of as many as half the budget is likely to hold."""

    def __init__(self, n_queries: int, n_rows: int, budget: int) -> None:
        self.n_queries = n_queries
        self.budget = budget
        self._most = max(1, budget // (2 * _RADIUS_BYTES))
        # As many as fit whatever is found, or enough to learn how much that is.
        self._step = max(self._most // n_rows, min(_FIRST_QUERIES, self._most))
        self._densest = 0.0

    def __iter__(self) -> Iterator[slice]:
        start = 0
        while start < self.n_queries:
            stop = min(start + self._step, self.n_queries)
            yield slice(start, stop)
            start = stop

    def learn(self, n_queries: int, n_found: int) -> None:
        """Choose the next block by the densest one so far."""
        self._densest = max(self._densest, n_found / n_queries)
        likely = int(self._most / max(1.0, 2 * self._densest))
        self._step = max(1, min(likely, _GROWTH * self._step))


class _Growing:
    """An array that is appended to in place: no second copy while it grows."""

    def __init__(self, dtype: "np.dtype[Any]") -> None:
        self.dtype = dtype
        self.array: AnyArray = np.empty(0, dtype)

    def extend(self, values: AnyArray) -> None:
        """Append values, cast to the type of the array."""
        filled = len(self.array)
        self.array.resize(filled + len(values), refcheck=False)
        self.array[filled:] = values


def _cut(queries: Queries, block: slice) -> Queries:
    if block == slice(0, len(queries)):
        return queries
    return replace(queries, rows=queries.rows[block], first=queries.first + block.start)


def _with_bytes(use: Resources, n_bytes: int) -> Resources:
    return replace(use, working_memory=max(1, n_bytes) / (1 << 20))


def _integer_type(largest: int) -> "np.dtype[Any]":
    small = largest <= np.iinfo(np.int32).max
    return np.dtype(np.int32 if small else np.int64)
