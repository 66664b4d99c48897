"""What the package promises of every search: exact, ordered, clean, within memory."""

import pickle
import tracemalloc
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from labels import label
from rows import rows_for
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.metrics import DistanceMetric
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from sknorms.metrics import BlockDistance, get_metric, metric_names, pairwise_distances
from sknorms.metrics._angular import Cosine
from sknorms.metrics._euclidean import Euclidean
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

RNG = np.random.default_rng(0)
ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


def exact(rows, queries, k):
    """Return neighbours by (distance, index) from direct differences in float64."""
    distances = cdist(queries.astype(np.float64), rows.astype(np.float64))
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, order, axis=1), order


# ---- exact ----


@pytest.mark.kernels
@pytest.mark.parametrize(
    ("dtype", "offset"),
    [(np.float32, 0), (np.float32, 1e4), (np.float64, 1e4), (np.float64, 1e7)],
)
def test_an_offset_changes_nothing(dtype, offset):
    rows = (RNG.normal(size=(600, 12)) + offset).astype(dtype)
    queries = (RNG.normal(size=(80, 12)) + offset).astype(dtype)
    found = NearestNeighbors(n_neighbors=10).fit(rows).kneighbors(queries)
    distances, indices = exact(rows, queries, 10)
    np.testing.assert_array_equal(found[1], indices)
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(found[0], distances, rtol=tolerance)


@pytest.mark.kernels
def test_ties_and_duplicates_in_whole_numbers():
    rows = RNG.integers(0, 3, (400, 4)).astype(float)
    found = NearestNeighbors(n_neighbors=25).fit(rows).kneighbors(rows)
    distances, indices = exact(rows, rows, 25)
    np.testing.assert_array_equal(found[0], distances)
    np.testing.assert_array_equal(found[1], indices)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e150, 1e300])
def test_rows_of_any_size(scale):
    rows = RNG.normal(size=(50, 3))
    found = NearestNeighbors(n_neighbors=5).fit(rows * scale).kneighbors(rows * scale)
    distances, indices = exact(rows, rows, 5)
    np.testing.assert_array_equal(found[1], indices)
    np.testing.assert_allclose(found[0], distances * scale, rtol=1e-9)


def test_float32_rows_near_its_limit():
    rows = (RNG.normal(size=(60, 3)) * 1e30).astype(np.float32)
    for metric in ("euclidean", "cosine", "manhattan"):
        distances, indices = NearestNeighbors(metric=metric).fit(rows).kneighbors(rows)
        assert distances.dtype == np.float32
        assert np.isfinite(distances).all()
        np.testing.assert_array_equal(indices[:, 0], np.arange(60))
        np.testing.assert_array_equal(distances[:, 0], 0)


@pytest.mark.parametrize("metric", metric_names())
def test_values_are_those_of_the_metric(metric):
    rows, queries = rows_for(metric, 60), rows_for(metric, 9, seed=1)
    model = NearestNeighbors(n_neighbors=4, metric=metric).fit(rows)
    values, indices = model.kneighbors(queries)
    table = pairwise_distances(
        queries, rows, metric=metric, **model.effective_metric_params_
    )
    np.testing.assert_allclose(
        values, np.take_along_axis(table, indices, axis=1), rtol=1e-12
    )
    best = np.sort(table, axis=1)[:, ::-1] if is_similarity(metric) else np.sort(table)
    np.testing.assert_allclose(values, best[:, :4], rtol=1e-12)


def is_similarity(metric):
    return get_metric(metric).larger_is_closer


# ---- self-exclusion ----


@pytest.mark.parametrize("metric", metric_names())
def test_a_row_is_not_its_own_neighbor_but_its_duplicate_is(metric):
    rows = rows_for(metric, 80, whole=True)
    rows = np.concatenate([rows, rows[:40]])
    model = NearestNeighbors(metric=metric).fit(rows)
    values, indices = model.kneighbors(n_neighbors=119)
    everyone = np.arange(120)
    for row in (0, 39, 79, 80, 119):
        assert sorted(indices[row]) == sorted(set(everyone) - {row})
    with_self = model.kneighbors(rows, 120)
    for row in range(120):
        others = with_self[1][row] != row
        np.testing.assert_array_equal(indices[row], with_self[1][row][others])
        np.testing.assert_array_equal(values[row], with_self[0][row][others])


def test_self_exclusion_within_a_radius():
    rows = np.zeros((6, 2))
    rows[3:] = 1
    distances, indices = NearestNeighbors(radius=0).fit(rows).radius_neighbors()
    assert [list(found) for found in indices] == [
        [1, 2], [0, 2], [0, 1], [4, 5], [3, 5], [3, 4],
    ]  # fmt: skip
    assert all((found == 0).all() for found in distances)


