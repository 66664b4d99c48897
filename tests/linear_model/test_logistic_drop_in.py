"""`LogisticRegression` behaves as scikit-learn's does, which the same tests show."""

import pickle
import warnings

import linear_cases as cases
import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as theirs
from oracles_solvers import relative_gap
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler, scale

import sknorms.linear_model as ours

both = pytest.mark.parametrize("models", [ours, theirs], ids=["sknorms", "sklearn"])
TASKS = {
    "binary": lambda: (scale(cases.cancer()[0]), cases.cancer()[1]),
    "three classes": lambda: (scale(cases.wine()[0]), cases.wine()[1]),
}


def reference(l1_ratio, **params):
    solver = "lbfgs" if l1_ratio == 0 else "saga"
    return theirs.LogisticRegression(
        l1_ratio=l1_ratio, solver=solver, tol=1e-8, max_iter=20_000, **params
    )


def objective(model, X, y, C, l1_ratio, weights=None):
    W, b = model.coef_, model.intercept_
    return cases.logistic_objective(X, y, W, b, C, l1_ratio, weights)


# ---- the same minimum ----


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("task", TASKS)
def test_same_minimum(task, l1_ratio, fit_intercept):
    X, y = TASKS[task]()
    params = {"C": 0.1, "fit_intercept": fit_intercept}
    mine = ours.LogisticRegression(l1_ratio=l1_ratio, tol=1e-10, **params).fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        other = reference(l1_ratio, **params).fit(X, y)
    values = [objective(m, X, y, 0.1, l1_ratio) for m in (mine, other)]
    assert values[0] <= values[1] * (1 + 1e-8)
    np.testing.assert_allclose(mine.coef_, other.coef_, atol=2e-3)
    np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), atol=2e-3)
    assert mine.score(X, y) == pytest.approx(other.score(X, y), abs=0.01)


@pytest.mark.parametrize("layout", cases.FORMATS)
def test_same_model_in_every_format(layout):
    X, y = cases.cancer()
    X[np.median(X, axis=0) > X] = 0.0
    model = ours.LogisticRegression(l1_ratio=1.0, tol=1e-10)
    expected = model.fit(X, y).predict_log_proba(X)
    given = cases.formats(X)[layout]
    np.testing.assert_allclose(
        model.fit(given, y).predict_log_proba(given), expected, rtol=1e-4, atol=1e-8
    )


def test_raw_columns_need_no_scaling():
    X, y = cases.cancer()
    model = ours.LogisticRegression(l1_ratio=1.0, tol=1e-8).fit(X, y)
    # What the best of other solvers reaches on these columns is 56.1186.
    assert objective(model, X, y, 1.0, 1.0) < 56.1187
    assert model.tol_reached_


@pytest.mark.parametrize(
    ("tol", "gap"), [(1e-2, 1e-4), (1e-4, 1e-6), (1e-5, 1e-6), (1e-8, 1e-8)]
)
@pytest.mark.parametrize("density", [1.0, 0.05])
def test_the_gap_is_at_most_what_tol_says(tol, gap, density):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 400)) * (rng.random((60, 400)) < density)
    y = X[:, :10].sum(axis=1) + 0.1 * rng.normal(size=60) > 0.0
    given = X if density == 1.0 else sparse.csc_array(X)
    model = ours.LogisticRegression(l1_ratio=1.0, C=2.0, tol=tol).fit(given, y)
    recomputed = relative_gap(
        X,
        np.where(y, 1.0, -1.0),
        np.ones(60),
        ours.LogisticLoss(),
        ours.L1Penalty(1.0 / (2.0 * 60)),
        model.coef_[0],
        model.intercept_[0],
        True,
    )
    assert recomputed <= gap
    assert model.relative_gap_ <= gap


@pytest.mark.parametrize("task", TASKS)
def test_no_penalty_at_all(task):
    X, y = TASKS[task]()
    X = X[:, :3]
    mine = ours.LogisticRegression(C=np.inf, tol=1e-8).fit(X, y)
    other = reference(0.0, C=np.inf).fit(X, y)
    np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), atol=1e-3)


