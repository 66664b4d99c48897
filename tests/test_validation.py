"""Checks: what passes comes back unchanged, what does not is told how to."""

import math
from fractions import Fraction

import numpy as np
import pytest
from labels import label
from scipy import sparse

from sknorms._validation import (
    STORAGE_DTYPES,
    ParameterError,
    check_choice,
    check_flag,
    check_integer,
    check_known_parameters,
    check_real,
    check_rows,
    first_rows,
    naming_bad_rows,
    output_dtype,
)

# ---- parameters ----


@pytest.mark.parametrize("value", ["l1", "l2", None])
def test_a_choice_comes_back(value):
    assert check_choice("norm", value, ["l1", "l2", None]) is value


@pytest.mark.parametrize("value", ["l3", "", 2, False])
def test_what_is_no_choice_is_told_the_choices(value):
    with pytest.raises(ValueError, match="norm must be one of 'l1', None; got") as info:
        check_choice("norm", value, ["l1", None])
    assert repr(value) in str(info.value)


@pytest.mark.parametrize("value", [True, np.False_])
def test_a_flag_comes_back_as_a_bool(value):
    found = check_flag("copy", value)
    assert isinstance(found, bool)
    assert found == value


@pytest.mark.parametrize("value", [1, 0, None, "True", np.array([True])])
def test_what_is_no_flag_is_told_so(value):
    with pytest.raises(TypeError, match="copy must be True or False; got") as info:
        check_flag("copy", value)
    assert repr(value) in str(info.value)


@pytest.mark.parametrize("value", [1, 5, np.int64(3), np.uint8(1)])
def test_an_integer_comes_back_as_an_int(value):
    found = check_integer("k", value, low=1, high=5)
    assert type(found) is int
    assert found == value


@pytest.mark.parametrize("value", [1.0, "3", None, True, np.True_, math.nan])
def test_what_is_no_integer_is_told_its_type(value):
    with pytest.raises(TypeError, match="k must be an integer; got") as info:
        check_integer("k", value, low=1)
    assert repr(value) in str(info.value)
    assert type(value).__name__ in str(info.value)


@pytest.mark.parametrize("value", [0, -3, 6])
def test_an_integer_outside_is_told_the_bounds(value):
    with pytest.raises(ValueError, match=f"k must be between 1 and 5; got {value}"):
        check_integer("k", value, low=1, high=5)


def test_an_integer_below_is_told_the_bound():
    with pytest.raises(ValueError, match="k must be >= 1; got 0"):
        check_integer("k", 0, low=1)


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.25), Fraction(1, 3)])
def test_a_real_number_comes_back_as_a_float(value):
    found = check_real("p", value, low=0.0, high=1.0)
    assert type(found) is float
    assert found == float(value)


def test_an_infinite_number_passes_where_there_is_no_bound():
    assert check_real("p", math.inf) == math.inf
    assert check_real("p", -math.inf) == -math.inf


@pytest.mark.parametrize("value", ["1", None, True, 1j, np.array([1.0]), [1.0]])
def test_what_is_no_real_number_is_told_its_type(value):
    with pytest.raises(TypeError, match="p must be a real number; got") as info:
        check_real("p", value)
    assert repr(value) in str(info.value)
    assert type(value).__name__ in str(info.value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf, -math.inf])
def test_a_real_number_outside_is_told_the_bounds(value):
    message = "p must be a number >= 0 and <= 1; got"
    with pytest.raises(ValueError, match=message) as info:
        check_real("p", value, low=0.0, high=1.0)
    assert repr(value) in str(info.value)


def test_an_open_bound_excludes_itself():
    with pytest.raises(ValueError, match="p must be a number > 0; got 0"):
        check_real("p", 0, low=0.0, low_open=True)
    assert check_real("p", 5e-324, low=0.0, low_open=True) == 5e-324


def test_not_a_number_is_refused_without_bounds_too():
    with pytest.raises(ValueError, match=r"p must be a number .*; got nan"):
        check_real("p", math.nan)


def test_known_parameters_pass():
    assert check_known_parameters("minkowski", {"p": 3}, {"p", "w"}) is None
    assert check_known_parameters("euclidean", {}, ()) is None


def test_unknown_parameters_are_named_with_the_known_ones():
    message = r"minkowski got unknown parameter\(s\) 'a', 'q'; it takes p, w\."
    with pytest.raises(ValueError, match=message):
        check_known_parameters("minkowski", ["q", "p", "a"], {"w", "p"})
    with pytest.raises(ValueError, match="'p'; it takes no parameters"):
        check_known_parameters("euclidean", ["p"], ())


# ---- rows ----


@pytest.mark.parametrize("dtype", STORAGE_DTYPES)
def test_rows_in_a_storage_type_are_not_copied(dtype):
    rows = np.ones((3, 2), dtype=dtype)
    assert np.shares_memory(check_rows(rows), rows)


# SciPy has no sparse matrices of float16.
@pytest.mark.parametrize("dtype", [t for t in STORAGE_DTYPES if t is not np.float16])
def test_csr_rows_in_a_storage_type_are_not_copied(dtype):
    packed = sparse.csr_array(np.eye(3, dtype=dtype))
    assert np.shares_memory(check_rows(packed).data, packed.data)


@pytest.mark.parametrize("dtype", [np.int64, np.int16, np.uint32, object])
def test_rows_in_other_types_become_float64(dtype):
    rows = np.array([[1, 2], [3, 4]]).astype(dtype)
    assert check_rows(rows).dtype == np.float64
    np.testing.assert_array_equal(check_rows(rows), rows.astype(np.float64))


