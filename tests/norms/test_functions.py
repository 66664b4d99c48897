"""The functions: arrays along any axes, tables, sparse matrices."""

import math

import numpy as np
import pytest
from scipy import sparse

from sknorms.norms import GroupNorm, dual_norm, norm, project, prox, row_norms

X = np.array([[3.0, 0.0, -4.0], [0.0, 0.0, 0.0], [0.0, -2.0, 0.0], [1.0, 1.0, 1.0]])
FORMATS = [sparse.csr_array, sparse.csr_matrix, sparse.coo_array, sparse.csc_matrix]
every_format = pytest.mark.parametrize("form", FORMATS)


@pytest.mark.parametrize("ord", [0.5, 1, 2, 3, math.inf, 0, -math.inf])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_shapes_and_values_are_those_of_numpy(ord, axis, keepdims):
    flat = axis is None or isinstance(axis, tuple)
    given = X.ravel() if flat else X
    expected = np.linalg.norm(given, ord, None if flat else axis)
    ours = norm(X, ord, axis, keepdims)
    np.testing.assert_allclose(np.squeeze(ours), np.squeeze(expected), rtol=1e-14)
    if keepdims:
        assert np.ndim(ours) == 2
    assert np.shape(norm(X, ord, axis)) == np.shape(expected)


def test_the_default_takes_a_matrix_as_one_vector():
    assert norm(X) == pytest.approx(math.sqrt(32), rel=1e-15)
    assert norm(X, "spectral") == pytest.approx(np.linalg.norm(X, 2), rel=1e-14)


@pytest.mark.parametrize("ord", [0, -math.inf])
def test_counts_keep_float32(ord):
    assert norm(X.astype(np.float32), ord, 1).dtype == np.float32
    assert norm(X.astype(np.complex64), ord, 1).dtype == np.float32
    assert np.isnan(norm([np.nan, 1.0], -math.inf))


@every_format
@pytest.mark.parametrize("ord", ["l1", "l2", "max", 3])
def test_sparse_norms_are_the_dense_ones(form, ord):
    S = form(X)
    np.testing.assert_array_equal(row_norms(S, ord), row_norms(X, ord))
    for axis in (0, 1, -1):
        np.testing.assert_array_equal(norm(S, ord, axis), norm(X, ord, axis))
        kept = norm(S, ord, axis, keepdims=True)
        np.testing.assert_array_equal(kept, norm(X, ord, axis, keepdims=True))
    assert norm(S, ord) == pytest.approx(norm(X, ord), rel=1e-15)
    assert norm(S, ord, keepdims=True).shape == (1, 1)


@every_format
@pytest.mark.parametrize("which", ["l1", "l2", "max", 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_prox_and_projection_stay_sparse(form, which, dtype):
    S = form(X.astype(dtype))
    before = S.toarray()
    for move in (prox, project):
        for size in (0.5, 0.0, np.inf):
            for axis in (None, 1):
                moved = move(which, S, size, axis=axis)
                dense = move(which, X.astype(dtype), size, axis=axis)
                assert sparse.issparse(moved)
                assert moved.dtype == dtype
                np.testing.assert_allclose(moved.toarray(), dense, rtol=1e-6, atol=1e-7)
                assert moved.nnz == np.count_nonzero(moved.toarray())
    np.testing.assert_array_equal(S.toarray(), before)


def test_sparse_sizes_a_row():
    S = sparse.csr_array(X)
    sizes = [1.0, 5.0, 1.0, 0.0]
    np.testing.assert_allclose(
        project("l2", S, sizes, axis=1).toarray(), project("l2", X, sizes, axis=1)
    )


def test_sparse_matrices_where_a_dense_one_is_needed():
    S = sparse.csr_array(X)
    for call in (
        lambda: norm(S, "nuclear"),
        lambda: prox("spectral", S, 1.0),
        lambda: project(GroupNorm([0, 1, 0]), S, 1.0),
    ):
        with pytest.raises(ValueError, match="must be a p-norm"):
            call()
    with pytest.raises(ValueError, match="axis must be None or 1"):
        project("l2", S, 1.0, axis=0)


def test_functions_are_the_methods_of_the_records():
    record = GroupNorm([0, 1, 0])
    np.testing.assert_array_equal(row_norms(X, record), record.rows(X))
    np.testing.assert_array_equal(norm(X, record, 1), record.value(X, 1))
    np.testing.assert_array_equal(dual_norm(record, X, axis=1), record.dual_value(X, 1))
    np.testing.assert_array_equal(prox(record, X, 2.0, axis=1), record.prox(X, 2.0, 1))
    np.testing.assert_array_equal(
        project(record, X, 2.0, axis=1), record.project(X, 2.0, 1)
    )
    assert dual_norm("l1", X, keepdims=True).shape == (1, 1)


def test_writing_into_an_array():
    for move in (prox, project):
        expected = move("l1", X, 1.0)
        out = X.copy()
        assert move("l1", out, 1.0, out=out) is out
        np.testing.assert_array_equal(out, expected)
        with pytest.raises(TypeError):
            move("l1", X, 1.0, out=np.zeros(X.shape, dtype=int))


def test_row_norms_keep_float32_and_take_anything():
    for given in (X.astype(np.float32), np.asfortranarray(X), X.tolist()):
        norms = row_norms(given)
        np.testing.assert_allclose(norms, [5.0, 0.0, 2.0, math.sqrt(3)], rtol=1e-7)
    assert row_norms(X.astype(np.float32)).dtype == np.float32
    assert row_norms(np.zeros((0, 3))).shape == (0,)


@pytest.mark.parametrize("bad", [X[0], 3.0, X[np.newaxis], [[1, 2], [3]]])
def test_tables_that_are_none(bad):
    with pytest.raises(ValueError, match=r"2-D|inhomogeneous"):
        row_norms(bad)


@pytest.mark.parametrize("ord", [-1, "l3", None, math.nan])
def test_errors_say_what_the_caller_calls_it(ord):
    with pytest.raises(ValueError, match=r"^ord must be .*; got"):
        norm(X, ord)
    with pytest.raises(ValueError, match=r"^norm must be .*; got"):
        row_norms(X, ord)
