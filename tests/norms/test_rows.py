"""Blocks of rows: dense and sparse ones agree."""

import numpy as np
import pytest

from sknorms.norms._rows import DenseRows, SparseRows, row_slices

X = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 0.0], [0.0, 4.0, 0.0]])
DENSE = DenseRows(X)
SPARSE = SparseRows(
    np.array([1.0, 2.0, 4.0]), np.array([0, 2, 1]), np.array([0, 2, 2, 3]), 3
)


def test_dense_and_sparse_rows_agree():
    for rows in (DENSE, SPARSE):
        np.testing.assert_array_equal(rows.total(rows.values), [3.0, 0.0, 4.0])
        np.testing.assert_array_equal(rows.largest(rows.values), [2.0, 0.0, 4.0])
        kept = rows.select(np.array([False, True, True]))
        np.testing.assert_array_equal(kept.total(kept.values), [0.0, 4.0])
    np.testing.assert_array_equal(
        SPARSE.spread(np.array([5.0, 6.0, 7.0])), [5.0, 5.0, 7.0]
    )
    assert (DENSE.values * DENSE.spread(np.array([1.0, 2.0, 3.0])))[2, 1] == 12.0


def test_sparse_rows_without_columns_or_entries():
    empty = SparseRows(np.zeros(0), np.zeros(0, dtype=int), np.zeros(3, dtype=int), 0)
    np.testing.assert_array_equal(empty.total(empty.values), [0.0, 0.0])
    np.testing.assert_array_equal(empty.largest(empty.values), [0.0, 0.0])


@pytest.mark.parametrize(("n_rows", "size"), [(0, 3), (1, 10**9), (10**6, 1), (7, 0)])
def test_slices_cover_every_row_once(n_rows, size):
    slices = list(row_slices(n_rows, size))
    covered = [row for piece in slices for row in range(piece.start, piece.stop)]
    assert covered == list(range(n_rows))
