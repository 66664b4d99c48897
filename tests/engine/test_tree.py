"""A tree of points, in spaces that bound keys."""

from dataclasses import dataclass

import numpy as np
import pytest

from sknorms.engine import ChordEmbedding, CoordinateSpace
from sknorms.engine._tree import Tree


@dataclass(frozen=True)
class Scaled(ChordEmbedding):
    """Rows times a factor; keys are lengths of differences before that."""

    factor: float

    def vectors(self, rows):
        return rows.astype(np.float64) * self.factor, 0.0

    def squared_reach(self, keys):
        return np.square(keys * self.factor)


SPACES = {
    "manhattan": (CoordinateSpace(1.0), 1),
    "cubes": (CoordinateSpace(3.0), 3),
    "chebyshev": (CoordinateSpace(np.inf), np.inf),
    "chord": (Scaled(2.0**30).tree_space(), 2),
}
spaces = pytest.mark.parametrize("name", SPACES)


def tables(n_columns=3):
    rng = np.random.default_rng(0)
    return rng.normal(size=(500, n_columns)), rng.normal(size=(20, n_columns))


@spaces
def test_no_row_within_a_key_is_outside_its_radius(name):
    space, order = SPACES[name]
    rows, queries = tables()
    tree = Tree.plant(space, rows)
    points, errors = tree.queries(queries)
    keys = np.linalg.norm(queries[:, None] - rows, ord=order, axis=2)
    limits = np.sort(keys, axis=1)[:, 9]
    radii = tree.radii(limits, errors)
    counts = tree.counts(points, radii, 1)
    found = np.split(tree.within(points, radii, 1), np.cumsum(counts)[:-1])
    for i, own in enumerate(found):
        assert set(np.flatnonzero(keys[i] <= limits[i])) <= set(own)
        assert len(own) <= 11


@spaces
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_the_nearest_points_come_first(name, n_jobs):
    space, order = SPACES[name]
    rows, queries = tables()
    tree = Tree.plant(space, rows)
    points, _ = tree.queries(queries)
    for count in (1, 4, 500):
        distances, indices = tree.nearest(points, count, n_jobs)
        assert distances.shape == indices.shape == (20, count)
        keys = np.linalg.norm(queries[:, None] - rows, ord=order, axis=2)
        np.testing.assert_array_equal(indices[:, 0], keys.argmin(axis=1))
        assert (np.diff(distances, axis=1) >= 0).all()


@pytest.mark.parametrize("largest", [1e299, 1.5e308])
def test_no_tree_where_distances_might_overflow(largest):
    rows, _ = tables()
    rows[7, 1] = largest
    assert Tree.plant(CoordinateSpace(2.0), rows) is None
    assert Tree.plant(Scaled(1.0).tree_space(), rows) is None


@spaces
def test_nothing_is_known_of_queries_where_distances_might_overflow(name):
    space, _ = SPACES[name]
    rows, queries = tables()
    queries[3] = 1e298
    tree = Tree.plant(space, rows)
    points, errors = tree.queries(queries)
    assert np.isfinite(points).all()
    np.testing.assert_array_equal(np.isinf(errors), np.arange(20) == 3)
    radii = tree.radii(np.zeros(20), errors)
    assert tree.counts(points, radii, 1)[3] == 500


def test_nothing_found_is_an_empty_list():
    rows, queries = tables()
    tree = Tree.plant(CoordinateSpace(1.0), rows)
    assert tree.within(queries[:2], np.full(2, -1.0), 1).size == 0
