"""`Lasso` and `ElasticNet` behave as scikit-learn's do, which the same tests show."""

import warnings

import linear_cases as cases
import numpy as np
import pandas as pd
import pytest
import sklearn.linear_model as theirs
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sknorms.linear_model as ours

both = pytest.mark.parametrize("models", [ours, theirs], ids=["sknorms", "sklearn"])
MODELS = {
    "lasso": ("Lasso", {}),
    "mixed": ("ElasticNet", {"l1_ratio": 0.7}),
    "nearly ridge": ("ElasticNet", {"l1_ratio": 0.05}),
    "ridge": ("ElasticNet", {"l1_ratio": 0.0}),
}
SETTINGS = [
    {},
    {"fit_intercept": False},
    {"positive": True},
    {"fit_intercept": False, "positive": True},
]


def pair(name, **params):
    return getattr(ours, name)(**params), getattr(theirs, name)(**params)


def ratio_of(model):
    return getattr(model, "l1_ratio", 1.0)


def fitted_quietly(model, *data, **more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*data, **more)


# ---- the same minimum, coefficient by coefficient ----


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("strength", [0.5, 0.05])
def test_same_coefficients(name, settings, strength):
    X, y = cases.diabetes()
    kind, params = MODELS[name]
    alpha = strength * np.abs(X.T @ (y - y.mean())).max() / len(y)
    mine, other = pair(kind, alpha=alpha, tol=1e-12, **params, **settings)
    mine.fit(X, y)
    fitted_quietly(other.set_params(max_iter=100_000), X, y)
    scale = np.abs(other.coef_).max()
    np.testing.assert_allclose(mine.coef_, other.coef_, atol=1e-5 * scale)
    np.testing.assert_allclose(mine.intercept_, other.intercept_, rtol=1e-9)
    np.testing.assert_allclose(mine.predict(X), other.predict(X), rtol=1e-5)
    assert mine.score(X, y) == pytest.approx(other.score(X, y), rel=1e-7)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", ["lasso", "mixed"])
@pytest.mark.parametrize("layout", cases.FORMATS)
def test_same_objective_in_every_format(name, layout, weighted):
    X, y = cases.wide()
    X[np.abs(X) < 0.8] = 0.0
    weights = np.random.default_rng(1).uniform(0.1, 3.0, len(y)) if weighted else None
    kind, params = MODELS[name]
    mine, other = pair(kind, alpha=0.1, tol=1e-10, **params)
    mine.fit(cases.formats(X)[layout], y, sample_weight=weights)
    other.set_params(max_iter=100_000).fit(X, y, sample_weight=weights)
    values = [
        cases.squared_objective(
            X, y, m.coef_, m.intercept_, 0.1, ratio_of(mine), weights
        )
        for m in (mine, other)
    ]
    assert values[0] <= values[1] * (1 + 1e-9)
    np.testing.assert_allclose(mine.coef_, other.coef_, atol=1e-4)


# ---- the same attributes ----


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_attributes_of_one_target(models, dtype, fit_intercept):
    X, y = (part.astype(dtype) for part in cases.diabetes())
    model = models.Lasso(alpha=0.1, fit_intercept=fit_intercept).fit(X, y)
    assert (model.coef_.shape, model.coef_.dtype) == ((10,), dtype)
    assert model.dual_gap_.dtype == dtype
    assert np.ndim(model.dual_gap_) == 0
    assert isinstance(model.n_iter_, int)
    assert isinstance(model.intercept_, dtype if fit_intercept else float)
    assert model.sparse_coef_.shape == (1, 10)
    np.testing.assert_array_equal(model.sparse_coef_.toarray()[0], model.coef_)
    assert model.predict(X).dtype == dtype
    assert model.n_features_in_ == 10


