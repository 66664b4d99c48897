"""Gradients in several arrays: joint norms, pure and in-place clipping."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles_norms import p_norm

from sknorms.norms import (
    clip_by_global_norm,
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
)

INF = np.inf
ORDERS = (0.5, 1.0, 2.0, 3.0, INF)
ordinary = settings(max_examples=60, deadline=None)
floats = st.floats(-1e3, 1e3, width=32)


def gradients(dtype=np.float64, size=1.0):
    rng = np.random.default_rng(0)
    shapes = [(3, 4), (5,), (), (2, 0), (2, 2, 2)]
    return [np.asarray(rng.normal(size=shape) * size).astype(dtype) for shape in shapes]


def joined(grads):
    return np.concatenate([np.ravel(g) for g in grads])


def reference_clip(grads, total, max_norm):
    """Apply the widely used rule: reciprocal first, in the norm's type, capped at 1."""
    with np.errstate(all="ignore"):
        kind = type(total)
        factor = np.minimum(kind(1) / (total + kind(1e-6)) * kind(max_norm), kind(1))
        return [g * factor.astype(g.dtype) for g in grads]


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("size", [1e-310, 1e-200, 1.0, 1e200, 1e305])
def test_total_norm_is_that_of_the_concatenated_vector(p, size):
    grads = gradients(size=size)
    expected = p_norm(joined(grads), p)
    assert get_total_norm(grads, p) == pytest.approx(expected, rel=1e-14)


def test_total_norm_does_not_depend_on_order_or_container():
    grads = [*gradients(), None]
    for p in (*ORDERS, 0, -INF):
        total = get_total_norm(grads, p)
        assert get_total_norm(grads[::-1], p) == total
        assert get_total_norm(tuple(grads), p) == total
        assert get_total_norm((g for g in grads), p) == total


def test_counts_are_over_elements_not_arrays():
    grads = [np.array([1.0, 0.0, 2.0]), np.array([[0.0, 3.0]]), np.zeros((0, 2))]
    assert get_total_norm(grads, 0) == 3.0
    assert get_total_norm(grads, -INF) == 0.0
    assert get_total_norm([np.array([-4.0]), np.array([5.0])], -INF) == 4.0


@pytest.mark.parametrize("p", [*ORDERS, 0, -INF])
@pytest.mark.parametrize("nothing", [[], (), [None], [np.zeros(0)]])
def test_nothing_has_norm_zero(p, nothing):
    assert get_total_norm(nothing, p) == 0.0


def test_long_arrays_are_measured_in_pieces():
    long = np.random.default_rng(1).normal(size=200_001).astype(np.float32)
    total = get_total_norm([long])
    assert total == np.float32(math.sqrt(math.fsum(float(v) ** 2 for v in long)))
    assert get_total_norm([long], INF) == np.abs(long).max()


def test_types_of_the_total():
    single, double = gradients(np.float32), gradients(np.float64)
    assert get_total_norm(single).dtype == np.float32
    assert get_total_norm(double).dtype == np.float64
    assert get_total_norm([single[0], double[1]]).dtype == np.float64
    assert get_total_norm([np.array([3, 4])]) == 5.0
    assert get_total_norm([np.array([3 + 4j, 0])]) == 5.0
    huge = [np.full(100, 1e38, dtype=np.float32)]
    assert get_total_norm(huge) == pytest.approx(1e39, rel=1e-6)


@pytest.mark.parametrize("value", [np.nan, INF, -INF])
def test_non_finite_totals(value):
    grads = [np.array([1.0, value])]
    total = get_total_norm(grads)
    assert not np.isfinite(total)
    for error in (ValueError, RuntimeError):
        with pytest.raises(error, match="total norm of order 2 must be finite"):
            get_total_norm(grads, error_if_nonfinite=True)


