"""Learners of mini-batches: right on raw data, however data come, and never silent."""

import pickle
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_regression,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from threadpoolctl import threadpool_limits

from sknorms.linear_model import (
    BoxConstraint,
    ClippedSGDClassifier,
    ClippedSGDRegressor,
    DivergenceError,
    DivergenceWarning,
    GroupLassoPenalty,
    HuberLoss,
    L1Penalty,
    LogisticLoss,
    NormBallConstraint,
)
from sknorms.linear_model._stochastic._clipping import CLIPS
from sknorms.linear_model._stochastic._step_rules import STEP_RULES


def regression(n_samples=300, n_features=8, noise=5.0, seed=0):
    return make_regression(n_samples, n_features, noise=noise, random_state=seed)


def standardised(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


def mini_batch_table():
    X, y = make_regression(1000, 20, noise=10.0, random_state=0)
    yield "x1", X, y
    yield "x30", 30 * X, y
    yield "x1e6", 1e6 * X, y
    yield "scaled columns", X * np.logspace(-3, 3, 20), y
    for load in (load_breast_cancer, load_wine, load_diabetes):
        X, y = load(return_X_y=True)
        yield load.__name__, X, y.astype(float)
    yield "raw diabetes", load_diabetes(scaled=False).data, load_diabetes().target


TABLE = {name: (X, y) for name, X, y in mini_batch_table()}


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("case", TABLE)
def test_defaults_are_near_least_squares_on_raw_data(case, seed):
    X, y = TABLE[case]
    exact = LinearRegression().fit(X, y).score(X, y)
    model = ClippedSGDRegressor(random_state=seed).fit(X, y)
    assert model.score(X, y) > exact - 0.1
    assert model.diagnosis_.verdict == "ok"
    assert model.tol_reached_


@pytest.mark.parametrize(
    "load", [load_breast_cancer, load_wine, load_digits, load_iris]
)
def test_defaults_classify_raw_data(load):
    X, y = load(return_X_y=True)
    model = ClippedSGDClassifier(random_state=0).fit(X, y)
    assert model.score(X, y) > 0.95
    assert model.diagnosis_.verdict == "ok"


def test_many_features_and_rare_ones():
    rng = np.random.default_rng(0)
    X = sparse.random(2000, 3000, 0.01, format="csr", random_state=0)
    y = X @ rng.normal(size=3000)
    model = ClippedSGDRegressor(random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9
    assert model.batch_size_ >= 64


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_the_unit_of_the_target_changes_only_the_unit(scale):
    X, y = regression()
    one, other = (
        ClippedSGDRegressor(random_state=0).fit(X, scale * y) for scale in (1.0, scale)
    )
    np.testing.assert_allclose(other.coef_, scale * one.coef_, rtol=1e-6)
    assert one.n_iter_ == other.n_iter_


# ---- the same, however it is asked ----


@pytest.mark.parametrize("rule", STEP_RULES)
@pytest.mark.parametrize("clip", CLIPS)
def test_dense_and_sparse_rows_give_the_same_model(rule, clip):
    X, y = regression(200, 6)
    X[np.abs(X) < 0.7] = 0.0
    labels = np.digitize(y, [-50, 50])
    settings = {
        "learning_rate": rule,
        "clip": clip,
        "penalty": "elasticnet",
        "alpha": 0.01,
        "max_iter": 5,
        "tol": None,
        "batch_size": 16,
        "random_state": 0,
    }
    for model, target in (
        (ClippedSGDRegressor(**settings), y / 100),
        (ClippedSGDClassifier(**settings), labels),
    ):
        dense = clone(model).fit(X, target)
        for convert in (sparse.csr_array, sparse.csr_matrix, sparse.coo_matrix):
            other = clone(model).fit(convert(X), target)
            np.testing.assert_allclose(other.coef_, dense.coef_, rtol=1e-7, atol=1e-12)
            np.testing.assert_allclose(
                other.grad_history_["norm"], dense.grad_history_["norm"], rtol=1e-7
            )
            np.testing.assert_allclose(other.predict(X), dense.predict(X), rtol=1e-7)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("rule", STEP_RULES)
def test_weights_count_by_their_ratios(rule, clip, convert):
    X, y = regression(150, 4)
    y /= 100
    weight = np.random.default_rng(0).integers(1, 5, size=150).astype(float)
    settings = {"max_iter": 5, "tol": None, "batch_size": 20, "random_state": 0}
    model = ClippedSGDRegressor(learning_rate=rule, clip=clip, **settings)
    one = clone(model).fit(convert(X), y, weight)
    for factor in (2.0**-30, 2.0**30):
        other = clone(model).fit(convert(X), y, factor * weight)
        np.testing.assert_array_equal(other.coef_, one.coef_)
    other = clone(model).fit(convert(X), y, 1e3 * weight)
    np.testing.assert_allclose(other.coef_, one.coef_, rtol=1e-8)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_rows_of_weight_zero_do_not_exist(convert):
    X, y = regression(200, 5)
    weight = np.random.default_rng(0).integers(0, 3, size=200).astype(float)
    some = weight > 0
    X[~some] *= 1e6
    labels = np.digitize(y, [-50, 50])
    labels[~some] = 7
    for model, target in (
        (ClippedSGDRegressor(random_state=0), y),
        (ClippedSGDClassifier(random_state=0), labels),
    ):
        with_them = clone(model).fit(convert(X), target, weight)
        without = clone(model).fit(convert(X[some]), target[some], weight[some])
        np.testing.assert_array_equal(with_them.coef_, without.coef_)
        assert with_them.n_steps_ == without.n_steps_


def test_equal_weights_are_none():
    X, y = regression()
    one = ClippedSGDRegressor(random_state=0).fit(X, y)
    other = ClippedSGDRegressor(random_state=0).fit(X, y, np.full(300, 3.0))
    np.testing.assert_array_equal(one.coef_, other.coef_)


def test_whole_batches_make_weights_repeated_rows():
    X, y = regression(40, 4)
    weight = np.random.default_rng(0).integers(0, 4, size=40)
    settings = {"batch_size": 1000, "random_state": 0, "max_iter": 50, "tol": None}
    one = ClippedSGDRegressor(**settings).fit(X, y, weight)
    other = ClippedSGDRegressor(**settings).fit(
        np.repeat(X, weight, axis=0), np.repeat(y, weight)
    )
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-9)


def test_seed_decides_and_watching_does_not():
    X, y = regression()
    one = ClippedSGDRegressor(random_state=3).fit(X, y)
    for other in (
        ClippedSGDRegressor(random_state=3).fit(X, y),
        ClippedSGDRegressor(random_state=3, monitor=False).fit(X, y),
        ClippedSGDRegressor(random_state=3, on_divergence="backtrack").fit(X, y),
    ):
        np.testing.assert_array_equal(one.coef_, other.coef_)
    assert other.diagnosis_ is not None
    different = ClippedSGDRegressor(random_state=4).fit(X, y)
    assert not np.array_equal(one.coef_, different.coef_)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_of_blas_change_no_bit(n_threads):
    X, y = regression(1000, 300)
    with threadpool_limits(n_threads, user_api="blas"):
        model = ClippedSGDRegressor(random_state=0, max_iter=2, tol=None).fit(X, y)
    alone = ClippedSGDRegressor(random_state=0, max_iter=2, tol=None).fit(X, y)
    np.testing.assert_array_equal(model.coef_, alone.coef_)


def test_not_watched_nothing_is_told():
    X, y = regression()
    model = ClippedSGDRegressor(monitor=False, random_state=0).fit(X, y)
    assert model.monitor_ is None
    assert model.diagnosis_ is None
    assert model.grad_history_ == {}


def test_float32_stays():
    X, y = regression()
    model = ClippedSGDRegressor(random_state=0).fit(X.astype(np.float32), y)
    assert model.coef_.dtype == model.predict(X.astype(np.float32)).dtype == np.float32
    wide = ClippedSGDRegressor(random_state=0).fit(X, y)
    np.testing.assert_allclose(model.coef_, wide.coef_, rtol=1e-4)


def test_inputs_are_left_alone():
    X, y = regression()
    weight = np.ones(300)
    for array in (X, y, weight):
        array.flags.writeable = False
    copies = X.copy(), y.copy()
    ClippedSGDRegressor(random_state=0, clip="per_sample").fit(X, y, weight)
    np.testing.assert_array_equal(X, copies[0])
    np.testing.assert_array_equal(y, copies[1])


# ---- the right answer ----


LONG = {"max_iter": 400, "tol": None, "average": 2000, "random_state": 0}


def test_l2_against_ridge():
    X, y = regression()
    exact = Ridge(alpha=0.1 * len(y)).fit(X, y)
    model = ClippedSGDRegressor(penalty="l2", alpha=0.1, **LONG).fit(X, y)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=2e-2, atol=0.2)
    assert model.intercept_[0] == pytest.approx(exact.intercept_, abs=0.3)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_l1_makes_the_zeros_of_the_exact_solution(l1_ratio):
    X, y = make_regression(
        500, 30, n_informative=5, noise=20.0, random_state=1, shuffle=True
    )
    exact = ElasticNet(alpha=5.0, l1_ratio=l1_ratio).fit(X, y)
    assert 0 < (exact.coef_ == 0).sum() < 30
    model = ClippedSGDRegressor(
        penalty="elasticnet",
        alpha=5.0,
        l1_ratio=l1_ratio,
        max_iter=300,
        tol=None,
        random_state=0,
    ).fit(X, y)
    np.testing.assert_array_equal(model.coef_ == 0.0, exact.coef_ == 0.0)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=0.03, atol=0.3)
    assert not np.signbit(model.coef_[model.coef_ == 0.0]).any()


