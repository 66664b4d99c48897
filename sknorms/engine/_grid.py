"""Bounds by rows rounded to a grid of bytes, whose scores are exact integers.

Let x' be x, moved into a box and rounded to the nearest point of a grid, and e how far
that point is from where x was in the box. Moving two points into a box never lengthens
their difference, so by the triangle inequality ``|x - y| >= |x' - y'| - e_x - e_y``, in
any norm. Points of the grid are rows of bytes; their products and their absolute
differences are integers without rounding, at a fraction of the time of float32.

For squares the two errors are split off with a fixed h > 0: ``(D + e)^2`` is at most
``(1 + h) D^2 + (1 + 1/h) e^2``, an equality where ``h = e / D``, and ``(e_x + e_y)^2``
at most ``2 e_x^2 + 2 e_y^2``.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, Float32Array, FloatArray, Rows
from sknorms.engine._coordinate import CoordinateEmbedding
from sknorms.engine._directions import Directions
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._packed import PackedRows, byte_groups, packed_scores
from sknorms.engine._product import ChordEmbedding
from sknorms.engine._rounding import EXACT_SLACK, round_down32, round_up32

__all__ = ["ChordGrid", "DifferenceGrid", "Grid", "grid_step"]

# Steps of the grid to either side.
_HALF = 127
# The share of coordinates that the box of the grid holds; others are moved into it.
_WITHIN = 0.9995
# By how much more than the largest one of a sample an error may be; rows beyond that
# are always measured.
_ROOM = 1.2
# Relative to lengths: what float64 vectors and their moves leave unsaid.
_UNSAID = 2.0**-48
# What rounding scores, offsets and their difference to float32 may do, for each column:
# they are at most 2**16 times the columns, and 2**-24 of it is lost at a time.
_ROUNDING = 2.0**-6
# No error of a row that is known is larger, in steps.
_LONGEST = 2.0**40
# No h is beyond these.
_LEAST_SPLIT, _MOST_SPLIT = 2.0**-12, 0.5


def grid_step(moved: FloatArray) -> float:
    """Return the step of a grid that holds nearly all of these centred coordinates."""
    sizes = np.abs(moved)
    reach = float(np.quantile(sizes, _WITHIN)) if sizes.size else 0.0
    if not 0.0 < reach < np.inf:
        reach = 1.0
    return reach / _HALF


class Grid(Embedding):
    """A bound by grid points.

    Attributes
    ----------
    step : float
        What one step of the grid is in the coordinates of the rows.
    most, error : float
        The largest error, in steps, of rows that are not always measured, and the usual
        one.
    """

    is_mapped = True
    step: float
    most: float
    error: float

    # Of a group of bytes: four for products, eight for differences.
    group: ClassVar[Any]

    @abstractmethod
    def length(self, differences: FloatArray) -> FloatArray:
        """Return the norm of each row."""

    @abstractmethod
    def as_bytes(self, digits: FloatArray) -> AnyArray:
        """Return grid points of a corpus as bytes, in groups."""

    def room(self, n_rows: int, n_features: int) -> PackedRows:
        """Return room for embedded rows."""
        width = self.width(n_features)
        return PackedRows.empty(n_rows, width // self.group().itemsize, self.group)

    def score(self, queries: Any, corpus: Any, out: Float32Array) -> None:
        """Write the sums of all pairs, with their sign."""
        packed_scores(queries, corpus, out)

    def rounded(
        self, cells: FloatArray, error: FloatArray, most: float = np.inf
    ) -> tuple[FloatArray, FloatArray]:
        """Return grid points, and how far rows are from them; infinite beyond most."""
        with np.errstate(invalid="ignore", over="ignore"):
            boxed = np.clip(cells, -_HALF, _HALF)
            digits = np.rint(boxed)
            errors = self.length(boxed - digits) + error
        unknown = ~(errors <= min(most, _LONGEST))
        digits[unknown] = 0.0
        errors[unknown] = np.inf
        return digits, errors


@dataclass(frozen=True, eq=False)
class ChordGrid(Grid):
    """The grid for keys that grow with the length of a difference of vectors.

    Attributes
    ----------
    base : ChordEmbedding
        The bound of vectors.
    directions : Directions or None
        Which turn the vectors, so that all coordinates are of about the same size, and
        may leave some of them out. None leaves vectors as they are.
    whole : bool
        Whether the directions leave nothing out.
    origin : float64 array of shape (n_coordinates,)
        The middle of the grid, in mapped coordinates.
    step, most, error : float
    split : float
        The h of this module.
    """

    base: ChordEmbedding
    directions: Directions | None
    whole: bool
    origin: FloatArray
    step: float
    most: float
    error: float
    split: float

    group = np.int32
    rank_weight = 0.5

    @classmethod
    def fit(
        cls,
        base: ChordEmbedding,
        vectors: FloatArray,
        distances: FloatArray,
        directions: Directions | None,
    ) -> "ChordGrid":
        """Lay a grid over a sample of vectors.

        Parameters
        ----------
        base : ChordEmbedding
        vectors : float64 array of shape (n, width)
        distances : float64 array of shape (m,)
            How far neighbours usually are.
        directions : Directions or None
        """
        whole = directions is None or directions.count == vectors.shape[1]
        mapped = vectors if directions is None else directions.map(vectors)[0]
        mapped = mapped[:, : vectors.shape[1]] if whole else mapped
        origin = mapped.mean(axis=0)
        step = grid_step(mapped - origin)
        unmeasured = cls(base, directions, whole, origin, step, np.inf, 0.0, 1.0)
        _, errors = unmeasured.rounded((mapped - origin) / step, np.zeros(len(mapped)))
        with np.errstate(divide="ignore", invalid="ignore"):
            split = 2.0 * errors.mean() * step / np.median(distances)
        split = min(max(float(split), _LEAST_SPLIT), _MOST_SPLIT)
        most = _ROOM * float(errors.max(initial=0.0))
        usual = float(errors.mean())
        return cls(base, directions, whole, origin, step, most, usual, split)

    @property
    def is_prefix(self) -> bool:  # type: ignore[override]
        """Whether only a few directions are scored."""
        return not self.whole

    @property
    def growth(self) -> float:  # type: ignore[override]
        """By how much levels grow that scores alone tell."""
        return (1.0 + self.split) ** 2

    def width(self, n_features: int) -> int:
        """Return the bytes of an embedded row."""
        del n_features
        return -(-len(self.origin) // 4) * 4

    def cells(self, vectors: FloatArray, error: Any) -> tuple[FloatArray, FloatArray]:
        """Return mapped coordinates of vectors in steps, and their errors."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            lengths = np.sqrt(row_sum(np.square(vectors)))
            lengths += float(np.linalg.norm(self.origin))
            if self.directions is not None:
                vectors, own = self.directions.map(vectors)
                lengths += float(np.linalg.norm(self.directions.center))
                error = error + own
            moved = (vectors[:, : len(self.origin)] - self.origin) / self.step
            return moved, (error + _UNSAID * lengths) / self.step

    def length(self, differences: FloatArray) -> FloatArray:
        """Return Euclidean lengths."""
        lengths: FloatArray = np.sqrt(row_sum(np.square(differences)))
        return lengths

    @property
    def _per_square(self) -> float:
        return 2.0 * (1.0 + 1.0 / self.split) * (1.0 + EXACT_SLACK)

    def _lowered(
        self, rows: Rows, most: float = np.inf
    ) -> tuple[FloatArray, FloatArray, Any]:
        """Return grid points, their squared lengths, lowered, and what lifts them."""
        vectors, error = self.base.vectors(rows)
        digits, errors = self.rounded(*self.cells(vectors, error), most)
        lowered = row_sum(np.square(digits)) - self._per_square * np.square(errors)
        return digits, lowered, self.base.beyond(vectors)

    def as_bytes(self, digits: FloatArray) -> AnyArray:
        """Return the grid points of a corpus as signed bytes."""
        return byte_groups(digits.astype(np.int8), self.group)

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset makes up for queries being made positive."""
        digits, lowered, beyond = self._lowered(rows, self.most)
        lowered += beyond / self.step**2 + 2.0 * (_HALF + 1) * row_sum(digits)
        return Embedded(PackedRows.of(self.as_bytes(digits)), round_down32(lowered))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows as unsigned bytes."""
        digits, lowered, beyond = self._lowered(rows)
        lowered[np.broadcast_to(beyond, lowered.shape) > 0.0] = -np.inf
        positive = (digits + (_HALF + 1)).astype(np.uint8)
        return Embedded(byte_groups(positive, self.group), lowered)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose squared difference is within reach, errors included."""
        with np.errstate(over="ignore", invalid="ignore"):
            reach = self.base.squared_reach(thresholds) * (1.0 + EXACT_SLACK)
            reach = reach * ((1.0 + self.split) / self.step**2)
            level = round_up32(0.5 * (reach - sizes) + self._allowance)
        level[np.isinf(sizes)] = np.inf
        return np.full(len(sizes), 0.5, dtype=np.float32), level

    @property
    def _allowance(self) -> float:
        return _ROUNDING * len(self.origin)

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return what the errors of both rows do to half a square, both ways."""
        del largest
        if not (self.whole and self.base.tight):
            return None
        errors = 2.0 * self._per_square * self.most**2
        grown, once = self.growth, 1.0 + self.split
        with np.errstate(over="ignore", invalid="ignore"):
            slack = 0.5 * ((grown - 1.0) * queries.numbers + (grown + once) * errors)
            slack += 2.0 * (1.0 + grown) * self._allowance
        return round_up32(np.where(np.isfinite(slack), slack, np.inf))


