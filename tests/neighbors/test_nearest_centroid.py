"""Classification by centroids: scikit-learn's answers, other metrics, and bad input."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from labels import label
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn import datasets
from sklearn import neighbors as theirs
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import DistanceMetric

from sknorms.metrics import (
    BlockDistance,
    get_metric,
    metric_names,
    pairwise_distances,
)
from sknorms.neighbors import NearestCentroid

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 4)) + np.repeat(np.eye(3, 4) * 2, 30, axis=0)
Q = RNG.normal(size=(25, 4))
LABELS = np.repeat([0, 1, 2], 30)
SPHERICAL = ["cosine", "angular", "cosine_similarity"]
# Rows have no sensible mean under these.
REFUSED = [
    *(name for name in metric_names() if get_metric(name).domain.summary == "boolean"),
    "hamming",
    "haversine",
    "gower",
    "nan_euclidean",
]
ACCEPTED = [name for name in metric_names() if name not in REFUSED]
LOADERS = [
    datasets.load_iris,
    datasets.load_wine,
    datasets.load_digits,
    datasets.load_breast_cancer,
]


def quiet(model, rows, y):
    """Fit without the warning that a column has no spread within classes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "self.within_class_std_dev_ has at least")
        return model.fit(rows, y)


# ---- as scikit-learn's ----


@pytest.mark.parametrize("load", LOADERS)
@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("shrink_threshold", [None, 0.1, 0.5, 3])
@pytest.mark.parametrize("priors", ["uniform", "empirical", "given"])
def test_real_classes(load, metric, shrink_threshold, priors):
    rows, y = load(return_X_y=True)
    n_classes = len(np.unique(y))
    if priors == "given":
        total = sum(range(1, n_classes + 1))
        priors = [number / total for number in range(1, n_classes + 1)]
    parameters = {
        "metric": metric,
        "shrink_threshold": shrink_threshold,
        "priors": priors,
    }
    mine = quiet(NearestCentroid(**parameters), rows, y)
    other = quiet(theirs.NearestCentroid(**parameters), rows, y)
    for name in ("centroids_", "deviations_", "within_class_std_dev_", "class_prior_"):
        found, expected = getattr(mine, name), getattr(other, name)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(mine.classes_, other.classes_)
    np.testing.assert_array_equal(mine.predict(rows), other.predict(rows))
    if metric == "euclidean":
        for method in ("decision_function", "predict_proba", "predict_log_proba"):
            found, expected = (getattr(model, method)(rows) for model in (mine, other))
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_shrinkage_is_that_of_the_authors():
    """The expected numbers are those of pamr, in R, which scikit-learn's tests give."""
    rows = np.array([[0, 1], [1, 0], [1, 1], [2, 0], [6, 8]])
    model = NearestCentroid(shrink_threshold=0.1).fit(rows, [1, 1, 2, 2, 2])
    expected = [[0.7787310, 0.8545292], [2.814179, 2.763647]]
    np.testing.assert_allclose(model.centroids_, expected, rtol=1e-6)


def test_deviations_are_those_of_the_book():
    model = NearestCentroid().fit(X, LABELS)
    within = sum(
        ((X[c == LABELS] - X[c == LABELS].mean(axis=0)) ** 2).sum(axis=0)
        for c in range(3)
    )
    std_dev = np.sqrt(within / (90 - 3))
    np.testing.assert_allclose(model.within_class_std_dev_, std_dev, rtol=1e-12)
    for c in range(3):
        unit = np.sqrt(1 / 30 - 1 / 90) * (std_dev + np.median(std_dev))
        expected = (X[c == LABELS].mean(axis=0) - X.mean(axis=0)) / unit
        np.testing.assert_allclose(model.deviations_[c], expected, rtol=1e-10)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("offset", [0.3, 1e4, 1e7])
def test_shrinkage_does_not_see_an_offset(metric, offset):
    model = NearestCentroid(metric, shrink_threshold=0.7).fit(X, LABELS)
    moved = NearestCentroid(metric, shrink_threshold=0.7).fit(X + offset, LABELS)
    np.testing.assert_allclose(moved.centroids_ - offset, model.centroids_, atol=1e-7)
    np.testing.assert_allclose(moved.deviations_, model.deviations_, atol=1e-6)
    np.testing.assert_array_equal(moved.predict(Q + offset), model.predict(Q))


