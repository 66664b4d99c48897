"""Accumulators of exact results: the k closest, or all within a radius.

Both have the verbs add, merge and finish. Because they hold exact keys and order them
by (key, index), neither the order nor the size of the blocks can change the outcome,
and merging the results of two threads, two shards or two machines is the same
operation.
"""

from dataclasses import dataclass, field

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.engine._kernels import push_candidates

__all__ = ["Ragged", "TopK", "WithinRadius"]


class TopK:
    """The k smallest (key, index) of every query.

    Parameters
    ----------
    n_queries, k : int
        Shape of the result.

    Attributes
    ----------
    keys : float64 array of shape (n_queries, k)
        Each row with its largest (key, index) in front, and otherwise in no order that
        its reader may rely on; infinite where nothing was found yet.
    indices : intp array of shape (n_queries, k)
    """

    def __init__(self, n_queries: int, k: int) -> None:
        self.keys = np.full((n_queries, k), np.inf)
        self.indices = np.full((n_queries, k), np.iinfo(np.intp).max, dtype=np.intp)
        self._sorted = False

    @property
    def thresholds(self) -> FloatArray:
        """The largest key that can still enter, per query."""
        first: FloatArray = self.keys[:, 0]
        return first

    def add(self, rows: IndexArray, indices: IndexArray, keys: FloatArray) -> None:
        """Offer candidates."""
        self._sorted = False
        if kernels_available():
            push_candidates(self.keys, self.indices, rows, keys, indices)
        elif len(rows):
            self._sort_in(rows, indices, keys)

    def _sort_in(self, rows: IndexArray, indices: IndexArray, keys: FloatArray) -> None:
        k = self.keys.shape[1]
        useful = keys <= self.thresholds[rows]
        rows, indices, keys = rows[useful], indices[useful], keys[useful]
        touched, local = np.unique(rows, return_inverse=True)
        all_rows = np.concatenate([np.repeat(np.arange(len(touched)), k), local])
        all_keys = np.concatenate([self.keys[touched].ravel(), keys])
        all_indices = np.concatenate([self.indices[touched].ravel(), indices])
        order = np.lexsort((all_indices, all_keys, all_rows))
        starts = np.searchsorted(all_rows[order], np.arange(len(touched)))
        # The last of the first k in front: sorted backwards is a heap, too.
        best = order[(starts[:, None] + np.arange(k)[::-1]).ravel()]
        self.keys[touched] = all_keys[best].reshape(-1, k)
        self.indices[touched] = all_indices[best].reshape(-1, k)

    def merge(self, other: "TopK") -> None:
        """Take in another accumulator of the same queries."""
        n_queries, k = other.keys.shape
        rows = np.repeat(np.arange(n_queries), k)
        known = np.isfinite(other.keys.ravel())
        self.add(rows[known], other.indices.ravel()[known], other.keys.ravel()[known])

    def clear(self, rows: IndexArray) -> None:
        """Forget what was found for some queries."""
        self.keys[rows] = np.inf
        self.indices[rows] = np.iinfo(np.intp).max

    def replace(self, rows: IndexArray, other: "TopK") -> None:
        """Put what another accumulator found in the place of some queries' rows."""
        self.keys[rows] = other.keys
        self.indices[rows] = other.indices
        self._sorted = False

    def sort(self) -> None:
        """Sort each row by (key, index), backwards, so that it stays what it is."""
        order = np.lexsort((self.indices, self.keys), axis=-1)[:, ::-1]
        self.keys = np.take_along_axis(self.keys, order, axis=-1)
        self.indices = np.take_along_axis(self.indices, order, axis=-1)
        self._sorted = True

    def finish(self) -> tuple[FloatArray, IndexArray]:
        """Return keys and indices, each row by (key, index)."""
        if not self._sorted:
            self.sort()
        return self.keys[:, ::-1], self.indices[:, ::-1]


@dataclass(frozen=True)
class Ragged:
    """Lists of different lengths, one a query, laid end to end.

    Attributes
    ----------
    starts : intp array of shape (n_queries + 1,)
        Query i owns entries ``starts[i]:starts[i + 1]``.
    indices : intp array
    keys : float64 array
    """

    starts: IndexArray
    indices: IndexArray
    keys: FloatArray


@dataclass
class WithinRadius:
    """Everything whose key is at most its query's limit.

    Parameters
    ----------
    limits : float64 array of shape (n_queries,)
        Largest admissible key of each query.
    """

    limits: FloatArray
    _parts: list[tuple[IndexArray, IndexArray, FloatArray]] = field(
        default_factory=list
    )

    @property
    def thresholds(self) -> FloatArray:
        """The largest key that can still enter, per query."""
        return self.limits

    def add(self, rows: IndexArray, indices: IndexArray, keys: FloatArray) -> None:
        """Offer candidates."""
        inside = keys <= self.limits[rows]
        if inside.any():
            self._parts.append((rows[inside], indices[inside], keys[inside]))

    def merge(self, other: "WithinRadius") -> None:
        """Take in another accumulator of the same queries."""
        self._parts.extend(other._parts)

    def finish(self, *, sort_by_key: bool) -> Ragged:
        """Return the lists, each by (key, index) or by index."""
        nothing = (np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
        parts = zip(*(self._parts or [nothing]), strict=True)
        rows, indices, keys = (np.concatenate(part) for part in parts)
        order = np.lexsort((indices, keys, rows) if sort_by_key else (indices, rows))
        starts = np.searchsorted(rows[order], np.arange(len(self.limits) + 1))
        return Ragged(starts.astype(np.intp), indices[order], keys[order])
