"""Rows of folds, taken from whatever the user passed, in the form it was passed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, IndexArray

__all__ = ["Table", "take"]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows, or distances of all rows to each other.

    Attributes
    ----------
    data : ndarray, CSR or data frame
    pairwise : bool
        Whether these are distances.
    """

    data: Any
    pairwise: bool

    @classmethod
    def of(cls, X: Any, *, pairwise: bool) -> "Table":
        """Return the rows of a table that is cut often."""
        if sparse.issparse(X):
            return cls(X.tocsr(), pairwise)
        return cls(X if _is_frame(X) else np.asarray(X), pairwise)

    def part(self, rows: IndexArray, train: IndexArray) -> Any:
        """Return some rows; of distances, those to the training rows."""
        if self.pairwise:
            data = np.asarray(self.data) if _is_frame(self.data) else self.data
            return data[np.ix_(rows, train)]
        return take(self.data, rows)


def take(data: Any, rows: IndexArray) -> Any:
    """Return some rows of an array, a CSR matrix, a data frame or a list."""
    if hasattr(data, "iloc"):
        return data.iloc[rows]
    if hasattr(data, "shape"):
        return data[rows]
    taken: AnyArray = np.asarray(data)[rows]
    return taken


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "shape")