@both
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_attributes_of_several_targets(models, fit_intercept):
    X, y = cases.diabetes()
    Y = np.column_stack([y, -2 * y, y**2])
    model = models.ElasticNet(alpha=0.01, fit_intercept=fit_intercept).fit(X, Y)
    assert model.coef_.shape == (3, 10)
    assert model.dual_gap_.shape == (3,)
    assert isinstance(model.n_iter_, list)
    assert len(model.n_iter_) == 3
    assert np.shape(model.intercept_) == ((3,) if fit_intercept else ())
    assert model.sparse_coef_.shape == (3, 10)
    assert model.predict(X).shape == Y.shape


@both
def test_a_column_is_one_target(models):
    X, y = cases.diabetes()
    model = models.Lasso(alpha=0.1).fit(X, y[:, np.newaxis])
    assert model.coef_.shape == (10,)
    assert model.intercept_.shape == (1,)
    assert model.predict(X).shape == y.shape


@both
def test_several_targets_are_fitted_one_by_one(models):
    X, y = cases.diabetes()
    Y = np.column_stack([y, y**2])
    together = models.Lasso(alpha=0.1, tol=1e-10, max_iter=10**5).fit(X, Y)
    for k in range(2):
        alone = models.Lasso(alpha=0.1, tol=1e-10, max_iter=10**5).fit(X, Y[:, k])
        scale = np.abs(alone.coef_).max()
        np.testing.assert_allclose(together.coef_[k], alone.coef_, atol=1e-3 * scale)
        np.testing.assert_allclose(together.intercept_[k], alone.intercept_, rtol=1e-4)


@both
def test_names_of_columns(models):
    X, y = cases.diabetes()
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(10)])
    model = models.Lasso(alpha=0.1).fit(frame, y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[frame.columns[::-1]])
    with pytest.raises(ValueError, match=r"3 features.*10 features"):
        models.Lasso(alpha=0.1).fit(X, y).predict(X[:, :3])


@both
def test_the_gap_bounds_the_distance_to_the_minimum(models):
    X, y = cases.diabetes()
    exact = ours.Lasso(alpha=0.5, tol=1e-13).fit(X, y)
    model = models.Lasso(alpha=0.5, tol=1e-3).fit(X, y)
    above = [
        cases.squared_objective(X, y, m.coef_, m.intercept_, 0.5)
        for m in (model, exact)
    ]
    assert 0 <= above[0] - above[1] <= model.dual_gap_ + 1e-9


# ---- the same parameters ----


@both
@pytest.mark.parametrize("selection", ["cyclic", "random"])
@pytest.mark.parametrize("precompute", [True, False])
def test_how_to_solve_changes_nothing(models, selection, precompute):
    X, y = cases.diabetes()
    kept = X.copy()
    settings = {"selection": selection, "precompute": precompute, "random_state": 3}
    model = models.Lasso(alpha=0.5, tol=1e-10, copy_X=True, **settings).fit(X, y)
    plain = models.Lasso(alpha=0.5, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-4)
    np.testing.assert_array_equal(X, kept)


@both
def test_a_gram_matrix_of_centred_columns(models):
    X, y = cases.wide(200, 8)
    X -= X.mean(axis=0)
    model = models.ElasticNet(alpha=0.1, precompute=X.T @ X, tol=1e-10).fit(X, y)
    plain = models.ElasticNet(alpha=0.1, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-6)


@both
def test_a_gram_matrix_of_weighted_rows(models):
    X, y = cases.wide(60, 8)
    weights = np.random.default_rng(0).lognormal(size=60)
    share = weights / weights.mean()
    X -= np.average(X, axis=0, weights=share)
    gram = (X * share[:, np.newaxis]).T @ X
    model = models.ElasticNet(alpha=0.1, precompute=gram, tol=1e-10)
    plain = models.ElasticNet(alpha=0.1, tol=1e-10).fit(X, y, sample_weight=weights)
    model.fit(X, y, sample_weight=weights)
    np.testing.assert_allclose(model.coef_, plain.coef_, rtol=1e-6)


@both
def test_a_gram_matrix_of_columns_that_are_not_centred_warns(models):
    X, y = cases.wide(60, 8)
    with pytest.warns(UserWarning, match="Gram matrix was provided but X was centered"):
        models.Lasso(alpha=0.1, precompute=X.T @ X).fit(X, y)


