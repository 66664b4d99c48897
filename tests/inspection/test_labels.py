"""Labels at the ends of lines: apart, in order, and near to where they belong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sknorms.inspection._labels import spread


def test_labels_with_room_stay():
    assert spread([0.1, 0.5, 0.9], 0.1) == pytest.approx([0.1, 0.5, 0.9])


def test_labels_at_one_place_spread_around_it():
    assert spread([0.5, 0.5, 0.5], 0.1) == pytest.approx([0.4, 0.5, 0.6])


def test_labels_at_the_ends_are_pushed_inside():
    assert spread([0.0, 0.0], 0.1) == pytest.approx([0.0, 0.1])
    assert spread([1.0, 1.0], 0.1) == pytest.approx([0.9, 1.0])


@given(st.lists(st.floats(0.0, 1.0), max_size=9), st.floats(0.01, 0.1))
def test_labels_are_apart_in_order_and_inside(places, apart):
    found = spread(sorted(places), apart)
    assert len(found) == len(places)
    assert all(np.diff(found) >= apart * (1 - 1e-9))
    assert all(-1e-9 <= place <= 1 + 1e-9 for place in found)
