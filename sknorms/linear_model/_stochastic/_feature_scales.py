r"""Mean and scale of every feature, of rows that come in one piece or in several.

The scale of a feature is how far it usually is from its mean *where it is not zero*:

.. math:: s_j^2 = \sum_i w_i (x_{ij} - m_j)^2 \Big/ \sum_{x_{ij} \ne 0} w_i.

Of features without zeros that is the standard deviation. A feature that is rarely
anything but zero has the size of its entries as its scale, not the tiny deviation that
the zeros give it: one row that has it must not move predictions by thousands of scales.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, widen
from sknorms._typing import BoolArray, FloatArray, Rows

__all__ = ["Moments"]

# Elements of one widened block.
_BLOCK = 1 << 18
# A deviation that small beside the mean is rounding: the feature is constant.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Moments:
    """Weighted moments of features, each an array of shape (p,) but the total weight.

    Parameters
    ----------
    weight : float
        Total weight of the rows.
    mean : ndarray
        Means.
    squares : ndarray
        Weighted sums of squared deviations from the mean.
    filled : ndarray
        Weight of the rows where the feature is not zero.
    """

    weight: float
    mean: FloatArray
    squares: FloatArray
    filled: FloatArray

    @classmethod
    def of(cls, rows: Rows, weight: FloatArray, *, centred: bool = True) -> "Moments":
        """Measure rows, dense or CSR, with weights of shape (n,).

        Not ``centred``, the mean is taken for zero.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return cls._measured(rows, weight, centred)

    @classmethod
    def _measured(cls, rows: Rows, weight: FloatArray, centred: bool) -> "Moments":
        total = float(weight.sum())
        if sparse.issparse(rows):
            return cls._of_sparse(rows, weight, total, centred)
        mean = np.zeros(rows.shape[1])
        for block, share in _blocks(rows, weight) if centred else ():
            mean += share @ block
        mean /= total
        squares, filled = np.zeros_like(mean), np.zeros_like(mean)
        for block, share in _blocks(rows, weight):
            filled += share @ (block != 0.0)
            block = block - mean
            squares += share @ np.square(block, out=block)
        return cls(total, mean, squares, filled)

    @classmethod
    def _of_sparse(
        cls, rows: Rows, weight: FloatArray, total: float, centred: bool
    ) -> "Moments":
        n_columns, column = rows.shape[1], rows.indices
        data = rows.data.astype(np.float64)
        share = np.repeat(weight, np.diff(rows.indptr)) * (data != 0.0)
        mean = np.zeros(n_columns)
        if centred:
            mean = np.bincount(column, share * data, n_columns) / total
        filled: FloatArray = np.bincount(column, share, n_columns).astype(np.float64)
        deviation = np.square(data - mean[column])
        squares = np.bincount(column, share * deviation, n_columns)
        return cls(total, mean, squares + (total - filled) * mean**2, filled)

    def joined(self, other: "Moments") -> "Moments":
        """Return the moments of these rows and others together (Chan et al., 1979)."""
        total = self.weight + other.weight
        gap = other.mean - self.mean
        share = other.weight / total
        between = gap**2 * (self.weight * share)
        return Moments(
            total,
            self.mean + share * gap,
            self.squares + other.squares + between,
            self.filled + other.filled,
        )

    @property
    def constant(self) -> BoolArray:
        """Which features have one value only, as far as rounding lets one see."""
        deviation = np.sqrt(self.squares / self.weight)
        still: BoolArray = deviation <= _ROUNDING * np.abs(self.mean)
        return still

    @property
    def scale(self) -> FloatArray:
        """The scale of each feature, 1 for constant ones."""
        filled = np.where(self.filled > 0.0, self.filled, 1.0)
        return np.where(self.constant, 1.0, np.sqrt(self.squares / filled))

    @property
    def row_size(self) -> float:
        """The mean squared length of a row, its features in units of their scales."""
        return float((self.squares / self.scale**2).sum() / self.weight)


def _blocks(rows: Rows, weight: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    step = max(1, _BLOCK // max(1, rows.shape[1]))
    for part in row_slices(rows.shape[0], step):
        yield widen(rows[part]), weight[part]
