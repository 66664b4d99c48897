"""Rows and columns at unit norm: right at every magnitude, the same bits always."""

import re

import joblib
import numpy as np
import pytest
import sklearn.preprocessing
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles_preprocessing import ORDERS, naive_norm, naive_unit_rows
from scipy import sparse

from sknorms.norms import L2, GroupNorm, Lp, NuclearNorm
from sknorms.preprocessing import normalize

NORMS = ["l1", "l2", "max", 0.5, 1, 2.0, 3, 7.5, np.inf]
FORMATS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sparse.csr_array,
    "csc": sparse.csc_matrix,
}


def order(norm):
    return ORDERS.get(norm, norm)


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else rows


def rows_with_zeros(shape=(12, 9), dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=shape) * (rng.random(shape) < 0.7)
    rows[3], rows[:, 2] = 0.0, 0.0
    return rows.astype(dtype)


# ---- the definition ----


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("axis", [0, 1])
def test_is_the_definition_rounded(norm, form, dtype, axis):
    rows = rows_with_zeros(dtype=dtype)
    got = normalize(FORMATS[form](rows), norm, axis=axis)
    expected = naive_unit_rows(rows if axis else rows.T, order(norm))
    expected = expected if axis else expected.T
    assert got.dtype == dtype
    tolerance = 8 * np.finfo(np.float64).eps + np.finfo(dtype).eps
    np.testing.assert_allclose(dense(got), expected, rtol=tolerance, atol=0)


@pytest.mark.parametrize("norm", NORMS)
def test_norms_are_the_definition(norm):
    rows = rows_with_zeros()
    for table in (rows, sparse.csr_array(rows)):
        _, norms = normalize(table, norm, return_norm=True)
        expected = [float(naive_norm(row, order(norm))) for row in rows]
        np.testing.assert_allclose(norms, expected, rtol=1e-14, atol=0)
        assert norms[3] == 0.0


@pytest.mark.parametrize("norm", ORDERS)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_agrees_with_scikit_learn_on_ordinary_rows(norm, axis, dtype, form):
    rows = form(rows_with_zeros(dtype=dtype))
    expected = sklearn.preprocessing.normalize(rows, norm, axis=axis)
    got = normalize(rows, norm, axis=axis)
    assert type(got) is type(expected)
    assert got.dtype == expected.dtype
    np.testing.assert_allclose(
        dense(got), dense(expected), rtol=4 * np.finfo(dtype).eps
    )


# ---- every magnitude ----

EXTREMES = [
    (np.float64, 1e-300),
    (np.float64, 1e-200),
    (np.float64, 5e-324),
    (np.float64, 1e-310),
    (np.float64, 1e200),
    (np.float64, 1e300),
    (np.float64, 1.7e308),
    (np.float32, 1e-38),
    (np.float32, 1.5e-45),
    (np.float32, 1e-42),
    (np.float32, 1e30),
    (np.float32, 3.4e38),
]


@pytest.mark.parametrize(("dtype", "scale"), EXTREMES)
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("n_features", [2, 9, 300])
def test_unit_norm_at_every_magnitude(dtype, scale, norm, form, n_features):
    if order(norm) < 1 and n_features > 9:
        n_features = 9  # the quotients themselves would be subnormal
    rng = np.random.default_rng(n_features)
    signs = rng.choice([-1.0, 1.0], size=(3, n_features))
    factors = rng.choice([0.0, 0.5, 1.0], size=(3, n_features))
    factors[:, 0] = 1.0
    rows = (signs * factors * dtype(scale)).astype(dtype)
    unit = dense(normalize(form(rows), norm))
    eps = np.finfo(dtype).eps
    for row, original in zip(unit, rows, strict=True):
        assert abs(float(naive_norm(row, order(norm))) - 1.0) <= 4 * eps
        assert np.array_equal(np.sign(row), np.sign(original))


def test_where_others_fail():
    big = np.array([[1e30, 1e30]], dtype=np.float32)
    assert normalize(big).tolist() == [[np.float32(np.sqrt(0.5))] * 2]
    assert normalize([[1e200, 1e200]])[0, 0] == pytest.approx(np.sqrt(0.5), rel=1e-15)
    assert normalize([[1e-200, 1e-200]])[0, 0] == pytest.approx(np.sqrt(0.5), rel=1e-15)
    assert normalize([[1e308, 1e308]], "l1").tolist() == [[0.5, 0.5]]
    assert normalize(sparse.csr_array(big), "l1").toarray().tolist() == [[0.5, 0.5]]


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    ),
    st.sampled_from(["l1", "l2", "max", 1.5]),
)
def test_any_finite_row_has_unit_norm_or_is_zero(rows, norm):
    before = rows.copy()
    unit = normalize(rows, norm)
    assert np.array_equal(rows, before)
    for row, original in zip(unit, rows, strict=True):
        length = float(naive_norm(row, order(norm)))
        assert length == 0.0 if not original.any() else abs(length - 1.0) <= 1e-15


