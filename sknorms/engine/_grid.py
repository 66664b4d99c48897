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
and the errors come to is the gap of a row.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, Float32Array, FloatArray
from sknorms.engine._geometry import Embedding
from sknorms.engine._packed import PackedRows, packed_scores

__all__ = ["HALF", "RAISED", "ROOM", "UNSAID", "Grid", "grid_step"]

# Steps of the grid to either side.
HALF = 127
# The share of coordinates that the box of the grid holds; others are moved into it.
_WITHIN = 0.9995
# By how much more than the largest one of a sample an error may be; rows beyond that
# are always measured.
ROOM = 1.2
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


class Grid(Embedding):
    """A bound by grid points.

    Attributes
    ----------
    origin : float64 array of shape (width,)
        The middle of the grid.
    step : float
        What one step of the grid is in the coordinates of the rows.
    most, error : float
        The largest error, in steps, of rows that are not always measured, and the usual
        one.
    closes : bool
        Whether levels are to come down by scores alone.
    """

    is_mapped = has_gaps = True
    step: float
    most: float
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
        return self.rounded(*self.cells(points), self.most)[2]

    def rounded(
        self, cells: FloatArray, error: FloatArray, most: float = np.inf
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return grid points, how far rows are from them, and gaps.

        Both are infinite for rows beyond ``most``.
        """
        with np.errstate(invalid="ignore", over="ignore"):
            boxed = np.clip(cells, -HALF, HALF)
            digits = np.rint(boxed)
            errors = self.length(boxed - digits) + error
            gaps = self.gap(errors, np.abs(cells - boxed), error)
        unknown = ~(errors <= min(most, _LONGEST))
        digits[unknown] = 0.0
        errors[unknown] = gaps[unknown] = np.inf
        return digits, errors, gaps
