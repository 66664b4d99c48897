"""Where the vectors are in an array."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.norms._layout import SliceLayout, as_array, as_table, narrow


@pytest.mark.parametrize(
    ("axis", "core_ndim", "core", "batch"),
    [
        (None, 1, (120,), ()),
        (0, 1, (2,), (3, 4, 5)),
        (-1, 1, (5,), (2, 3, 4)),
        ((0, 2), 1, (8,), (3, 5)),
        ((2, 0), 1, (8,), (3, 5)),
        ((), 1, (1,), (2, 3, 4, 5)),
        (None, 2, (4, 5), (2, 3)),
        ((0, 2), 2, (2, 4), (3, 5)),
        ((2, 0), 2, (4, 2), (3, 5)),
    ],
)
def test_gather_and_restore_are_inverse(axis, core_ndim, core, batch):
    x = np.arange(120).reshape(2, 3, 4, 5)
    layout = SliceLayout.of(x.shape, axis, core_ndim)
    slices = layout.gather(x)
    assert slices.shape == (int(np.prod(batch)), *core)
    assert layout.batch_shape == batch
    np.testing.assert_array_equal(layout.restore(slices), x)


def test_a_number_is_a_vector_of_one_element():
    layout = SliceLayout.of((), None, 1)
    assert layout.gather(np.array(3.0)).shape == (1, 1)
    assert layout.restore(np.array([[3.0]])).shape == ()


@pytest.mark.parametrize("axis", [3, -4, (0, 0), (0, -3), (0, 5)])
def test_axes_that_do_not_exist(axis):
    with pytest.raises(ValueError, match="axis must name distinct axes"):
        SliceLayout.of((2, 3, 4), axis, 1)


def test_matrices_need_two_axes():
    with pytest.raises(ValueError, match="at least two axes"):
        SliceLayout.of((3,), None, 2)
    with pytest.raises(ValueError, match="two axes for a matrix norm"):
        SliceLayout.of((2, 3, 4), 1, 2)


def test_numbers_for_slices():
    layout = SliceLayout.of((2, 3), 1, 1)
    for given in (5.0, [5.0, 5.0], [[5.0], [5.0]], np.float32(5.0)):
        np.testing.assert_array_equal(layout.per_slice("radius", given), [5.0, 5.0])
    for given in ([1.0, 2.0, 3.0], [[1.0, 2.0, 3.0]], np.ones((2, 3))):
        with pytest.raises(ValueError, match=r"radius must be a number or broadcast"):
            layout.per_slice("radius", given)


def test_numbers_for_elements():
    layout = SliceLayout.of((2, 3), 1, 1)
    np.testing.assert_array_equal(layout.per_element("step", [1.0, 2.0]), [[1], [2]])
    np.testing.assert_array_equal(
        layout.per_element("step", [1.0, 2.0, 3.0]), [[1, 2, 3], [1, 2, 3]]
    )
    transposed = SliceLayout.of((2, 3), 0, 1)
    np.testing.assert_array_equal(
        transposed.per_element("step", np.arange(6).reshape(2, 3)),
        np.arange(6).reshape(2, 3).T,
    )


@pytest.mark.parametrize("x", ["abc", [["a"]], [object()], np.array(["2020"], "M8[Y]")])
def test_what_is_no_number(x):
    with pytest.raises(TypeError, match="x must be an array of real numbers"):
        as_array(x)


def test_what_becomes_a_number():
    assert as_array([1, 2]).dtype.kind == "i"
    assert as_array([]).dtype == np.float64
    assert as_array(np.array([1, 2.5], dtype=object)).dtype == np.float64
    with pytest.raises(TypeError, match="complex"):
        as_array([1j])
    assert as_array([1j], complex_ok=True).dtype.kind == "c"


def test_tables():
    coo = sparse.coo_array(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2))
    np.testing.assert_array_equal(as_table(coo).data, [3.0])
    unsorted = sparse.csr_array(
        (np.array([1.0, 2.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2)
    )
    before = unsorted.indices.copy()
    np.testing.assert_array_equal(as_table(unsorted).indices, [0, 1])
    np.testing.assert_array_equal(unsorted.indices, before)
    with pytest.raises(TypeError, match="2-D sparse matrix of real numbers"):
        as_table(sparse.csr_array(np.array([[1j]])))
    with pytest.raises(ValueError, match="X must be 2-D"):
        as_table([1.0, 2.0])


def test_narrowing_rounds_to_the_output_type():
    wide = np.array([1e300, 0.1])
    np.testing.assert_array_equal(
        narrow(wide, np.zeros(1, np.float32)), np.array([np.inf, 0.1], np.float32)
    )
    assert narrow(wide, np.zeros(1, np.int8)).dtype == np.float64
