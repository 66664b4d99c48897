"""Scores of CSR rows: the products of a block of queries with blocks of the corpus.

The queries are turned over, held by column rather than by row, once a block. A corpus
row is then read once for all of them, and each of its entries meets the queries that
share its column: those that are few are listed, and columns that many hold (in text,
the few words that make up most of the work) are laid out and added as vectors.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._compile import kernels_available
from sknorms._typing import AnyArray, Float32Array, SparseMatrix
from sknorms.engine._sparse_kernels import STRIP, sparse_scores

__all__ = ["TurnedRows", "cut_rows", "turn_over"]

# A column that at least one in so many queries holds is laid out: adding it as a vector
# then costs less than adding the entries one by one.
_SHARE = 16
# Values of corpus rows that are laid out at a time, where there are no kernels.
_LAID_OUT_VALUES = 1 << 16


@dataclass(frozen=True)
class TurnedRows:
    """CSR rows held by column.

    Attributes
    ----------
    rows : CSR of shape (n, d)
        The rows themselves, float32.
    slots : int32 array of shape (d,)
        Where a column is: a row of ``head``, then a row of ``tail``, -1 nowhere.
    head : float32 array of shape (n_head, n)
        Columns that many rows hold, dense.
    tail : CSR of shape (n_tail, n)
        The other columns that are held at all, float32.
    """

    rows: SparseMatrix
    slots: AnyArray
    head: Float32Array
    tail: SparseMatrix

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, selection: Any) -> "TurnedRows":
        return turn_over(self.rows[selection])

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        n_rows, n_columns = self.rows.shape
        return int(n_rows), int(n_columns)

    def score(self, corpus: SparseMatrix, out: Float32Array) -> None:
        """Write the products with all rows of a CSR corpus into ``out``."""
        if not kernels_available():
            self._score_plainly(corpus, out)
            return
        totals = np.empty((STRIP, len(self)), dtype=np.float32)
        lists = self.tail.indptr, self.tail.indices, self.tail.data
        rows = corpus.data, corpus.indices, corpus.indptr
        sparse_scores(self.slots, self.head, *lists, *rows, totals, out)

    def _score_plainly(self, corpus: SparseMatrix, out: Float32Array) -> None:
        """Do the columns that many hold by a matrix product, the others by SciPy."""
        step = max(1, _LAID_OUT_VALUES // max(1, len(self.head)))
        for part in row_slices(corpus.shape[0], step):
            self._score_block(cut_rows(corpus, part), out[:, part])

    def _score_block(self, corpus: SparseMatrix, out: Float32Array) -> None:
        held = self.slots[corpus.indices]
        n_head = len(self.head)
        np.matmul(self.head.T, _columns(corpus, held, 0, n_head).toarray().T, out=out)
        rest = _columns(corpus, held, n_head, n_head + self.tail.shape[0])
        products = (rest @ self.tail).tocoo()
        out[products.col, products.row] += products.data


def cut_rows(rows: SparseMatrix, part: slice) -> SparseMatrix:
    """Return consecutive CSR rows, whose values are not copied."""
    start, stop, _ = part.indices(rows.shape[0])
    bounds = rows.indptr[start : max(start, stop) + 1]
    stored = slice(int(bounds[0]), int(bounds[-1]))
    parts = (rows.data[stored], rows.indices[stored], bounds - bounds[0])
    return sparse.csr_array(parts, shape=(len(bounds) - 1, rows.shape[1]))


def turn_over(rows: SparseMatrix) -> TurnedRows:
    """Return float32 CSR rows held by column."""
    by_column = sparse.csc_array(rows)
    held = np.diff(by_column.indptr)
    often = held * _SHARE >= max(1, rows.shape[0])
    many, few = np.flatnonzero(often), np.flatnonzero((held > 0) & ~often)
    slots = np.full(rows.shape[1], -1, dtype=np.int32)
    slots[many] = np.arange(len(many))
    slots[few] = np.arange(len(many), len(many) + len(few))
    head = np.ascontiguousarray(by_column[:, many].toarray().T)
    return TurnedRows(rows, slots, head, _narrow(by_column[:, few].T))


def _narrow(rows: SparseMatrix) -> SparseMatrix:
    """Return CSR rows of a block with 32-bit indices, which one kernel serves."""
    structure = (rows.indices.astype(np.int32), rows.indptr.astype(np.int32))
    return sparse.csr_array((rows.data, *structure), shape=rows.shape)


def _columns(
    corpus: SparseMatrix, held: AnyArray, first: int, stop: int
) -> SparseMatrix:
    """Return the entries in slots from ``first`` up to ``stop``, by slot."""
    wanted = (held >= first) & (held < stop)
    starts: Any = np.concatenate([[0], np.cumsum(wanted)])[corpus.indptr]
    parts = (corpus.data[wanted], held[wanted] - first, starts)
    return sparse.csr_array(parts, shape=(corpus.shape[0], stop - first))
