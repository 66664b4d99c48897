"""Row norms and the guarded division: right at any size, one result for any layout."""

import math
from fractions import Fraction

import numpy as np
import pytest
from oracles_norms import p_norm
from scipy import sparse

from sknorms.norms import _rows
from sknorms.norms._scaled import (
    ScaledNorms,
    check_zero_rows,
    combine_norms,
    divide_rows,
    last_axis_norm,
    last_axis_scaled_norm,
    normalize_rows,
    rescale_rows,
    scaled_row_norms,
)

ORDERS = (0.5, 1.0, 1.5, 2.0, 3.0, 64.0, 2000.0, math.inf)
every_order = pytest.mark.parametrize("p", ORDERS)
EPS = float(np.finfo(np.float64).eps)


def table(kind, n_rows=12, n_columns=40, seed=0):
    """Rows of one kind each: from subnormal to huge, wide in range, sparse."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns))
    powers = rng.integers(-300, 300, size=X.shape)
    return {
        "ordinary": X,
        "tiny rows": X * 1e-300,
        "subnormal": X * 1e-315,
        "huge rows": X / np.abs(X).max() * 1.7e308,
        "rows of any size": X * 10.0 ** powers[:, :1],
        "elements of any size": X * 10.0**powers,
        "mostly zeros": np.where(rng.random(X.shape) < 0.9, 0.0, X),
    }[kind]


KINDS = (
    "ordinary",
    "tiny rows",
    "subnormal",
    "huge rows",
    "rows of any size",
    "elements of any size",
    "mostly zeros",
)
every_kind = pytest.mark.parametrize("kind", KINDS)


def same_bits(left, right):
    return left.dtype == right.dtype and left.tobytes() == right.tobytes()


@every_order
@every_kind
def test_true_norms(kind, p):
    X = table(kind)
    expected = [p_norm(row, p) for row in X]
    rel = 8 * EPS * max(1.0, 1.0 / p)
    np.testing.assert_allclose(scaled_row_norms(X, p).values, expected, rtol=rel)


@every_order
@every_kind
def test_scales_are_powers_of_two_and_norms_ordinary(kind, p):
    norms = scaled_row_norms(table(kind), p)
    assert (np.frexp(norms.scale)[0] == 0.5).all()
    assert np.isfinite(norms.norm).all()


@every_order
@every_kind
def test_divided_rows_have_norm_one(kind, p):
    X = table(kind)
    unit = divide_rows(X, scaled_row_norms(X, p))
    nonzero = X.any(axis=1)
    lengths = [p_norm(row, p) for row in unit[nonzero]]
    # Below p = 1 the p-th root magnifies what rounding is left in the sum.
    assert np.abs(np.array(lengths) - 1.0).max() <= 4 * EPS * max(1.0, 1.0 / p)
    assert not unit[~nonzero].any()


@pytest.mark.parametrize("size", [1e-45, 1e-38, 1.0, 1e38])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, math.inf])
def test_float32_is_divided_in_float64_and_rounded_once(size, p):
    rng = np.random.default_rng(0)
    X = (rng.integers(1, 4, size=(20, 30)) * size).astype(np.float32)
    unit = divide_rows(X, scaled_row_norms(X, p))
    wide = X.astype(np.float64)
    assert same_bits(
        unit, divide_rows(wide, scaled_row_norms(wide, p)).astype(np.float32)
    )
    lengths = [p_norm(row, p) for row in unit]
    assert np.abs(np.array(lengths) - 1.0).max() <= 4 * np.finfo(np.float32).eps


@every_order
@every_kind
def test_the_same_bits_for_any_block_layout_and_storage(monkeypatch, kind, p):
    X = table(kind)
    norms = scaled_row_norms(X, p)
    unit = divide_rows(X, norms)
    wide = np.repeat(X, 2, axis=1)
    variants = [
        np.asfortranarray(X),
        wide[:, ::2],
        X[::-1][::-1],
        sparse.csr_array(X),
        sparse.csr_matrix(X),
    ]
    for elements in (1, 100, 1 << 16):
        monkeypatch.setattr(_rows, "BLOCK_ELEMENTS", elements)
        for variant in variants:
            again = scaled_row_norms(variant, p)
            assert same_bits(again.norm, norms.norm)
            assert same_bits(again.scale, norms.scale)
            divided = divide_rows(variant, again)
            dense = divided.toarray() if sparse.issparse(divided) else divided
            np.testing.assert_array_equal(dense, unit)
            fused, measured = normalize_rows(variant, p)
            dense = fused.toarray() if sparse.issparse(fused) else fused
            np.testing.assert_array_equal(dense, unit)
            assert same_bits(measured.norm, norms.norm)


@pytest.mark.parametrize("n_columns", [1, 2, 7, 8, 9, 127, 128, 129, 1000, 5000])
def test_sparse_rows_of_any_length_have_the_bits_of_dense_ones(n_columns):
    rng = np.random.default_rng(n_columns)
    X = rng.normal(size=(9, n_columns)) ** 3
    X[rng.random(X.shape) < np.linspace(0, 1, 9)[:, np.newaxis]] = 0.0
    for p in (1.0, 2.0, 3.0, math.inf):
        dense, compressed = (
            scaled_row_norms(X, p),
            scaled_row_norms(sparse.csr_array(X), p),
        )
        assert same_bits(dense.norm, compressed.norm)


@every_order
def test_a_row_does_not_depend_on_its_neighbours(p):
    X = np.concatenate([table(kind) for kind in KINDS])
    together = last_axis_norm(X, p)
    assert together.shape == (len(X),)
    assert all(
        last_axis_norm(row, p) == norm for row, norm in zip(X, together, strict=True)
    )
    cube = X.reshape(7, 3, 4, 40)
    assert same_bits(last_axis_norm(cube, p).ravel(), together)


@every_order
@pytest.mark.parametrize("exponent", [-600, -1, 1, 600])
def test_powers_of_two_come_out_of_the_norm(p, exponent):
    X = table("ordinary")
    scaled = last_axis_norm(np.ldexp(X, exponent), p)
    assert same_bits(scaled, np.ldexp(last_axis_norm(X, p), exponent))


def test_plain_sums_are_not_rescaled():
    assert (scaled_row_norms(table("ordinary")).scale == 1.0).all()


def test_only_the_true_norm_may_overflow():
    norms = scaled_row_norms(np.full((1, 4), 1.5e308))
    assert norms.values == np.inf
    exact = Fraction(norms.norm[0]) / Fraction(norms.scale[0])
    assert exact == 2 * Fraction(1.5e308)
    unit = divide_rows(np.full((1, 4), 1.5e308), norms)
    np.testing.assert_array_equal(unit, 0.5)


def test_small_p_keeps_its_norm_finite_in_scaled_form():
    # 1000 elements of 1e-200 at p = 1/125 have norm 1e-200 * 1000^125 = 1e175.
    norms = scaled_row_norms(np.full((1, 1000), 1e-200), 0.008)
    assert norms.values[0] == pytest.approx(1e175, rel=1e-11)
    assert scaled_row_norms(np.full((1, 1000), 1.0), 0.008).values == np.inf


@every_order
def test_special_rows(p):
    X = np.array([[np.nan, np.inf], [-np.inf, 1.0], [0.0, -0.0], [5e-324, 0.0]])
    np.testing.assert_array_equal(
        scaled_row_norms(X, p).values, [np.nan, np.inf, 0.0, 5e-324]
    )


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_empty_tables(shape):
    X = np.zeros(shape)
    for empty in (X, sparse.csr_array(X)):
        norms = scaled_row_norms(empty)
        np.testing.assert_array_equal(norms.norm, np.zeros(shape[0]))
        assert divide_rows(empty, norms).shape == shape


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.int64, np.bool_, np.float16, np.float32]
)
def test_storage_types_are_widened_and_never_wrap(dtype):
    X = np.array([[100, 100, 127, 0], [1, 0, 1, 1]]).astype(dtype)
    before = X.copy()
    wide = X.astype(np.float64)
    assert same_bits(scaled_row_norms(X).norm, scaled_row_norms(wide).norm)
    unit = divide_rows(X, scaled_row_norms(X))
    small = dtype in (np.float16, np.float32)
    assert unit.dtype == (np.float32 if small else np.float64)
    np.testing.assert_array_equal(X, before)


def test_writing_in_place_and_into_an_array():
    for kind in (np.asarray, sparse.csr_array):
        X = kind(table("mostly zeros"))
        norms = scaled_row_norms(X)
        expected = divide_rows(X, norms)
        out = X.copy()
        assert divide_rows(out, norms, out=out) is out
        difference = abs(out - expected)
        assert difference.max() == 0.0


def test_a_sparse_result_shares_nothing_with_its_input():
    X = sparse.csr_array(table("mostly zeros"))
    unit = divide_rows(X, scaled_row_norms(X))
    assert not np.shares_memory(unit.indices, X.indices)
    assert not np.shares_memory(unit.indptr, X.indptr)


def test_zero_row_policy():
    norms = scaled_row_norms(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    check_zero_rows(norms, "keep")
    with pytest.raises(ValueError, match="zero norm in rows 1, 2"):
        check_zero_rows(norms, "raise")
    with pytest.raises(ValueError, match="zero must be one of"):
        check_zero_rows(norms, "drop")


def test_subnormal_rows_are_not_zero_rows():
    norms = scaled_row_norms(np.array([[5e-324, 0.0], [0.0, 1e-310]]))
    check_zero_rows(norms, "raise")


@pytest.mark.parametrize("p", [0.0, -1.0, math.nan])
def test_orders_that_are_none(p):
    with pytest.raises(ValueError, match="p must be a number > 0"):
        scaled_row_norms(np.ones((1, 2)), p)


@pytest.mark.parametrize("p", [None, "2", True, 1j])
def test_orders_that_are_no_numbers(p):
    with pytest.raises(TypeError, match="p must be a real number"):
        scaled_row_norms(np.ones((1, 2)), p)


@pytest.mark.parametrize("target", [1e-300, 1e-10, 3.0, 1e300])
@every_kind
def test_rescaled_rows_have_the_target_norm(kind, target):
    X = table(kind)
    X = X[X.any(axis=1)]
    norms = scaled_row_norms(X)
    scaled = rescale_rows(X, norms, np.full(len(X), target))
    lengths = [p_norm(row, 2) for row in scaled]
    np.testing.assert_allclose(lengths, target, rtol=4 * EPS)


@every_order
def test_combined_norms_are_those_of_the_whole_in_any_order(p):
    pieces = [table(kind) * 0.1 for kind in KINDS]
    parts = [scaled_row_norms(piece, p) for piece in pieces]
    whole = scaled_row_norms(np.concatenate(pieces, axis=1), p)
    combined = combine_norms(parts, p)
    rel = 20 * EPS * max(1.0, 1.0 / p)
    ratio = combined.norm / whole.norm * (whole.scale / combined.scale)
    np.testing.assert_allclose(ratio, 1.0, rtol=rel)
    assert same_bits(combine_norms(parts[::-1], p).values, combined.values)


def test_a_scaled_norm_can_be_sliced():
    norms = scaled_row_norms(table("rows of any size"))
    assert isinstance(norms[2:4], ScaledNorms)
    np.testing.assert_array_equal(norms[2:4].values, norms.values[2:4])
    assert last_axis_scaled_norm(np.ones((2, 3, 4))).norm.shape == (2, 3)
