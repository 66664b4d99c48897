"""What is particular to l1, l2 and l-infinity."""

import numpy as np
import pytest

from sknorms.norms import L1, L2, LInf, Lp

INF = np.inf


def test_soft_thresholding():
    x = np.array([3.0, -3.0, 0.5, -0.5, 0.0, np.nan, INF])
    np.testing.assert_array_equal(
        L1().prox(x, 1.0), [2.0, -2.0, 0.0, 0.0, 0.0, np.nan, INF]
    )
    np.testing.assert_array_equal(L1().prox(x, INF), [0, 0, 0, 0, 0, np.nan, 0])


def test_soft_thresholding_with_a_step_an_element():
    x = np.array([[3.0, -3.0], [0.5, 8.0]])
    steps = np.array([[1.0, INF], [0.0, 2.0]])
    np.testing.assert_array_equal(L1().prox(x, steps), [[2.0, 0.0], [0.5, 6.0]])
    np.testing.assert_array_equal(L1().prox(x, steps, 0), [[2.0, 0.0], [0.5, 6.0]])
    np.testing.assert_array_equal(L1().prox(x, [1.0, 2.0]), [[2.0, -1.0], [0, 6.0]])
    # One step a row, because rows are the slices and there are as many steps.
    np.testing.assert_array_equal(L1().prox(x, [1.0, 2.0], 1), [[2.0, -2.0], [0, 6.0]])


def test_zeros_of_thresholding_are_exact_and_positive():
    z = L1().prox(np.array([-1.0, 1.0, -2.0]), 1.0)
    assert not np.signbit(z[:2]).any()
    p = L1().project(np.array([-0.1, 5.0]), 1.0)
    assert p[0] == 0.0
    assert p[1] == 1.0


@pytest.mark.parametrize("offset", [1.0, 1e8, 1e16])
def test_l1_projection_of_large_close_magnitudes(offset):
    x = np.array([offset + 2.0, -(offset + 2.0), offset])
    z = L1().project(x, 2.0)
    assert abs(np.abs(z).sum() - 2.0) <= 4 * 3 * 2.0**-53 * 2.0
    np.testing.assert_array_equal(z, [1.0, -1.0, 0.0])


def test_l2_prox_where_norm_and_step_nearly_cancel():
    x = np.array([3.0, 4.0])
    step = np.nextafter(5.0, 0.0)
    np.testing.assert_allclose(
        L2().prox(x, step), x / 5.0 * (5.0 - step), rtol=4e-16, atol=0
    )


def test_l2_projection_is_one_product():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 17))
    lengths = L2().value(x, 1)
    np.testing.assert_array_equal(
        L2().project(x, 0.25, 1), x * (0.25 / lengths)[:, np.newaxis]
    )


def test_linf_projection_clips_exactly():
    x = np.array([1.0 + 2.0**-52, -3.0, 0.5])
    np.testing.assert_array_equal(LInf().project(x, 1.0), [1.0, -1.0, 0.5])


def test_linf_prox_leaves_small_elements_bit_for_bit():
    x = np.array([10.0, 0.1, -0.3])
    np.testing.assert_array_equal(LInf().prox(x, 4.0), [6.0, 0.1, -0.3])


def test_conjugates():
    assert L1().conjugate == INF
    assert LInf().conjugate == 1.0
    assert L2().conjugate == 2.0
    assert Lp(3).conjugate == 1.5
    assert (L1().dual(), L2().dual(), LInf().dual()) == (LInf(), L2(), L1())