@ordinary
@given(
    first=arrays(np.float64, (2, 3), elements=floats),
    second=arrays(np.float64, 4, elements=floats),
    c=st.floats(0, 1e4),
)
def test_exact_global_clipping_is_the_formula(first, second, c):
    before = first.copy(), second.copy()
    clipped, total = clip_by_global_norm([first, None, second], c)
    assert total == get_total_norm([first, second])
    assert clipped[1] is None
    for new, old in ((clipped[0], first), (clipped[2], second)):
        if total <= c:
            assert new.tobytes() == old.tobytes()
        elif c > 1e-250 and total > c * (1 + 1e-15):
            np.testing.assert_array_equal(new, old * (c / total))
        assert not np.shares_memory(new, old)
    if c > 1e-250:
        length = p_norm(joined([clipped[0], clipped[2]]), 2)
        assert length <= c * (1 + 4 * 2.0**-53)
    np.testing.assert_array_equal(first, before[0])
    np.testing.assert_array_equal(second, before[1])


def test_a_single_array_comes_back_as_one():
    clipped, total = clip_by_global_norm(np.array([3.0, 4.0]), 2.5)
    np.testing.assert_array_equal(clipped, [1.5, 2.0])
    assert total == 5.0
    assert clip_by_global_norm([], 1.0) == ([], 0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_global_clipping_twice_is_once(dtype):
    once, _ = clip_by_global_norm(gradients(dtype), 0.3)
    twice, _ = clip_by_global_norm(once, 0.3)
    for left, right in zip(once, twice, strict=True):
        assert left.dtype == dtype
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize(
    ("value", "policy", "expected"),
    [
        (np.nan, "skip", [[0.0, 0.0], [0.0]]),
        (INF, "skip", [[0.0, 0.0], [0.0]]),
        (np.nan, "propagate", [[np.nan, np.nan], [np.nan]]),
        (INF, "propagate", [[0.0, np.nan], [0.0]]),
        (np.nan, "zero_nans", [[3 * 0.2, 0.0], [4 * 0.2]]),
        (INF, "zero_nans", [[0.0, np.nan], [0.0]]),
    ],
)
def test_non_finite_policies(value, policy, expected):
    grads = [np.array([3.0, value]), np.array([4.0])]
    clipped, _ = clip_by_global_norm(grads, 1.0, nonfinite=policy)
    for new, wanted in zip(clipped, expected, strict=True):
        np.testing.assert_array_equal(new, wanted)
    with pytest.raises(ValueError, match="must be finite to be clipped"):
        clip_by_global_norm(grads, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, INF])
@pytest.mark.parametrize("max_norm", [0.0, 1e-3, 0.7, 1.0, 1e4, INF])
def test_in_place_clipping_to_the_last_digit(dtype, p, max_norm):
    grads = gradients(dtype)
    expected_total = get_total_norm(grads, p)
    expected = reference_clip(grads, expected_total, max_norm)
    kept = list(grads)
    total = clip_grad_norm_(grads, max_norm, p)
    assert total == expected_total
    assert total.dtype == dtype
    for grad, same, wanted in zip(grads, kept, expected, strict=True):
        assert grad is same
        np.testing.assert_array_equal(grad, wanted)


def test_in_place_clipping_of_three_and_four():
    grads = [np.array([3.0]), np.array([4.0])]
    assert clip_grad_norm_(grads, 1.0) == 5.0
    assert p_norm(joined(grads), 2) == pytest.approx(1 / (1 + 2e-7), rel=1e-15)
    small = [np.array([1e-6])]
    clip_grad_norm_(small, 5e-7)
    np.testing.assert_allclose(small, 2.5e-7, rtol=1e-15)


@pytest.mark.parametrize(
    ("value", "expected"), [(INF, [0.0, np.nan]), (np.nan, [np.nan, np.nan])]
)
def test_in_place_clipping_of_what_is_not_finite(value, expected):
    grads = [np.array([3.0, value], dtype=np.float32)]
    with pytest.raises(RuntimeError, match="must be finite"):
        clip_grad_norm_(grads, 1.0, error_if_nonfinite=True)
    np.testing.assert_array_equal(grads[0], np.array([3.0, value], np.float32))
    assert not np.isfinite(clip_grad_norm_(grads, 1.0))
    np.testing.assert_array_equal(grads[0], expected)


