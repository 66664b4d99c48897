"""Coordinate bounds of the metrics that are sums or maxima over coordinates."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_sum
from sknorms._compile import Kernel
from sknorms._typing import FloatArray, Rows
from sknorms.engine import CoordinateEmbedding, power_of_two_scale
from sknorms.metrics._embeddings import column_means, typical_rows
from sknorms.metrics._kernels import manhattan_scores

__all__ = ["ManhattanBound"]


@dataclass(frozen=True, eq=False)
class _Homogeneous(CoordinateEmbedding):
    """Sums of a norm of differences: rows may be shifted and scaled together."""

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Choose centre and scale; rows that float32 holds exactly are not centred."""
        center = column_means(rows) if rows.dtype == np.float64 else None
        typical = typical_rows(rows)
        if center is not None:
            typical = typical - center
        with np.errstate(over="ignore"):
            lengths = np.abs(typical).max(axis=1, initial=0.0)
        return cls(rows.shape[1], center, power_of_two_scale(lengths))


@dataclass(frozen=True, eq=False)
class ManhattanBound(_Homogeneous):
    """Sum of absolute differences."""

    combine: ClassVar[np.ufunc | None] = np.add
    scipy_name: ClassVar[str] = "cityblock"

    @property
    def kernel(self) -> "Kernel[Any, None]":
        """The compiled sum."""
        return manhattan_scores

    def sizes(self, rows: FloatArray) -> FloatArray:
        """Return the sums of absolute values."""
        total: FloatArray = row_sum(np.abs(rows))
        return total
