"""Searches beside what brute force finds."""

import numpy as np

from sknorms.engine import Corpus, nearest, within

__all__ = ["N_QUERIES", "N_ROWS", "K", "brute_force", "check_search"]

# Enough rows for the engine to draw a sample and to prune by it.
N_ROWS, N_QUERIES, K = 700, 25, 9


def brute_force(metric, queries, rows):
    """Every key, one query at a time, by the exact formula; equal for equal values."""
    represented = metric.represent(rows)
    with np.errstate(over="ignore"):
        keys = [metric.keys(query, represented) for query in metric.represent(queries)]
        return metric.settle(np.array(keys))


def check_search(metric, queries, rows, strategy=None):
    """Compare the nearest rows, and those within a limit, with brute force.

    Returns whether every pair has a finite key, and therefore was compared.
    """
    keys = brute_force(metric, queries, rows)
    if not np.isfinite(keys).all():
        return False
    order = np.lexsort((np.broadcast_to(np.arange(len(rows)), keys.shape), keys))
    expected = order[:, :K]
    corpus = Corpus.prepare(metric, rows, strategy=strategy, k=K)
    found, indices = nearest(corpus, queries, K)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(found, np.take_along_axis(keys, expected, axis=1))
    # On the boundary itself, where a bound has nothing to spare.
    limits = found[:, 5].copy()
    lists = within(corpus, queries, limits)
    inside = keys <= limits[:, None]
    np.testing.assert_array_equal(lists.indices, np.nonzero(inside)[1])
    np.testing.assert_array_equal(lists.keys, keys[inside])
    return True
