"""Distances to landmarks as features."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.datasets import make_moons
from sklearn.exceptions import EfficiencyWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

from sknorms.metrics import (
    BlockDistance,
    get_metric,
    metric_names,
    pairwise_distances,
)
from sknorms.preprocessing import DistanceFeatures

ROWS = np.random.default_rng(0).normal(size=(40, 4))
# Rows in the domain of every built-in metric: latitude, longitude; 0 or 1.
ANYWHERE = (np.random.default_rng(1).random((40, 2)) < 0.5).astype(float)
ANYWHERE[:, 0] = 1.0
BUILT_IN = [name for name in metric_names() if name.isidentifier()]


@pytest.mark.parametrize("metric", BUILT_IN)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_every_metric_to_given_landmarks(metric, form):
    features = DistanceFeatures(ANYWHERE[:5], metric=metric).fit(form(ANYWHERE))
    got = features.transform(form(ANYWHERE))
    learnt = get_metric(metric).learn(get_metric(metric).check_rows(ANYWHERE))
    assert features.metric_ == learnt
    assert np.array_equal(got, pairwise_distances(ANYWHERE, ANYWHERE[:5], learnt))
    assert got.shape == (40, 5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "chebyshev", "canberra"])
def test_values_are_the_definition(metric):
    got = DistanceFeatures(ROWS[3:9], metric=metric).fit_transform(ROWS)
    np.testing.assert_allclose(got, cdist(ROWS, ROWS[3:9], metric), atol=1e-15)


def test_metric_parameters():
    metric = DistanceFeatures(
        ROWS[:3], metric="minkowski", metric_params={"p": 3, "w": [1, 2, 3, 4]}
    )
    expected = cdist(ROWS, ROWS[:3], "minkowski", p=3, w=[1, 2, 3, 4])
    np.testing.assert_allclose(metric.fit_transform(ROWS), expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_landmarks_far_from_the_origin(dtype):
    shift = dtype(1e4 if dtype == np.float32 else 1e7)
    grid = np.round(ROWS * 64) / 64  # representable at both places
    near = DistanceFeatures(5, random_state=0).fit_transform(grid.astype(dtype))
    far = DistanceFeatures(5, random_state=0).fit_transform(grid.astype(dtype) + shift)
    exact = DistanceFeatures(5, random_state=0)
    if np.array_equal((grid.astype(dtype) + shift) - shift, grid):
        assert np.array_equal(near, far)
    expected = exact.fit_transform((grid.astype(dtype) + shift).astype(np.float64))
    assert np.array_equal(far, expected.astype(dtype))


# ---- the landmarks ----


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_sampled_landmarks_are_different_training_rows(form):
    features = DistanceFeatures(40, random_state=3).fit(form(ROWS))
    assert np.array_equal(features.landmark_indices_, np.arange(40))
    features = DistanceFeatures(7, random_state=3).fit(form(ROWS))
    indices = features.landmark_indices_
    assert len(set(indices.tolist())) == 7
    landmarks = features.landmarks_
    landmarks = landmarks.toarray() if sparse.issparse(landmarks) else landmarks
    assert np.array_equal(landmarks, ROWS[indices])
    assert not features.transform(form(ROWS))[indices, np.arange(7)].any()


def test_random_state_makes_it_reproducible():
    first = DistanceFeatures(7, random_state=0).fit(ROWS)
    again = DistanceFeatures(7, random_state=0).fit(ROWS)
    other = DistanceFeatures(7, random_state=1).fit(ROWS)
    assert np.array_equal(first.landmark_indices_, again.landmark_indices_)
    assert not np.array_equal(first.landmark_indices_, other.landmark_indices_)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_kmeans_centres(form):
    parameters = {"selection": "kmeans", "random_state": 0}
    features = DistanceFeatures(3, **parameters).fit(form(ROWS))
    centers = KMeans(3, random_state=0, n_init="auto").fit(form(ROWS)).cluster_centers_
    assert np.array_equal(features.landmarks_, centers)
    assert not hasattr(features, "landmark_indices_")


def test_landmarks_are_a_copy():
    rows, landmarks = ROWS.copy(), ROWS[:3].copy()
    for features in (DistanceFeatures(landmarks), DistanceFeatures(3, random_state=0)):
        expected = features.fit(rows).transform(ROWS)
        rows[...], landmarks[...] = 0.0, 0.0
        assert np.array_equal(features.transform(ROWS), expected)
        rows[...], landmarks[...] = ROWS, ROWS[:3]


def test_refitting_forgets():
    features = DistanceFeatures(3, random_state=0).fit(ROWS)
    features.set_params(landmarks=ROWS[:5]).fit(ROWS)
    assert features.transform(ROWS).shape == (40, 5)
    assert not hasattr(features, "landmark_indices_")


def test_names():
    features = DistanceFeatures(3).fit(ROWS)
    names = ["distancefeatures0", "distancefeatures1", "distancefeatures2"]
    assert features.get_feature_names_out().tolist() == names


# ---- learning from the training data alone ----


@pytest.mark.parametrize("metric", ["seuclidean", "mahalanobis"])
def test_parameters_are_learnt_from_the_training_rows_alone(metric):
    features = DistanceFeatures(ROWS[:3], metric=metric).fit(ROWS[:25])
    learnt = features.metric_
    features.transform(100 * ROWS[25:])
    assert features.metric_ is learnt
    variances = ROWS[:25].var(axis=0, ddof=1)
    if metric == "seuclidean":
        np.testing.assert_allclose(learnt.V, variances, rtol=1e-12)
    got = features.transform(ROWS[25:])
    keyword = {"V": variances}
    if metric == "mahalanobis":
        keyword = {"VI": np.linalg.inv(np.cov(ROWS[:25].T))}
    expected = cdist(ROWS[25:], ROWS[:3], metric, **keyword)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_a_row_s_features_do_not_depend_on_its_company():
    features = DistanceFeatures(6, metric="seuclidean", random_state=0).fit(ROWS)
    together = features.transform(ROWS)
    for i in range(len(ROWS)):
        assert np.array_equal(features.transform(ROWS[i : i + 1])[0], together[i])


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_threads_do_not_matter(metric):
    rows = np.random.default_rng(0).normal(size=(3000, 64))
    expected = DistanceFeatures(rows[:50], metric=metric, n_jobs=1).fit_transform(rows)
    for n_jobs in (2, None):
        features = DistanceFeatures(rows[:50], metric=metric, n_jobs=n_jobs)
        assert np.array_equal(features.fit_transform(rows), expected)


# ---- in company ----


def test_makes_a_linear_model_see_the_moons():
    X, y = make_moons(300, noise=0.1, random_state=0)
    plain = cross_val_score(LogisticRegression(), X, y, cv=3).mean()
    pipeline = make_pipeline(
        DistanceFeatures(30, selection="kmeans", random_state=0),
        LogisticRegression(C=100.0, max_iter=5000),
    )
    assert cross_val_score(pipeline, X, y, cv=3).mean() > max(0.97, plain)


def test_grid_search_over_metrics():
    X, y = make_moons(60, noise=0.1, random_state=0)
    pipeline = make_pipeline(
        DistanceFeatures(5, random_state=0), LogisticRegression(max_iter=5000)
    )
    metrics = ["euclidean", "manhattan", "seuclidean", "mahalanobis", "cosine"]
    grid = {"distancefeatures__metric": metrics}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# ---- functions as metrics ----


def gap(x, y):
    return np.abs(x - y).max()


def test_functions_of_two_rows_warn_about_their_cost():
    features = DistanceFeatures(ROWS[:3], metric=gap).fit(ROWS)
    with pytest.warns(EfficiencyWarning, match="120 times"):
        got = features.transform(ROWS)
    assert np.array_equal(got, cdist(ROWS, ROWS[:3], "chebyshev"))


def test_functions_of_two_blocks():
    def block_gap(X, Y):
        return np.abs(X[:, None] - Y[None]).max(axis=2)

    features = DistanceFeatures(ROWS[:3], metric=BlockDistance(block_gap)).fit(ROWS)
    assert np.array_equal(features.transform(ROWS), cdist(ROWS, ROWS[:3], "chebyshev"))


# ---- missing values ----


def test_missing_values():
    rows = ROWS.copy()
    rows[3, 1] = np.nan
    features = DistanceFeatures(ROWS[:2], metric="nan_euclidean").fit(rows)
    got = features.transform(rows)
    expected = np.sqrt(4 / 3 * np.square(np.delete(ROWS[3] - ROWS[0], 1)).sum())
    assert got[3, 0] == pytest.approx(expected, rel=1e-14)
    assert np.isfinite(got).all()


def test_rows_without_a_common_column_are_an_error():
    landmarks = np.array([[1.0, np.nan]])
    features = DistanceFeatures(landmarks, metric="nan_euclidean")
    features.fit([[1.0, 2.0], [2.0, 3.0]])
    with pytest.raises(ValueError, match=r"row 1 of X .* share no"):
        features.transform([[1.0, 2.0], [np.nan, 3.0]])


# ---- bad input ----


def test_not_fitted_comes_first():
    with pytest.raises(NotFittedError):
        DistanceFeatures(metric="no such metric").transform([["a"]])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"landmarks": 0}, ValueError, "landmarks must be >= 1; got 0"),
        (
            {"landmarks": 41},
            ValueError,
            r"at most.*41 for n_samples",
        ),
        ({"landmarks": 2.5}, TypeError, r"landmarks must be an integer; got 2\.5"),
        ({"landmarks": None}, TypeError, "landmarks must be an integer; got None"),
        ({"landmarks": "all"}, TypeError, "landmarks must be an integer; got 'all'"),
        ({"landmarks": True}, TypeError, "landmarks must be an integer; got True"),
        ({"landmarks": np.eye(3)}, ValueError, r"columns of X, 4; got.*\(3, 3\)"),
        ({"landmarks": np.ones(4)}, ValueError, "Expected 2D array"),
        ({"landmarks": [[1, 2, 3, np.nan]]}, ValueError, "contains NaN"),
        ({"landmarks": np.empty((0, 4))}, ValueError, r"0 sample\(s\)"),
        ({"selection": "random"}, ValueError, "selection must be one of 'sample'"),
        ({"metric": "euclid"}, ValueError, "Did you mean 'euclidean'"),
        ({"metric": None}, ValueError, "metric must be.*got None"),
        ({"metric": "precomputed"}, ValueError, "metric"),
        ({"metric_params": {"q": 3}}, ValueError, "unknown parameter.*'q'"),
        ({"metric": "minkowski", "metric_params": {"p": -1}}, ValueError, "p must be"),
        ({"metric": "hellinger"}, ValueError, "non-negative numbers; X has"),
        ({"metric": "haversine"}, ValueError, "two columns"),
        ({"random_state": "seed"}, ValueError, "cannot be used to seed"),
    ],
)
def test_bad_parameters(parameters, error, message):
    features = DistanceFeatures(**parameters)
    with pytest.raises(error, match=message):
        features.fit(ROWS)


def test_landmarks_outside_of_the_metric_s_domain():
    features = DistanceFeatures([[1.0, -1.0]], metric="hellinger")
    with pytest.raises(ValueError, match="landmarks has negative values in row 0"):
        features.fit([[1.0, 2.0]])


@pytest.mark.parametrize("metric", ["jaccard", "nan_euclidean"])
def test_kmeans_where_rows_have_no_mean(metric):
    features = DistanceFeatures(2, selection="kmeans", metric=metric)
    with pytest.raises(ValueError, match=r'means of rows.*selection="sample"'):
        features.fit(ROWS > 0)
