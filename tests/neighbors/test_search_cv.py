"""`KNeighborsClassifierCV` and `KNeighborsRegressorCV` beside `GridSearchCV`.

The expected values are those of ``GridSearchCV`` over our own estimators, fit by fit.
"""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context, datasets
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.metrics import accuracy_score, get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)

from sknorms.metrics import BlockDistance, get_metric
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsClassifierCV,
    KNeighborsRegressor,
    KNeighborsRegressorCV,
)

GRID = {
    "metric": ["euclidean", "cosine", "manhattan"],
    "n_neighbors": [1, 2, 7],
    "weights": ["uniform", "distance"],
}
SMALL = {**GRID, "metric": ["euclidean", "cosine"], "n_neighbors": [1, 4]}
NAIVE = {
    KNeighborsClassifierCV: KNeighborsClassifier,
    KNeighborsRegressorCV: KNeighborsRegressor,
}
BOTH = pytest.mark.parametrize("search", NAIVE)


def some(load, n):
    rows, y = load(return_X_y=True)
    picked = np.random.default_rng(0).permutation(len(rows))[:n]
    return rows[picked], y[picked]


IRIS = some(datasets.load_iris, 150)
WINE = some(datasets.load_wine, 120)
DIGITS = some(datasets.load_digits, 200)
DIABETES = some(datasets.load_diabetes, 150)
LABELLED = {"iris": IRIS, "wine": WINE, "digits": DIGITS}
# Few values in each column: many distances are equal, also across folds.
TIED = np.random.default_rng(1).integers(0, 3, (60, 3)).astype(np.float64)


def without_times(results):
    return {key: value for key, value in results.items() if "time" not in key}


def assert_same_results(ours, theirs):
    """Compare everything but times, to the last digit and the type."""
    ours, theirs = without_times(ours), without_times(theirs)
    assert ours.keys() == theirs.keys()
    assert ours.pop("params") == theirs.pop("params")
    for key in ours:
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)
        assert ours[key].dtype == theirs[key].dtype, key


def both(search, data, grid=SMALL, fixed=(), fit=(), **options):
    """Return a search of ours and a naive one after a fit to the same data."""
    fixed, fit = dict(fixed), dict(fit)
    ours = search(**grid, **fixed, **options).fit(*data, **fit)
    theirs = GridSearchCV(NAIVE[search](**fixed), grid, **options).fit(*data, **fit)
    return ours, theirs


def assert_same(search, data, grid=SMALL, fixed=(), fit=(), **options):
    ours, theirs = both(search, data, grid, fixed, fit, **options)
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    assert ours.best_index_ == theirs.best_index_
    assert ours.best_params_ == theirs.best_params_
    assert ours.best_score_ == theirs.best_score_
    assert ours.n_splits_ == theirs.n_splits_
    assert ours.multimetric_ is theirs.multimetric_
    return ours, theirs


# ---- the same as a naive search ----

SPLITTERS = [
    None,
    3,
    KFold(4, shuffle=True, random_state=0),
    StratifiedKFold(3, shuffle=True, random_state=1),
    ShuffleSplit(3, test_size=0.3, random_state=2),
]


@pytest.mark.parametrize("cv", SPLITTERS, ids=repr)
@pytest.mark.parametrize("name", LABELLED)
def test_classifier_is_a_grid_search(name, cv):
    rows, labels = LABELLED[name]
    ours, theirs = assert_same(
        KNeighborsClassifierCV, (rows, labels), GRID, cv=cv, error_score="raise"
    )
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    np.testing.assert_array_equal(ours.predict_proba(rows), theirs.predict_proba(rows))
    assert ours.score(rows, labels) == theirs.score(rows, labels)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    naive = theirs.best_estimator_.kneighbors(rows)
    for mine, other in zip(ours.kneighbors(rows), naive, strict=True):
        np.testing.assert_array_equal(mine, other)


def largest(targets, weights=None):
    return targets.max()