@pytest.mark.parametrize(
    ("rule", "eta0"),
    [("constant", 0.3), ("invscaling", 1.0), ("adaptive", 0.3), ("lipschitz", 5.0)],
)
def test_uniform_steps_find_the_lasso_too(rule, eta0):
    X, y = make_regression(500, 20, n_informative=5, noise=20.0, random_state=1)
    exact = Lasso(alpha=5.0).fit(X, y)
    model = ClippedSGDRegressor(
        penalty="l1",
        alpha=5.0,
        learning_rate=rule,
        eta0=eta0,
        max_iter=300,
        tol=1e-5,
        clip=None,
        batch_size=500,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)
    np.testing.assert_array_equal(model.coef_ == 0.0, exact.coef_ == 0.0)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=0.05, atol=0.5)


def test_multinomial_against_logistic_regression():
    X, y = load_iris(return_X_y=True)
    X = standardised(X)
    exact = LogisticRegression(C=1 / (0.01 * len(y)), max_iter=10_000).fit(X, y)
    model = ClippedSGDClassifier(penalty="l2", alpha=0.01, **LONG).fit(X, y)
    assert model.coef_.shape == (3, 4)
    np.testing.assert_allclose(
        model.predict_proba(X), exact.predict_proba(X), atol=0.03
    )


