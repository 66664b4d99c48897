"""Graphs are filled in blocks: the same bits for any budget, and within it."""

import tracemalloc

import numpy as np
import pytest
from layouts import assert_same_bits
from rows import rows_for

from sknorms.neighbors import (
    KNeighborsTransformer,
    RadiusNeighborsTransformer,
    kneighbors_graph,
    radius_neighbors_graph,
)

MIB = 1 << 20


def assert_same_graph(actual, expected):
    for part in ("data", "indices", "indptr"):
        assert_same_bits(getattr(actual, part), getattr(expected, part))


def measured(function):
    """Return a graph and how much was needed on the way to it, above itself."""
    tracemalloc.start()
    try:
        graph = function()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    own = sum(part.nbytes for part in (graph.data, graph.indices, graph.indptr))
    return graph, peak - own


# ---- any budget ----


@pytest.mark.kernels
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "dot"])
@pytest.mark.parametrize("include_self", [False, True])
def test_blocks_do_not_change_the_graph(metric, include_self):
    rows = rows_for(metric, 1200, whole=True).astype(np.float32)
    rules = {"metric": metric, "mode": "distance", "include_self": include_self}
    nearest = kneighbors_graph(rows, 9, **rules)
    radius = float(np.median(nearest.data))
    near = radius_neighbors_graph(rows, radius, sort_results=True, **rules)
    assert near.nnz > 5000
    # The least of these searches two queries at a time.
    for budget in (0.002, 0.05, 1):
        rules["working_memory"] = budget
        assert_same_graph(kneighbors_graph(rows, 9, **rules), nearest)
        found = radius_neighbors_graph(rows, radius, sort_results=True, **rules)
        assert_same_graph(found, near)


def test_blocks_of_training_rows_and_of_radii_of_their_own():
    rows = np.repeat(np.arange(300.0), 2)[:, None]
    radii = np.arange(600.0) % 7
    expected = (np.abs(rows - rows.T) <= radii[:, None]) & ~np.eye(600, dtype=bool)
    for budget in (0.05, None):
        graph = radius_neighbors_graph(rows, radii, working_memory=budget)
        np.testing.assert_array_equal(graph.toarray() == 1, expected)


def test_queries_without_any_neighbor():
    rows = np.arange(2000.0)[:, None]
    graph = radius_neighbors_graph(rows, 0.5, working_memory=0.01)
    assert (graph.nnz, graph.shape) == (0, (2000, 2000))
    assert graph.dtype == np.float64


# ---- the budget kept ----


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_working_memory_of_nearest_graphs(mode, dtype):
    rows = np.random.default_rng(0).normal(size=(4000, 4)).astype(dtype)
    kneighbors_graph(rows[:100], 5)  # compile and load before measuring
    for budget, n_jobs in ((2, 1), (6, 2)):
        model = KNeighborsTransformer(
            n_neighbors=100, mode=mode, working_memory=budget, n_jobs=n_jobs
        ).fit(rows)
        graph, above = measured(lambda fitted=model: fitted.transform(rows))
        # At once the neighbours found would take 18 MiB.
        assert above <= 1.1 * budget * MIB
        assert graph.nnz == 4000 * (100 + (mode == "distance"))


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
def test_working_memory_of_radius_graphs(mode):
    rows = np.random.default_rng(0).random((5000, 2))
    radius_neighbors_graph(rows[:100], 0.1)
    for budget, n_jobs in ((3, 1), (9, 2)):
        model = RadiusNeighborsTransformer(
            radius=0.06, mode=mode, working_memory=budget, n_jobs=n_jobs
        ).fit(rows)
        graph, above = measured(lambda fitted=model: fitted.transform(rows))
        assert graph.nnz > 250_000
        # At once the neighbours found would take more than 24 MiB.
        assert above <= 1.1 * budget * MIB
