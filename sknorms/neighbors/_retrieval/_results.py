"""What a search returns: lists of hits, one list a query."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._ids import plain
from sknorms._typing import AnyArray, BoolArray, IndexArray
from sknorms._validation import check_choice
from sknorms.neighbors._retrieval._labels import take_frame

__all__ = ["Hit", "SearchResult"]


@dataclass(frozen=True)
class Hit:
    """One row found for a query.

    Attributes
    ----------
    id : object
        What the row is called.
    index : int
        Its position among the rows of the retriever.
    distance, similarity : float or None
        How far it is from the query, and how similar to it; None for what the metric
        does not say: a cosine is both, a Euclidean distance is no similarity.
    """

    id: Any
    index: int
    distance: float | None
    similarity: float | None


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult:
    """Rows found for several queries: one list a query, closest first.

    Lists may differ in length. `ids`, `indices`, `distances` and `similarities` are
    arrays of shape (n_queries, k) where all of them have k entries, and otherwise
    arrays of shape (n_queries,) that hold one array a query; ``result.ids[i]`` is the
    list of query i in both cases.

    Parameters
    ----------
    starts : intp array of shape (n_queries + 1,)
        Query i owns the entries ``starts[i]:starts[i + 1]`` of the arrays below.
    all_indices : intp array of shape (n_hits,)
        Positions of the rows found, all lists laid end to end.
    all_ids : array of shape (n_hits,)
        Their ids.
    all_values : float32 or float64 array of shape (n_hits,)
        Their values, in the units of the metric.
    all_opposites : array of shape (n_hits,) or None
        The same as similarities if the metric is a distance, or as distances if it is a
        similarity; None where that is not defined.
    metric : str, Metric or callable
        What rows were compared by.
    higher_is_better : bool
        Whether the values are similarities.
    payload : DataFrame or None, default=None
        What travels with the rows of the retriever, all of them.

    See Also
    --------
    Retriever : Makes such results.

    Notes
    -----
    A result is a sequence of tuples of hits: it has a length, can be iterated over and
    indexed, and a slice of it is a result. Every hit has an ``id``, an ``index``, a
    ``distance`` and a ``similarity``, of which one may be None.

    Examples
    --------
    >>> from sknorms.neighbors import Retriever
    >>> retriever = Retriever().fit([[1, 0], [0, 1], [1, 1]], ["east", "north", "both"])
    >>> result = retriever.search([[2.0, 1.9], [0.0, 1.0]], k=2)
    >>> result
    SearchResult(2 queries, 4 hits, metric='cosine', higher_is_better=False)
    >>> result.ids
    array([['both', 'east'],
           ['north', 'both']], dtype='<U5')
    >>> result.distances.round(3)
    array([[0.   , 0.275],
           [0.   , 0.293]])
    >>> for hits in result:
    ...     print(*[f"{hit.id} ({hit.similarity:.2f})" for hit in hits])
    both (1.00) east (0.72)
    north (1.00) both (0.71)
    """

    starts: IndexArray
    all_indices: IndexArray
    all_ids: AnyArray
    all_values: AnyArray
    all_opposites: AnyArray | None
    metric: Any
    higher_is_better: bool
    payload: Any = None

    @property
    def counts(self) -> IndexArray:
        """The number of hits of each query, shape (n_queries,)."""
        return np.diff(self.starts)

    @property
    def ids(self) -> AnyArray:
        """The ids of the rows found."""
        return self._lists(self.all_ids)

    @property
    def indices(self) -> AnyArray:
        """The positions of the rows found among the rows of the retriever."""
        return self._lists(self.all_indices)

    @property
    def values(self) -> AnyArray:
        """Distances or similarities, whichever the metric is."""
        return self._lists(self.all_values)

    @property
    def distances(self) -> AnyArray:
        """Distances, smallest first.

        Raises
        ------
        AttributeError
            If the metric is a similarity that has no distance of its own.
        """
        return self._lists(self._values("distances", similar=False))

    @property
    def similarities(self) -> AnyArray:
        """Similarities, largest first.

        Raises
        ------
        AttributeError
            If the metric is a distance that has no similarity of its own.
        """
        return self._lists(self._values("similarities", similar=True))

    def _values(self, name: str, *, similar: bool) -> AnyArray:
        own = similar is self.higher_is_better
        values = self.all_values if own else self.all_opposites
        if values is None:
            raise AttributeError(
                f"metric {self.metric!r} is a {_kind(self.higher_is_better)} that has "
                f"no {name} of its own: use values, which every result has "
                f"({'larger' if self.higher_is_better else 'smaller'} is better)."
            )
        return values

    def _lists(self, entries: AnyArray) -> AnyArray:
        counts = self.counts
        n_queries, k = len(counts), int(counts[0]) if len(counts) else 0
        if (counts == k).all():
            table: AnyArray = entries.reshape(n_queries, k)
            return table
        lists = np.empty(n_queries, dtype=object)
        for i in range(n_queries):
            lists[i] = entries[self.starts[i] : self.starts[i + 1]]
        return lists

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __iter__(self) -> Iterator[tuple[Hit, ...]]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, query: Any) -> Any:
        if isinstance(query, slice):
            return self._slice(*query.indices(len(self)))
        try:
            i = range(len(self))[query]
        except IndexError:
            raise IndexError(
                f"query {query} is not among the {len(self)} queries of this result."
            ) from None
        mine = slice(self.starts[i], self.starts[i + 1])
        ids, indices = plain(self.all_ids[mine]), self.all_indices[mine].tolist()
        own, others = self.all_values[mine].tolist(), [None] * len(ids)
        if self.all_opposites is not None:
            others = self.all_opposites[mine].tolist()
        pairs = (others, own) if self.higher_is_better else (own, others)
        return tuple(Hit(*hit) for hit in zip(ids, indices, *pairs, strict=True))

    def _slice(self, start: int, stop: int, step: int) -> "SearchResult":
        queries = np.arange(start, stop, step)
        counts = self.counts[queries]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        kept = np.repeat(self.starts[queries], counts) + within
        return self._with(starts, kept)

    def keep(self, mask: BoolArray) -> "SearchResult":
        """Return a result with the hits where ``mask`` holds.

        Parameters
        ----------
        mask : bool array of shape (n_hits,)
            Which hits to keep, all lists laid end to end.

        Returns
        -------
        SearchResult
        """
        kept = np.concatenate([[0], np.cumsum(mask)]).astype(np.intp)
        return self._with(kept[self.starts], np.flatnonzero(mask))

    def _with(self, starts: IndexArray, kept: IndexArray) -> "SearchResult":
        others = self.all_opposites
        return replace(
            self,
            starts=starts,
            all_indices=self.all_indices[kept],
            all_ids=self.all_ids[kept],
            all_values=self.all_values[kept],
            all_opposites=None if others is None else others[kept],
        )

    def to_frame(self, library: Any = "pandas") -> Any:
        """Return a table with one row a hit.

        Parameters
        ----------
        library : {"pandas", "polars"}, default="pandas"
            Whose DataFrame to return.

        Returns
        -------
        DataFrame
            Columns ``query`` (its number, from 0), ``rank`` (from 1), ``id`` and
            ``value``, and then the columns of the payload, if there is
            one; of those, names that would occur twice are preceded by ``payload_``.
        """
        make = _FRAMES[check_choice("library", library, tuple(_FRAMES))]
        queries = np.repeat(np.arange(len(self)), self.counts)
        columns: dict[Any, Any] = {
            "query": queries,
            "rank": np.arange(len(queries)) - self.starts[queries] + 1,
            "id": self.all_ids,
            "value": self.all_values,
        }
        if self.payload is not None:
            taken = take_frame(self.payload, self.all_indices)
            for name in taken.columns:
                own = f"payload_{name}" if name in columns else name
                columns[own] = taken[name]
        return make(columns)

    def __repr__(self) -> str:
        return (
            f"SearchResult({len(self)} queries, {len(self.all_indices)} hits, "
            f"metric={self.metric!r}, higher_is_better={self.higher_is_better})"
        )


def _kind(higher_is_better: bool) -> str:
    return "similarity" if higher_is_better else "distance"


def _library(name: str) -> Any:
    """Import a library of frames; it is needed for nothing else here."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        others = " or ".join(f"to_frame({other!r})" for other in _FRAMES)
        raise ImportError(
            f"to_frame needs {name}, which is not installed: pip install {name}, or "
            f"use what you have: {others}."
        ) from error


def _pandas(columns: dict[Any, Any]) -> Any:
    pd = _library("pandas")
    # What a Series of pandas holds, dtype included, without its index.
    return pd.DataFrame(
        {name: getattr(values, "array", values) for name, values in columns.items()}
    )


def _polars(columns: dict[Any, Any]) -> Any:
    pl = _library("polars")
    # Arrays of objects would stay opaque to polars; their values need not.
    return pl.DataFrame(
        {
            str(name): values.tolist() if _holds_objects(values) else values
            for name, values in columns.items()
        }
    )


def _holds_objects(values: Any) -> bool:
    return isinstance(values, np.ndarray) and values.dtype == object


_FRAMES: dict[str, Callable[[dict[Any, Any]], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
}
