"""The rule behind clipping: where the factor itself is at the edge of its type."""

import numpy as np
import pytest

from sknorms.norms._clip_slices import (
    NONFINITE_POLICIES,
    apply_policy,
    clip_slices,
    without_nans,
)
from sknorms.norms._scaled import scaled_row_norms

DOUBLE = np.dtype(np.float64)


def clip(rows, limit, eps=0.0, nonfinite="raise"):
    rows = np.array(rows)
    limits = np.full(len(rows), limit)
    norms = scaled_row_norms(rows)
    return clip_slices(rows, norms, limits, eps=eps, nonfinite=nonfinite, dtype=DOUBLE)


@pytest.mark.parametrize("eps", [0.0, 1e-6])
@pytest.mark.parametrize(
    ("row", "limit", "expected"),
    [
        ([3e300, 4e300], 5e-20, [3e-20, 4e-20]),
        ([1.5e308, 1.5e308, 1.5e308, 1.5e308], 2e-300, [1e-300] * 4),
        ([3e-310, 4e-310], 1.0, [3e-310, 4e-310]),
        ([3.0, 4.0], 5e-320, [3e-320, 4e-320]),
    ],
)
def test_factors_too_small_for_a_double(row, limit, expected, eps):
    rtol = 1e-3 if limit < 1e-308 else 1e-6 if eps else 1e-14
    np.testing.assert_allclose(clip([row], limit, eps), [expected], rtol=rtol)


def test_a_norm_beyond_the_largest_double_is_longer_than_any_limit():
    row = [1.7e308, 1.7e308]
    clipped = clip([row], 1.7e308)
    np.testing.assert_allclose(clipped, [[1.7e308 / np.sqrt(2)] * 2])


def test_tiny_limit_with_eps_follows_the_formula():
    np.testing.assert_allclose(clip([[1e-6]], 5e-310, 1e-6), [[2.5e-310]], rtol=1e-10)


def test_policies():
    rows = np.array([[1.0, 2.0], [np.nan, 1.0]])
    norms = scaled_row_norms(rows)
    assert apply_policy(rows, norms, "propagate") is rows
    np.testing.assert_array_equal(apply_policy(rows, norms, "skip"), [[1, 2], [0, 0]])
    with pytest.raises(ValueError, match="row 1"):
        apply_policy(rows, norms, "raise")
    np.testing.assert_array_equal(without_nans(rows, "zero_nans"), [[1, 2], [0, 1]])
    for policy in NONFINITE_POLICIES:
        np.testing.assert_array_equal(without_nans(rows[:1], policy), rows[:1])
    assert np.isnan(rows[1, 0])
