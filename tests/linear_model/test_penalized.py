"""`PenalizedRegressor` and `PenalizedClassifier`: any loss under any penalty."""

import linear_cases as cases
import numpy as np
import pytest
import sklearn.linear_model as sklearn_models
from oracles_solvers import relative_gap
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.preprocessing import scale

from sknorms.linear_model import (
    ElasticNet,
    ElasticNetPenalty,
    GroupLassoPenalty,
    HuberLoss,
    L1Penalty,
    L2Penalty,
    Lasso,
    LogisticLoss,
    LogisticRegression,
    MultinomialLoss,
    NormBallConstraint,
    PenalizedClassifier,
    PenalizedRegressor,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
)

PENALTIES = {
    "l1": {"penalty": "l1"},
    "l2": {"penalty": "l2"},
    "elastic net": {"penalty": "elasticnet", "l1_ratio": 0.3},
    "positive": {"penalty": "l1", "positive": True},
    "weighted": {"penalty": "l1", "feature_weights": [0, 1, 2, 1, 1, 0.5]},
    "group": {"penalty": "group", "groups": [0, 0, 1, 1, 2, 2]},
    "sparse group": {"penalty": "sparse_group", "groups": [[0, 1, 2], [3, 4, 5]]},
    "record": {"penalty": ElasticNetPenalty(1.0, 0.5, upper=0.2)},
}
REGRESSION = {
    "squared_error": SquaredLoss(),
    "huber": HuberLoss(),
    "poisson": PoissonLoss(),
}
CLASSES = {"log_loss": LogisticLoss(), "squared_hinge": SquaredHingeLoss()}


def rows(seed=0, n=60):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6))
    return X, rng.poisson(np.exp(0.5 * X[:, 0] - 0.5 * X[:, 1])).astype(float)


# ---- certified, whatever the combination ----


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("loss", REGRESSION)
def test_regression_is_certified(loss, penalty, weighted):
    X, y = rows()
    weights = np.random.default_rng(1).integers(0, 3, len(y)) if weighted else None
    model = PenalizedRegressor(loss, alpha=0.05, tol=1e-8, **PENALTIES[penalty])
    model.fit(X, y, sample_weight=weights)
    assert model.tol_reached_
    if penalty == "weighted":
        return  # the naive dual point knows nothing of free features
    record = recorded(PENALTIES[penalty], 0.05)
    assert_optimal(model, X, y, weights, REGRESSION[loss], record)


@pytest.mark.parametrize("penalty", [p for p in PENALTIES if p != "weighted"])
@pytest.mark.parametrize("loss", CLASSES)
def test_classification_is_certified(loss, penalty):
    X, y = rows()
    labels = np.where(y > 0, "some", "none")
    model = PenalizedClassifier(loss, alpha=0.02, tol=1e-8, **PENALTIES[penalty])
    model.fit(X, labels)
    signs = np.where(labels == model.classes_[1], 1.0, -1.0)
    record = recorded(PENALTIES[penalty], 0.02)
    assert_optimal(model, X, signs, None, CLASSES[loss], record)
    assert model.tol_reached_


def assert_optimal(model, X, y, weights, loss, record):
    """Compare with the naive gap, or with optimality where there is none."""
    w, b = np.ravel(model.coef_), np.ravel(model.intercept_)[0]
    if record.separable(X.shape[1]) is not None:
        assert relative_gap(X, y, weights, loss, record, w, b, True) <= 2e-8
        return
    slopes = loss.gradient(X @ w + b, y) * (1.0 if weights is None else weights)
    total = len(y) if weights is None else weights.sum()
    assert record.violation(w, X.T @ slopes / total).max() < 1e-2 * record.alpha


def recorded(given, alpha):
    """Return the penalty that parameters stand for, spelled out."""
    groups = given.get("groups")
    return {
        "l1": L1Penalty(alpha, positive=given.get("positive", False)),
        "l2": L2Penalty(alpha),
        "elasticnet": ElasticNetPenalty(alpha, 0.3),
        "group": GroupLassoPenalty(alpha, groups=groups),
        "sparse_group": sparse_group(alpha, groups),
    }.get(given["penalty"]) or given["penalty"].with_alpha(alpha)


