"""Clipping by norm and by value."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles_norms import GROUP_CASES, p_norm, slice_shape, value
from scipy import sparse

from sknorms.norms import clip_by_norm, clip_by_value, get_norm, norm
from sknorms.norms._registry import NORMS

INF = np.inf
ordinary = settings(max_examples=60, deadline=None)
vectors = arrays(np.float64, 5, elements=st.floats(-1e3, 1e3, width=32))
CASES = [*dict.fromkeys(NORMS.values()), get_norm(3), GROUP_CASES[-1]]


@pytest.mark.parametrize("record", CASES, ids=repr)
def test_what_is_longer_is_scaled_and_what_is_not_stays(record):
    x = np.random.default_rng(0).normal(size=slice_shape(record))
    length = value(record, x)
    clipped = clip_by_norm(x, 0.25 * length, record)
    np.testing.assert_allclose(clipped, 0.25 * x, rtol=1e-14)
    for limit in (1.001 * length, INF):
        assert clip_by_norm(x, limit, record).tobytes() == x.tobytes()


@ordinary
@given(g=vectors, c=st.floats(0, 2e3))
def test_exact_clipping_is_the_formula_to_the_bit(g, c):
    n = norm(g)
    clipped = clip_by_norm(g, c)
    if n <= c:
        assert clipped.tobytes() == g.tobytes()
    elif n > c * (1 + 2.0**-51) and c > 1e-250:
        np.testing.assert_array_equal(clipped, g * (c / n))
    if c > 1e-250:
        assert p_norm(clipped, 2) <= c * (1 + 4 * 2.0**-53)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_clipping_twice_is_clipping_once(dtype):
    x = np.random.default_rng(1).normal(size=(2000, 13)).astype(dtype)
    for p in (1, 2, 3, INF):
        once = clip_by_norm(x, 0.7, p, axis=1)
        assert once.dtype == dtype
        np.testing.assert_array_equal(clip_by_norm(once, 0.7, p, axis=1), once)


@pytest.mark.parametrize(
    ("g", "c", "expected"),
    [
        ([3.0, 4.0], 1.0, [3 * 0.2, 4 * 0.2]),
        ([3.0, 4.0], 5.0, [3.0, 4.0]),
        ([3.0, 4.0], 0.0, [0.0, 0.0]),
        ([3.0, 4.0], INF, [3.0, 4.0]),
        ([0.0, 0.0], 0.0, [0.0, 0.0]),
        ([0.0, 0.0], 1.0, [0.0, 0.0]),
        ([], 1.0, []),
    ],
)
def test_table_of_exact_clipping(g, c, expected):
    np.testing.assert_array_equal(clip_by_norm(g, c), expected)


def test_eps_is_added_to_the_norm():
    g = np.array([3.0, 4.0])
    np.testing.assert_array_equal(
        clip_by_norm(g, 1.0, eps=1e-6), g * (1.0 / (5.0 + 1e-6))
    )
    # Close to eps the rule clips much more than it should; exact clipping does not.
    small = np.array([1e-6])
    np.testing.assert_allclose(clip_by_norm(small, 5e-7, eps=1e-6), 2.5e-7)
    np.testing.assert_allclose(clip_by_norm(small, 5e-7), 5e-7)


BAD = np.array([[3.0, 4.0], [np.nan, 1.0], [INF, 1.0], [30.0, 40.0]])


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    ("policy", "nan_row", "inf_row"),
    [
        ("skip", [0.0, 0.0], [0.0, 0.0]),
        ("propagate", [np.nan, np.nan], [np.nan, 0.0]),
        ("zero_nans", [0.0, 1.0], [np.nan, 0.0]),
    ],
)
def test_non_finite_policies(form, policy, nan_row, inf_row):
    clipped = clip_by_norm(form(BAD), 5.0, axis=1, nonfinite=policy)
    dense = clipped.toarray() if sparse.issparse(clipped) else clipped
    np.testing.assert_array_equal(dense, [[3.0, 4.0], nan_row, inf_row, [3.0, 4.0]])


def test_raising_names_the_slices():
    with pytest.raises(ValueError, match="NaN or infinity in rows 1, 2"):
        clip_by_norm(BAD, 5.0, axis=1)
    with pytest.raises(ValueError, match="nonfinite must be one of"):
        clip_by_norm(BAD, 5.0, axis=1, nonfinite="ignore")


@pytest.mark.parametrize(
    "kind", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array]
)
@pytest.mark.parametrize("axis", [None, 1])
@pytest.mark.parametrize("p", [1, 2, 3, INF])
def test_sparse_input(kind, axis, p):
    X = np.random.default_rng(2).normal(size=(9, 6))
    X[X < 0.3] = 0.0
    S = kind(X)
    clipped = clip_by_norm(S, 0.8, p, axis=axis)
    assert isinstance(clipped, sparse.csr_matrix) == (kind is sparse.csr_matrix)
    np.testing.assert_allclose(
        clipped.toarray(), clip_by_norm(X, 0.8, p, axis=axis), rtol=1e-15
    )
    np.testing.assert_array_equal(S.toarray(), X)


def test_one_limit_a_row():
    X = np.array([[3.0, 4.0], [3.0, 4.0], [3.0, 4.0]])
    expected = [[3 * 0.2, 4 * 0.2], [0.0, 0.0], [3.0, 4.0]]
    for table in (X, sparse.csr_array(X)):
        clipped = clip_by_norm(table, [1.0, 0.0, INF], axis=1)
        dense = clipped.toarray() if sparse.issparse(clipped) else clipped
        np.testing.assert_array_equal(dense, expected)


@pytest.mark.parametrize("limit", [-1.0, np.nan])
def test_limits_that_are_none(limit):
    with pytest.raises(ValueError, match="max_norm must be >= 0"):
        clip_by_norm([1.0], limit)
    with pytest.raises(ValueError, match="max_value must be"):
        clip_by_value([1.0], limit)
    with pytest.raises(ValueError, match="eps must be"):
        clip_by_norm([1.0], 1.0, eps=limit)


def test_values():
    x = np.array([-INF, -2.0, -0.5, np.nan, 2.0, INF], dtype=np.float32)
    clipped = clip_by_value(x, 1.0)
    assert clipped.dtype == np.float32
    np.testing.assert_array_equal(clipped, [-1.0, -1.0, -0.5, np.nan, 1.0, 1.0])
    np.testing.assert_array_equal(clip_by_value(x, INF), x)
    np.testing.assert_array_equal(clip_by_value([5.0, -5.0], [1.0, 2.0]), [1.0, -2.0])
    np.testing.assert_array_equal(
        clip_by_value(np.array([100, -100], np.int8), 0.5), [0.5, -0.5]
    )
    S = sparse.csr_array([[5.0, 0.0, -0.5]])
    np.testing.assert_array_equal(clip_by_value(S, 1.0).toarray(), [[1.0, 0.0, -0.5]])
    np.testing.assert_array_equal(S.toarray(), [[5.0, 0.0, -0.5]])
