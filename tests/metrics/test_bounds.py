"""No bound ever loses a neighbour, and on friendly rows it rules most pairs out."""

import pickle

import numpy as np
import pytest
from bounds import ruled_out
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from metric_cases import CASES, DEFAULTS, KINDS, Case, in_domain, learned, rows_for
from scipy import sparse
from searches import N_QUERIES, N_ROWS, K, brute_force, check_search

from sknorms.engine import Corpus, nearest, within
from sknorms.metrics import get_metric

pytestmark = pytest.mark.kernels

all_cases = pytest.mark.parametrize("case", CASES, ids=str)


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_search_finds_what_brute_force_finds(case, kind):
    rows = rows_for(case, kind, N_ROWS)
    metric = learned(case, rows)
    if metric is None:
        metric = get_metric(case.name, V=np.eye(rows.shape[1]))
    searched = check_search(metric, rows[:N_QUERIES], rows)
    # Powers below one of large differences are the only values that overflow here.
    assert searched or case.params.get("p") == 0.5


@pytest.mark.parametrize("case", DEFAULTS, ids=str)
def test_what_float32_rounds_away_of_tiny_rows_loses_no_neighbour(case):
    rows = rows_for(case, "tiny_and_huge", N_ROWS, n_features=50)
    metric = case.metric.learn(rows)
    assert check_search(metric, rows[:N_QUERIES], rows)


@all_cases
def test_float32_rows_are_searched_as_exactly(case):
    rows = rows_for(case, "normal", N_ROWS)
    if rows.dtype == np.float64:
        rows = rows.astype(np.float32)
    assert check_search(case.metric.learn(rows), rows[:N_QUERIES], rows)


@all_cases
@pytest.mark.parametrize(
    ("ours", "theirs"), [("normal", "bytes"), ("bytes", "large32")]
)
def test_queries_may_be_of_another_kind_than_the_corpus(case, ours, theirs):
    rows, queries = rows_for(case, ours, N_ROWS), rows_for(case, theirs, N_QUERIES)
    metric = case.metric.learn(rows)
    assert check_search(metric, queries, rows)
    assert check_search(metric, rows[:N_QUERIES].astype(float), rows)


def test_queries_that_are_no_booleans_against_a_boolean_corpus():
    rng = np.random.default_rng(0)
    rows = rng.random((N_ROWS, 6)) < 0.5
    queries = rng.integers(0, 4, size=(N_QUERIES, 6)).astype(np.float32)
    metric = get_metric("hamming")
    assert check_search(metric, queries, rows)
    packed, asked = sparse.csr_array(rows), sparse.csr_array(queries)
    corpus = Corpus.prepare(metric, packed)
    found = nearest(corpus, asked, K)
    expected = nearest(Corpus.prepare(metric, rows), queries, K)
    np.testing.assert_array_equal(found, expected)


@all_cases
@pytest.mark.parametrize("kind", ["normal", "duplicates", "booleans"])
def test_csr_rows_have_the_same_neighbours(case, kind):
    rows = rows_for(case, kind, N_ROWS)
    rows = rows if rows.dtype == np.bool_ else np.nan_to_num(rows)
    metric = case.metric.learn(rows)
    packed = sparse.csr_array(rows)
    dense = nearest(Corpus.prepare(metric, rows), rows[:N_QUERIES], K)
    found = nearest(Corpus.prepare(metric, packed), packed[:N_QUERIES], K)
    np.testing.assert_array_equal(found, dense)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", ["nan_euclidean", "gower"])
def test_rows_that_share_nothing_are_never_neighbours(name, seed):
    rng = np.random.default_rng(seed)
    rows = 10.0 ** rng.integers(-3, 4) + rng.normal(size=(N_ROWS, 5))
    rows[rng.random(rows.shape) < 0.6] = np.nan
    metric = get_metric(name).learn(rows)
    observed = np.flatnonzero(~np.isnan(rows).all(axis=1))[:N_QUERIES]
    queries = rows[observed]
    keys = brute_force(metric, queries, rows)
    assert np.isnan(keys).any()
    with_last = np.where(np.isnan(keys), np.inf, keys)
    order = np.argsort(with_last, axis=1, kind="stable")[:, :K]
    corpus = Corpus.prepare(metric, rows)
    found, indices = nearest(corpus, queries, K)
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(found, np.take_along_axis(keys, order, axis=1))
    everything = within(corpus, queries, np.full(len(queries), np.inf))
    np.testing.assert_array_equal(everything.indices, np.nonzero(~np.isnan(keys))[1])


def test_a_row_without_any_value_is_an_error_as_a_query():
    rows = np.ones((20, 3))
    rows[4] = np.nan
    metric = get_metric("nan_euclidean")
    with pytest.raises(ValueError, match="query row 4 has a finite distance to 0 rows"):
        nearest(Corpus.prepare(metric, rows), rows, 1)


