r"""Queries of a grid of products, and those that are far outside of its box.

A query may have a step of its own, r times that of the corpus. Let x be such a query,
rounded to ``r j`` with an error e, and y a corpus row, which is m away from c, where it
was moved into the box, and rounded from there to c' with an error d, all in steps. As m
points outwards wherever it is not zero, ``m.(x - c)`` is at most ``m.o``, where o is by
how much each coordinate of x is outside of the box, and

    |x - y|^2 = |x - c|^2 - 2 m.(x - c) + |m|^2 >= |x|^2 + |c|^2 - 2 x.c - 2 m.o.

There ``m.o`` is at most the product of their lengths, and of the sum of one with the
largest coordinate of the other; ``|c|^2 >= |c'|^2 - 2 |c'| |d|``; and ``x.c`` at most
``r j.c' + |e| |c'| + |x| |d|``. What is not a score or a number of the corpus row is at
most what the limits of rows allow, and therefore one number a query. Divided by ``2 r``
it is the test that queries in the box have to pass, with another weight.

The same terms bound the square from above: ``|c|^2`` and ``x.c`` with their signs
changed and ``|d|^2`` more, and the move by what the gap of the corpus row says, because
``|x - c|`` is at most ``r + 1`` halves of the box in each coordinate.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import Float32Array, FloatArray, IndexArray
from sknorms.engine._grid import HALF, Limits
from sknorms.engine._rounding import EXACT_SLACK

__all__ = ["SHIFT", "FarQueries", "Sizes", "far_queries"]

# What makes grid points of a corpus positive.
SHIFT = HALF + 1
# Steps of queries are at most so many of the corpus's.
_MOST_RATIO = 2.0**60
# What a square loses for a step that a query is moved into the box: twice the distance
# from the wall, to which corpus rows are about as far as the origin.
_IN_BOX = 2.0 * HALF


@dataclass(frozen=True)
class Sizes:
    """The numbers of queries, one line each.

    Attributes
    ----------
    table : float64 array of shape (n, 4)
        Squared lengths, lowered; steps over those of the corpus; what the shift of the
        corpus adds to scores; and the factor of squared distances.
    """

    table: FloatArray

    @classmethod
    def of(cls, digits: FloatArray, lowered: FloatArray, growth: float) -> Self:
        """Return the sizes of queries in the box."""
        ones = np.ones(len(lowered))
        shift = SHIFT * row_sum(digits)
        return cls(np.stack([lowered, ones, shift, growth * ones], axis=1))

    @property
    def lowered(self) -> FloatArray:
        """Squared lengths, lowered."""
        return self.table[:, 0]

    @property
    def ratio(self) -> FloatArray:
        """Steps over those of the corpus, powers of two."""
        return self.table[:, 1]

    @property
    def shift(self) -> FloatArray:
        """What the shift of the corpus adds to scores."""
        return self.table[:, 2]

    @property
    def growth(self) -> FloatArray:
        """The factor of squared distances."""
        return self.table[:, 3]

    @property
    def weight(self) -> Float32Array:
        """The weights of offsets."""
        return (0.5 / self.ratio).astype(np.float32)


@dataclass(frozen=True)
class FarQueries:
    """Some queries with steps of their own.

    Attributes
    ----------
    rows : intp array of shape (n,)
        Which queries these are.
    digits : float64 array of shape (n, width)
    sizes : Sizes
    gaps : float64 array of shape (n,)
    """

    rows: IndexArray
    digits: FloatArray
    sizes: Sizes
    gaps: FloatArray

    def replace(self, sizes: Sizes, digits: FloatArray, gaps: FloatArray) -> None:
        """Write what is known of these queries over what was."""
        sizes.table[self.rows] = self.sizes.table
        digits[self.rows] = self.digits
        gaps[self.rows] = self.gaps


def far_queries(
    cells: FloatArray, error: FloatArray, moved: FloatArray, limits: Limits
) -> Iterator[FarQueries]:
    """Yield the queries that are better off with steps of their own, if there are any.

    Parameters
    ----------
    cells : float64 array of shape (n, width)
        Queries in steps from the origin.
    error : float64 array of shape (n,)
        What is unknown of that, as a length.
    moved : float64 array of shape (n,)
        By how much they would be moved into the box, summed over coordinates.
    limits : Limits
        What is at most true of corpus rows.
    """
    # Steps of their own cost more than that, and so wide ones do not exist.
    least, most = 2.0 * limits.length * limits.error, HALF * _MOST_RATIO
    rows = np.flatnonzero((_IN_BOX * moved > least) & (moved < most))
    if rows.size:
        far = _bounded(rows, cells[rows], error[rows], limits)
        if far.rows.size:
            yield far


def _bounded(
    rows: IndexArray, cells: FloatArray, error: FloatArray, limits: Limits
) -> FarQueries:
    """Return what is known of queries, where that is more than the box would tell."""
    outside = np.maximum(np.abs(cells) - HALF, 0.0)
    _, exponent = np.frexp(np.abs(cells).max(axis=1) / HALF)
    ratio = np.ldexp(1.0, exponent)
    digits = np.rint(cells / ratio[:, None])
    left = _length(cells - ratio[:, None] * digits) + error
    length = _length(cells)
    shortest, longest = np.maximum(length - error, 0.0), length + error
    products = 2.0 * (limits.length * (limits.error + left) + longest * limits.error)
    beyond = 2.0 * np.minimum(
        limits.moved * (_length(outside) + error),
        limits.moved_sum * (outside.max(axis=1) + error),
    )
    loss = (products + beyond) * (1.0 + EXACT_SLACK)
    lowered = np.square(shortest) * (1.0 - EXACT_SLACK) - loss
    above = np.square(longest) * (1.0 + EXACT_SLACK) + products + limits.error**2
    gaps = (above - lowered) * (0.5 / ratio) * (1.0 + EXACT_SLACK)
    shift = SHIFT * row_sum(digits)
    table = np.stack([lowered, ratio, shift, np.ones(len(rows))], axis=1)
    better = np.isfinite(table).all(axis=1) & (loss < _IN_BOX * row_sum(outside))
    return FarQueries(rows[better], digits[better], Sizes(table[better]), gaps[better])


def _length(vectors: FloatArray) -> FloatArray:
    lengths: FloatArray = np.sqrt(row_sum(np.square(vectors)))
    return lengths
