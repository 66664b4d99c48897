"""What scikit-learn's users rely on, and find here under the same names."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from labels import label
from scipy import sparse
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import BallTree, KDTree

from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

RNG = np.random.default_rng(3)
ROWS = RNG.normal(size=(12, 3))
LABELS = np.arange(12) % 3
ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]

every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)


# ---- errors ----


@every_estimator
@pytest.mark.parametrize(
    "parameters",
    [
        {"algorithm": "hash"},
        {"leaf_size": 0},
        {"leaf_size": 2.5},
        {"metric": "euclidian"},
        {"metric": 3},
        {"metric_params": [1]},
        {"metric": "cosine", "metric_params": {"q": 1}},
        {"n_jobs": 0},
        {"n_jobs": "two"},
        {"n_neighbors": 0},
        {"n_neighbors": 1.5},
        {"p": -1},
        {"p": "two"},
    ],
    ids=label,
)
def test_errors_of_parameters_are_caught_as_either_kind(estimator, parameters):
    for kind in (ValueError, TypeError):
        with pytest.raises(kind, match=next(iter(parameters)).split("_")[0]):
            estimator(**parameters).fit(ROWS, LABELS)


@every_estimator
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_rows_that_are_not_finite_are_named(estimator, bad):
    rows = ROWS.copy()
    rows[[2, 7], 1] = bad
    for given in (rows, rows.tolist(), sparse.csr_array(rows)):
        with pytest.raises(ValueError, match=r"Input X contains [\s\S]*rows 2, 7\."):
            estimator().fit(given, LABELS)
        with pytest.raises(ValueError, match=r"Input X contains [\s\S]*rows 2, 7\."):
            estimator().fit(ROWS, LABELS).kneighbors(given)


def test_a_bad_target_is_not_blamed_on_the_rows():
    target = LABELS.astype(float)
    target[4] = np.nan
    with pytest.raises(ValueError, match="Input y contains NaN") as error:
        KNeighborsRegressor().fit(ROWS, target)
    assert "row" not in str(error.value)


def test_precomputed_distances_that_are_not_finite_are_named():
    distances = np.ones((4, 4))
    distances[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"contains NaN[\s\S]*row 2\."):
        NearestNeighbors(metric="precomputed").fit(distances)


# ---- what may be fitted ----


@every_estimator
@pytest.mark.parametrize("hold", [BallTree, KDTree, NearestNeighbors().fit])
def test_rows_may_come_in_a_tree_or_an_estimator(estimator, hold):
    expected = estimator().fit(ROWS, LABELS).kneighbors(ROWS + 0.1)
    found = estimator().fit(hold(ROWS), LABELS).kneighbors(ROWS + 0.1)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)


@every_estimator
@pytest.mark.parametrize("dtype", [np.float64, np.int16])
def test_a_number_for_missing_values(estimator, dtype):
    rows = np.round(10 * ROWS).astype(dtype)
    rows[[1, 4, 6], [0, 1, 2]] = -999
    metric_params = {"missing_values": -999}
    model = estimator(metric="nan_euclidean", metric_params=metric_params, n_jobs=1)
    distances, indices = model.fit(rows, LABELS).kneighbors(rows, 3)
    table = nan_euclidean_distances(rows.astype(float), missing_values=-999)
    np.testing.assert_allclose(
        distances, np.take_along_axis(table, indices, axis=1), atol=1e-6
    )
    np.testing.assert_allclose(distances, np.sort(table)[:, :3], atol=1e-6)
    assert model.effective_metric_params_ == metric_params


# ---- data frames with labels ----


def people(n_rows, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "age": rng.integers(20, 60, n_rows).astype(float),
        "job": rng.choice(["cook", "dj", "poet"], n_rows).tolist(),
        "owner": (rng.random(n_rows) < 0.5).tolist(),
    }


@every_estimator
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_labels_are_found_by_their_dtypes(estimator, frame):
    table = people(40)
    model = estimator(metric="gower").fit(frame(table), np.arange(40) % 3)
    categories = [None, ("cook", "dj", "poet"), (False, True)]
    assert model.effective_metric_params_["categories"].tolist() == categories
    assert model.feature_names_in_.tolist() == list(table)
    jobs = [categories[1].index(job) for job in table["job"]]
    codes = np.stack([table["age"], jobs, table["owner"]], axis=1)
    metric_params = {"categorical": [1, 2]}
    by_hand = NearestNeighbors(metric="gower", metric_params=metric_params).fit(codes)
    found = pickle.loads(pickle.dumps(model)).kneighbors(frame(table))
    for mine, other in zip(found, by_hand.kneighbors(codes), strict=True):
        np.testing.assert_array_equal(mine, other)
    other_names = {"age": table["age"], "trade": table["job"], "owner": table["owner"]}
    with pytest.raises(ValueError, match="feature names"):
        model.kneighbors(frame(other_names))


def test_labels_are_learnt_in_each_training_fold():
    table = pd.DataFrame(people(60))
    table.loc[0, "job"] = "astronaut"
    y = (table["job"] == "dj").to_numpy()
    search = GridSearchCV(
        KNeighborsClassifier(3), {"metric": ["gower"]}, cv=5, error_score="raise"
    )
    search.fit(table, y)
    assert search.best_score_ > 0.8
    params = search.best_estimator_.effective_metric_params_
    assert "astronaut" in params["categories"][1]
    without = KNeighborsClassifier(3, metric="gower").fit(table[1:], y[1:])
    assert "astronaut" not in without.effective_metric_params_["categories"][1]
    assert without.predict(table[:1]).shape == (1,)


# ---- what is asked without queries, and of rows in any form ----


@pytest.mark.parametrize("metric", ["minkowski", "precomputed"])
def test_without_queries_each_row_is_left_out_of_its_own_answer(metric):
    rows = np.repeat(ROWS[:6], 2, axis=0)  # each row has one duplicate
    table = np.sqrt(np.square(rows[:, None] - rows).sum(axis=2))
    given = rows if metric == "minkowski" else table
    model = NearestNeighbors(n_neighbors=3, metric=metric).fit(given)
    twin = np.arange(12) ^ 1
    distances, indices = model.kneighbors()
    np.testing.assert_array_equal(indices[:, 0], twin)
    assert not distances[:, 0].any()
    assert (indices != np.arange(12)[:, None]).all()
    within = model.radius_neighbors(radius=0.0, return_distance=False)
    assert [row.tolist() for row in within] == twin[:, None].tolist()
    for graph in (
        model.kneighbors_graph(n_neighbors=1, mode="distance"),
        model.radius_neighbors_graph(radius=0.0, mode="distance"),
    ):
        np.testing.assert_array_equal(graph.indices, twin)
        np.testing.assert_array_equal(graph.data, np.zeros(12))
    for predictor in (KNeighborsClassifier, KNeighborsRegressor):
        fitted = predictor(1, metric=metric).fit(given, twin)
        np.testing.assert_array_equal(fitted.predict(None), np.arange(12))
        assert fitted.score(None, np.arange(12)) == 1.0
    shares = KNeighborsClassifier(1, metric=metric).fit(given, twin).predict_proba(None)
    np.testing.assert_array_equal(shares, np.eye(12))


@every_estimator
@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_every_sparse_format(estimator, form, kind):
    rows = np.where(ROWS > 0, ROWS, 0.0)
    packed = getattr(sparse, f"{form}_{kind}")(rows)
    found = estimator().fit(packed, LABELS).kneighbors(packed)
    expected = estimator().fit(rows, LABELS).kneighbors(rows)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, other)
    for graph in (
        estimator().fit(packed, LABELS).kneighbors_graph(packed),
        estimator().fit(rows, LABELS).kneighbors_graph(packed),
    ):
        assert graph.format == "csr"
        assert graph.nnz == 5 * len(rows)


@every_estimator
def test_one_query_is_a_list_of_one(estimator):
    model = estimator().fit(ROWS.tolist(), LABELS.tolist())
    distances, indices = model.kneighbors([ROWS[0].tolist()], 2)
    assert distances.shape == indices.shape == (1, 2)
    with pytest.raises(ValueError, match="Reshape your data"):
        model.kneighbors(ROWS[0].tolist())


def test_lists_within_a_radius_are_arrays_of_arrays_even_for_one_query():
    model = NearestNeighbors(radius=100.0).fit(ROWS)
    for number in (1, 2, 12):
        for lists in model.radius_neighbors(ROWS[:number]):
            assert lists.shape == (number,)
            assert lists.dtype == object
            assert {one.shape for one in lists} == {(12,)}
