"""Secondary distances: what both ends of an edge say about its length.

A hub is near to many because distances around it are small for all of them. Each rule
here learns one thing or another about the distances around every training row, and
judges a distance by what is usual at its two ends.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from scipy.special import ndtr

from sknorms._arrays import row_sum
from sknorms._typing import FloatArray, IndexArray
from sknorms.neighbors._hubs._graph_rows import (
    mean_and_deviation,
    nearest_stored,
    with_self,
    without_own_zero,
    without_self,
)
from sknorms.neighbors._search import NeighborLists

__all__ = [
    "Csls",
    "EmpiricalProximity",
    "GaussianScaling",
    "MeanScaling",
    "NormalProximity",
    "Rescaling",
    "Scaling",
    "require_neighbors",
]

# Number of the first row, and the lists of training rows from there on.
Blocks: TypeAlias = Iterator[tuple[int, NeighborLists]]


class Rescaling(ABC):
    """What is known of the training rows, and the distances that follow from it."""

    @abstractmethod
    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry.

        Parameters
        ----------
        lists : NeighborLists
            Of queries, each by (value, index), to training rows.
        first : int or None
            The training row that the first query is; None if the queries are new.
        """


def require_neighbors(lists: NeighborLists, k: int, n_rows: int, what: str) -> None:
    """Raise if a list is shorter than k."""
    lengths = np.diff(lists.starts)
    fewest = int(lengths.min())
    if fewest < k:
        row = int(np.argmin(lengths))
        raise ValueError(
            f"{what} needs {k} stored neighbors for every row, but row {row} of the "
            f"graph has {fewest} (itself not counted; n_samples = {n_rows}). Store "
            "more neighbors in the graph."
        )


# ---- by one number a row ----