@pytest.mark.parametrize("like", [sparse.csc_array, sparse.coo_matrix])
def test_sparse_rows_come_back_as_csr(like):
    rows = np.eye(3)
    assert check_rows(like(rows)).format == "csr"
    np.testing.assert_array_equal(check_rows(like(rows)).toarray(), rows)


def test_repeated_and_unsorted_entries_are_put_in_order_in_a_copy():
    parts = (np.array([1.0, 2.0, 4.0]), [2, 0, 2], [0, 3])
    rows = sparse.csr_array(parts, shape=(1, 3))
    before = rows.indices.copy(), rows.data.copy()
    found = check_rows(rows)
    np.testing.assert_array_equal(found.indices, [0, 2])
    np.testing.assert_array_equal(found.data, [2.0, 5.0])
    np.testing.assert_array_equal(rows.indices, before[0])
    np.testing.assert_array_equal(rows.data, before[1])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("like", [np.array, sparse.csr_array])
def test_values_that_are_not_finite_are_refused_by_name(value, like):
    rows = np.ones((3, 2))
    rows[1, 1] = value
    with pytest.raises(ValueError, match=r"Input Y contains (NaN|infinity)"):
        check_rows(like(rows), name="Y")


def test_nan_passes_where_it_is_data_but_infinity_never_does():
    rows = np.array([[1.0, np.nan]])
    np.testing.assert_array_equal(check_rows(rows, allow_nan=True), rows)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        check_rows(np.array([[1.0, np.inf]]), allow_nan=True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([1.0, 2.0], "Expected 2D array"),
        (np.ones((2, 2, 2)), "dim 3"),
        (np.empty((0, 2)), "0 sample"),
        (np.empty((2, 0)), "0 feature"),
        ([["a", "b"]], "could not convert string"),
        (np.array([[1j, 2.0]]), "Complex data not supported"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        check_rows(rows)


def test_sparse_rows_are_refused_where_they_cannot_be_used():
    with pytest.raises(TypeError, match=r"[Ss]parse"):
        check_rows(sparse.csr_array(np.eye(2)), accept_sparse=False)


def test_rows_are_never_written_to():
    rows = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    rows.flags.writeable = False
    np.testing.assert_array_equal(check_rows(rows), rows)


# ---- what comes out ----


@pytest.mark.parametrize(
    ("dtypes", "expected"),
    [
        (["f4"], "f4"),
        (["f2"], "f4"),
        (["f4", "f2"], "f4"),
        (["f8"], "f8"),
        (["f4", "f8"], "f8"),
        (["u1"], "f8"),
        (["?", "f4"], "f8"),
    ],
)
def test_results_are_float32_for_float32_rows_only(dtypes, expected):
    assert output_dtype(*(np.empty(0, dtype) for dtype in dtypes)) == expected


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ([3], "row 3"),
        ([0, 4], "rows 0, 4"),
        (range(5), "rows 0, 1, 2, 3, 4"),
        (range(2, 9), "rows 2, 3, 4, 5, 6, ... (7 in all)"),
    ],
)
def test_the_first_rows_are_named(wrong, named):
    mask = np.isin(np.arange(10), list(wrong))
    assert first_rows(mask) == named


# ---- kinds of errors ----


@pytest.mark.parametrize(
    ("check", "arguments"),
    [
        (check_choice, ("norm", "l3", ["l1"])),
        (check_flag, ("copy", "no")),
        (lambda name, value: check_integer(name, value, low=0), ("k", "2")),
        (lambda name, value: check_integer(name, value, low=0), ("k", -1)),
        (check_real, ("p", "2")),
        (lambda name, value: check_real(name, value, low=0), ("p", -1)),
        (check_known_parameters, ("metric", ["q"], ["p"])),
    ],
    ids=label,
)
def test_errors_of_parameters_are_caught_as_either_kind(check, arguments):
    for kind in (ValueError, TypeError, ParameterError):
        with pytest.raises(kind, match=r"must be|unknown"):
            check(*arguments)


# ---- rows that are not finite ----


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize(
    "kind",
    [np.asarray, sparse.csc_array, np.float32, lambda X: X.astype(object)],
    ids=["array", "csc", "float32", "object"],
)
def test_bad_rows_are_named(kind, bad):
    table = np.ones((300, 2))
    table[[7, 200], 1] = bad
    with pytest.raises(ValueError, match=r"^Input table [\s\S]* rows 7, 200\.$"):
        check_rows(kind(table), name="table")


def test_rows_are_named_for_what_is_bad_about_them():
    table = np.ones((5, 2))
    table[1, 0], table[3, 1] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"at rows 1, 3\."):
        check_rows(table)
    with pytest.raises(ValueError, match=r"at row 3\."):
        check_rows(table, allow_nan=True)
    table[4, 0] = -1.0
    for kind in (np.asarray, sparse.csr_array):
        with (
            pytest.raises(ValueError, match=r"^bad\nLook at rows 1, 3, 4\.$"),
            naming_bad_rows(kind(table), allow_negative=False),
        ):
            raise ValueError("bad")


@pytest.mark.parametrize(
    "table",
    [[["a"]], [[1j]], [1.0, np.nan], [[1.0], [2.0, 3.0]], [[2.0]], None],
    ids=["words", "complex", "1-D", "ragged", "finite", "None"],
)
def test_other_errors_are_left_as_they_are(table):
    with (
        pytest.raises(ValueError, match=r"^something else$"),
        naming_bad_rows(table),
    ):
        raise ValueError("something else")


def test_errors_of_other_kinds_are_left_as_they_are():
    with (
        pytest.raises(UnicodeError, match="surrogates") as error,
        naming_bad_rows([[np.nan]]),
    ):
        "\ud800".encode()
    assert "row" not in str(error.value)
