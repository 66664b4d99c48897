"""One product of rows, and the distances that follow from it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, Rows
from sknorms.audit._sample import column_moments
from sknorms.metrics import Metric, get_metric

__all__ = ["ProductBlock", "ProductView", "SharedProduct", "view_of"]


@dataclass(frozen=True, eq=False)
class ProductBlock:
    """Inner products between some queries and all rows.

    With c the mean of the rows, ``centered[i, j] = (q_i - c).(x_j - c)``, and what is
    about the mean is kept apart: differences of rows that lie far from the origin then
    do not cancel.

    Attributes
    ----------
    centered : float64 array of shape (n_queries, n_rows)
    query_side, row_side : float64 arrays
        ``(q_i - c).c`` and ``(x_j - c).c``.
    query_squares, row_squares : float64 arrays
        ``|q_i - c|^2`` and ``|x_j - c|^2``.
    query_norms, row_norms : float64 arrays
        ``|q_i|`` and ``|x_j|``.
    offset : float
        ``|c|^2``.
    """

    centered: FloatArray
    query_side: FloatArray
    row_side: FloatArray
    query_squares: FloatArray
    row_squares: FloatArray
    query_norms: FloatArray
    row_norms: FloatArray
    offset: float

    @property
    def products(self) -> FloatArray:
        """The inner products of the rows as they are."""
        return self.centered + self.query_side[:, None] + self.row_side + self.offset


class ProductView(ABC):
    """A metric that follows from inner products and lengths."""

    name: ClassVar[str]

    @abstractmethod
    def distances(self, block: ProductBlock) -> FloatArray:
        """Return a number for each pair, smaller for closer."""

    def unscaled(self, distances: FloatArray, scale: float) -> FloatArray:
        """Return distances of rows from those of rows multiplied by ``scale``."""
        del scale
        return distances


class _Euclidean(ProductView):
    name = "euclidean"

    def distances(self, block: ProductBlock) -> FloatArray:
        squares = block.query_squares[:, None] + block.row_squares
        squares -= 2.0 * block.centered
        return np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares)

    def unscaled(self, distances: FloatArray, scale: float) -> FloatArray:
        return distances / scale


class _Dot(ProductView):
    name = "dot"

    def distances(self, block: ProductBlock) -> FloatArray:
        return -block.products

    def unscaled(self, distances: FloatArray, scale: float) -> FloatArray:
        with np.errstate(over="ignore"):  # the product itself is beyond float64
            return distances / scale / scale


class _Cosine(ProductView):
    name = "cosine"

    def distances(self, block: ProductBlock) -> FloatArray:
        # Rows without a direction are at distance 1 from all others.
        queries = np.where(block.query_norms > 0, block.query_norms, 1.0)
        rows = np.where(block.row_norms > 0, block.row_norms, 1.0)
        cosines = block.products / queries[:, None] / rows
        return np.clip(1.0 - cosines, 0.0, 2.0, out=cosines)


_VIEWS: dict[type[Metric], ProductView] = {
    type(get_metric(view.name)): view for view in (_Euclidean(), _Dot(), _Cosine())
}


def view_of(record: Metric) -> ProductView | None:
    """Return how a metric's values follow from inner products, if they do."""
    return _VIEWS.get(type(record))


@dataclass(frozen=True, eq=False)
class SharedProduct:
    """Queries and rows, multiplied block by block.

    Attributes
    ----------
    queries, rows : ndarray or CSR, float64
    """

    queries: Rows
    rows: Rows

    def prepared(self) -> "PreparedProduct":
        """Return what blocks need of each side, computed once."""
        center, _ = column_moments(self.rows)
        return PreparedProduct(
            _Side.of(self.queries, center),
            _Side.of(self.rows, center),
            float(center @ center),
        )


@dataclass(frozen=True, eq=False)
class _Side:
    rows: Rows  # centred if dense
    side: FloatArray
    squares: FloatArray
    norms: FloatArray

    @classmethod
    def of(cls, rows: Rows, center: FloatArray) -> "_Side":
        offset = float(center @ center)
        if sparse.issparse(rows):
            raw = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
            side = np.asarray(rows @ center).ravel() - offset
            squares = np.maximum(raw - 2.0 * side - offset, 0.0)
            return cls(rows, side, squares, np.sqrt(raw))
        shifted = rows - center
        squares = np.einsum("ij,ij->i", shifted, shifted)
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        return cls(shifted, shifted @ center, squares, norms)

    def part(self, where: slice) -> "_Side":
        return _Side(
            self.rows[where], self.side[where], self.squares[where], self.norms[where]
        )


@dataclass(frozen=True, eq=False)
class PreparedProduct:
    """Both sides of a product, ready for blocks of queries."""

    queries: _Side
    rows: _Side
    offset: float

    def block(self, where: slice) -> ProductBlock:
        """Return the products of some queries with all rows."""
        left, right = self.queries.part(where), self.rows
        return ProductBlock(
            self._centered(left),
            left.side,
            right.side,
            left.squares,
            right.squares,
            left.norms,
            right.norms,
            self.offset,
        )

    def _centered(self, left: _Side) -> FloatArray:
        product = left.rows @ self.rows.rows.T
        if not sparse.issparse(left.rows):
            return np.asarray(product)
        raw = np.asarray(product.toarray() if sparse.issparse(product) else product)
        raw -= left.side[:, None] + self.rows.side + self.offset
        return raw
