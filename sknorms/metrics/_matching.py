"""Metrics that count in which columns two rows agree.

With a, b, c the numbers of columns that are true in both rows, in the first only and
in the second only, e false in both, and n = a + b + c + e. The counts are whole
numbers, so however they are obtained the values are the same bits.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import FloatArray, Rows, SparseMatrix
from sknorms.engine import Embedding
from sknorms.metrics._coordinate_bounds import HammingBound
from sknorms.metrics._domain import Boolean, Domain
from sknorms.metrics._metric import Metric
from sknorms.metrics._overlap import TruthBound, ratio
from sknorms.metrics._registry import register_metric
from sknorms.metrics._sparse_pairs import SparsePairs, StoredPairs, count_entries
from sknorms.metrics._table_kernels import PRODUCT

__all__ = [
    "Dice",
    "Hamming",
    "Jaccard",
    "RogersTanimoto",
    "RussellRao",
    "SokalSneath",
    "Yule",
]


@register_metric
@dataclass(frozen=True, eq=False)
class Hamming(SparsePairs, Metric):
    """Share of the columns in which two rows differ, in [0, 1]."""

    name: ClassVar[str] = "hamming"
    aliases: ClassVar[tuple[str, ...]] = ("matching",)
    complementary: ClassVar[bool] = True
    formula: ClassVar[str] = r"|\{i : x_i \ne y_i\}| / n"

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the shares."""
        share: FloatArray = np.divide(np.count_nonzero(x != y, axis=-1), x.shape[-1])
        return share

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the rows in float64."""
        return rows.astype(np.float64)

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the shares of pairs of CSR rows."""
        counts = np.empty(len(pairs))
        for chunk, difference in pairs.differences():
            counts[chunk] = count_entries(difference)
        shares: FloatArray = counts / pairs.x.shape[1]
        return shares

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all keys between two blocks, column by column: a count is exact."""
        x, columns = self.represent(queries), self.represent(corpus).T
        counts = np.zeros((len(x), columns.shape[1]))
        for k, column in enumerate(np.ascontiguousarray(columns)):
            counts += x[:, k : k + 1] != column
        shares: FloatArray = counts / x.shape[1]
        return shares

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room for zeros and ones: ``X + Y - 2 a <= t n``."""
        half = np.minimum(keys, 1.0) * (n_features / 2)
        return np.full(len(keys), 0.5), half

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by an exact product on booleans, else by counting."""
        if rows.dtype == np.bool_:
            return TruthBound.fit(rows, self)
        return HammingBound(rows.shape[1])


@dataclass(frozen=True, eq=False)
class _Counting(SparsePairs, Metric):
    """A function of the numbers of columns true in both rows and in each of them."""

    domain_: ClassVar[Domain] = Boolean()
    complementary: ClassVar[bool] = True

    @abstractmethod
    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return keys from the numbers of columns true in both and in either row."""

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances of represented rows."""
        return self.from_counts(row_sum(x * y), row_sum(x), row_sum(y), x.shape[-1])

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the rows in float64."""
        return rows.astype(np.float64)

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the distances of pairs of CSR rows."""
        both, n_features = pairs.stored_sums(PRODUCT), pairs.x.shape[1]
        first, second = pairs.stored_totals()
        return self.from_counts(both, first, second, n_features)

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all distances: in float64 a product of zeros and ones is exact."""
        x, y = self.represent(queries), self.represent(corpus)
        first, second = row_sum(x)[:, np.newaxis], row_sum(y)
        return self.from_counts(x @ y.T, first, second, x.shape[1])


@dataclass(frozen=True, eq=False)
class _LinedCounting(_Counting):
    """Those for which a key draws a line between the counts."""

    @abstractmethod
    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room of keys, as `OverlapEmbedding` wants them."""

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by an exact product."""
        return TruthBound.fit(rows, self)


