"""Bounds by rows of bytes never lose a neighbour, whatever the rows are like."""

import pickle

import numpy as np
import pytest
from bounds import ruled_out
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import CASES, KINDS, Case, in_domain, learned, rows_for
from searches import N_QUERIES, N_ROWS, K, brute_force, check_search

from sknorms._compile import kernels_available
from sknorms.engine import AllColumns, Corpus, Prefix, SearchStats, nearest
from sknorms.engine import _choice as choice
from sknorms.engine import _packed as packed
from sknorms.engine._grid import Grid
from sknorms.metrics import get_metric

pytestmark = pytest.mark.kernels

all_cases = pytest.mark.parametrize("case", CASES, ids=str)


@pytest.fixture(scope="module", autouse=True)
def _bytes_wherever_possible():
    """Let rows of bytes cost nothing, so that they are chosen for any table."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("VALUES", "COLUMNS", "SUMMED", "BYTES"):
            patch.setattr(choice, f"_FEWEST_{name}", 0)
        patch.setattr(choice, "_MOST_BYTES", 1 << 15)
        patch.setattr(choice, "_BYTE_PAIR", -1e30)
        # Processors without the instructions add up the same numbers.
        patch.setattr(choice, "can_pack", lambda: True)
        yield


def searched(case, queries, rows, strategy=None):
    """Check a search; return whether it was by bytes."""
    metric = learned(case, rows)
    if metric is None:
        metric = get_metric(case.name, V=np.eye(rows.shape[1]))
    if strategy is not None and not is_product(metric, rows):
        return False
    compared = check_search(metric, queries, rows, strategy)
    assert compared or case.params.get("p") == 0.5
    corpus = Corpus.prepare(metric, rows, strategy=strategy, k=K)
    return isinstance(corpus.embedding, Grid)


def is_product(metric, rows):
    embedding = metric.embedding(rows)
    return embedding is not None and embedding.is_product


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_search_finds_what_brute_force_finds(case, kind):
    rows = rows_for(case, kind, N_ROWS)
    searched(case, rows[:N_QUERIES], rows)


@all_cases
@pytest.mark.parametrize("kind", KINDS)
def test_a_prefix_finds_it_as_well(case, kind):
    width = {} if "w" in case.params else {"n_features": 12}
    rows = rows_for(case, kind, N_ROWS, **width)
    searched(case, rows[:N_QUERIES], rows, Prefix())


@pytest.mark.parametrize("name", ["euclidean", "manhattan"])
def test_rows_of_bytes_are_written_in_blocks_however_wide_they_are(name):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 10_000)).astype(np.float32)
    assert searched(Case(name), rows[:2] + 0.1, rows)


@pytest.mark.parametrize("name", ["euclidean", "cosine", "manhattan", "correlation"])
@pytest.mark.parametrize("n_features", [3, 9, 33, 130])
def test_rows_of_every_width_are_searched_by_bytes(name, n_features):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(N_ROWS, n_features))
    case = next(case for case in CASES if case.name == name)
    assert searched(case, rows[:N_QUERIES] + 0.1, rows)


@pytest.mark.parametrize("name", ["euclidean", "cosine", "manhattan"])
@pytest.mark.parametrize("kind", ["outliers", "heavy tails", "scales", "far queries"])
def test_rows_that_do_not_suit_a_grid_cost_time_only(name, kind):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(N_ROWS, 20))
    queries = rows[:N_QUERIES] + 0.01 * rng.normal(size=(N_QUERIES, 20))
    if kind == "outliers":
        rows[::97] *= 1e9
    elif kind == "heavy tails":
        rows = rng.standard_cauchy(size=rows.shape) ** 3
        queries = rows[:N_QUERIES]
    elif kind == "scales":
        rows *= 10.0 ** np.linspace(-8, 8, 20)
        queries = rows[:N_QUERIES]
    else:
        queries = 1e6 * queries
    case = next(case for case in CASES if case.name == name)
    searched(case, queries, rows)


@pytest.mark.parametrize("name", ["euclidean", "cosine", "manhattan"])
def test_another_machine_finds_the_same(name, monkeypatch):
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(N_ROWS, 30)).astype(np.float32)
    corpus = Corpus.prepare(get_metric(name), rows)
    assert isinstance(corpus.embedding, Grid)
    here = nearest(corpus, rows[:N_QUERIES], K)
    sent = pickle.loads(pickle.dumps(corpus))
    monkeypatch.setattr(packed, "can_pack", lambda: False)
    there = nearest(sent, rows[:N_QUERIES], K)
    np.testing.assert_array_equal(here, there)


@st.composite
def tables(draw):
    """Rows around each other, with some coordinates far away."""
    seed = draw(st.integers(0, 2**32 - 1))
    n_rows, width = draw(st.tuples(st.integers(3, 40), st.integers(5, 20)))
    rng = np.random.default_rng(seed)
    size = draw(st.sampled_from([1e-150, 1e-30, 1.0, 1e30, 1e100]))
    rows = rng.normal(size=(n_rows, width)) * size
    wild = draw(st.sampled_from([0.0, 0.02, 0.3]))
    far = rng.random(rows.shape) < wild
    rows[far] *= draw(st.sampled_from([10.0, 1e4, 1e12]))
    rows[rng.random(n_rows) < 0.1] = 0.0
    if draw(st.booleans()):
        rows = np.rint(rows / size) * size
    return rows


def moved_away(rows, draw):
    """Return the rows, or queries that are far from all of them."""
    factor = draw(st.sampled_from([1.0, 1.0, 3.0, 40.0, 1e5]))
    shift = draw(st.sampled_from([0.0, 0.0, 2.0, 100.0])) * np.abs(rows).mean()
    axes = np.arange(rows.shape[1]) < draw(st.integers(1, rows.shape[1]))
    return rows * factor + shift * axes


@pytest.mark.parametrize("case", [c for c in CASES if "w" not in c.params], ids=str)
@given(rows=tables(), data=st.data())
@settings(max_examples=40)
def test_no_limit_loses_a_pair_within_it(case, rows, data):
    queries = in_domain(case.metric.domain, moved_away(rows, data.draw))
    rows = in_domain(case.metric.domain, rows)
    metric = learned(case, rows)
    if metric is None:
        return
    embedding = Corpus.prepare(metric, rows, k=2).embedding
    if not isinstance(embedding, Grid):
        return
    keys = brute_force(metric, queries, rows)
    keys[np.isinf(keys)] = np.nan
    for limits in keys.T:
        inside = keys <= limits[:, None]
        lost = ruled_out(embedding, queries, rows, limits[:, None]) & inside
        assert not lost.any()


@pytest.mark.parametrize("name", ["euclidean", "sqeuclidean", "manhattan"])
@given(rows=tables(), data=st.data())
@settings(max_examples=100)
def test_levels_that_scores_close_keep_the_closest_rows(name, rows, data):
    queries = moved_away(rows, data.draw)
    keys = brute_force(get_metric(name), queries, rows)
    embedding = Corpus.prepare(get_metric(name), rows, k=2).embedding
    if isinstance(embedding, Grid) and np.isfinite(keys).all():
        forced(name, rows, queries, data.draw(st.integers(1, len(rows))))


@pytest.mark.parametrize("name", ["euclidean", "manhattan"])
@pytest.mark.parametrize("factor", [2.0, 5.0, 20.0, 1e4])
@pytest.mark.parametrize("shift", [0.0, 3.0, 100.0])
def test_queries_far_from_all_rows_are_not_compared_with_all(name, factor, shift):
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(20_000, 40))
    queries = factor * rng.normal(size=(20, 40)) + shift
    corpus = Corpus.prepare(get_metric(name), rows, strategy=AllColumns(), k=K)
    assert isinstance(corpus.embedding, Grid)
    stats = SearchStats()
    _, indices = nearest(corpus, queries, K, stats=stats)
    keys = brute_force(get_metric(name), queries, rows)
    np.testing.assert_array_equal(indices, np.argsort(keys, kind="stable")[:, :K])
    # Levels come down by scores alone only where there are kernels.
    if kernels_available():
        assert stats.refinements < 0.1 * keys.size


def forced(name, rows, queries, k=K):
    """Search all columns by bytes, with levels that close by scores alone."""
    metric = get_metric(name)
    corpus = Corpus.prepare(metric, rows, strategy=AllColumns(), k=k)
    assert isinstance(corpus.embedding, Grid)
    object.__setattr__(corpus.embedding, "closes", True)
    _, indices = nearest(corpus, queries, k)
    keys = brute_force(metric, queries, rows)
    np.testing.assert_array_equal(indices, np.argsort(keys, kind="stable")[:, :k])


@pytest.mark.parametrize(
    ("name", "width"), [("euclidean", 600), ("sqeuclidean", 600), ("manhattan", 20)]
)
def test_rows_that_are_close_in_the_box_alone_close_no_levels(name, width):
    """Rows that differ where a few coordinates are beyond the box, and only there."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(3000, width))
    rows[:20] = rows[20]
    rows[:10, 0] = rng.uniform(400.0, 600.0, 10)
    rows[10:20, 0], rows[10:20, 1:] = 1000.0, rows[20, 1:] + 3.0
    queries = rows[20:21].copy()
    queries[0, 0] = 1000.0
    forced(name, rows[rng.permutation(3000)], queries, 5)
    forced(name, rows, queries, 5)


def test_squares_that_vanish_are_ties_by_bytes_as_well():
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(500, 30)) * 10.0**-162.5
    forced("sqeuclidean", rows, rows[:20])


@pytest.mark.parametrize("name", ["euclidean", "manhattan"])
def test_a_grid_of_tiny_coordinates_has_a_step(name):
    """In rows where hardly a coordinate is of any size, what the others are is lost."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(60, 2500)) * 1e-320
    rows[np.arange(60), rng.integers(0, 2500, 60)] = 1.0
    searched(Case(name), rows[:4], rows)


def test_sums_of_very_wide_rows_do_not_overflow():
    """All coordinates of a row may be at the same end of the box."""
    rng = np.random.default_rng(6)
    ends = np.repeat([-1.0, 1.0], 20)[:, None]
    rows = (ends + 0.001 * rng.normal(size=(40, 70_000))).astype(np.float32)
    searched(Case("euclidean"), rows[:4], rows, AllColumns())
