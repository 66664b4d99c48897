"""Coefficients without a penalty: fits that are certified all the same."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.linear_model import (
    HuberLoss,
    L1Penalty,
    LogisticLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.linear_model._problem._design import make_design
from sknorms.linear_model._solvers._solve import solve

LOSSES = [
    SquaredLoss(),
    HuberLoss(0.5),
    PoissonLoss(),
    LogisticLoss(),
    SquaredHingeLoss(),
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=str)


def data(loss, n_rows=80):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(n_rows, 6))
    z = X @ [1.0, -1.0, 0.5, 0.0, 0.0, 0.3]
    if loss.classifies:
        return X, np.where(z + rng.logistic(size=n_rows) > 0, 1.0, -1.0)
    counts = rng.poisson(np.exp(z)).astype(float)
    return X, counts if isinstance(loss, PoissonLoss) else z + rng.normal(size=n_rows)


@every_loss
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", [np.array, sparse.csc_array])
def test_no_penalty_at_all(loss, fit_intercept, kind):
    X, y = data(loss)
    found = solve(
        make_design(kind(X)),
        y,
        loss,
        L1Penalty(0.0),
        fit_intercept=fit_intercept,
        tol=1e-10,
    )
    slopes = loss.gradient(X @ found.coef + found.intercept, y) / len(y)
    assert found.converged
    np.testing.assert_allclose(X.T @ slopes, 0.0, atol=1e-5)


@every_loss
def test_some_features_without_a_penalty(loss):
    X, y = data(loss)
    alpha, weights = 0.1, np.array([0.0, 1.0, 1.0, 0.0, 1.0, 2.0])
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    penalty = L1Penalty(alpha, weights=weights)
    found = solve(make_design(X, weight), y, loss, penalty, tol=1e-10)
    slopes = weight * loss.gradient(X @ found.coef + found.intercept, y) / weight.sum()
    assert found.converged
    assert penalty.violation(found.coef, X.T @ slopes).max() < 1e-5
    assert penalty.violation(np.zeros(6), X.T @ slopes)[[0, 3]].max() < 1e-5


def test_columns_that_depend_on_each_other():
    X, y = data(SquaredLoss())
    X = np.column_stack([X, X[:, 0] + X[:, 1], np.ones(len(X))])
    found = solve(make_design(X), y, SquaredLoss(), L1Penalty(0.0), tol=1e-9)
    rest = y - X @ found.coef - found.intercept
    assert found.converged
    np.testing.assert_allclose(X.T @ rest / len(y), 0.0, atol=1e-5)


def test_classes_that_a_line_separates_end_in_a_small_objective():
    X = np.array([[-2.0], [-1.0], [1.0], [2.0]])
    y = np.array([-1.0, -1.0, 1.0, 1.0])
    found = solve(make_design(X), y, LogisticLoss(), L1Penalty(0.0), tol=1e-4)
    assert found.converged
    assert 0.0 < found.objective <= 1e-4 * np.log(2.0)
