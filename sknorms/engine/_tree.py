"""SciPy's k-d tree over corpus rows of few columns, in a space that bounds keys."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.spatial import cKDTree

from sknorms._arrays import row_slices, row_sum, widen
from sknorms._typing import BoolArray, FloatArray, IndexArray, Rows
from sknorms.engine._rounding import VANISHING64

__all__ = ["CoordinateSpace", "Tree", "TreeSpace"]

# What SciPy's distances may be off by, relatively; far more than rounding is.
_ROUNDING = 1e-12
# Errors that points leave unsaid, relative to their length.
_UNSAID = 2.0**-49
# Powers of coordinates beyond this might overflow.
_LARGEST_POWER = 1e300
# Rows made points at a time while preparing.
_PREPARE_ROWS = 1 << 14


class TreeSpace(ABC):
    """Points whose distance, a p-norm, bounds a metric's keys from below."""

    @property
    @abstractmethod
    def power(self) -> float:
        """The p of the norm, at least 1."""

    @abstractmethod
    def points(self, rows: Rows) -> tuple[FloatArray, Any]:
        """Return float64 points, and how far each may be from where it should be."""

    @abstractmethod
    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the largest distance of points that a key allows."""


@dataclass(frozen=True)
class CoordinateSpace(TreeSpace):
    """The rows themselves, for keys that are p-norms of differences.

    Attributes
    ----------
    p : float
    """

    p: float

    @property
    def power(self) -> float:
        """The p of the norm."""
        return self.p

    def points(self, rows: Rows) -> tuple[FloatArray, Any]:
        """Return the rows in float64."""
        return widen(rows), 0.0

    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the keys, with room for their own rounding.

        Powers in the tree lose what is below the range of float64, which its root can
        turn into much: ``|a^(1/p) - b^(1/p)|`` is at most ``|a - b|^(1/p)``. A maximum
        has no powers.
        """
        lost = 0.0 if np.isinf(self.p) else VANISHING64 ** (1.0 / self.p)
        return np.maximum(keys, 0.0) * (1.0 + _ROUNDING) + lost


@dataclass(frozen=True, eq=False)
class Tree:
    """Corpus rows as points in a tree.

    Attributes
    ----------
    space : TreeSpace
    tree : scipy.spatial.cKDTree
    error : float
        How far any point may be from where it should be.
    """

    space: TreeSpace
    tree: Any
    error: float

    # Neighbours to look up beyond those asked for: the last tells that none is missing.
    EXTRA: ClassVar[int] = 2

    @classmethod
    def plant(cls, space: TreeSpace, rows: Rows) -> "Tree | None":
        """Return a tree of the rows, or None where distances might overflow."""
        parts, errors = [], []
        for block in row_slices(rows.shape[0], _PREPARE_ROWS):
            points, error = _points(space, rows[block])
            parts.append(points)
            errors.append(error.max(initial=0.0))
        points = np.concatenate(parts)
        if not _in_range(space, points).all():
            return None
        return cls(space, cKDTree(points), float(max(errors, default=0.0)))

    @property
    def n_rows(self) -> int:
        """Number of points."""
        return int(self.tree.n)

    def nearest(
        self, points: FloatArray, count: int, n_jobs: int
    ) -> tuple[FloatArray, IndexArray]:
        """Return distances, ascending, and corpus rows of the nearest points."""
        distances, indices = self.tree.query(
            points, k=count, p=self.space.power, workers=n_jobs
        )
        shape = (len(points), count)
        return distances.reshape(shape), indices.reshape(shape).astype(np.intp)

    def queries(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Return query points, and by how much distances to them may be too large.

        Where distances might overflow, nothing is known: the point is the origin, and
        its error infinite.
        """
        points, errors = _points(self.space, rows)
        far = ~_in_range(self.space, points)
        points, errors = np.where(far[:, None], 0.0, points), errors + self.error
        errors[far] = np.inf
        return points, errors

    def radii(self, keys: FloatArray, errors: FloatArray) -> FloatArray:
        """Return distances beyond which points have keys beyond the given ones."""
        radii: FloatArray = (self.space.reach(keys) + errors) * (1.0 + _ROUNDING)
        return radii

    def counts(self, points: FloatArray, radii: FloatArray, n_jobs: int) -> IndexArray:
        """Return how many points are within each radius."""
        found = self.tree.query_ball_point(
            points, radii, p=self.space.power, workers=n_jobs, return_length=True
        )
        return np.asarray(found, dtype=np.intp)

    def within(self, points: FloatArray, radii: FloatArray, n_jobs: int) -> IndexArray:
        """Return the corpus rows within each radius, laid end to end."""
        lists = self.tree.query_ball_point(
            points, radii, p=self.space.power, workers=n_jobs
        )
        parts = [np.asarray(part, dtype=np.intp) for part in lists]
        return np.concatenate([np.empty(0, dtype=np.intp), *parts])


def _points(space: TreeSpace, rows: Rows) -> tuple[FloatArray, FloatArray]:
    points, error = space.points(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.sqrt(row_sum(np.square(points)))
    errors: FloatArray = error + _UNSAID * lengths
    return points, errors


def _in_range(space: TreeSpace, points: FloatArray) -> BoolArray:
    """Return whose distances from each other cannot overflow."""
    power = 1.0 if np.isinf(space.power) else space.power
    largest = np.abs(points).max(axis=1, initial=0.0)
    with np.errstate(over="ignore"):
        powers = points.shape[1] * (2.0 * largest) ** power
    # Written so that NaN is not.
    inside: BoolArray = powers < _LARGEST_POWER
    return inside