@register_metric
@dataclass(frozen=True, eq=False)
class Jaccard(_LinedCounting):
    """Share that differs, among the columns true in either row, in [0, 1]."""

    name: ClassVar[str] = "jaccard"
    formula: ClassVar[str] = r"(b + c) / (a + b + c)"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the distances."""
        del n_features
        total = first + second
        return ratio(total - 2 * both, total - both)

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``X + Y - 2 a <= t (X + Y - a)``."""
        del n_features
        t = np.minimum(keys, 1.0)
        return (1.0 - t) / (2.0 - t), np.zeros(len(t))


@register_metric
@dataclass(frozen=True, eq=False)
class Dice(_LinedCounting):
    """Share that differs, columns true in both rows counting twice, in [0, 1]."""

    name: ClassVar[str] = "dice"
    triangle_inequality = False
    formula: ClassVar[str] = r"(b + c) / (2 a + b + c)"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the distances."""
        del n_features
        total = first + second
        return ratio(total - 2 * both, total)

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``X + Y - 2 a <= t (X + Y)``."""
        del n_features
        t = np.minimum(keys, 1.0)
        return (1.0 - t) / 2.0, np.zeros(len(t))


@register_metric
@dataclass(frozen=True, eq=False)
class SokalSneath(_LinedCounting):
    """Share that differs, differences counting twice, in [0, 1]."""

    name: ClassVar[str] = "sokalsneath"
    formula: ClassVar[str] = r"2 (b + c) / (a + 2 (b + c))"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the distances."""
        del n_features
        twice = 2 * (first + second - 2 * both)
        return ratio(twice, both + twice)

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``2 (X + Y - 2 a) (1 - t) <= t a``."""
        del n_features
        t = np.minimum(keys, 1.0)
        return 2.0 * (1.0 - t) / (4.0 - 3.0 * t), np.zeros(len(t))


@register_metric
@dataclass(frozen=True, eq=False)
class RogersTanimoto(_LinedCounting):
    """Share of all columns that differs, differences counting twice, in [0, 1].

    The Sokal-Michener dissimilarity of SciPy and scikit-learn is the same number.
    """

    name: ClassVar[str] = "rogerstanimoto"
    aliases: ClassVar[tuple[str, ...]] = ("sokalmichener",)
    formula: ClassVar[str] = r"2 (b + c) / (a + e + 2 (b + c))"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the distances."""
        apart = first + second - 2 * both
        return ratio(2 * apart, n_features + apart)

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``(X + Y - 2 a) (2 - t) <= t n``."""
        t = np.minimum(keys, 1.0)
        return np.full(len(t), 0.5), t * n_features / (2.0 * (2.0 - t))


@register_metric
@dataclass(frozen=True, eq=False)
class RussellRao(_LinedCounting):
    """Share of the columns that are not true in both rows, in [0, 1].

    The one distance here that is not zero between equal rows: it is the share of the
    columns that are false.
    """

    name: ClassVar[str] = "russellrao"
    formula: ClassVar[str] = r"(n - a) / n"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the distances."""
        del first, second
        return (n_features - both) / n_features

    def line(self, keys: FloatArray, n_features: int) -> tuple[FloatArray, FloatArray]:
        """Return slope and room: ``-a <= (t - 1) n``."""
        t = np.minimum(keys, 1.0)
        return np.zeros(len(t)), (t - 1.0) * n_features


@register_metric
@dataclass(frozen=True, eq=False)
class Yule(_Counting):
    """Yule's dissimilarity of two rows of truth values, in [0, 2]."""

    name: ClassVar[str] = "yule"
    triangle_inequality = False
    formula: ClassVar[str] = r"2 b c / (a e + b c)"

    def from_counts(
        self, both: FloatArray, first: FloatArray, second: FloatArray, n_features: int
    ) -> FloatArray:
        """Return the dissimilarities."""
        neither = n_features - (first + second - both)
        apart = (first - both) * (second - both)
        return ratio(2 * apart, both * neither + apart)
