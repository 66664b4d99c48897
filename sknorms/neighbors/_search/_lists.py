"""Lists of neighbours laid end to end, and arithmetic within each list.

A list's result depends on the list alone, to the last bit, and not on the lists that
happen to be worked on with it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, BoolArray, FloatArray, IndexArray
from sknorms.neighbors._search._graph import regular_starts

__all__ = ["Layout", "Neighborhoods", "Ragged", "Regular"]


@dataclass(frozen=True)
class Layout(ABC):
    """Where each list begins and ends."""

    @property
    @abstractmethod
    def starts(self) -> IndexArray:
        """List i has the entries ``starts[i]:starts[i + 1]``."""

    @abstractmethod
    def present(self, entries: FloatArray) -> AnyArray:
        """Return a copy of the entries in the form that a user's function is shown."""

    @abstractmethod
    def flatten(self, answer: Any) -> FloatArray:
        """Bring what a user's function made of them back, or raise ValueError."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> IndexArray:
        """Number of entries of each list."""
        lengths: IndexArray = np.diff(self.starts)
        return lengths

    @property
    def owners(self) -> IndexArray:
        """The list that each entry belongs to."""
        owners: IndexArray = np.repeat(np.arange(len(self)), self.lengths)
        return owners

    def reduce(self, ufunc: np.ufunc, entries: AnyArray, empty: Any) -> AnyArray:
        """Reduce each list to one number; ``empty`` stands for a list of none."""
        filled = self.lengths > 0
        reduced = np.full(len(self), empty, dtype=entries.dtype)
        if filled.any():
            # Empty lists own no entries, so the others still lie end to end.
            reduced[filled] = ufunc.reduceat(entries, self.starts[:-1][filled])
        return reduced

    def buckets(self) -> Iterator[tuple[IndexArray, IndexArray, BoolArray]]:
        """Yield lists of similar length as rows of one width.

        Yields
        ------
        lists : intp array of shape (m,)
            Which lists these are; empty ones are left out.
        entries : intp array of shape (m, width)
            Positions of their entries; where a list has ended, that of its first one.
        inside : bool array of shape (m, width)
            Where there is an entry.
        """
        lengths = self.lengths
        # The width is the next power of two: a function of the list's length alone, so
        # that sums along a row do not depend on the other rows.
        exponents = np.frexp(np.maximum(lengths, 1) - 0.5)[1]
        for exponent in np.unique(exponents[lengths > 0]):
            lists = np.flatnonzero((exponents == exponent) & (lengths > 0))
            steps = np.arange(1 << int(exponent))
            inside = steps < lengths[lists, None]
            entries = self.starts[lists, None] + np.where(inside, steps, 0)
            yield lists, entries, inside


@dataclass(frozen=True)
class Regular(Layout):
    """Lists that all have the same length.

    Attributes
    ----------
    n_lists, width : int
    """

    n_lists: int
    width: int

    @property
    def starts(self) -> IndexArray:
        """List i has the entries ``starts[i]:starts[i + 1]``."""
        return regular_starts(self.n_lists, self.width)

    def present(self, entries: FloatArray) -> AnyArray:
        """Return an array of shape (n_lists, width)."""
        return entries.reshape(self.n_lists, self.width).copy()

    def flatten(self, answer: Any) -> FloatArray:
        """Take an array of that shape apart."""
        array = np.asarray(answer, dtype=np.float64)
        if array.shape != (self.n_lists, self.width):
            raise ValueError(
                "weights must return an array of the shape of the distances, "
                f"{(self.n_lists, self.width)}; got {array.shape}."
            )
        return array.ravel().copy()


@dataclass(frozen=True, eq=False)
class Ragged(Layout):
    """Lists of different lengths.

    Attributes
    ----------
    bounds : intp array of shape (n_lists + 1,)
    """

    bounds: IndexArray

    @property
    def starts(self) -> IndexArray:
        """List i has the entries ``starts[i]:starts[i + 1]``."""
        return self.bounds

    def present(self, entries: FloatArray) -> AnyArray:
        """Return an object array of one array a list."""
        lists = np.empty(len(self), dtype=object)
        for i, part in enumerate(np.split(entries, self.starts[1:-1])):
            lists[i] = part.copy()
        return lists

    def flatten(self, answer: Any) -> FloatArray:
        """Lay an array of arrays end to end."""
        lists = answer if isinstance(answer, Iterable) else [answer]
        parts = [np.asarray(part, dtype=np.float64) for part in lists]
        if [part.shape for part in parts] != [(length,) for length in self.lengths]:
            raise ValueError(
                "weights must return one array for each array of distances, of the "
                f"same length: {len(self)} arrays with {self.starts[-1]} weights in "
                f"all; got {len(parts)} with {sum(part.size for part in parts)}."
            )
        return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Neighborhoods:
    """Whom each query of a block listens to, and how much.

    Attributes
    ----------
    layout : Layout
        One list a query.
    indices : intp array of shape (n_entries,)
        Training rows.
    weights : float64 array of shape (n_entries,), or None where all weigh the same
    first : int
        Number of the first query among all, for messages.
    """

    layout: Layout
    indices: IndexArray
    weights: FloatArray | None
    first: int = 0

    def __len__(self) -> int:
        return len(self.layout)

    @property
    def empty(self) -> BoolArray:
        """Which queries have no neighbour, shape (n_queries,)."""
        empty: BoolArray = self.layout.lengths == 0
        return empty
