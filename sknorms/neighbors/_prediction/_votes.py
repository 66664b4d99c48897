"""Votes of neighbours, and who wins where classes have equally many."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from sknorms._typing import AnyArray, BoolArray, FloatArray, IndexArray
from sknorms._validation import check_choice
from sknorms.neighbors._search import Neighborhoods

__all__ = ["TieRule", "count_votes", "get_tie_rules"]

# Votes are sums of rounded weights: classes this close to the winner are tied with it.
_ROUNDING = 1e-12


def count_votes(
    near: Neighborhoods, codes: IndexArray, factors: FloatArray | None, n_classes: int
) -> FloatArray:
    """Return the votes for each class, added in the order of the lists.

    Parameters
    ----------
    near : Neighborhoods
    codes : intp array of shape (n_training_rows,)
        Class of every training row.
    factors : float64 array of shape (n_classes,) or None
        What a vote for each class counts.
    n_classes : int

    Returns
    -------
    float64 array of shape (n_queries, n_classes)
    """
    cells = near.layout.owners * n_classes + codes[near.indices]
    votes = np.bincount(cells, near.weights, len(near) * n_classes)
    table = votes.reshape(len(near), n_classes).astype(np.float64, copy=False)
    return table if factors is None else table * factors


@dataclass(frozen=True)
class TieRule(ABC):
    """Chooses the winner of a vote."""

    # Whether neighbours have to come closest first.
    needs_order: ClassVar[bool] = False

    @abstractmethod
    def winners(
        self, votes: FloatArray, near: Neighborhoods, codes: IndexArray
    ) -> IndexArray:
        """Return the class with the most votes of every query.

        Parameters
        ----------
        votes : float64 array of shape (n_queries, n_classes)
        near : Neighborhoods
            Who voted.
        codes : intp array of shape (n_training_rows,)
            Class of every training row.

        Returns
        -------
        intp array of shape (n_queries,)
            Without a vote, the first class.
        """


@dataclass(frozen=True)
class Lowest(TieRule):
    """The class that comes first in the order of the labels."""

    def winners(
        self, votes: FloatArray, near: Neighborhoods, codes: IndexArray
    ) -> IndexArray:
        """Return the first class with the most votes, as scikit-learn does."""
        del near, codes
        first: IndexArray = votes.argmax(axis=1)
        return first


@dataclass(frozen=True)
class Nearest(TieRule):
    """The class of the nearest neighbour of any tied class."""

    needs_order: ClassVar[bool] = True

    def winners(
        self, votes: FloatArray, near: Neighborhoods, codes: IndexArray
    ) -> IndexArray:
        """Return the leading class whose first voter comes first."""
        owners, voted = near.layout.owners, _voted(near)
        nobody = len(near.indices)
        first_voter = np.full(votes.shape, nobody)
        cells = owners[voted], codes[near.indices[voted]]
        np.minimum.at(first_voter, cells, np.flatnonzero(voted))
        first_voter[~_leading(votes)] = nobody
        closest: IndexArray = first_voter.argmin(axis=1)
        return closest


@dataclass(frozen=True)
class Drawn(TieRule):
    """A class drawn by lot among the tied ones.

    The lot depends on the seed and on who voted, so that a query draws the same one in
    every batch.

    Attributes
    ----------
    seed : int
    """

    seed: int

    def winners(
        self, votes: FloatArray, near: Neighborhoods, codes: IndexArray
    ) -> IndexArray:
        """Return the leading class whose number among them is drawn."""
        del codes
        leading = _leading(votes)
        tickets = _scrambled(near.indices.astype(np.uint64) + np.uint64(self.seed))
        tickets[~_voted(near)] = 0
        # Sums wrap around and so do not depend on the order of the voters.
        lots = _scrambled(near.layout.reduce(np.add, tickets, 0))
        drawn = lots % leading.sum(axis=1).astype(np.uint64)
        place = np.cumsum(leading, axis=1) - 1
        chosen: IndexArray = (leading & (place == drawn[:, None])).argmax(axis=1)
        return chosen


def _voted(near: Neighborhoods) -> BoolArray:
    """Return whose vote counts, shape (n_entries,)."""
    if near.weights is None:
        return np.ones(len(near.indices), dtype=np.bool_)
    return near.weights > 0


def _leading(votes: FloatArray) -> BoolArray:
    """Return which classes have the most votes, up to the rounding of sums."""
    leading: BoolArray = votes >= votes.max(axis=1, keepdims=True) * (1 - _ROUNDING)
    return leading


def _scrambled(numbers: AnyArray) -> AnyArray:
    """Return well-mixed 64-bit numbers (the finaliser of SplitMix64)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


_RULES = ("lowest", "nearest", "random")


def get_tie_rules(vote_ties: Any, random_state: Any, n_outputs: int) -> list[TieRule]:
    """Return the rule that the parameter ``vote_ties`` stands for, one an output.

    Parameters
    ----------
    vote_ties : {"lowest", "nearest", "random"}
    random_state : int, RandomState or None
        Gives the seeds; not touched unless they are needed.
    n_outputs : int

    Raises
    ------
    ValueError
        If the rule is unknown.
    """
    check_choice("vote_ties", vote_ties, _RULES)
    if vote_ties == "random":
        seeds = check_random_state(random_state).randint(2**31, size=n_outputs)
        return [Drawn(int(seed) << 32) for seed in seeds]
    return [Lowest() if vote_ties == "lowest" else Nearest()] * n_outputs