def sparse_group(alpha, groups):
    from sknorms.linear_model import SparseGroupLassoPenalty

    return SparseGroupLassoPenalty(alpha, groups=groups)


# ---- the models that have names of their own ----


def test_squared_loss_and_l1_is_the_lasso():
    X, y = cases.diabetes()
    model = PenalizedRegressor(alpha=0.1, tol=1e-10).fit(X, y)
    same = Lasso(alpha=0.1, tol=1e-10).fit(X, y)
    np.testing.assert_array_equal(model.coef_, same.coef_)


def test_squared_loss_and_both_is_the_elastic_net():
    X, y = cases.diabetes()
    model = PenalizedRegressor(penalty="elasticnet", alpha=0.1, l1_ratio=0.7)
    same = ElasticNet(alpha=0.1, l1_ratio=0.7, tol=1e-6).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).coef_, same.coef_)


def test_squared_loss_and_l2_is_ridge():
    X, y = cases.diabetes()
    model = PenalizedRegressor(penalty="l2", alpha=0.1).fit(X, y)
    same = sklearn_models.Ridge(0.1 * len(y)).fit(X, y)
    np.testing.assert_allclose(model.coef_, same.coef_, rtol=1e-8)
    np.testing.assert_allclose(model.intercept_, same.intercept_)


def test_no_penalty_is_least_squares():
    X, y = cases.diabetes()
    model = PenalizedRegressor(penalty=None).fit(X, y)
    same = sklearn_models.LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, same.coef_, rtol=1e-6)


