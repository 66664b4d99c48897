"""Predictions from all neighbours within a radius, and where there are none."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from labels import label
from layouts import assert_same_bits
from scipy import sparse
from sklearn import datasets
from sklearn import neighbors as theirs
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import accuracy_score, r2_score

from sknorms import neighbors as ours
from sknorms.neighbors import (
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Q = RNG.normal(size=(40, 3))
LABELS = RNG.integers(0, 3, 120)
TARGETS = RNG.normal(size=120)
FAR = np.full((2, 3), 50.0)
PREDICTORS = [RadiusNeighborsClassifier, RadiusNeighborsRegressor]


def squared_inverse(distances):
    with np.errstate(divide="ignore"):
        return (1 / distances) ** 2


def gaussians(distances):
    """Weigh arrays of arrays, as scikit-learn hands them over."""
    return np.array([np.exp(-found) for found in distances], dtype=object)


RULES = ["uniform", "distance", None, gaussians, lambda d: 1 / (1 + d)]


def naive(rows, queries, radius, leave_out=False):
    """Return the lists of neighbours from distances measured one by one."""
    lists = []
    for i, query in enumerate(queries):
        distances = [np.linalg.norm(query - row) for row in rows]
        lists.append(
            [
                j
                for j, distance in enumerate(distances)
                if distance <= radius and not (leave_out and i == j)
            ]
        )
    return lists


# ---- as scikit-learn's ----


@pytest.mark.parametrize("rule", RULES, ids=label)
@pytest.mark.parametrize("outputs", ["one", "several"])
@pytest.mark.parametrize("radius", [0.8, 2.5])
def test_classifier(rule, outputs, radius):
    y = LABELS if outputs == "one" else np.stack([LABELS, LABELS[::-1] > 1], axis=1)
    outlier_label = 1 if outputs == "one" else [2, 0]
    mine, other = (
        module.RadiusNeighborsClassifier(
            radius, weights=rule, outlier_label=outlier_label
        ).fit(X, y)
        for module in (ours, theirs)
    )
    for queries in (Q, FAR, X, None):
        np.testing.assert_array_equal(mine.predict(queries), other.predict(queries))
        np.testing.assert_allclose(
            np.concatenate(mine.predict_proba(queries), axis=None),
            np.concatenate(other.predict_proba(queries), axis=None),
            rtol=1e-12,
        )
    assert mine.outputs_2d_ == other.outputs_2d_
    assert list(mine.outlier_label_) == list(other.outlier_label_)
    for labels, reference in zip(mine.classes_, other.classes_, strict=True):
        np.testing.assert_array_equal(labels, reference)


@pytest.mark.parametrize("rule", RULES, ids=label)
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("radius", [0.8, 2.5])
def test_regressor(rule, outputs, radius):
    y = TARGETS if outputs == 1 else RNG.normal(size=(120, outputs))
    mine, other = (
        module.RadiusNeighborsRegressor(radius, weights=rule).fit(X, y)
        for module in (ours, theirs)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for queries in (Q, FAR, X, None):
            predicted, expected = mine.predict(queries), other.predict(queries)
            assert predicted.shape == expected.shape
            np.testing.assert_allclose(predicted, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("load", [datasets.load_iris, datasets.load_wine])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev"])
@pytest.mark.parametrize("rule", ["uniform", "distance"])
def test_real_classes(load, metric, rule):
    rows, y = load(return_X_y=True)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    names = np.array(["zero", "one", "two"])[y]
    for radius in (0.5, 2.0, 4.0):
        mine, other = (
            module.RadiusNeighborsClassifier(
                radius, metric=metric, weights=rule, outlier_label="most_frequent"
            ).fit(rows[::2], names[::2])
            for module in (ours, theirs)
        )
        np.testing.assert_allclose(
            mine.predict_proba(rows), other.predict_proba(rows), rtol=1e-12, atol=1e-15
        )
        np.testing.assert_array_equal(mine.predict(rows), other.predict(rows))
        assert mine.score(None, names[::2]) == other.score(None, names[::2])


def test_real_targets():
    rows, y = datasets.load_diabetes(return_X_y=True)
    for radius in (0.08, 0.15):
        for rule in ("uniform", "distance"):
            mine, other = (
                module.RadiusNeighborsRegressor(radius, weights=rule).fit(rows, y)
                for module in (ours, theirs)
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                np.testing.assert_allclose(
                    mine.predict(None), other.predict(None), rtol=1e-10
                )


# ---- as the definition says ----


def test_votes_and_means_are_those_of_the_neighbors():
    for leave_out, queries in ((False, Q), (True, None)):
        lists = naive(X, X if queries is None else queries, 1.2, leave_out)
        classifier = RadiusNeighborsClassifier(1.2, outlier_label=0).fit(X, LABELS)
        regressor = RadiusNeighborsRegressor(1.2, fallback=-7.0).fit(X, TARGETS)
        shares = classifier.predict_proba(queries)
        means = regressor.predict(queries)
        for found, share, mean in zip(lists, shares, means, strict=True):
            counts = np.bincount(LABELS[found], minlength=3)
            expected = counts / counts.sum() if found else [1, 0, 0]
            np.testing.assert_allclose(share, expected, rtol=1e-14)
            assert mean == pytest.approx(TARGETS[found].mean() if found else -7.0)


def test_the_boundary_is_inside():
    model = RadiusNeighborsClassifier(1.0).fit([[0.0], [2.0]], ["a", "b"])
    assert model.predict_proba([[1.0]]).tolist() == [[0.5, 0.5]]


def test_a_zero_distance_takes_all_in_its_list_only():
    rows, y = [[0.0], [0.0], [1.0], [1.5]], [1.0, 3.0, 50.0, 70.0]
    model = RadiusNeighborsRegressor(1.2, weights="distance").fit(rows, y)
    expected = [2.0, (1 / 0.2 * 50 + 1 / 0.3 * 70) / (1 / 0.2 + 1 / 0.3)]
    assert model.predict([[0.0], [1.2 + 1e-9]])[0] == expected[0]
    np.testing.assert_allclose(
        RadiusNeighborsRegressor(0.5, weights="distance")
        .fit(rows, y)
        .predict([[0.0], [1.2]]),
        expected,
    )
    infinite = RadiusNeighborsRegressor(1.2, weights=squared_inverse).fit(rows, y)
    assert infinite.predict([[0.0]]) == [2.0]


@pytest.mark.parametrize("scale", [1e-310, 1e-160, 1e150])
def test_distances_of_any_size_weigh_alike(scale):
    rows = np.array([[1.0], [2.0], [4.0]]) * scale
    model = RadiusNeighborsRegressor(np.inf, weights="distance")
    predicted = model.fit(rows, [1.0, 2.0, 3.0]).predict([[0.0]])
    expected = (1 + 2 / 2 + 3 / 4) / (1 + 1 / 2 + 1 / 4)
    assert predicted == pytest.approx(expected, rel=1e-3 if scale < 1e-300 else 1e-12)


def test_a_similarity_has_a_smallest_value():
    model = RadiusNeighborsClassifier(0.5, metric="cosine_similarity")
    model.fit([[1.0, 0.0], [0.0, 1.0], [1.0, 0.1]], ["a", "b", "a"])
    assert model.predict_proba([[5.0, 0.0]]).tolist() == [[1.0, 0.0]]
    with pytest.raises(ValueError, match=r"similarity\. Pass a callable"):
        RadiusNeighborsClassifier(weights="distance", metric="dot").fit(X, LABELS)
    negative = RadiusNeighborsRegressor(-2.0, metric="dot").fit(X, TARGETS)
    assert np.isfinite(negative.predict(X)).all()


@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_precomputed_distances(form):
    table = NearestNeighbors().fit(X).kneighbors_graph(n_neighbors=119, mode="distance")
    distances = table if form == "sparse" else table.toarray()
    for make in PREDICTORS:
        model = make(1.2, metric="precomputed", fallback="nearest").fit(
            distances, LABELS
        )
        plain = make(1.2, fallback="nearest").fit(X, LABELS)
        np.testing.assert_allclose(model.predict(None), plain.predict(None))


# ---- whoever has no neighbours ----


def test_no_neighbors_and_no_label_is_an_error_that_names_the_rows():
    model = RadiusNeighborsClassifier(0.5, working_memory=0.01).fit(X, LABELS)
    queries = np.concatenate([X[:30], FAR, X[:5], FAR])
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(
            ValueError, match=r"No neighbors found for test samples .* 30, 31, 37, 38,"
        ):
            ask(queries)
    assert model.outlier_label_ is None
    assert model.predict(X[:30]).shape == (30,)


@pytest.mark.parametrize(
    ("y", "outlier_label", "expected"),
    [
        (LABELS, 2, [2]),
        (LABELS, np.int64(0), [0]),
        (LABELS, [1], [1]),
        (LABELS.astype(np.int32), 1, [1]),
        (LABELS.astype(np.uint8), 1, [1]),
        (LABELS.astype(float), 1.0, [1.0]),
        (LABELS.astype(np.float32), 1, [1.0]),
        (LABELS > 0, True, [True]),
        (np.array(list("abc"))[LABELS], "b", ["b"]),
        (np.array(["a", "bb", None][:2], dtype=object)[LABELS % 2], "bb", ["bb"]),
        (np.stack([LABELS, LABELS + 1], axis=1), 2, [2, 2]),
        (np.stack([LABELS, LABELS + 1], axis=1), [0, 3], [0, 3]),
        (np.stack([LABELS, LABELS + 1], axis=1), (0, 3), [0, 3]),
        (np.r_[np.ones(70, int), np.zeros(50, int)], "most_frequent", [1]),
        (np.r_[np.ones(60, int), np.zeros(60, int)], "most_frequent", [0]),
    ],
)
def test_outlier_labels(y, outlier_label, expected):
    model = RadiusNeighborsClassifier(2.0, outlier_label=outlier_label).fit(X, y)
    assert list(model.outlier_label_) == expected
    predicted = model.predict(np.concatenate([FAR, X[:1]]))
    assert np.atleast_2d(predicted.T)[:, 0].tolist() == expected
    shares = model.predict_proba(FAR)
    tables = shares if model.outputs_2d_ else [shares]
    classes = model.classes_ if model.outputs_2d_ else [model.classes_]
    for table, labels, answer in zip(tables, classes, expected, strict=True):
        assert table[0].tolist() == [float(one == answer) for one in labels.tolist()]


@pytest.mark.parametrize(
    ("outlier_label", "error", "message"),
    [
        ("a", TypeError, "dtype of outlier_label 'a' is inconsistent"),
        (1.5, TypeError, "dtype of outlier_label 1.5 is inconsistent"),
        ([[5]], TypeError, "supposed to be a scalar"),
        ({"a": 1}, TypeError, "supposed to be a scalar"),
        ([0, 1], ValueError, "length of outlier_label.*output length: 1"),
        ([], ValueError, "length of outlier_label"),
    ],
    ids=str,
)
def test_outlier_labels_that_are_none(outlier_label, error, message):
    with pytest.raises(error, match=message):
        RadiusNeighborsClassifier(outlier_label=outlier_label).fit(X, LABELS)


def test_a_word_longer_than_the_labels_is_no_label():
    with pytest.raises(TypeError, match="whose dtype is <U3"):
        RadiusNeighborsClassifier(outlier_label="outlier").fit(
            X, np.where(LABELS > 0, "yes", "no")
        )


def test_a_label_from_outside_warns_and_has_no_probability():
    model = RadiusNeighborsClassifier(0.5, outlier_label=-1).fit(X, LABELS)
    known = "Outlier label -1 is not in training classes"
    with pytest.warns(UserWarning, match=known):
        assert model.predict(FAR).tolist() == [-1, -1]
    with pytest.warns(UserWarning, match=known):
        assert model.predict_proba(FAR).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert model.predict(X).min() == 0


def test_fallback_to_the_prior():
    y = np.r_[np.zeros(90, int), np.ones(30, int)]
    model = RadiusNeighborsClassifier(0.1, fallback="prior").fit(X, y)
    assert model.predict_proba(FAR).tolist() == [[0.75, 0.25]] * 2
    assert model.predict(FAR).tolist() == [0, 0]
    weighted = model.fit(X, y, sample_weight=np.where(y == 0, 1, 9))
    assert weighted.predict_proba(FAR).tolist() == [[0.25, 0.75]] * 2
    balanced = RadiusNeighborsClassifier(0.1, fallback="prior", class_weight="balanced")
    assert balanced.fit(X, y).predict_proba(FAR).tolist() == [[0.5, 0.5]] * 2
    several = model.fit(X, np.stack([y, 1 - y], axis=1))
    assert several.predict(FAR).tolist() == [[0, 1], [0, 1]]
    assert several.predict_proba(FAR)[1].tolist() == [[0.25, 0.75]] * 2


def test_fallback_to_a_label_must_be_one():
    model = RadiusNeighborsClassifier(0.1, fallback=2).fit(X, LABELS)
    assert model.predict(FAR).tolist() == [2, 2]
    assert model.predict_proba(FAR).tolist() == [[0, 0, 1]] * 2
    assert model.outlier_label_ == [2]
    with pytest.raises(ValueError, match="fallback must name a label of y; got 7"):
        RadiusNeighborsClassifier(fallback=7).fit(X, LABELS)
    with pytest.raises(TypeError, match="dtype of fallback 'often' is inconsistent"):
        RadiusNeighborsClassifier(fallback="often").fit(X, LABELS)
    with pytest.raises(ValueError, match="fallback and outlier_label both"):
        RadiusNeighborsClassifier(fallback="prior", outlier_label=0).fit(X, LABELS)
    with pytest.raises(ValueError, match="class_weight leaves none"):
        RadiusNeighborsClassifier(
            fallback="prior", class_weight={0: 0, 1: 0, 2: 0}
        ).fit(X, LABELS)


@pytest.mark.parametrize("make", PREDICTORS)
def test_fallback_to_an_error(make):
    model = make(0.1, fallback="raise").fit(X, LABELS)
    with pytest.raises(ValueError, match=r"No neighbors found for .* rows 0, 1, you"):
        model.predict(FAR)


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize("rule", ["uniform", "distance"])
def test_fallback_to_the_nearest_row(make, rule):
    model = make(0.05, fallback="nearest", weights=rule).fit(X, LABELS)
    nearest = NearestNeighbors(n_neighbors=1).fit(X)
    for queries in (Q, None):
        expected = LABELS[nearest.kneighbors(queries)[1][:, 0]]
        np.testing.assert_array_equal(model.predict(queries), expected)
    weights = np.ones(120)
    heaviest = np.unique(nearest.kneighbors(Q)[1])
    weights[heaviest] = 0
    weighted = model.fit(X, LABELS, sample_weight=weights)
    kept = np.flatnonzero(weights)
    others = NearestNeighbors(n_neighbors=1).fit(X[kept]).kneighbors(Q)[1][:, 0]
    np.testing.assert_array_equal(weighted.predict(Q), LABELS[kept][others])


@pytest.mark.parametrize("make", PREDICTORS)
def test_a_single_row_has_nobody_else(make):
    model = make(1.0, fallback="nearest").fit([[0.0, 0.0]], [3])
    assert model.predict([[9.0, 9.0]]).tolist() == [3]
    with pytest.raises(ValueError, match="No neighbors found for test samples in row"):
        model.predict(None)


def test_a_regressor_predicts_nan_and_says_so():
    model = RadiusNeighborsRegressor(0.5).fit(X, np.arange(120))
    queries = np.concatenate([X[:1], FAR])
    with pytest.warns(UserWarning, match=r"predicting NaN\. .* rows 1, 2 of"):
        predicted = model.predict(queries)
    assert np.isnan(predicted).tolist() == [False, True, True]
    with pytest.warns(UserWarning, match="no neighbors within specified radius"):
        spread = model.predict_quantiles(queries)
    assert np.isnan(spread).all(axis=1).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("fallback", "expected"),
    [("mean", 3.0), ("median", 2.0), (0, 0.0), (-1.5, -1.5), (np.float32(2), 2.0)],
)
@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regressor_with_a_fallback(fallback, expected, outputs):
    y = np.array([1.0, 2.0, 6.0])
    y = y if outputs == 1 else np.stack([y, 2 * y], axis=1)
    model = RadiusNeighborsRegressor(0.5, fallback=fallback)
    model.fit([[0.0], [1.0], [2.0]], y)
    predicted = model.predict([[0.0], [9.0]])
    assert predicted[0].tolist() == y[0].tolist()
    if outputs == 1:
        assert predicted[1] == expected
    else:
        number = not isinstance(fallback, str)
        assert predicted[1].tolist() == [expected, expected * (1 if number else 2)]
    weighted = model.fit([[0.0], [1.0], [2.0]], y, sample_weight=[0, 0, 1])
    if isinstance(fallback, str):
        assert weighted.predict([[9.0]]).tolist() == [y[2].tolist()]


def test_the_quantiles_of_a_fallback():
    rows, y = [[0.0], [1.0], [2.0]], [1.0, 2.0, 6.0]
    for fallback, expected in (
        ("mean", [1, 2, 6]),
        ("median", [1, 2, 6]),
        (4, [4] * 3),
    ):
        model = RadiusNeighborsRegressor(0.5, fallback=fallback).fit(rows, y)
        assert model.predict_quantiles([[9.0]], (0, 0.5, 1)).tolist() == [expected]


@pytest.mark.parametrize("fallback", ["prior", "far", [1.0], True, np.nan, np.inf])
def test_a_fallback_that_is_none(fallback):
    with pytest.raises((TypeError, ValueError), match="fallback must be"):
        RadiusNeighborsRegressor(fallback=fallback).fit(X, TARGETS)


# ---- sample and class weights ----


@pytest.mark.parametrize("rule", RULES, ids=label)
def test_whole_sample_weights_repeat_rows(rule):
    weights = RNG.integers(0, 4, 120)
    rows, labels, targets = (
        np.repeat(a, weights, axis=0) for a in (X, LABELS, TARGETS)
    )
    classifier = RadiusNeighborsClassifier(1.1, weights=rule, fallback="prior")
    regressor = RadiusNeighborsRegressor(1.1, weights=rule, fallback="median")
    for aggregate in ("mean", "median"):
        regressor.set_params(aggregate=aggregate)
        np.testing.assert_allclose(
            regressor.fit(X, TARGETS, sample_weight=weights).predict(Q),
            regressor.fit(rows, targets).predict(Q),
            rtol=1e-10,
        )
    np.testing.assert_allclose(
        classifier.fit(X, LABELS, sample_weight=weights).predict_proba(Q),
        classifier.fit(rows, labels).predict_proba(Q),
        rtol=1e-12,
    )


def test_a_row_of_weight_zero_is_nobodys_neighbor():
    rows, y, weights = [[0.0], [1.0], [5.0]], [1.0, 2.0, 3.0], [0, 1, 1]
    model = RadiusNeighborsRegressor(1.0, weights="distance", fallback=-1.0)
    model.fit(rows, y, sample_weight=weights)
    # Its distance of zero takes nothing, and it fills no neighbourhood.
    assert model.predict([[0.0], [-0.5]]).tolist() == [2.0, -1.0]


def test_class_weights_multiply_votes():
    model = RadiusNeighborsClassifier(2.5).fit(X, LABELS)
    weighted = RadiusNeighborsClassifier(2.5, class_weight={0: 2.0, 2: 0.5})
    votes = model.predict_proba(X) * [2.0, 1.0, 0.5]
    expected = votes / votes.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weighted.fit(X, LABELS).predict_proba(X), expected)


def test_only_weightless_classes_around():
    model = RadiusNeighborsClassifier(1, class_weight={0: 0.0})
    model.fit([[0.0], [9.0]], [0, 1])
    assert model.predict([[8.0]]) == [1]
    for ask in (model.predict, model.predict_proba):
        with pytest.raises(ValueError, match=r"zero weights.*row 1 of the queries"):
            ask([[9.0], [0.0]])


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda d: d[:-1], "one array for each array of distances"),
        (lambda d: 1.0, "one array for each array of distances"),
        (lambda d: [found[:-1] for found in d], "of the same length"),
        (lambda d: 0 * d - 1, "at least zero"),
        (lambda d: d * np.nan, "NaN"),
        (lambda d: d * 0, "zero weights"),
    ],
    ids=["fewer", "number", "shorter", "negative", "NaN", "zero"],
)
def test_functions_that_give_no_weights(make, function, message):
    model = make(9.0, weights=function).fit(X, LABELS)
    with pytest.raises(ValueError, match=message):
        model.predict(Q)


def test_a_function_sees_lists_and_cannot_change_them():
    seen = []

    def meddle(distances):
        seen.append([found.copy() for found in distances])
        for found in distances:
            found[:] = 0
        return [np.ones(len(found)) for found in distances]

    model = RadiusNeighborsRegressor(1.5, weights=meddle, fallback=0).fit(X, TARGETS)
    plain = RadiusNeighborsRegressor(1.5, fallback=0).fit(X, TARGETS)
    np.testing.assert_allclose(model.predict(Q), plain.predict(Q), rtol=1e-14)
    for mine, found in zip(seen[0], plain.radius_neighbors(Q)[0], strict=True):
        np.testing.assert_array_equal(mine, found)


# ---- promises ----


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize("rule", RULES, ids=label)
def test_batches_jobs_and_memory_change_no_bit(make, rule):
    model = make(1.4, weights=rule, fallback="nearest").fit(X, LABELS)
    ask = model.predict_proba if make is RadiusNeighborsClassifier else model.predict
    expected = ask(Q)
    for cut in (1, 7, 39):
        parts = [ask(Q[:cut]), ask(Q[cut:])]
        assert_same_bits(np.concatenate(parts), expected)
    leave_one_out = ask(None)
    for parameters in ({"working_memory": 1e-3}, {"n_jobs": 2}):
        model.set_params(**parameters)
        assert_same_bits(ask(Q), expected)
        assert_same_bits(ask(None), leave_one_out)


def test_predictions_keep_the_working_memory():
    rows, queries = RNG.normal(size=(2000, 4)), RNG.normal(size=(4000, 4))
    for model in (
        RadiusNeighborsClassifier(9.0, working_memory=4, n_jobs=1),
        RadiusNeighborsRegressor(9.0, aggregate="median", working_memory=4, n_jobs=1),
    ):
        model.fit(rows, np.arange(2000) % 2)
        expected = model.predict(queries[-5:])
        tracemalloc.start()
        try:
            predicted = model.predict(queries)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        np.testing.assert_array_equal(predicted[-5:], expected)
        # 4,000 x 2,000 neighbours would take 122 MiB for distances and indices alone.
        assert peak <= 5 * 2**20


@pytest.mark.parametrize("make", PREDICTORS)
def test_single_precision(make):
    rows, queries = X.astype(np.float32), Q.astype(np.float32)
    model = make(1.5, weights="distance", fallback="nearest")
    wide = model.fit(rows.astype(float), LABELS).predict(queries.astype(float))
    np.testing.assert_allclose(
        model.fit(rows, LABELS).predict(queries), wide, rtol=1e-5
    )
    single = RadiusNeighborsRegressor(2.0, fallback=0).fit(rows, np.float32(TARGETS))
    assert single.predict(queries).dtype == np.float32
    assert single.predict_quantiles(queries).dtype == np.float32


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize(
    "kind", [sparse.csr_array, sparse.coo_matrix, sparse.lil_array]
)
def test_sparse_rows(make, kind):
    model = make(1.5, fallback="nearest").fit(X, LABELS)
    same = make(1.5, fallback="nearest").fit(kind(X), LABELS)
    np.testing.assert_array_equal(same.predict(kind(Q)), model.predict(Q))


# ---- behaviour ----


@pytest.mark.parametrize("make", PREDICTORS)
def test_asking_before_fitting(make):
    for method in ("predict", "predict_proba", "predict_quantiles", "radius_neighbors"):
        if hasattr(make, method):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(make(radius=-1), method)("nonsense")
    with pytest.raises(NotFittedError, match="not fitted yet"):
        make(radius=-1).score("nonsense", None)


@pytest.mark.parametrize("make", PREDICTORS)
@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"radius": -1.0}, ValueError, "radius must be a number >= 0; got -1.0"),
        ({"radius": None}, TypeError, "radius must be a real number; got None"),
        ({"radius": "far"}, TypeError, "radius must be a real number; got 'far'"),
        ({"weights": "near"}, ValueError, 'weights must be "uniform", "distance"'),
        ({"algorithm": "tree"}, ValueError, "algorithm must be one of 'auto'"),
        ({"leaf_size": 0}, ValueError, "leaf_size must be >= 1; got 0"),
        ({"p": 0}, ValueError, "p must be a number > 0; got 0"),
        ({"metric": "euclid"}, ValueError, "'euclid'. Did you mean 'euclidean'"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"working_memory": 0}, ValueError, "working_memory must be a number > 0"),
    ],
    ids=label,
)
def test_parameters_are_checked_in_fit(make, parameters, error, message):
    model = make(**parameters)
    with pytest.raises(error, match=message):
        model.fit(X, LABELS)


def test_targets_that_are_none():
    with pytest.raises(ValueError, match="Unknown label type"):
        RadiusNeighborsClassifier().fit(X, TARGETS)
    with pytest.raises(ValueError, match="could not convert string to float"):
        RadiusNeighborsRegressor().fit(X, np.array(list("abc"))[LABELS])
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        model = RadiusNeighborsClassifier(9.0).fit(X, LABELS[:, None])
    assert not model.outputs_2d_
    assert model.predict(X).shape == (120,)


def test_scores_leave_one_out():
    classifier = RadiusNeighborsClassifier(1.5, fallback="prior").fit(X, LABELS)
    assert classifier.score(None, LABELS) == accuracy_score(
        LABELS, classifier.predict(None)
    )
    regressor = RadiusNeighborsRegressor(1.5, fallback="mean").fit(X, TARGETS)
    assert regressor.score(None, TARGETS) == r2_score(TARGETS, regressor.predict(None))


@pytest.mark.parametrize("make", PREDICTORS)
def test_data_frames(make):
    table = pd.DataFrame(X, columns=list("abc"))
    model = make(1.0, fallback="nearest").fit(table, pd.Series(LABELS))
    assert model.feature_names_in_.tolist() == list("abc")
    np.testing.assert_array_equal(
        model.predict(table.head()), make(1.0).fit(X, LABELS).predict(X[:5])
    )
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table.rename(columns={"a": "z"}))
