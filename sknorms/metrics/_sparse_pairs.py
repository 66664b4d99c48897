"""Exact keys of chosen pairs of CSR rows, at the cost of what the rows store.

Sums over coordinates are those of `row_sum` on dense rows to the last bit: a compiled
kernel merges two rows and adds in the order of the dense sum, and where there are no
kernels SciPy lines many pairs of rows up at a time.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray, Rows, SparseMatrix
from sknorms.engine import Geometry
from sknorms.metrics._sparse_pair_kernels import sparse_pair_sums
from sknorms.metrics._summation import SummationTree
from sknorms.metrics._table_kernels import ABSOLUTE, PRODUCT, SQUARE
from sknorms.norms._pairwise_sum import follows_numpy, sparse_row_sums

__all__ = ["SparsePairs", "StoredPairs", "count_entries"]

# Stored values lined up at a time; with all that is made of each (about 150 bytes where
# there are no kernels) they stay below what the engine plans for gathered rows.
_LINED_UP_VALUES = 1 << 12
# Squared lengths within these have lost no digits.
_ACCURATE = (2.0**-900, np.inf)


@dataclass(frozen=True)
class StoredPairs:
    """Pairs of rows of two CSR tables.

    Attributes
    ----------
    geometry : Geometry
        Which represents the rows of ``corpus``.
    x : CSR of shape (n, d)
        Represented queries, float64.
    rows : intp array of shape (n_pairs,)
        Rows of ``x``.
    corpus : CSR of shape (m, d)
        As stored.
    indices : intp array of shape (n_pairs,)
        Rows of ``corpus``.
    """

    geometry: Geometry
    x: SparseMatrix
    rows: IndexArray
    corpus: SparseMatrix
    indices: IndexArray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, selection: Any) -> "StoredPairs":
        """Return the selected pairs."""
        rows, indices = self.rows[selection], self.indices[selection]
        return StoredPairs(self.geometry, self.x, rows, self.corpus, indices)

    def chunks(self) -> Iterator[tuple[slice, SparseMatrix, SparseMatrix]]:
        """Yield represented rows of both sides, lined up, some pairs at a time."""
        stored = _stored(self.x, self.rows) + _stored(self.corpus, self.indices) + 1
        chunk_of = np.cumsum(stored) // _LINED_UP_VALUES
        edges = np.flatnonzero(np.diff(chunk_of)) + 1
        bounds = [0, *edges.tolist(), len(self)]
        for start, stop in pairwise(bounds):
            if start == stop:
                continue
            chunk = slice(start, stop)
            theirs = self.geometry.represent_sparse(self.corpus[self.indices[chunk]])
            yield chunk, self.x[self.rows[chunk]], theirs

    def sums(self, term: int) -> FloatArray:
        """Return the sums of a term, `SQUARE`, `ABSOLUTE` or `PRODUCT`."""
        out = np.empty(len(self))
        for chunk, x, y in self.chunks():
            if kernels_available():
                own = np.arange(x.shape[0])
                out[chunk] = _compiled_sums(term, x, own, y, own)
            else:
                out[chunk] = _lined_up_sums(term, x, y)
        return out

    def stored_sums(self, term: int) -> FloatArray:
        """Return the same where rows of the corpus are represented as stored."""
        if not _is_plain(self.corpus):
            return self.sums(term)
        return _compiled_sums(term, self.x, self.rows, self.corpus, self.indices)

    def squared_chords(self) -> FloatArray:
        """Return squared chords to the unit rows of the corpus, which represent it.

        They are 2, as if the rows were orthogonal, where exactly one row is zero.
        """
        if _is_plain(self.corpus):
            x, y = (self.x, self.rows), (self.corpus, self.indices)
            out = _compiled_sums(SQUARE, *x, *y, unit=True)
            again = np.flatnonzero(np.isnan(out))
            if len(again):
                out[again] = self.take(again).represented_chords()
            return out
        return self.represented_chords()

    def represented_chords(self) -> FloatArray:
        """Return squared chords of represented rows, 2 where exactly one is zero."""
        out = self.sums(SQUARE)
        ours, theirs = self.stored_counts()
        out[(ours > 0) ^ (theirs > 0)] = 2.0
        return out

    def stored_counts(self) -> tuple[IndexArray, IndexArray]:
        """Return how many numbers other than zero either row of a pair stores."""
        return self._by_row(count_entries)

    def stored_totals(self) -> tuple[FloatArray, FloatArray]:
        """Return the sums of stored values, whole numbers, of either row of a pair."""
        return self._by_row(_totals)

    def stored_squares(self) -> tuple[FloatArray, FloatArray]:
        """Return the sums of squared stored values of either row of a pair."""
        return self._by_row(_squares)

    def _by_row(self, measure: Callable[[Any], Any]) -> tuple[Any, Any]:
        chosen, place = np.unique(self.indices, return_inverse=True)
        return measure(self.x)[self.rows], measure(self.corpus[chosen])[place]

    def differences(self) -> Iterator[tuple[slice, SparseMatrix]]:
        """Yield the differences of represented rows, some pairs at a time."""
        for chunk, x, y in self.chunks():
            with np.errstate(over="ignore", under="ignore", invalid="ignore"):
                yield chunk, x - y


class SparsePairs(Geometry):
    """A geometry that evaluates pairs of CSR rows without making them dense."""

    def pairs_stay_sparse(self, rows: Rows) -> bool:
        """Whether `pair_keys` takes represented queries as CSR where rows are."""
        return sparse.issparse(rows) and follows_numpy(int(rows.shape[1]))

    def pair_keys(
        self,
        x: Rows,
        rows: IndexArray,
        corpus: Rows,
        indices: IndexArray,
        limits: FloatArray | None = None,
    ) -> FloatArray:
        """Return the keys of pairs of a represented query and a stored corpus row."""
        if not sparse.issparse(x):
            return super().pair_keys(x, rows, corpus, indices, limits)
        return self.sparse_pair_keys(StoredPairs(self, x, rows, corpus, indices))

    @abstractmethod
    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the keys of pairs of CSR rows."""

    def dense_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the same from dense rows, few at a time."""
        x, rows, corpus, indices = pairs.x, pairs.rows, pairs.corpus, pairs.indices
        return Geometry.pair_keys(self, x, rows, corpus, indices)


def count_entries(rows: SparseMatrix) -> Any:
    """Return how many numbers other than zero each CSR row stores."""
    ends = np.concatenate([[0], np.cumsum(rows.data != 0)])[rows.indptr]
    return np.diff(ends)


def _totals(rows: SparseMatrix) -> Any:
    return np.asarray(rows.astype(np.float64).sum(axis=1)).ravel()


def _squares(rows: SparseMatrix) -> Any:
    with np.errstate(over="ignore", under="ignore"):
        terms = np.square(rows.data.astype(np.float64))
        return sparse_row_sums(terms, rows.indices, rows.indptr, rows.shape[1])


def _stored(table: SparseMatrix, rows: IndexArray) -> Any:
    return table.indptr[rows + 1] - table.indptr[rows]


def _is_plain(corpus: SparseMatrix) -> bool:
    """Whether the kernel can read rows where they are stored."""
    return kernels_available() and corpus.dtype in (np.float32, np.float64)


def _compiled_sums(
    term: int,
    x: SparseMatrix,
    rows: IndexArray,
    y: SparseMatrix,
    indices: IndexArray,
    *,
    unit: bool = False,
) -> FloatArray:
    tree = SummationTree.of(x.shape[1])
    out = np.empty(len(rows))
    kind = y.indices.dtype
    ours = x.data, x.indices.astype(kind, copy=False), x.indptr.astype(kind, copy=False)
    theirs = y.data, y.indices, y.indptr
    places = tree.owners, tree.paths, tree.tail
    limits = np.array(_ACCURATE)
    sparse_pair_sums(term, unit, *ours, rows, *theirs, indices, *places, limits, out)
    return out


def _lined_up_sums(term: int, x: SparseMatrix, y: SparseMatrix) -> FloatArray:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        found = x.multiply(y) if term == PRODUCT else x - y
        terms = found.data
        if term == SQUARE:
            terms = np.square(terms)
        if term == ABSOLUTE:
            terms = np.abs(terms)
        columns, starts = found.indices, found.indptr
        return sparse_row_sums(terms, columns, starts, x.shape[1])