@pytest.mark.parametrize("cv", [None, SPLITTERS[2], SPLITTERS[4]], ids=repr)
@pytest.mark.parametrize("aggregate", ["mean", "median", largest])
def test_regressor_is_a_grid_search(aggregate, cv):
    fixed = {"aggregate": aggregate}
    ours, theirs = assert_same(KNeighborsRegressorCV, DIABETES, GRID, fixed, cv=cv)
    rows, y = DIABETES
    np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))
    assert ours.score(rows, y) == theirs.score(rows, y)
    np.testing.assert_array_equal(
        ours.predict_quantiles(rows, 0.5),
        theirs.best_estimator_.predict_quantiles(rows, 0.5),
    )


@pytest.mark.parametrize("cv", [3, SPLITTERS[2], LeaveOneOut()], ids=repr)
def test_ties_across_folds(cv):
    labels = np.arange(len(TIED)) % 4
    grid = {**SMALL, "n_neighbors": [1, 2, 3, 9]}
    for rule in ("lowest", "nearest", "random"):
        fixed = {"vote_ties": rule, "random_state": 3}
        assert_same(KNeighborsClassifierCV, (TIED, labels), grid, fixed, cv=cv)
    error = "neg_mean_squared_error"
    y = np.sin(np.arange(len(TIED)))
    assert_same(KNeighborsRegressorCV, (TIED, y), grid, cv=cv, scoring=error)


@pytest.mark.parametrize("class_weight", [{0: 3.0, 2: 0.5}, "balanced"])
@pytest.mark.parametrize("cv", [3, LeaveOneOut()], ids=repr)
def test_class_weights(class_weight, cv):
    rows, labels = IRIS
    fixed = {"class_weight": class_weight}
    assert_same(KNeighborsClassifierCV, (rows[:60], labels[:60]), fixed=fixed, cv=cv)


def test_metrics_learn_from_the_training_rows_of_each_fold():
    metrics = ["seuclidean", "mahalanobis", get_metric("minkowski", p=3)]
    grid = {**SMALL, "metric": metrics}
    ours, _ = assert_same(KNeighborsClassifierCV, WINE, grid)
    scaled = cross_val_score(
        KNeighborsClassifier(
            1, metric="seuclidean", metric_params={"V": np.var(WINE[0], axis=0)}
        ),
        *WINE,
    )
    learnt = [ours.cv_results_[f"split{i}_test_score"][0] for i in range(5)]
    assert np.abs(scaled - learnt).max() < 0.2


def test_parameters_of_all_metrics():
    grid = {**SMALL, "metric": ["minkowski"]}
    assert_same(KNeighborsClassifierCV, WINE, grid, {"p": 3})
    weights = {"metric_params": {"w": np.arange(1.0, 14.0)}}
    assert_same(KNeighborsRegressorCV, (WINE[0], WINE[1]), grid, weights)


def test_functions_as_metrics_and_weights():
    metrics = [BlockDistance(block_of_largest_gaps), "euclidean"]
    weights = ["uniform", None, halved_by_rank]
    grid = {"metric": metrics, "n_neighbors": [1, 5], "weights": weights}
    rows, labels = IRIS
    assert_same(KNeighborsClassifierCV, IRIS, grid)
    few = rows[:40], labels[:40]
    assert_same(KNeighborsClassifierCV, few, grid, cv=LeaveOneOut())


def block_of_largest_gaps(queries, corpus):
    return np.abs(queries[:, None] - corpus[None]).max(axis=-1)


def halved_by_rank(distances):
    """Return weights that also depend on the other queries that they are shown with."""
    return np.exp(-distances / distances.max())


# ---- leave-one-out ----


@pytest.mark.parametrize("name", LABELLED)
def test_leave_one_out_of_labels(name):
    rows, labels = LABELLED[name]
    data = rows[:50], labels[:50]
    ours, _ = assert_same(KNeighborsClassifierCV, data, GRID, cv=LeaveOneOut())
    loo = KNeighborsClassifierCV(**GRID, cv="loo").fit(*data)
    assert_same_results(loo.cv_results_, ours.cv_results_)
    assert loo.n_splits_ == 50


@pytest.mark.parametrize(
    "scoring",
    [
        "neg_mean_squared_error",
        "neg_root_mean_squared_error",
        "neg_mean_absolute_error",
        "neg_median_absolute_error",
    ],
)
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_leave_one_out_of_numbers(scoring, n_outputs):
    rows, y = DIABETES[0][:40], DIABETES[1][:40]
    y = y if n_outputs == 1 else np.stack([y, np.sqrt(y), -(y**3)], axis=1)
    assert_same(KNeighborsRegressorCV, (rows, y), cv=LeaveOneOut(), scoring=scoring)