def test_a_column_that_is_shrunk_away_plays_no_part():
    rows = np.concatenate([X, RNG.normal(size=(90, 1))], axis=1)
    model = NearestCentroid(shrink_threshold=3.0).fit(rows, LABELS)
    assert (model.deviations_[:, 4] == 0).all()
    assert (model.centroids_[:, 4] == model.centroids_[0, 4]).all()
    assert (model.deviations_[:, :3] != 0).any(axis=0).all()


# ---- other metrics ----


@pytest.mark.parametrize("metric", SPHERICAL)
def test_spherical_means(metric):
    model = NearestCentroid(metric).fit(X, LABELS)
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    means = np.stack([unit[c == LABELS].mean(axis=0) for c in range(3)])
    directions = means / np.linalg.norm(means, axis=1, keepdims=True)
    np.testing.assert_allclose(model.centroids_, directions, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(Q), (Q @ directions.T).argmax(axis=1))
    lengths = RNG.uniform(0.1, 100, size=(90, 1))
    stretched = NearestCentroid(metric).fit(X * lengths, LABELS)
    np.testing.assert_allclose(stretched.centroids_, directions, rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e150, 1e300])
def test_directions_of_rows_of_any_size(scale):
    model = NearestCentroid("cosine").fit(X * scale, LABELS)
    plain = NearestCentroid("cosine").fit(X, LABELS)
    np.testing.assert_allclose(model.centroids_, plain.centroids_, rtol=1e-9)
    np.testing.assert_array_equal(model.predict(Q * scale), plain.predict(Q))


def test_correlation_centers_rows_first():
    model = NearestCentroid("correlation").fit(X, LABELS)
    centered = X - X.mean(axis=1, keepdims=True)
    expected = NearestCentroid("cosine").fit(centered, LABELS)
    np.testing.assert_allclose(model.centroids_, expected.centroids_, atol=1e-12)
    shifted = Q + RNG.normal(size=(25, 1))
    np.testing.assert_array_equal(model.predict(shifted), model.predict(Q))


def test_shrunk_directions_are_directions():
    model = NearestCentroid("cosine", shrink_threshold=1.0).fit(X, LABELS)
    np.testing.assert_allclose(np.linalg.norm(model.centroids_, axis=1), 1, rtol=1e-14)
    assert (model.deviations_ == 0).any()


THIRDS = np.array([0, 2, 4]) * np.pi / 3


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]],
        np.zeros((3, 2)),
        np.stack([np.cos(THIRDS), np.sin(THIRDS)], axis=1),
    ],
    ids=["opposite", "zero", "thirds of a turn"],
)
def test_directions_that_cancel_out(rows):
    others = [[0.0, 1.0], [0.1, 2.0]]
    y = ["a"] * len(rows) + ["b", "b"]
    with pytest.raises(ValueError, match=r"class .*a.* have no mean direction"):
        quiet(NearestCentroid("cosine"), np.concatenate([rows, others]), y)


@pytest.mark.parametrize("metric", ACCEPTED)
def test_every_metric_with_a_mean(metric):
    rows = np.abs(rows_for(metric, 60)) + np.repeat([0.0, 1.0, 2.0], 20)[:, None]
    y = np.repeat(list("abc"), 20)
    model = quiet(NearestCentroid(metric), rows, y)
    record = get_metric(metric).learn(rows)
    table = pairwise_distances(rows, model.centroids_, metric=record)
    best = table.argmax(axis=1) if record.larger_is_closer else table.argmin(axis=1)
    np.testing.assert_array_equal(model.predict(rows), model.classes_[best])
    if metric == "manhattan":
        expected = np.median(rows[:20], axis=0)
    elif metric in (*SPHERICAL, "correlation"):
        expected = quiet(NearestCentroid("cosine"), rows, y).centroids_[0]
    else:
        expected = rows[:20].mean(axis=0)
    if metric != "correlation":
        np.testing.assert_allclose(model.centroids_[0], expected, rtol=1e-12)


@pytest.mark.parametrize("metric", REFUSED)
def test_metrics_without_a_mean(metric):
    model = NearestCentroid(metric)
    with pytest.raises(ValueError, match=r"have centroids; got .* KNeighborsCl"):
        model.fit(rows_for(metric, 10), np.arange(10) % 2)


def test_every_metric_is_accepted_or_refused():
    assert sorted(ACCEPTED + REFUSED) == metric_names()
    assert {"euclidean", "cosine", "dot", "mahalanobis", "canberra"} <= set(ACCEPTED)