def test_binary_against_logistic_regression():
    X, y = load_breast_cancer(return_X_y=True)
    X = standardised(X)
    exact = LogisticRegression(C=1 / (0.01 * len(y)), max_iter=10_000).fit(X, y)
    model = ClippedSGDClassifier(penalty="l2", alpha=0.01, **LONG).fit(X, y)
    assert model.coef_.shape == (1, 30)
    np.testing.assert_allclose(
        model.predict_proba(X), exact.predict_proba(X), atol=0.03
    )


def test_poisson_against_poisson_regressor():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    y = rng.poisson(np.exp(X @ [0.3, -0.2, 0.1, 0.0] + 3.0))
    exact = PoissonRegressor(alpha=0.0).fit(X, y)
    model = ClippedSGDRegressor("poisson", **LONG).fit(X, y)
    np.testing.assert_allclose(model.coef_, exact.coef_, atol=0.02)
    assert (model.predict(X) > 0).all()


def test_huber_does_not_follow_outliers():
    X, y = regression()
    wild = y.copy()
    wild[::10] += 1e5
    true = LinearRegression().fit(X, y).coef_
    robust = ClippedSGDRegressor(HuberLoss(delta=20.0), **LONG).fit(X, wild)
    np.testing.assert_allclose(robust.coef_, true, atol=5.0)