def test_leave_one_out_with_several_scores():
    rows, y = DIABETES[0][:40], DIABETES[1][:40].astype(np.float32)
    scoring = ["neg_mean_squared_error", "neg_mean_absolute_error"]
    options = {"cv": LeaveOneOut(), "scoring": scoring, "refit": scoring[1]}
    assert_same(KNeighborsRegressorCV, (rows, y), **options)


def test_leave_one_out_with_other_scorers_and_learning_metrics():
    rows, labels = IRIS
    data = rows[:40], labels[:40]
    grid = {**SMALL, "metric": ["euclidean", "seuclidean"]}
    assert_same(KNeighborsClassifierCV, data, grid, cv=LeaveOneOut())
    options = {"cv": LeaveOneOut(), "scoring": make_scorer(accuracy_score)}
    assert_same(KNeighborsClassifierCV, data, **options)


def test_leave_one_out_of_a_label_that_is_there_once():
    rows, labels = IRIS[0][:30], np.array([7, *IRIS[1][1:30]])
    assert_same(KNeighborsClassifierCV, (rows, labels), cv=LeaveOneOut())


def test_leave_one_out_has_no_coefficient_of_determination():
    search = KNeighborsRegressorCV(cv="loo")
    with pytest.raises(ValueError, match=r"one row does not have.*neg_mean_squared"):
        search.fit(*DIABETES)
    with pytest.raises(ValueError, match="scoring='r2' is"):
        search.set_params(cv=LeaveOneOut(), scoring="r2").fit(*DIABETES)


def test_leave_one_out_does_not_list_all_training_rows():
    n_rows = 2_000
    rows = np.random.default_rng(0).normal(size=(n_rows, 2))
    search = KNeighborsClassifierCV([1, 5], metric="euclidean", cv="loo")
    search.fit(rows[:50], np.arange(50) % 2)  # compiles
    tracemalloc.start()
    search.fit(rows, np.arange(n_rows) % 2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * n_rows**2 / 2


@BOTH
def test_leave_one_out_needs_two_rows(search):
    with pytest.raises(ValueError, match="n_samples=1"):
        search(cv="loo", scoring="neg_mean_squared_error").fit([[1.0]], [1])


# ---- weights, groups, routing ----


@BOTH
@pytest.mark.parametrize("cv", [3, SPLITTERS[2]], ids=repr)
def test_sample_weights(search, cv):
    rows, labels = IRIS
    weights = np.random.default_rng(0).integers(0, 4, len(rows))
    for given in (weights, weights / 2, weights.tolist()):
        ours, theirs = assert_same(
            search, (rows, labels), fit={"sample_weight": given}, cv=cv
        )
        np.testing.assert_array_equal(ours.predict(rows), theirs.predict(rows))


def test_sample_weights_of_one_fold_row():
    rows, labels = IRIS[0][:30], IRIS[1][:30]
    fit = {"sample_weight": np.linspace(0.5, 2.0, 30)}
    assert_same(KNeighborsClassifierCV, (rows, labels), fit=fit, cv=LeaveOneOut())


def test_sample_weights_go_to_functions_that_have_a_name_for_them():
    rows, labels = IRIS
    weights = np.random.default_rng(0).integers(1, 4, len(rows))
    seen = []

    def weighted(estimator, X, y, sample_weight=None):
        seen.append(sample_weight)
        return estimator.score(X, y, sample_weight)

    search = KNeighborsClassifierCV(**SMALL, scoring=weighted, cv=KFold(3))
    search.fit(rows, labels, sample_weight=weights)
    np.testing.assert_array_equal(seen[0], weights[:50])
    naive = GridSearchCV(KNeighborsClassifier(), SMALL, scoring=weighted, cv=KFold(3))
    naive.fit(rows, labels, sample_weight=weights)
    assert_same_results(search.cv_results_, naive.cv_results_)


@BOTH
@pytest.mark.parametrize("cv", [GroupKFold(3), LeaveOneGroupOut()], ids=repr)
def test_groups(search, cv):
    groups = np.random.default_rng(0).integers(0, 4, len(IRIS[0]))
    assert_same(search, IRIS, fit={"groups": groups}, cv=cv)


def test_metadata_is_routed():
    rows, labels = IRIS
    groups = np.random.default_rng(0).integers(0, 4, len(rows))
    weights = np.random.default_rng(1).integers(1, 4, len(rows))
    plain = KNeighborsClassifierCV(**SMALL, cv=GroupKFold(3))
    plain.fit(rows, labels, groups=groups)
    with config_context(enable_metadata_routing=True):
        scorer = get_scorer("accuracy").set_score_request(sample_weight=False)
        search = KNeighborsClassifierCV(**SMALL, cv=GroupKFold(3), scoring=scorer)
        search.fit(rows, labels, groups=groups)
        assert_same_results(search.cv_results_, plain.cv_results_)
        search.fit(rows, labels, groups=groups, sample_weight=weights)
        unweighted = search.cv_results_["mean_test_score"]
        scorer = get_scorer("accuracy").set_score_request(sample_weight=True)
        search.set_params(scoring=scorer)
        search.fit(rows, labels, groups=groups, sample_weight=weights)
        assert (search.cv_results_["mean_test_score"] != unweighted).any()
        estimator = KNeighborsClassifier().set_fit_request(sample_weight=True)
        naive = GridSearchCV(estimator, SMALL, cv=GroupKFold(3), scoring=scorer)
        naive.fit(rows, labels, groups=groups, sample_weight=weights)
        assert_same_results(search.cv_results_, naive.cv_results_)
        assert search.score(rows, labels, sample_weight=weights) == naive.score(
            rows, labels, sample_weight=weights
        )


def test_unknown_arguments_are_refused_without_routing():
    search = KNeighborsClassifierCV(**SMALL)
    with pytest.raises(ValueError, match=r"Passing colour to .*enable_metadata"):
        search.fit(*IRIS, colour=1)
    with pytest.raises(ValueError, match=r"Passing colour to .*\.score"):
        search.fit(*IRIS).score(*IRIS, colour=1)


# ---- forms of input ----


@BOTH
@pytest.mark.parametrize(
    "make", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array]
)
def test_sparse_rows(search, make):
    rows, labels = DIGITS
    assert_same(search, (make(rows), labels))


