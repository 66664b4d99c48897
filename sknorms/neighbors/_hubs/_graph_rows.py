"""The rows of a neighbour graph as sorted lists, and what can be read off them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, row_sum
from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.neighbors._search import NeighborLists, regular_starts

__all__ = [
    "by_value",
    "graph_blocks",
    "mean_and_deviation",
    "nearest_stored",
    "sorted_lists",
    "with_self",
    "without_own_zero",
    "without_self",
]

# Owner, index, value and order of an entry, and what a formula makes of it.
_BYTES_PER_ENTRY = 96


def graph_blocks(graph: Rows, budget: int) -> Iterator[slice]:
    """Yield slices of rows that fit the budget in bytes on average."""
    n_rows = graph.shape[0]
    each = max(1, (graph.nnz if sparse.issparse(graph) else graph.size) // n_rows)
    yield from row_slices(n_rows, max(1, budget // (_BYTES_PER_ENTRY * each)))


def sorted_lists(rows: Rows) -> NeighborLists:
    """Return rows of a graph as float64 lists, each by (value, index).

    Parameters
    ----------
    rows : ndarray or CSR of shape (n_queries, n_columns)
        Every entry of a dense matrix is one of a list.
    """
    if sparse.issparse(rows):
        starts, indices, values = rows.indptr, rows.indices, rows.data
    else:
        n_rows, n_columns = rows.shape
        starts = regular_starts(n_rows, n_columns)
        indices, values = np.tile(np.arange(n_columns), n_rows), rows.ravel()
    lists = NeighborLists(
        starts.astype(np.intp), indices.astype(np.intp), values.astype(np.float64)
    )
    order = by_value(lists, lists.values)
    return NeighborLists(lists.starts, lists.indices[order], lists.values[order])


def by_value(lists: NeighborLists, values: Any) -> IndexArray:
    """Return the order of all entries in which each list is by (value, index)."""
    return np.lexsort((lists.indices, values, lists.owners))


def without_self(lists: NeighborLists, first: int) -> NeighborLists:
    """Leave training row ``first + i`` out of list i."""
    return lists.keep(lists.indices != lists.owners + first)


def without_own_zero(lists: NeighborLists, spare: int) -> NeighborLists:
    """Leave one distance of zero out of every list that has more than ``spare``.

    A query at distance zero from a training row is a copy of it, or that row itself.
    Leaving out the one distance makes what is read off its list what was learnt for
    the row, whether or not the query is known to be it.
    """
    lengths = np.diff(lists.starts)
    firsts = lists.starts[:-1][lengths > spare]
    mask = np.ones(len(lists.values), dtype=np.bool_)
    mask[firsts] = lists.values[firsts] != 0
    return lists.keep(mask)


def with_self(lists: NeighborLists, first: int) -> NeighborLists:
    """Store training row ``first + i`` in list i, at distance zero."""
    others = without_self(lists, first)
    own = np.arange(len(lists.starts) - 1)
    at = others.starts[:-1]
    joined = NeighborLists(
        others.starts + np.arange(len(others.starts)),
        np.insert(others.indices, at, own + first),
        np.insert(others.values, at, 0.0),
    )
    order = by_value(joined, joined.values)
    return NeighborLists(joined.starts, joined.indices[order], joined.values[order])


def nearest_stored(lists: NeighborLists, k: int) -> FloatArray:
    """Return the k smallest values of every list, which are known to be there."""
    values: FloatArray = lists.values[lists.starts[:-1, None] + np.arange(k)]
    return values


def mean_and_deviation(lists: NeighborLists) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the standard deviation (ddof=1) of every ascending list.

    Lists of one length are summed together, each in the same fixed order, so that no
    result depends on the other lists. A list of one value deviates by zero.
    """
    lengths = np.diff(lists.starts)
    mean, deviation = np.zeros(len(lengths)), np.zeros(len(lengths))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        values = lists.values[lists.starts[rows, None] + np.arange(length)]
        # Relative to the largest, so that no square leaves the range of float64.
        top = values[:, -1].copy()
        top[top == 0] = 1.0
        values /= top[:, None]
        relative = row_sum(values) / length
        squares = (values - relative[:, None]) ** 2
        mean[rows] = top * relative
        deviation[rows] = top * np.sqrt(row_sum(squares) / max(1, length - 1))
    return mean, deviation
