"""Bounds whose scores are one float32 matrix product."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms._typing import Float32Array, FloatArray, Rows
from sknorms.engine._directions import Directions
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._rounding import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    VANISHING64,
    drop_long,
    gamma32,
    round_down32,
    round_up32,
    squared_lengths,
    to_float32,
)
from sknorms.engine._tree import TreeSpace

__all__ = ["ChordEmbedding", "DotEmbedding", "ProductEmbedding"]

# The h of `ChordEmbedding`: costs half a float32 rounding, forgives errors of 1e-12.
_SPLIT = 2.0**-26
# Shares of squared lengths from which on levels are too loose to close by scores.
_LOOSE = 0.25
# What embeddings leave unsaid of the error of their vectors, relative to the length.
_UNSAID = 2.0**-50


class ProductEmbedding(Embedding):
    """A bound whose scores are products of float32 vectors."""

    is_product = True
    # Whether differences of vectors are all that counts, not where they lie.
    may_move: ClassVar[bool]

    # What the fullest CSR row of the corpus stores: a product has no more terms other
    # than zero, and adding zeros rounds nothing. None where vectors are dense.
    terms: int | None = None

    def error_of_products(self, width: int) -> float:
        """Return the error of a product of float32, relative to both lengths."""
        return gamma32(width if self.terms is None else min(width, self.terms))

    @abstractmethod
    def vectors(self, rows: Rows) -> tuple[Rows, Any]:
        """Return scaled float64 vectors and the absolute error of each.

        The error comes on top of 2**-50 of the vector's length; a number or one a row.
        """

    @abstractmethod
    def shorten(self, directions: Directions) -> "ProductEmbedding":
        """Return the bound that keeps to these directions of the vectors."""


class ChordEmbedding(ProductEmbedding):
    """Bound for keys that grow with the length of a difference of vectors.

    With computed vectors x, y of float32 and their squared lengths X, Y: ``|x - y|^2 =
    X + Y - 2 x.y``, and what the rounding of the product and of the vectors can do to
    it is at most ``c (X + Y)``, because ``2 |x||y| <= X + Y``. The errors thus move
    into the squared lengths, and the test costs no more than the plain one.

    Vectors that carry absolute errors a, b of their own (a rotation computed in
    float64, say) change a length D of difference to no less than ``D - (a + b)``, and
    ``2 D (a + b) <= h D^2 + (a + b)^2 / h`` for any h > 0: with a fixed h this splits
    into a relative part and a part for each row as well.
    """

    may_move = True
    ranking = 0.5
    # Whether keys follow from lengths of difference alone, `squared_reach` being exact,
    # and errors of the vectors are below 2**-40 of the usual length.
    tight: bool = False

    def shorten(self, directions: Directions) -> "PrefixChord":
        """Return the bound that keeps to these directions of the vectors."""
        return PrefixChord(self, directions)

    @abstractmethod
    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared scaled length of difference that a key allows."""

    def beyond(self, vectors: FloatArray) -> Any:
        """Return by what keys with a row are above those of its vector.

        As a squared scaled length, one number a row or for all of them; rows alike
        excepted.
        """
        del vectors
        return 0.0

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def relative_error(self, width: int) -> float:
        """Return the share of a squared length that covers what rounding does."""
        # gamma_d for the product, 4u for the two vectors' rounding, 3u for the test.
        return self.error_of_products(width) + 8 * UNIT32 + 2 * _SPLIT + EXACT_SLACK

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the squared length, lowered."""
        vectors, lowered = self._lowered(rows)
        return Embedded(vectors, round_down32(lowered))

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the squared length, lowered."""
        return Embedded(*self._lowered(rows))

    def _lowered(self, rows: Rows) -> tuple[Rows, FloatArray]:
        exact, error = self.vectors(rows)
        vectors = to_float32(exact)
        lengths = squared_lengths(vectors)
        long = drop_long(vectors, lengths)
        sizes = lengths * (1.0 - self.relative_error(vectors.shape[1]))
        sizes -= 2.0 * np.square(error) / _SPLIT
        sizes[long] = -np.inf
        return vectors, sizes

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs with ``|x - y|^2 <= reach``, errors included."""
        with np.errstate(over="ignore"):
            reach = self.squared_reach(thresholds) * (1.0 + EXACT_SLACK)
        level = round_up32(0.5 * (reach + UNDERFLOW32 - sizes))
        return np.full(len(sizes), 0.5, dtype=np.float32), level

    def tree_space(self) -> TreeSpace:
        """Return the space of the vectors."""
        return _ChordSpace(self)

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return what rounding can do to half a squared difference, twice over.

        With squared lengths lowered by ``c (X + Y)`` in all, computed squares are too
        small by at most twice that.
        """
        if not self.tight:
            return None
        sizes = queries.numbers
        relative = self.relative_error(queries.rows.shape[1])
        if relative > _LOOSE:
            return None
        with np.errstate(over="ignore", invalid="ignore"):
            squares = (np.maximum(sizes, 0.0) + max(largest, 0.0)) * (
                1.0 + 4 * relative
            )
            # Keys below the range of float64 are ties, however their squares differ.
            ties = self.squared_reach(np.zeros(1))
            ties = ties + 2.0 * np.sqrt(ties * 2.0 * squares)
            total = 2.0 * relative * squares + ties + UNDERFLOW32
        return round_up32(np.where(np.isfinite(sizes), total, np.inf))


