"""Scores of what a search found: one record a score, found by its names.

Where hits tie, a score is the mean over all orders of the hits that tie, in closed
form: F. McSherry, M. Najork, "Computing information retrieval performance measures
efficiently in the presence of tied scores", ECIR 2008.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms._validation import ParameterError, check_choice, check_flag
from sknorms.metrics._judged import Judged

__all__ = [
    "NDCG",
    "AveragePrecision",
    "Precision",
    "Recall",
    "ReciprocalRank",
    "RetrievalScore",
    "retrieval_scores",
]

_SCORES: dict[str, type["RetrievalScore"]] = {}
Record = TypeVar("Record", bound="type[RetrievalScore]")


def _named(record: Record) -> Record:
    _SCORES.update(dict.fromkeys((record.name, *record.aliases), record))
    return record


def retrieval_scores() -> dict[str, type["RetrievalScore"]]:
    """Return the records of all scores by all of their names."""
    return dict(_SCORES)


@dataclass(frozen=True)
class RetrievalScore(ABC):
    """How good lists of hits are; its fields are the options it has."""

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def options(cls) -> list[str]:
        """Return the names of its options."""
        return [field.name for field in fields(cls)]

    def is_asked(self, judged: Judged) -> Any:
        """Return for which queries there is something to find."""
        return judged.relevance.n_rows > 0

    @abstractmethod
    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Return the score of the first k hits of every query, 0 for one not asked."""


def _share(found: FloatArray, of: Any) -> FloatArray:
    """Return a share within [0, 1], whatever rounding does; none of nothing is 0."""
    sizes = np.broadcast_to(np.asarray(of, dtype=np.float64), found.shape)
    shares = np.divide(found, sizes, out=np.zeros_like(found), where=sizes > 0)
    return np.minimum(shares, 1.0)


def _room(sizes: IndexArray, k: int | None, capped: bool) -> IndexArray:
    return sizes if k is None or not capped else np.minimum(sizes, k)


def _found(judged: Judged, k: int | None) -> FloatArray:
    """Return how many relevant hits are among the first k, in the mean."""
    reach = judged.group_reach(k)
    among = judged.group_relevant * reach / judged.group_sizes
    return judged.query_sums(judged.group_owners, among)


@_named
@dataclass(frozen=True)
class Precision(RetrievalScore):
    """The share of the first k places that hold something relevant."""

    name: ClassVar[str] = "precision"

    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Divide by k, or by the length of the list."""
        return _share(_found(judged, k), judged.lengths if k is None else k)


@_named
@dataclass(frozen=True)
class Recall(RetrievalScore):
    """The share of what is relevant that is among the first k.

    Attributes
    ----------
    capped : bool
        Whether to divide by k where more than k are relevant.
    distinct : bool
        Whether rows of one label count as one, which any of them finds.
    """

    capped: bool = False
    distinct: bool = False
    name: ClassVar[str] = "recall"

    def __post_init__(self) -> None:
        check_flag("capped", self.capped)
        check_flag("distinct", self.distinct)

    def is_asked(self, judged: Judged) -> Any:
        """Ask for names that no row has, too, if names are what counts."""
        relevance = judged.relevance
        return (relevance.n_names if self.distinct else relevance.n_rows) > 0

    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Divide what is found by what there is."""
        relevance = judged.relevance
        sizes = relevance.n_names if self.distinct else relevance.n_rows
        found = _found_names(judged, k) if self.distinct else _found(judged, k)
        return _share(found, _room(sizes, k, self.capped))


def _found_names(judged: Judged, k: int | None) -> FloatArray:
    """Return how many of the relevant names are among the first k, in the mean.

    Of a group of n hits, t are within reach. If m of them have a name, they miss it in
    C(n - m, t) / C(n, t) of all orders, which is the product below.
    """
    relevant = judged.grades > 0
    owners, names = judged.lists.owners[relevant], judged.columns[relevant]
    groups = judged.group_of[relevant]
    # A name is found, or not, where it comes first, and by all copies in that group.
    order = np.lexsort((groups, names, owners))
    owners, names, groups = owners[order], names[order], groups[order]
    is_new = np.ones(len(owners), dtype=np.bool_)
    is_new[1:] = (owners[1:] != owners[:-1]) | (names[1:] != names[:-1])
    first = np.flatnonzero(is_new)
    which = np.cumsum(is_new) - 1
    copies = np.bincount(
        which, groups == groups[first][which], minlength=len(first)
    ).astype(np.intp)
    mine = groups[first]
    missed = np.ones(len(first))
    sizes, reach = judged.group_sizes[mine], judged.group_reach(k)[mine]
    for i in range(int(copies.max(initial=0))):
        drawn = i < copies
        left = np.maximum(sizes[drawn] - reach[drawn] - i, 0)
        missed[drawn] *= left / (sizes[drawn] - i)
    return judged.query_sums(owners[first], 1.0 - missed)