@BOTH
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.uint8])
def test_storage_types(search, dtype):
    rows, labels = DIGITS
    assert_same(search, (rows.astype(dtype), labels))


@BOTH
def test_lists(search):
    rows, labels = IRIS
    assert_same(search, (rows.tolist(), labels.tolist()))


@BOTH
@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames(search, frame):
    rows, labels = IRIS
    table = frame(dict(zip("abcd", rows.T, strict=True)))
    ours, _ = assert_same(search, (table, labels))
    assert ours.feature_names_in_.tolist() == [*"abcd"]
    assert ours.n_features_in_ == 4
    np.testing.assert_array_equal(
        ours.predict(table), ours.best_estimator_.predict(table)
    )


def test_frames_with_labels():
    rows, labels = IRIS
    table = pd.DataFrame({"a": rows[:, 0], "b": np.where(rows[:, 1] > 3, "x", "y")})
    assert_same(KNeighborsClassifierCV, (table, labels), {**SMALL, "metric": ["gower"]})


def test_scorers_are_shown_rows_as_they_were_passed():
    rows, labels = IRIS
    table = pd.DataFrame(rows, columns=[*"abcd"])

    def by_first_column(estimator, X, y):
        return float(X["a"].mean() + (estimator.predict(X) == y).mean())

    assert_same(KNeighborsClassifierCV, (table, labels), scoring=by_first_column)


@BOTH
def test_rows_that_a_scorer_changes_are_searched_for(search):
    def of_shifted(estimator, X, y):
        return estimator.score(X + 0.3, y)

    assert_same(search, IRIS, scoring=of_shifted)


@BOTH
def test_what_a_scorer_fits_anew_forgets_the_fold(search):
    def of_one_row(estimator, X, y):
        estimator.set_params(n_neighbors=1).fit(X[:1], y[:1])
        return float((estimator.predict(X) == y[0]).mean())

    found = search(**SMALL, cv=3, scoring=of_one_row).fit(*IRIS)
    assert (found.cv_results_["mean_test_score"] == 1.0).all()


