"""Metrics made of one sum over coordinates, computed for whole blocks at once."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, row_sum, widen
from sknorms._compile import kernels_available
from sknorms._typing import (
    AnyArray,
    BoolArray,
    FloatArray,
    IndexArray,
    Rows,
    SparseMatrix,
)
from sknorms.metrics._metric import Metric
from sknorms.metrics._overlap import ratio
from sknorms.metrics._pair_kernels import pair_sums, unit_pair_sums
from sknorms.metrics._sparse_pairs import SparsePairs, StoredPairs
from sknorms.metrics._sparse_table_kernels import sparse_products, sparse_sums
from sknorms.metrics._summation import SummationTree
from sknorms.metrics._table_kernels import (
    ABSOLUTE,
    LANES,
    PRODUCT,
    RELATIVE,
    SQUARE,
    dense_sums,
)
from sknorms.norms._pairwise_sum import follows_numpy

__all__ = [
    "ABSOLUTE",
    "PRODUCT",
    "RELATIVE",
    "SQUARE",
    "SumMetric",
    "squared_chords",
    "sum_table",
]

# Sums of squares from here on have lost no digits.
_SMALLEST_SQUARE = 2.0**-900
# Rows of the other side taken at a time: running sums stay in the first-level cache.
_COLUMNS = 128
# Merging two sparse rows costs about this many times more per stored value than the
# dense kernel per column; products are only formed where both rows store a value.
_MERGING = {SQUARE: 32, ABSOLUTE: 32, PRODUCT: 4, RELATIVE: 32}
# Terms of which pairs of CSR rows are evaluated from their stored values.
_MERGEABLE = (SQUARE, ABSOLUTE, PRODUCT)
# Values gathered at a time to be measured again (256 KiB in float64).
_AGAIN_VALUES = 1 << 15


@dataclass(frozen=True, eq=False)
class SumMetric(SparsePairs, Metric):
    """A metric whose keys follow from one sum over coordinates.

    The sums of a block of pairs come from a compiled kernel that adds in the order of
    `row_sum`, so the keys are those of `keys`, to the last bit. CSR rows with few
    stored values are merged, not made dense.
    """

    term: ClassVar[int]
    # Whether zeros are represented as zeros, so that CSR rows stay CSR.
    stays_sparse: ClassVar[bool] = True

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the rows in float64."""
        return rows.astype(np.float64)

    # Whether dense rows are represented as they are stored, only wider.
    as_stored: ClassVar[bool] = True

    @abstractmethod
    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Turn the sums of all pairs of represented rows into keys."""

    def doubtful(self, sums: FloatArray) -> BoolArray:
        """Return where a sum left the range in which it is accurate."""
        return np.zeros(sums.shape, dtype=np.bool_)

    def block_width(self, queries: Rows, corpus: Rows) -> int:
        """Return the number of values of a row that `block_keys` holds."""
        if self._merges(queries, corpus):
            return max(1, _most_stored(queries) + _most_stored(corpus))
        return super().block_width(queries, corpus)

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all keys between two blocks of rows, shape (n_queries, n_corpus)."""
        if self._merges(queries, corpus):
            x, y = self.represent_sparse(queries), self.represent_sparse(corpus)
        else:
            x, y = self.represent(queries), self.represent(corpus)
        sums = sum_table(self.term, x, y)
        again = self.doubtful(sums)
        if np.count_nonzero(again) > len(sums) + sums.shape[1]:
            # Many a sum of zero: where rows are equal, nothing needs a second look.
            again &= sum_table(ABSOLUTE, x, y) != 0
        keys = self.from_sums(sums, x, y)
        rows, columns = np.nonzero(again)
        for chunk in row_slices(len(rows), max(1, _AGAIN_VALUES // corpus.shape[1])):
            i, j = rows[chunk], columns[chunk]
            exact = self.represent(queries[i]), self.represent(corpus[j])
            keys[i, j] = self.keys(*exact)
        return keys

    def sum_limits(self, limits: FloatArray) -> FloatArray:
        """Return sums beyond which keys are beyond their limits; infinite if unknown.

        Sums within `doubtful` must not be among them.
        """
        return np.full(limits.shape, np.inf)

    def pairs_stay_sparse(self, rows: Rows) -> bool:
        """Whether `pair_keys` takes represented queries as CSR where rows are."""
        mergeable = self.stays_sparse and self.term in _MERGEABLE
        return mergeable and super().pairs_stay_sparse(rows)

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the keys of pairs of CSR rows, which are represented as stored."""
        sums = pairs.stored_sums(self.term)
        keys = self.from_sums(sums, pairs.x, pairs.corpus)
        again = np.flatnonzero(self.doubtful(sums))
        if len(again):
            keys[again] = self.remeasured(pairs.take(again))
        return keys

    def remeasured(self, pairs: StoredPairs) -> FloatArray:
        """Return the keys of pairs of CSR rows whose sums are doubtful."""
        return self.dense_pair_keys(pairs)

    def pair_keys(
        self,
        x: Rows,
        rows: IndexArray,
        corpus: Rows,
        indices: IndexArray,
        limits: FloatArray | None = None,
    ) -> FloatArray:
        """Return the keys of pairs of a represented query and a stored corpus row."""
        known = _in_known_order(x.shape[1])
        if not (self.as_stored and known and _is_plain(corpus)):
            return super().pair_keys(x, rows, corpus, indices, limits)
        ends = self._ends(limits, x.shape[0])
        sums = _sums_of_pairs(self.term, x, rows, corpus, indices, ends)
        keys = self.from_sums(sums, x, corpus)
        doubtful = self.doubtful(sums)
        if doubtful.any():
            # Infinite sums with a finite limit were given up, not lost.
            given_up = np.isinf(sums) & np.isfinite(ends[rows])
            again = np.flatnonzero(doubtful & ~given_up)
            keys[again] = super().pair_keys(x, rows[again], corpus, indices[again])
        return keys

    def _ends(self, limits: FloatArray | None, n_queries: int) -> FloatArray:
        if limits is None or self.finish_rounds:
            # Keys beyond a limit may settle on it.
            return np.full(n_queries, np.inf)
        with np.errstate(over="ignore"):
            return self.sum_limits(limits)

    def _merges(self, queries: Rows, corpus: Rows) -> bool:
        both = sparse.issparse(queries) and sparse.issparse(corpus)
        if not (both and self.stays_sparse and _in_known_order(corpus.shape[1])):
            return False
        # The fullest row decides: what holds for whole tables, for which memory is
        # planned, then holds for each of their blocks.
        stored = _most_stored(queries) + _most_stored(corpus)
        return bool(stored * _MERGING[self.term] < corpus.shape[1])


def _most_stored(rows: SparseMatrix) -> int:
    return int(np.diff(rows.indptr).max())


def sum_table(term: int, x: Any, y: Any) -> FloatArray:
    """Return the sums of a term over all columns, for all pairs of rows.

    Parameters
    ----------
    term : int
        `SQUARE`, `ABSOLUTE`, `PRODUCT` or `RELATIVE`.
    x, y : float64 array of shape (n, d) and (m, d)
        Or both CSR with sorted columns; made dense where there are no kernels.

    Returns
    -------
    float64 array of shape (n, m)
        Bitwise what `row_sum` gives.
    """
    out = np.empty((x.shape[0], y.shape[0]))
    if not _in_known_order(x.shape[1]):
        x, y = widen(x), widen(y)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for i, row in enumerate(x):
                out[i] = row_sum(_terms(term, row, y))
    elif sparse.issparse(x):
        _fill_sparse(term, x, y, out)
    else:
        _fill(term, x, y, out)
    return out


def _terms(term: int, x: FloatArray, y: FloatArray) -> FloatArray:
    if term == PRODUCT:
        return x * y
    difference = x - y
    if term == RELATIVE:
        size = np.abs(x) + np.abs(y)
        share = ratio(np.abs(difference, out=difference), size)
        share[np.isinf(size)] = np.nan
        return share
    if term == SQUARE:
        return np.square(difference, out=difference)
    return np.abs(difference, out=difference)


def _fill(term: int, x: FloatArray, y: FloatArray, out: FloatArray) -> None:
    tree = SummationTree.of(x.shape[1])
    for part in row_slices(len(y), _COLUMNS):
        columns = np.ascontiguousarray(y[part].T)
        stack = np.empty((LANES + 1 + tree.height, columns.shape[1]))
        first = part.start
        dense_sums(term, x, columns, tree.leaves, tree.merges, stack, out, first)


def _is_plain(rows: Rows) -> bool:
    """Whether the kernel for pairs can read rows where they are stored."""
    if sparse.issparse(rows) or rows.dtype not in (np.float32, np.float64):
        return False
    return bool(rows.flags.c_contiguous)


def _sums_of_pairs(
    term: int,
    x: FloatArray,
    rows: IndexArray,
    y: AnyArray,
    indices: IndexArray,
    limits: FloatArray,
) -> FloatArray:
    tree = SummationTree.of(x.shape[1])
    out = np.empty(len(rows))
    pair_sums(term, x, rows, y, indices, tree.leaves, tree.merges, limits, out)
    return out


def _fill_sparse(term: int, x: SparseMatrix, y: SparseMatrix, out: FloatArray) -> None:
    tree = SummationTree.of(x.shape[1])
    places = (tree.owners, tree.paths, tree.tail)
    if term == PRODUCT:
        sparse_products(*_parts(x), *_parts(y.tocsc()), *places, out)
    else:
        beyond = LANES * len(tree.owners)
        sparse_sums(
            term, *_closed(x, beyond), *_closed(y, beyond), beyond, *places, out
        )


def squared_chords(
    x: FloatArray,
    rows: IndexArray,
    corpus: Rows,
    indices: IndexArray,
    limits: FloatArray,
) -> FloatArray | None:
    """Return squared chords from unit rows to stored rows made unit length.

    Infinity may stand for one beyond the limit of its query. NaN where plain squares
    would not be accurate; None where there is no kernel for rows stored like these.
    """
    if not (_in_known_order(x.shape[1]) and _is_plain(corpus)):
        return None
    tree = SummationTree.of(x.shape[1])
    out = np.empty(len(rows))
    accurate = np.array([_SMALLEST_SQUARE, np.inf])
    places = (tree.leaves, tree.merges)
    unit_pair_sums(x, rows, corpus, indices, *places, accurate, limits, out)
    return out


def _in_known_order(width: int) -> bool:
    """Whether kernels can be used, and NumPy adds up rows in their order."""
    return kernels_available() and follows_numpy(width)


def _parts(rows: SparseMatrix) -> tuple[FloatArray, IndexArray, IndexArray]:
    indices = rows.indices.astype(np.int64, copy=False)
    return rows.data, indices, rows.indptr.astype(np.int64, copy=False)


def _closed(
    rows: SparseMatrix, beyond: int
) -> tuple[FloatArray, IndexArray, IndexArray]:
    """Return the parts of CSR rows, each row closed by a column beyond all."""
    data, indices, starts = _parts(rows)
    ends = starts[1:]
    shifted = starts[:-1] + np.arange(rows.shape[0])
    return np.insert(data, ends, 0.0), np.insert(indices, ends, beyond), shifted
