"""Neighbours of CSR rows: those of dense rows, without ever making tables dense."""

import tracemalloc

import numpy as np
import pytest
from layouts import assert_same_bits
from scipy import sparse

from sknorms.metrics import get_metric, metric_names
from sknorms.neighbors import NearestNeighbors

pytestmark = pytest.mark.kernels

FEW = sparse.csr_array((2, 5))
SPARSE = [name for name in metric_names() if get_metric(name).pairs_stay_sparse(FEW)]
N_ROWS, N_QUERIES, WIDTH, K = 400, 60, 500, 6


def texts(n, width=WIDTH, seed=0, density=0.02):
    """Return counts as those of words in texts: a few columns hold most of them."""
    rng = np.random.default_rng(seed)
    chance = np.minimum(0.9, density * width / 3.0 / (1.0 + np.arange(width)))
    counts = np.where(
        rng.random((n, width)) < chance, rng.integers(1, 4, (n, width)), 0
    )
    counts[rng.integers(0, n, 9)] = 0
    counts[rng.integers(0, n, 20)] = counts[rng.integers(0, n, 20)]
    return counts.astype(np.float64)


def admitted(metric, rows):
    return (rows > 0).astype(np.float64) if "boolean" in domain(metric) else rows


def domain(metric):
    return type(get_metric(metric).domain).__name__.lower()


@pytest.fixture(scope="module", params=SPARSE)
def case(request):
    """Return a metric, rows and queries, and the neighbours among dense rows."""
    metric = request.param
    rows, queries = (
        admitted(metric, texts(N_ROWS)),
        admitted(metric, texts(N_QUERIES, seed=1)),
    )
    dense = neighbors(metric).fit(rows)
    return metric, rows, queries, dense.kneighbors(queries)


def neighbors(metric, **parameters):
    return NearestNeighbors(n_neighbors=K, metric=metric, **parameters)


def assert_all_same(actual, expected):
    for mine, theirs in zip(actual, expected, strict=True):
        assert_same_bits(mine, theirs)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("mebibytes", [0.02, 3.0, None])
def test_neighbors_are_those_of_dense_rows(case, n_jobs, mebibytes):
    metric, rows, queries, answer = case
    if mebibytes == 0.02:  # one query at a time, which takes long
        queries, answer = queries[:9], [part[:9] for part in answer]
    options = {"n_jobs": n_jobs, "working_memory": mebibytes}
    model = neighbors(metric, **options).fit(sparse.csr_array(rows))
    assert_all_same(model.kneighbors(sparse.csr_array(queries)), answer)
    assert_all_same(model.kneighbors(queries), answer)


def test_a_dense_corpus_takes_sparse_queries(case):
    metric, rows, queries, answer = case
    model = neighbors(metric).fit(rows)
    assert_all_same(model.kneighbors(sparse.csr_array(queries)), answer)


def test_one_query_at_a_time(case):
    metric, rows, queries, answer = case
    model = neighbors(metric).fit(sparse.csr_array(rows))
    for i in range(0, N_QUERIES, 19):
        one = model.kneighbors(sparse.csr_array(queries[[i]]))
        assert_all_same(one, [part[[i]] for part in answer])


def test_a_radius(case):
    metric, rows, queries, (values, _) = case
    radius = np.sort(values[:, -1])[N_QUERIES // 2]
    found = (
        neighbors(metric)
        .fit(sparse.csr_array(rows))
        .radius_neighbors(sparse.csr_array(queries), radius)
    )
    expected = neighbors(metric).fit(rows).radius_neighbors(queries, radius)
    for got, wanted in zip(found, expected, strict=True):
        assert_all_same(list(got), list(wanted))


def stored_twice(rows, index):
    """Return the same rows with every entry in two halves, in no order."""
    table = sparse.coo_array(rows)
    order = np.random.default_rng(0).permutation(2 * table.nnz)
    places = [np.concatenate([part, part])[order] for part in table.coords]
    halves = np.concatenate([table.data, table.data])[order] / 2
    starts = np.concatenate(
        [[0], np.cumsum(np.bincount(places[0], minlength=len(rows)))]
    )
    by_row = np.argsort(places[0], kind="stable")
    parts = (halves[by_row], places[1][by_row].astype(index), starts.astype(index))
    return sparse.csr_array(parts, shape=rows.shape)


def with_zeros(rows, index):
    """Return the same rows with a share of their zeros stored."""
    kept = (rows != 0) | (np.random.default_rng(0).random(rows.shape) < 0.1)
    table = sparse.csr_array(kept.astype(np.float64))
    table.data[:] = rows[kept]
    table.indices, table.indptr = (
        table.indices.astype(index),
        table.indptr.astype(index),
    )
    return table


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("store", [stored_twice, with_zeros])
def test_however_entries_are_stored(case, store, index):
    metric, rows, queries, answer = case
    fitted, asked = store(rows, index), store(queries, index)
    before = [part.copy() for part in (fitted.data, fitted.indices, asked.data)]
    model = neighbors(metric).fit(fitted)
    assert_all_same(model.kneighbors(asked), answer)
    after = (fitted.data, fitted.indices, asked.data)
    assert_all_same(after, before)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "tanimoto"])