# ---- zero rows ----


def test_zero_rows_under_cosine():
    rows = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [-1.0, 0.0], [1.0, 1e-3]])
    model = NearestNeighbors(metric="cosine", n_neighbors=5).fit(rows)
    distances, indices = model.kneighbors([[0.0, 0.0], [1.0, 0.0]])
    assert indices[0].tolist() == [0, 2, 1, 3, 4]
    assert distances[0].tolist() == [0, 0, 1, 1, 1]
    assert indices[1].tolist() == [1, 4, 0, 2, 3]


# ---- dtypes ----


@pytest.mark.parametrize(
    "dtype", [np.float16, np.int8, np.uint8, bool, np.int64, np.float32]
)
def test_storage_types_do_not_wrap(dtype):
    wide = RNG.integers(0, 2 if dtype is bool else 120, (50, 8))
    rows = wide.astype(dtype)
    model = NearestNeighbors().fit(rows)
    distances, indices = model.kneighbors(rows[:20])
    expected = exact(wide, wide[:20], 5)
    np.testing.assert_array_equal(indices, expected[1])
    small = dtype in (np.float16, np.float32)
    assert distances.dtype == (np.float32 if small else np.float64)
    np.testing.assert_allclose(distances, expected[0], rtol=1e-6)
    graph = model.kneighbors_graph(mode="distance")
    assert graph.dtype == distances.dtype
    radius = model.radius_neighbors(rows[:2], 50.0)[0]
    assert radius[0].dtype == distances.dtype


def test_float64_on_one_side_means_float64():
    rows = RNG.normal(size=(20, 3)).astype(np.float32)
    model = NearestNeighbors().fit(rows)
    assert model.kneighbors(rows.astype(np.float64))[0].dtype == np.float64
    assert model.kneighbors(rows)[0].dtype == np.float32
    assert model.kneighbors()[0].dtype == np.float32


def test_distances_beyond_float32_are_an_error():
    rows = np.array([[3e38], [-3e38]], dtype=np.float32)
    model = NearestNeighbors(n_neighbors=2).fit(rows)
    with pytest.raises(ValueError, match=r"beyond the range of float32.*float64"):
        model.kneighbors(rows)
    assert model.kneighbors(rows, return_distance=False).tolist() == [[0, 1], [1, 0]]


# ---- radius ----


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", metric_names())
def test_a_returned_distance_is_within_itself_as_radius(metric, dtype):
    rows = rows_for(metric, 40).astype(dtype)
    queries = rows_for(metric, 8, seed=1).astype(dtype)
    model = NearestNeighbors(metric=metric).fit(rows)
    values, indices = model.kneighbors(queries, 9)
    for row, query in enumerate(queries):
        radius = float(values[row, 6])
        found, ids = model.radius_neighbors(query[None], radius, sort_results=True)
        assert set(indices[row, :7]) <= set(ids[0])
        inside = found[0] >= radius if is_similarity(metric) else found[0] <= radius
        assert inside.all()


def test_radius_lists_are_arrays_even_where_empty():
    model = NearestNeighbors(radius=0.5).fit([[0.0], [1.0], [1.2]])
    distances, indices = model.radius_neighbors([[5.0]])
    assert distances.dtype == indices.dtype == object
    assert (distances.shape, distances[0].shape) == ((1,), (0,))
    assert indices[0].dtype == np.intp
    only = model.radius_neighbors([[1.1]], return_distance=False)
    assert only[0].tolist() == [1, 2]
    graph = model.radius_neighbors([[5.0], [1.0]], as_csr=True)
    assert graph.toarray()[1] == pytest.approx([0, 0, 0.2])
    assert graph.nnz == 2
    ones = model.radius_neighbors([[1.0]], return_distance=False, as_csr=True)
    assert ones.toarray().tolist() == [[0, 1, 1]]


def test_an_infinite_radius_finds_all():
    model = NearestNeighbors().fit(RNG.normal(size=(20, 3)))
    assert all(
        len(found) == 20 for found in model.radius_neighbors([[0, 0, 0]], np.inf)[0]
    )
    similar = NearestNeighbors(metric="dot").fit(RNG.normal(size=(20, 3)))
    assert len(similar.radius_neighbors([[1, 1, 1]], -np.inf)[1][0]) == 20
    assert len(similar.radius_neighbors([[1, 1, 1]], np.inf)[1][0]) == 0


def test_graphs_store_zero_distances():
    rows = np.zeros((4, 2))
    model = NearestNeighbors(n_neighbors=3, radius=1).fit(rows)
    for graph in (
        model.kneighbors_graph(mode="distance"),
        model.radius_neighbors_graph(mode="distance", sort_results=True),
    ):
        assert graph.format == "csr"
        assert graph.nnz == 12
        assert (graph.data == 0).all()


