"""Keys that an inner product settles, and the bound they share."""

from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, Rows
from sknorms.engine import OverlapEmbedding
from sknorms.metrics._embeddings import most_terms

__all__ = ["LineBound", "TruthBound", "ratio"]


class _Lined(Protocol):
    def line(
        self, keys: FloatArray, n_features: int
    ) -> tuple[FloatArray, FloatArray]: ...


@dataclass(frozen=True)
class LineBound(OverlapEmbedding):
    """The bound of a metric that knows its own line.

    Attributes
    ----------
    metric : object with a method ``line``
    """

    metric: _Lined

    @classmethod
    def fit(cls, rows: Rows, metric: _Lined, *, scale: float = 1.0) -> Self:
        """Return the bound for these corpus rows."""
        columns, terms = int(rows.shape[1]), most_terms(rows)
        return cls(scale, columns, columns if terms is None else terms, metric)

    def line(self, keys: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ask the metric."""
        return self.metric.line(keys, self.columns)


@dataclass(frozen=True)
class TruthBound(LineBound):
    """The bound of a metric whose line holds for zeros and ones only."""

    def foreign(self, rows: Rows) -> Any:
        """Return which rows hold other numbers."""
        if rows.dtype == np.bool_:
            return np.zeros(rows.shape[0], dtype=np.bool_)
        if sparse.issparse(rows):
            other = sparse.csr_array(rows)
            other.data = (rows.data != 0) & (rows.data != 1)
            return np.asarray(other.sum(axis=1)).ravel() > 0
        return ((rows != 0) & (rows != 1)).any(axis=1)


def ratio(part: Any, whole: Any) -> FloatArray:
    """Divide, with 0/0 = 0: where there is nothing to compare, nothing differs."""
    part, whole = np.asarray(part), np.asarray(whole)
    out = np.zeros(np.broadcast_shapes(part.shape, whole.shape))
    np.divide(part, whole, out=out, where=whole != 0)
    return out
