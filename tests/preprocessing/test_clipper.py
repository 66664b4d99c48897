"""Rows no longer than a limit."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles_preprocessing import ORDERS, naive_norm
from scipy import sparse

from sknorms.norms import GroupNorm, SpectralNorm, clip_by_norm
from sknorms.preprocessing import NormClipper, normalize

NORMS = ["l1", "l2", "max", 0.5, 3]


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else rows


def mixed_rows(dtype=np.float64):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 11)) * rng.choice([0.01, 1.0, 100.0], size=(60, 1))
    rows[5] = -0.0
    return rows.astype(dtype)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("max_norm", [0.25, 3.0])
def test_long_rows_get_the_limit_and_short_ones_stay(norm, form, dtype, max_norm):
    rows = mixed_rows(dtype)
    clipped = dense(NormClipper(max_norm, norm).fit_transform(form(rows)))
    p = ORDERS.get(norm, norm)
    norms = np.array([float(naive_norm(row, p)) for row in rows])
    long = norms > max_norm
    assert long.any()
    assert not long.all()
    assert np.array_equal(clipped[~long], rows[~long])
    if form is not sparse.csr_array:
        assert np.array_equal(np.signbit(clipped[~long]), np.signbit(rows[~long]))
    eps = np.finfo(dtype).eps
    for row in clipped[long]:
        assert abs(float(naive_norm(row, p)) / max_norm - 1.0) <= 8 * eps
    directions = normalize(rows[long], norm)
    np.testing.assert_allclose(clipped[long], max_norm * directions, rtol=4 * eps)


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.floats(-1e308, 1e308),
    ),
    st.floats(1e-290, 1e300),
    st.sampled_from(["l1", "l2", "max"]),
)
def test_clipping_twice_is_clipping_once(rows, max_norm, norm):
    clipper = NormClipper(max_norm, norm)
    once = clipper.transform(rows)
    assert np.array_equal(clipper.transform(once), once)
    assert np.isfinite(once).all()
    for row in once:
        length = naive_norm(row, ORDERS[norm])
        assert float(length) <= max_norm * (1 + 1e-14)


@pytest.mark.parametrize("n_features", [3, 200, 5000])
@pytest.mark.parametrize("norm", ["l1", "l2", "max", 1.5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_clipping_long_rows_twice_is_clipping_once(n_features, norm, dtype):
    rng = np.random.default_rng(n_features)
    clipper = NormClipper(0.7, norm)
    once = clipper.transform(rng.normal(size=(40, n_features)).astype(dtype))
    assert np.array_equal(clipper.transform(once), once)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extreme_rows(dtype):
    largest = np.finfo(dtype).max
    rows = np.array([[largest, largest], [-largest, 0.0], [1e-40, 0.0]], dtype=dtype)
    clipped = NormClipper(1.0).fit_transform(rows)
    half = math.sqrt(0.5)
    expected = [[half, half], [-1.0, 0.0], [rows[2, 0], 0.0]]
    np.testing.assert_allclose(clipped, expected, rtol=np.finfo(dtype).eps)
    assert np.array_equal(clipped[2], rows[2])
    assert np.array_equal(NormClipper(math.inf).fit_transform(rows), rows)
    assert not NormClipper(0.0).fit_transform(rows).any()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8])
def test_it_is_the_function_to_the_last_bit(norm, form, dtype):
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(400, 37)) * 10.0 ** rng.integers(-1, 2, size=(400, 1))
    for scale in (1.0, 1e-41, 1e-312, 1e30, 1e200):
        with np.errstate(over="ignore", under="ignore"):
            scaled = (rows * scale).astype(dtype) if dtype != np.int8 else rows > 0
        if not np.isfinite(scaled).all():
            continue
        for max_norm in (0.7 * scale, 3.0):
            clipped = NormClipper(max_norm, norm).transform(form(scaled))
            by_function = clip_by_norm(form(scaled), max_norm, norm, axis=1)
            assert clipped.dtype == by_function.dtype
            np.testing.assert_array_equal(dense(clipped), dense(by_function))


def test_tiny_limits():
    assert NormClipper(3e-320).fit_transform([[1e300, 0.0]]).tolist() == [[3e-320, 0.0]]


def test_group_norm():
    clipped = NormClipper(1.0, GroupNorm([0, 0, 1])).fit_transform([[3.0, 4.0, 5.0]])
    np.testing.assert_allclose(clipped, [[0.3, 0.4, 0.5]], rtol=1e-15)


@pytest.mark.parametrize("n_jobs", [None, 1, 2])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_large_tables_give_the_bits_of_small_ones(n_jobs, form):
    few = mixed_rows()
    repeats = (1 << 20) // few.size
    expected = np.tile(NormClipper().fit_transform(few), (repeats, 1))
    many = form(np.tile(few, (repeats, 1)))
    got = NormClipper(n_jobs=n_jobs).fit_transform(many)
    assert np.array_equal(dense(got), expected)


@pytest.mark.parametrize("form", [np.array, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copy_false_returns_the_same_object(form, dtype):
    table = form(mixed_rows(dtype))
    expected = dense(NormClipper().fit_transform(table))
    assert NormClipper(copy=False).fit_transform(table) is table
    assert np.array_equal(dense(table), expected)
    table = form(mixed_rows(dtype))
    assert NormClipper().transform(table, copy=False) is table


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"max_norm": -1.0}, ValueError, "max_norm must be a number >= 0; got -1.0"),
        ({"max_norm": math.nan}, ValueError, "max_norm must be a number >= 0; got nan"),
        ({"max_norm": "1"}, TypeError, "max_norm must be a real number; got '1'"),
        ({"max_norm": [1.0]}, TypeError, "max_norm must be a real number"),
        ({"norm": "cosine"}, ValueError, "norm must be one of"),
        ({"norm": SpectralNorm()}, ValueError, "norm of vectors"),
        ({"copy": 0}, TypeError, "copy must be True or False; got 0"),
    ],
)
def test_bad_parameters(parameters, error, message):
    clipper = NormClipper(**parameters)
    with pytest.raises(error, match=message):
        clipper.fit(np.eye(2))
    with pytest.raises(error, match=message):
        clipper.transform(np.eye(2))