@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e150])
def test_values_of_any_size(metric, scale):
    rows, queries = texts(200) * scale, texts(20, seed=1) * scale
    rows[::5] *= 1e-3
    answer = neighbors(metric).fit(rows).kneighbors(queries)
    found = (
        neighbors(metric)
        .fit(sparse.csr_array(rows))
        .kneighbors(sparse.csr_array(queries))
    )
    assert_all_same(found, answer)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "jaccard"])
def test_empty_rows_and_queries(metric):
    rows = admitted(metric, texts(50))
    rows[10:40] = 0.0
    queries = np.zeros((3, WIDTH))
    queries[1, 7] = 1.0
    answer = neighbors(metric).fit(rows).kneighbors(queries)
    found = (
        neighbors(metric)
        .fit(sparse.csr_array(rows))
        .kneighbors(sparse.csr_array(queries))
    )
    assert_all_same(found, answer)
    empty = sparse.csr_array((9, 30))
    _, indices = neighbors(metric).fit(empty).kneighbors(empty[:2])
    np.testing.assert_array_equal(indices, [np.arange(K)] * 2)


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "jaccard"])
@pytest.mark.parametrize("width", [1, 2, 1_000_000])
def test_few_columns_and_very_many(metric, width):
    rows, queries = (admitted(metric, texts(n, 40, n)) for n in (300, 30))
    places = np.linspace(0, width - 1, 40).astype(int)
    spread = sparse.csr_array((np.ones(40), (np.arange(40), places)), (40, width))
    rows, queries = (sparse.csr_array(side) @ spread for side in (rows, queries))
    if metric == "jaccard":
        rows, queries = (side.astype(bool).astype(float) for side in (rows, queries))
    values, indices = neighbors(metric).fit(rows).kneighbors(queries)
    columns = np.unique(places)
    dense = neighbors(metric).fit(rows[:, columns].toarray())
    expected = dense.kneighbors(queries[:, columns].toarray())
    # Columns of zeros change the order of sums, and with it the last bits.
    np.testing.assert_allclose(values, expected[0], atol=1e-14)
    if metric == "dot":
        np.testing.assert_array_equal(indices, expected[1])


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "jaccard"])
@pytest.mark.parametrize("mebibytes", [4.0, 16.0])
def test_working_memory_is_kept(metric, mebibytes):
    rng = np.random.default_rng(0)
    rows = sparse.csr_array(
        sparse.random(6000, 20_000, density=0.002, format="csr", random_state=rng)
    )
    if metric == "jaccard":
        rows.data[:] = 1.0
    model = neighbors(metric, n_jobs=2, working_memory=mebibytes).fit(rows)
    queries = rows[:800]
    model.kneighbors(queries[:50])
    tracemalloc.start()
    values, indices = model.kneighbors(queries)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - values.nbytes - indices.nbytes <= mebibytes * 2**20


def test_working_memory_is_kept_for_dense_queries():
    rng = np.random.default_rng(0)
    rows = sparse.random(3000, 4000, density=0.005, format="csr", random_state=rng)
    queries = rng.random((300, 4000))
    model = neighbors("cosine", n_jobs=2, working_memory=16.0).fit(rows)
    model.kneighbors(queries[:5])
    tracemalloc.start()
    model.kneighbors(queries)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 16.0 * 2**20