@st.composite
def tables(draw):
    """Few rows of few columns, of numbers of one size or of all sizes."""
    shape = draw(st.tuples(st.integers(2, 7), st.just(5)))
    size = draw(st.sampled_from([5e-324, 1e-310, 1e-150, 1e-38, 1.0, 1e30, 1e100]))
    sized = st.integers(-9, 9).map(lambda n: n * size) | st.floats(-size, size)
    near = st.sampled_from([1.0, 1e7]).map(lambda n: n * size)
    any_size = st.floats(-1e100, 1e100)
    elements = draw(st.sampled_from([sized, sized | near, sized | any_size]))
    return draw(hnp.arrays(np.float64, shape, elements=elements))


@pytest.mark.parametrize("case", [c for c in CASES if "w" not in c.params], ids=str)
@given(rows=tables())
@settings(max_examples=60)
def test_no_limit_loses_a_pair_within_it(case, rows):
    rows = in_domain(case.metric.domain, rows)
    metric = learned(case, rows)
    if metric is None or metric.embedding(rows) is None:
        return
    with np.errstate(over="ignore"):
        keys = brute_force(metric, rows, rows)
    keys[np.isinf(keys)] = np.nan
    for limits in keys.T:
        inside = keys <= limits[:, None]
        assert not (
            ruled_out(metric.embedding(rows), rows, rows, limits[:, None]) & inside
        ).any()


INVARIANT = [
    *("chebyshev", "euclidean", "gower", "hamming", "mahalanobis", "manhattan"),
    *("minkowski", "nan_euclidean", "seuclidean", "sqeuclidean"),
]


@pytest.mark.parametrize("name", INVARIANT)
@pytest.mark.parametrize(
    ("dtype", "offset"), [(np.float32, 1e4), (np.float64, 1e4), (np.float64, 1e7)]
)
def test_adding_a_constant_to_all_rows_changes_no_neighbour(name, dtype, offset):
    # Multiples of 1/64 below 8: float32 holds them exactly next to 1e4 as well.
    rng = np.random.default_rng(0)
    rows = (rng.integers(-512, 512, size=(N_ROWS, 6)) / 64.0).astype(dtype)
    metric = get_metric(name).learn(rows)
    here = nearest(Corpus.prepare(metric, rows), rows[:N_QUERIES], K)
    moved = (rows + offset).astype(dtype)
    there = nearest(Corpus.prepare(metric, moved), moved[:N_QUERIES], K)
    np.testing.assert_array_equal(there, here)


# ---- how good the bounds are ----


@pytest.mark.parametrize("name", ["euclidean", "cosine", "dot", "manhattan", "jaccard"])
def test_which_metrics_are_bounded(name):
    rows = np.eye(5)
    metric = get_metric(name)
    assert metric.embedding(metric.check_rows(rows)) is not None
    # Yule's dissimilarity is no line in the counts; its keys come from one product.
    assert get_metric("yule").embedding(rows != 0) is None


@all_cases
@pytest.mark.parametrize("kind", ["normal", "offset", "bytes"])
def test_bounds_rule_out_what_is_far(case, kind):
    rows = rows_for(case, kind, 400)
    metric = case.metric.learn(rows)
    embedding = metric.embedding(rows)
    if embedding is None:
        return  # every pair is evaluated; `test_which_metrics_are_bounded` says which
    keys = brute_force(metric, rows[:20], rows)
    limits = np.partition(keys, K, axis=1)[:, K]
    needed = keys <= limits[:, None]
    survivors = ~ruled_out(metric.embedding(rows), rows[:20], rows, limits[:, None])
    assert (survivors | ~needed).all()
    if not (kind == "offset" and case.name in SCALE_BOUND):
        assert survivors.sum() < 0.5 * survivors.size + needed.sum()


# Relative differences of numbers around 1e7 are as small as the rounding of float32.
SCALE_BOUND = {
    *("angular", "braycurtis", "canberra", "cosine", "cosine_similarity", "dot"),
    *("hellinger", "jensenshannon", "tanimoto"),
}


@all_cases
def test_bounds_survive_pickling(case):
    rows = rows_for(case, "normal", 60)
    metric = case.metric.learn(rows)
    corpus = Corpus.prepare(metric, rows)
    again = pickle.loads(pickle.dumps(corpus))
    np.testing.assert_array_equal(nearest(again, rows, 3), nearest(corpus, rows, 3))


@pytest.mark.parametrize(
    "case",
    [Case("minkowski", {"p": p}) for p in (0.01, 0.2, 0.9, 1.01, 2.5, 7.0, 300.0)],
    ids=str,
)
@pytest.mark.parametrize("kind", ["normal", "offset", "integers", "mixed_rows"])
def test_any_order_of_minkowski_is_searched_exactly(case, kind):
    rows = rows_for(case, kind, N_ROWS)
    check_search(case.metric, rows[:N_QUERIES], rows)
