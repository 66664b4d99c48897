"""Neighbours in distances that the user computed: a dense matrix or a sparse graph."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import EfficiencyWarning
from sklearn.utils import check_array

from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows, SparseMatrix
from sknorms._validation import naming_bad_rows
from sknorms.engine import Corpus, Geometry, nearest, within
from sknorms.neighbors._search._index import (
    Index,
    NeighborLists,
    Queries,
    Resources,
    as_dtype,
    reaches,
)

__all__ = ["PrecomputedIndex", "check_distances", "is_precomputed"]

_PRECOMPUTED = "precomputed"
# Formats that keep stored zeros: distance zero is a neighbour, a missing entry is not.
_FORMATS_WITH_ZEROS = ("csr", "csc", "coo", "lil")


def is_precomputed(metric: Any) -> bool:
    """Whether ``metric`` says that X holds distances instead of rows."""
    return isinstance(metric, str) and metric == _PRECOMPUTED


def check_distances(X: Any) -> Rows:
    """Validate precomputed distances.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_queries, n_training_rows)
        Non-negative distances; in a sparse matrix only stored entries count.

    Returns
    -------
    ndarray or CSR of the same shape
        A sparse graph has each row sorted by (distance, index).

    Raises
    ------
    TypeError
        If the sparse format cannot hold explicit zeros.
    ValueError
        If an entry is negative, NaN or infinite.
    """
    if sparse.issparse(X) and X.format not in _FORMATS_WITH_ZEROS:
        raise TypeError(
            f"Sparse matrix in {X.format!r} format is not supported due to its "
            "handling of explicit zeros; convert X to CSR."
        )
    checked: Rows
    with naming_bad_rows(X, allow_negative=False):
        checked = check_array(
            X,
            accept_sparse="csr",
            dtype=[np.float64, np.float32],
            ensure_non_negative=True,
            input_name="precomputed distance matrix",
        )
    return _sorted_graph(checked) if sparse.issparse(checked) else checked


def _sorted_graph(graph: SparseMatrix) -> SparseMatrix:
    owners = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
    same_row = owners[1:] == owners[:-1]
    if (same_row & (graph.data[1:] < graph.data[:-1])).any():
        warnings.warn(
            "Precomputed sparse input was not sorted by row values. Pass it through "
            "sklearn.neighbors.sort_graph_by_row_values once to save the sorting.",
            EfficiencyWarning,
            stacklevel=2,
        )
    order = np.lexsort((graph.indices, graph.data, owners))
    return type(graph)(
        (graph.data[order], graph.indices[order], graph.indptr), shape=graph.shape
    )


@dataclass(frozen=True)
class _Columns(Geometry):
    """The distance in a column of the query itself; corpus rows are column numbers."""

    has_pairs = False

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Raise: distances are looked up a block at a time."""
        raise TypeError("precomputed distances are looked up with block_keys.")

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Look the distances up; always a copy."""
        keys: FloatArray = queries[:, corpus[:, 0]].astype(np.float64)
        return keys


@dataclass(frozen=True, eq=False)
class PrecomputedIndex(Index):
    """Distances of the training rows to each other; queries bring their own.

    Attributes
    ----------
    distances : ndarray or CSR of shape (n, n)
        As `check_distances` returns them.
    """

    distances: Rows

    @classmethod
    def fit(cls, X: Any) -> "PrecomputedIndex":
        """Check that a validated matrix is square."""
        if X.shape[0] != X.shape[1]:
            raise ValueError(
                "Precomputed matrix must be square. Input is a "
                f"{X.shape[0]}x{X.shape[1]} matrix; pass the distances between all "
                "training rows to fit."
            )
        return cls(X)

    def admit(self, X: Any) -> Rows:
        """Check distances, and sort the rows of a graph."""
        distances = check_distances(X)
        if distances.shape[1] != self.n_rows:
            raise ValueError(
                "Precomputed metric requires shape (n_queries, n_indexed). Got "
                f"{distances.shape} for {self.n_rows} indexed; pass the distance of "
                "every query to every training row."
            )
        return distances

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return int(self.distances.shape[0])

    @property
    def training_rows(self) -> Rows:
        """The fitted distances."""
        return self.distances

    def nearest(
        self, queries: Queries, k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Take the k smallest stored distances of every query."""
        if sparse.issparse(queries.rows):
            return _first_entries(_stored_neighbors(queries), k)
        return nearest(
            self._corpus(),
            queries.rows,
            k,
            admission=queries.admission,
            first_query=queries.first,
            n_jobs=use.n_jobs,
            working_memory=use.working_memory,
            progress=queries.progress,
            stats=use.stats,
        )

    def within(
        self, queries: Queries, radius: FloatArray, use: Resources, *, by_value: bool
    ) -> NeighborLists:
        """Take the stored distances up to the radius."""
        if sparse.issparse(queries.rows):
            stored = _stored_neighbors(queries)
            limits = radius[stored.owners]
            inside = stored.keep(reaches(stored.values, limits, False))
            return inside if by_value else _by_index(inside)
        found = within(
            self._corpus(),
            queries.rows,
            radius,
            admission=queries.admission,
            sort_by_key=by_value,
            first_query=queries.first,
            n_jobs=use.n_jobs,
            working_memory=use.working_memory,
            progress=queries.progress,
            stats=use.stats,
        )
        values = as_dtype(found.keys, queries.dtype)
        return NeighborLists(found.starts, found.indices, values)

    def _corpus(self) -> Corpus:
        numbers: AnyArray = np.arange(self.n_rows).reshape(-1, 1)
        return Corpus.prepare(_Columns(), numbers)


def _stored_neighbors(queries: Queries) -> NeighborLists:
    """Return all entries of a sorted graph, without the queries themselves."""
    graph = queries.rows
    lists = NeighborLists(
        graph.indptr.astype(np.intp), graph.indices.astype(np.intp), graph.data
    )
    if not queries.are_training_rows:
        return lists
    return lists.keep(lists.indices != lists.owners + queries.first)


def _first_entries(stored: NeighborLists, k: int) -> tuple[FloatArray, IndexArray]:
    fewest = int(np.diff(stored.starts).min())
    if fewest < k:
        raise ValueError(
            f"{k} neighbors per samples are required, but some samples have only "
            f"{fewest} neighbors in precomputed graph matrix. Decrease number of "
            "neighbors used or recompute the graph with more neighbors."
        )
    at = stored.starts[:-1, None] + np.arange(k)
    return stored.values[at].astype(np.float64), stored.indices[at]


def _by_index(lists: NeighborLists) -> NeighborLists:
    order = np.lexsort((lists.indices, lists.owners))
    return NeighborLists(lists.starts, lists.indices[order], lists.values[order])
