"""Euclidean distance and its kin: the length of a difference of rows."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import BoolArray, FloatArray, Rows, SparseMatrix
from sknorms.engine import Embedding
from sknorms.metrics._embeddings import AffineChord
from sknorms.metrics._metric import Metric, frozen_array
from sknorms.metrics._registry import register_metric
from sknorms.metrics._sparse_pairs import SparsePairs, StoredPairs
from sknorms.metrics._statistics import column_variances
from sknorms.metrics._tables import SQUARE, SumMetric
from sknorms.norms._scaled import last_axis_norm, scaled_row_norms

__all__ = ["Euclidean", "SquaredEuclidean", "StandardizedEuclidean"]

# Squares below 2^-1022 lose digits. A sum of at least this size does not notice; pairs
# below it are measured again by `keys`, which scales rows where it must.
_SMALLEST_SAFE_SUM = 2.0**-900
# Room for the rounding of a square and of its root.
_ROUNDING = 2.0**-50


@register_metric
@dataclass(frozen=True, eq=False)
class Euclidean(SumMetric):
    """Length of the difference."""

    name: ClassVar[str] = "euclidean"
    aliases: ClassVar[tuple[str, ...]] = ("l2",)
    formula: ClassVar[str] = r"\sqrt{\sum_i (x_i - y_i)^2}"
    term: ClassVar[int] = SQUARE

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return last_axis_norm(x - y)

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the square roots."""
        del x, y
        return np.sqrt(sums)

    def sum_limits(self, limits: FloatArray) -> FloatArray:
        """Return the squares, where they are accurate."""
        return np.maximum(np.square(limits) * (1.0 + _ROUNDING), _SMALLEST_SAFE_SUM)

    def doubtful(self, sums: FloatArray) -> BoolArray:
        """Return where squares may have lost digits or overflowed."""
        return ~((sums >= _SMALLEST_SAFE_SUM) & (sums < np.inf))

    def remeasured(self, pairs: StoredPairs) -> FloatArray:
        """Return the lengths of differences of CSR rows, scaled where they must be."""
        keys = np.empty(len(pairs))
        for chunk, difference in pairs.differences():
            keys[chunk] = scaled_row_norms(difference).values
        return keys

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of centred rows."""
        return AffineChord.fit(rows, squared=False)


@register_metric
@dataclass(frozen=True, eq=False)
class SquaredEuclidean(SumMetric):
    """Squared length of the difference."""

    name: ClassVar[str] = "sqeuclidean"
    triangle_inequality = False
    formula: ClassVar[str] = r"\sum_i (x_i - y_i)^2"
    term: ClassVar[int] = SQUARE

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the squared distances."""
        difference = x - y
        squares: FloatArray = row_sum(np.square(difference, out=difference))
        return squares

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the sums."""
        del x, y
        return sums

    def sum_limits(self, limits: FloatArray) -> FloatArray:
        """Return the limits, where sums in another order agree with theirs."""
        return np.maximum(limits, _SMALLEST_SAFE_SUM)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of centred rows."""
        return AffineChord.fit(rows, squared=True)


@register_metric
@dataclass(frozen=True, eq=False)
class StandardizedEuclidean(SparsePairs, Metric):
    """Euclidean distance with every column divided by its standard deviation.

    Parameters
    ----------
    V : array-like of shape (n_features,), default=None
        Variances, all positive. None learns them in ``fit`` (``ddof=1``); a column that
        does not vary there counts with variance 1, as in scikit-learn's StandardScaler.
    """

    V: Any = None

    name: ClassVar[str] = "seuclidean"
    learned: ClassVar[tuple[str, ...]] = ("V",)
    formula: ClassVar[str] = r"\sqrt{\sum_i (x_i - y_i)^2 / V_i}"

    def __post_init__(self) -> None:
        if self.V is None:
            return
        V = frozen_array(self.V)
        if V.ndim != 1 or not (np.isfinite(V) & (V > 0)).all():
            raise ValueError(
                "V must be a vector of positive variances, one a column; got "
                f"{self.V!r}. Leave it at None to have it learnt from the data."
            )
        object.__setattr__(self, "V", V)

    def learn(self, X: Rows) -> Self:
        """Return a record with the variances of the columns of ``X``."""
        if self.V is not None:
            if len(self.V) != X.shape[1]:
                raise ValueError(
                    f"V must have one variance a column: got {len(self.V)} for "
                    f"{X.shape[1]} columns."
                )
            return self
        variances = column_variances(X)
        return type(self)(np.where(variances > 0, variances, 1.0))

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return last_axis_norm((x - y) / np.sqrt(self.V))

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the rows in float64."""
        return rows.astype(np.float64)

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the distances of pairs of CSR rows."""
        keys, deviations = np.empty(len(pairs)), np.sqrt(self.V)
        for chunk, difference in pairs.differences():
            with np.errstate(over="ignore", under="ignore"):
                difference.data /= deviations[difference.indices]
            keys[chunk] = scaled_row_norms(difference).values
        return keys

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of standardised rows."""
        return AffineChord.fit(rows, squared=False, factors=1.0 / np.sqrt(self.V))