@pytest.mark.parametrize("y", [pd.Series, list, lambda y: y.astype(str)])
def test_forms_of_labels(y):
    assert_same(KNeighborsClassifierCV, (IRIS[0], y(IRIS[1])))


def test_several_outputs():
    rows, labels = IRIS
    indicators = np.stack([labels == 0, rows[:, 0] > 5.5], axis=1).astype(int)
    ours, theirs = assert_same(KNeighborsClassifierCV, (rows, indicators))
    assert [one.tolist() for one in ours.classes_] == [[0, 1]] * 2
    for mine, other in zip(
        ours.predict_proba(rows), theirs.predict_proba(rows), strict=True
    ):
        np.testing.assert_array_equal(mine, other)
    small = rows[:30], indicators[:30]
    assert_same(KNeighborsClassifierCV, small, cv=LeaveOneOut())
    targets = np.stack([labels, rows[:, 0]], axis=1)
    assert_same(KNeighborsRegressorCV, (rows, targets))


def test_a_column_of_labels_is_warned_about_once():
    rows, labels = IRIS
    search = KNeighborsClassifierCV(**SMALL)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(rows, labels[:, None])
    assert [one.category.__name__ for one in caught] == ["DataConversionWarning"]
    assert_same_results(
        search.cv_results_,
        KNeighborsClassifierCV(**SMALL).fit(rows, labels).cv_results_,
    )


@BOTH
@pytest.mark.parametrize("cv", [3, LeaveOneOut()], ids=repr)
def test_precomputed_distances(search, cv):
    rows, labels = IRIS[0][:60], IRIS[1][:60]
    distances = np.abs(rows[:, None] - rows[None]).sum(axis=-1)
    grid = {**SMALL, "metric": ["precomputed"]}
    scoring = "accuracy" if search is KNeighborsClassifierCV else "neg_max_error"
    options = {"cv": cv, "scoring": scoring}
    ours, _ = assert_same(search, (distances, labels), grid, **options)
    manhattan = search(**{**SMALL, "metric": "manhattan"}, **options).fit(rows, labels)
    for name in ("mean_test_score", "std_test_score"):
        np.testing.assert_array_equal(
            ours.cv_results_[name], manhattan.cv_results_[name]
        )


def test_precomputed_graph():
    rows, labels = IRIS
    distances = np.abs(rows[:, None] - rows[None]).sum(axis=-1)
    order = np.argsort(distances, axis=1, kind="stable")
    starts = np.arange(0, 150 * 150 + 1, 150)
    graph = sparse.csr_array(
        (np.take_along_axis(distances, order, 1).ravel(), order.ravel(), starts)
    )
    grid = {**SMALL, "metric": ["precomputed"]}
    with warnings.catch_warnings():
        # Slices of a graph come out in the order of its columns, and say so.
        warnings.simplefilter("ignore")
        assert_same(KNeighborsClassifierCV, (graph, labels), grid)


def test_precomputed_within_another_search_is_cut_both_ways():
    rows, labels = IRIS
    distances = np.abs(rows[:, None] - rows[None]).sum(axis=-1)
    search = KNeighborsClassifierCV([1, 3], metric="precomputed")
    outer = cross_val_score(search, distances, labels)
    manhattan = KNeighborsClassifierCV([1, 3], metric="manhattan")
    np.testing.assert_array_equal(outer, cross_val_score(manhattan, rows, labels))


def test_precomputed_stands_alone():
    search = KNeighborsClassifierCV(metric=["precomputed", "euclidean"])
    with pytest.raises(ValueError, match=r'metric="precomputed" says.*Pass it alone'):
        search.fit(np.zeros((20, 20)), np.arange(20) % 2)


# ---- scores ----


@pytest.mark.parametrize("scoring", ["roc_auc_ovr", "neg_log_loss", "f1_macro"])
def test_scorers_by_name(scoring):
    assert_same(KNeighborsClassifierCV, IRIS, scoring=scoring)


def both_errors(estimator, X, y):
    error = np.abs(estimator.predict(X) - y)
    return {"mean": -error.mean(), "worst": -error.max()}


