"""What all four predictors share with scikit-learn's, and with each other."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from labels import label
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn import config_context, datasets
from sklearn import neighbors as theirs
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.utils.class_weight import compute_class_weight

from sknorms import neighbors as ours
from sknorms.metrics import get_metric, metric_names
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3))
Q = RNG.normal(size=(30, 3))
LABELS = RNG.integers(0, 3, 100)
CLASSIFIERS = [
    KNeighborsClassifier(4),
    RadiusNeighborsClassifier(1.3, fallback="prior"),
    RadiusNeighborsClassifier(1.3, fallback="nearest"),
]
REGRESSORS = [
    KNeighborsRegressor(4),
    KNeighborsRegressor(4, aggregate="median"),
    RadiusNeighborsRegressor(1.3, fallback="mean"),
    RadiusNeighborsRegressor(1.3, fallback="nearest", aggregate="median"),
]


@pytest.fixture(params=CLASSIFIERS + REGRESSORS, ids=repr)
def model(request):
    return clone(request.param)


@pytest.fixture(params=CLASSIFIERS, ids=repr)
def classifier(request):
    return clone(request.param)


@pytest.fixture(params=REGRESSORS, ids=repr)
def regressor(request):
    return clone(request.param)


# ---- on real data, as scikit-learn's ----


@pytest.mark.parametrize(
    "load", [datasets.load_iris, datasets.load_wine, datasets.load_digits]
)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
def test_classes(load, weights, metric):
    rows, y = load(return_X_y=True)
    # A little noise, so that no two distances are equal.
    rows = rows + np.random.default_rng(1).normal(size=rows.shape) * 1e-3
    for k in (1, 5, 16):
        mine, other = (
            module.KNeighborsClassifier(k, weights=weights, metric=metric).fit(
                rows[::2], y[::2]
            )
            for module in (ours, theirs)
        )
        for queries in (rows[1::2], None):
            np.testing.assert_array_equal(mine.predict(queries), other.predict(queries))
            np.testing.assert_allclose(
                mine.predict_proba(queries),
                other.predict_proba(queries),
                rtol=1e-5,
                atol=1e-12,
            )
        assert mine.score(None, y[::2]) == other.score(None, y[::2])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_targets(weights, metric, outputs):
    rows, y = datasets.load_diabetes(return_X_y=True)
    y = y if outputs == 1 else np.stack([y, rows[:, 2]], axis=1)
    for k in (1, 5, 16):
        mine, other = (
            module.KNeighborsRegressor(k, weights=weights, metric=metric).fit(
                rows[::2], y[::2]
            )
            for module in (ours, theirs)
        )
        for queries in (rows[1::2], None):
            np.testing.assert_allclose(
                mine.predict(queries), other.predict(queries), rtol=1e-6
            )
        assert mine.score(None, y[::2]) == pytest.approx(other.score(None, y[::2]))


# ---- every metric ----


@pytest.mark.parametrize("metric", metric_names())
def test_every_metric_without_a_warning(model, metric):
    rows = rows_for(metric, 50)
    y = np.arange(50) % 3
    values = NearestNeighbors(n_neighbors=5, metric=metric).fit(rows).kneighbors()[0]
    model.set_params(metric=metric)
    if isinstance(model, RadiusNeighborsClassifier | RadiusNeighborsRegressor):
        model.set_params(radius=float(np.median(values)))
    if not get_metric(metric).larger_is_closer:
        model.set_params(weights="distance")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for table in (rows, rows.astype(np.float32), sparse.csr_array(rows)):
            assert np.isfinite(model.fit(table, y).predict(table)).all()


def test_grid_search_over_metrics_and_radii():
    rows = RNG.random((60, 3)) + (np.arange(60) % 2)[:, None] * 0.3
    grid = {
        "metric": ["euclidean", "manhattan", "cosine", "seuclidean", "mahalanobis"],
        "radius": [0.1, 0.5],
        "weights": ["uniform", "distance"],
    }
    for model in (
        RadiusNeighborsClassifier(fallback="prior"),
        RadiusNeighborsRegressor(fallback="median"),
    ):
        search = GridSearchCV(model, grid, cv=3, error_score="raise")
        search.fit(rows, np.arange(60) % 2)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


# ---- probabilities ----


@pytest.mark.parametrize(
    "weights",
    ["uniform", "distance", lambda d: [1 / (1 + each) for each in d]],
    ids=label,
)
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 0.1, 1: 7.0}])
def test_probabilities_sum_to_one(classifier, weights, class_weight):
    classifier.set_params(weights=weights, class_weight=class_weight).fit(X, LABELS)
    for queries in (Q, X, np.full((2, 3), 50.0), None):
        shares = classifier.predict_proba(queries)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=0, atol=1e-12)
        assert (shares >= 0).all()
        np.testing.assert_array_equal(
            classifier.predict(queries), shares.argmax(axis=1)
        )


def test_balanced_class_weights_count_sample_weights(classifier):
    weights = RNG.integers(0, 3, 100)
    classifier.set_params(class_weight="balanced")
    weighted = classifier.fit(X, LABELS, sample_weight=weights).predict_proba(Q)
    rows, y = np.repeat(X, weights, axis=0), np.repeat(LABELS, weights)
    repeated = clone(classifier).fit(rows, y).predict_proba(Q)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-12, atol=1e-15)
    factors = compute_class_weight("balanced", classes=np.arange(3), y=y)
    given = clone(classifier).set_params(class_weight=dict(enumerate(factors)))
    explicit = given.fit(rows, y).predict_proba(Q)
    np.testing.assert_allclose(repeated, explicit, rtol=1e-12, atol=1e-15)


def test_an_exact_match_decides(classifier):
    classifier.set_params(weights="distance").fit(X, LABELS)
    assert classifier.predict_proba(X)[np.arange(100), LABELS].tolist() == [1.0] * 100
    assert classifier.score(X, LABELS) == 1


# ---- targets in all forms ----


def forms(y):
    yield y.tolist()
    yield pd.Series(y)
    yield pl.Series(y)
    if y.dtype.kind == "U":
        yield y.astype(object)
    frozen = y.copy()
    frozen.flags.writeable = False
    yield frozen


@pytest.mark.parametrize("kind", [str, int, float, bool])
def test_labels_come_back_in_their_type(classifier, kind):
    y = (LABELS > 0).astype(kind) if kind is not str else np.array(list("abc"))[LABELS]
    expected = classifier.fit(X, y).predict(Q)
    assert expected.dtype == y.dtype
    assert classifier.classes_.tolist() == sorted(set(y.tolist()))
    for form in forms(y):
        assert classifier.fit(X, form).predict(Q).tolist() == expected.tolist()


def test_targets_in_all_forms(regressor):
    y = RNG.normal(size=100)
    expected = regressor.fit(X, y).predict(Q)
    for form in forms(y):
        np.testing.assert_array_equal(regressor.fit(X, form).predict(Q), expected)
    column = regressor.fit(X, y[:, None])
    assert column.predict(Q).shape == (30, 1)
    np.testing.assert_array_equal(column.predict(Q)[:, 0], expected)


def test_several_outputs(classifier):
    y = np.stack([LABELS, LABELS[::-1] + 5], axis=1)
    alone = [clone(classifier).fit(X, column) for column in y.T]
    names = ["first", "second"]
    for form in (y, y.tolist(), pd.DataFrame(y, columns=names)):
        classifier.fit(X, form)
        assert classifier.outputs_2d_
        predicted, shares = classifier.predict(Q), classifier.predict_proba(Q)
        assert isinstance(classifier.classes_, list)
        for output in range(2):
            np.testing.assert_array_equal(
                predicted[:, output], alone[output].predict(Q)
            )
            np.testing.assert_array_equal(
                shares[output], alone[output].predict_proba(Q)
            )
            np.testing.assert_array_equal(
                classifier.classes_[output], alone[output].classes_
            )
    assert classifier.predict(None).shape == (100, 2)


def test_sparse_indicators(classifier):
    y = np.stack([LABELS == 0, LABELS > 0, LABELS > 1], axis=1).astype(int)
    expected = classifier.fit(X, y).predict(Q)
    for kind in (sparse.csr_array, sparse.csc_matrix):
        np.testing.assert_array_equal(classifier.fit(X, kind(y)).predict(Q), expected)
    assert classifier.score(Q, expected) == 1


# ---- rows in all forms ----


@pytest.mark.parametrize("layout", sorted(LAYOUTS))
def test_layouts_change_no_bit(model, layout):
    expected = model.fit(X, LABELS).predict(Q)
    again = clone(model).fit(LAYOUTS[layout](X), LABELS)
    assert_same_bits(again.predict(LAYOUTS[layout](Q)), expected)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_data_frames(model, frame):
    table = frame({name: X[:, i] for i, name in enumerate("abc")})
    model.fit(table, LABELS)
    assert model.feature_names_in_.tolist() == list("abc")
    assert_same_bits(model.predict(table), clone(model).fit(X, LABELS).predict(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame({name: X[:, i] for i, name in enumerate("abd")}))
    with pytest.warns(UserWarning, match="valid feature names"):
        model.predict(X)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
def test_whole_numbers_do_not_wrap(model, dtype):
    wide = RNG.integers(0, 2 if dtype is bool else 200, (60, 8))
    y = np.arange(60) % 2
    if hasattr(model, "radius"):
        model.set_params(radius=200.0)
    expected = clone(model).fit(wide.astype(float), y).predict(wide[:20].astype(float))
    stored = wide.astype(dtype)
    np.testing.assert_array_equal(model.fit(stored, y).predict(stored[:20]), expected)


# ---- leave-one-out ----


def test_leaving_one_out_is_fitting_without_it(model):
    rows = np.concatenate([X[:25], X[:5]])  # with duplicates, which do count
    y = np.concatenate([LABELS[:25], 2 - LABELS[:5]])
    if "prior" in repr(model) or "mean" in repr(model):
        model.set_params(radius=9.0)  # all training rows answer for all but one
    predicted = model.fit(rows, y).predict(None)
    for row in range(len(rows)):
        others = np.arange(len(rows)) != row
        alone = clone(model).fit(rows[others], y[others]).predict(rows[[row]])
        assert predicted[row] == pytest.approx(alone[0])


# ---- a citizen of scikit-learn ----


def test_pickles_and_clones(model):
    expected = model.fit(X, LABELS).predict(Q)
    assert_same_bits(pickle.loads(pickle.dumps(model)).predict(Q), expected)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_backends_change_no_bit(model, backend):
    expected = model.fit(X, LABELS).predict(Q)
    with joblib.parallel_config(backend=backend, n_jobs=2, max_nbytes=0):
        assert_same_bits(model.set_params(n_jobs=2).predict(Q), expected)


def test_sample_weights_are_routed(model):
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True)
        model.set_score_request(sample_weight=True)
        weights = np.r_[np.zeros(50), np.ones(50)]
        scores = cross_validate(
            model, X, LABELS, cv=2, params={"sample_weight": np.tile([0.5, 2.0], 50)}
        )
        assert np.isfinite(scores["test_score"]).all()
        heavy = model.fit(X, LABELS, sample_weight=weights)
        alone = clone(model).fit(X[50:], LABELS[50:])
        np.testing.assert_allclose(heavy.predict(Q), alone.predict(Q))


def test_nothing_passed_in_is_modified(model):
    rows, y, weights = X.copy(), LABELS.copy(), np.ones(100)
    model.fit(rows, y, sample_weight=weights).predict(rows)
    model.predict(None)
    for given, original in ((rows, X), (y, LABELS), (weights, np.ones(100))):
        np.testing.assert_array_equal(given, original)