def test_intercepts_of_several_classes_add_up_to_nothing():
    X, y = TASKS["three classes"]()
    model = ours.LogisticRegression(C=0.5).fit(X, y)
    np.testing.assert_allclose(model.intercept_.sum(), 0.0, atol=1e-10)


@both
def test_without_a_penalty_coefficients_of_classes_add_up_to_nothing(models):
    X, y = TASKS["three classes"]()
    y = np.where(np.arange(len(y)) % 4 == 0, (y + 1) % 3, y)  # no line separates them
    model = models.LogisticRegression(C=np.inf, tol=1e-6).fit(X[:, :4], y)
    np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-8)
    np.testing.assert_allclose(model.intercept_.sum(), 0.0, atol=1e-8)


# ---- the same attributes ----


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("task", "n_rows"), [("binary", 1), ("three classes", 3)])
def test_attributes(models, dtype, task, n_rows):
    X, y = TASKS[task]()
    X = X.astype(dtype)
    names = np.array(["ant", "bee", "cat"])[y]
    model = models.LogisticRegression().fit(X, names)
    assert model.classes_.tolist() == sorted(set(names))
    assert (model.coef_.shape, model.coef_.dtype) == ((n_rows, X.shape[1]), dtype)
    assert (model.intercept_.shape, model.intercept_.dtype) == ((n_rows,), dtype)
    assert (model.n_iter_.shape, model.n_iter_.dtype) == ((1,), np.int32)
    scores = model.decision_function(X)
    assert scores.shape == ((len(X),) if n_rows == 1 else (len(X), 3))
    assert model.predict_proba(X).dtype == dtype
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-5)
    assert set(model.predict(X)) <= set(names)


@both
def test_without_an_intercept(models):
    X, y = TASKS["binary"]()
    model = models.LogisticRegression(fit_intercept=False).fit(X, y)
    np.testing.assert_array_equal(model.intercept_, [0.0])


@both
def test_sparse_coefficients(models):
    X, y = TASKS["binary"]()
    model = models.LogisticRegression().fit(X, y)
    scores = model.decision_function(X)
    assert sparse.issparse(model.sparsify().coef_)
    np.testing.assert_allclose(model.decision_function(X), scores)
    np.testing.assert_allclose(model.decision_function(sparse.csr_array(X)), scores)
    assert isinstance(model.densify().coef_, np.ndarray)


@both
def test_log_probabilities_agree_with_probabilities(models):
    X, y = TASKS["three classes"]()
    model = models.LogisticRegression().fit(X, y)
    logs = model.predict_log_proba(X)
    np.testing.assert_allclose(np.exp(logs), model.predict_proba(X), rtol=1e-10)


def test_log_probabilities_are_finite():
    model = ours.LogisticRegression().fit([[-1.0], [1.0]], [0, 1])
    far = np.array([[-1e6], [1e6]])
    assert np.isfinite(model.predict_log_proba(far)).all()


@both
def test_names_of_columns(models):
    X, y = TASKS["binary"]()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(30)])
    model = models.LogisticRegression().fit(frame, y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()


# ---- the same parameters ----


@both
@pytest.mark.parametrize("class_weight", ["balanced", {0: 3.0, 1: 0.5}, {0: 2.0}])
def test_class_weights_multiply_sample_weights(models, class_weight):
    X, y = TASKS["binary"]()
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    model = models.LogisticRegression(class_weight=class_weight, tol=1e-10)
    model.set_params(max_iter=10_000).fit(X, y, sample_weight=weights)
    if class_weight == "balanced":
        counts = np.bincount(y, weights)
        each = (weights.sum() / (2 * counts))[y]
    else:
        each = np.array([class_weight[0], class_weight.get(1, 1.0)])[y]
    plain = ours.LogisticRegression(tol=1e-10).fit(X, y, sample_weight=weights * each)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=2e-3)