@pytest.mark.parametrize(
    ("metric", "params", "same"),
    [
        ("l2", None, "euclidean"),
        ("minkowski", None, "euclidean"),
        ("minkowski", {"p": 1}, "manhattan"),
        ("cityblock", None, "manhattan"),
        (get_metric("euclidean"), None, "euclidean"),
        (get_metric("manhattan"), None, "manhattan"),
        (DistanceMetric.get_metric("euclidean"), None, "euclidean"),
        (
            BlockDistance(lambda a, b: np.linalg.norm(a[:, None] - b, axis=2)),
            None,
            "euclidean",
        ),
    ],
    ids=label,
)
def test_other_names_of_a_metric(metric, params, same):
    model = NearestCentroid(metric, metric_params=params).fit(X, LABELS)
    expected = NearestCentroid(same).fit(X, LABELS)
    np.testing.assert_array_equal(model.centroids_, expected.centroids_)
    np.testing.assert_array_equal(model.predict(Q), expected.predict(Q))


def test_a_weighted_manhattan_distance_has_medians():
    weighted = NearestCentroid("minkowski", metric_params={"p": 1, "w": [1, 2, 3, 4]})
    medians = NearestCentroid("manhattan").fit(X, LABELS).centroids_
    np.testing.assert_array_equal(weighted.fit(X, LABELS).centroids_, medians)


# ---- scores ----


def test_scores_are_there_for_the_euclidean_distance_alone():
    methods = ("decision_function", "predict_proba", "predict_log_proba")
    for metric in ("euclidean", "l2", "minkowski", get_metric("euclidean")):
        assert all(hasattr(NearestCentroid(metric), method) for method in methods)
    for metric in ("manhattan", "cosine", "dot", "euclid", None):
        model = NearestCentroid(metric)
        for method in methods:
            with pytest.raises(AttributeError, match=method):
                getattr(model, method)


def test_probabilities():
    for priors in ("uniform", [0.2, 0.3, 0.5], [0.0, 0.5, 0.5]):
        model = NearestCentroid(priors=priors).fit(X, LABELS)
        shares = model.predict_proba(Q)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
        scores = model.decision_function(Q)
        expected = np.exp(scores - scores.max(axis=1, keepdims=True))
        expected /= expected.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(shares, expected, rtol=1e-10, atol=1e-300)
        assert (model.predict_log_proba(Q) <= 0).all()
        assert (shares[:, 0] == 0).all() == (priors[0] == 0.0)
    assert 0 not in model.predict(X)


def test_two_classes_have_one_score():
    model = NearestCentroid().fit(X[:60], LABELS[:60])
    scores = model.decision_function(Q)
    assert scores.shape == (25,)
    log_shares = model.predict_log_proba(Q)
    np.testing.assert_allclose(log_shares[:, 1] - log_shares[:, 0], scores)


@pytest.mark.parametrize(
    ("priors", "message"),
    [
        ([-2, 4, -1], r"priors must be non-negative; got \[-2, 4, -1\]"),
        ([0.5, 0.5], "one number for each of the 3 classes"),
        ([[0.2, 0.3, 0.5]], "one number for each of the 3 classes"),
        (0.5, "one number for each of the 3 classes"),
        (None, "one number for each of the 3 classes"),
        ([0, 0, 0], "priors must have a number above zero"),
        ([0.5, np.nan, 0.5], "priors contains NaN"),
        ("equal", "priors must be one of 'uniform', 'empirical'; got 'equal'"),
    ],
    ids=str,
)
def test_priors_that_are_none(priors, message):
    with pytest.raises(ValueError, match=message):
        NearestCentroid(priors=priors).fit(X, LABELS)


def test_priors_that_do_not_sum_to_one():
    given = np.array([2.0, 4.0, 2.0])
    with pytest.warns(UserWarning, match="The priors do not sum to 1. Normalizing"):
        model = NearestCentroid(priors=given).fit(X, LABELS)
    assert model.class_prior_.tolist() == [0.25, 0.5, 0.25]
    assert given.tolist() == [2, 4, 2]


def test_priors_need_a_model_of_the_spread():
    with pytest.raises(ValueError, match=r'must be "uniform" with metric .cosine'):
        NearestCentroid("cosine", priors=[0.2, 0.3, 0.5]).fit(X, LABELS)
    equal = NearestCentroid("cosine", priors="empirical").fit(X, LABELS)
    expected = NearestCentroid("cosine").fit(X, LABELS).predict(Q)
    np.testing.assert_array_equal(equal.predict(Q), expected)


