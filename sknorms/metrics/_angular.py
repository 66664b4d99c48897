"""Angles between rows: cosine, angular and correlation distance, and the dot product.

The cosine of two nearly parallel rows cannot be told from one in floating point. Half
the squared chord between the two unit rows, ``|u - v|^2 / 2 = 1 - cos``, can be:
nothing cancels in it, it is zero for equal rows and never negative.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_sum, widen
from sknorms._typing import BoolArray, FloatArray, IndexArray, Rows, SparseMatrix
from sknorms.engine import DotEmbedding, Embedding, power_of_two_scale
from sknorms.metrics._embeddings import RowChord, SparseRowChord, most_terms
from sknorms.metrics._registry import register_metric
from sknorms.metrics._sparse_pairs import StoredPairs
from sknorms.metrics._statistics import typical_rows
from sknorms.metrics._tables import PRODUCT, SQUARE, SumMetric, squared_chords
from sknorms.norms._scaled import divide_rows, scaled_row_norms

__all__ = ["Angular", "Correlation", "Cosine", "CosineSimilarity", "Dot"]


@dataclass(frozen=True, eq=False)
class _UnitRows(SumMetric):
    """What depends on directions alone; keys are half squared chords of unit rows.

    A zero row has no direction. It is at distance 0 from other zero rows and, as if it
    were orthogonal to them, at distance 1 from all others.
    """

    term: ClassVar[int] = SQUARE
    as_stored: ClassVar[bool] = False
    complementary: ClassVar[bool] = True

    def represent(self, rows: Rows) -> FloatArray:
        """Return unit rows; zero rows stay zero."""
        wide = widen(rows)
        unit: FloatArray = divide_rows(wide, scaled_row_norms(wide))
        return unit

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return half the squared chords, at most 2."""
        difference = x - y
        half = 0.5 * row_sum(np.square(difference, out=difference))
        alone = x.any(axis=-1) ^ y.any(axis=-1)  # exactly one of them is zero
        keys: FloatArray = np.where(alone, 1.0, np.minimum(half, 2.0))
        return keys

    def sum_limits(self, limits: FloatArray) -> FloatArray:
        """Return the squared chords of keys."""
        return 2.0 * limits

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return half the squared chords, at most 2."""
        alone = _has_direction(x)[:, None] ^ _has_direction(y)
        keys: FloatArray = np.where(alone, 1.0, np.minimum(0.5 * sums, 2.0))
        return keys


def _has_direction(unit_rows: "FloatArray | SparseMatrix") -> BoolArray:
    if sparse.issparse(unit_rows):
        return np.asarray(abs(unit_rows).sum(axis=1)).ravel() > 0
    directed: BoolArray = np.any(np.asarray(unit_rows), axis=1)
    return directed


@register_metric
@dataclass(frozen=True, eq=False)
class Cosine(_UnitRows):
    """One minus the cosine of the angle between two rows, in [0, 2]."""

    name: ClassVar[str] = "cosine"
    triangle_inequality = False
    formula: ClassVar[str] = r"1 - x \cdot y / (\|x\| \|y\|)"

    def pair_keys(
        self,
        x: Rows,
        rows: IndexArray,
        corpus: Rows,
        indices: IndexArray,
        limits: FloatArray | None = None,
    ) -> FloatArray:
        """Return the keys of pairs of a represented query and a stored corpus row."""
        if sparse.issparse(x):
            return super().pair_keys(x, rows, corpus, indices, limits)
        ends = self._ends(limits, len(x))
        chords = squared_chords(x, rows, corpus, indices, ends)
        if chords is None:
            return super().pair_keys(x, rows, corpus, indices, limits)
        directed = np.asarray(x.any(axis=1))
        again = np.flatnonzero(np.isnan(chords) | ~directed[rows])
        keys = np.minimum(0.5 * chords, 2.0)
        if len(again):
            keys[again] = super().pair_keys(x, rows[again], corpus, indices[again])
        return keys

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the keys of pairs of CSR rows."""
        return np.minimum(0.5 * pairs.squared_chords(), 2.0)

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return unit rows, CSR."""
        wide = rows.astype(np.float64)
        unit: SparseMatrix = divide_rows(wide, scaled_row_norms(wide))
        return unit

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of unit rows."""
        return SparseRowChord(self, factor=0.5, terms=most_terms(rows))