@both
def test_weights_are_repeated_rows(models):
    X, y = TASKS["three classes"]()
    times = np.random.default_rng(0).integers(0, 4, len(y))
    model = models.LogisticRegression(tol=1e-10, max_iter=10_000)
    weighted = model.fit(X, y, sample_weight=times).coef_.copy()
    repeated = model.fit(np.repeat(X, times, axis=0), np.repeat(y, times)).coef_
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)


@both
@pytest.mark.parametrize("task", TASKS)
def test_warm_start_keeps_the_answer(models, task):
    X, y = TASKS[task]()
    params = {"tol": 1e-10, "max_iter": 10_000}
    model = models.LogisticRegression(C=0.01, warm_start=True, **params).fit(X, y)
    model.set_params(C=0.1).fit(X, y)
    cold = models.LogisticRegression(C=0.1, **params).fit(X, y)
    np.testing.assert_allclose(model.coef_, cold.coef_, atol=1e-4)


def test_warm_start_takes_fewer_steps():
    X, y = TASKS["binary"]()
    model = ours.LogisticRegression(l1_ratio=1.0, warm_start=True).fit(X, y)
    cold = model.n_iter_.item()
    assert model.fit(X, y).n_iter_.item() < cold


@pytest.mark.parametrize(
    "solver", ["lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]
)
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
def test_every_penalty_works_under_every_name_of_a_solver(solver, l1_ratio):
    X, y = TASKS["three classes"]()
    model = ours.LogisticRegression(l1_ratio=l1_ratio, solver=solver).fit(X, y)
    plain = ours.LogisticRegression(l1_ratio=l1_ratio).fit(X, y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)


# ---- the same warnings and errors ----


@both
@pytest.mark.parametrize(
    ("former", "now", "solver"),
    [
        ({"penalty": "l2"}, {"l1_ratio": 0.0}, "saga"),
        ({"penalty": "l1", "l1_ratio": 1.0}, {"l1_ratio": 1.0}, "saga"),
        ({"penalty": "elasticnet", "l1_ratio": 0.3}, {"l1_ratio": 0.3}, "saga"),
        ({"penalty": None}, {"C": np.inf}, "lbfgs"),
    ],
    ids=str,
)
def test_the_former_spelling_of_penalties_warns(models, former, now, solver):
    X, y = TASKS["binary"]()
    rest = {"solver": solver, "tol": 1e-6, "random_state": 0}
    X = X[:, :4]
    with pytest.warns(FutureWarning, match="'penalty' was deprecated in version 1.8"):
        model = models.LogisticRegression(**former, max_iter=10_000, **rest).fit(X, y)
    plain = models.LogisticRegression(**now, max_iter=10_000, **rest).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-6)


@both
@pytest.mark.parametrize(
    ("params", "category", "words"),
    [
        ({"l1_ratio": None}, FutureWarning, "'l1_ratio=None' was deprecated"),
        ({"n_jobs": 1}, FutureWarning, "'n_jobs' has no effect since 1.8"),
        (
            {"penalty": None, "C": 0.5},
            UserWarning,
            "Setting penalty=None will ignore the C and l1_ratio",
        ),
        (
            {"penalty": "l2", "l1_ratio": 1.0},
            UserWarning,
            "Inconsistent values: penalty=l2 with l1_ratio=1.0",
        ),
        (
            {"penalty": "l2", "l1_ratio": 0.5},
            UserWarning,
            "l1_ratio parameter is only used when penalty is 'elasticnet'",
        ),
        (
            {"penalty": None, "l1_ratio": 0.5},
            UserWarning,
            "l1_ratio parameter is only used when penalty is 'elasticnet'",
        ),
        (
            {"C": np.inf, "l1_ratio": 0.5},
            UserWarning,
            "l1_ratio parameter is only used when penalty is 'elasticnet'",
        ),
    ],
    ids=str,
)
def test_what_scikit_learn_warns_of(models, params, category, words):
    X, y = TASKS["binary"]()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        models.LogisticRegression(**params, max_iter=1000).fit(X[:, :3], y)
    told = [one for one in caught if words in str(one.message)]
    assert [one.category for one in told] == [category]