@given(st.integers(-1000, 900), st.sampled_from(["l1", "l2", "max"]))
def test_powers_of_two_cancel_to_the_bit(exponent, norm):
    rows = rows_with_zeros()
    expected = normalize(rows, norm)
    assert np.array_equal(normalize(np.ldexp(rows, exponent), norm), expected)


# ---- the same bits however computed ----


@pytest.mark.kernels
@pytest.mark.parametrize("norm", ["l1", "l2", "max", 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_features", [7, 128, 129, 300, 1000])
def test_large_tables_give_the_bits_of_small_ones(norm, dtype, n_features):
    # Large ones are cut into tasks, and compiled kernels pass over them.
    rng = np.random.default_rng(0)
    few = rng.normal(size=(97, n_features)).astype(dtype)
    few[5] = 0.0
    few[11] *= dtype(1e-30)
    few[13] *= dtype(1e30)
    if dtype == np.float64:
        few[[11, 13]] = few[[11, 13]] ** 9
    repeats = (1 << 20) // few.size + 2
    many = np.tile(few, (repeats, 1))
    expected, norms = normalize(few, norm, return_norm=True)
    for options in ({"n_jobs": 1}, {"n_jobs": 2}, {"n_jobs": None}):
        got, many_norms = normalize(many, norm, return_norm=True, **options)
        assert np.array_equal(got, np.tile(expected, (repeats, 1)))
        assert np.array_equal(many_norms, np.tile(norms, repeats))
    got = normalize(many, norm, copy=False)
    assert got is many
    assert np.array_equal(got, np.tile(expected, (repeats, 1)))


@pytest.mark.kernels
@pytest.mark.parametrize("norm", ["l1", "l2", "max", 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_features", [5, 40, 129, 700, 50_000])
def test_large_sparse_tables_give_the_bits_of_dense_rows(norm, dtype, n_features):
    rng = np.random.default_rng(n_features)
    few = np.zeros((23, n_features), dtype=dtype)
    for row in few[1:]:
        places = rng.integers(n_features, size=min(n_features, 40))
        row[places] = rng.normal(size=len(places))
        row[: rng.integers(4)] = 1.0
    few[5] *= dtype(1e-30)
    few[7] *= dtype(1e30)
    if dtype == np.float64:
        few[[5, 7]] = few[[5, 7]] ** 9
    expected, norms = normalize(few, norm, return_norm=True)
    stored = sparse.csr_array(few)
    repeats = (1 << 19) // stored.nnz + 2
    many = sparse.vstack([stored] * repeats, format="csr")
    unit = sparse.csr_array(expected)
    for options in ({"n_jobs": 1}, {"n_jobs": 2}, {"copy": False}):
        got, many_norms = normalize(many, norm, return_norm=True, **options)
        assert np.array_equal(got.data, np.tile(unit.data, repeats))
        assert np.array_equal(got.indices, many.indices)
        assert np.array_equal(many_norms, np.tile(norms, repeats))


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_large_sparse_and_transposed_tables_give_the_bits_of_small_ones(norm):
    rng = np.random.default_rng(1)
    few = rng.normal(size=(50, 24)) * (rng.random((50, 24)) < 0.4)
    repeats = (1 << 19) // few.size * 3
    expected = np.tile(normalize(few, norm), (repeats, 1))
    many = sparse.csr_array(np.tile(few, (repeats, 1)))
    assert np.array_equal(normalize(many, norm, n_jobs=2).toarray(), expected)
    tall = np.asfortranarray(many.toarray())
    assert np.array_equal(normalize(tall, norm, n_jobs=2), expected)
    wide = np.ascontiguousarray(tall.T)
    assert np.array_equal(normalize(wide, norm, axis=0, n_jobs=2).T, expected)


@pytest.mark.parametrize("backend", ["threading", "loky", "sequential"])
def test_joblib_backends(backend):
    rows = np.random.default_rng(0).normal(size=(9000, 128))
    expected = normalize(rows, n_jobs=1)
    with joblib.parallel_config(backend=backend):
        assert np.array_equal(normalize(rows, n_jobs=2), expected)


# ---- in place ----


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("form", ["C", "F", "csr", "csc"])
def test_copy_false_writes_over_what_it_can(axis, dtype, form):
    rows = FORMATS[form](rows_with_zeros(dtype=dtype))
    expected = normalize(rows, axis=axis)
    got = normalize(rows, axis=axis, copy=False)
    if form in ("C", "F", "csr" if axis else "csc"):
        assert got is rows
    assert np.array_equal(dense(got), dense(expected))


def test_copy_false_copies_what_it_cannot_write_over():
    integers = np.array([[3, 4]])
    assert normalize(integers, copy=False).tolist() == [[0.6, 0.8]]
    locked = np.array([[3.0, 4.0]])
    locked.flags.writeable = False
    assert normalize(locked, copy=False).tolist() == [[0.6, 0.8]]
    assert locked.tolist() == [[3.0, 4.0]]
    locked_csr = sparse.csr_array([[3.0, 4.0]])
    locked_csr.data.flags.writeable = False
    assert normalize(locked_csr, copy=False).toarray().tolist() == [[0.6, 0.8]]
    assert locked_csr.data.tolist() == [3.0, 4.0]


def test_copy_false_writes_nothing_before_it_raises():
    rows = np.array([[3.0, 4.0], [0.0, 0.0]])
    before = rows.copy()
    with pytest.raises(ValueError, match="zero norm"):
        normalize(rows, copy=False, zero="raise")
    assert np.array_equal(rows, before)
    rows[1, 1] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        normalize(rows, copy=False)
    assert np.array_equal(rows, [[3.0, 4.0], [0.0, np.nan]], equal_nan=True)


# ---- norms as records ----


def test_records_are_norms_too():
    rows = rows_with_zeros()
    assert np.array_equal(normalize(rows, L2()), normalize(rows, "l2"))
    assert np.array_equal(normalize(rows, Lp(3)), normalize(rows, 3))


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1.0, 1e307])
def test_group_norm(scale):
    norm = GroupNorm([0, 0, 1])
    rows = np.array([[3.0, 4.0, 5.0], [0.0, 0.0, 0.0]]) * scale
    unit = normalize(rows, norm)
    np.testing.assert_allclose(unit[0], [0.3, 0.4, 0.5], rtol=2e-3)
    assert not unit[1].any()
    if scale > 1e-300:
        np.testing.assert_allclose(unit[0], [0.3, 0.4, 0.5], rtol=1e-15)


# ---- zero rows ----


def test_zero_rows_stay_zero():
    rows = np.array([[0.0, -0.0], [1.0, 0.0]])
    assert np.array_equal(normalize(rows), [[0.0, 0.0], [1.0, 0.0]])
    assert np.array_equal(normalize(rows, axis=0), rows)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_zero_rows_are_named_when_they_are_an_error(form):
    rows = np.eye(8)
    rows[[2, 5]] = 0.0
    with pytest.raises(ValueError, match=r"zero norm in rows 2, 5.*zero=\"keep\""):
        normalize(form(rows), zero="raise")
    with pytest.raises(ValueError, match=r"zero norm in columns 2, 5"):
        normalize(form(rows), axis=0, zero="raise")
    assert np.array_equal(normalize(np.eye(3), zero="raise"), np.eye(3))


# ---- bad input ----


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"norm": "l3"}, ValueError, "norm must be one of 'l1', 'l2', 'max'.*'l3'"),
        ({"norm": 0}, ValueError, "> 0.*got 0"),
        ({"norm": -1.0}, ValueError, "> 0.*got -1.0"),
        ({"norm": np.nan}, ValueError, "got nan"),
        ({"norm": None}, TypeError, "norm must be.*None"),
        ({"norm": True}, TypeError, "norm must be.*True"),
        ({"norm": [1, 2]}, TypeError, r"norm must be.*\[1, 2\]"),
        ({"norm": NuclearNorm()}, ValueError, "norm of vectors"),
        ({"axis": 2}, ValueError, "axis must be one of 0, 1; got 2"),
        ({"axis": "rows"}, ValueError, "axis must be one of 0, 1; got 'rows'"),
        ({"copy": "no"}, TypeError, "copy must be True or False; got 'no'"),
        ({"return_norm": 1}, TypeError, "return_norm must be True or False; got 1"),
        ({"zero": "drop"}, ValueError, "zero must be one of 'keep', 'raise'"),
    ],
)
def test_bad_parameters(options, error, message):
    with pytest.raises(error, match=message):
        normalize(np.eye(2), **options)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[np.nan, 1.0]], "Input X contains NaN"),
        ([[np.inf, 1.0]], "Input X contains infinity"),
        (sparse.csr_array([[np.nan, 1.0]]), "Input X contains NaN"),
        ([1.0, 2.0], "Expected 2D array"),
        (np.empty((0, 3)), r"0 sample\(s\)"),
        ([["a"]], "could not convert"),
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("copy", [True, False])
@pytest.mark.parametrize("norm", ["l1", "l2", "max", 3])
def test_bad_rows(rows, message, axis, copy, norm):
    with pytest.raises(ValueError, match=message):
        normalize(rows, norm, axis=axis, copy=copy)


@pytest.mark.kernels
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_one_bad_number_in_a_large_table(value, norm):
    rows = np.ones((9000, 128))
    rows[8765, 43] = value
    before = rows.copy()
    for copy in (True, False):
        with pytest.raises(ValueError, match="Input X contains"):
            normalize(rows, norm, copy=copy)
        assert np.array_equal(rows, before, equal_nan=True)


def test_norms_that_no_number_can_hold():
    rows = np.full((2, 4), 3e38, dtype=np.float32)
    with pytest.raises(ValueError, match=re.escape("largest float32 in rows 0, 1")):
        normalize(rows, return_norm=True)
    assert normalize(rows).tolist() == [[0.5] * 4] * 2
    with pytest.raises(ValueError, match=r"largest float64 in row 0\. Scale the data"):
        normalize([[1e308, 1e308]], "l1", return_norm=True)
    with pytest.raises(ValueError, match="in columns 0, 1"):
        normalize(np.full((9, 2), 1e308), axis=0, return_norm=True)
