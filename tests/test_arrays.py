"""Blocks of rows in float64, and sums that depend on a row alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import LAYOUTS, assert_same_bits
from scipy import sparse

from sknorms._arrays import row_slices, row_sum, some_rows, widen

# SciPy has no sparse matrices of float16.
STORED = [(np.array, "f2")] + [
    (like, dtype)
    for like in (np.array, sparse.csr_array, sparse.csr_matrix)
    for dtype in ("f8", "f4", "i1", "u1", "?", "i8")
]


@pytest.mark.parametrize(("like", "dtype"), STORED)
def test_any_storage_widens_to_the_values_it_holds(like, dtype):
    rows = np.array([[0, 1, 0], [100, 0, 1]]).astype(dtype)
    wide = widen(like(rows))
    assert wide.dtype == np.float64
    assert wide.flags.c_contiguous
    np.testing.assert_array_equal(wide, rows.astype(np.float64))


def test_rows_that_are_wide_already_are_not_copied():
    rows = np.ones((3, 2))
    assert widen(rows) is rows


@pytest.mark.parametrize("layout", ["Fortran", "strided", "read-only"])
def test_any_layout_widens_to_rows_next_to_each_other(layout):
    rows = np.arange(6.0).reshape(2, 3)
    assert widen(LAYOUTS[layout](rows)).flags.c_contiguous
    np.testing.assert_array_equal(widen(LAYOUTS[layout](rows)), rows)


@pytest.mark.parametrize(
    ("dtype", "value", "total"),
    [("i1", 100, 300.0), ("u1", 200, 600.0), ("f4", 3e38, 3 * float(np.float32(3e38)))],
)
def test_repeated_sparse_entries_neither_wrap_nor_overflow(dtype, value, total):
    entries = np.array([value] * 3, dtype=dtype)
    rows = sparse.csr_array((entries, [0, 0, 0], [0, 3]), shape=(1, 2))
    np.testing.assert_array_equal(widen(rows), [[total, 0.0]])


@pytest.mark.parametrize("width", [0, 1, 7, 8, 129, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sum_is_the_same_bits_in_every_block(width, dtype):
    rng = np.random.default_rng(width)
    terms = (rng.normal(size=(24, width)) * 10.0 ** rng.integers(-9, 9, width)).astype(
        dtype
    )
    sums = row_sum(terms)
    assert sums.dtype == np.float64
    for start, stop in [(0, 1), (5, 6), (3, 20)]:
        assert_same_bits(row_sum(terms[start:stop]), sums[start:stop])
    assert_same_bits(row_sum(terms.reshape(4, 6, width)).ravel(), sums)
    assert_same_bits(row_sum(np.asfortranarray(terms)), sums)
    assert_same_bits(row_sum(np.repeat(terms, 2, axis=1)[:, ::2]), sums)
    assert_same_bits(np.array([row_sum(row) for row in terms]), sums)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=300))
def test_a_sum_is_as_close_as_pairwise_addition(terms):
    error = abs(float(row_sum(np.array(terms))) - math.fsum(terms))
    # Blocks of 128 terms eight at a time, then pairwise: below 32 roundings in all.
    assert error <= 32 * 2.0**-53 * math.fsum(map(abs, terms))


@given(st.integers(0, 100), st.integers(1, 30))
def test_slices_cover_every_row_once(n_rows, step):
    slices = row_slices(n_rows, step)
    rows = list(range(n_rows))
    assert [row for part in slices for row in rows[part]] == rows
    assert all(0 < part.stop - part.start <= step for part in slices)


@given(n_rows=st.integers(0, 5_000), size=st.integers(1, 600))
def test_some_rows_are_one_of_each_stretch(n_rows, size):
    rows = some_rows(n_rows, size)
    assert rows.dtype == np.intp
    assert len(rows) == min(n_rows, size)
    if len(rows):
        stretch = (rows * len(rows) + len(rows) - 1) // n_rows
        assert np.all(np.diff(rows) > 0)
        assert 0 <= rows[0] <= rows[-1] < n_rows
        assert np.all(np.abs(stretch - np.arange(len(rows))) <= 1)


@pytest.mark.parametrize("period", [2, 3, 5, 8, 13, 21, 64, 100])
def test_some_rows_are_of_every_kind_where_kinds_take_turns(period):
    for n_rows in (period * 4_096, 100_003):
        shares = np.bincount(some_rows(n_rows, 4_096) % period, minlength=period)
        assert shares.min() > 0.5 * 4_096 / period
        assert shares.max() < 1.5 * 4_096 / period
