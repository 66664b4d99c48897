"""Bounds for keys that grow with the length of a difference of vectors."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy import sparse

from sknorms._arrays import widen
from sknorms._typing import AnyArray, BoolArray, FloatArray, Rows
from sknorms.engine import (
    VANISHING64,
    ChordEmbedding,
    Embedded,
    Geometry,
    power_of_two_scale,
    round_down32,
)
from sknorms.metrics._statistics import column_means, typical_rows
from sknorms.norms._scaled import scaled_row_norms

__all__ = ["AffineChord", "RowChord", "SparseRowChord", "most_terms"]

# Rows made unit length in float64 are off by less than this.
_UNIT_ROW_ERROR = 2.0**-50


@dataclass(frozen=True, eq=False)
class AffineChord(ChordEmbedding):
    """Vectors ``(x - center) * factors``, for dense or sparse rows.

    Centring leaves every difference as it is and makes the vectors short, which is what
    makes the bound tight: rows around 1e4 are treated as if they lay around 0.

    Attributes
    ----------
    center : float64 array of shape (n_features,) or None
        None for CSR rows, which must stay sparse.
    factors : float64 array of shape (n_features,) or None
        Positive factor of each column.
    scale : float
        Power of two applied last.
    squared : bool
        Whether keys are squared lengths of difference rather than lengths.
    terms : int or None
        What the fullest CSR row of the corpus stores.
    """

    center: FloatArray | None
    factors: FloatArray | None
    scale: float
    squared: bool
    terms: int | None = None

    keeps_sparse = True
    tight = True

    @classmethod
    def fit(
        cls, rows: Rows, *, squared: bool, factors: FloatArray | None = None
    ) -> Self:
        """Choose centre and scale from the corpus."""
        center = None if sparse.issparse(rows) else column_means(rows)
        unscaled = cls(center, factors, 1.0, squared)
        typical, _ = unscaled.vectors(typical_rows(rows))
        scale = power_of_two_scale(scaled_row_norms(typical).values)
        return cls(center, factors, scale, squared, most_terms(rows))

    def vectors(self, rows: Rows) -> tuple[Any, float]:
        """Return the scaled vectors; a float64 difference is exact to one rounding."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if sparse.issparse(rows):
                vectors = rows.astype(np.float64)
                if self.factors is not None:
                    vectors.data *= self.factors[vectors.indices]
                vectors.data *= self.scale
                return vectors, 0.0
            wide = widen(rows)
            if self.center is not None:
                wide = wide - self.center
            if self.factors is not None:
                wide = wide * self.factors
            return wide * self.scale, 0.0

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared scaled length that a key allows."""
        # Squares and products are rounded to multiples of the smallest float64.
        raised = keys + VANISHING64
        if self.squared:
            return raised * self.scale * self.scale
        reach: FloatArray = np.square(raised * self.scale)
        return reach


@dataclass(frozen=True, eq=False)
class RowChord(ChordEmbedding):
    """Unit rows as a geometry represents them, for keys ``factor * |x - y|^2``.

    A zero row has no direction. Its key with any other row is that of two rows at right
    angles, which is that of a squared difference of 2 rather than of 1.

    Attributes
    ----------
    geometry : Geometry
        Whose `represent` makes the unit rows.
    factor : float
        What the squared chord is multiplied by in a key.
    tight : bool
        Whether keys are that, and not only at least that.
    terms : int or None
        What the fullest CSR row of the corpus stores, if rows stay CSR.
    """

    geometry: Geometry
    factor: float
    tight: bool = True
    terms: int | None = None

    def width(self, n_features: int) -> int:
        """Return the number of columns of a represented row."""
        return self.geometry.represented_width(n_features)

    def vectors(self, rows: Rows) -> tuple[Any, float]:
        """Return the represented rows."""
        return self.geometry.represent(rows), _UNIT_ROW_ERROR

    def beyond(self, vectors: FloatArray) -> FloatArray:
        """Return 1 for zero rows: a squared chord of 2, of which the vector shows 1."""
        return np.where(vectors.any(axis=1), 0.0, 1.0)

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; a zero row has the offset of a unit row."""
        embedded = super().corpus(rows)
        unit = self._unit(embedded)
        zero = _are_zero(embedded.numbers, unit)
        embedded.numbers[zero] = round_down32(np.array(unit))
        return embedded

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; a zero row is refined with every other."""
        embedded = super().queries(rows)
        zero = _are_zero(embedded.numbers, self._unit(embedded))
        embedded.numbers[zero] = -np.inf
        return embedded

    def _unit(self, embedded: Embedded) -> float:
        """Return what the squared length of a unit row is lowered to."""
        return 1.0 - self.relative_error(embedded.rows.shape[1])

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared chord that a key allows."""
        return keys / self.factor


def _are_zero(squares: AnyArray, unit: float) -> BoolArray:
    """Return which lowered squared lengths are those of zero rows, not of unit rows."""
    zero: BoolArray = np.abs(squares) < 0.5 * unit
    return zero


@dataclass(frozen=True, eq=False)
class SparseRowChord(RowChord):
    """The same for geometries that can represent CSR rows as CSR."""

    keeps_sparse = True

    def vectors(self, rows: Rows) -> tuple[Any, float]:
        """Return the represented rows, CSR for CSR."""
        if sparse.issparse(rows):
            return self.geometry.represent_sparse(rows), _UNIT_ROW_ERROR
        return super().vectors(rows)


def most_terms(rows: Rows) -> int | None:
    """Return what the fullest CSR row stores; None for dense rows."""
    if not sparse.issparse(rows):
        return None
    return int(np.diff(rows.indptr).max(initial=0))
