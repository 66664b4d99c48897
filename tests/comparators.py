"""Compare neighbours found by two programs that may break ties differently.

Two searches agree if their distances do, row by row, and if they name the same rows
wherever the distances tell the rows apart. Every comparison comes as a function that
lists the disagreements (tried on wrong answers in `test_comparators.py`) and an
assertion that there are none.
"""

import itertools

import numpy as np

__all__ = [
    "assert_same_neighborhoods",
    "assert_same_neighbors",
    "neighbor_faults",
    "neighborhood_faults",
]


def assert_same_neighbors(actual, expected, *, rtol=1e-9, atol=1e-12):
    """Assert that two (distances, indices) of shape (n, k) agree up to ties."""
    faults = neighbor_faults(actual, expected, rtol=rtol, atol=atol)
    assert faults == [], faults[:3]


def assert_same_neighborhoods(actual, expected, radius, *, rtol=1e-9, atol=1e-12):
    """Assert that two radius searches agree up to what lies on the boundary."""
    faults = neighborhood_faults(actual, expected, radius, rtol=rtol, atol=atol)
    assert faults == [], faults[:3]


def neighbor_faults(actual, expected, *, rtol=1e-9, atol=1e-12):
    """List where two searches for the k nearest disagree."""
    (distances, indices), (other_distances, other_indices) = (
        (np.asarray(d), np.asarray(i)) for d, i in (actual, expected)
    )
    shapes = {a.shape for a in (distances, indices, other_distances, other_indices)}
    if len(shapes) != 1:
        return [f"shapes differ: {sorted(shapes)}"]
    faults = []
    for row in range(len(distances)):
        fault = _row_fault(
            (distances[row], indices[row]),
            (other_distances[row], other_indices[row]),
            rtol=rtol,
            atol=atol,
        )
        faults += [f"row {row}: {fault}"] if fault else []
    return faults


def _row_fault(actual, expected, *, rtol, atol):
    (distances, indices), (wanted, wanted_indices) = actual, expected
    if not np.allclose(distances, wanted, rtol=rtol, atol=atol):
        return f"distances {distances} are not {wanted}"
    if len(set(indices)) < len(indices):
        return f"indices {indices} repeat themselves"
    gaps = np.abs(np.diff(wanted)) > atol + rtol * np.abs(wanted[1:])
    starts = np.concatenate([[0], np.flatnonzero(gaps) + 1])
    # The last group of equal distances may have been cut off anywhere.
    for start, stop in itertools.pairwise(starts):
        if set(indices[start:stop]) != set(wanted_indices[start:stop]):
            return f"indices {indices} are not {wanted_indices}"
    return ""


def neighborhood_faults(actual, expected, radius, *, rtol=1e-9, atol=1e-12):
    """List where two radius searches, as arrays of arrays, disagree."""
    lists = [*actual, *expected]
    if len({len(part) for part in lists}) != 1:
        return [f"numbers of queries differ: {[len(part) for part in lists]}"]
    faults = []
    for row, (distances, indices, wanted, wanted_indices) in enumerate(
        zip(*lists, strict=True)
    ):
        found = dict(zip(indices, distances, strict=True))
        other = dict(zip(wanted_indices, wanted, strict=True))
        if len(found) != len(indices):
            faults.append(f"row {row}: indices {indices} repeat themselves")
        for index in found.keys() & other.keys():
            if not np.isclose(found[index], other[index], rtol=rtol, atol=atol):
                faults.append(f"row {row}: {found[index]} is not {other[index]}")
        for index in found.keys() ^ other.keys():
            distance = found.get(index, other.get(index))
            if not np.isclose(distance, radius, rtol=rtol, atol=atol):
                faults.append(f"row {row}: {index} at {distance} is in one list only")
    return faults
