"""Strengths chosen by cross-validation, as scikit-learn chooses them or better."""

import linear_cases as cases
import numpy as np
import pytest
import sklearn.linear_model as theirs
from scipy import sparse
from sklearn import config_context
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.preprocessing import scale

import sknorms.linear_model as ours
from sknorms.linear_model._problem._moments import Reduced, moments_of, reduced

both = pytest.mark.parametrize("models", [ours, theirs], ids=["sknorms", "sklearn"])
PAIRS = {
    "lasso": ("LassoCV", {"alphas": 20}),
    "strengths": ("LassoCV", {"alphas": [0.01, 1.0, 0.1]}),
    "mixture": ("ElasticNetCV", {"alphas": 10, "l1_ratio": 0.7}),
    "mixtures": ("ElasticNetCV", {"alphas": 8, "l1_ratio": [0.5, 0.9, 1.0]}),
    "both given": ("ElasticNetCV", {"alphas": [0.1, 0.01], "l1_ratio": [0.0, 1.0]}),
    "positive": ("LassoCV", {"alphas": 10, "positive": True}),
    "no intercept": ("LassoCV", {"alphas": 10, "fit_intercept": False}),
}
DATA = {
    "tall": cases.diabetes,  # rows are replaced by their moments
    "wide": cases.wide,
    "sparse": lambda: (sparse.csr_array(cases.diabetes()[0]), cases.diabetes()[1]),
}


# ---- as scikit-learn does ----


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("name", PAIRS)
def test_same_choice(name, data):
    X, y = DATA[data]()
    kind, params = PAIRS[name]
    params = {"cv": 3, "eps": 0.01, "tol": 1e-8, **params}
    mine = getattr(ours, kind)(**params).fit(X, y)
    other = getattr(theirs, kind)(max_iter=10**6, **params).fit(X, y)
    np.testing.assert_allclose(mine.alphas_, other.alphas_, rtol=1e-10)
    assert mine.mse_path_.shape == other.mse_path_.shape
    np.testing.assert_allclose(mine.mse_path_, other.mse_path_, rtol=2e-3)
    assert mine.alpha_ == pytest.approx(other.alpha_)
    size = np.abs(other.coef_).max()
    np.testing.assert_allclose(mine.coef_, other.coef_, atol=1e-2 * size)
    assert hasattr(mine, "l1_ratio_") == hasattr(other, "l1_ratio_")
    if hasattr(mine, "l1_ratio_"):
        assert mine.l1_ratio_ == other.l1_ratio_


@both
def test_weights_are_repeated_rows_in_fits_and_folds(models):
    rng = np.random.default_rng(0)
    X, y = cases.wide(45, 8)
    groups, times = np.arange(45) % 3, np.ones(45, dtype=int)
    times[groups == 0] = rng.integers(0, 4, 15)
    rows = np.repeat(np.arange(45), times)

    def fit(X, y, groups, weights=None):
        splits = list(LeaveOneGroupOut().split(X, y, groups))
        model = models.LassoCV(alphas=10, cv=splits, tol=1e-8, max_iter=10**5)
        return model.fit(X, y, sample_weight=weights)

    weighted = fit(X, y, groups, times.astype(float))
    repeated = fit(X[rows], y[rows], groups[rows])
    np.testing.assert_allclose(weighted.alphas_, repeated.alphas_)
    np.testing.assert_allclose(weighted.mse_path_, repeated.mse_path_, rtol=1e-4)
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-4)


@both
def test_same_as_a_grid_search(models):
    X, y = cases.diabetes()
    alphas = [0.001, 0.01, 0.1, 1.0]
    model = models.LassoCV(alphas=alphas, cv=4).fit(X, y)
    grid = {"alpha": alphas}
    search = GridSearchCV(
        models.Lasso(max_iter=10**4), grid, cv=4, scoring="neg_mean_squared_error"
    )
    assert model.alpha_ == search.fit(X, y).best_params_["alpha"]


@both
@pytest.mark.parametrize(
    ("alphas", "kind", "words"),
    [
        ((1, -1), ValueError, r"alphas\[1\] == -1, must be >= 0.0"),
        ((1, "1"), TypeError, r"alphas\[1\] must be an instance of float, not str"),
    ],
)
def test_bad_strengths_are_named(models, alphas, kind, words):
    with pytest.raises(kind, match=words):
        models.LassoCV(alphas=alphas).fit(*cases.diabetes())


@both
@pytest.mark.parametrize(
    "bad",
    [{"alphas": 0}, {"eps": 0.0}, {"cv": 1}, {"tol": -1.0}, {"n_jobs": 1.5}],
    ids=str,
)
def test_bad_parameters_are_refused(models, bad):
    with pytest.raises(ValueError, match=next(iter(bad)).replace("cv", "cv|k-fold")):
        models.ElasticNetCV(**bad).fit(*cases.diabetes())