# ---- similarities ----


@pytest.mark.parametrize("metric", ["dot", "cosine_similarity"])
def test_similarities_are_returned_largest_first(metric):
    rows, queries = RNG.normal(size=(50, 4)), RNG.normal(size=(6, 4))
    model = NearestNeighbors(metric=metric, n_neighbors=7).fit(rows)
    values, indices = model.kneighbors(queries)
    table = queries @ rows.T
    if metric != "dot":
        lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(
            rows, axis=1
        )
        table = table / lengths
    np.testing.assert_array_equal(indices, np.argsort(-table, axis=1)[:, :7])
    np.testing.assert_allclose(values, -np.sort(-table, axis=1)[:, :7])
    found = model.radius_neighbors(queries, 0.5, return_distance=False)
    for row in range(6):
        assert set(found[row]) == set(np.flatnonzero(table[row] >= 0.5))


# ---- memory ----


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "dot"])
@pytest.mark.parametrize("budget", [2, 8])
def test_working_memory_is_kept(metric, budget):
    rows = RNG.normal(size=(4000, 64)).astype(np.float32)
    queries = RNG.normal(size=(1500, 64)).astype(np.float32)
    model = NearestNeighbors(metric=metric, working_memory=budget, n_jobs=2)
    assert_memory_is_kept(model.fit(rows), queries, budget)


@pytest.mark.parametrize("budget", [2, 8])
@pytest.mark.parametrize("n_neighbors", [5, 100])
@pytest.mark.parametrize("algorithm", ["brute", "prefix", "kd_tree"])
def test_every_algorithm_keeps_the_working_memory(algorithm, n_neighbors, budget):
    n_columns = 3 if algorithm == "kd_tree" else 64
    rows = RNG.normal(size=(6000, n_columns)) * np.geomspace(1, 1e-3, n_columns)
    queries = rows[::4] + 1e-6
    model = NearestNeighbors(n_neighbors=n_neighbors, algorithm=algorithm, n_jobs=2)
    model.set_params(working_memory=budget).fit(rows)
    assert_memory_is_kept(model, queries, budget)


def assert_memory_is_kept(model, queries, budget):
    model.kneighbors(queries[:10])  # compile and load before measuring
    dot = model.metric == "dot"
    for ask in (
        lambda: model.kneighbors(queries),
        lambda: model.kneighbors_graph(queries),
        lambda: model.radius_neighbors(queries, 1e9 if dot else 1e-3),
    ):
        tracemalloc.start()
        try:
            answer = ask()
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        del answer
        # Found in float64 with indices, gathered, then cast: three times the answer.
        results = 3 * len(queries) * model.n_neighbors * 16
        assert peak <= budget * 2**20 + results


def test_predictions_keep_the_working_memory_too():
    rows = RNG.normal(size=(300, 4))
    model = KNeighborsClassifier(100, working_memory=1, n_jobs=1)
    model.fit(rows, np.arange(300) % 2)
    queries = RNG.normal(size=(20_000, 4))
    expected = model.predict(queries[-5:])
    tracemalloc.start()
    try:
        predicted = model.predict(queries)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(predicted[-5:], expected)
    # 20,000 x 100 neighbours would take 32 MiB; shares of two classes take 16 bytes.
    assert peak <= 4 * 2**20


# ---- scikit-learn citizens ----


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("metric", metric_names())
def test_every_metric_in_every_estimator_without_a_warning(estimator, metric):
    rows = rows_for(metric, 60)
    y = np.arange(60) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for X in (rows, rows.astype(np.float32), sparse.csr_array(rows)):
            model = estimator(metric=metric).fit(X, y)
            model.kneighbors(X[:3])


def test_grid_search_over_every_metric_has_no_nan():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    rows = rng.random((60, 2)) + y[:, None] * [0.5, 0.0]
    pipeline = make_pipeline(Normalizer(), KNeighborsClassifier())
    names = [name for name in metric_names() if name not in boolean_metrics()]
    search = GridSearchCV(
        pipeline, {"kneighborsclassifier__metric": names}, cv=3, error_score="raise"
    )
    search.fit(rows, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    booleans = GridSearchCV(
        KNeighborsClassifier(), {"metric": boolean_metrics()}, cv=3, error_score="raise"
    )
    booleans.fit(rng.random((60, 8)) < 0.5, y)
    assert np.isfinite(booleans.cv_results_["mean_test_score"]).all()


def boolean_metrics():
    return [n for n in metric_names() if get_metric(n).domain.summary == "boolean"]


def test_what_a_metric_learns_comes_from_the_training_rows():
    rows = RNG.normal(size=(40, 3)) * [1, 10, 100]
    model = NearestNeighbors(metric="seuclidean").fit(rows)
    before = model.effective_metric_params_["V"].copy()
    np.testing.assert_allclose(before, rows.var(axis=0, ddof=1))
    model.kneighbors(rows * 1000)
    np.testing.assert_array_equal(model.effective_metric_params_["V"], before)
    assert model.metric_params is None
    refitted = model.fit(2 * rows)
    np.testing.assert_allclose(refitted.effective_metric_params_["V"], 4 * before)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "mahalanobis"])