# ---- forms of rows ----


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "correlation"])
@pytest.mark.parametrize(
    "kind",
    [sparse.csr_array, sparse.csc_matrix, sparse.coo_array, sparse.lil_matrix],
)
@pytest.mark.parametrize("shrink_threshold", [None, 0.5])
def test_sparse_rows(metric, kind, shrink_threshold):
    rows = np.where(np.abs(X) > 0.8, X, 0)
    rows[:, 0] = X[:, 0]
    model = NearestCentroid(metric, shrink_threshold=shrink_threshold)
    dense = quiet(model, rows, LABELS)
    expected = {
        name: getattr(dense, name)
        for name in ("centroids_", "deviations_", "within_class_std_dev_")
    }
    predicted, other = dense.predict(rows), kind(rows)
    same = quiet(model, other, LABELS)
    for name, values in expected.items():
        found = getattr(same, name)
        np.testing.assert_allclose(found, values, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(same.predict(other), predicted)
    np.testing.assert_array_equal(same.predict(rows), predicted)
    if metric == "euclidean":
        for priors in ("uniform", [0.2, 0.2, 0.6]):
            weighted = quiet(model.set_params(priors=priors), other, LABELS)
            np.testing.assert_allclose(
                weighted.predict_proba(other), weighted.predict_proba(rows), rtol=1e-9
            )


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_layouts_change_no_label(layout, metric):
    rows = LAYOUTS[layout](X)
    model = NearestCentroid(metric).fit(rows, LABELS)
    expected = NearestCentroid(metric).fit(X, LABELS)
    np.testing.assert_allclose(model.centroids_, expected.centroids_, rtol=1e-12)
    np.testing.assert_array_equal(
        model.predict(LAYOUTS[layout](Q)), expected.predict(Q)
    )


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, bool, np.float16])
def test_storage_types_do_not_wrap(dtype):
    wide = RNG.integers(0, 2 if dtype is bool else 120, (40, 5))
    y = np.arange(40) % 2
    stored = wide.astype(dtype)
    expected = NearestCentroid().fit(wide.astype(float), y)
    # SciPy has no sparse matrices of float16.
    forms = [stored] if dtype is np.float16 else [stored, sparse.csr_array(stored)]
    for rows in forms:
        model = NearestCentroid().fit(rows, y)
        np.testing.assert_allclose(model.centroids_, expected.centroids_, rtol=1e-12)
        np.testing.assert_array_equal(model.predict(rows), expected.predict(wide))


def test_the_mean_of_equal_values_is_that_value():
    rows = np.array([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0], [0.7, 4.0], [0.7, 6.0]])
    with pytest.warns(UserWarning, match="at least 1 zero standard deviation"):
        model = NearestCentroid().fit(rows, [0, 0, 0, 1, 1])
    assert model.within_class_std_dev_[0] == 0
    assert model.centroids_[:, 0].tolist() == [0.1, 0.7]


def test_a_column_without_any_spread_is_never_shrunk():
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [5.0, 0.0], [5.0, 9.0]])
    with pytest.warns(UserWarning, match="zero standard deviation"):
        model = NearestCentroid(shrink_threshold=0.1).fit(rows[:, :1], [0, 0, 1, 1])
    assert model.centroids_.tolist() == [[1.0], [5.0]]
    assert np.isinf(model.deviations_).all()
    one_each = quiet(NearestCentroid(), rows[[0, 3]], ["a", "b"])
    assert one_each.predict(rows).tolist() == ["a", "a", "a", "b"]


# ---- promises ----