def test_poisson_loss_and_l2_is_poisson_regression():
    X, y = rows()
    model = PenalizedRegressor("poisson", "l2", alpha=0.1, tol=1e-10).fit(X, y)
    same = sklearn_models.PoissonRegressor(alpha=0.1, tol=1e-8, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(model.coef_, same.coef_, atol=1e-4)
    np.testing.assert_allclose(model.predict(X), same.predict(X), rtol=1e-3)
    assert (model.predict(X) > 0).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_alpha_is_one_over_c_times_the_rows(n_classes):
    X, y = cases.wine()
    X, y = scale(X)[y < n_classes], y[y < n_classes]
    alpha = 1.0 / (0.5 * len(y))
    model = PenalizedClassifier(alpha=alpha, tol=1e-10).fit(X, y)
    same = LogisticRegression(C=0.5, l1_ratio=1.0, tol=1e-10).fit(X, y)
    np.testing.assert_array_equal(model.coef_, same.coef_)
    np.testing.assert_array_equal(model.predict_proba(X), same.predict_proba(X))


def test_a_ball_holds_the_coefficients():
    X, y = cases.diabetes()
    model = PenalizedRegressor(penalty=NormBallConstraint("l1", 100.0)).fit(X, y)
    assert np.abs(model.coef_).sum() == pytest.approx(100.0, rel=1e-6)
    assert model.tol_reached_


def test_groups_are_used_whole_or_not_at_all():
    X, y = cases.diabetes()
    groups = np.arange(10) // 2
    model = PenalizedRegressor(penalty="group", alpha=1.0, groups=groups).fit(X, y)
    used = (model.coef_ != 0).reshape(5, 2)
    assert (used[:, 0] == used[:, 1]).all()
    assert 0 < used.sum() < 10


def test_groups_select_features_for_all_classes():
    X, y = cases.wine()
    model = PenalizedClassifier(penalty="group", alpha=0.1).fit(scale(X), y)
    used = model.coef_ != 0
    assert (used == used[0]).all()
    assert 0 < used[0].sum() < X.shape[1]


# ---- one class against the rest ----


@pytest.mark.parametrize("loss", ["log_loss", "squared_hinge"])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_class_against_the_rest(loss, n_jobs):
    X, y = cases.wine()
    X = scale(X)
    names = np.array(["a", "b", "c"])[y]
    model = PenalizedClassifier(loss, alpha=0.05, multi_class="ovr", n_jobs=n_jobs)
    model.fit(X, names)
    for k in range(3):
        alone = clone(model).fit(X, names == "abc"[k])
        np.testing.assert_array_equal(model.coef_[k], alone.coef_[0])
    assert model.relative_gap_.shape == (3,)
    assert len(model.n_iter_) == 3
    assert model.score(X, names) > 0.9


def test_probabilities_of_one_class_against_the_rest_add_up_to_one():
    X, y = cases.wine()
    model = PenalizedClassifier(alpha=0.01, multi_class="ovr").fit(scale(X), y)
    shares = model.predict_proba(scale(X))
    odds = 1 / (1 + np.exp(-model.decision_function(scale(X))))
    np.testing.assert_allclose(shares, odds / odds.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.exp(model.predict_log_proba(scale(X))), shares)


def test_margins_have_no_probabilities():
    X, y = cases.cancer()
    model = PenalizedClassifier("squared_hinge", alpha=0.1).fit(scale(X), y)
    assert not hasattr(model, "predict_proba")
    assert hasattr(PenalizedClassifier(), "predict_proba")


def test_two_classes_have_one_score_under_every_loss():
    X, y = cases.cancer()
    model = PenalizedClassifier(MultinomialLoss(), alpha=0.1).fit(scale(X), y)
    same = PenalizedClassifier(alpha=0.1).fit(scale(X), y)
    np.testing.assert_array_equal(model.coef_, same.coef_)


# ---- targets, formats, starts ----


def test_several_targets_are_fitted_one_by_one():
    X, y = cases.diabetes()
    Y = np.column_stack([y, y**2])
    model = PenalizedRegressor("huber", alpha=0.1).fit(X, Y)
    for k in range(2):
        alone = PenalizedRegressor("huber", alpha=0.1).fit(X, Y[:, k])
        np.testing.assert_array_equal(model.coef_[k], alone.coef_)
    assert model.predict(X).shape == Y.shape


@pytest.mark.parametrize("layout", cases.FORMATS)
@pytest.mark.parametrize("penalty", ["l1", "group"])
def test_same_model_in_every_format(layout, penalty):
    X, y = rows()
    X[X < 0] = 0.0
    model = PenalizedRegressor("poisson", penalty, alpha=0.05, tol=1e-10)
    expected = model.fit(X, y).coef_.copy()
    given = cases.formats(X)[layout]
    np.testing.assert_allclose(model.fit(given, y).coef_, expected, atol=1e-6)


def test_float32_stays():
    X, y = rows()
    model = PenalizedRegressor(alpha=0.05).fit(X.astype("f4"), y.astype("f4"))
    assert model.coef_.dtype == np.float32
    assert model.predict(X.astype("f4")).dtype == np.float32


def test_nothing_is_written_to():
    X, y = rows()
    kept = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    PenalizedRegressor("poisson", "l2", alpha=0.1).fit(X, y)
    PenalizedClassifier("squared_hinge", "group", alpha=0.1).fit(X, y > 0)
    np.testing.assert_array_equal((X, y)[0], kept[0])


@pytest.mark.parametrize("loss", ["log_loss", "squared_hinge"])
def test_warm_start_of_a_classifier(loss):
    X, y = cases.wine()
    X = scale(X)
    model = PenalizedClassifier(loss, alpha=0.1, warm_start=True).fit(X, y)
    steps = np.sum(model.n_iter_)
    assert np.sum(model.fit(X, y).n_iter_) <= steps
    cold = PenalizedClassifier(loss, alpha=0.05, tol=1e-10).fit(X, y)
    model.set_params(alpha=0.05, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, cold.coef_, atol=1e-5)


def test_weights_of_classes():
    X, y = cases.cancer()
    X = scale(X)
    model = PenalizedClassifier(alpha=0.05, class_weight="balanced", tol=1e-10)
    weights = (len(y) / (2 * np.bincount(y)))[y]
    plain = PenalizedClassifier(alpha=0.05, tol=1e-10).fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(model.fit(X, y).coef_, plain.coef_, atol=1e-7)


@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_the_scale_of_the_target_changes_no_support(size):
    X, y = cases.wide()
    plain = PenalizedRegressor(alpha=0.3).fit(X, y)
    scaled = PenalizedRegressor(alpha=0.3 * size).fit(X, size * y)
    np.testing.assert_array_equal(scaled.coef_ != 0, plain.coef_ != 0)


# ---- bad input ----


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"loss": "hinge"}, "loss must be one of"),
        ({"loss": "log_loss"}, "use PenalizedClassifier"),
        ({"penalty": "l3"}, "penalty must be one of"),
        ({"penalty": "l1", "l1_ratio": 0.5}, r"'l1' does not take l1_ratio"),
        ({"penalty": "l1", "groups": [0] * 6}, r"'l1' does not take groups"),
        ({"penalty": L1Penalty(1.0), "positive": True}, "does not take positive"),
        ({"penalty": None, "alpha": 1.0}, "does not take alpha"),
        ({"penalty": "group", "positive": True}, "does not take positive"),
        ({"alpha": -1.0}, "alpha must be"),
        ({"alpha": np.inf}, "alpha must be"),
        ({"penalty": "elasticnet", "l1_ratio": 2.0}, "l1_ratio must be"),
        ({"feature_weights": [1.0]}, "one number for each of the 6 features"),
        ({"penalty": "group", "groups": [0, 1]}, "groups"),
        ({"tol": -1.0}, "tol must be"),
        ({"max_iter": 0}, "max_iter must be"),
        ({"fit_intercept": 1}, "fit_intercept must be"),
        ({"warm_start": 1}, "warm_start must be"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(params, words):
    X, y = rows()
    with pytest.raises(ValueError, match=words):
        PenalizedRegressor(**params).fit(X, y)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"loss": "huber"}, "use PenalizedRegressor"),
        ({"multi_class": "ovo"}, "multi_class must be one of"),
        ({"class_weight": "even"}, "class_weight must be"),
        ({"class_weight": {0: 0.0, 1: 0.0}}, "class_weight leaves no row any weight"),
        ({"n_jobs": 0}, "n_jobs must not be 0"),
        ({"penalty": "box", "alpha": 1.0}, "does not take alpha"),
    ],
    ids=str,
)
def test_bad_parameters_of_classifiers_are_refused(params, words):
    X, y = rows()
    with pytest.raises(ValueError, match=words):
        PenalizedClassifier(**params).fit(X, (y > 0).astype(int))


def test_negative_counts_are_refused():
    X, y = rows()
    with pytest.raises(ValueError, match="y >= 0"):
        PenalizedRegressor("poisson").fit(X, y - 5)


def test_one_class_is_refused():
    X, y = rows()
    with pytest.raises(ValueError, match="at least 2 classes"):
        PenalizedClassifier().fit(X, np.zeros(len(y)))


def test_too_few_sweeps_warn_of_the_gap_and_its_cause():
    X, y = cases.raw_diabetes()
    X = X * np.logspace(-4, 4, 10)
    model = PenalizedRegressor("huber", alpha=1e-6, tol=1e-12, max_iter=1)
    with pytest.warns(
        ConvergenceWarning, match=r"relative duality gap is .*tol asks for 1e-12"
    ):
        model.fit(X, y)
    assert not model.tol_reached_
    assert model.relative_gap_ > 1e-12


def test_predicting_before_fitting_is_refused():
    for model in (PenalizedRegressor(), PenalizedClassifier()):
        with pytest.raises(NotFittedError):
            model.predict(sparse.csr_array(np.eye(2)))
