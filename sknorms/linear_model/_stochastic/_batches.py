"""Rows cut into mini-batches, in an order drawn by lot."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows

__all__ = ["Batch", "Sample", "automatic_batch_size"]

# Rows that are gathered in their new order at a time have so many elements.
_CHUNK = 1 << 20
# With so few rows a full gradient costs no more than the overhead of a step.
_WHOLE = 64
_SMALLEST, _LARGEST, _LARGEST_SPARSE = 32, 256, 4096
# Steps in an epoch that are enough to see something.
_STEPS = 64


class Batch(NamedTuple):
    """Some rows with their targets; weights add up to their expectation."""

    rows: Rows
    target: AnyArray
    # Weight of each row over that of an average batch, one number if all are equal.
    share: FloatArray | float


class Sample(NamedTuple):
    """Rows of positive weight, with targets as the loss takes them."""

    rows: Rows
    target: AnyArray
    weight: FloatArray

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        return int(self.rows.shape[0])

    def take(self, index: IndexArray) -> "Sample":
        """Return some of the rows."""
        return Sample(self.rows[index], self.target[index], self.weight[index])

    def batches(self, order: IndexArray, batch_size: int) -> Iterator[Batch]:
        """Yield the rows in that order, a batch at a time.

        Rows of many batches are gathered at once, and batches are views of them.
        """
        n_columns = max(1, self.rows.shape[1])
        step = batch_size * max(1, _CHUNK // (n_columns * batch_size))
        equal = bool((self.weight == self.weight[0]).all())
        share = self.weight / self.weight.mean()
        for start in range(0, len(order), step):
            chosen = order[start : start + step]
            rows, target = self._gathered(chosen)
            for first in range(0, len(chosen), batch_size):
                part = slice(first, min(first + batch_size, len(chosen)))
                size = part.stop - first
                own = 1.0 / size if equal else share[chosen[part]] / size
                yield Batch(rows[part], target[part], own)

    def _gathered(self, chosen: IndexArray) -> tuple[Rows, AnyArray]:
        rows = self.rows[chosen]
        if sparse.issparse(rows):
            rows = rows.astype(np.float64, copy=False)
        else:
            rows = np.ascontiguousarray(rows, dtype=np.float64)
        return rows, self.target[chosen]


def automatic_batch_size(rows: Rows) -> int:
    """Return how many rows make a batch, if nobody says it.

    All of them where there are few. A step costs time by the number of features even
    where rows are sparse, so a batch of those has as many stored entries as features.
    """
    n_rows, n_columns = rows.shape
    if n_rows <= _WHOLE:
        return max(1, int(n_rows))
    size = min(max(n_rows // _STEPS, _SMALLEST), _LARGEST)
    if sparse.issparse(rows):
        stored = max(1.0, rows.nnz / n_rows)
        size = max(size, min(int(n_columns / stored), _LARGEST_SPARSE))
    return int(min(size, n_rows))
