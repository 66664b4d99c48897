"""First thresholds: never below a k-th key, and close to it where they can be."""

from dataclasses import dataclass

import numpy as np
import pytest

from sknorms._arrays import row_sum
from sknorms.engine import ChordEmbedding, Corpus, Geometry, NotSelf
from sknorms.engine._corpus import QueryBlock
from sknorms.engine._seed import Sample, first_thresholds

N_ROWS, N_QUERIES = 900, 40


@dataclass(frozen=True)
class Chord(ChordEmbedding):
    def vectors(self, rows):
        return rows.astype(np.float64), 0.0

    def squared_reach(self, keys):
        return keys


@dataclass(frozen=True)
class Unbounded(Geometry):
    def keys(self, x, y):
        return row_sum(np.square(x - y))


@dataclass(frozen=True)
class Bounded(Unbounded):
    def embedding(self, rows):
        return Chord()


@dataclass(frozen=True)
class Undefined(Bounded):
    """Rows that start with a negative number have no key with any other."""

    def keys(self, x, y):
        return np.where(y[..., 0] >= 0, super().keys(x, y), np.nan)


def table(kind="float"):
    rng = np.random.default_rng(0)
    if kind == "tied":
        return rng.integers(0, 3, (N_ROWS, 4)).astype(float)
    return rng.normal(size=(N_ROWS, 4))


def thresholds(geometry, rows, size, k, *, exclude_self=False, first=0):
    corpus = Corpus.prepare(geometry, rows)
    block = QueryBlock.prepare(corpus, rows, slice(first, first + N_QUERIES))
    admission = NotSelf() if exclude_self else None
    sample = Sample.draw(corpus, size, k)
    return first_thresholds(corpus, block, k, sample, admission=admission)[0]


def kth_keys(rows, k, *, exclude_self, first=0):
    keys = np.square(rows[first : first + N_QUERIES, None] - rows).sum(axis=2)
    if exclude_self:
        keys[np.arange(N_QUERIES), first + np.arange(N_QUERIES)] = np.inf
    return np.sort(keys, axis=1)[:, k - 1]


@pytest.mark.parametrize("kind", ["float", "tied"])
@pytest.mark.parametrize("exclude_self", [False, True])
@pytest.mark.parametrize("first", [0, 500])
@pytest.mark.parametrize(("size", "k"), [(2, 1), (50, 49), (300, 7), (N_ROWS, 5)])
def test_no_threshold_is_below_the_kth_key(kind, exclude_self, first, size, k):
    rows = table(kind)
    options = {"exclude_self": exclude_self, "first": first}
    found = thresholds(Bounded(), rows, size, k, **options)
    assert (found >= kth_keys(rows, k, **options) * (1 - 1e-14)).all()


@pytest.mark.parametrize("exclude_self", [False, True])
def test_a_sample_of_everything_gives_the_kth_key(exclude_self):
    rows = table()
    found = thresholds(Bounded(), rows, N_ROWS, 5, exclude_self=exclude_self)
    expected = kth_keys(rows, 5, exclude_self=exclude_self)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_larger_sample_prunes_more():
    rows = table()
    few, many = (thresholds(Bounded(), rows, size, 5).mean() for size in (10, 600))
    assert many < few < np.inf


def test_without_a_bound_or_enough_rows_nothing_is_pruned():
    rows = table()
    assert np.isinf(thresholds(Unbounded(), rows, 100, 5)).all()
    assert np.isinf(thresholds(Bounded(), rows, 5, 5)).all()


def test_rows_without_a_key_give_no_threshold():
    rows = table()
    rows[:, 0] = -np.abs(rows[:, 0])
    assert np.isinf(thresholds(Undefined(), rows, 300, 5)).all()
