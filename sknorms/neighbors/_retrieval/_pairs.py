"""Pairs of rows: drawn at random, and compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms._validation import ParameterError
from sknorms.engine import working_bytes
from sknorms.metrics import Metric, paired_distances

__all__ = ["SAMPLING", "Pairs"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows of two tables, in pairs.

    Attributes
    ----------
    left, right : ndarray or CSR of shape (n, d)
    left_at, right_at : intp array of shape (n_pairs,)
        Which rows each pair takes.
    """

    left: Rows
    right: Rows
    left_at: IndexArray
    right_at: IndexArray

    @classmethod
    def row_by_row(cls, left: Rows, right: Rows) -> "Pairs":
        """Pair rows of the same number."""
        if left.shape[0] != right.shape[0]:
            raise ParameterError(
                "A and B must have one row a pair each; got "
                f"{left.shape[0]} and {right.shape[0]} rows."
            )
        at = np.arange(left.shape[0])
        return cls(left, right, at, at)

    def __len__(self) -> int:
        return len(self.left_at)

    def learn(self, metric: Metric) -> Metric:
        """Return the metric with what it learns from the rows of both sides."""
        if not metric.learned:
            return metric
        sides = (self.left, self.right)
        if sparse.issparse(self.left) or sparse.issparse(self.right):
            return metric.learn(sparse.vstack(sides, format="csr"))
        return metric.learn(np.concatenate(sides))

    def values(self, metric: Metric) -> FloatArray:
        """Return the values of the pairs, as many at a time as memory allows."""
        values = np.empty(len(self))
        # Both rows in float64, and what is made of them on the way.
        row_bytes = 32 * int(self.left.shape[1]) + 64
        for chunk in row_slices(len(self), max(1, working_bytes(None) // row_bytes)):
            one = self.left[self.left_at[chunk]].astype(np.float64)
            other = self.right[self.right_at[chunk]].astype(np.float64)
            values[chunk] = paired_distances(one, other, metric=metric)
        return values


def _disjoint(
    rng: np.random.RandomState, n_rows: int, n_pairs: int
) -> tuple[IndexArray, IndexArray]:
    order = rng.permutation(n_rows)
    n = min(n_rows // 2, n_pairs)
    return order[:n], order[n : 2 * n]


def _random(
    rng: np.random.RandomState, n_rows: int, n_pairs: int
) -> tuple[IndexArray, IndexArray]:
    left = rng.randint(n_rows, size=n_pairs)
    right = rng.randint(n_rows - 1, size=n_pairs)
    return left, right + (right >= left)


# How pairs of different rows are drawn, by name.
SAMPLING: dict[str, Callable[..., tuple[IndexArray, IndexArray]]] = {
    "disjoint": _disjoint,
    "random": _random,
}
