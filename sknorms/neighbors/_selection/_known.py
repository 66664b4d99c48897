"""Queries whose neighbours are looked up once, for whoever asks next."""

import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from sknorms._typing import FloatArray, IndexArray
from sknorms.engine import working_bytes
from sknorms.neighbors._search import Index, Queries, Resources

__all__ = ["KnownQueries", "Prepared"]

# A float64 value and an index.
_BYTES_PER_NEIGHBOR = 16


@dataclass(eq=False)
class _Lists:
    """The longest lists asked for so far; all shorter ones are their beginnings.

    Attributes
    ----------
    queries : Queries
        All of them.
    values : float64 array of shape (n_queries, width)
    indices : intp array of shape (n_queries, width)
    """

    queries: Queries
    values: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    indices: IndexArray = field(default_factory=lambda: np.empty((0, 0), dtype=np.intp))

    def reach(self, index: Index, k: int, use: Resources) -> bool:
        """Make the lists at least k long, unless they would take too much memory."""
        if k <= self.values.shape[1]:
            return True
        needed = _BYTES_PER_NEIGHBOR * k * len(self.queries)
        if needed > working_bytes(use.working_memory):
            return False
        self.values, self.indices = index.nearest(self.queries, k, use)
        return True

    def nearest(
        self, block: Queries, index: Index, k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Return the first k of the lists of a block."""
        if not self.reach(index, k, use):
            return index.nearest(block, k, use)
        part = slice(block.first, block.first + len(block))
        return self.values[part, :k], self.indices[part, :k]


@dataclass(frozen=True)
class KnownQueries(Queries):
    """Queries that are recognised when the same object is asked about again.

    Attributes
    ----------
    asked : object
        What was passed for them; None stands for the training rows.
    lists : _Lists or None
    """

    asked: Any = None
    lists: _Lists | None = None

    def nearest(
        self, index: Index, k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Look the neighbours up."""
        if self.lists is None:
            return super().nearest(index, k, use)
        return self.lists.nearest(self, index, k, use)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A fitted model, and queries that it has searched for.

    Attributes
    ----------
    model : NearestPredictor
    known : KnownQueries
    """

    model: Any
    known: KnownQueries

    @classmethod
    def of(cls, model: Any, X: Any) -> "Prepared":
        """Search for queries, for as many neighbours as the model is made for.

        Parameters
        ----------
        model : NearestPredictor
            Fitted.
        X : array-like, sparse matrix or None
            None stands for the training rows, each among the others.
        """
        queries = replace(model._queries(X), progress=None)
        lists = _Lists(queries)
        k = min(model.n_neighbors, model.n_samples_fit_ - queries.are_training_rows)
        if k:
            lists.reach(model._index, k, model._resources)
        known = KnownQueries(
            queries.rows, queries.dtype, queries.are_training_rows, asked=X, lists=lists
        )
        return cls(model, known)

    def with_settings(self, n_neighbors: int, weights: Any) -> Any:
        """Return the model with other settings; it knows the queries.

        It is what a fit with these settings makes: nothing that is fitted depends on
        them.
        """
        other = copy.copy(self.model).set_params(
            n_neighbors=n_neighbors, weights=clone(weights, safe=False)
        )
        other._known = self.known
        return other