@register_metric
@dataclass(frozen=True, eq=False)
class CosineSimilarity(Cosine):
    """Cosine of the angle between two rows, in [-1, 1]; larger is closer."""

    name: ClassVar[str] = "cosine_similarity"
    finish_rounds: ClassVar[bool] = True
    larger_is_closer: ClassVar[bool] = True
    formula: ClassVar[str] = r"x \cdot y / (\|x\| \|y\|)"

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn cosine distances into similarities."""
        return 1.0 - keys

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn similarities into cosine distances."""
        return 1.0 - values


@register_metric
@dataclass(frozen=True, eq=False)
class Angular(Cosine):
    """Angle between two rows as a share of a half turn, in [0, 1]."""

    name: ClassVar[str] = "angular"
    finish_rounds: ClassVar[bool] = True
    triangle_inequality = True
    formula: ClassVar[str] = r"\arccos(x \cdot y / (\|x\| \|y\|)) / \pi"

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn half squared chords into angles: chord = 2 sin(angle / 2)."""
        half_chord = np.sqrt(np.minimum(keys / 2, 1.0))
        return 2.0 / np.pi * np.arcsin(half_chord)

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn angles into half squared chords."""
        within = np.clip(values, 0.0, 1.0)
        keys = 2.0 * np.square(np.sin(np.pi / 2 * within))
        # A radius outside [0, 1] admits nothing, or everything.
        return np.where(values == within, keys, np.copysign(np.inf, values))


@register_metric
@dataclass(frozen=True, eq=False)
class Correlation(_UnitRows):
    """Cosine distance of rows after subtracting from each its own mean.

    A constant row has no direction left and is treated as a zero row of cosine.
    """

    name: ClassVar[str] = "correlation"
    triangle_inequality = False
    formula: ClassVar[str] = (
        r"1 - (x - \bar x) \cdot (y - \bar y) / (\|x - \bar x\| \|y - \bar y\|)"
    )
    stays_sparse: ClassVar[bool] = False

    def represent(self, rows: Rows) -> FloatArray:
        """Return centred unit rows."""
        wide = widen(rows)
        largest = np.abs(wide).max(axis=1, keepdims=True)
        # Sums of large rows may overflow; halving exponents is exact.
        _, exponent = np.frexp(largest)
        wide = np.ldexp(wide, -exponent)
        n_features = wide.shape[1]
        centered = wide - row_sum(wide)[:, None] / n_features
        # The rounding of the first mean is a shift of its own; take it out as well.
        centered -= row_sum(centered)[:, None] / n_features
        constant = wide.max(axis=1) == wide.min(axis=1)
        centered[constant] = 0.0
        unit: FloatArray = divide_rows(centered, scaled_row_norms(centered))
        return unit

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of centred unit rows."""
        del rows
        return RowChord(self, factor=0.5)


@register_metric
@dataclass(frozen=True, eq=False)
class Dot(SumMetric):
    """Inner product; larger is closer, and longer rows get closer to everything."""

    name: ClassVar[str] = "dot"
    aliases: ClassVar[tuple[str, ...]] = ("inner_product",)
    larger_is_closer: ClassVar[bool] = True
    triangle_inequality = False
    formula: ClassVar[str] = r"\sum_i x_i y_i"
    term: ClassVar[int] = PRODUCT

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the negative inner products."""
        with np.errstate(over="ignore"):
            product = row_sum(x * y)
        negative: FloatArray = -product
        return negative

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the negative inner products."""
        del x, y
        return -sums

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn keys into inner products."""
        return -keys

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn inner products into keys."""
        return -values

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of the rows, each error relative to |x||y|."""
        typical = scaled_row_norms(typical_rows(rows))
        scale = power_of_two_scale(typical.values)
        return DotEmbedding(scale, terms=most_terms(rows))
