"""How much of what is relevant a search found."""

from abc import ABC, abstractmethod
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError
from sknorms.neighbors._retrieval._admissions import DenseMasks, SparseMasks
from sknorms.neighbors._retrieval._labels import plain
from sknorms.neighbors._retrieval._results import SearchResult

__all__ = ["Relevance", "check_relevance"]


class Relevance(ABC):
    """What is relevant to each of several queries."""

    @property
    @abstractmethod
    def sizes(self) -> IndexArray:
        """How much is relevant to each query, shape (n_queries,)."""

    @abstractmethod
    def found(self, result: SearchResult) -> IndexArray:
        """Return how much of it is among the hits of each query, shape (n_queries,)."""

    def recall(self, result: SearchResult) -> float:
        """Return the mean share found, over the queries that have anything relevant."""
        sizes = self.sizes
        asked = sizes > 0
        shares: FloatArray = self.found(result)[asked] / sizes[asked]
        return float(shares.mean())


@dataclass(frozen=True, eq=False)
class _RelevantIds(Relevance):
    ids: tuple[AbstractSet[Any], ...]

    @property
    def sizes(self) -> IndexArray:
        return np.array([len(ids) for ids in self.ids], dtype=np.intp)

    def found(self, result: SearchResult) -> IndexArray:
        lists = zip(self.ids, result.ids, strict=True)
        return np.array(
            [len(ids & set(plain(found))) for ids, found in lists], dtype=np.intp
        )


@dataclass(frozen=True, eq=False)
class _RelevantRows(Relevance):
    rows: DenseMasks | SparseMasks
    n_queries: int

    @property
    def sizes(self) -> IndexArray:
        return self.rows.counts

    def found(self, result: SearchResult) -> IndexArray:
        queries = np.repeat(np.arange(self.n_queries), result.counts)
        hits = self.rows.admits(queries, result.all_indices)
        return np.bincount(queries[hits], minlength=self.n_queries)


def check_relevance(
    relevant: Any, n_queries: int, n_rows: int, known: AbstractSet[Any]
) -> Relevance:
    """Read what is relevant to each query.

    Parameters
    ----------
    relevant : array-like of n_queries ids or collections of ids, or boolean matrix of \
shape (n_queries, n_rows)
    n_queries, n_rows : int
    known : set
        The ids that rows have.

    Raises
    ------
    ValueError
        If there is not one entry a query, nothing is relevant to any, or no relevant
        id is known.
    """
    matrix = _as_matrix(relevant)
    if matrix is not None:
        return _from_matrix(matrix, n_queries, n_rows)
    entries = _entries(relevant)
    if len(entries) != n_queries:
        raise ParameterError(
            "y must say what is relevant to each query, one id or collection of ids a "
            f"query: got {len(entries)} for {n_queries} queries."
        )
    found = _RelevantIds(tuple(_as_set(entry, known) for entry in entries))
    _require_some(found)
    if not any(ids & known for ids in found.ids):
        example = next(iter(next(ids for ids in found.ids if ids)))
        raise ParameterError(
            f"No relevant id in y is the id of any row; the first is {example!r} of "
            f"type {type(example).__name__}, and rows have ids such as "
            f"{next(iter(known), None)!r}. Pass ids of the same kind, or a boolean "
            "matrix of queries by rows."
        )
    return found


def _as_matrix(relevant: Any) -> Any:
    if sparse.issparse(relevant):
        return relevant
    if isinstance(relevant, np.ndarray) and relevant.ndim == 2 and _is_bool(relevant):
        return relevant
    return None


def _is_bool(array: AnyArray) -> bool:
    return array.dtype == np.bool_


def _from_matrix(matrix: Any, n_queries: int, n_rows: int) -> Relevance:
    if matrix.shape != (n_queries, n_rows) or not _is_bool(matrix):
        raise ParameterError(
            "y as a matrix must be boolean, True where a row is relevant to a query, "
            f"of shape ({n_queries}, {n_rows}); got {matrix.dtype} of shape "
            f"{matrix.shape}."
        )
    is_sparse = sparse.issparse(matrix)
    rows = SparseMasks.read(matrix) if is_sparse else DenseMasks(np.asarray(matrix))
    found = _RelevantRows(rows, n_queries)
    _require_some(found)
    return found


def _entries(relevant: Any) -> list[Any]:
    unordered = isinstance(relevant, str | set | frozenset | dict)
    if unordered or not hasattr(relevant, "__len__"):
        raise ParameterError(
            "y must say what is relevant to each query, in the order of the queries: a "
            "list of ids, or of collections of ids, or a boolean matrix; got "
            f"{type(relevant).__name__}."
        )
    return plain(relevant) if isinstance(relevant, np.ndarray) else list(relevant)


def _as_set(entry: Any, known: AbstractSet[Any]) -> AbstractSet[Any]:
    """Return the ids that an entry stands for: itself, or what it holds."""
    if isinstance(entry, str | bytes) or not hasattr(entry, "__iter__"):
        return frozenset([entry])
    if isinstance(entry, tuple) and not known.isdisjoint([entry]):
        return frozenset([entry])
    ids = plain(entry) if isinstance(entry, np.ndarray) else entry
    return frozenset(ids)


def _require_some(relevance: Relevance) -> None:
    if not relevance.sizes.any():
        raise ParameterError(
            "y says that nothing is relevant to any query; recall needs one query at "
            "least that something is relevant to."
        )