@dataclass(frozen=True, eq=False)
class DifferenceGrid(Grid):
    """The grid for sums of absolute differences.

    Attributes
    ----------
    base : CoordinateEmbedding
        The bound by float32 sums.
    origin : float64 array of shape (width,)
    step, most, error : float
    """

    base: CoordinateEmbedding
    origin: FloatArray
    step: float
    most: float
    error: float

    group = np.int64
    rank_weight = 1.0

    @classmethod
    def fit(
        cls, base: CoordinateEmbedding, coordinates: FloatArray
    ) -> "DifferenceGrid":
        """Lay a grid over the coordinates of a sample."""
        origin = np.median(coordinates, axis=0)
        step = grid_step(coordinates - origin)
        unmeasured = cls(base, origin, step, np.inf, 0.0)
        moved = (coordinates - origin) / step
        _, errors = unmeasured.rounded(moved, np.zeros(len(moved)))
        most, usual = _ROOM * float(errors.max(initial=0.0)), float(errors.mean())
        return cls(base, origin, step, most, usual)

    def width(self, n_features: int) -> int:
        """Return the bytes of an embedded row."""
        del n_features
        return -(-len(self.origin) // 8) * 8

    def cells(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        """Return coordinates in steps, and their errors."""
        coordinates = self.base.coordinates(rows)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            sizes = row_sum(np.abs(coordinates)) + float(np.abs(self.origin).sum())
            moved = (coordinates - self.origin) / self.step
            error = _UNSAID * sizes + self.base.vanished
            return moved, error / self.step

    def length(self, differences: FloatArray) -> FloatArray:
        """Return sums of absolute values."""
        sums: FloatArray = row_sum(np.abs(differences))
        return sums

    def as_bytes(self, digits: FloatArray) -> AnyArray:
        """Return grid points as unsigned bytes."""
        return byte_groups((digits + (_HALF + 1)).astype(np.uint8), self.group)

    def score(self, queries: Any, corpus: Any, out: Float32Array) -> None:
        """Write minus the sums of all pairs."""
        packed_scores(queries, corpus, out)
        np.negative(out, out=out)

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is minus the error."""
        digits, errors = self.rounded(*self.cells(rows), self.most)
        return Embedded(PackedRows.of(self.as_bytes(digits)), round_down32(-errors))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the error."""
        digits, errors = self.rounded(*self.cells(rows))
        return Embedded(self.as_bytes(digits), errors)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose sum is within reach, errors included."""
        with np.errstate(over="ignore", invalid="ignore"):
            reach = self.base.reach(thresholds) * (1.0 + EXACT_SLACK) / self.step
            level = round_up32(reach + sizes + self._allowance)
        return np.ones(len(sizes), dtype=np.float32), level

    @property
    def _allowance(self) -> float:
        return _ROUNDING * len(self.origin)

    def slack(self, queries: Embedded, largest: float) -> Float32Array:
        """Return what the errors of both rows do to a sum, both ways."""
        del largest
        return round_up32(2.0 * (queries.numbers + self.most) + 2.0 * self._allowance)
