"""How work is cut up: all of it, once, and within the budget."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context

from sknorms._arrays import row_sum
from sknorms.engine import ChordEmbedding, Corpus, Geometry, working_bytes
from sknorms.engine._plan import Plan, RowCost, plan_search

pytestmark = pytest.mark.kernels

MEBIBYTE = 2**20


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


def prepared(geometry, n=5000, d=40, **options):
    rows = np.random.default_rng(0).normal(size=(n, d))
    return Corpus.prepare(geometry, rows, **options)


def planned(corpus, n_queries, k=10, n_jobs=2, working_memory=None):
    return plan_search(
        corpus, n_queries, k, n_jobs=n_jobs, working_memory=working_memory
    )


@pytest.mark.parametrize("limit", [1.5, 4.0, 64.0])
@pytest.mark.parametrize("n_queries", [1, 30, 5000])
@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("geometry", [Bounded(), Unbounded()])
def test_a_plan_keeps_to_its_budget(limit, n_queries, keep, geometry):
    corpus = prepared(geometry, keep=keep)
    plan = planned(corpus, n_queries, working_memory=limit)
    assert plan.bytes(RowCost.of(corpus, 10)) <= limit * MEBIBYTE


def test_a_plan_for_rows_beyond_the_budget_takes_them_one_by_one():
    corpus = Corpus.prepare(Unbounded(), sparse.csr_array((50, 10**6)))
    plan = planned(corpus, 50, 3, working_memory=1.0)
    assert (plan.query_rows, plan.corpus_rows, plan.n_jobs) == (1, 1, 1)


@pytest.mark.parametrize("limit", [1e-9, 0.01, 0.5])
def test_a_budget_below_the_floor_still_gives_a_plan_of_about_a_mebibyte(limit):
    corpus = prepared(Bounded())
    plan = planned(corpus, 300, working_memory=limit)
    assert min(plan.query_rows, plan.corpus_rows, plan.capacity, plan.n_jobs) >= 1
    assert plan.bytes(RowCost.of(corpus, 10)) <= 1.5 * MEBIBYTE


@pytest.mark.parametrize("shards", [1, 3, 17])
@pytest.mark.parametrize("sizes", [(10, 17), (1, 17), (4, 20)])
def test_tasks_cover_every_pair_once(shards, sizes):
    plan = Plan(query_rows=4, corpus_rows=5, capacity=9, n_jobs=2, shards=shards)
    covered = np.zeros(sizes, dtype=int)
    tasks = plan.tasks(*sizes)
    for task in tasks:
        covered[task.queries, task.shard] += 1
    assert (covered == 1).all()
    # Results of a query block are merged as they come, so its shards are neighbours.
    starts = [task.queries.start for task in tasks]
    assert starts == sorted(starts)


@pytest.mark.parametrize("n_queries", [1, 2, 3, 300])
@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_there_is_work_for_every_thread(n_queries, n_jobs):
    corpus = prepared(Bounded())
    plan = planned(corpus, n_queries, n_jobs=n_jobs)
    assert plan.n_jobs == n_jobs
    assert len(plan.tasks(n_queries, corpus.n_rows)) >= n_jobs


def test_little_work_is_not_handed_to_threads_unasked():
    corpus = prepared(Bounded(), n=50)
    assert planned(corpus, 5, n_jobs=None).n_jobs == 1
    assert planned(corpus, 5, n_jobs=2).n_jobs == 2


def test_a_sample_is_drawn_for_the_nearest_only():
    corpus = prepared(Bounded())
    assert planned(corpus, 30, 0).sample_rows == 0
    assert 700 <= planned(corpus, 30, 700).sample_rows <= corpus.n_rows


def test_no_block_is_larger_than_the_tables():
    plan = planned(prepared(Bounded(), n=12), 7)
    assert plan.query_rows <= 7
    assert plan.corpus_rows <= 12
    assert plan.sample_rows <= 12


def test_the_budget_is_that_of_scikit_learn_unless_given():
    with config_context(working_memory=3):
        assert working_bytes(None) == 3 * MEBIBYTE
        assert working_bytes(0.5) == MEBIBYTE // 2
    assert working_bytes(0) == 1


def test_a_plan_keeps_to_the_budget_of_scikit_learn():
    corpus = prepared(Bounded())
    with config_context(working_memory=2):
        assert planned(corpus, 1000).bytes(RowCost.of(corpus, 10)) <= 2 * MEBIBYTE
