"""What transformers of neighbour graphs share: learn from one, rescale any."""

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms._validation import check_real, naming_bad_rows
from sknorms.engine import working_bytes
from sknorms.neighbors._hubs._graph_rows import by_value, graph_blocks, sorted_lists
from sknorms.neighbors._hubs._rescaling import Rescaling
from sknorms.neighbors._search import NeighborLists

__all__ = ["GraphRescaler"]


class GraphRescaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Learns about training rows from their graph, and rescales graphs to them."""

    # As other estimators say that they take distances, or a graph of them.
    metric: ClassVar[str] = "precomputed"

    working_memory: Any
    n_features_in_: int
    _rescaling: Rescaling

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what is usual around every training row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_samples)
            Graph from the training rows to each other, as `KNeighborsTransformer`
            makes it, or all distances. A row's own entry, if stored, is not counted.
        y : Ignored, default=None
            There for scikit-learn's conventions.

        Returns
        -------
        self
        """
        del y
        self._fit_graph(X)
        return self

    def transform(self, X: Any) -> Any:
        """Replace the distances of a graph by secondary ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_samples_fit)
            Graph from queries to the training rows. A query at distance zero from a
            training row is taken for it: the one zero does not count as one of its
            neighbors, if others enough are stored.

        Returns
        -------
        graph : {ndarray, CSR} of shape (n_queries, n_samples_fit)
            The same entries with other values, each row of a CSR graph by (value,
            index). float32 if X is, else float64.
        """
        check_is_fitted(self)
        return self._rescale(self._check_graph(X, reset=False), of_training_rows=False)

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn from the graph of the training rows, and replace its distances.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_samples)
            As for `fit`.
        y : Ignored, default=None
            There for scikit-learn's conventions.

        Returns
        -------
        graph : {ndarray, CSR} of shape (n_samples, n_samples)
            What ``fit(X).transform(X)`` returns, if the rows themselves are stored.
        """
        del y
        return self._rescale(self._fit_graph(X), of_training_rows=True)

    def _fit_graph(self, X: Any) -> Rows:
        if self.working_memory is not None:
            check_real("working_memory", self.working_memory, low=0, low_open=True)
        self._check_parameters()
        graph = self._check_graph(X, reset=True)
        n_rows, n_columns = graph.shape
        if n_rows != n_columns:
            raise ValueError(
                f"Precomputed matrix must be square. Input is a {n_rows}x{n_columns} "
                "matrix; pass the graph from all training rows to each other to fit."
            )
        self.n_samples_fit_ = n_rows
        self._rescaling = self._learn(self._lists(graph), n_rows)
        return graph

    @abstractmethod
    def _check_parameters(self) -> None:
        """Raise if a parameter has the wrong type or value."""

    @abstractmethod
    def _learn(
        self, blocks: Iterator[tuple[int, NeighborLists]], n_rows: int
    ) -> Rescaling:
        """Return what the lists of the training rows say."""

    def _distances(self, graph: Rows) -> Rows:
        """Return the distances in a checked graph."""
        return graph

    def _finish(self, values: FloatArray) -> FloatArray:
        """Return secondary distances as they are to be stored."""
        return values

    def _check_graph(self, X: Any, *, reset: bool) -> Rows:
        with naming_bad_rows(X):
            graph = validate_data(
                self,
                X,
                reset=reset,
                accept_sparse="csr",
                dtype=[np.float64, np.float32],
                ensure_non_negative=self.__sklearn_tags__().input_tags.positive_only,
            )
        return self._distances(graph)

    def _lists(self, graph: Rows) -> Iterator[tuple[int, NeighborLists]]:
        for block in graph_blocks(graph, working_bytes(self.working_memory)):
            yield block.start, sorted_lists(graph[block])

    def _rescale(self, graph: Rows, *, of_training_rows: bool) -> Any:
        result = _result_like(graph)
        for start, lists in self._lists(graph):
            values = self._rescaling(lists, start if of_training_rows else None)
            with np.errstate(over="ignore", under="ignore"):
                stored = self._finish(values).astype(graph.dtype, copy=False)
            _require_finite(stored)
            result.put(start, lists, stored)
        return result.finish()

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there is a graph learnt from (scikit-learn's protocol)."""
        return hasattr(self, "_rescaling")

    def __sklearn_tags__(self) -> Tags:
        """Say what the transformer takes and keeps (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


@dataclass(frozen=True, eq=False)
class _DenseResult:
    """A matrix, every value in its column."""

    table: AnyArray

    def put(self, start: int, lists: NeighborLists, values: AnyArray) -> None:
        """Store the values of the lists of rows from ``start`` on."""
        self.table[lists.owners + start, lists.indices] = values

    def finish(self) -> AnyArray:
        """Return the matrix."""
        return self.table


@dataclass(frozen=True, eq=False)
class _SparseResult:
    """A graph with the rows of another one, each by (value, index)."""

    graph: Any
    data: AnyArray
    indices: AnyArray

    def put(self, start: int, lists: NeighborLists, values: AnyArray) -> None:
        """Store the values of the lists of rows from ``start`` on."""
        order = by_value(lists, values)
        first = self.graph.indptr[start]
        filled = slice(first, first + len(values))
        self.data[filled] = values[order]
        self.indices[filled] = lists.indices[order]

    def finish(self) -> Any:
        """Return the graph."""
        parts = (self.data, self.indices, self.graph.indptr.copy())
        return type(self.graph)(parts, shape=self.graph.shape)


def _result_like(graph: Rows) -> _DenseResult | _SparseResult:
    if sparse.issparse(graph):
        data, indices = np.empty_like(graph.data), np.empty_like(graph.indices)
        return _SparseResult(graph, data, indices)
    return _DenseResult(np.empty_like(graph))


def _require_finite(values: AnyArray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(
            f"X has distances whose secondary distances are beyond the range of "
            f"{values.dtype}. Pass float64 data, or scale the rows."
        )