@both
def test_a_gram_matrix_of_something_else_is_refused(models):
    X, y = cases.wide(60, 8)
    X -= X.mean(axis=0)
    with pytest.raises(ValueError, match=r"Gram matrix.*did not pass validation"):
        models.Lasso(alpha=0.1, precompute=X.T @ X + 1.0).fit(X, y)


@both
def test_warm_start_keeps_the_answer(models):
    X, y = cases.wide()
    model = models.Lasso(alpha=0.5, warm_start=True, tol=1e-10).fit(X, y)
    model.set_params(alpha=0.1).fit(X, y)
    cold = models.Lasso(alpha=0.1, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.coef_, cold.coef_, atol=1e-5)


@both
@pytest.mark.parametrize("weight", [None, 7.0, 3])
def test_one_weight_for_all_changes_nothing(models, weight):
    X, y = cases.diabetes()
    model = models.Lasso(alpha=0.1, tol=1e-10)
    plain = model.fit(X, y).coef_.copy()
    np.testing.assert_allclose(model.fit(X, y, weight).coef_, plain, rtol=1e-7)


@both
def test_check_input_may_be_left_out(models):
    X, y = cases.diabetes()
    X = np.asfortranarray(X)
    model = models.Lasso(alpha=0.1).fit(X, y, check_input=False)
    np.testing.assert_allclose(model.coef_, models.Lasso(alpha=0.1).fit(X, y).coef_)


@both
def test_positive_coefficients(models):
    X, y = cases.diabetes()
    assert (models.Lasso(alpha=0.01).fit(X, y).coef_ < 0).any()
    assert (models.Lasso(alpha=0.01, positive=True).fit(X, y).coef_ >= 0).all()


@both
def test_whole_numbers_and_lists_are_data(models):
    model = models.Lasso(alpha=0.1).fit([[-1], [0], [1]], [-1, 0, 1])
    np.testing.assert_allclose(model.coef_, [0.85])
    np.testing.assert_allclose(model.predict([[2], [3]]), [1.7, 2.55])


@both
def test_nothing_to_learn(models):
    model = models.Lasso(alpha=0.1).fit([[0.0], [0.0], [0.0]], [0, 0, 0])
    assert model.coef_.tolist() == [0.0]
    assert model.dual_gap_ == 0
    assert models.Lasso(alpha=0.1).fit(np.ones((3, 2)), [1, 2, 6]).intercept_ == 3


# ---- the same warnings and errors ----


@both
def test_no_penalty_warns(models):
    X, y = cases.diabetes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with pytest.warns(UserWarning, match=r"With alpha=0.*LinearRegression"):
            model = models.Lasso(alpha=0, tol=1e-10, max_iter=100_000).fit(X, y)
    exact = theirs.LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, exact.coef_, rtol=1e-4)


