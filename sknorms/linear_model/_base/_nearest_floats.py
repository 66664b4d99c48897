r"""Coefficients of few digits whose scores are nearest to those of given ones.

Rounding each coefficient by itself moves scores by the size of whole columns. Of
columns that are much alike, later ones can make up for what rounding an earlier one
did: with :math:`D^{1/2} X = Q R`, the distance :math:`\|R (v - w)\|` is made small from
the last column to the first, each rounded to where it is best for those behind it
(Babai's nearest plane, "On Lovasz' lattice reduction and the nearest lattice point
problem", 1986). What is left of a column is its part that no column before it explains.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray

__all__ = ["Lattice", "rounded_within"]

# Elements of rows that are gathered at a time.
_PIECE = 2**18
# Columns whose own part is smaller than this, relative to the largest, have none.
_NOTHING = 1e-14


def rounded_within(
    values: FloatArray, lower: FloatArray, upper: FloatArray, dtype: Any
) -> FloatArray:
    """Return the nearest numbers of a type that lie within bounds, in float64."""
    near = np.clip(values, lower, upper).astype(dtype)
    near = np.where(near > upper, np.nextafter(near, dtype(-np.inf)), near)
    near = np.where(near < lower, np.nextafter(near, dtype(np.inf)), near)
    return near.astype(np.float64)


@dataclass(frozen=True, eq=False)
class Lattice:
    """What is rounded: the coefficients of one score.

    Parameters
    ----------
    table : ndarray or sparse of shape (n_rows, p)
        Columns in any floating-point type.
    bends : ndarray of shape (n_rows,)
        Second derivatives of the objective in the scores.
    l2 : ndarray of shape (p,)
        Second derivatives of the penalty.
    lower, upper : ndarray of shape (p,)
        Bounds of the coefficients.
    dtype : type
        What they are rounded to.
    fit_intercept : bool
        Whether an intercept, which is not rounded, makes up for means.
    """

    table: Any
    bends: FloatArray
    l2: FloatArray
    lower: FloatArray
    upper: FloatArray
    dtype: Any
    fit_intercept: bool

    def nearest(self, w: FloatArray) -> FloatArray:
        """Return coefficients near to given ones; those of 0 stay 0."""
        support = np.flatnonzero(w)
        order, triangle = self._triangle(support, w[support])
        support = support[order]
        near = w[support]
        self._round(triangle, near, self.lower[support], self.upper[support])
        full = np.zeros_like(w)
        full[support] = near
        return full

    def _round(
        self,
        triangle: FloatArray,
        near: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
    ) -> None:
        """Round from the last to the first, each making up for those behind it."""
        own = np.abs(np.diagonal(triangle))
        moved = np.zeros_like(near)
        for k in range(len(near) - 1, -1, -1):
            wanted = near[k]
            if own[k] > _NOTHING * own.max():
                behind = triangle[k, k + 1 :] @ moved[k + 1 :]
                wanted = wanted - behind / triangle[k, k]
            at = slice(k, k + 1)
            held = rounded_within(
                np.array([wanted]), lower[at], upper[at], self.dtype
            ).item()
            moved[k], near[k] = held - near[k], held

    def _triangle(
        self, support: IndexArray, values: FloatArray
    ) -> tuple[IndexArray, FloatArray]:
        """Return an order of the columns, and R of the columns in it."""
        own = int(self.fit_intercept)
        m = own + len(values)
        squares = np.append(np.zeros(own), self.l2[support])
        triangle, roots = np.diag(np.sqrt(squares)), np.sqrt(self.bends)
        for rows in row_slices(len(roots), max(m, _PIECE // max(1, m))):
            piece = self._columns(rows, support) * roots[rows, np.newaxis]
            triangle = _upper(np.vstack([triangle, piece]))
        # Behind the first column, R is that of what the intercept does not explain.
        triangle = triangle[own:, own:]
        spacing = np.spacing(np.abs(values).astype(self.dtype)).astype(np.float64)
        order = _finest_first(triangle * spacing)
        return order, _upper(triangle[:, order])

    def _columns(self, rows: slice, support: IndexArray) -> FloatArray:
        """Return some rows of a 1 for the intercept and of the columns in the model."""
        part = self.table[rows][:, support]
        part = part.toarray() if sparse.issparse(part) else part
        ones = np.ones((len(part), int(self.fit_intercept)))
        return np.hstack([ones, part.astype(np.float64, copy=False)])


def _upper(table: FloatArray) -> FloatArray:
    """Return R of a table of at least as many rows as columns."""
    return np.asarray(np.linalg.qr(table, mode="r"))


def _finest_first(steps: FloatArray) -> IndexArray:
    """Return an order in which parts that nothing before explains are small.

    What is left in the end are those parts: so the smallest comes first, then the one
    of which the first leaves least, and so on (Wübben et al., 2001).
    """
    rest, order = steps.copy(), []
    open_to = np.zeros(rest.shape[1])
    for _ in range(rest.shape[1]):
        squares = np.einsum("ij,ij->j", rest, rest)
        at = int(np.argmin(squares + open_to))
        order.append(at)
        open_to[at] = np.inf
        if squares[at] > 0.0:
            unit = rest[:, at] / np.sqrt(squares[at])
            # Twice, or rounding would be taken for a part of its own.
            for _ in range(2):
                rest -= np.multiply.outer(unit, unit @ rest)
    return np.array(order, dtype=np.intp)
