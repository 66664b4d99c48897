"""What users of penalised linear models complain about elsewhere, and not here."""

import linear_cases as cases
import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

from sknorms.linear_model import (
    ElasticNet,
    L1Penalty,
    Lasso,
    LassoCV,
    LogisticRegression,
    PenalizedClassifier,
    PenalizedRegressor,
)


def test_warnings_say_how_far_why_and_what_helps():
    X, y = cases.diabetes()
    X = X * np.logspace(-3, 3, 10)
    with pytest.warns(ConvergenceWarning) as caught:
        Lasso(alpha=1e-4, tol=1e-12, max_iter=1).fit(X, y)
    told = str(caught[0].message)
    assert "relative duality gap is" in told
    assert "tol asks for 1e-12" in told
    assert "differ in scale by a factor of 1e+06" in told
    assert "StandardScaler" in told
    assert caught[0].filename == __file__


def test_warnings_point_to_the_line_that_fits():
    X, y = cases.raw_diabetes()
    hasty = {"tol": 1e-15, "max_iter": 1}
    for model in (
        LassoCV(alphas=[1e-6], **hasty),
        LogisticRegression(tol=1e-15, max_iter=0),
        PenalizedRegressor("huber", alpha=1e-6, **hasty),
        PenalizedClassifier(alpha=1e-6, **hasty),
    ):
        with pytest.warns(ConvergenceWarning) as caught:
            model.fit(X, y > 100)
        assert {one.filename for one in caught} == {__file__}


def test_warnings_of_tolerances_below_rounding_say_so():
    X, y = cases.diabetes()
    with pytest.warns(ConvergenceWarning, match="gap is below rounding: raise tol"):
        Lasso(alpha=1e-4, tol=1e-300, max_iter=2).fit(X, y)


def test_a_weak_share_of_l1_converges():
    X, y = cases.raw_diabetes()
    for ratio in (0.0, 1e-6, 0.01):
        assert ElasticNet(alpha=0.1, l1_ratio=ratio, tol=1e-10).fit(X, y).tol_reached_


def test_gram_matrices_in_float32_are_taken():
    X, y = cases.wide(200, 8)
    X = (X - X.mean(axis=0)).astype(np.float32)
    model = Lasso(alpha=0.1, precompute=X.T @ X).fit(X, y.astype(np.float32))
    assert model.coef_.dtype == np.float32


@pytest.mark.parametrize("solver", ["liblinear", "lbfgs"])
def test_intercepts_are_never_penalised(solver):
    X, y = cases.cancer()
    X = scale(X)[:, :5]
    near = LogisticRegression(l1_ratio=1.0, C=0.1, solver=solver, tol=1e-9)
    far = LogisticRegression(l1_ratio=1.0, C=0.1, solver=solver, tol=1e-9)
    near.fit(X, y)
    far.fit(X + 100.0, y)
    np.testing.assert_allclose(near.coef_, far.coef_, atol=1e-4)


def test_sparse_columns_are_centred_without_being_filled():
    rng = np.random.default_rng(0)
    X = sparse.random(300, 400, 0.02, format="csr", random_state=1)
    X.data += 10.0
    y = X[:, :5] @ np.ones(5) + rng.normal(size=300)
    found = Lasso(alpha=0.05, tol=1e-10).fit(X, y)
    filled = Lasso(alpha=0.05, tol=1e-10).fit(X.toarray(), y)
    np.testing.assert_allclose(found.coef_, filled.coef_, atol=1e-5)
    np.testing.assert_allclose(found.intercept_, filled.intercept_, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_the_size_of_weights_does_not_matter(size):
    X, y = cases.cancer()
    X = scale(X)
    weights = np.random.default_rng(0).uniform(0.5, 2.0, len(y))
    for model in (PenalizedClassifier(tol=1e-10), PenalizedRegressor(tol=1e-10)):
        model.set_params(alpha=0.05)
        plain = model.fit(X, y, sample_weight=weights).coef_.copy()
        sized = model.fit(X, y, sample_weight=size * weights).coef_
        np.testing.assert_allclose(sized, plain, atol=1e-7)


def test_weights_of_sparse_rows_are_repeated_rows():
    X, y = cases.wide(40, 60)
    X[np.abs(X) < 1.0] = 0.0
    times = np.random.default_rng(0).integers(0, 3, 40)
    rows = np.repeat(np.arange(40), times)
    for make in (sparse.csr_array, sparse.csc_array):
        weighted = Lasso(alpha=0.1, tol=1e-12).fit(make(X), y, sample_weight=times)
        repeated = Lasso(alpha=0.1, tol=1e-12).fit(make(X[rows]), y[rows])
        np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-6)


def test_weights_count_for_the_grid_of_strengths():
    X, y = cases.diabetes()
    weights = (np.arange(len(y)) < 200).astype(float) + 1e-9
    model = LassoCV(alphas=3, cv=2).fit(X, y, sample_weight=weights)
    largest = model.alphas_[0]
    for alpha, used in ((1.001 * largest, 0), (0.99 * largest, 1)):
        model = Lasso(alpha=alpha, tol=1e-10).fit(X, y, sample_weight=weights)
        assert np.count_nonzero(model.coef_) == used


def test_bounds_and_factors_of_single_features():
    X, y = cases.diabetes()
    upper = [np.inf] * 10
    upper[2] = 100.0
    factors = [1.0] * 8 + [0.0, 1e6]
    penalty = L1Penalty(0.1, weights=factors, upper=upper)
    coef = PenalizedRegressor(penalty=penalty).fit(X, y).coef_
    assert coef[2] == 100.0
    assert coef[8] > 500.0
    assert coef[9] == 0.0


def test_one_class_in_a_hundred():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 5))
    y = (X[:, 0] + 0.3 * rng.normal(size=2000) > 2.4).astype(int)
    model = LogisticRegression(l1_ratio=1.0, class_weight="balanced").fit(X, y)
    assert 0 < y.mean() < 0.02
    assert model.tol_reached_
    assert model.predict(X)[y == 1].mean() > 0.9
