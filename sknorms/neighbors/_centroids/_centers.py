"""The centre of each class, and how far its rows spread around it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, row_sum, widen
from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms._validation import ParameterError
from sknorms.metrics import Metric, get_metric
from sknorms.metrics._angular import Correlation, Cosine
from sknorms.metrics._domain import Boolean, LatitudeLongitude, Missing
from sknorms.norms._scaled import divide_rows, scaled_row_norms

__all__ = ["CenterRule", "get_center_rule"]

# Cells of a block. It does not depend on the memory budget, so that sums do not either.
_CELLS = 1 << 17
# Mean directions shorter than this are the rounding of directions that cancel out.
_NO_DIRECTION = 1e-12

_MANHATTAN = type(get_metric("manhattan"))
_MINKOWSKI = type(get_metric("minkowski"))
_HAMMING = type(get_metric("hamming"))
# Why the mean of rows in a domain is no row of the domain.
_NO_MEANS = {
    Boolean: "the mean of boolean rows is not boolean",
    LatitudeLongitude: "the mean of latitudes and longitudes is wrong across the date "
    'line and at the poles (metric="cosine" on points (x, y, z) has the right mean)',
    Missing: "a mean over observed values alone depends on what is missing (impute "
    "first)",
}


@dataclass(frozen=True)
class CenterRule(ABC):
    """Finds the centres of classes.

    The rows of a class are looked at as `view` shows them.
    """

    @property
    def stays_sparse(self) -> bool:
        """Whether `view` shows sparse rows as sparse ones."""
        return True

    def view(self, rows: Rows) -> Rows:
        """Return a block of rows in float64, dense or CSR."""
        return rows.astype(np.float64) if sparse.issparse(rows) else widen(rows)

    @abstractmethod
    def centers(self, rows: Rows, codes: IndexArray, n_classes: int) -> FloatArray:
        """Return one centre a class, shape (n_classes, n_features)."""

    def settle(self, centers: FloatArray, classes: AnyArray) -> FloatArray:
        """Return centres that were moved in the form that queries are compared with."""
        del classes
        return centers

    def means(self, rows: Rows, codes: IndexArray, n_classes: int) -> FloatArray:
        """Return the mean of each class, shape (n_classes, n_features)."""
        groups = [np.flatnonzero(codes == code) for code in range(n_classes)]
        return np.stack([self._mean(rows, group) for group in groups])

    def _mean(self, rows: Rows, members: IndexArray) -> FloatArray:
        mean = np.zeros(rows.shape[1])
        # The second pass takes out the rounding of the first: the mean of equal values
        # is that value, and a common offset of the rows is one of the mean.
        for _ in range(2):
            apart = np.zeros(rows.shape[1])
            for block in self._blocks(rows, members):
                apart += _sums_apart(block, mean)
            mean += apart / len(members)
        return mean

    def squares(self, rows: Rows, codes: IndexArray, centers: FloatArray) -> FloatArray:
        """Return the summed squares of differences from the own class's centre.

        Shape (n_features,). Differences are taken directly, so that nothing cancels.
        """
        total = np.zeros(rows.shape[1])
        for code, center in enumerate(centers):
            for block in self._blocks(rows, np.flatnonzero(codes == code)):
                total += _squares_apart(block, center)
        return total

    def _blocks(self, rows: Rows, members: IndexArray) -> Iterator[Rows]:
        n_rows, width = rows.shape
        step = _CELLS // width
        if sparse.issparse(rows) and self.stays_sparse:
            # A sparse block costs its entries and, for sums by column, its width.
            step = max(_CELLS, width) * n_rows // max(1, rows.nnz)
        for part in row_slices(len(members), max(1, step)):
            yield self.view(rows[members[part]])


@dataclass(frozen=True)
class Means(CenterRule):
    """The mean of the rows of a class."""

    def centers(self, rows: Rows, codes: IndexArray, n_classes: int) -> FloatArray:
        """Return the means, shape (n_classes, n_features)."""
        return self.means(rows, codes, n_classes)


@dataclass(frozen=True)
class Medians(CenterRule):
    """The median of every column over the rows of a class."""

    def centers(self, rows: Rows, codes: IndexArray, n_classes: int) -> FloatArray:
        """Return the medians, shape (n_classes, n_features)."""
        groups = [rows[np.flatnonzero(codes == code)] for code in range(n_classes)]
        return np.stack([_medians(group) for group in groups])


@dataclass(frozen=True)
class Directions(CenterRule):
    """The spherical mean: the direction of the mean of the unit rows of a class.

    Attributes
    ----------
    record : Cosine or Correlation
        Makes unit rows.
    """

    record: Cosine | Correlation

    @property
    def stays_sparse(self) -> bool:
        """Whether unit rows have zeros where the rows have them."""
        return isinstance(self.record, Cosine)

    def view(self, rows: Rows) -> Rows:
        """Return unit rows; zero rows stay zero."""
        if sparse.issparse(rows) and isinstance(self.record, Cosine):
            return self.record.represent_sparse(rows)
        return self.record.represent(rows)

    def centers(self, rows: Rows, codes: IndexArray, n_classes: int) -> FloatArray:
        """Return the means of unit rows, not yet of unit length."""
        return self.means(rows, codes, n_classes)

    def settle(self, centers: FloatArray, classes: AnyArray) -> FloatArray:
        """Return the centres at unit length, or raise where they have no direction."""
        norms = scaled_row_norms(centers)
        lost = norms.values <= _NO_DIRECTION
        if lost.any():
            raise ValueError(
                f"The rows of class {classes[lost][0]!r} have no mean direction: they "
                f"are zero, or their directions cancel out, so metric "
                f"{self.record.name!r} has no centroid for it. Leave the class out, "
                'split it, or use metric="euclidean".'
            )
        unit: FloatArray = divide_rows(centers, norms)
        return unit


def get_center_rule(record: Metric) -> CenterRule:
    """Return what a class's centre is under a metric.

    Raises
    ------
    ParameterError
        If a mean of rows makes no sense to the metric.
    """
    if isinstance(record, _MANHATTAN):
        return Medians()
    if isinstance(record, _MINKOWSKI) and record.params["p"] == 1:
        return Medians()
    if isinstance(record, Cosine | Correlation):
        return Directions(record)
    reason = _NO_MEANS.get(type(record.domain))
    if isinstance(record, _HAMMING):
        reason = "a mean is equal to no row in any column"
    if reason is not None:
        raise ParameterError(
            f"metric must be one under which classes have centroids; got "
            f"{record.name!r}, and {reason}. KNeighborsClassifier takes every metric."
        )
    return Means()


def _sums_apart(block: Rows, center: FloatArray) -> FloatArray:
    """Return the summed differences of each column from its centre."""
    if not sparse.issparse(block):
        sums: FloatArray = row_sum((block - center).T)
        return sums
    return _sums_of_sparse(block, block.data - center[block.indices], -center)


def _squares_apart(block: Rows, center: FloatArray) -> FloatArray:
    """Return the summed squared differences of each column from its centre."""
    if not sparse.issparse(block):
        sums: FloatArray = row_sum(np.square(block - center).T)
        return sums
    stored = np.square(block.data - center[block.indices])
    return _sums_of_sparse(block, stored, np.square(center))


def _sums_of_sparse(block: Rows, stored: FloatArray, missing: FloatArray) -> FloatArray:
    """Sum each column's terms: one for each stored entry, and one for each zero."""
    n_rows, width = block.shape
    n_missing = n_rows - np.bincount(block.indices, minlength=width)
    sums: FloatArray = np.bincount(block.indices, stored, width) + n_missing * missing
    return sums


def _medians(rows: Rows) -> FloatArray:
    """Return the median of each column, a block of columns at a time."""
    by_column = rows.tocsc() if sparse.issparse(rows) else rows
    parts = row_slices(rows.shape[1], max(1, _CELLS // rows.shape[0]))
    return np.concatenate(
        [np.median(widen(by_column[:, part]), axis=0) for part in parts]
    )
