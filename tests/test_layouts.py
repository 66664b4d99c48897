"""The comparison of bits sees what a comparison of values does not."""

import numpy as np
import pytest
from layouts import LAYOUTS, assert_same_bits
from scipy import sparse

ROWS = np.array([[1.0, -2.0], [0.0, 4.0]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, np.bool_])
def test_equal_bits_pass(dtype):
    assert_same_bits(ROWS.astype(dtype), ROWS.astype(dtype))
    assert_same_bits(np.asfortranarray(ROWS), ROWS)


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (np.array([-0.0]), np.array([0.0])),
        (np.float32([1.0]), np.float64([1.0])),
        (np.array([1.0]), np.nextafter([1.0], 2.0)),
        (np.array([1.0]), np.array([[1.0]])),
        (np.array([1.0, 2.0]), np.array([1.0])),
    ],
    ids=["sign of zero", "dtype", "last bit", "dimensions", "length"],
)
def test_other_bits_fail(actual, expected):
    with pytest.raises(AssertionError):
        assert_same_bits(actual, expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_keeps_the_values(layout):
    laid = LAYOUTS[layout](ROWS)
    dense = laid.toarray() if sparse.issparse(laid) else np.asarray(laid)
    np.testing.assert_array_equal(dense, ROWS)
