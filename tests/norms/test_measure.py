"""Scaling to ordinary size is exact."""

import numpy as np
import pytest

from sknorms.norms._measure import measure_block, to_unit_size
from sknorms.norms._rows import DenseRows


@pytest.mark.parametrize("size", [2.0**-1070, 2.0**-500, 1.0, 2.0**1000])
def test_unit_size_is_exact(size):
    slices = np.array([[3.0, -1.5, 0.0], [0.25, 0.5, 1.0]]) * size
    scaled, exponent = to_unit_size(slices)
    np.testing.assert_array_equal(np.ldexp(scaled, exponent[:, np.newaxis]), slices)
    assert (np.abs(scaled).max(axis=1) < 1.0).all()
    assert np.isfinite(np.ldexp(1.0, -exponent)).all()


def test_unit_size_leaves_zero_and_non_finite_slices_alone():
    slices = np.array([[0.0, 0.0], [np.inf, 1.0], [np.nan, 1.0]])
    scaled, exponent = to_unit_size(slices)
    np.testing.assert_array_equal(scaled, slices)
    np.testing.assert_array_equal(exponent, 0)


def test_matrices_are_scaled_as_a_whole():
    scaled, exponent = to_unit_size(np.array([[[4.0, 1.0], [0.0, 2.0]]]))
    np.testing.assert_array_equal(scaled * 2.0 ** exponent[0], [[[4, 1], [0, 2]]])
    assert np.abs(scaled).max() == 0.5


def test_plain_and_scaled_measures_agree_to_the_bit():
    # The same numbers, once in the plain range and once so small that they are scaled.
    values = np.random.default_rng(0).normal(size=(50, 30))
    for p in (1.0, 2.0, 3.0):
        scale, norm = measure_block(DenseRows(values), p)
        far_scale, far_norm = measure_block(DenseRows(np.ldexp(values, -700)), p)
        np.testing.assert_array_equal(
            np.ldexp(norm / scale, -700), far_norm / far_scale
        )