@pytest.mark.parametrize(
    "scoring",
    [
        ["r2", "neg_mean_squared_error"],
        ("r2", "neg_max_error"),
        {"r2": "r2", "worst": make_scorer(lambda y, p: -np.abs(y - p).max())},
        {"r2": "r2", "mine": lambda estimator, X, y: estimator.n_neighbors},
    ],
    ids=["list", "tuple", "scorers", "function"],
)
def test_several_scores(scoring):
    ours, theirs = assert_same(
        KNeighborsRegressorCV, DIABETES, scoring=scoring, refit="r2"
    )
    assert ours.scorer_.keys() == theirs.scorer_.keys()
    assert ours.score(*DIABETES) == theirs.score(*DIABETES)


def test_a_function_that_returns_several_scores():
    options = {"scoring": both_errors, "refit": "worst"}
    ours, theirs = assert_same(KNeighborsRegressorCV, DIABETES, **options)
    assert ours.score(*DIABETES) == theirs.score(*DIABETES)
    with pytest.raises(ValueError, match=r"refit must be set.*'mean', 'worst'"):
        KNeighborsRegressorCV(**SMALL, scoring=both_errors).fit(*DIABETES)


def most_neighbors(results):
    return int(np.argmax(results["param_n_neighbors"]))


def test_refit_by_a_function():
    for scoring in (None, ["r2", "neg_max_error"]):
        ours, theirs = both(
            KNeighborsRegressorCV, DIABETES, refit=most_neighbors, scoring=scoring
        )
        assert_same_results(ours.cv_results_, theirs.cv_results_)
        assert ours.best_params_ == theirs.best_params_
        assert ours.best_params_["n_neighbors"] == 4
        assert not hasattr(ours, "best_score_")


def test_score_says_when_nobody_chose_one():
    options = {"refit": most_neighbors, "scoring": ["r2", "neg_max_error"]}
    search = KNeighborsRegressorCV(**SMALL, **options).fit(*DIABETES)
    with pytest.raises(ValueError, match=r"refit=.*'r2', 'neg_max_error'; name one"):
        search.score(*DIABETES)


def test_without_refit():
    ours, _ = assert_same(KNeighborsClassifierCV, IRIS, refit=False)
    assert not hasattr(ours, "best_estimator_")
    for ask in (ours.predict, ours.predict_proba, ours.kneighbors, ours.score):
        with pytest.raises(AttributeError, match="refit=False asked for none"):
            ask(IRIS[0][:1])
    several = ["accuracy", "f1_macro"]
    search = KNeighborsClassifierCV(**SMALL, scoring=several, refit=False).fit(*IRIS)
    assert not hasattr(search, "best_index_")
    assert search.multimetric_


@pytest.mark.parametrize(
    ("refit", "error", "words"),
    [
        (2, ValueError, "refit must be True, False, the name of a score"),
        (lambda results: 1.5, TypeError, r"refit must return .* integer; got 1.5"),
        (lambda results: 99, IndexError, r"below 8, the number .* got 99"),
    ],
)
def test_bad_refit(refit, error, words):
    with pytest.raises(error, match=words):
        KNeighborsClassifierCV(**SMALL, refit=refit).fit(*IRIS)


def test_several_scores_need_a_name():
    search = KNeighborsClassifierCV(**SMALL, scoring=["accuracy", "f1_macro"])
    for refit in (True, "precision"):
        with pytest.raises(ValueError, match=r"'accuracy', 'f1_macro'.*got"):
            search.set_params(refit=refit).fit(*IRIS)


def test_a_score_is_a_number():
    search = KNeighborsClassifierCV(**SMALL, scoring=lambda model, X, y: "good")
    with pytest.raises(ValueError, match=r"scoring must return a number.*'good'"):
        search.fit(*IRIS)
    with pytest.raises(ValueError, match="scoring"):
        search.set_params(scoring="goodness").fit(*IRIS)


# ---- what fails ----

FAILING = {**SMALL, "metric": ["dot", "euclidean"]}


def test_failures_raise():
    with pytest.raises(ValueError, match=r'weights="distance" .*is a similarity'):
        KNeighborsClassifierCV(**FAILING).fit(*IRIS)
    with pytest.raises(ValueError, match=r"n_neighbors <= n_samples_fit.*= 101"):
        KNeighborsClassifierCV([1, 101], cv=3).fit(*IRIS)
    with pytest.raises(ValueError, match="n_neighbors = 31"):
        KNeighborsClassifierCV([31], cv="loo").fit(IRIS[0][:30], IRIS[1][:30])


