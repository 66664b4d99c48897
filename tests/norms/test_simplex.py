"""Projection onto simplices and weighted l1 balls."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sknorms.norms import project_simplex
from sknorms.norms._simplex import weighted_threshold

ordinary = settings(max_examples=60, deadline=None)
points = arrays(np.float64, st.integers(1, 6), elements=st.floats(-10, 10, width=32))


def by_trying_every_support(x, total):
    """Return the nearest of the projections onto the affine hulls of all faces."""
    best = None
    for size in range(1, len(x) + 1):
        for support in itertools.combinations(range(len(x)), size):
            z = np.zeros(len(x))
            kept = list(support)
            z[kept] = x[kept] - (math.fsum(x[kept]) - total) / size
            worse = best is not None and ((z - x) ** 2).sum() >= ((best - x) ** 2).sum()
            if (z >= 0).all() and not worse:
                best = z
    return best


@ordinary
@given(x=points, total=st.floats(0.01, 50))
def test_against_every_support(x, total):
    np.testing.assert_allclose(
        project_simplex(x, total), by_trying_every_support(x, total), atol=1e-12
    )


@pytest.mark.parametrize("offset", [0.0, -1e16, 1e16, 1e300])
@pytest.mark.parametrize("total", [1e-300, 1.0, 1e10])
def test_sums_are_exact_whatever_the_offset(offset, total):
    x = np.random.default_rng(0).normal(size=(20, 300)) * total + offset
    z = project_simplex(x, total)
    sums = np.array([math.fsum(row) for row in z])
    assert (np.abs(sums - total) <= 4 * 300 * 2.0**-53 * total).all()
    assert (z >= 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_on_the_simplex_come_back_bit_for_bit(dtype):
    x = np.random.default_rng(1).normal(size=(50, 1000)).astype(dtype) * 0.01
    once = project_simplex(x, 3.0)
    assert once.dtype == dtype
    np.testing.assert_array_equal(project_simplex(once, 3.0), once)


def test_a_mixture_of_one_large_and_many_small_elements_is_projected_once():
    x = np.full(10**5, 1e-6)
    x[0] = 0.7
    once = project_simplex(x, 0.6)
    np.testing.assert_array_equal(project_simplex(once, 0.6), once)


def test_ties_and_ends():
    np.testing.assert_array_equal(
        project_simplex([5.0, 5.0, 5.0, 1.0]), [1 / 3] * 3 + [0]
    )
    np.testing.assert_array_equal(project_simplex([3.0, -1.0], 0.0), [0.0, 0.0])
    np.testing.assert_array_equal(project_simplex([-7.0], 2.0), [2.0])
    assert np.isnan(project_simplex([np.nan, 1.0])).all()


def test_axes_and_one_radius_a_slice():
    x = np.random.default_rng(2).normal(size=(4, 5))
    whole = project_simplex(x.T, [1.0, 2.0, 3.0, 4.0], axis=0)
    for row, total, z in zip(x, range(1, 5), whole.T, strict=True):
        np.testing.assert_array_equal(project_simplex(row, total), z)
    assert project_simplex(x, axis=None).sum() == pytest.approx(1.0)


def test_bad_input():
    with pytest.raises(ValueError, match="radius must be >= 0"):
        project_simplex([1.0], -1.0)
    with pytest.raises(ValueError, match="radius must be finite"):
        project_simplex([1.0], np.inf)
    with pytest.raises(ValueError, match="at least one element"):
        project_simplex(np.zeros((2, 0)))
    with pytest.raises(TypeError, match="real numbers"):
        project_simplex(["a"])


@ordinary
@given(
    a=arrays(np.float64, 5, elements=st.floats(0, 10, width=32)),
    w=arrays(np.float64, 5, elements=st.floats(0.125, 4, width=32)),
    fraction=st.floats(0.01, 0.99),
)
def test_weighted_threshold_meets_the_budget(a, w, fraction):
    budget = fraction * (w * a).sum()
    if budget == 0.0:
        return
    tau = weighted_threshold(a[np.newaxis], w, np.array([budget]))[0, 0]
    z = np.maximum(a - tau * w, 0.0)
    assert tau >= 0
    assert (w * z).sum() == pytest.approx(budget, rel=1e-12)
