"""The closest row of another table."""

import numpy as np
import pytest
from rows import rows_for
from scipy import sparse
from sklearn import config_context
from sklearn import metrics as reference
from sklearn.exceptions import EfficiencyWarning

from sknorms.metrics import (
    BlockDistance,
    get_metric,
    metric_names,
    pairwise_distances,
    pairwise_distances_argmin,
    pairwise_distances_argmin_min,
)

X = np.random.default_rng(0).normal(size=(60, 6))
Y = np.random.default_rng(1).normal(size=(45, 6))


def learned(metric, rows):
    record = get_metric(metric)
    return record.learn(record.check_rows(rows))


def best(values, metric):
    return values.max if get_metric(metric).larger_is_closer else values.min


@pytest.mark.parametrize("metric", metric_names())
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_it_is_the_best_of_the_matrix(metric, axis, dtype):
    rows, other = rows_for(metric, 60), rows_for(metric, 45, seed=1)
    rows, other = rows.astype(dtype), other.astype(dtype)
    record = learned(metric, other)
    values = pairwise_distances(rows, other, record)
    indices, found = pairwise_distances_argmin_min(
        rows, other, axis=axis, metric=record
    )
    np.testing.assert_array_equal(found, best(values, record)(axis=axis))
    np.testing.assert_array_equal(
        np.take_along_axis(values, np.expand_dims(indices, axis), axis).ravel(), found
    )
    alone = pairwise_distances_argmin(rows, other, axis=axis, metric=record)
    np.testing.assert_array_equal(alone, indices)
    assert (indices.dtype, found.dtype) == (np.intp, rows.dtype)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "chebyshev"])
@pytest.mark.parametrize("axis", [0, 1])
def test_it_is_scikit_learns(metric, axis):
    indices, values = pairwise_distances_argmin_min(X, Y, axis=axis, metric=metric)
    expected = reference.pairwise_distances_argmin_min(X, Y, axis=axis, metric=metric)
    np.testing.assert_array_equal(indices, expected[0])
    np.testing.assert_allclose(values, expected[1], rtol=1e-7)


@pytest.mark.parametrize(
    "lay",
    [np.asfortranarray, sparse.csr_array, sparse.dok_array, sparse.csc_matrix, list],
)
def test_layouts(lay):
    expected = pairwise_distances_argmin_min(X, Y)
    got = pairwise_distances_argmin_min(lay(X), lay(Y))
    for mine, theirs in zip(got, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert type(mine) is np.ndarray


def test_the_first_of_equally_close_rows_is_taken():
    other = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    indices = pairwise_distances_argmin(np.zeros((3, 2)), other)
    np.testing.assert_array_equal(indices, [0, 0, 0])


def test_a_table_with_itself():
    indices, values = pairwise_distances_argmin_min(X, X, metric="seuclidean")
    np.testing.assert_array_equal(indices, np.arange(60))
    np.testing.assert_array_equal(values, np.zeros(60))


def test_offsets_change_nothing():
    expected = pairwise_distances_argmin(np.round(X, 3), np.round(Y, 3))
    for offset in (1e4, 1e7):
        shifted = np.round(X, 3) + offset, np.round(Y, 3) + offset
        np.testing.assert_array_equal(pairwise_distances_argmin(*shifted), expected)


def test_parameters_of_the_metric():
    kwargs = {"metric_kwargs": {"squared": True}}
    _, plain = pairwise_distances_argmin_min(X, Y)
    indices, squared = pairwise_distances_argmin_min(X, Y, metric="euclidean", **kwargs)
    np.testing.assert_allclose(squared, plain**2, rtol=1e-15)
    np.testing.assert_array_equal(pairwise_distances_argmin(X, Y, **kwargs), indices)
    V = {"V": [1.0, 1.0, 1.0, 1.0, 1.0, 1e9]}
    got = pairwise_distances_argmin(X, Y, metric="seuclidean", metric_kwargs=V)
    assert (got != indices).any()


def test_missing_values():
    rows = np.array([[1.0, np.nan], [3.0, 4.0]])
    got = pairwise_distances_argmin(
        rows, [[9.0, 4.0], [1.0, 0.0]], metric="nan_euclidean"
    )
    np.testing.assert_array_equal(got, [1, 1])
    with pytest.raises(ValueError, match=r"share no observed column"):
        pairwise_distances_argmin(
            [[1.0, np.nan]], [[np.nan, 1.0]], metric="nan_euclidean"
        )


def test_functions_of_the_user():
    expected = pairwise_distances_argmin(X, Y, metric="manhattan")
    with pytest.warns(EfficiencyWarning, match=r"2,700 times") as caught:
        got = pairwise_distances_argmin(X, Y, metric=lambda a, b: np.abs(a - b).sum())
    assert caught[0].filename == __file__
    np.testing.assert_array_equal(got, expected)
    block = BlockDistance(lambda A, B: np.abs(A[:, None] - B).sum(axis=2))
    np.testing.assert_array_equal(
        pairwise_distances_argmin(X, Y, metric=block), expected
    )


@pytest.mark.parametrize("mebibytes", [1, 4])
def test_working_memory_is_kept(mebibytes):
    import tracemalloc

    rows = np.random.default_rng(0).normal(size=(4000, 32))
    expected = pairwise_distances_argmin(rows[:500], rows[500:])
    with config_context(working_memory=mebibytes):
        tracemalloc.start()
        got = pairwise_distances_argmin(rows[:500], rows[500:])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    np.testing.assert_array_equal(got, expected)
    assert peak <= mebibytes * 2**20


# ---- bad input ----


@pytest.mark.parametrize(
    "function", [pairwise_distances_argmin, pairwise_distances_argmin_min]
)
@pytest.mark.parametrize(
    ("args", "params", "error", "message"),
    [
        ((X, Y), {"axis": 2}, ValueError, r"axis must be one of 0, 1; got 2"),
        ((X, Y), {"axis": None}, ValueError, r"axis must be one of"),
        ((X, None), {}, TypeError, r"Y must be a table"),
        ((X, Y[:, :3]), {}, ValueError, r"Incompatible dimension"),
        ((X, Y), {"metric": "near"}, ValueError, r"got 'near'"),
        ((X, Y), {"metric": "precomputed"}, ValueError, r"got 'precomputed'"),
        ((X, Y), {"metric": "seuclidean"}, ValueError, r"'V' parameter is required"),
        ((X, Y), {"metric_kwargs": {"q": 1}}, ValueError, r"'q'"),
        ((X, Y), {"metric_kwargs": [1]}, TypeError, r"metric_kwargs must be a dict"),
        ((X, Y * np.nan), {}, ValueError, r"Input Y contains NaN"),
        ((X, Y[:0]), {}, ValueError, r"0 sample"),
    ],
)
def test_bad_input(function, args, params, error, message):
    with pytest.raises(error, match=message):
        function(*args, **params)