@both
def test_several_targets_are_refused(models):
    X, y = cases.diabetes()
    with pytest.raises(ValueError, match=r"1d array|MultiTask"):
        models.LassoCV().fit(X, np.column_stack([y, y]))


@both
def test_arguments_of_splitters_need_routing(models):
    X, y = cases.diabetes()
    groups = np.arange(len(y)) % 7
    with pytest.raises(ValueError, match="only supported if enable_metadata_routing"):
        models.LassoCV().fit(X, y, groups=groups)
    with config_context(enable_metadata_routing=True):
        splitter = GroupKFold(3).set_split_request(groups=True)
        routed = models.LassoCV(cv=splitter, alphas=5).fit(X, y, groups=groups)
    splits = list(GroupKFold(3).split(X, y, groups))
    plain = models.LassoCV(cv=splits, alphas=5).fit(X, y)
    np.testing.assert_array_equal(routed.mse_path_, plain.mse_path_)


# ---- moments in place of rows ----


def test_few_rows_have_the_moments_of_many():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 4)) + 3.0, rng.normal(size=(200, 2)) + X_offset()
    weights = rng.uniform(0.5, 2.0, 200)
    center = np.concatenate([X[0], Y[0]])
    few = reduced(moments_of(X, Y, weights, center), 2, centred=True)
    share = weights / weights.sum()
    Xc, Yc = X - share @ X, Y - share @ Y
    np.testing.assert_allclose(few.rows.T @ few.rows / 4, (Xc.T * share) @ Xc)
    np.testing.assert_allclose(few.rows.T @ few.targets.T / 4, (Xc.T * share) @ Yc)
    kept = np.square(few.targets).mean(axis=1) / (share @ np.square(Yc))
    np.testing.assert_allclose(few.shares, kept)


def X_offset():
    return np.array([10.0, -5.0])


def test_moments_of_the_other_rows_are_a_difference():
    X, y = cases.diabetes()
    center = np.zeros(11)
    every, some = (
        moments_of(X, y[:, None], None, center, rows)
        for rows in (slice(None), np.arange(100))
    )
    rest = moments_of(X, y[:, None], None, center, np.arange(100, 442))
    np.testing.assert_allclose((every - some).second, rest.second, rtol=1e-9)
    assert (every - some).total == rest.total == 342


def test_columns_that_depend_on_each_other_are_left_to_the_rows():
    X, y = cases.diabetes()
    X = np.column_stack([X, X[:, 0] + X[:, 1]])
    moments = moments_of(X, y[:, None], None, np.zeros(12))
    assert reduced(moments, 1, centred=True) is None
    model = ours.LassoCV(alphas=5, cv=3, tol=1e-8).fit(X, y)
    assert np.isfinite(model.mse_path_).all()
    assert isinstance(
        reduced(moments_of(X[:, :10], y[:, None], None, np.zeros(11)), 1, True), Reduced
    )


def test_columns_far_from_zero_cost_no_digits():
    X, y = cases.diabetes()
    near = ours.LassoCV(alphas=10, cv=3, tol=1e-8).fit(X, y)
    far = ours.LassoCV(alphas=10, cv=3, tol=1e-8).fit(X + 1e4, y)
    np.testing.assert_allclose(far.mse_path_, near.mse_path_, rtol=1e-5)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("data", ["tall", "wide"])
def test_errors_on_folds_are_those_of_fits_to_the_other_rows(
    data, l1_ratio, positive, fit_intercept
):
    X, y = DATA[data]()
    same = {
        "l1_ratio": l1_ratio,
        "positive": positive,
        "fit_intercept": fit_intercept,
        "max_iter": 10_000,
    }
    model = ours.ElasticNetCV(alphas=6, cv=3, tol=1e-8, **same).fit(X, y)
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        for at, alpha in enumerate(model.alphas_):
            one = ours.ElasticNet(alpha, tol=1e-11, **same).fit(X[train], y[train])
            error = np.square(one.predict(X[test]) - y[test]).mean()
            assert model.mse_path_[at, fold] == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_threads_change_no_bit(n_jobs):
    X, y = cases.diabetes()
    one = ours.ElasticNetCV(alphas=5, l1_ratio=[0.5, 1.0], n_jobs=1).fit(X, y)
    many = ours.ElasticNetCV(alphas=5, l1_ratio=[0.5, 1.0], n_jobs=n_jobs).fit(X, y)
    np.testing.assert_array_equal(one.mse_path_, many.mse_path_)
    np.testing.assert_array_equal(one.coef_, many.coef_)


# ---- any loss and penalty ----


def test_squared_loss_chooses_as_the_lasso_does():
    X, y = cases.diabetes()
    model = ours.PenalizedRegressorCV(alphas=20, cv=4).fit(X, y)
    same = ours.LassoCV(alphas=20, cv=4, tol=1e-6).fit(X, y)
    assert model.alpha_ == pytest.approx(same.alpha_)
    np.testing.assert_allclose(2 * model.loss_path_, same.mse_path_, rtol=1e-4)