@pytest.mark.parametrize(
    ("rule", "eta0"),
    [("adagrad", 1.0), ("constant", 0.1), ("adaptive", 0.1), ("lipschitz", 1.0)],
)
def test_penalties_and_constraints_of_every_kind(rule, eta0):
    X, y = regression(200, 6)
    y = y / 100
    groups = np.array([0, 0, 1, 1, 2, 2])
    settings = {
        "learning_rate": rule,
        "eta0": eta0,
        "batch_size": 200,
        "max_iter": 200,
        "tol": None,
        "random_state": 0,
    }
    lower = BoxConstraint(lower=0.0, upper=0.3)
    box = ClippedSGDRegressor(penalty=lower, **settings).fit(X, y)
    assert (box.coef_ >= 0.0).all()
    assert (box.coef_ <= 0.3).all()
    ball = ClippedSGDRegressor(penalty=NormBallConstraint("l1", 0.5), **settings)
    assert np.abs(ball.fit(X, y).coef_).sum() <= 0.5 * (1 + 1e-12)
    group = ClippedSGDRegressor(penalty=GroupLassoPenalty(0.4, groups), **settings)
    zero = (group.fit(X, y).coef_.reshape(3, 2) == 0.0).all(axis=1)
    assert zero.any()
    positive = ClippedSGDRegressor(penalty=L1Penalty(0.01, positive=True), **settings)
    assert (positive.fit(X, y).coef_ >= 0.0).all()
    several = ClippedSGDClassifier(penalty=GroupLassoPenalty(0.02, groups), **settings)
    assert several.fit(X, np.digitize(y, [-0.5, 0.5])).coef_.shape == (3, 6)


@pytest.mark.parametrize("average", [True, 1, 30])
def test_average_of_the_weights(average):
    X, y = regression()
    model = ClippedSGDRegressor(random_state=0, average=average).fit(X, y)
    assert model.score(X, y) > 0.95


@pytest.mark.parametrize("rule", STEP_RULES)
def test_momentum(rule):
    X, y = regression()
    model = ClippedSGDRegressor(
        learning_rate=rule, momentum=0.9, random_state=0, max_iter=200, tol=1e-4
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert model.fit(X, y).score(X, y) > 0.9


def test_without_intercept():
    X, y = regression()
    model = ClippedSGDRegressor(fit_intercept=False, random_state=0).fit(X + 1.0, y)
    assert model.intercept_.tolist() == [0.0]
    exact = LinearRegression(fit_intercept=False).fit(X + 1.0, y)
    assert model.score(X + 1.0, y) > exact.score(X + 1.0, y) - 0.02


def test_constant_features_and_constant_targets():
    X, y = regression()
    X[:, 2] = 1e7
    model = ClippedSGDRegressor(random_state=0).fit(X, y)
    assert model.coef_[2] == 0.0
    flat = ClippedSGDRegressor(random_state=0).fit(X, np.full(300, 7.0))
    np.testing.assert_allclose(flat.predict(X), 7.0)
    assert np.abs(flat.coef_).max() < 1e-12


# ---- classes ----


@pytest.mark.parametrize("loss", ["log_loss", "squared_hinge", LogisticLoss()])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_shapes_and_scores(loss, n_classes):
    X, codes = load_wine(return_X_y=True)
    X, codes = X[codes < n_classes], codes[codes < n_classes]
    labels = np.array(["red", "white", "rosé"])[codes]
    model = ClippedSGDClassifier(loss, random_state=0).fit(X, labels)
    rows = 1 if n_classes == 2 else 3
    assert model.coef_.shape == (rows, 13)
    assert model.intercept_.shape == (rows,)
    assert model.score(X, labels) > 0.95
    assert set(model.predict(X)) == set(labels)
    scores = model.decision_function(X)
    assert scores.shape == ((len(X),) if n_classes == 2 else (len(X), 3))
    assert hasattr(model, "predict_proba") == (loss != "squared_hinge")
    if loss != "squared_hinge":
        probabilities = model.predict_proba(X)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
        chosen = model.classes_[probabilities.argmax(axis=1)]
        np.testing.assert_array_equal(chosen, model.predict(X))
        logs = model.predict_log_proba(X)
        np.testing.assert_allclose(np.exp(logs), probabilities, atol=1e-12)


def test_class_weights_are_weights_of_rows():
    X, y = load_wine(return_X_y=True)
    given = {0: 1.0, 1: 3.0, 2: 0.5}
    one = ClippedSGDClassifier(class_weight=given, random_state=0).fit(X, y)
    other = ClippedSGDClassifier(random_state=0).fit(X, y, np.vectorize(given.get)(y))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    counts = np.bincount(y)
    fair = len(y) / (3 * counts)
    one = ClippedSGDClassifier(class_weight="balanced", random_state=0).fit(X, y)
    other = ClippedSGDClassifier(random_state=0).fit(X, y, fair[y])
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-8)


