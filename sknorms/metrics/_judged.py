"""Lists of hits beside what is relevant: what scores are computed from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sknorms._ids import plain
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError
from sknorms.metrics._hit_lists import HitLists
from sknorms.metrics._relevance import Relevance

__all__ = ["Judged", "judge"]


@dataclass(frozen=True, eq=False)
class Judged:
    """Hits with grades, in groups of ties.

    A group is a run of hits of one query with equal values, in any order of which the
    list could have come; a hit that ties with no other is a group of its own. Scores
    are means over these orders.

    Attributes
    ----------
    lists : HitLists
    relevance : Relevance
    grades : float64 array of shape (n_hits,)
        0 for what is not relevant.
    columns : intp array of shape (n_hits,)
        What of the relevance each hit is, -1 for nothing.
    """

    lists: HitLists
    relevance: Relevance
    grades: FloatArray
    columns: IndexArray

    @property
    def n_queries(self) -> int:
        """Number of queries."""
        return self.lists.n_queries

    @property
    def lengths(self) -> IndexArray:
        """Number of hits of each query."""
        return np.diff(self.lists.starts)

    @cached_property
    def places(self) -> IndexArray:
        """The place of every hit in its list, from 0."""
        first = np.repeat(self.lists.starts[:-1], self.lengths)
        return np.arange(len(first)) - first

    @cached_property
    def group_of(self) -> IndexArray:
        """The group of every hit."""
        return np.cumsum(self.lists.opens) - 1

    @cached_property
    def _firsts(self) -> IndexArray:
        return np.flatnonzero(self.lists.opens)

    @property
    def group_owners(self) -> IndexArray:
        """The query of every group."""
        return self.lists.owners[self._firsts]

    @property
    def group_places(self) -> IndexArray:
        """Where in its list every group begins, from 0."""
        return self.places[self._firsts]

    @cached_property
    def group_sizes(self) -> IndexArray:
        """How many hits every group has."""
        return np.bincount(self.group_of, minlength=len(self._firsts))

    @cached_property
    def group_relevant(self) -> FloatArray:
        """How many of them are relevant."""
        return self.group_sums(self.grades > 0)

    def group_sums(self, gains: AnyArray) -> FloatArray:
        """Return the sum over every group of numbers that hits have."""
        return _sums(self.group_of, gains, len(self._firsts))

    def group_reach(self, k: int | None) -> IndexArray:
        """Return how many of every group are among the first k of a list."""
        if k is None:
            return self.group_sizes
        return np.clip(k - self.group_places, 0, self.group_sizes)

    def query_sums(self, owners: IndexArray, terms: FloatArray) -> FloatArray:
        """Return the sum of each query's terms, in their order."""
        return _sums(owners, terms, self.n_queries)


def _sums(owners: IndexArray, terms: AnyArray, n_owners: int) -> FloatArray:
    sums = np.bincount(owners, terms, minlength=n_owners)
    return sums.astype(np.float64)  # integers where there are no terms


def judge(lists: HitLists, relevance: Relevance) -> Judged:
    """Look up what of the hits is relevant.

    Raises
    ------
    ValueError
        If a list has something twice.
    """
    numbers, columns = relevance.columns.of(lists)
    _require_once(lists, numbers)
    grades = relevance.grades_of(lists.owners, columns)
    return Judged(lists, relevance, grades, columns)


def _require_once(lists: HitLists, numbers: IndexArray) -> None:
    order = np.lexsort((numbers, lists.owners))
    numbers, owners = numbers[order], lists.owners[order]
    again = (numbers[1:] == numbers[:-1]) & (owners[1:] == owners[:-1])
    if again.any():
        which = order[1:][again][0]
        twice = plain(lists.ids[[which]])[0]
        raise ParameterError(
            f"found must have every hit of a query once; query {lists.owners[which]} "
            f"has {twice!r} again. Drop what repeats; for rows that share "
            "an id, pass their numbers (or the result of a search), and labels."
        )
