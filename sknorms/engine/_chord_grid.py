"""The grid of bytes for lengths of differences: products of its points are scored."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, Float32Array, FloatArray, Rows
from sknorms.engine._directions import Directions
from sknorms.engine._far_queries import SHIFT, Sizes, far_queries
from sknorms.engine._geometry import Embedded
from sknorms.engine._grid import (
    HALF,
    RAISED,
    UNSAID,
    Grid,
    Limits,
    Rounded,
    grid_step,
)
from sknorms.engine._packed import PackedRows, byte_groups
from sknorms.engine._product import ChordEmbedding
from sknorms.engine._rounding import EXACT_SLACK, round_down32, round_up32

__all__ = ["ChordGrid"]

# No h is beyond these.
_LEAST_SPLIT, _MOST_SPLIT = 2.0**-12, 0.5


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
    step : float
    limits : Limits
    error : float
    split : float
        The h of `sknorms.engine._grid`.
    closes : bool
    """

    base: ChordEmbedding
    directions: Directions | None
    whole: bool
    origin: FloatArray
    step: float
    limits: Limits
    error: float
    split: float
    closes: bool

    group = np.int32

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
        where = base, directions, whole, origin, step
        unmeasured = cls(*where, Limits(), 0.0, 1.0, closes=False)
        rows = unmeasured.rounded((mapped - origin) / step, np.zeros(len(mapped)))
        errors = rows.errors
        with np.errstate(divide="ignore", invalid="ignore"):
            split = 2.0 * errors.mean() * step / np.median(distances)
        split = min(max(float(split), _LEAST_SPLIT), _MOST_SPLIT)
        limits = Limits.of(rows, unmeasured.length(rows.digits))
        closes = whole and base.tight
        return cls(*where, limits, float(errors.mean()), split, closes=closes)

    @property
    def is_prefix(self) -> bool:
        """Whether only a few directions are scored."""
        return not self.whole

    @property
    def usual_growth(self) -> float:
        """By how much levels grow that scores alone tell, for queries in the box."""
        return (1.0 + self.split) ** 2 * (1.0 + RAISED)

    def growth(self, queries: Embedded) -> FloatArray:
        """Return by how much levels grow that scores alone tell."""
        grown: FloatArray = np.square(Sizes(queries.numbers).growth) * (1.0 + RAISED)
        return grown

    def rank_weight(self, queries: Embedded) -> Any:
        """Return the weights of the test."""
        return Sizes(queries.numbers).weight[:, None]

    def width(self, n_features: int) -> int:
        """Return the bytes of an embedded row."""
        del n_features
        return -(-len(self.origin) // 4) * 4

    def cells(
        self, points: FloatArray, error: Any = 0.0
    ) -> tuple[FloatArray, FloatArray]:
        """Return mapped coordinates of vectors in steps, and their errors.

        ``error`` is what vectors are off by already.
        """
        vectors = points
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            lengths = np.sqrt(row_sum(np.square(vectors)))
            lengths += float(np.linalg.norm(self.origin))
            if self.directions is not None:
                vectors, own = self.directions.map(vectors)
                lengths += float(np.linalg.norm(self.directions.center))
                error = error + own
            moved = (vectors[:, : len(self.origin)] - self.origin) / self.step
            return moved, (error + UNSAID * lengths) / self.step

    def length(self, differences: FloatArray) -> FloatArray:
        """Return Euclidean lengths."""
        lengths: FloatArray = np.sqrt(row_sum(np.square(differences)))
        return lengths

    def gap(self, errors: FloatArray, moved: FloatArray, error: Any) -> FloatArray:
        """Return half of what squares are lowered by, and by what they grow."""
        lowered = self._per_square * np.square(errors)
        sums = row_sum(moved) + np.sqrt(moved.shape[1]) * error
        grown = 4.0 * HALF * sums + 2.0 * np.square(self.length(moved) + error)
        total = lowered + lowered / (1.0 + self.split) + grown
        gaps: FloatArray = 0.5 * (1.0 + EXACT_SLACK) * total
        return gaps

    @property
    def _per_square(self) -> float:
        return 2.0 * (1.0 + 1.0 / self.split) * (1.0 + EXACT_SLACK)

    def _lowered(self, found: Rounded) -> FloatArray:
        """Return squares of grid points, lowered."""
        squares: FloatArray = row_sum(np.square(found.digits))
        return squares - self._per_square * np.square(found.errors)

    def as_bytes(self, digits: FloatArray) -> AnyArray:
        """Return the grid points of a corpus as unsigned bytes."""
        return byte_groups((digits + SHIFT).astype(np.uint8), self.group)

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is their square, lowered."""
        vectors, error = self.base.vectors(rows)
        found = self.rounded(*self.cells(vectors, error), self.limits)
        offset = self._lowered(found) + self.base.beyond(vectors) / self.step**2
        packed = PackedRows.of(self.as_bytes(found.digits))
        return Embedded(packed, round_down32(offset), round_up32(found.gaps))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows as signed bytes."""
        vectors, error = self.base.vectors(rows)
        cells, error = self.cells(vectors, error)
        found = self.rounded(cells, error)
        sizes = Sizes.of(found.digits, self._lowered(found), 1.0 + self.split)
        gaps = found.gaps
        for far in far_queries(cells, error, found.moved_sum, self.limits):
            far.replace(sizes, found.digits, gaps)
        lifted = np.broadcast_to(self.base.beyond(vectors), gaps.shape) > 0.0
        sizes.lowered[lifted] = -np.inf
        signed = byte_groups(found.digits.astype(np.int8), self.group)
        return Embedded(signed, sizes.table, gaps)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose squared difference is within reach, errors included."""
        ours = Sizes(sizes)
        with np.errstate(over="ignore", invalid="ignore"):
            reach = self.base.squared_reach(thresholds) * (1.0 + EXACT_SLACK)
            reach = reach * (ours.growth / self.step**2)
            exact = (reach - ours.lowered) * (0.5 / ours.ratio) - ours.shift
            level = round_up32(exact + self.allowance)
        level[np.isinf(ours.lowered)] = np.inf
        return ours.weight, level

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return what the query's gap, and rounding, do to half a square."""
        del largest
        if not self.closes or queries.gaps is None:
            return None
        ours, grown = Sizes(queries.numbers), self.growth(queries)
        with np.errstate(over="ignore", invalid="ignore"):
            # Keys below the range of float64 are ties: (D + t)^2 for D^2.
            ties = self.base.squared_reach(np.zeros(1)) / self.step**2
            gaps = queries.gaps + (1.0 + 1.0 / RAISED) * ties
            known = ours.lowered * (0.5 / ours.ratio) + ours.shift
            slack = (grown - 1.0) * known + grown * gaps
            slack = (slack + 2.0 * (1.0 + grown) * self.allowance) * (1.0 + RAISED)
        return round_up32(np.where(np.isfinite(slack), slack, np.inf))