def test_ties_go_to_the_first_class():
    model = quiet(NearestCentroid(), [[-1.0], [1.0]], ["b", "a"])
    assert model.predict([[0.0]]).tolist() == ["a"]


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "dot"])
def test_batches_jobs_and_memory_change_no_bit(metric):
    model = NearestCentroid(metric, shrink_threshold=0.2).fit(X, LABELS)
    small = NearestCentroid(
        metric, shrink_threshold=0.2, working_memory=1e-3, n_jobs=2
    ).fit(X, LABELS)
    assert_same_bits(small.centroids_, model.centroids_)
    assert_same_bits(small.predict(Q), model.predict(Q))
    if metric == "euclidean":
        expected = model.predict_proba(Q)
        assert_same_bits(small.predict_proba(Q), expected)
        single = np.concatenate([model.predict_proba(query[None]) for query in Q])
        assert_same_bits(single, expected)


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_sparse_rows_are_never_made_dense(metric):
    rows = sparse.random_array((3000, 6000), density=1e-3, format="csr", rng=RNG)
    y = np.arange(3000) % 3
    model = NearestCentroid(metric, working_memory=8, n_jobs=1)
    quiet(model, rows[:30], y[:30]).predict(rows[:3])
    tracemalloc.start()
    try:
        quiet(model, rows, y).predict(rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Dense, they would take 137 MiB.
    assert peak <= 16 * 2**20


def test_pickles():
    for metric in ("euclidean", "cosine"):
        model = NearestCentroid(metric).fit(X, LABELS)
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict(Q), model.predict(Q))


def test_nothing_passed_in_is_modified():
    rows, y = X.copy(), LABELS.copy()
    table = sparse.csr_array(rows)
    NearestCentroid("cosine", shrink_threshold=0.1).fit(rows, y).predict(rows)
    NearestCentroid(priors=[0.2, 0.3, 0.5]).fit(table, y).predict_proba(table)
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(table.toarray(), X)


# ---- bad input ----


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shrink_threshold": 0}, "shrink_threshold must be a number > 0; got 0"),
        ({"shrink_threshold": -0.5}, "shrink_threshold must be a number > 0"),
        ({"shrink_threshold": "some"}, "shrink_threshold must be a real number"),
        ({"metric": "euclid"}, "'euclid'. Did you mean 'euclidean'"),
        ({"metric": "precomputed"}, "no rows to take centroids of"),
        ({"metric": None}, "metric must be a registered name"),
        ({"metric_params": {"q": 1}}, "unknown parameter"),
        ({"metric_params": [1]}, "metric_params must be a dict"),
        ({"n_jobs": 0}, "n_jobs must not be 0"),
        ({"working_memory": 0}, "working_memory must be a number > 0"),
    ],
    ids=label,
)
def test_parameters_are_checked_in_fit(parameters, message):
    model = NearestCentroid(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X, LABELS)


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_matrix])
def test_rows_that_are_all_alike(kind):
    rows = kind(np.array([[1.0, 2.0]] * 6))
    with pytest.raises(ValueError, match="All features have zero variance"):
        NearestCentroid().fit(rows, [0, 0, 0, 1, 1, 1])


@pytest.mark.parametrize("scale", [1e200, 1e307])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_rows_beyond_the_range_of_squares(scale, kind):
    with pytest.raises(ValueError, match="scale the rows down"):
        NearestCentroid().fit(kind(X * scale), LABELS)
    near = NearestCentroid().fit(kind(X * 1e140), LABELS)
    np.testing.assert_array_equal(
        near.predict(Q * 1e140), NearestCentroid().fit(X, LABELS).predict(Q)
    )


def test_rows_and_labels_that_are_none():
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        NearestCentroid().fit(X, np.zeros(90))
    with pytest.raises(ValueError, match="Unknown label type"):
        NearestCentroid().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="y should be a 1d array"):
        NearestCentroid().fit(X, np.stack([LABELS, LABELS], axis=1))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        NearestCentroid().fit(X, LABELS[:9])
    with pytest.raises(ValueError, match="NaN"):
        NearestCentroid().fit(np.where(X > 2, np.nan, X), LABELS)
    with pytest.raises(ValueError, match="non-negative"):
        NearestCentroid("hellinger").fit(X, LABELS)
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        NearestCentroid().fit(X, LABELS[:, None])


def test_asking_before_fitting():
    for method in ("predict", "predict_proba", "decision_function"):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(NearestCentroid(), method)("nonsense")


def test_queries_that_are_none():
    model = NearestCentroid().fit(X, LABELS)
    with pytest.raises(ValueError, match=r"X has 2 features.* expecting 4 features"):
        model.predict(X[:, :2])
    with pytest.raises(ValueError, match="NaN"):
        model.predict_proba(np.full((1, 4), np.nan))


def test_data_frames():
    table = pd.DataFrame(X, columns=list("abcd"))
    words = np.array(["x", "y", "z"])[LABELS]
    model = NearestCentroid().fit(table, pd.Series(words))
    assert model.feature_names_in_.tolist() == list("abcd")
    assert set(model.predict(table)) <= set(words)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table.rename(columns={"a": "q"}))