def test_pickles_hold_the_rows_once_and_answer_alike(metric):
    rows = RNG.normal(size=(500, 20))
    model = NearestNeighbors(metric=metric).fit(rows)
    stored = pickle.dumps(model)
    assert len(stored) < 1.2 * rows.nbytes
    again = pickle.loads(stored)
    for mine, theirs in zip(
        again.kneighbors(rows), model.kneighbors(rows), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_joblib_dump_and_memory_map(tmp_path):
    rows = RNG.normal(size=(100, 5))
    model = KNeighborsClassifier().fit(rows, np.arange(100) % 2)
    joblib.dump(model, tmp_path / "model.joblib")
    again = joblib.load(tmp_path / "model.joblib", mmap_mode="r")
    np.testing.assert_array_equal(again.predict_proba(rows), model.predict_proba(rows))


@pytest.mark.parametrize(
    "metric",
    [
        Cosine(),
        Euclidean(),
        BlockDistance(cdist),
        DistanceMetric.get_metric("chebyshev"),
        get_metric("seuclidean", V=[1.0, 2.0]),
    ],
    ids=label,
)
def test_records_and_objects_as_metrics(metric):
    rows = RNG.normal(size=(30, 2))
    model = clone(NearestNeighbors(metric=metric)).fit(rows)
    model = pickle.loads(pickle.dumps(model))
    assert model.kneighbors(rows, 1, return_distance=False).ravel().tolist() == list(
        range(30)
    )
    assert model.effective_metric_params_ == {}


def test_a_record_is_reported_with_what_it_learned():
    model = NearestNeighbors(metric=get_metric("seuclidean")).fit([[0.0], [2.0]])
    assert model.effective_metric_.V.tolist() == [2.0]
    assert model.metric.V is None


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frames(frame):
    table = frame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 5.0]})
    model = KNeighborsClassifier(1).fit(table, ["x", "y", "z"])
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert model.predict(table).tolist() == ["x", "y", "z"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame({"a": [0.0], "c": [1.0]}))
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict([[0.0, 1.0]])


def test_nothing_passed_in_is_modified():
    rows = RNG.normal(size=(30, 3))
    graph = NearestNeighbors(n_neighbors=29).fit(rows).kneighbors_graph(mode="distance")
    weights = np.ones(30)
    originals = rows.copy(), graph.copy(), weights.copy()
    labels = np.arange(30) % 2
    KNeighborsClassifier().fit(rows, labels, sample_weight=weights).predict(rows)
    model = NearestNeighbors(metric="precomputed").fit(graph)
    model.kneighbors()
    model.radius_neighbors(radius=1)
    np.testing.assert_array_equal(rows, originals[0])
    np.testing.assert_array_equal(graph.toarray(), originals[1].toarray())
    np.testing.assert_array_equal(weights, originals[2])


def test_edits_of_sparse_rows_after_fit_do_not_matter():
    rows = sparse.csr_array(RNG.normal(size=(30, 3)))
    model = NearestNeighbors().fit(rows)
    expected = model.kneighbors()
    rows.data[:] = 0
    for mine, theirs in zip(model.kneighbors(), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_missing_values_are_data_to_a_metric_for_them():
    rows = rows_for("nan_euclidean", 40)
    assert np.isnan(rows).any()
    model = NearestNeighbors(metric="nan_euclidean").fit(rows)
    assert np.isfinite(model.kneighbors(rows)[0]).all()
    assert model.__sklearn_tags__().input_tags.allow_nan
    assert not NearestNeighbors().__sklearn_tags__().input_tags.allow_nan


def test_rows_without_a_distance_are_no_neighbors():
    rows = np.array([[1.0, np.nan], [2.0, np.nan], [np.nan, 3.0]])
    model = NearestNeighbors(metric="nan_euclidean").fit(rows)
    assert model.kneighbors([[1.5, np.nan]], 2)[1].tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="2 rows only, but 3"):
        model.kneighbors([[1.5, np.nan]], 3)