BAD = [
    {"C": 0.0},
    {"C": -1},
    {"C": "a"},
    {"l1_ratio": 1.5},
    {"l1_ratio": "a"},
    {"dual": "a"},
    {"tol": -1},
    {"fit_intercept": "a"},
    {"intercept_scaling": 0},
    {"class_weight": "even"},
    {"class_weight": 3},
    {"random_state": "a"},
    {"solver": "simplex"},
    {"max_iter": -1},
    {"max_iter": 1.5},
    {"verbose": "a"},
    {"warm_start": "a"},
    {"penalty": "l3"},
]


@both
@pytest.mark.parametrize("bad", BAD, ids=str)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_bad_parameters_are_refused_at_fit(models, bad):
    X, y = TASKS["binary"]()
    model = models.LogisticRegression(**bad)  # not here
    with pytest.raises(ValueError, match=next(iter(bad))):
        model.fit(X, y)


@both
def test_dual_forms_are_refused(models):
    X, y = TASKS["binary"]()
    with pytest.raises(ValueError, match="supports only dual=False, got dual=True"):
        models.LogisticRegression(dual=True).fit(X, y)


@both
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda X, y: (X, np.zeros(len(y))), "at least 2 classes"),
        (lambda X, y: (X, y + 0.5 * X[:, 0]), "Unknown label type"),
        (lambda X, y: (X[:5], y), "inconsistent numbers of samples"),
        (lambda X, y: (X * np.nan, y), "contains NaN"),
    ],
)
def test_bad_data_are_refused(models, spoil, words):
    X, y = spoil(*TASKS["binary"]())
    with pytest.raises(ValueError, match=words):
        models.LogisticRegression().fit(X, y)


@both
def test_unknown_labels_in_class_weights_are_refused(models):
    X, y = TASKS["binary"]()
    with pytest.raises(ValueError, match="not in class_weight"):
        models.LogisticRegression(class_weight={5: 2.0}).fit(X, y)


@both
def test_too_few_iterations_warn(models):
    X, y = cases.digits()
    with pytest.warns(ConvergenceWarning):
        model = models.LogisticRegression(tol=1e-14, max_iter=0, C=100.0).fit(X, y)
    assert np.isfinite(model.coef_).all()


# ---- a citizen ----


@both
def test_weights_are_routed_as_requested(models):
    with config_context(enable_metadata_routing=True):
        request = models.LogisticRegression().set_fit_request(sample_weight=True)
        requests = request.get_metadata_routing().fit.requests
    assert requests == {"sample_weight": True}


@both
def test_models_are_pickled(models):
    X, y = TASKS["three classes"]()
    model = models.LogisticRegression().fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))


class _Heard:
    """A callback that keeps what it is told."""

    def __init__(self):
        self.told = []

    def setup(self, estimator, context):
        self.told.append("setup")

    def teardown(self, estimator, context):
        self.told.append("teardown")

    def on_fit_task_begin(self, estimator, context, **given):
        self.told.append("begin")

    def on_fit_task_end(self, estimator, context, **given):
        self.told.append("end")


def test_callbacks_hear_of_fits():
    X, y = TASKS["binary"]()
    heard = _Heard()
    ours.LogisticRegression().set_callbacks(heard).fit(X, y)
    assert heard.told == ["setup", "begin", "end", "teardown"]


def test_scaling_is_no_matter_of_convergence():
    X, y = cases.cancer()
    scaler = StandardScaler().fit(X)
    raw = ours.LogisticRegression(C=np.inf, tol=1e-3).fit(X[:, :4], y)
    scaled = ours.LogisticRegression(C=np.inf, tol=1e-3)
    scaled.fit(scaler.transform(X)[:, :4], y)
    assert raw.score(X[:, :4], y) == pytest.approx(
        scaled.score(scaler.transform(X)[:, :4], y), abs=0.02
    )