@pytest.mark.parametrize("loss", ["huber", "poisson"])
@pytest.mark.parametrize("penalty", ["l1", "elasticnet", "group"])
def test_losses_are_those_of_models_without_the_fold(loss, penalty):
    X, y = cases.diabetes()
    y = np.round(y / 50)
    model = ours.PenalizedRegressorCV(loss, penalty, alphas=4, eps=0.05, cv=3)
    model.fit(X, y)
    assert model.alphas_.shape == (4,)
    assert model.loss_path_.shape == (4, 3)
    record = ours.get_loss(loss)
    for fold, (train, test) in enumerate(KFold(3).split(X)):
        alone = ours.PenalizedRegressor(loss, penalty, alpha=model.alphas_[2])
        alone.fit(X[train], y[train])
        z = X[test] @ alone.coef_ + alone.intercept_
        expected = record.value(z, y[test]).mean()
        assert model.loss_path_[2, fold] == pytest.approx(expected, rel=1e-3)
    final = ours.PenalizedRegressor(loss, penalty, alpha=model.alpha_).fit(X, y)
    np.testing.assert_allclose(model.coef_, final.coef_, atol=1e-2)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("multi_class", ["auto", "ovr"])
def test_classes_by_loss_and_by_score(classes, multi_class):
    X, y = cases.wine()
    X, y = scale(X)[y < classes], np.array(["a", "b", "c"])[y[y < classes]]
    params = {"alphas": 5, "eps": 0.02, "cv": 3, "multi_class": multi_class}
    by_loss = ours.PenalizedClassifierCV(**params).fit(X, y)
    by_score = ours.PenalizedClassifierCV(**params, scoring="accuracy").fit(X, y)
    assert by_loss.loss_path_.shape == by_score.loss_path_.shape == (5, 3)
    for at, alpha in enumerate(by_score.alphas_):
        alone = ours.PenalizedClassifier(alpha=alpha, multi_class=multi_class)
        scores = cross_val_score(alone, X, y, cv=StratifiedKFold(3))
        np.testing.assert_allclose(-by_score.loss_path_[at], scores, atol=0.03)
    assert by_loss.score(X, y) > 0.95
    assert by_loss.predict_proba(X).shape == (len(X), classes)


def test_mixtures_are_chosen_too():
    X, y = cases.wide()
    model = ours.PenalizedRegressorCV(
        penalty="elasticnet", alphas=5, l1_ratio=[0.1, 0.9], cv=3
    ).fit(X, y)
    assert model.l1_ratio_ in (0.1, 0.9)
    assert model.alphas_.shape == (2, 5)
    assert model.loss_path_.shape == (2, 5, 3)


def test_several_targets_share_a_strength():
    X, y = cases.diabetes()
    Y = np.column_stack([y, -y])
    model = ours.PenalizedRegressorCV(alphas=6, cv=3).fit(X, Y)
    alone = ours.PenalizedRegressorCV(alphas=6, cv=3).fit(X, y)
    assert model.alpha_ == pytest.approx(alone.alpha_)
    np.testing.assert_allclose(model.coef_, [alone.coef_, -alone.coef_], atol=1e-3)


def test_features_without_a_penalty_do_not_count_for_the_largest_strength():
    X, y = cases.diabetes()
    weights = np.ones(10)
    weights[2] = 0.0
    model = ours.PenalizedRegressorCV(alphas=5, cv=3, feature_weights=weights).fit(X, y)
    largest = ours.PenalizedRegressor(feature_weights=weights, alpha=model.alphas_[0])
    coef = largest.fit(X, y).coef_
    assert np.flatnonzero(np.abs(coef) > 1e-6).tolist() == [2]
    below = largest.set_params(alpha=0.95 * model.alphas_[0]).fit(X, y)
    assert np.count_nonzero(below.coef_) == 2


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"penalty": "l2"}, "Automatic alpha grid generation is not supported"),
        ({"penalty": None}, "has no strength to choose"),
        ({"penalty": "l1", "l1_ratio": [0.5]}, "does not take l1_ratio"),
        ({"penalty": "elasticnet", "l1_ratio": []}, "l1_ratio must be"),
        ({"scoring": "no such score"}, "no such score"),
    ],
    ids=str,
)
def test_what_cannot_be_searched_is_refused(params, words):
    X, y = cases.diabetes()
    with pytest.raises(ValueError, match=words):
        ours.PenalizedRegressorCV(**params).fit(X, y)


def test_folds_without_weight_are_refused():
    X, y = cases.diabetes()
    weights = np.ones(len(y))
    weights[:148] = 0.0
    with pytest.raises(ValueError, match="test rows are none, or all have"):
        ours.LassoCV(cv=3).fit(X, y, sample_weight=weights)


def test_folds_that_lack_a_class_are_refused():
    X, y = cases.wine()
    with pytest.raises(ValueError, match="training rows lack a class"):
        ours.PenalizedClassifierCV(cv=KFold(3)).fit(scale(X), y)
