"""What searches found: one list of hits a query, read from whatever holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy import sparse

from sknorms._ids import as_objects, plain
from sknorms._typing import AnyArray, BoolArray, IndexArray
from sknorms._validation import ParameterError

__all__ = ["HitLists", "SearchOutcome", "joined", "read_hit_lists"]


@runtime_checkable
class SearchOutcome(Protocol):
    """What the result of a search offers, as that of `sknorms.neighbors.Retriever`.

    Query i owns the entries ``starts[i]:starts[i + 1]`` of the arrays ``all_...``.
    """

    @property
    def starts(self) -> IndexArray:
        """Where lists start and end, shape (n_queries + 1,)."""

    @property
    def all_indices(self) -> IndexArray:
        """Positions of the rows found, shape (n_hits,)."""

    @property
    def all_ids(self) -> AnyArray:
        """What these rows are called."""

    @property
    def all_values(self) -> AnyArray:
        """How far they are, or how similar."""

    @property
    def higher_is_better(self) -> bool:
        """Whether the values are similarities."""


@dataclass(frozen=True, eq=False)
class HitLists:
    """Lists of hits, closest first.

    Attributes
    ----------
    starts : intp array of shape (n_queries + 1,)
        Query i owns the entries ``starts[i]:starts[i + 1]`` of the arrays below.
    ids : array of shape (n_hits,)
        What hits are called.
    indices : array of shape (n_hits,)
        Their positions among the rows; the ids where that is all that is known.
    values : array of shape (n_hits,) or None
        Hits of a list with equal values are ties.
    """

    starts: IndexArray
    ids: AnyArray
    indices: AnyArray
    values: AnyArray | None

    @property
    def n_queries(self) -> int:
        """Number of lists."""
        return len(self.starts) - 1

    @cached_property
    def owners(self) -> IndexArray:
        """The query of every hit."""
        return np.repeat(np.arange(self.n_queries), np.diff(self.starts))

    @cached_property
    def opens(self) -> BoolArray:
        """Which hits are the first of several with equal values, or alone."""
        opens = np.ones(len(self.ids), dtype=np.bool_)
        if self.values is not None and len(self.values):
            opens[1:] = self.values[1:] != self.values[:-1]
            opens[self.starts[:-1][np.diff(self.starts) > 0]] = True
        return opens

    def positions(self) -> IndexArray:
        """Return the indices, if they are such."""
        if len(self.indices) and self.indices.dtype.kind not in "iu":
            first = plain(self.indices[:1])[0]
            raise ParameterError(
                "found must hold row numbers, because relevance is said of rows (by "
                f"labels or a matrix); got {first!r} of type "
                f"{type(first).__name__}. Pass indices, or a result that "
                "has them."
            )
        return self.indices.astype(np.intp)


def read_hit_lists(
    found: Any, distances: Any = None, similarities: Any = None
) -> HitLists:
    """Read what was found.

    Parameters
    ----------
    found : SearchOutcome, array-like of shape (n_queries, k), or n_queries lists
    distances, similarities : as found, or None
        One of them at most, and none where ``found`` has its own.

    Raises
    ------
    ValueError
        If there are no lists, or values do not fit them or are not in order.
    """
    if distances is not None and similarities is not None:
        raise ParameterError(
            "distances and similarities both say which hits tie; got both. Pass one."
        )
    larger = similarities is not None
    name = "similarities" if larger else "distances"
    values = similarities if larger else distances
    if isinstance(found, SearchOutcome):
        _require_none(name, values)
        return HitLists(
            found.starts, found.all_ids, found.all_indices, found.all_values
        )
    starts, items = joined("found", found)
    if values is None:
        return HitLists(starts, items, items, None)
    own_starts, own = joined(name, values)
    if not np.array_equal(starts, own_starts):
        raise ParameterError(
            f"{name} must have one number for each hit in found; its lists have other "
            "lengths."
        )
    lists = HitLists(starts, items, items, _numbers(name, own))
    _require_order(lists, name, larger)
    return lists


def _require_none(name: str, values: Any) -> None:
    if values is not None:
        raise ParameterError(
            f"found is the result of a search and has its own values; got {name} as "
            "well. Drop them, or pass found.ids with them."
        )


def _numbers(name: str, values: AnyArray) -> AnyArray:
    try:
        numbers = values if values.dtype.kind in "fiu" else values.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if np.isnan(numbers).any():
        raise ParameterError(f"{name} must be numbers, and none of them NaN.")
    return numbers


def _require_order(lists: HitLists, name: str, larger: bool) -> None:
    if lists.values is None or len(lists.values) < 2:
        return
    before, after = lists.values[:-1], lists.values[1:]
    wrong = (after > before) if larger else (after < before)
    wrong &= lists.owners[1:] == lists.owners[:-1]
    if wrong.any():
        query = lists.owners[1:][wrong][0]
        order = "largest" if larger else "smallest"
        raise ParameterError(
            f"{name} must be in the order of the hits, {order} first; those of query "
            f"{query} are not. Sort found and {name} together."
        )


def joined(name: str, lists: Any) -> tuple[IndexArray, AnyArray]:
    """Return where lists start and end, and their entries laid end to end."""
    if isinstance(lists, np.ndarray) and lists.ndim == 2:
        n_queries, k = lists.shape
        return np.arange(n_queries + 1) * k, lists.ravel()
    if not _is_list(lists) or not all(_is_list(entries) for entries in lists):
        raise ParameterError(
            f"{name} must have one list a query, closest first, or be an array of "
            f"shape (n_queries, k); got {_described(lists)}. Of a single query, pass "
            "a list that holds its list."
        )
    lengths = np.array([len(entries) for entries in lists], dtype=np.intp)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
    return starts, _end_to_end(lists)


def _is_list(entries: Any) -> bool:
    if isinstance(entries, str | bytes) or sparse.issparse(entries):
        return False
    is_array = hasattr(entries, "__array__") and getattr(entries, "ndim", 1) == 1
    return isinstance(entries, Sequence) or is_array


def _described(lists: Any) -> str:
    shape = getattr(lists, "shape", None)
    return type(lists).__name__ + ("" if shape is None else f" of shape {shape}")


def _end_to_end(lists: Any) -> AnyArray:
    """Join lists so that every entry stays what it is."""
    entries = [entry for each in lists for entry in each]
    kinds = {type(entry) for entry in entries}
    if kinds and all(issubclass(kind, int | np.integer) for kind in kinds - {bool}):
        return np.array(entries) if bool not in kinds else as_objects(entries)
    if kinds and all(issubclass(kind, float | np.floating) for kind in kinds):
        return np.array(entries)
    return as_objects(entries)
