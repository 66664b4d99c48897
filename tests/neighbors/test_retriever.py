"""Searching: the right rows under every filter and limit, called by their ids."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.metrics import BlockDistance, get_metric, metric_names
from sknorms.neighbors import NearestNeighbors, Retriever, SearchResult

pytestmark = pytest.mark.kernels

N_ROWS, N_QUERIES = 60, 7
RNG = np.random.default_rng(0)
ROWS, QUERIES = RNG.normal(size=(N_ROWS, 5)), RNG.normal(size=(N_QUERIES, 5))
NAMES = [f"row {i}" for i in range(N_ROWS)]


def brute(metric, rows, queries, allowed, k=None, holds=None):
    """Sort all values of admitted rows, those within a limit, by (value, index)."""
    finder = NearestNeighbors(metric=metric).fit(rows)
    values, indices = finder.kneighbors(queries, len(rows))
    lists = []
    for q in range(len(queries)):
        kept = allowed[q, indices[q]]
        if holds is not None:
            kept &= holds(values[q])
        lists.append((indices[q][kept][:k], values[q][kept][:k]))
    return lists


def assert_lists(result, expected):
    assert len(result) == len(expected)
    for query, (indices, scores) in enumerate(expected):
        np.testing.assert_array_equal(result.indices[query], indices)
        assert_same_bits(np.asarray(result.values[query]), scores)


def masks_for(metric, seed=0, share=0.5):
    rng = np.random.default_rng([seed, len(metric)])
    masks = rng.random((N_QUERIES, N_ROWS)) < share
    masks[0] = False  # one query may find nothing at all
    masks[1], masks[1, 5] = False, True
    return masks


@pytest.fixture(params=metric_names())
def case(request):
    metric = request.param
    rows = rows_for(metric, N_ROWS, whole=True)
    return metric, rows, rows_for(metric, N_QUERIES, seed=1, whole=True)


# ---- every metric, dtype and layout ----


@pytest.mark.parametrize("k", [1, 10, N_ROWS])
def test_nearest_rows_are_those_of_nearest_neighbors(case, k):
    metric, rows, queries = case
    result = Retriever(metric).fit(rows).search(queries, k)
    values, indices = NearestNeighbors(metric=metric).fit(rows).kneighbors(queries, k)
    np.testing.assert_array_equal(result.indices, indices)
    assert_same_bits(result.values, values)
    assert result.higher_is_better is get_metric(metric).larger_is_closer


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_every_metric_takes_every_dtype_dense_and_sparse(case, dtype, layout):
    metric, rows, queries = case
    rows, queries = rows.astype(dtype), queries.astype(dtype)
    model = Retriever(metric, n_neighbors=4).fit(layout(rows))
    result = model.search(layout(queries), where=np.arange(N_ROWS) % 2 == 0)
    assert result.values.dtype == dtype
    assert (result.indices % 2 == 0).all()
    plain = Retriever(metric, n_neighbors=4).fit(rows)
    assert_same_bits(
        result.values, plain.search(queries, where=np.arange(N_ROWS) % 2 == 0).values
    )
    graph = model.transform(layout(queries))
    assert graph.dtype == dtype
    assert model.score(layout(rows), np.arange(N_ROWS), k=N_ROWS) == 1.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout):
    lay = LAYOUTS[layout]
    model = Retriever().fit(lay(ROWS), NAMES)
    assert_same_bits(
        model.search(lay(QUERIES), 3).distances,
        Retriever().fit(ROWS).search(QUERIES, 3).distances,
    )


def test_functions_are_metrics_too():
    def gaps(x, y):
        return np.abs(x[:, None, :] - y[None, :, :]).sum(axis=2)

    model = Retriever(BlockDistance(gaps)).fit(ROWS)
    same = Retriever("manhattan").fit(ROWS)
    allowed = sparse.csr_array(masks_for("manhattan", share=0.05))
    for filters in ({}, {"where": allowed}, {"radius": 4.0}):
        mine = model.search(QUERIES, **filters)
        np.testing.assert_array_equal(
            mine.all_indices, same.search(QUERIES, **filters).all_indices
        )


# ---- who may be found ----


@pytest.mark.parametrize("k", [1, 10, N_ROWS])
@pytest.mark.parametrize("share", [0.03, 0.5])
@pytest.mark.parametrize("store", [np.asarray, sparse.csr_array, sparse.coo_matrix])
def test_one_mask_a_query(case, k, share, store):
    metric, rows, queries = case
    masks = masks_for(metric, share=share)
    found = Retriever(metric).fit(rows).search(queries, k, where=store(masks))
    assert_lists(found, brute(metric, rows, queries, masks, k))
    assert found.counts[:2].tolist() == [0, 1]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9, 1.0])
def test_one_mask_for_all(case, share):
    metric, rows, queries = case
    mask = np.random.default_rng(3).random(N_ROWS) < share
    found = Retriever(metric).fit(rows).search(queries, 8, where=mask)
    masks = np.broadcast_to(mask, (N_QUERIES, N_ROWS))
    assert_lists(found, brute(metric, rows, queries, masks, 8))


def test_masks_of_other_kinds():
    mask = np.arange(N_ROWS) % 3 == 0
    model = Retriever().fit(ROWS)
    expected = model.search(QUERIES, where=mask).indices
    for same in (mask.tolist(), pd.Series(mask), pl.Series(mask)):
        np.testing.assert_array_equal(
            model.search(QUERIES, where=same).indices, expected
        )


def test_stored_entries_that_are_false_admit_nothing():
    masks = sparse.csr_array(np.ones((N_QUERIES, N_ROWS), dtype=bool))
    masks.data[1::2] = False
    found = Retriever().fit(ROWS).search(QUERIES, where=masks)
    expected = Retriever().fit(ROWS).search(QUERIES, where=masks.toarray())
    np.testing.assert_array_equal(found.indices, expected.indices)
    assert (found.indices % 2 == 0).all()


@pytest.mark.parametrize("where", [None, "all", "each"])
def test_rows_of_the_same_group_are_left_out(case, where):
    metric, rows, queries = case
    groups = np.array(["a", "b", "c"])[np.arange(N_ROWS) % 3]
    own = ["a", "b", "c", "d", None, np.nan, "a"]
    allowed = np.array([[mine != theirs for theirs in groups] for mine in own])
    filters = {}
    if where is not None:
        masks = masks_for(metric, share=0.05 if where == "each" else 0.5)
        masks = masks if where == "each" else masks[2]
        filters, allowed = {"where": masks}, allowed & masks
    model = Retriever(metric).fit(rows, groups=groups)
    found = model.search(queries, exclude_groups=own, **filters)
    assert_lists(found, brute(metric, rows, queries, allowed, 10))


def test_rows_without_a_group_are_never_left_out():
    groups = pd.Series([None, "a"] * (N_ROWS // 2), dtype="string")
    model = Retriever().fit(ROWS, groups=groups)
    found = model.search(QUERIES, N_ROWS, exclude_groups=["a"] * 6 + [pd.NA])
    assert found.counts.tolist() == [N_ROWS // 2] * 6 + [N_ROWS]


# ---- how far a hit may be ----


def limit_of(metric, result):
    """Return a value that some results reach, and its parameter."""
    name = "min_score" if get_metric(metric).larger_is_closer else "radius"
    return name, float(np.sort(result.all_values)[len(result.all_values) // 3])


@pytest.mark.parametrize("k", [None, 3])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_limits_on_what_the_metric_is(case, k, masked, dtype):
    metric, rows, queries = case
    rows, queries = rows.astype(dtype), queries.astype(dtype)
    model = Retriever(metric).fit(rows)
    name, limit = limit_of(metric, model.search(queries, N_ROWS))
    masks = masks_for(metric) if masked else np.ones((N_QUERIES, N_ROWS), dtype=bool)
    larger = get_metric(metric).larger_is_closer
    expected = brute(
        metric, rows, queries, masks, k, lambda v: v >= limit if larger else v <= limit
    )
    assert_lists(model.search(queries, k, where=masks, **{name: limit}), expected)


COMPLEMENTARY = [m for m in metric_names() if get_metric(m).complementary]


@pytest.mark.parametrize("metric", COMPLEMENTARY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [None, 3])
def test_limits_on_one_minus_what_the_metric_is(metric, dtype, k):
    rows = rows_for(metric, N_ROWS, whole=True).astype(dtype)
    queries = rows_for(metric, N_QUERIES, seed=1, whole=True).astype(dtype)
    model = Retriever(metric).fit(rows)
    everything = model.search(queries, N_ROWS)
    larger = everything.higher_is_better
    opposites = everything.distances if larger else everything.similarities
    values = np.unique(opposites).astype(float)
    for limit in values[[0, len(values) // 2, -1]]:
        limit = abs(limit)
        name = "radius" if larger else "min_score"
        found = model.search(queries, k, **{name: limit})
        inside = opposites <= limit if larger else opposites >= limit
        counts = np.minimum(inside.sum(axis=1), k or N_ROWS)
        np.testing.assert_array_equal(found.counts, counts)
        for q, count in enumerate(counts):
            np.testing.assert_array_equal(
                found.indices[q], everything.indices[q, :count]
            )


def test_one_limit_a_query():
    model = Retriever().fit(ROWS)
    radii = np.linspace(0, 2, N_QUERIES)
    found = model.search(QUERIES, radius=radii)
    assert found.counts[0] == 0
    assert found.counts[-1] == N_ROWS
    for query in range(N_QUERIES):
        alone = model.search(QUERIES[[query]], radius=radii[query])
        np.testing.assert_array_equal(found.indices[query], alone.indices[0])


def test_without_k_a_limit_alone_decides():
    model = Retriever(n_neighbors=2).fit(ROWS)
    assert model.search(QUERIES).counts.tolist() == [2] * N_QUERIES
    assert model.search(QUERIES, radius=2.0).counts.tolist() == [N_ROWS] * N_QUERIES
    assert model.search(QUERIES, 5, radius=2.0).counts.tolist() == [5] * N_QUERIES


# ---- the same bits, however the work is cut up ----


@pytest.mark.parametrize("filters", ["none", "each", "radius"])
def test_batches_jobs_and_budgets(filters):
    rng = np.random.default_rng(5)
    rows, queries = rng.integers(-2, 3, (900, 12)) + 0.0, rng.normal(size=(200, 12))
    masks = rng.random((200, 900)) < 0.3
    options = {
        "none": lambda part: {},
        "each": lambda part: {"where": masks[part]},
        "radius": lambda part: {"radius": 0.6},
    }[filters]
    every = slice(None)
    expected = Retriever().fit(rows).search(queries, **options(every))
    for parameters in ({"n_jobs": 3}, {"working_memory": 0.1}):
        found = Retriever(**parameters).fit(rows).search(queries, **options(every))
        assert_same_bits(found.all_values, expected.all_values)
        np.testing.assert_array_equal(found.all_indices, expected.all_indices)
    for part in (slice(0, 1), slice(3, 60)):
        found = Retriever().fit(rows).search(queries[part], **options(part))
        assert_same_bits(found.all_values, expected[part].all_values)


@pytest.mark.parametrize("store", [np.asarray, sparse.csr_array])
def test_few_admitted_pairs_under_a_small_budget(store):
    rows = np.random.default_rng(5).integers(-2, 3, (900, 12)) + 0.0
    masks = store(np.random.default_rng(6).random((200, 900)) < 0.01)
    expected = Retriever().fit(rows).search(rows[:200], 3, where=masks)
    found = Retriever(working_memory=0.01).fit(rows).search(rows[:200], 3, where=masks)
    np.testing.assert_array_equal(found.starts, expected.starts)
    np.testing.assert_array_equal(found.all_indices, expected.all_indices)
    assert_same_bits(found.all_values, expected.all_values)


@pytest.mark.parametrize("share", [0.005, 0.5])
def test_memory_of_a_masked_search(share):
    rows = np.random.default_rng(0).normal(size=(20_000, 16))
    mask = np.random.default_rng(1).random(20_000) < share
    masks = sparse.csr_array(np.random.default_rng(2).random((50, 20_000)) < share)
    model = Retriever(n_jobs=1, working_memory=2).fit(rows)
    for where in (mask, masks):
        model.search(rows[:50], where=where)  # compiles, fills what is kept
        tracemalloc.start()
        model.search(rows[:50], where=where)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        # The copy of a mask that says which pairs are admitted is an input's size.
        assert peak < 3 * 2**20 + 40 * 50 * 20_000 * share


# ---- ids and payloads ----


TIMES = pd.date_range("2024-01-01", periods=3)
THREE = np.eye(3)


@pytest.mark.parametrize(
    ("X", "y", "ids"),
    [
        (THREE, None, [0, 1, 2]),
        (THREE, ["a", "b", "c"], ["a", "b", "c"]),
        (THREE, ("a", "b", "c"), ["a", "b", "c"]),
        (THREE, [1, "1", None], [1, "1", None]),
        (THREE, [("a", 1), ("a", 2), ("b", 1)], [("a", 1), ("a", 2), ("b", 1)]),
        (THREE, [1.5, 2, 3], [1.5, 2, 3]),
        (THREE, [{"text": "x"}, 2, 3], [{"text": "x"}, 2, 3]),
        (THREE, np.array([7, 8, 9], dtype=np.uint8), [7, 8, 9]),
        (THREE, pd.Series(["a", "b", "c"], index=[5, 6, 7]), ["a", "b", "c"]),
        (THREE, pd.Index([5, 6, 7]), [5, 6, 7]),
        (THREE, pl.Series(["a", "b", "c"]), ["a", "b", "c"]),
        (THREE, pd.DataFrame({"text": list("xyz")}, index=[4, 5, 6]), [4, 5, 6]),
        (THREE, pl.DataFrame({"text": list("xyz")}), [0, 1, 2]),
        (
            pd.DataFrame(THREE, index=list("abc"), columns=list("xyz")),
            None,
            list("abc"),
        ),
        (
            pd.DataFrame(THREE, index=list("abc"), columns=list("xyz")),
            [1, 2, 3],
            [1, 2, 3],
        ),
        (pl.DataFrame(THREE), None, [0, 1, 2]),
        (THREE, TIMES, list(TIMES.to_numpy())),
    ],
)
def test_ids(X, y, ids):
    model = Retriever().fit(X, y)
    assert list(model.ids_) == ids
    hits = model.search(X, 1)
    assert [hit.id for (hit,) in hits] == ids
    assert [type(hit.id) for (hit,) in hits] == [type(name) for name in ids]


def test_ids_are_a_copy():
    names = np.array([3, 4, 5])
    model = Retriever().fit(THREE, names)
    names[:] = 0
    assert model.ids_.tolist() == [3, 4, 5]


@pytest.mark.parametrize("library", [pd, pl])
def test_payload_travels_with_the_rows(library):
    payload = library.DataFrame({"id": list("xyz"), "size": [1, 2, 3]})
    model = Retriever().fit(THREE, payload)
    model.partial_fit([[5.0, 5.0, 0.0]], library.DataFrame({"id": ["w"], "size": [4]}))
    model.remove(1)
    assert list(model.payload_["size"]) == [1, 3, 4]
    frame = model.search([[1.0, 0.9, 0.0]], 2).to_frame()
    assert frame.columns.tolist() == [
        "query",
        "rank",
        "id",
        "value",
        "payload_id",
        "size",
    ]
    assert frame["payload_id"].tolist() == ["w", "x"]
    assert frame["size"].tolist() == [4, 1]


# ---- scores, transforms, scikit-learn ----


def test_recall_counts_what_is_found():
    model = Retriever(n_neighbors=1).fit(THREE, ["a", "b", "c"])
    queries = [[2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    assert model.score(queries, ["a", "c"]) == 1.0
    assert model.score(queries, [["a", "b"], ["c"]]) == 0.75
    assert model.score(queries, [["a", "b"], ["c"]], k=2) == 1.0
    assert model.score(queries, [{"b"}, ("a", "c")]) == 0.25
    assert model.score(queries, [np.array(["a"]), pd.Series(["b"])]) == 0.5
    assert model.score(queries, [["a", "gone"], []]) == 0.5
    rows = np.array([[True, True, False], [False, False, False]])
    assert model.score(queries, rows) == 0.5
    assert model.score(queries, sparse.csr_array(rows), k=3) == 1.0


def test_recall_of_ids_that_rows_share_needs_one_of_them():
    model = Retriever().fit(np.vstack([THREE, THREE]), ["a", "b", "c"] * 2)
    assert model.score(THREE, ["a", "b", "c"], k=1) == 1.0
    same = np.array([[i % 3 == j for i in range(6)] for j in range(3)])
    assert model.score(THREE, same, k=1) == 0.5


def test_recall_of_tuples_that_are_ids():
    model = Retriever().fit(THREE, [("a", 1), ("a", 2), ("b", 1)])
    assert model.score(THREE, [("a", 1), ("b", 1), [("b", 1)]], k=1) == pytest.approx(
        2 / 3
    )


def test_grid_search_over_metrics():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    rows = rng.normal(size=(90, 4)) + 3 * np.eye(3, 4)[labels]
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Retriever(n_neighbors=1)),
        {"retriever__metric": ["cosine", "euclidean", "mahalanobis", "dot"]},
        cv=3,
        error_score="raise",
    ).fit(rows, labels)
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert search.best_score_ > 0.7


@pytest.mark.parametrize("n_neighbors", [4, 500])
def test_transform_is_a_graph_of_similarities(case, n_neighbors):
    metric, rows, queries = case
    model = Retriever(metric, n_neighbors=n_neighbors).fit(rows)
    graph = model.transform(queries)
    found = model.search(queries)
    k = min(n_neighbors, N_ROWS)
    assert graph.shape == (N_QUERIES, N_ROWS)
    assert np.diff(graph.indptr).tolist() == [k] * N_QUERIES
    np.testing.assert_array_equal(graph.indices, found.all_indices)
    values = graph.data.reshape(N_QUERIES, k)
    assert (np.diff(values, axis=1) <= 0).all()
    assert len(model.get_feature_names_out()) == N_ROWS
    if get_metric(metric).complementary or found.higher_is_better:
        np.testing.assert_array_equal(values, found.similarities)
    else:
        np.testing.assert_array_equal(values, 1 / (1 + found.distances))


def test_pickle_and_clone():
    model = Retriever("seuclidean", n_neighbors=3).fit(ROWS, NAMES)
    model.partial_fit(QUERIES, [f"more {i}" for i in range(N_QUERIES)])
    model.search(QUERIES)
    again = pickle.loads(pickle.dumps(model))
    assert_same_bits(again.search(QUERIES).values, model.search(QUERIES).values)
    assert again.search(QUERIES).ids.tolist() == model.search(QUERIES).ids.tolist()
    fresh = clone(model)
    assert not hasattr(fresh, "ids_")
    assert fresh.get_params() == model.get_params()
    assert isinstance(pickle.loads(pickle.dumps(model.search(QUERIES))), SearchResult)


def test_learnt_parameters_are_reported():
    model = Retriever("seuclidean").fit(ROWS)
    np.testing.assert_allclose(model.effective_metric_params_["V"], ROWS.var(0, ddof=1))
    assert model.effective_metric_ == "seuclidean"
    assert Retriever("minkowski", p=1).fit(ROWS).effective_metric_ == "manhattan"


def test_inputs_are_not_written_to():
    rows, queries = ROWS.copy(), QUERIES.copy()
    mask = np.ones((N_QUERIES, N_ROWS), dtype=bool)
    for array in (rows, queries, mask):
        array.flags.writeable = False
    masks = sparse.csr_array(mask)
    masks.data[::2] = False
    before = masks.copy()
    model = Retriever().fit(rows).partial_fit(queries, None)
    model.search(queries, where=np.ones((N_QUERIES, N_ROWS + N_QUERIES), dtype=bool))
    Retriever().fit(rows).search(queries, where=masks)
    assert (masks != before).nnz == 0
    assert masks.nnz == before.nnz


def test_the_work_of_a_search_is_counted():
    rows = np.random.default_rng(0).normal(size=(300, 8))
    retriever = Retriever(n_neighbors=3).fit(rows)
    assert retriever.search_stats_.refinements == 0
    retriever.search(rows[:20])
    assert retriever.search_stats_.products == 20 * 300
    assert 60 <= retriever.search_stats_.refinements < 20 * 300
