"""The grid of bytes for sums of absolute differences."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, Float32Array, FloatArray, Rows
from sknorms.engine._coordinate import CoordinateEmbedding
from sknorms.engine._geometry import Embedded
from sknorms.engine._grid import HALF, RAISED, UNSAID, Grid, Limits, grid_step
from sknorms.engine._packed import PackedRows, byte_groups, packed_scores
from sknorms.engine._rounding import EXACT_SLACK, round_down32, round_up32

__all__ = ["DifferenceGrid"]


@dataclass(frozen=True, eq=False)
class DifferenceGrid(Grid):
    """The grid for sums of absolute differences.

    Attributes
    ----------
    base : CoordinateEmbedding
        The bound by float32 sums.
    origin : float64 array of shape (width,)
    step : float
    limits : Limits
    error : float
    closes : bool
    """

    base: CoordinateEmbedding
    origin: FloatArray
    step: float
    limits: Limits
    error: float
    closes: bool = True

    group = np.int64
    ranking = 1.0

    def growth(self, queries: Embedded) -> FloatArray:
        """Return by how much levels grow that scores alone tell."""
        return np.full(len(queries.numbers), 1.0 + RAISED)

    @classmethod
    def fit(
        cls, base: CoordinateEmbedding, coordinates: FloatArray
    ) -> "DifferenceGrid":
        """Lay a grid over the coordinates of a sample."""
        origin = np.median(coordinates, axis=0)
        step = grid_step(coordinates - origin)
        unmeasured = cls(base, origin, step, Limits(), 0.0)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            cells = (coordinates - origin) / step
        rows = unmeasured.rounded(cells, np.zeros(len(cells)))
        limits = Limits.of(rows, unmeasured.length(rows.digits))
        return cls(base, origin, step, limits, float(rows.errors.mean()))

    def width(self, n_features: int) -> int:
        """Return the bytes of an embedded row."""
        del n_features
        return -(-len(self.origin) // 8) * 8

    def cells(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coordinates in steps, and their errors."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            sizes = row_sum(np.abs(points)) + float(np.abs(self.origin).sum())
            moved = (points - self.origin) / self.step
            error = UNSAID * sizes + self.base.vanished
            return moved, error / self.step

    def length(self, differences: FloatArray) -> FloatArray:
        """Return sums of absolute values."""
        sums: FloatArray = row_sum(np.abs(differences))
        return sums

    def _cells(self, rows: Rows) -> tuple[FloatArray, FloatArray]:
        return self.cells(self.base.coordinates(rows))

    def gap(self, errors: FloatArray, moved: FloatArray, error: Any) -> FloatArray:
        """Return twice the errors, and by what sums grow."""
        gaps: FloatArray = row_sum(moved) + (2.0 * errors + error)
        return gaps * (1.0 + EXACT_SLACK)

    def as_bytes(self, digits: FloatArray) -> AnyArray:
        """Return grid points as unsigned bytes."""
        return byte_groups((digits + (HALF + 1)).astype(np.uint8), self.group)

    def score(self, queries: Any, corpus: Any, out: Float32Array) -> None:
        """Write minus the sums of all pairs."""
        packed_scores(queries, corpus, out)
        np.negative(out, out=out)

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is minus the error."""
        found = self.rounded(*self._cells(rows), self.limits)
        packed = PackedRows.of(self.as_bytes(found.digits))
        return Embedded(packed, round_down32(-found.errors), round_up32(found.gaps))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the error, less what they were moved.

        A query that is moved farther than a row ever is, and along the same axes, is as
        much farther away: ``|x - y| = |x' - y'| + |m_x - m_y|`` for what is clipped.
        """
        cells, error = self._cells(rows)
        found = self.rounded(cells, error)
        with np.errstate(invalid="ignore"):
            known = found.moved * (1.0 - EXACT_SLACK) - 2.0 * error
            bonus = np.maximum(known - self.limits.moved, 0.0)
            bonus[~np.isfinite(bonus)] = 0.0
        digits = self.as_bytes(found.digits)
        return Embedded(digits, found.errors - bonus, found.gaps - bonus)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs whose sum is within reach, errors included."""
        with np.errstate(over="ignore", invalid="ignore"):
            reach = self.base.reach(thresholds) * (1.0 + EXACT_SLACK) / self.step
            level = round_up32(reach + sizes + self.allowance)
        return np.ones(len(sizes), dtype=np.float32), level

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return what the query's gap, and rounding, do to a sum."""
        del largest
        if not self.closes or queries.gaps is None:
            return None
        slack = (queries.gaps + 4.0 * self.allowance) * (1.0 + RAISED)
        return round_up32(slack)