@pytest.mark.parametrize("error_score", [np.nan, -1.0, 0])
def test_failures_get_a_score(error_score):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(KNeighborsClassifierCV, IRIS, FAILING, error_score=error_score)
        grid = {**SMALL, "n_neighbors": [3, 101]}
        assert_same(KNeighborsRegressorCV, DIABETES, grid, cv=3, error_score=-1.0)


def test_failures_are_warned_about():
    search = KNeighborsClassifierCV(**FAILING, error_score=0.0)
    with pytest.warns(FitFailedWarning, match="10 fits or scores failed.*similarity"):
        search.fit(*IRIS)
    search.set_params(error_score=np.nan)
    with (
        pytest.warns(FitFailedWarning, match="got a score of nan"),
        pytest.warns(UserWarning, match="test score values are non-finite"),
    ):
        search.fit(*IRIS)


def test_metrics_that_fail_altogether():
    # A metric of non-negative rows, and one negative row in the last fold.
    rows, labels = IRIS[0].copy(), IRIS[1]
    rows[-1] *= -1
    grid = {**SMALL, "metric": ["euclidean", "hellinger"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, _ = assert_same(
            KNeighborsClassifierCV, (rows, labels), grid, cv=KFold(3), error_score=0
        )
    assert not ours.cv_results_["split2_test_score"][4:].any()
    grid["metric"] = ["hellinger"]
    search = KNeighborsClassifierCV(**grid, cv=3)
    with pytest.raises(ValueError, match="negative"):
        search.fit(rows, labels)


def test_nothing_works():
    search = KNeighborsClassifierCV([140], cv=3, error_score=np.nan)
    with pytest.raises(ValueError, match=r'Nothing .* error_score="raise".*140'):
        search.fit(*IRIS)


# ---- bad input ----


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"n_neighbors": []}, r"n_neighbors must be one value or a list.*\[\]"),
        ({"n_neighbors": [0, 3]}, "Expected n_neighbors > 0. Got 0"),
        ({"n_neighbors": [2.5]}, r"n_neighbors must be an integer; got 2\.5"),
        ({"n_neighbors": "few"}, "n_neighbors must be an integer; got 'few'"),
        ({"weights": ["uniform", "closest"]}, "weights must be .*'closest'"),
        ({"weights": ()}, "weights must be one value or a list"),
        ({"metric": ["euclidean", "euclid"]}, "euclid"),
        ({"metric": []}, "metric must be one value or a list"),
        ({"cv": "five"}, "cv must be a number of folds, \"loo\".*'five'"),
        ({"cv": []}, "cv gives no folds"),
        ({"cv": [([], [1, 2])]}, "without training rows, number 0"),
        ({"cv": [([1, 2], [3]), ([1], [])]}, "without test rows, number 1"),
        ({"cv": 1}, "n_splits"),
        ({"error_score": "zero"}, 'error_score must be "raise" or a number'),
        ({"error_score": True}, "error_score must be"),
        ({"algorithm": "fast"}, "algorithm must be one of"),
        ({"metric_params": {"V": 1}, "metric": ["euclidean"]}, "'V'"),
        ({"working_memory": -1}, "working_memory must be"),
        ({"verbose": -1}, "verbose"),
    ],
)
@BOTH
def test_bad_parameters(search, params, words):
    with pytest.raises(ValueError, match=words):
        search(**params).fit(*IRIS)


@BOTH
def test_bad_rows(search):
    rows, labels = IRIS
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        search().fit(rows, labels[:-1])
    spoilt = rows.copy()
    spoilt[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"NaN(.|\n)*row 3"):
        search().fit(spoilt, labels)
    with pytest.raises(ValueError, match=r"sample_weight must have one weight a row"):
        search().fit(rows, labels, sample_weight=[1.0])
    with pytest.raises(NotFittedError):
        search().predict(rows)


# ---- promises ----


