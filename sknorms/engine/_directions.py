"""Bounds on fewer columns: a few leading directions, and the length of what is left.

For a matrix P of orthonormal columns and R = 1 - P P^T, the map ``x -> (P^T x, |Rx|)``
never lengthens a difference: ``|x - y|^2 = |P^T (x - y)|^2 + |R (x - y)|^2``, and the
last term is at least ``(|Rx| - |Ry|)^2`` by the triangle inequality. By the inequality
of Cauchy and Schwarz it never makes an inner product smaller either. Bounds on the
mapped rows are bounds on the rows, and their products cost a fraction where a few
directions hold most of the data's variance.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import FloatArray

__all__ = ["Directions"]

_UNIT64 = 2.0**-53


@dataclass(frozen=True, eq=False)
class Directions:
    """Directions at right angles to each other, and how nearly they are that.

    Attributes
    ----------
    center : float64 array of shape (width,)
        Subtracted first; zero where translation would change the bound.
    basis : float64 array of shape (width, n_directions)
        One direction a column, of length one up to rounding.
    """

    center: FloatArray
    basis: FloatArray

    @classmethod
    def fit(cls, vectors: FloatArray, most: int, *, centered: bool) -> "Directions":
        """Return up to ``most`` directions in which a sample of vectors is longest."""
        width = vectors.shape[1]
        center = vectors.mean(axis=0) if centered else np.zeros(width)
        moved = vectors - center
        # Directions have no size; products of sizes might overflow in float32.
        _, exponent = np.frexp(np.abs(moved).max(initial=0.0))
        moved = np.ldexp(moved, -exponent).astype(np.float32)
        tall = len(moved) >= width
        _, found = np.linalg.eigh(moved.T @ moved if tall else moved @ moved.T)
        leading = found[:, : -min(most, *moved.shape) - 1 : -1]
        wide = (leading if tall else moved.T @ leading).astype(np.float64)
        # In float64 once more: float32 directions are not nearly orthonormal enough.
        basis, _ = np.linalg.qr(wide)
        return cls(center, basis)

    @property
    def count(self) -> int:
        """Number of directions."""
        return int(self.basis.shape[1])

    def leading(self, count: int) -> "Directions":
        """Return the first directions alone."""
        return Directions(self.center, np.ascontiguousarray(self.basis[:, :count]))

    def turned(self) -> "Directions":
        """Return directions of the same space, in which all are about as long.

        They are turned at random, always in the same way.
        """
        random = np.random.default_rng(0).normal(size=(self.count, self.count))
        turn, _ = np.linalg.qr(random)
        return Directions(self.center, self.basis @ turn)

    @cached_property
    def errors(self) -> tuple[float, float]:
        """Relative errors of the coordinates, and of the squared length that is left.

        With P = UH and U orthonormal, ``|P^T x - U^T x|`` is at most ``|H - 1| |x|``,
        and that at most ``|P^T P - 1| |x|`` (Higham, Functions of Matrices, 8.1). To it
        comes the rounding of a float64 product, and of the two squared lengths whose
        difference is what is left.
        """
        width, count = self.basis.shape
        gram = self.basis.T @ self.basis
        gram[np.diag_indices(count)] -= 1.0
        defect = float(np.linalg.norm(gram)) + (width + 4) * _UNIT64 * count
        coordinates = 2.0 * (defect + (width + 4) * _UNIT64 * np.sqrt(count))
        return coordinates, 3.0 * coordinates + 4.0 * (width + count) * _UNIT64

    def map(self, vectors: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``(P^T x, |Rx|)`` of every row, and the error of each as a length.

        Parameters
        ----------
        vectors : float64 array of shape (n, width)

        Returns
        -------
        mapped : float64 array of shape (n, count + 1)
        error : float64 array of shape (n,)
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            moved = vectors - self.center
            mapped = np.empty((len(moved), self.count + 1))
            np.matmul(moved, self.basis, out=mapped[:, :-1])
            squares = row_sum(np.square(moved))
            left = squares - row_sum(np.square(mapped[:, :-1]))
            mapped[:, -1] = np.sqrt(np.maximum(left, 0.0))
            return mapped, self._error(squares, mapped[:, -1])

    def _error(self, squares: FloatArray, rest: FloatArray) -> FloatArray:
        coordinates, square = self.errors
        lengths = np.sqrt(squares)
        # |sqrt(a) - sqrt(b)| is at most sqrt(|a - b|), and |a - b| / sqrt(a).
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.fmin(np.sqrt(square) * lengths, square * squares / rest)
        total: FloatArray = (coordinates + 2.0 * _UNIT64) * lengths + root
        return total