# ---- going on ----


def test_partial_fit_takes_exactly_as_many_steps_as_batches():
    X, y = regression(105, 4)
    model = ClippedSGDRegressor(batch_size=10, random_state=0)
    for calls in range(1, 4):
        model.partial_fit(X, y)
        assert model.n_steps_ == 11 * calls
        assert model.n_iter_ == calls
        assert model.grad_history_["step"][-1] == 11 * calls - 1


def test_partial_fit_is_an_epoch_of_fit():
    X, y = regression()
    settings = {"shuffle": False, "batch_size": 32}
    one = ClippedSGDRegressor(**settings, max_iter=1, tol=None).fit(X, y)
    other = ClippedSGDRegressor(**settings).partial_fit(X, y)
    np.testing.assert_allclose(one.coef_, other.coef_, rtol=1e-9)
    np.testing.assert_allclose(one.intercept_, other.intercept_, rtol=1e-9)


def test_partial_fit_learns_from_a_stream_whose_features_move():
    rng = np.random.default_rng(0)
    true = rng.normal(size=5)
    model = ClippedSGDRegressor(random_state=0)
    for i in range(60):
        X = rng.normal(size=(200, 5)) * (1 + i / 10) + i
        model.partial_fit(X, X @ true + rng.normal(size=200))
    assert model.score(X, X @ true) > 0.9
    assert model.diagnosis_.verdict in ("ok", "plateau")


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_partial_fit_learns_row_by_row(scale):
    X, y = regression(600, 4)
    model = ClippedSGDRegressor(on_divergence="raise")
    for i in range(600):
        model.partial_fit(X[i : i + 1], scale * y[i : i + 1])
    assert model.n_steps_ == 600
    assert model.score(X, scale * y) > 0.9
    assert model.diagnosis_.verdict == "ok"


@pytest.mark.parametrize("size", [1, 7, 50])
@pytest.mark.parametrize("case", TABLE)
def test_streams_of_raw_rows_raise_no_alarm(case, size):
    X, y = (part[:500] for part in TABLE[case])
    order = np.random.default_rng(0).permutation(len(y))
    model = ClippedSGDRegressor(on_divergence="raise", random_state=0)
    for _ in range(3):
        for start in range(0, len(y), size):
            rows = order[start : start + size]
            model.partial_fit(X[rows], y[rows])
    assert model.score(X, y) > 0.3


def test_partial_fit_of_classes_row_by_row():
    X, y = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    model = ClippedSGDClassifier(on_divergence="raise")
    for _ in range(5):
        for i in order:
            model.partial_fit(X[[i]], y[[i]], classes=[0, 1, 2])
    assert model.score(X, y) > 0.9


