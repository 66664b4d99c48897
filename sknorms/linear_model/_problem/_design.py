"""One view of a table of features: dense in any order or CSC, with row weights.

A design never copies its table. Products with it are taken in float64 whatever the
storage is: where the table is not float64, pieces of it are widened that fit a cache.
Row weights ``d`` are arrays of one number a row, or of a single number for all.
"""

import functools
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.linear_model._problem._coordinate_kernels import sweep_dense, sweep_sparse

__all__ = ["DenseDesign", "Design", "SparseDesign", "make_design"]

# Elements widened at a time; a piece in float64 stays in a second-level cache.
_PIECE = 2**15
# Elements of the columns whose products with each other are taken at a time.
_GRAM_PIECE = 2**20
# A variance below this part of the mean square is rounding.
_CONSTANT = 1e-26


def make_design(X: Any, sample_weight: AnyArray | None = None) -> "Design":
    """Return a design of a validated table.

    Parameters
    ----------
    X : ndarray or sparse of shape (n_samples, n_features)
        float64 or float32 in C or F order, or CSC of those with 32 or 64 bit indices;
        CSR is converted once.
    sample_weight : array of shape (n_samples,), optional
        At least 0, with a positive sum. Rows of weight 0 are left out, as if they did
        not exist; only then are the other rows copied.

    Returns
    -------
    Design
    """
    n_samples = X.shape[0]
    weights: FloatArray | None = None
    kept: IndexArray | None = None
    if sample_weight is not None:
        weights = np.asarray(sample_weight, dtype=np.float64)
        if not weights.all():
            kept = np.flatnonzero(weights)
            X, weights = X[kept], weights[kept]
        if np.all(weights == weights[0]):
            weights = None
    if sparse.issparse(X):
        return SparseDesign(_canonical(X), weights, kept, n_samples)
    return DenseDesign(_in_one_order(X), weights, kept, n_samples)


def _in_one_order(X: AnyArray) -> AnyArray:
    contiguous = X.flags.c_contiguous or X.flags.f_contiguous
    return X if contiguous else np.ascontiguousarray(X)


def _canonical(X: Any) -> Any:
    columns = sparse.csc_array(X)
    if not columns.has_canonical_format:
        columns = columns.copy()
        columns.sum_duplicates()
    return columns


class Design(ABC):
    """Features, and the share of each row in the loss.

    Attributes
    ----------
    n_samples : int
        Rows of the table that was given, those of weight 0 included.
    kept : array of int or None
        The rows of positive weight, where some have none.
    share : array of shape (n_rows,) or (1,)
        The weights divided by their sum; one number where all are equal.
    """

    def __init__(
        self,
        X: Any,
        weights: FloatArray | None = None,
        kept: IndexArray | None = None,
        n_samples: int | None = None,
    ) -> None:
        self.X = X
        self.n_rows, self.n_columns = X.shape
        self.n_samples = self.n_rows if n_samples is None else n_samples
        self.kept = kept
        self.share: FloatArray = np.full(1, 1.0 / max(1, self.n_rows))
        if weights is not None:
            self.share = weights / weights.sum()
        self._means: FloatArray | None = None
        self._squares: FloatArray | None = None

    @property
    def means(self) -> FloatArray:
        """The weighted mean of each column."""
        if self._means is None:
            self._means = self.rmatvec(self.per_row(self.share))
        return self._means

    @property
    def squares(self) -> FloatArray:
        """The weighted mean of the squares of each column."""
        if self._squares is None:
            self._squares = self.weighted_squares(self.share)
        return self._squares

    def variances(self) -> FloatArray:
        """Return mean squares about the mean, exactly 0 for constant columns."""
        squares = self.squares
        variances = squares - self.means**2
        # Where nearly everything cancels, the two-pass formula tells what is left.
        doubtful = np.flatnonzero((variances < 1e-4 * squares) & (squares > 0.0))
        if doubtful.size:
            exact = self.take(doubtful, None).weighted_squares(
                self.share, self.means[doubtful]
            )
            exact[exact <= _CONSTANT * squares[doubtful]] = 0.0
            variances[doubtful] = exact
        return np.maximum(variances, 0.0)

    def per_row(self, d: FloatArray) -> FloatArray:
        """Return one number a row of row weights."""
        return d if len(d) == self.n_rows else np.full(self.n_rows, d[0])

    def expand(self, values: FloatArray) -> FloatArray:
        """Return numbers a row of positive weight as numbers a row, 0 for others."""
        if self.kept is None:
            return values
        full = np.zeros((self.n_samples, *values.shape[1:]))
        full[self.kept] = values
        return full

    #: Whether `take` subtracts means.
    can_centre: ClassVar[bool] = False

    @property
    @abstractmethod
    def column_size(self) -> float:
        """How many numbers a column has on average, above 0."""

    @property
    @abstractmethod
    def by_column(self) -> bool:
        """Whether columns lie together in memory, so that sweeps need no copy."""

    @abstractmethod
    def matvec(self, w: FloatArray) -> FloatArray:
        """Return X w of shape (n_rows,), from the columns where w is not 0."""

    @abstractmethod
    def rmatvec(self, r: FloatArray) -> FloatArray:
        """Return X' r of shape (n_columns,)."""

    @abstractmethod
    def weighted_squares(
        self, d: FloatArray, means: FloatArray | None = None
    ) -> FloatArray:
        """Return the sums of d times squares of each column less its mean."""

    @abstractmethod
    def gram(self, columns: IndexArray, d: FloatArray) -> FloatArray:
        """Return X' diag(d) X of some columns."""

    @abstractmethod
    def take(self, columns: IndexArray, means: FloatArray | None) -> "Design":
        """Return some columns in float64, by column; dense ones less their means."""

    @abstractmethod
    def sweep(self, columns: IndexArray, *rest: Any) -> tuple[int, float]:
        """Sweep over some columns; `sweep_dense` says what the rest is."""


