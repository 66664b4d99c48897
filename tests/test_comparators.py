"""The comparators see what differs, and only that."""

import numpy as np
import pytest
from comparators import (
    assert_same_neighborhoods,
    assert_same_neighbors,
    neighbor_faults,
    neighborhood_faults,
)

DISTANCES = np.array([[0.0, 1.0, 1.0, 2.0]])
INDICES = np.array([[4, 7, 5, 1]])


def test_equal_answers_agree():
    assert_same_neighbors((DISTANCES, INDICES), (DISTANCES.copy(), INDICES.copy()))


def test_order_within_a_tie_is_free():
    assert neighbor_faults((DISTANCES, [[4, 5, 7, 1]]), (DISTANCES, INDICES)) == []


def test_what_a_cut_tie_holds_is_free():
    distances = [[0.0, 1.0]]
    assert neighbor_faults((distances, [[4, 7]]), (distances, [[4, 5]])) == []


def test_rounding_is_forgiven_up_to_the_tolerance():
    near = DISTANCES * (1 + 1e-11)
    assert neighbor_faults((near, INDICES), (DISTANCES, INDICES)) == []
    assert neighbor_faults((near, INDICES), (DISTANCES, INDICES), rtol=1e-13, atol=0)


@pytest.mark.parametrize(
    ("distances", "indices"),
    [
        ([[0.0, 1.0, 1.0, 2.1]], INDICES),
        (DISTANCES, [[3, 7, 5, 1]]),
        (DISTANCES, [[4, 7, 6, 1]]),
        (DISTANCES, [[4, 7, 7, 1]]),
        (DISTANCES, [[7, 4, 5, 1]]),
        ([[0.0, 1.0, np.nan, 2.0]], INDICES),
        (DISTANCES[:, :3], INDICES[:, :3]),
    ],
    ids=[
        "a distance",
        "the nearest",
        "a tied one",
        "twice the same",
        "order",
        "NaN",
        "shape",
    ],
)
def test_wrong_neighbors_are_seen(distances, indices):
    assert neighbor_faults((distances, indices), (DISTANCES, INDICES))
    with pytest.raises(AssertionError):
        assert_same_neighbors((distances, indices), (DISTANCES, INDICES))


def lists(*rows):
    out = np.empty(len(rows), dtype=object)
    out[:] = [np.array(row) for row in rows]
    return out


NEAR = (lists([0.5, 1.0], []), lists([3, 8], []))


def test_equal_neighborhoods_agree_in_any_order():
    swapped = (lists([1.0, 0.5], []), lists([8, 3], []))
    assert_same_neighborhoods(swapped, NEAR, radius=1.0)


def test_the_boundary_is_free():
    without = (lists([0.5], []), lists([3], []))
    assert neighborhood_faults(without, NEAR, radius=1.0) == []
    assert neighborhood_faults(without, NEAR, radius=1.1)


@pytest.mark.parametrize(
    "wrong",
    [
        (lists([0.5, 1.0], [0.2]), lists([3, 8], [0])),
        (lists([0.6, 1.0], []), lists([3, 8], [])),
        (lists([0.5, 0.5, 1.0], []), lists([3, 3, 8], [])),
        (lists([0.5, 1.0]), lists([3, 8])),
    ],
    ids=["one more", "a distance", "twice the same", "a query less"],
)
def test_wrong_neighborhoods_are_seen(wrong):
    assert neighborhood_faults(wrong, NEAR, radius=1.0)
    with pytest.raises(AssertionError):
        assert_same_neighborhoods(wrong, NEAR, radius=1.0)
