"""Bounds by rows rounded to a grid of bytes, whose scores are exact integers.

Let x' be x, moved into a box and rounded to the nearest point of a grid, and e how far
that point is from where x was in the box. Moving two points into a box never lengthens
their difference, so by the triangle inequality ``|x - y| >= |x' - y'| - e_x - e_y``, in
any norm. Points of the grid are rows of bytes; their products and their absolute
differences are integers without rounding, at a fraction of the time of float32.

For squares the two errors are split off with a fixed h > 0: ``(D + e)^2`` is at most
``(1 + h) D^2 + (1 + 1/h) e^2``, an equality where ``h = e / D``, and ``(e_x + e_y)^2``
at most ``2 e_x^2 + 2 e_y^2``.

How much farther apart two points are than in the box has to be known as well, where
levels are to come down by scores alone. If moving x into the box changes a coordinate
by r_x, then ``|x - y|`` grows by at most ``r_x + r_y`` there, and ``|x - y|^2`` by at
most ``2 s (r_x + r_y) + 2 r_x^2 + 2 r_y^2``, with s steps from side to side. What that
and the errors come to is the gap of a row. A query that is far outside of the box is
bounded in another way (`sknorms.engine._far_queries`).
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, BoolArray, Float32Array, FloatArray
from sknorms.engine._geometry import Embedding
from sknorms.engine._packed import PackedRows, packed_scores

__all__ = ["HALF", "RAISED", "UNSAID", "Grid", "Limits", "grid_step"]

# Steps of the grid to either side.
HALF = 127
# The share of coordinates that the box of the grid holds; others are moved into it.
_WITHIN = 0.9995
# By how much more than the largest one of a sample a number may be; rows beyond that
# are always measured.
_ROOM = 1.2
# Relative to lengths: what float64 vectors and their moves leave unsaid.
UNSAID = 2.0**-48
# What rounding scores, offsets and their difference to float32 may do, for each column:
# they are at most 2**16 times the columns, and 2**-24 of it is lost at a time.
_ROUNDING = 2.0**-6
# No error of a row that is known is larger, in steps.
_LONGEST = 2.0**40
# Relative to levels: what rounding gaps, sums with them and levels to float32 may do.
RAISED = 2.0**-20
# Coordinates of usual rows are not this small, and squares of steps shall not vanish.
_LEAST_REACH = 2.0**-400


def grid_step(moved: FloatArray) -> float:
    """Return the step of a grid that holds nearly all of these centred coordinates."""
    sizes = np.abs(moved)
    reach = float(np.quantile(sizes, _WITHIN)) if sizes.size else 0.0
    if not _LEAST_REACH < reach < np.inf:
        reach = 1.0
    return reach / HALF


@dataclass(frozen=True)
class Limits:
    """What is at most true of rows that are not always measured, in steps.

    Attributes
    ----------
    error : float
        How far they are from their grid points, where they are in the box.
    moved, moved_sum : float
        By how much they are moved into the box, and the sum over all coordinates.
    length : float
        How far their grid points are from the origin.
    """

    error: float = np.inf
    moved: float = np.inf
    moved_sum: float = np.inf
    length: float = np.inf

    @classmethod
    def of(cls, rows: "Rounded", lengths: FloatArray) -> Self:
        """Return limits for rows like those of a sample."""
        numbers = (rows.errors, rows.moved, rows.moved_sum, lengths)
        return cls(*(_ROOM * float(np.max(x, initial=0.0)) for x in numbers))

    def keep(self, rows: "Rounded", lengths: FloatArray) -> BoolArray:
        """Return which rows are within the limits; NaN is not."""
        kept: BoolArray = rows.errors <= min(self.error, _LONGEST)
        kept &= (rows.moved <= self.moved) & (rows.moved_sum <= self.moved_sum)
        return kept & (lengths <= self.length)


# Of a query only what is not known at all is not known.
_NO_LIMITS = Limits()


@dataclass(frozen=True)
class Rounded:
    """Rows at grid points.

    Attributes
    ----------
    digits : float64 array of shape (n, width)
        Zero where nothing is known of a row.
    errors, moved, moved_sum, gaps : float64 arrays of shape (n,)
        How far rows in the box are from their points, by how much they were moved into
        the box, in all and summed over coordinates, and what `Embedding.slack` has to
        allow for. Infinite where nothing is known.
    """

    digits: FloatArray
    errors: FloatArray
    moved: FloatArray
    moved_sum: FloatArray
    gaps: FloatArray

    def forget(self, unknown: BoolArray) -> None:
        """Say that nothing is known of these rows."""
        self.digits[unknown] = 0.0
        for numbers in (self.errors, self.moved, self.moved_sum, self.gaps):
            numbers[unknown] = np.inf


class Grid(Embedding):
    """A bound by grid points.

    Attributes
    ----------
    origin : float64 array of shape (width,)
        The middle of the grid.
    step : float
        What one step of the grid is in the coordinates of the rows.
    limits : Limits
        Corpus rows beyond them are always measured.
    error : float
        The usual error, in steps.
    closes : bool
        Whether levels are to come down by scores alone.
    """

    is_mapped = has_gaps = True
    step: float
    limits: Limits
    error: float
    closes: bool

    origin: FloatArray

    # Of a group of bytes: four for products, eight for differences.
    group: ClassVar[Any]

    @property
    def allowance(self) -> float:
        """What rounding scores, offsets and their difference may do to a level."""
        return _ROUNDING * len(self.origin)

    @abstractmethod
    def length(self, differences: FloatArray) -> FloatArray:
        """Return the norm of each row."""

    @abstractmethod
    def gap(self, errors: FloatArray, moved: FloatArray, error: Any) -> FloatArray:
        """Return what `slack` has to allow for a row, in the units of levels.

        Parameters
        ----------
        errors : float64 array of shape (n,)
            How far rows in the box are from their grid points.
        moved : float64 array of shape (n, width)
            By how much each coordinate was moved into the box.
        error : float64 array of shape (n,)
            What is unknown of that, as a length.
        """

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

    @abstractmethod
    def cells(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coordinates in steps from the origin, and their errors."""

    def gaps(self, points: FloatArray) -> FloatArray:
        """Return the gaps of corpus rows at these points."""
        return self.rounded(*self.cells(points), self.limits).gaps

    def rounded(
        self, cells: FloatArray, error: FloatArray, limits: Limits = _NO_LIMITS
    ) -> Rounded:
        """Return rows at grid points; nothing is known of those beyond limits."""
        with np.errstate(invalid="ignore", over="ignore"):
            boxed = np.clip(cells, -HALF, HALF)
            digits = np.rint(boxed)
            outside = np.abs(cells - boxed)
            errors = self.length(boxed - digits) + error
            rows = Rounded(
                digits,
                errors,
                moved=self.length(outside) + error,
                moved_sum=row_sum(outside) + np.sqrt(cells.shape[1]) * error,
                gaps=self.gap(errors, outside, error),
            )
            rows.forget(~limits.keep(rows, self.length(digits)))
        return rows