@pytest.mark.parametrize("penalty", [None, "l1"])
@pytest.mark.parametrize("rule", STEP_RULES)
def test_pickles_between_calls(rule, penalty):
    X, y = regression()
    labels = np.digitize(y, [-50, 50])
    settings = {
        "learning_rate": rule,
        "penalty": penalty,
        "momentum": 0.5,
        "average": 3,
        "random_state": 0,
    }
    for one, target in (
        (ClippedSGDRegressor(**settings), y / 100),
        (ClippedSGDClassifier(**settings), labels),
    ):
        more = {"classes": [0, 1, 2]} if target is labels else {}
        one.partial_fit(X[:150], target[:150], **more)
        other = pickle.loads(pickle.dumps(one))
        for model in (one, other):
            model.partial_fit(X[150:], target[150:])
        np.testing.assert_array_equal(one.coef_, other.coef_)
        np.testing.assert_array_equal(
            one.grad_history_["norm"], other.grad_history_["norm"]
        )


def test_partial_fit_of_classes():
    X, y = load_wine(return_X_y=True)
    model = ClippedSGDClassifier(random_state=0)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        model.partial_fit(X, y)
    model.partial_fit(X[y < 2], y[y < 2], classes=[0, 1, 2])
    for _ in range(30):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.95
    with pytest.raises(ValueError, match="classes must be those of the first call"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"y must have the labels of classes only.*9"):
        model.partial_fit(X, y + 9)
    with pytest.raises(ValueError, match=r"balanced.*needs all rows at once"):
        ClippedSGDClassifier(class_weight="balanced").partial_fit(X, y, [0, 1, 2])
    with pytest.raises(ValueError, match="at least two different labels"):
        ClippedSGDClassifier().partial_fit(X, y, [1])


@pytest.mark.parametrize("rule", STEP_RULES)
def test_warm_start_goes_on_from_the_coefficients(rule):
    X, y = regression()
    model = ClippedSGDRegressor(
        learning_rate=rule, warm_start=True, max_iter=30, tol=None, random_state=0
    ).fit(X, y)
    first = np.mean((y - model.predict(X)) ** 2)
    model.set_params(max_iter=1).fit(X, y)
    assert model.loss_curve_[0] < 1.5 * first
    cold = clone(model).fit(X, y)
    assert model.loss_curve_[0] < 0.5 * cold.loss_curve_[0]


def test_partial_fit_after_fit_goes_on():
    X, y = regression()
    model = ClippedSGDRegressor(random_state=0).fit(X, y)
    steps = model.n_steps_
    before = model.score(X, y)
    model.partial_fit(X, y)
    assert model.n_steps_ > steps
    assert model.score(X, y) > before - 0.01


def test_warm_start_with_other_features():
    X, y = regression()
    model = ClippedSGDRegressor(warm_start=True, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match=r"coef_ of shape \(8,\).*7 features"):
        model.fit(X[:, :7], y)


# ---- stopping ----


def test_rows_held_out_decide_and_the_best_epoch_is_kept():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 60))
    y = X[:, 0] + 2.0 * rng.normal(size=80)
    settings = {"random_state": 0, "tol": 1e-3, "max_iter": 5000}
    early = ClippedSGDRegressor(
        early_stopping=True, validation_fraction=0.3, **settings
    ).fit(X, y)
    late = ClippedSGDRegressor(**settings).fit(X, y)
    assert early.n_iter_ < late.n_iter_
    fresh = rng.normal(size=(1000, 60))
    assert early.score(fresh, fresh[:, 0]) > late.score(fresh, fresh[:, 0])