@_named
@dataclass(frozen=True)
class AveragePrecision(RetrievalScore):
    """The mean of the precisions at the places of what is relevant.

    Attributes
    ----------
    capped : bool
        Whether to divide by k where more than k are relevant.
    """

    capped: bool = False
    name: ClassVar[str] = "average_precision"
    aliases: ClassVar[tuple[str, ...]] = ("map",)

    def __post_init__(self) -> None:
        check_flag("capped", self.capped)

    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Add up precisions; within a group, a place is relevant with chance r / n.

        Then, of the places before it in the group, each is with (r - 1) / (n - 1).
        """
        group, places = judged.group_of, judged.places
        n, r = judged.group_sizes[group], judged.group_relevant[group]
        within = places - judged.group_places[group]
        before = _before(judged)[group]
        others = within * (r - 1) / np.maximum(n - 1, 1)
        terms = (r / n) * (before + 1 + others) / (places + 1)
        counted = np.where(_reached(places, k) & (r > 0), terms, 0.0)
        sums = judged.query_sums(judged.lists.owners, counted)
        return _share(sums, _room(judged.relevance.n_rows, k, self.capped))


def _before(judged: Judged) -> FloatArray:
    """Return how many relevant hits come before every group."""
    upto = np.concatenate([[0.0], np.cumsum(judged.grades > 0)])
    owners = judged.group_owners
    starts = judged.lists.starts[owners]
    before: FloatArray = upto[starts + judged.group_places] - upto[starts]
    return before


def _reached(places: IndexArray, k: int | None) -> Any:
    return np.ones(len(places), dtype=np.bool_) if k is None else places < k


@_named
@dataclass(frozen=True)
class ReciprocalRank(RetrievalScore):
    """One over the place of the first relevant hit, 0 if that is beyond the first k."""

    name: ClassVar[str] = "reciprocal_rank"
    aliases: ClassVar[tuple[str, ...]] = ("mrr",)

    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Weigh the places of the first relevant group by how often they are first.

        Of n hits with r relevant ones the first is at j (from 0) with chance
        C(n - 1 - j, r - 1) / C(n, r), a product.
        """
        groups = np.flatnonzero(judged.group_relevant > 0)
        owners, first = np.unique(judged.group_owners[groups], return_index=True)
        groups = groups[first]
        n, r = judged.group_sizes[groups], judged.group_relevant[groups]
        starts, reach = judged.group_places[groups], judged.group_reach(k)[groups]
        sums, chance = np.zeros(len(groups)), r / n
        for j in range(int(reach.max(initial=0))):
            sums += np.where(j < reach, chance / (starts + j + 1), 0.0)
            left = np.maximum(n - 1 - j, 1)
            chance = chance * np.maximum(n - r - j, 0) / left
            if not chance.any():
                break
        ranks = np.zeros(judged.n_queries)
        ranks[owners] = sums
        return ranks


def _linear(grades: FloatArray) -> FloatArray:
    return grades


def _exponential(grades: FloatArray) -> FloatArray:
    return np.exp2(grades) - 1.0


_MOST_GAIN = 1e290
_GAINS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "linear": _linear,
    "exponential": _exponential,
}


@_named
@dataclass(frozen=True)
class NDCG(RetrievalScore):
    """The discounted gain of the first k, over that of the best list there could be.

    Attributes
    ----------
    gain : {"linear", "exponential"}
        The grade itself, or two to its power less one.
    """

    gain: str = "linear"
    name: ClassVar[str] = "ndcg"

    def __post_init__(self) -> None:
        check_choice("gain", self.gain, tuple(_GAINS))

    def values(self, judged: Judged, k: int | None) -> FloatArray:
        """Give each hit the mean gain of its group, and the discount of its place."""
        gains, places = self._gains(judged.grades), judged.places
        means = judged.group_sums(gains) / judged.group_sizes
        terms = means[judged.group_of] / np.log2(places + 2.0)
        counted = np.where(_reached(places, k), terms, 0.0)
        sums = judged.query_sums(judged.lists.owners, counted)
        return _share(sums, self._best(judged, k))

    def _gains(self, grades: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):
            gains = _GAINS[self.gain](grades)
        # Sums of many of them, and their products with discounts, stay finite.
        if gains.max(initial=0.0) > _MOST_GAIN:
            raise ParameterError(
                f"gain={self.gain!r} makes too large a number of the grade "
                f"{grades.max():g}; pass smaller grades, or gain='linear'."
            )
        return gains

    def _best(self, judged: Judged, k: int | None) -> FloatArray:
        """Return the discounted gain of everything relevant, best first."""
        relevance = judged.relevance
        gains = self._gains(relevance.grades)
        order = np.lexsort((-gains, relevance.owners))
        copies = relevance.copies[relevance.entries[order]]
        ends = np.cumsum(copies)
        # Where each query's rows begin, and so the places that an entry's rows take.
        first = np.concatenate([[0], ends])[relevance.starts[:-1]]
        ends = ends - np.repeat(first, relevance.n_names)
        most = int(ends.max(initial=0)) if k is None else k
        n_places = min(most, int(ends.max(initial=0)))
        discounts = np.cumsum(1.0 / np.log2(np.arange(n_places) + 2.0))
        discounts = np.concatenate([[0.0], discounts])
        upto = discounts[np.minimum(ends, n_places)]
        before = discounts[np.minimum(ends - copies, n_places)]
        return judged.query_sums(relevance.owners, gains[order] * (upto - before))
