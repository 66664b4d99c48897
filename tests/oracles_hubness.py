"""Naive definitions of secondary distances and of hubness, one pair at a time.

``D`` holds the distances of training rows to each other, ``Q`` those of queries to the
training rows; the queries are the training rows themselves if it is left out.
"""

import math

import numpy as np
from scipy.stats import norm, skew

__all__ = [
    "csls_similarity",
    "empirical_proximity",
    "k_occurrence_skewness",
    "local_scaling",
    "nicdm",
    "normal_proximity",
]


def _others(D, Q, row):
    """Return the sorted distances of a query to all training rows but itself."""
    if Q is None:
        return sorted(float(d) for i, d in enumerate(D[row]) if i != row)
    return sorted(float(d) for d in Q[row])


def _table(D, Q, formula):
    asked = D if Q is None else Q
    table = np.empty(asked.shape)
    for x in range(asked.shape[0]):
        for y in range(asked.shape[1]):
            table[x, y] = formula(float(asked[x, y]), x, y)
    return table


def local_scaling(D, k, Q=None):
    """Zelnik-Manor & Perona 2004: one minus exp(-d^2 / (r_x r_y))."""

    def formula(d, x, y):
        ours, theirs = _others(D, Q, x)[k - 1], _others(D, None, y)[k - 1]
        return 1 - math.exp(-(d**2) / (ours * theirs))

    return _table(D, Q, formula)


def nicdm(D, k, Q=None):
    """Jegou et al. 2007: d / sqrt(m_x m_y)."""

    def formula(d, x, y):
        ours, theirs = np.mean(_others(D, Q, x)[:k]), np.mean(_others(D, None, y)[:k])
        return d / math.sqrt(ours * theirs)

    return _table(D, Q, formula)


def csls_similarity(S, k, Q=None):
    """Conneau et al. 2018, of cosine similarities: 2 cos - r_x - r_y."""

    def closest(queries, row):
        turned = None if queries is None else -queries
        return -np.mean(_others(-S, turned, row)[:k])

    ours = [closest(Q, x) for x in range(len(S if Q is None else Q))]
    theirs = [closest(None, y) for y in range(len(S))]

    def formula(s, x, y):
        return 2 * s - ours[x] - theirs[y]

    return _table(S, Q, formula)


def normal_proximity(D, Q=None):
    """Schnitzer et al. 2012 with independent normals: one minus the proximity."""

    def moments(queries, row):
        others = _others(D, queries, row)
        return np.mean(others), np.std(others, ddof=1)

    ours = [moments(Q, x) for x in range(len(D if Q is None else Q))]
    theirs = [moments(None, y) for y in range(len(D))]

    def formula(d, x, y):
        return 1 - norm.sf(d, *ours[x]) * norm.sf(d, *theirs[y]) if d else 0.0

    return _table(D, Q, formula)


def empirical_proximity(D, Q=None, stored=None, training_stored=None):
    """Schnitzer et al. 2012 by counting: one minus the proximity.

    ``stored`` and ``training_stored`` say which distances are known at all.
    """
    n = len(D)
    asked = D if Q is None else Q
    stored = np.ones(asked.shape, bool) if stored is None else stored
    known = np.ones(D.shape, bool) if training_stored is None else training_stored

    def formula(d, x, y):
        if d == 0:
            return 0.0
        farther = 0
        for j in range(n):
            near_x = (stored[x, j] and asked[x, j] <= d) or (Q is None and j == x)
            near_y = (known[y, j] and D[y, j] <= d) or j == y
            farther += not near_x and not near_y
        return 1 - farther / n

    return _table(D, Q, formula)


def k_occurrence_skewness(graph, k):
    """Return how skewed the number of lists is that a row is among the first k of."""
    counts = [0] * graph.shape[1]
    for row in range(graph.shape[0]):
        start, stop = graph.indptr[row], graph.indptr[row + 1]
        others = [i for i in graph.indices[start:stop] if i != row]
        for index in others[:k]:
            counts[index] += 1
    return float(skew(counts))