def test_held_out_rows_have_every_class():
    X, y = load_wine(return_X_y=True)
    model = ClippedSGDClassifier(early_stopping=True, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.9


def test_not_done_is_a_warning():
    X, y = load_breast_cancer(return_X_y=True)
    with pytest.warns(
        ConvergenceWarning, match="max_iter=2 epochs. Raise max_iter"
    ) as caught:
        model = ClippedSGDClassifier(max_iter=2, random_state=0).fit(X, y)
    assert caught[0].filename == __file__
    assert model.n_iter_ == len(model.loss_curve_) == 2
    assert not model.tol_reached_


# ---- divergence ----

WILD = {"learning_rate": "constant", "clip": None, "random_state": 0}


@pytest.mark.parametrize("case", ["x30", "x1e6", "scaled columns", "load_wine"])
def test_a_constant_step_explodes_and_says_so(case):
    X, y = TABLE[case]
    with pytest.warns(DivergenceWarning, match=r"exploding|nonfinite"):
        model = ClippedSGDRegressor(**WILD).fit(X, y)
    assert model.diagnosis_.verdict in ("exploding", "nonfinite")
    assert np.isfinite(model.coef_).all()
    assert not model.tol_reached_


def test_the_warning_points_at_the_callers_line():
    X, y = TABLE["x30"]
    with pytest.warns(DivergenceWarning) as caught:
        ClippedSGDRegressor(**WILD).fit(X, y)
    assert caught[0].filename == __file__


def test_an_error_if_asked_for():
    X, y = TABLE["x30"]
    with pytest.raises(DivergenceError, match="Lower the learning rate"):
        ClippedSGDRegressor(**WILD, on_divergence="raise").fit(X, y)


def test_not_a_word_if_asked_for():
    X, y = TABLE["x30"]
    model = ClippedSGDRegressor(**WILD, on_divergence="ignore").fit(X, y)
    assert model.diagnosis_.verdict in ("exploding", "nonfinite")


def test_going_back_and_halving_steps_saves_the_fit():
    X, y = regression(n_samples=500)
    # A few times too long: within reach of five halvings.
    steps = {**WILD, "eta0": 4.0, "max_iter": 500, "batch_size": 500}
    with pytest.warns(DivergenceWarning):
        ClippedSGDRegressor(**steps).fit(X, y)
    saved = ClippedSGDRegressor(**steps, on_divergence="backtrack").fit(X, y)
    assert saved.score(X, y) > 0.95


def test_going_back_in_a_stream_keeps_what_was_learnt():
    X, y = regression(n_samples=2000)
    model = ClippedSGDRegressor(
        learning_rate="constant",
        eta0=0.1,
        clip=None,
        batch_size=8,
        on_divergence="backtrack",
        random_state=0,
    ).partial_fit(X, y)
    before = model.score(X, y)
    assert before > 0.95
    # Rows that make the same step several times too long.
    model.partial_fit(4 * X, 4 * y)
    assert (model.grad_history_["norm"] > 1e6).any()
    assert model.score(X, y) > 0.9


def test_clipping_keeps_finite_what_would_overflow():
    X, y = TABLE["x30"]
    model = ClippedSGDRegressor(
        **{**WILD, "clip": "global"}, max_norm=1.0, max_iter=50, tol=None
    ).fit(X, y)
    history = model.grad_history_
    assert (history["clipped_norm"] <= 1.0 + 1e-12).all()
    assert model.diagnosis_.verdict == "clip_saturated"
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("case", TABLE)
def test_lipschitz_steps_never_explode(case):
    X, y = TABLE[case]
    model = ClippedSGDRegressor(
        learning_rate="lipschitz", clip=None, random_state=0, max_iter=50, tol=None
    ).fit(X, y)
    assert model.loss_curve_[-1] <= model.loss_curve_[0]
    assert model.diagnosis_.verdict in ("ok", "plateau")


def test_a_gradient_that_is_not_finite_is_skipped():
    X, y = regression()
    y = y.copy()
    y[7] = 1e308
    X[7] *= 1e5
    with pytest.warns(DivergenceWarning):
        model = ClippedSGDRegressor(
            learning_rate="constant",
            batch_size=1,
            clip=None,
            random_state=0,
            max_iter=3,
            tol=None,
            fit_intercept=False,
        ).fit(X, y)
    assert model.monitor_.n_nonfinite_steps == 3
    assert model.n_steps_ == 3 * 299
    assert np.isfinite(model.coef_).all()


def test_rows_too_large_to_be_squared():
    X, y = regression()
    X[:, 3] *= 1e200
    with pytest.raises(ValueError, match=r"look at column 3\. Scale the features"):
        ClippedSGDRegressor().fit(X, y)
