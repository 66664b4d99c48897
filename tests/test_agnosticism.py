"""The same bits, however the work is cut up and the rows are laid out."""

import joblib
import numpy as np
import pytest
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn import config_context

from sknorms.metrics import get_metric, metric_names
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

pytestmark = pytest.mark.kernels

N_ROWS, N_QUERIES, K = 700, 150, 7


@pytest.fixture(scope="module", params=metric_names())
def case(request):
    """Return a metric, rows full of ties, queries and the right answers."""
    metric = request.param
    rows = rows_for(metric, N_ROWS, 10, whole=True)
    queries = rows_for(metric, N_QUERIES, 10, seed=1, whole=True)
    answer = (
        NearestNeighbors(n_neighbors=K, metric=metric).fit(rows).kneighbors(queries)
    )
    return metric, rows, queries, answer


def assert_all_same(actual, expected):
    for mine, theirs in zip(actual, expected, strict=True):
        assert_same_bits(mine, theirs)


def neighbors(metric, **parameters):
    return NearestNeighbors(n_neighbors=K, metric=metric, **parameters)


@pytest.mark.parametrize("metric", metric_names())
def test_number_of_jobs(metric):
    # Enough work to be shared at all.
    rows = rows_for(metric, 1500, 16, whole=True)
    queries = rows_for(metric, 300 if rows.shape[1] > 2 else 1500, 16, seed=1)
    alone = neighbors(metric, n_jobs=1).fit(rows).kneighbors(queries)
    for n_jobs in (2, 3, -1):
        model = neighbors(metric, n_jobs=n_jobs).fit(rows)
        assert_all_same(model.kneighbors(queries), alone)


@pytest.mark.parametrize("mebibytes", [0.02, 0.3])
def test_memory_budget(case, mebibytes):
    metric, rows, queries, answer = case
    model = neighbors(metric, working_memory=mebibytes).fit(rows)
    few = slice(0, 20)
    assert_all_same(model.kneighbors(queries[few]), [part[few] for part in answer])
    with config_context(working_memory=1):
        assert_all_same(neighbors(metric).fit(rows).kneighbors(queries), answer)


def test_batches_of_queries(case):
    metric, rows, queries, answer = case
    model = neighbors(metric).fit(rows)
    for size in (1, 37):
        blocks = [slice(s, s + size) for s in range(0, 74, size)]
        parts = [model.kneighbors(queries[block]) for block in blocks]
        joined = [np.concatenate(part) for part in zip(*parts, strict=True)]
        assert_all_same(joined, [part[:74] for part in answer])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(case, layout):
    metric, rows, queries, answer = case
    lay = LAYOUTS[layout]
    model = neighbors(metric).fit(lay(rows))
    assert_all_same(model.kneighbors(lay(queries)), answer)


def test_dense_queries_of_sparse_rows_and_the_reverse(case):
    metric, rows, queries, answer = case
    for corpus, asked in [
        (rows, sparse.csr_array(queries)),
        (sparse.csr_array(rows), queries),
    ]:
        assert_all_same(neighbors(metric).fit(corpus).kneighbors(asked), answer)


def test_order_of_the_corpus(case):
    metric, rows, queries, (distances, _) = case
    order = np.random.default_rng(3).permutation(len(rows))
    # What a metric learns may round differently in another order; it is not at issue.
    learned = neighbors(metric).fit(rows).effective_metric_params_
    model = neighbors(metric, metric_params=learned).fit(rows[order])
    np.testing.assert_array_equal(model.kneighbors(queries)[0], distances)


def test_fewer_neighbors_are_the_first_of_more(case):
    metric, rows, queries, answer = case
    model = neighbors(metric).fit(rows)
    for k in (1, 3):
        assert_all_same(model.kneighbors(queries, k), [part[:, :k] for part in answer])
    more = model.kneighbors(queries, 200)
    assert_all_same([part[:, :K] for part in more], answer)


def test_ties_are_ordered_by_index(case):
    metric, rows, queries, _ = case
    values, indices = neighbors(metric).fit(rows).kneighbors(queries, 50)
    keys = -values if get_metric(metric).larger_is_closer else values
    assert (np.diff(keys, axis=1) >= 0).all()
    tied = np.diff(keys, axis=1) == 0
    # Values that are equal to the last bit may come from keys that are not.
    in_order = np.diff(indices, axis=1) > 0
    assert tied.any()
    assert in_order[tied].mean() > 0.9


def test_radius_search_finds_what_the_nearest_are(case):
    metric, rows, queries, (values, indices) = case
    closest = get_metric(metric).larger_is_closer
    radius = float(np.max(values[:, 2]) if closest else np.min(values[:, 2]))
    for n_jobs, budget in [(1, 0.3), (2, None)]:
        model = neighbors(metric, n_jobs=n_jobs, working_memory=budget).fit(rows)
        if closest or radius >= 0:
            found = model.radius_neighbors(queries, radius, sort_results=True)
            for row, (mine, ids) in enumerate(zip(*found, strict=True)):
                inside = values[row] >= radius if closest else values[row] <= radius
                count = min(K, len(mine))
                assert count == inside.sum()
                np.testing.assert_array_equal(mine[:count], values[row, :count])
                np.testing.assert_array_equal(ids[:count], indices[row, :count])


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_backends_and_read_only_memmaps(tmp_path, backend):
    rows = np.lib.format.open_memmap(
        tmp_path / "rows.npy", mode="w+", dtype=np.float32, shape=(3000, 16)
    )
    rows[:] = np.random.default_rng(0).normal(size=rows.shape)
    rows.flush()
    frozen = np.load(tmp_path / "rows.npy", mmap_mode="r")
    alone = neighbors("euclidean", n_jobs=1).fit(np.array(frozen))
    with joblib.parallel_config(backend=backend, n_jobs=2, max_nbytes=0):
        model = neighbors("euclidean", n_jobs=2).fit(frozen)
        assert_all_same(model.kneighbors(frozen), alone.kneighbors(np.array(frozen)))
        assert_all_same(model.kneighbors(), alone.kneighbors())


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_predictions(estimator, weights):
    rows = rows_for("euclidean", N_ROWS, 10, whole=True)
    queries = rows_for("euclidean", N_QUERIES, 10, seed=1, whole=True)
    y = np.random.default_rng(2).integers(0, 4, N_ROWS)
    expected = estimator(weights=weights).fit(rows, y).predict(queries)
    for parameters in ({"n_jobs": 2}, {"working_memory": 0.2}):
        model = estimator(weights=weights, **parameters).fit(rows, y)
        np.testing.assert_array_equal(model.predict(queries), expected)
    model = estimator(weights=weights).fit(sparse.csr_array(rows), y)
    np.testing.assert_array_equal(model.predict(queries), expected)
    single = np.concatenate([model.predict(queries[[i]]) for i in range(20)])
    np.testing.assert_array_equal(single, expected[:20])