@dataclass(frozen=True, eq=False)
class Scaling(Rescaling):
    """One scale a row, of its distances to the k nearest others.

    Attributes
    ----------
    n_neighbors : int
    scales : float64 array of shape (n_training_rows,)
    """

    n_neighbors: int
    scales: FloatArray

    @classmethod
    def learn(cls, blocks: Blocks, n_neighbors: int, n_rows: int) -> Self:
        """Return what the training rows' own lists say."""
        scales = []
        for first, lists in blocks:
            others = without_self(lists, first)
            require_neighbors(others, n_neighbors, n_rows, f"n_neighbors={n_neighbors}")
            scales.append(cls._scale(nearest_stored(others, n_neighbors)))
        return cls(n_neighbors, np.concatenate(scales))

    @staticmethod
    @abstractmethod
    def _scale(nearest: FloatArray) -> FloatArray:
        """Return the scales that go with the k nearest distances, ascending."""

    def _ends(
        self, lists: NeighborLists, first: int | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return the scales of both ends of every entry."""
        n_queries = len(lists.starts) - 1
        if first is not None:
            own = self.scales[first : first + n_queries]
        else:
            k = self.n_neighbors
            others = without_own_zero(lists, k)
            require_neighbors(others, k, len(self.scales), f"n_neighbors={k}")
            own = self._scale(nearest_stored(others, k))
        return own[lists.owners], self.scales[lists.indices]


def _farthest(nearest: FloatArray) -> FloatArray:
    return nearest[:, -1].copy()


def _mean(nearest: FloatArray) -> FloatArray:
    mean: FloatArray = row_sum(nearest) / nearest.shape[1]
    return mean


class _PositiveScaling(Scaling):
    """A scale that is divided by: of zero it takes the smallest of the others."""

    def _ends(
        self, lists: NeighborLists, first: int | None
    ) -> tuple[FloatArray, FloatArray]:
        ours, theirs = super()._ends(lists, first)
        positive = self.scales[self.scales > 0]
        least = positive.min() if len(positive) else 1.0
        return np.where(ours > 0, ours, least), np.where(theirs > 0, theirs, least)


@dataclass(frozen=True, eq=False)
class GaussianScaling(_PositiveScaling):
    """1 - exp(-d^2 / (r_x r_y)), r the distance to the k-th nearest."""

    _scale = staticmethod(_farthest)

    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry."""
        ours, theirs = self._ends(lists, first)
        # One at a time, so that no square or product leaves the range of float64.
        with np.errstate(over="ignore", under="ignore"):
            exponent = (lists.values / ours) * (lists.values / theirs)
            secondary: FloatArray = -np.expm1(-exponent)
        return secondary


@dataclass(frozen=True, eq=False)
class MeanScaling(_PositiveScaling):
    """d / sqrt(m_x m_y), m the mean distance to the k nearest."""

    _scale = staticmethod(_mean)

    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry."""
        ours, theirs = self._ends(lists, first)
        with np.errstate(over="ignore", under="ignore"):
            scaled: FloatArray = lists.values / (np.sqrt(ours) * np.sqrt(theirs))
        return scaled


@dataclass(frozen=True, eq=False)
class Csls(Scaling):
    """2 d - m_x - m_y, m the mean distance to the k nearest."""

    _scale = staticmethod(_mean)

    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry; it may be negative."""
        ours, theirs = self._ends(lists, first)
        secondary: FloatArray = 2.0 * lists.values - (ours + theirs)
        return secondary


# ---- by the distribution of a row's distances ----


@dataclass(frozen=True, eq=False)
class NormalProximity(Rescaling):
    """1 - P(X > d) P(Y > d), X and Y normal with the moments of the stored distances.

    Attributes
    ----------
    means, deviations : float64 array of shape (n_training_rows,)
    """

    means: FloatArray
    deviations: FloatArray

    @classmethod
    def learn(cls, blocks: Blocks, n_rows: int) -> Self:
        """Return the moments of the training rows' own lists."""
        moments = []
        for first, lists in blocks:
            others = without_self(lists, first)
            require_neighbors(others, 2, n_rows, "mutual proximity")
            moments.append(mean_and_deviation(others))
        means, deviations = (
            np.concatenate(part) for part in zip(*moments, strict=True)
        )
        return cls(means, deviations)

    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry."""
        if first is not None:
            mine = slice(first, first + len(lists.starts) - 1)
            mean, deviation = self.means[mine], self.deviations[mine]
        else:
            others = without_own_zero(lists, 2)
            require_neighbors(others, 2, len(self.means), "mutual proximity")
            mean, deviation = mean_and_deviation(others)
        owners, ends = lists.owners, lists.indices
        ours = _share_below(lists.values, mean[owners], deviation[owners])
        theirs = _share_below(lists.values, self.means[ends], self.deviations[ends])
        # 1 - (1 - p)(1 - q) without the difference of two numbers that are nearly one.
        secondary = ours + theirs - ours * theirs
        return np.where(lists.values == 0, 0.0, np.clip(secondary, 0.0, 1.0))


def _share_below(
    values: FloatArray, mean: FloatArray, deviation: FloatArray
) -> FloatArray:
    """Return the normal distribution function; a step where nothing deviates."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        standard = (values - mean) / deviation
    share: FloatArray = ndtr(np.where(np.isnan(standard), 0.0, standard))
    return share


@dataclass(frozen=True, eq=False)
class EmpiricalProximity(Rescaling):
    """The share of training rows as near as that to one end or the other.

    Attributes
    ----------
    lists : NeighborLists
        Of the training rows, each itself among them at distance zero.
    """

    lists: NeighborLists

    @classmethod
    def learn(cls, blocks: Blocks, n_rows: int) -> Self:
        """Keep the training rows' own lists."""
        parts = [with_self(lists, first) for first, lists in blocks]
        lengths = np.concatenate([np.diff(part.starts) for part in parts])
        starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp)
        indices = np.concatenate([part.indices for part in parts])
        values = np.concatenate([part.values for part in parts])
        lists = NeighborLists(starts, indices, values)
        # Each row itself is there; one other is the least that can be near to it.
        require_neighbors(without_self(lists, 0), 1, n_rows, "mutual proximity")
        return cls(lists)

    def __call__(self, lists: NeighborLists, first: int | None) -> FloatArray:
        """Return the secondary distance of every entry."""
        n_rows = len(self.lists.starts) - 1
        distances = np.full(n_rows, np.inf)  # from the query at hand
        counts = np.empty(len(lists.values))
        cuts = zip(lists.starts[:-1], lists.starts[1:], strict=True)
        for query, (start, stop) in enumerate(cuts):
            columns, values = lists.indices[start:stop], lists.values[start:stop]
            known, limits = columns, values
            if first is not None and first + query not in columns:
                known = np.append(columns, first + query)
                values = np.append(values, 0.0)
            distances[known] = values
            counts[start:stop] = self._counts(
                columns, limits, distances, np.sort(values)
            )
            distances[known] = np.inf
        return np.where(lists.values == 0, 0.0, counts / n_rows)

    def _counts(
        self,
        columns: IndexArray,
        limits: FloatArray,
        distances: FloatArray,
        ordered: FloatArray,
    ) -> FloatArray:
        """Count the rows within a limit of the query or of the row in a column."""
        starts = self.lists.starts[columns]
        lengths = self.lists.starts[columns + 1] - starts
        owners = np.repeat(np.arange(len(columns)), lengths)
        offsets = np.arange(len(owners)) - np.repeat(
            np.cumsum(lengths) - lengths, lengths
        )
        entries = starts[owners] + offsets
        theirs = self.lists.values[entries] <= limits[owners]
        only_theirs = theirs & (distances[self.lists.indices[entries]] > limits[owners])
        ours = np.searchsorted(ordered, limits, side="right")
        more = np.bincount(owners[only_theirs], minlength=len(columns))
        return (ours + more).astype(np.float64)
