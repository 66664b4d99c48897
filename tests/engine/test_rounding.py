"""Rounding to the safe side, and the size of what float32 can get wrong."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknorms.engine._rounding import (
    gamma32,
    power_of_two_scale,
    round_down32,
    round_up32,
)

numbers = st.lists(st.floats(allow_nan=False), min_size=1, max_size=5).map(np.array)
EDGES = np.array([0.0, -0.0, 5e-324, 1e-46, 1e-40, 1.0, 1 + 1e-9, 3.4e38, 3.5e38])


@given(numbers)
def test_rounding_is_to_the_safe_side(values):
    up, down = round_up32(values), round_down32(values)
    assert up.dtype == down.dtype == np.float32
    assert (up.astype(np.float64) >= values).all()
    assert (down.astype(np.float64) <= values).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_rounding_is_to_the_safe_side_at_the_edges(sign):
    values = sign * EDGES
    assert (round_up32(values).astype(np.float64) >= values).all()
    assert (round_down32(values).astype(np.float64) <= values).all()


def test_rounding_moves_by_little():
    values = np.random.default_rng(0).normal(size=1000)
    for rounded in (round_up32(values), round_down32(values)):
        np.testing.assert_allclose(rounded, values, rtol=2.0**-22)


def test_infinite_numbers_stay_infinite():
    ends = np.array([-np.inf, np.inf])
    assert round_up32(ends)[1] == np.inf
    assert round_down32(ends)[0] == -np.inf


def test_values_are_not_written_to():
    values = np.array([1.1, -2.2])
    values.flags.writeable = False
    round_up32(values)
    round_down32(values)


@pytest.mark.parametrize("n", [1, 3, 50, 1000])
def test_gamma_covers_a_product_summed_in_the_worst_order(n):
    rng = np.random.default_rng(n)
    for _ in range(20):
        x, y = rng.normal(size=(2, n)).astype(np.float32)
        total = np.float32(0.0)
        for a, b in zip(x, y, strict=True):
            total = np.float32(total + np.float32(a * b))
        pairs = zip(x.tolist(), y.tolist(), strict=True)
        terms = [Fraction(a) * Fraction(b) for a, b in pairs]
        size = float(sum(map(abs, terms)))
        assert abs(float(sum(terms) - Fraction(float(total)))) <= gamma32(n) * size


def test_gamma_grows_and_ends_where_it_says_nothing():
    found = [gamma32(n) for n in (1, 10, 10**4, 10**6, 2**22)]
    assert found == sorted(set(found))
    assert gamma32(1) >= 2.0**-24
    assert gamma32(2**24) == gamma32(10**9) == np.inf


@given(numbers.map(np.abs))
def test_a_scale_is_a_power_of_two(sizes):
    scale = power_of_two_scale(sizes)
    assert np.isfinite(scale)
    assert np.frexp(scale)[0] == 0.5


@pytest.mark.parametrize("size", [1e-300, 1e-30, 0.3, 1.0, 7.0, 1e30, 1e300])
def test_a_scale_brings_the_usual_size_near_one(size):
    sizes = size * np.array([0.0, 0.9, 1.0, 1.1, 1e5])
    assert 0.5 <= power_of_two_scale(sizes) * size <= 2.0


@pytest.mark.parametrize("sizes", [[], [0.0], [np.inf, np.nan, 0.0]])
def test_a_scale_of_nothing_is_one(sizes):
    assert power_of_two_scale(np.array(sizes)) == 1.0
