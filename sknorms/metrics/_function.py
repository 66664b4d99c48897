"""Metrics made out of a user's function, of two blocks of rows or of two rows."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.exceptions import EfficiencyWarning

from sknorms._typing import FloatArray, Rows
from sknorms.metrics._metric import Metric

__all__ = ["BlockDistance", "BlockMetric", "BlockSimilarity", "PairFunction"]


@dataclass(frozen=True, eq=False)
class BlockMetric(Metric):
    """A function ``f(X_block, Y_block, **arguments)`` called once a block.

    Parameters
    ----------
    function : callable
        Takes rows of shape (n, d) and (m, d), as stored (dense or CSR), and returns the
        values of all pairs, shape (n, m).
    arguments : mapping, default=None
        Keyword arguments passed on.
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any] | None = None

    triangle_inequality = False
    symmetric: ClassVar[bool] = False
    has_pairs: ClassVar[bool] = False

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Raise: a function of blocks is not asked about chosen pairs."""
        raise TypeError(f"{self.function!r} is evaluated on blocks; use block_keys.")

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Call the function once and check what it returns."""
        values = self._call(queries, corpus)
        shape = (queries.shape[0], corpus.shape[0])
        if values.shape != shape:
            raise ValueError(
                f"metric function {_label(self.function)} must return an array of "
                f"shape {shape} for blocks of {shape[0]} and {shape[1]} rows; got "
                f"{values.shape}. A function of two single rows is passed as "
                "metric=function."
            )
        if np.isnan(values).any():
            raise ValueError(
                f"metric function {_label(self.function)} returned NaN. Return a "
                "number for every pair of rows."
            )
        return self.unfinish(values)

    def _call(self, queries: Rows, corpus: Rows) -> FloatArray:
        return np.array(
            self.function(queries, corpus, **(self.arguments or {})), dtype=np.float64
        )


@dataclass(frozen=True, eq=False)
class BlockDistance(BlockMetric):
    """A block function whose smaller values mean closer.

    Parameters
    ----------
    function : callable
        Takes rows of shape (n, d) and (m, d), as stored (dense or CSR), and returns the
        values of all pairs, shape (n, m).
    arguments : mapping, default=None
        Keyword arguments passed on.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.metrics import BlockDistance, pairwise_distances
    >>> gap = BlockDistance(lambda X, Y: np.abs(X[:, None] - Y).max(axis=2))
    >>> pairwise_distances([[0.0, 1.0]], [[3.0, 2.0]], metric=gap)
    array([[3.]])
    """

    name: ClassVar[str] = "block function"


@dataclass(frozen=True, eq=False)
class BlockSimilarity(BlockMetric):
    """A block function whose larger values mean closer.

    Parameters
    ----------
    function : callable
        Takes rows of shape (n, d) and (m, d), as stored (dense or CSR), and returns the
        values of all pairs, shape (n, m).
    arguments : mapping, default=None
        Keyword arguments passed on.

    Examples
    --------
    >>> from sknorms.metrics import BlockSimilarity, pairwise_distances
    >>> overlap = BlockSimilarity(lambda X, Y: X @ Y.T)
    >>> pairwise_distances([[1.0, 2.0]], [[3.0, 4.0]], metric=overlap)
    array([[11.]])
    """

    name: ClassVar[str] = "block similarity"
    larger_is_closer: ClassVar[bool] = True

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn keys back into similarities."""
        return -keys

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn similarities into keys."""
        return -values


@dataclass(frozen=True, eq=False)
class PairFunction(BlockMetric):
    """A function of two rows, called once for every pair; slow by its nature.

    The first use warns with the number of calls (`EfficiencyWarning`).
    """

    name: ClassVar[str] = "callable"

    def _call(self, queries: Rows, corpus: Rows) -> FloatArray:
        x, y = _single_rows(queries), _single_rows(corpus)
        values = np.empty((len(x), len(y)))
        for i, query in enumerate(x):
            for j, row in enumerate(y):
                values[i, j] = self.function(query, row, **(self.arguments or {}))
        return values

    def warn_about_cost(self, n_pairs: int) -> None:
        """Say once per call of a public entry point what the function costs."""
        warnings.warn(
            f"metric {_label(self.function)} is called once for each pair of rows: "
            f"{n_pairs:,} times. A function of two blocks, "
            "sknorms.metrics.BlockDistance(f), is called once a block.",
            EfficiencyWarning,
            stacklevel=3,
        )


def _single_rows(rows: Rows) -> list[Any]:
    if sparse.issparse(rows):
        return [rows[[i]] for i in range(rows.shape[0])]
    return list(rows)


def _label(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))