@BOTH
def test_defaults_take_what_there_is(search):
    rows, y = DIABETES if search is KNeighborsRegressorCV else IRIS
    found = search().fit(rows, y)
    numbers = found.cv_results_["param_n_neighbors"]
    assert sorted(set(numbers.tolist())) == [1, 3, 5, 7, 9, 11, 15, 21, 31, 51]
    assert len(numbers) == 3 * 10 * 2
    few = search(cv=2).fit(rows[:20], np.arange(20) % 2)
    assert max(few.cv_results_["param_n_neighbors"]) == 9
    weights = np.full(20, 0.4)
    few.fit(rows[:20], np.arange(20) % 2, sample_weight=weights)
    assert max(few.cv_results_["param_n_neighbors"]) == 3


def test_one_value_is_a_list_of_one():
    one = KNeighborsClassifierCV(3, weights="distance", metric="cosine").fit(*IRIS)
    several = KNeighborsClassifierCV(
        np.array([3]), weights=["distance"], metric=("cosine",)
    ).fit(*IRIS)
    assert_same_results(one.cv_results_, several.cv_results_)
    mean = cross_val_score(
        KNeighborsClassifier(3, weights="distance", metric="cosine"), *IRIS
    ).mean()
    assert one.best_score_ == mean


@BOTH
def test_each_fold_is_searched_once(search):
    pairs = []

    def counted(queries, corpus):
        pairs.append(len(queries) * len(corpus))
        return np.abs(queries[:, None] - corpus[None]).sum(axis=-1)

    found = search(
        [1, 2, 5, 8], metric=BlockDistance(counted), cv=KFold(3), refit=False
    )
    found.fit(*IRIS)
    once = sum(pairs)
    pairs.clear()
    found.set_params(n_neighbors=8, weights="uniform").fit(*IRIS)
    assert once == sum(pairs)


@BOTH
@pytest.mark.parametrize(
    "change", [{"n_jobs": 2}, {"working_memory": 0.001}, {"algorithm": "brute"}]
)
def test_nothing_depends_on_how(search, change):
    rows, labels = DIGITS
    for cv in (3, "loo") if search is KNeighborsClassifierCV else (3,):
        plain = search(**SMALL, cv=cv).fit(rows, labels)
        changed = search(**SMALL, cv=cv, **change).fit(rows, labels)
        assert_same_results(plain.cv_results_, changed.cv_results_)


@BOTH
def test_nothing_passed_in_is_changed(search):
    rows, labels = IRIS[0].copy(), IRIS[1].copy()
    weights = np.ones(len(rows))
    for array in (rows, labels, weights):
        array.setflags(write=False)
    found = search(**SMALL)
    before = clone(found).get_params()
    found.fit(rows, labels, sample_weight=weights)
    assert found.get_params() == before


@BOTH
def test_pickles_and_clones(search):
    found = search(**SMALL).fit(*IRIS)
    again = pickle.loads(pickle.dumps(found))
    assert_same_results(again.cv_results_, found.cv_results_)
    np.testing.assert_array_equal(again.predict(IRIS[0]), found.predict(IRIS[0]))
    assert not hasattr(clone(found), "cv_results_")


@BOTH
def test_leave_one_out_with_the_best(search):
    found = search(**SMALL).fit(*IRIS)
    naive = clone(found.best_estimator_).fit(*IRIS)
    np.testing.assert_array_equal(found.predict(None), naive.predict(None))


def test_random_states_are_drawn_for_each_fit_alike():
    labels = np.arange(len(TIED)) % 4
    fixed = {"vote_ties": "random", "random_state": np.random.RandomState(5)}
    assert_same(KNeighborsClassifierCV, (TIED, labels), fixed=fixed, cv=3)


def test_times_are_there():
    results = KNeighborsClassifierCV(**SMALL).fit(*IRIS).cv_results_
    naive = GridSearchCV(KNeighborsClassifier(), SMALL).fit(*IRIS).cv_results_
    assert results.keys() == naive.keys()
    for name in ("mean_fit_time", "mean_score_time", "std_fit_time", "std_score_time"):
        assert results[name].shape == (8,)
        assert (results[name] >= 0).all()


def test_progress_is_shown(capsys):
    KNeighborsClassifierCV(**SMALL, cv=3, verbose=2).fit(*IRIS)
    assert "6/6" in capsys.readouterr().err
