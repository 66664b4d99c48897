"""Which pairs of a query and a corpus row may be in an answer at all."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from sknorms._typing import BoolArray

__all__ = ["Admission", "NotSelf"]


class Admission(ABC):
    """A rule on pairs, independent of distance.

    Pairs it does not admit are left out before anything exact is computed for them, so
    that the k nearest are the k nearest of those that are admitted.
    """

    # How many corpus rows are left out of an answer at most; None if that may be any.
    most_left_out: ClassVar[int | None] = None

    @abstractmethod
    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Return which pairs may be in an answer.

        Parameters
        ----------
        queries : intp array
            Numbers of queries among all that the caller has.
        indices : intp array
            Corpus rows. The two are broadcast against each other.

        Returns
        -------
        bool array of the broadcast shape
        """


@dataclass(frozen=True)
class NotSelf(Admission):
    """Queries are corpus rows, and none is its own neighbour; duplicates are."""

    most_left_out = 1

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Return where the two are different rows."""
        different: BoolArray = queries != indices
        return different
