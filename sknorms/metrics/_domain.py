"""What rows a metric is defined on, checked and brought into form once."""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sknorms._typing import AnyArray, Rows
from sknorms._validation import first_rows, output_dtype

__all__ = [
    "Boolean",
    "Domain",
    "LatitudeLongitude",
    "Missing",
    "NonNegative",
    "Real",
]


@dataclass(frozen=True)
class Domain(ABC):
    """A set of admissible rows."""

    summary: ClassVar[str]
    # Whether NaN means "not observed" rather than a mistake.
    allows_nan: ClassVar[bool] = False

    @abstractmethod
    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return rows in the domain's form, or raise naming the offending rows."""


@dataclass(frozen=True)
class Real(Domain):
    """Any finite numbers."""

    summary: ClassVar[str] = "real"

    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return the rows as they are."""
        del metric, name
        return rows


@dataclass(frozen=True)
class Missing(Real):
    """Finite numbers, with NaN for what was not observed.

    Attributes
    ----------
    marker : float or None
        A number that means the same as NaN.
    """

    marker: float | None = None
    summary: ClassVar[str] = "real, NaN = missing"
    allows_nan: ClassVar[bool] = True

    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return the rows, with NaN in the place of the marker."""
        del metric, name
        return rows if self.marker is None else _unmarked(rows, self.marker)


@dataclass(frozen=True)
class NonNegative(Domain):
    """Numbers of at least zero."""

    summary: ClassVar[str] = "non-negative"

    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return the rows, or raise where one holds a negative number."""
        entries = rows.data if sparse.issparse(rows) else rows
        if entries.size and entries.min() < 0:
            bad = _rows_with_negatives(rows)
            raise ValueError(
                f"metric {metric!r} is defined on non-negative numbers; {name} has "
                f"negative values in {first_rows(bad)}. Shift or clip them, or choose "
                "a metric on real numbers."
            )
        return rows


@dataclass(frozen=True)
class Boolean(Domain):
    """Truth values; a number counts as true where it is not zero."""

    summary: ClassVar[str] = "boolean"

    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return boolean rows; warn where that loses more than the type."""
        if rows.dtype == np.bool_:
            return rows
        entries: AnyArray = rows.data if sparse.issparse(rows) else rows
        if not ((entries == 0) | (entries == 1)).all():
            warnings.warn(
                f"Data was converted to boolean for metric {metric}: {name} holds more "
                "than 0 and 1, and every non-zero number counts as true. Pass boolean "
                "data to say so.",
                DataConversionWarning,
                stacklevel=2,
            )
        if sparse.issparse(rows):
            truth = rows.astype(np.bool_)
            truth.eliminate_zeros()
            return truth
        return rows != 0


@dataclass(frozen=True)
class LatitudeLongitude(Domain):
    """Two columns: latitude within a quarter turn, longitude within a full turn.

    Attributes
    ----------
    quarter : float
        A quarter turn in the unit used: pi / 2, or 90 degrees.
    """

    quarter: float
    summary: ClassVar[str] = "latitude, longitude"

    def admit(self, rows: Rows, *, metric: str, name: str) -> Rows:
        """Return the rows, or raise where they cannot be points on the globe."""
        if rows.shape[1] != 2:
            raise ValueError(
                f"metric {metric!r} is defined on two columns, latitude and longitude; "
                f"{name} has {rows.shape[1]}."
            )
        dense = rows.toarray() if sparse.issparse(rows) else rows
        room = 1.0 + 1e-6  # float32 coordinates at a pole round outwards
        limits = np.array([self.quarter, 4 * self.quarter]) * room
        outside = np.abs(dense.astype(np.float64)) > limits
        if outside.any():
            raise ValueError(
                f"metric {metric!r}: {name} has a latitude beyond +-{self.quarter:g} "
                f"or a longitude beyond +-{4 * self.quarter:g} in "
                f"{first_rows(outside.any(axis=1))}. The columns are (latitude, "
                'longitude), in radians unless units="deg".'
            )
        return rows


def _unmarked(rows: Rows, marker: float) -> Rows:
    """Return floating-point rows in which what equals the marker is NaN."""
    if sparse.issparse(rows) and marker == 0.0:
        raise ValueError(
            "missing_values=0 means that what a sparse matrix does not store is "
            "missing; pass a dense array."
        )
    marked = rows.astype(output_dtype(rows))
    entries = marked.data if sparse.issparse(marked) else marked
    entries[entries == marker] = np.nan
    return marked


def _rows_with_negatives(rows: Rows) -> AnyArray:
    if sparse.issparse(rows):
        return np.asarray(rows.min(axis=1).toarray()).ravel() < 0
    mask: AnyArray = (rows < 0).any(axis=1)
    return mask
