"""Accumulators: the same outcome for every order and split of the candidates."""

import numpy as np
import pytest

from sknorms.engine._collect import TopK, WithinRadius

pytestmark = pytest.mark.kernels

N_QUERIES, N_CORPUS = 6, 50


def candidates(seed=0):
    """Every pair once, with many tied keys, sorted by row as the engine offers them."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(N_QUERIES), N_CORPUS)
    indices = np.concatenate([rng.permutation(N_CORPUS) for _ in range(N_QUERIES)])
    keys = rng.integers(0, 7, len(rows)).astype(float)
    return rows, indices, keys


def naive_order(rows, indices, keys, query):
    own = rows == query
    order = np.lexsort((indices[own], keys[own]))
    return indices[own][order], keys[own][order]


@pytest.mark.parametrize("k", [1, 5, N_CORPUS, 200])
@pytest.mark.parametrize("parts", [1, 3, 11])
def test_top_k_is_the_smallest_by_key_then_index(k, parts):
    rows, indices, keys = candidates()
    top = TopK(N_QUERIES, k)
    for chosen in np.array_split(
        np.random.default_rng(1).permutation(len(rows)), parts
    ):
        chosen = np.sort(chosen)
        top.add(rows[chosen], indices[chosen], keys[chosen])
    found_keys, found = top.finish()
    for query in range(N_QUERIES):
        ids, values = naive_order(rows, indices, keys, query)
        n = min(k, N_CORPUS)
        np.testing.assert_array_equal(found[query, :n], ids[:n])
        np.testing.assert_array_equal(found_keys[query, :n], values[:n])
        assert np.isinf(found_keys[query, n:]).all()


def test_merging_shards_equals_one_pass():
    rows, indices, keys = candidates()
    whole, left, right = (TopK(N_QUERIES, 8) for _ in range(3))
    whole.add(rows, indices, keys)
    low = indices < 20
    left.add(rows[low], indices[low], keys[low])
    right.add(rows[~low], indices[~low], keys[~low])
    right.merge(left)
    for ours, expected in zip(right.finish(), whole.finish(), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_what_is_sorted_still_takes_in_candidates():
    rows, indices, keys = candidates()
    early, late = TopK(N_QUERIES, 8), TopK(N_QUERIES, 8)
    late.add(rows, indices, keys)
    low = indices < 20
    early.add(rows[low], indices[low], keys[low])
    early.sort()
    early.add(rows[~low], indices[~low], keys[~low])
    for ours, expected in zip(early.finish(), late.finish(), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_merging_a_shard_that_found_too_little():
    few, more = TopK(1, 3), TopK(1, 3)
    few.add(np.array([0]), np.array([9]), np.array([1.0]))
    more.add(np.array([0, 0]), np.array([4, 2]), np.array([1.0, 3.0]))
    more.merge(few)
    np.testing.assert_array_equal(more.finish()[1], [[4, 9, 2]])


def test_keys_that_are_not_numbers_never_enter():
    top = TopK(1, 2)
    top.add(np.array([0, 0]), np.array([1, 2]), np.array([np.nan, 5.0]))
    np.testing.assert_array_equal(top.finish()[0], [[5.0, np.inf]])
    inside = WithinRadius(np.array([9.0]))
    inside.add(np.array([0, 0]), np.array([1, 2]), np.array([np.nan, 5.0]))
    np.testing.assert_array_equal(inside.finish(sort_by_key=False).indices, [2])


@pytest.mark.parametrize("sort_by_key", [False, True])
def test_radius_keeps_the_boundary_and_sorts(sort_by_key):
    rows, indices, keys = candidates()
    limits = np.arange(N_QUERIES, dtype=float)
    inside = WithinRadius(limits)
    for part in np.array_split(np.arange(len(rows)), 4):
        inside.add(rows[part], indices[part], keys[part])
    found = inside.finish(sort_by_key=sort_by_key)
    for query in range(N_QUERIES):
        ids, values = naive_order(rows, indices, keys, query)
        ids, values = ids[values <= query], values[values <= query]
        if not sort_by_key:
            order = np.argsort(ids)
            ids, values = ids[order], values[order]
        own = slice(found.starts[query], found.starts[query + 1])
        np.testing.assert_array_equal(found.indices[own], ids)
        np.testing.assert_array_equal(found.keys[own], values)


def test_nothing_within_reach_gives_empty_lists():
    found = WithinRadius(np.zeros(3)).finish(sort_by_key=True)
    np.testing.assert_array_equal(found.starts, [0, 0, 0, 0])
    assert found.indices.size == 0