def test_in_place_clipping_beyond_the_type_of_the_norm():
    single = [np.full(100, 1e38, dtype=np.float32)]
    assert clip_grad_norm_(single, 1.0) == pytest.approx(1e39, rel=1e-6)
    np.testing.assert_allclose(single[0], 0.1, rtol=1e-6)
    tiny = [np.full(4, 1.5e38, dtype=np.float32)]
    clip_grad_norm_(tiny, 2e-10)
    np.testing.assert_allclose(tiny[0], 1e-10, rtol=1e-6)
    double = [np.full(4, 1.5e308)]
    assert clip_grad_norm_(double, 2.0) == INF
    np.testing.assert_array_equal(double[0], 1.0)
    pairs = [np.full(2, 1.5e308 + 1.5e308j)]
    clip_grad_norm_(pairs, 2.0)
    np.testing.assert_allclose(pairs[0], 1.0 + 1.0j, rtol=1e-15)


def test_in_place_clipping_through_views_generators_and_complex():
    base = np.arange(12.0).reshape(3, 4)
    view = base[:, ::2]
    expected = reference_clip([view], get_total_norm(view), 1.0)[0]
    clip_grad_norm_((g for g in [view]), 1.0)
    np.testing.assert_array_equal(base[:, ::2], expected)
    np.testing.assert_array_equal(base[:, 1], [1.0, 5.0, 9.0])
    alone = np.array([3.0 + 4.0j])
    assert clip_grad_norm_(alone, 10.0) == 5.0
    np.testing.assert_array_equal(alone, [3.0 + 4.0j])
    half = [np.array([3.0, 4.0], dtype=np.float16)]
    assert clip_grad_norm_(half, 1.0).dtype == np.float32
    np.testing.assert_allclose(half[0], [0.6, 0.8], rtol=1e-3)


@pytest.mark.parametrize("p", [0, -INF])
def test_in_place_clipping_by_counts(p):
    grads = [np.array([4.0, 8.0])]
    total = 2.0 if p == 0 else 4.0
    expected = reference_clip(grads, np.float64(total), 1.0)
    assert clip_grad_norm_(grads, 1.0, p) == total
    np.testing.assert_array_equal(grads, expected)


def test_values_in_place():
    grads = [np.array([-3.0, 0.5, np.nan, INF], dtype=np.float32), None]
    assert clip_grad_value_(grads, 1.0) is None
    np.testing.assert_array_equal(grads[0], [-1.0, 0.5, np.nan, 1.0])
    alone = np.array([5.0])
    clip_grad_value_(alone, 0.0)
    np.testing.assert_array_equal(alone, [0.0])


@pytest.mark.parametrize("clip", [clip_grad_norm_, clip_grad_value_])
def test_what_cannot_be_changed_in_place(clip):
    good, locked = np.array([3.0, 4.0]), np.array([3.0, 4.0])
    locked.flags.writeable = False
    with pytest.raises(ValueError, match="position 1 is read-only"):
        clip([good, locked], 1.0)
    np.testing.assert_array_equal(good, [3.0, 4.0])
    for wrong in ([3.0, 4.0], np.array([3, 4]), 3.0):
        with pytest.raises(TypeError, match="floating-point numbers"):
            clip([good, wrong], 1.0)
    for wrong in (3.0, "abc", None, {"w": good}):
        with pytest.raises(TypeError, match="grads must be an array or an iterable"):
            clip(wrong, 1.0)
    np.testing.assert_array_equal(good, [3.0, 4.0])


def test_complex_numbers_have_no_value_to_clip():
    with pytest.raises(TypeError, match="grads must be real"):
        clip_grad_value_([np.array([1j])], 1.0)
    with pytest.raises(TypeError, match="real numbers"):
        clip_by_global_norm([np.array([1j])], 1.0)


@pytest.mark.parametrize("limit", [-1.0, np.nan])
def test_limits_that_are_none(limit):
    grads = [np.array([3.0, 4.0])]
    for clip in (clip_by_global_norm, clip_grad_norm_):
        with pytest.raises(ValueError, match="max_norm must be"):
            clip(grads, limit)
    with pytest.raises(ValueError, match="clip_value must be"):
        clip_grad_value_(grads, limit)
    np.testing.assert_array_equal(grads[0], [3.0, 4.0])


def test_norm_types_that_are_none():
    grads = [np.array([3.0, 4.0])]
    for wrong in (-1.0, np.nan):
        with pytest.raises(ValueError, match="number > 0"):
            get_total_norm(grads, wrong)