class DenseDesign(Design):
    """A dense table in C or F order."""

    can_centre: ClassVar[bool] = True

    @property
    def column_size(self) -> float:
        """How many numbers a column has: one a row."""
        return float(max(1, self.n_rows))

    @property
    def by_column(self) -> bool:
        """Whether the table is in F order."""
        return bool(self.X.flags.f_contiguous)

    def matvec(self, w: FloatArray) -> FloatArray:
        """Return X w of shape (n_rows,), from the columns where w is not 0."""
        support = np.flatnonzero(w)
        if self.X.dtype == np.float64 and 2 * len(support) > self.n_columns:
            return np.asarray(self.X @ w)
        total = np.zeros(self.n_rows)
        step = max(1, 8 * _PIECE // max(1, self.n_rows))
        for part in row_slices(len(support), step):
            columns = support[part]
            # Of a table in F order, rows of the transpose are quicker to copy.
            taken = self.X.T[columns] if self.by_column else self.X[:, columns].T
            total += w[columns] @ taken.astype(np.float64, copy=False)
        return total

    def rmatvec(self, r: FloatArray) -> FloatArray:
        """Return X' r of shape (n_columns,)."""
        if self.X.dtype == np.float64:
            return np.asarray(self.X.T @ r)
        total = np.zeros(self.n_columns)
        for rows, columns in self._pieces():
            total[columns] += self.X[rows, columns].astype(np.float64).T @ r[rows]
        return total

    def weighted_squares(
        self, d: FloatArray, means: FloatArray | None = None
    ) -> FloatArray:
        """Return the sums of d times squares of each column less its mean."""
        total = np.zeros(self.n_columns)
        each = self.per_row(d)
        for rows, columns in self._pieces():
            piece = self.X[rows, columns].astype(np.float64, copy=False)
            if means is not None:
                piece = piece - means[columns]
            if len(d) == 1:
                total[columns] += np.einsum("ij,ij->j", piece, piece)
            else:
                total[columns] += each[rows] @ (piece * piece)
        return total if len(d) > 1 else total * d[0]

    def gram(self, columns: IndexArray, d: FloatArray) -> FloatArray:
        """Return X' diag(d) X of some columns."""
        k = len(columns)
        total = np.zeros((k, k))
        roots = np.sqrt(d)
        for rows in row_slices(self.n_rows, max(1, _GRAM_PIECE // max(1, k))):
            piece = self.X[rows][:, columns].astype(np.float64, copy=False)
            if len(d) > 1:
                piece = piece * roots[rows, np.newaxis]
            # A table times itself is half the work: BLAS sees that it is symmetric.
            total += piece.T @ piece
        return total if len(d) > 1 else total * d[0]

    def take(self, columns: IndexArray, means: FloatArray | None) -> Design:
        """Return some columns in float64 and F order, less their means."""
        if self.by_column:
            gathered = self.X.T[columns].astype(np.float64, copy=False).T
            if means is not None:
                gathered -= means
            return DenseDesign(gathered)
        block = np.empty((self.n_rows, len(columns)), order="F")
        step = _PIECE // max(1, len(columns))
        for rows in row_slices(self.n_rows, max(1, step)):
            block[rows] = self.X[rows][:, columns]
            if means is not None:
                block[rows] -= means
        return DenseDesign(block)

    def sweep(self, columns: IndexArray, *rest: Any) -> tuple[int, float]:
        """Sweep over some columns; `sweep_dense` says what the rest is."""
        return sweep_dense(self.X, columns, *rest)

    def _pieces(self) -> list[tuple[slice, slice]]:
        """Cut the table into contiguous pieces that are widened one at a time."""
        everything = slice(None)
        if self.by_column:
            step = max(1, _PIECE // max(1, self.n_rows))
            return [(everything, part) for part in row_slices(self.n_columns, step)]
        step = max(1, _PIECE // max(1, self.n_columns))
        return [(rows, everything) for rows in row_slices(self.n_rows, step)]


class SparseDesign(Design):
    """A table in CSC format, without duplicate entries."""

    @property
    def column_size(self) -> float:
        """How many numbers a column has on average, above 0."""
        return max(1, int(self.X.nnz)) / max(1, int(self.n_columns))

    @property
    def by_column(self) -> bool:
        """Whether columns lie together in memory: they do in CSC."""
        return True

    def matvec(self, w: FloatArray) -> FloatArray:
        """Return X w of shape (n_rows,), from the columns where w is not 0."""
        support = np.flatnonzero(w)
        if self.X.dtype == np.float64 and 8 * len(support) > self.n_columns:
            return np.asarray(self.X @ w)
        if not support.size:
            return np.zeros(self.n_rows)
        return np.asarray(self.X[:, support].astype(np.float64) @ w[support])

    def rmatvec(self, r: FloatArray) -> FloatArray:
        """Return X' r of shape (n_columns,)."""
        if self.X.dtype == np.float64:
            return np.asarray(self._transposed @ r)
        total = np.empty(self.n_columns)
        for part in self._parts():
            total[part] = self._rows(part).astype(np.float64) @ r
        return total

    def weighted_squares(
        self, d: FloatArray, means: FloatArray | None = None
    ) -> FloatArray:
        """Return the sums of d times squares of each column less its mean."""
        total = np.empty(self.n_columns)
        each = self.per_row(d)
        for part in self._parts():
            rows = self._rows(part)
            values = rows.data.astype(np.float64)
            if means is not None:
                values -= np.repeat(means[part], np.diff(rows.indptr))
            rest = 0.0 if means is None else self._absent(rows, each) * means[part] ** 2
            squared = sparse.csr_array(
                (values**2, rows.indices, rows.indptr), rows.shape
            )
            total[part] = squared @ each + rest
        return total

    def gram(self, columns: IndexArray, d: FloatArray) -> FloatArray:
        """Return X' diag(d) X of some columns."""
        block = self.X[:, columns].astype(np.float64)
        if len(d) > 1:
            block.data *= np.sqrt(d)[block.indices]
        product = np.asarray((block.T @ block).toarray())
        return product if len(d) > 1 else product * d[0]

    def take(self, columns: IndexArray, means: FloatArray | None) -> Design:
        """Return some columns in float64; means stay where they are."""
        return _SparseBlock(self.X[:, columns].astype(np.float64, copy=False))

    def sweep(self, columns: IndexArray, *rest: Any) -> tuple[int, float]:
        """Sweep over some columns; `sweep_dense` says what the rest is."""
        table = self.X
        return sweep_sparse(table.data, table.indices, table.indptr, columns, *rest)

    @functools.cached_property
    def _transposed(self) -> Any:
        """The columns as rows, in the same memory."""
        return self.X.T

    def _rows(self, part: slice) -> Any:
        """Return columns as rows of a CSR array that shares their memory."""
        starts = self.X.indptr[part.start : part.stop + 1]
        first, last = starts[0], starts[-1]
        return sparse.csr_array(
            (self.X.data[first:last], self.X.indices[first:last], starts - first),
            shape=(part.stop - part.start, self.n_rows),
        )

    @staticmethod
    def _absent(rows: Any, each: FloatArray) -> FloatArray:
        """Return the weight of the rows where nothing is stored, for each column."""
        ones = np.ones(len(rows.data))
        stored = sparse.csr_array((ones, rows.indices, rows.indptr), rows.shape) @ each
        absent: FloatArray = np.maximum(each.sum() - stored, 0.0)
        return absent

    def _parts(self) -> list[slice]:
        """Cut the columns into runs that are widened one at a time."""
        per_column = max(1, self.X.nnz // max(1, self.n_columns))
        return row_slices(self.n_columns, max(1, 2 * _PIECE // per_column))


class _SparseBlock(SparseDesign):
    """Columns in float64 that were copied from another table."""

    def weighted_squares(
        self, d: FloatArray, means: FloatArray | None = None
    ) -> FloatArray:
        """Return the sums of d times squares of each column less its mean."""
        if means is not None:
            return super().weighted_squares(d, means)
        return np.asarray(self._squared @ self.per_row(d))

    @functools.cached_property
    def _squared(self) -> Any:
        """The squares, columns as rows: as large as the copy that this table is."""
        table = self.X
        parts = (table.data**2, table.indices, table.indptr)
        return sparse.csr_array(parts, shape=table.shape[::-1])
