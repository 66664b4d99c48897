"""How many directions a corpus is searched with, by an estimate of the work."""

from dataclasses import dataclass

import numpy as np
import pytest

from sknorms.engine import ChordEmbedding, DotEmbedding
from sknorms.engine._choice import is_useless, scoring_work, shortest_work


@dataclass(frozen=True)
class Plain(ChordEmbedding):
    def vectors(self, rows):
        return rows.astype(np.float64), 0.0

    def squared_reach(self, keys):
        return keys


EMBEDDINGS = pytest.mark.parametrize(
    "embedding", [Plain(), DotEmbedding(1.0)], ids=repr
)


def low_rank(shape, rank=6):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))
    return rows + 1e-3 * rng.normal(size=shape)


@EMBEDDINGS
def test_few_directions_where_they_hold_nearly_all(embedding):
    rows = low_rank((40_000, 110))
    chosen = shortest_work(embedding, rows, 10)
    assert chosen.is_prefix
    assert 6 <= chosen.directions.count <= 24


@EMBEDDINGS
def test_all_columns_where_no_direction_leads(embedding):
    rows = np.random.default_rng(0).normal(size=(90_000, 50))
    assert not shortest_work(embedding, rows, 10).is_prefix


@EMBEDDINGS
@pytest.mark.parametrize("shape", [(500, 40), (40_000, 8)])
def test_small_searches_are_not_worth_an_estimate(embedding, shape):
    rows = low_rank(shape)
    assert not shortest_work(embedding, rows, 10).is_prefix
    assert shortest_work(embedding, rows, 10, whole=False).is_prefix


@EMBEDDINGS
@pytest.mark.parametrize("shape", [(2, 40), (40, 2), (1, 1)])
def test_what_cannot_be_shortened_is_left_alone(embedding, shape):
    rows = np.ones(shape)
    assert shortest_work(embedding, rows, 1, whole=False) is embedding


def test_rows_beyond_the_range_are_left_alone():
    rows = np.full((50, 30), 1e300)
    assert not shortest_work(Plain(), rows, 1, whole=False).is_prefix


@pytest.mark.parametrize("k", [1, 10, 500])
def test_any_number_of_neighbours_may_be_usual(k):
    rows = low_rank((600, 40))
    assert shortest_work(Plain(), rows, k, whole=False).is_prefix


def test_the_choice_is_always_the_same():
    rows = low_rank((40_000, 110))
    one, other = (shortest_work(Plain(), rows, 10).directions for _ in range(2))
    assert one.count == other.count


def test_more_columns_are_more_work():
    assert scoring_work(8) < scoring_work(9)


def test_a_bound_is_useless_if_much_survives_for_many_queries():
    rows = np.zeros((10, 100), np.float32)
    assert is_useless(0.5, 256, rows)
    assert not is_useless(0.5, 1, rows)
    assert not is_useless(0.001, 256, rows)