@dataclass(frozen=True, eq=False)
class _ChordSpace(TreeSpace):
    """The vectors of a chord embedding, at Euclidean distances."""

    embedding: ChordEmbedding

    @property
    def power(self) -> float:
        """The p of the norm."""
        return 2.0

    def points(self, rows: Rows) -> tuple[FloatArray, Any]:
        """Return the vectors."""
        return self.embedding.vectors(rows)

    def reach(self, keys: FloatArray) -> FloatArray:
        """Return the length of difference that a key allows."""
        with np.errstate(over="ignore"):
            squares = self.embedding.squared_reach(keys) * (1.0 + EXACT_SLACK)
        # Squares below the range of float64 vanish where the tree computes them.
        return np.sqrt(np.maximum(squares, 0.0)) + UNDERFLOW32


@dataclass(frozen=True)
class DotEmbedding(ProductEmbedding):
    """Bound for keys ``-x.y``: ``|fl(x.y) - x.y| <= c |x||y|``, rows not centred.

    Attributes
    ----------
    scale : float
        Power of two for both sides.
    terms : int or None
        What the fullest CSR row of the corpus stores.
    """

    scale: float
    terms: int | None = field(default=None, kw_only=True)

    may_move = False
    keeps_sparse = True

    def width(self, n_features: int) -> int:
        """Return the number of columns, here the features'."""
        return n_features

    def vectors(self, rows: Rows) -> tuple[Rows, Any]:
        """Return the scaled rows."""
        with np.errstate(over="ignore", under="ignore"):
            scaled = rows.astype(np.float64) * self.scale
        return (sparse.csr_array(scaled) if sparse.issparse(scaled) else scaled), 0.0

    def shorten(self, directions: Directions) -> "PrefixDot":
        """Return the bound that keeps to these directions of the vectors."""
        return PrefixDot(self.scale, directions)

    def relative_error(self, width: int) -> float:
        """Return the error of a product relative to the lengths of its factors."""
        return self.error_of_products(width) + 8 * UNIT32 + EXACT_SLACK

    def _embed(self, rows: Rows) -> tuple[Any, FloatArray, Any]:
        vectors = to_float32(self.vectors(rows)[0])
        lengths = squared_lengths(vectors)
        long = drop_long(vectors, lengths)
        return vectors, np.sqrt(lengths), long

    def corpus(self, rows: Rows) -> Embedded:
        """Embed corpus rows; the offset is the length, raised."""
        vectors, lengths, long = self._embed(rows)
        offsets = round_up32(lengths)
        offsets[long] = np.inf
        return Embedded(vectors, offsets)

    def queries(self, rows: Rows) -> Embedded:
        """Embed query rows; the size is the length times the relative error."""
        vectors, lengths, long = self._embed(rows)
        sizes = lengths * self.relative_error(vectors.shape[1])
        sizes[long] = np.inf
        return Embedded(vectors, sizes)

    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Keep pairs with ``-x.y <= threshold``, errors included."""
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = thresholds * self.scale * self.scale
            # Exact keys round to zero below the float64 range: those are ties.
            vanished = VANISHING64 * self.scale * self.scale
            room = EXACT_SLACK * np.abs(scaled) + UNDERFLOW32 + vanished
            level = round_up32(scaled + room)
        # An infinite size or threshold keeps every pair.
        level[np.isinf(sizes) | np.isinf(thresholds)] = np.inf
        weight = round_down32(-np.where(np.isinf(sizes), 0.0, sizes))
        return weight, level

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return what rounding can do to a product, twice over and half as much."""
        with np.errstate(over="ignore", invalid="ignore"):
            vanished = VANISHING64 * self.scale * self.scale
            total = 3.0 * queries.numbers * max(largest, 0.0)
            total += 2.0 * (UNDERFLOW32 + vanished)
        return round_up32(np.where(np.isfinite(total), total, np.inf))


@dataclass(frozen=True, eq=False)
class PrefixChord(ChordEmbedding):
    """The bound of another chord embedding, on mapped vectors.

    Attributes
    ----------
    inner : ChordEmbedding
    directions : Directions
    """

    inner: ChordEmbedding
    directions: Directions

    is_prefix = is_mapped = True

    def width(self, n_features: int) -> int:
        """Return the number of columns of mapped rows."""
        del n_features
        return self.directions.count + 1

    def vectors(self, rows: Rows) -> tuple[FloatArray, Any]:
        """Return the mapped vectors."""
        vectors, error = self.inner.vectors(rows)
        mapped, own = self.directions.map(vectors)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            unsaid = _UNSAID * np.sqrt(row_sum(np.square(vectors)))
        return mapped, error + own + unsaid

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared scaled length of difference that a key allows."""
        return self.inner.squared_reach(keys)

    def slack(self, queries: Embedded, largest: float) -> None:
        """Return None: mapped rows are close where rows are not."""
        del queries, largest


@dataclass(frozen=True, eq=False)
class PrefixDot(DotEmbedding):
    """The bound of products of rows by products of mapped rows.

    Attributes
    ----------
    directions : Directions
        Not centred.
    """

    directions: Directions

    is_prefix = is_mapped = True
    keeps_sparse = False

    def width(self, n_features: int) -> int:
        """Return the number of columns of mapped rows."""
        del n_features
        return self.directions.count + 1

    def vectors(self, rows: Rows) -> tuple[FloatArray, Any]:
        """Return the mapped rows."""
        return self.directions.map(super().vectors(rows)[0])

    def relative_error(self, width: int) -> float:
        """Return the relative error of a product, that of the mapped rows included."""
        coordinates, square = self.directions.errors
        mapped = coordinates + np.sqrt(square) + _UNSAID
        return super().relative_error(width) + 3.0 * float(mapped)

    def slack(self, queries: Embedded, largest: float) -> None:
        """Return None: mapped rows have large products where rows do not."""
        del queries, largest