@both
@pytest.mark.parametrize("kind", ["LassoCV", "ElasticNetCV"])
def test_choosing_no_penalty_warns(models, kind):
    X, y = cases.diabetes()
    model = getattr(models, kind)(alphas=[0.0, 1e5], cv=3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
    assert model.alpha_ == 0.0
    told = [one for one in caught if "With alpha=0" in str(one.message)]
    assert told
    assert {one.category for one in told} == {UserWarning}


@both
def test_too_few_iterations_warn(models):
    X, y = cases.raw_diabetes()
    model = models.Lasso(alpha=1e-6, max_iter=1, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="Objective did not converge"):
        model.fit(X, y)
    assert np.isfinite(model.coef_).all()


@both
def test_good_data_warn_of_nothing(models):
    X, y = cases.diabetes()
    models.Lasso(alpha=0.1).fit(X, y)
    models.ElasticNet(alpha=0.1).fit(X, y)


BAD = [
    {"alpha": -1.0},
    {"alpha": "a"},
    {"alpha": None},
    {"fit_intercept": "yes"},
    {"precompute": "no"},
    {"max_iter": 0},
    {"max_iter": 2.5},
    {"copy_X": 2},
    {"tol": -1e-3},
    {"tol": "a"},
    {"warm_start": "a"},
    {"positive": "a"},
    {"random_state": "a"},
    {"selection": "best"},
]


@both
@pytest.mark.parametrize("kind", ["Lasso", "ElasticNet"])
@pytest.mark.parametrize("bad", BAD, ids=str)
def test_bad_parameters_are_refused_at_fit(models, kind, bad):
    X, y = cases.diabetes()
    model = getattr(models, kind)(**bad)  # not here
    with pytest.raises(ValueError, match=next(iter(bad))):
        model.fit(X, y)


@both
@pytest.mark.parametrize("ratio", [-0.1, 1.1, "a", None])
def test_bad_mixtures_are_refused(models, ratio):
    X, y = cases.diabetes()
    with pytest.raises(ValueError, match="l1_ratio"):
        models.ElasticNet(l1_ratio=ratio).fit(X, y)


@both
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda X, y: (X[:5], y), "inconsistent numbers of samples"),
        (lambda X, y: (X * np.nan, y), "contains NaN"),
        (lambda X, y: (X, y * np.inf), "contains infinity|contains NaN"),
        (lambda X, y: (X[0], y), "Expected 2D array"),
        (lambda X, y: (X[:0], y[:0]), "0 sample"),
    ],
)
def test_bad_data_are_refused(models, spoil, words):
    X, y = spoil(*cases.diabetes())
    with pytest.raises(ValueError, match=words):
        models.Lasso().fit(X, y)


@both
@pytest.mark.parametrize("kind", ["Lasso", "ElasticNet"])
def test_sparse_targets_are_refused(models, kind):
    X, y = cases.diabetes()
    with pytest.raises(TypeError, match="Sparse data was passed"):
        getattr(models, kind)().fit(X, sparse.csr_array(y[:, np.newaxis]))


@both
@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(3), "sample_weight.shape"),
        (np.ones((442, 2)), "Sample weights must be 1D"),
        (np.full(442, np.nan), "sample_weight contains NaN"),
        (np.zeros(442), "at least one non-zero"),
    ],
)
def test_bad_weights_are_refused(models, weights, words):
    X, y = cases.diabetes()
    with pytest.raises(ValueError, match=words):
        models.Lasso().fit(X, y, sample_weight=weights)


def test_negative_weights_are_refused():
    X, y = cases.diabetes()
    weights = np.ones(len(y))
    weights[[3, 5]] = -1.0
    with pytest.raises(ValueError, match=r"at least zero.*rows 3, 5"):
        ours.Lasso().fit(X, y, sample_weight=weights)


@pytest.mark.parametrize("kind", ["Lasso", "LassoCV", "LogisticRegression"])
def test_numbers_that_cannot_be_squared_are_refused(kind):
    X, y = cases.diabetes()
    X[3, 7] = 1e200
    with pytest.raises(ValueError, match="too large to be squared in column 7;"):
        getattr(ours, kind)().fit(X, y > 100)


@both
def test_predicting_before_fitting_is_refused(models):
    with pytest.raises(NotFittedError):
        models.Lasso().predict([[1.0]])


# ---- a citizen ----


@both
def test_pipelines_and_searches(models):
    X, y = cases.raw_diabetes()
    pipeline = make_pipeline(StandardScaler(), models.Lasso())
    grid = {"lasso__alpha": [0.1, 1.0, 10.0]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_params_ == {"lasso__alpha": 0.1}


@both
def test_weights_are_routed_as_requested(models):
    with config_context(enable_metadata_routing=True):
        request = models.Lasso().set_fit_request(sample_weight=True)
        requests = clone(request).get_metadata_routing().fit.requests
    assert requests == {"sample_weight": True}


@both
def test_sparse_rows_are_predicted(models):
    X, y = cases.diabetes()
    model = models.Lasso(alpha=0.1).fit(sparse.csr_array(X), y)
    expected = X @ model.coef_ + model.intercept_
    for layout, rows in cases.formats(X).items():
        np.testing.assert_allclose(model.predict(rows), expected, err_msg=layout)
