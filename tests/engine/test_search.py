"""The search loop with geometries of its own, so that no metric can hide a fault."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse

from sknorms._arrays import row_sum, widen
from sknorms.engine import (
    Admission,
    ChordEmbedding,
    Corpus,
    Embedded,
    Embedding,
    Geometry,
    NotSelf,
    Prefix,
    SearchStats,
    nearest,
    within,
)

pytestmark = pytest.mark.kernels


@dataclass(frozen=True)
class Blocks(Geometry):
    """Squared differences without a bound: the exact block path."""

    def keys(self, x, y):
        return row_sum(np.square(x - y))


@dataclass(frozen=True)
class PlainChord(ChordEmbedding):
    keeps_sparse = True

    def vectors(self, rows):
        wide = rows.astype(np.float64)
        return (wide.tocsr() if sparse.issparse(wide) else wide), 0.0

    def squared_reach(self, keys):
        return keys


@dataclass(frozen=True)
class Bounded(Blocks):
    """The same with a bound by a product."""

    def embedding(self, rows):
        return PlainChord()


@dataclass(frozen=True)
class UselessBound(Embedding):
    def width(self, n_features):
        return 1

    def corpus(self, rows):
        n = rows.shape[0]
        return Embedded(np.ones((n, 1), np.float32), np.zeros(n, np.float32))

    def queries(self, rows):
        n = rows.shape[0]
        return Embedded(np.ones((n, 1), np.float32), np.zeros(n))

    def cut(self, sizes, thresholds):
        level = np.full(len(sizes), np.inf, dtype=np.float32)
        return np.ones(len(sizes), dtype=np.float32), level


@dataclass(frozen=True)
class Unbounded(Blocks):
    """The same with a bound that never rules anything out."""

    def embedding(self, rows):
        return UselessBound()


GEOMETRIES = [Blocks(), Bounded(), Unbounded()]


def table(n, d=5, seed=0, kind="float"):
    rng = np.random.default_rng(seed)
    if kind == "tied":
        return rng.integers(0, 3, (n, d)).astype(float)
    return rng.standard_normal((n, d))


def brute(X, Q, k):
    """Return the k smallest by (key, index), the definition itself."""
    keys = np.array([[((x - q) ** 2).sum() for x in widen(X)] for q in widen(Q)])
    order = np.argsort(keys, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(keys, order, axis=1), order


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("kind", ["float", "tied"])
@pytest.mark.parametrize("n", [1, 7, 600, 3000])
def test_nearest_is_brute_force(geometry, kind, n):
    X, Q = table(n, kind=kind), table(9, seed=1, kind=kind)
    k = min(n, 10)
    keys, indices = nearest(Corpus.prepare(geometry, X), Q, k)
    expected_keys, expected = brute(X, Q, k)
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(keys, expected_keys, rtol=1e-14)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("k", [1, 599, 600])
def test_any_number_of_neighbors(geometry, k):
    X, Q = table(600, kind="tied"), table(4, seed=1, kind="tied")
    _, indices = nearest(Corpus.prepare(geometry, X), Q, k)
    np.testing.assert_array_equal(indices, brute(X, Q, k)[1])


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("copies", [1, 2, 15])
def test_excluding_oneself_drops_no_duplicate(geometry, copies):
    X = np.repeat(table(30), copies, axis=0)
    k = 12
    _, indices = nearest(Corpus.prepare(geometry, X), X, k, admission=NotSelf())
    expected = brute(X, X, len(X))[1]
    for i, row in enumerate(expected):
        np.testing.assert_array_equal(indices[i], row[row != i][:k])


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("admission", [None, NotSelf()], ids=repr)
def test_within_is_brute_force(geometry, admission):
    X = table(700, kind="tied")
    limits = np.arange(700) % 5.0
    found = within(Corpus.prepare(geometry, X), X, limits, admission=admission)
    for i, limit in enumerate(limits):
        keys = np.square(X - X[i]).sum(axis=1)
        expected = np.flatnonzero(keys <= limit)
        if admission is not None:
            expected = expected[expected != i]
        own = slice(found.starts[i], found.starts[i + 1])
        np.testing.assert_array_equal(found.indices[own], expected)
        np.testing.assert_array_equal(found.keys[own], keys[expected])


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("working_memory", [None, 1.0])
def test_the_cut_of_the_work_does_not_show(geometry, n_jobs, working_memory):
    X, Q = table(20_000), table(300, seed=1)
    corpus = Corpus.prepare(geometry, X)
    keys, indices = nearest(corpus, Q, 7, n_jobs=n_jobs, working_memory=working_memory)
    alone = [nearest(corpus, Q[[i]], 7) for i in range(0, 300, 37)]
    for i, (one_keys, one_indices) in zip(range(0, 300, 37), alone, strict=True):
        np.testing.assert_array_equal(indices[[i]], one_indices)
        np.testing.assert_array_equal(keys[[i]], one_keys)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("queries_sparse", [False, True])
@pytest.mark.parametrize("corpus_sparse", [False, True])
def test_sparse_rows_give_the_bits_of_dense_ones(
    geometry, queries_sparse, corpus_sparse
):
    rng = np.random.default_rng(3)
    X = table(400, 12) * (rng.random((400, 12)) < 0.3)
    Q = table(20, 12, seed=1) * (rng.random((20, 12)) < 0.3)
    keys, indices = nearest(Corpus.prepare(geometry, X), Q, 6)
    corpus = Corpus.prepare(geometry, sparse.csr_array(X) if corpus_sparse else X)
    queries = sparse.csr_array(Q) if queries_sparse else Q
    other_keys, other = nearest(corpus, queries, 6)
    np.testing.assert_array_equal(other, indices)
    np.testing.assert_array_equal(other_keys, keys)


def test_a_prepared_corpus_pickles():
    X = table(50)
    corpus = pickle.loads(pickle.dumps(Corpus.prepare(Bounded(), X)))
    np.testing.assert_array_equal(nearest(corpus, X, 3)[1], brute(X, X, 3)[1])


def test_too_few_comparable_rows_is_an_error_not_padding():
    @dataclass(frozen=True)
    class Half(Blocks):
        def keys(self, x, y):
            return np.where(y[..., 0] > 0, super().keys(x, y), np.nan)

    X = np.array([[1.0], [2.0], [-1.0]])
    corpus = Corpus.prepare(Half(), X)
    _, indices = nearest(corpus, X[:1], 2)
    np.testing.assert_array_equal(indices, [[0, 1]])
    with pytest.raises(
        ValueError, match=r"query row 0 has a finite distance to 2 rows"
    ):
        nearest(corpus, X[:1], 3)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
def test_queries_may_be_a_part_of_the_corpus(geometry):
    X = np.repeat(table(200), 3, axis=0)
    corpus = Corpus.prepare(geometry, X)
    _, whole = nearest(corpus, X, 4, admission=NotSelf())
    _, part = nearest(corpus, X[100:350], 4, admission=NotSelf(), first_query=100)
    np.testing.assert_array_equal(part, whole[100:350])


@dataclass(frozen=True)
class Allowed(Admission):
    """Pairs of a table."""

    table: np.ndarray

    def admits(self, queries, indices):
        return self.table[queries, indices]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize("share", [0.9, 0.1, 0.0])
def test_pairs_that_are_not_admitted_are_as_if_they_were_not_there(geometry, share):
    X, Q = table(900, kind="tied"), table(40, seed=1, kind="tied")
    allowed = np.random.default_rng(2).random((40, 900)) < share
    allowed[:3] = np.arange(900) < 4
    corpus = Corpus.prepare(geometry, X)
    keys, indices = nearest(corpus, Q, 6, admission=Allowed(allowed), complete=False)
    limits = np.full(40, 3.0)
    lists = within(corpus, Q, limits, admission=Allowed(allowed))
    for i, row in enumerate(allowed):
        expected = np.square(X - Q[i]).sum(axis=1)
        order = np.lexsort((np.arange(900), expected))
        order = order[row[order]][:6]
        found = np.isfinite(keys[i])
        np.testing.assert_array_equal(indices[i, found], order)
        np.testing.assert_array_equal(keys[i, found], expected[order])
        assert not found[len(order) :].any()
        own = slice(lists.starts[i], lists.starts[i + 1])
        np.testing.assert_array_equal(
            lists.indices[own], np.flatnonzero(row & (expected <= 3.0))
        )


def test_fewer_admitted_rows_than_neighbors_are_an_error_unless_allowed():
    X = table(50)
    allowed = np.zeros((2, 50), dtype=bool)
    allowed[:, :3] = True
    corpus = Corpus.prepare(Bounded(), X)
    with pytest.raises(ValueError, match="a finite distance to 3 rows only, but 4"):
        nearest(corpus, X[:2], 4, admission=Allowed(allowed))


@pytest.mark.parametrize("n_queries", [1, 40])
@pytest.mark.parametrize("n_jobs", [1, 3])
def test_a_bound_by_few_directions_is_given_up_where_it_tells_nothing(
    n_queries, n_jobs
):
    """Queries that are far off, along directions that rows hardly differ in."""
    rng = np.random.default_rng(0)
    scales = np.r_[np.ones(3), np.full(60, 0.2)]
    rows = rng.normal(size=(40_000, 63)) * scales
    queries = rng.normal(size=(n_queries, 63)) * np.r_[np.ones(3), np.full(60, 100.0)]
    corpus = Corpus.prepare(Bounded(), rows, strategy=Prefix())
    assert corpus.embedding.is_prefix
    stats = SearchStats()
    keys, indices = nearest(corpus, queries, 5, n_jobs=n_jobs, stats=stats)
    expected_keys = np.array([Bounded().keys(query, rows) for query in queries])
    expected = np.argsort(expected_keys, axis=1, kind="stable")[:, :5]
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_array_equal(keys, np.sort(expected_keys, axis=1)[:, :5])
    lists = within(corpus, queries, keys[:, 3], n_jobs=n_jobs)
    np.testing.assert_array_equal(lists.indices, np.sort(expected[:, :4]).ravel())
    if n_queries > 1:
        assert stats.refinements < 0.7 * len(rows) * n_queries
