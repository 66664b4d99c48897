"""Solvers keep to the duality gap that they promise, on every loss and penalty."""

import numpy as np
import pytest
from oracles_solvers import relative_gap
from scipy import sparse

from sknorms.linear_model import (
    BoxConstraint,
    ElasticNetPenalty,
    HuberLoss,
    L1Penalty,
    L2Penalty,
    LogisticLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.linear_model._problem._design import make_design
from sknorms.linear_model._solvers._solve import solve

TOL = 1e-8
LOSSES = {
    "squared": SquaredLoss(),
    "huber": HuberLoss(delta=0.5),
    "poisson": PoissonLoss(),
    "logistic": LogisticLoss(),
    "squared hinge": SquaredHingeLoss(),
}
PENALTIES = {
    "l1": lambda alpha, p: L1Penalty(alpha),
    "positive": lambda alpha, p: L1Penalty(alpha, positive=True),
    "weighted": lambda alpha, p: L1Penalty(alpha, weights=np.linspace(0.2, 3.0, p)),
    "elastic net": lambda alpha, p: ElasticNetPenalty(alpha, 0.5),
    "box": lambda alpha, p: ElasticNetPenalty(alpha, 0.7, lower=-0.2, upper=0.3),
    "ridge": lambda alpha, p: L2Penalty(alpha),
}


def long_indices(X):
    table = sparse.csc_array(X)
    table.indices = table.indices.astype(np.int64)
    table.indptr = table.indptr.astype(np.int64)
    return table


TABLES = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "float32": lambda X: X.astype(np.float32),
    "float32 Fortran": lambda X: np.asfortranarray(X, dtype=np.float32),
    "CSR": sparse.csr_array,
    "CSC": sparse.csc_array,
    "CSC float32": lambda X: sparse.csc_array(X.astype(np.float32)),
    "CSC int64": long_indices,
}


def targets(name, z, rng):
    if name in ("logistic", "squared hinge"):
        return np.where(z + 0.5 * rng.standard_normal(len(z)) > 0.0, 1.0, -1.0)
    if name == "poisson":
        return rng.poisson(np.exp(np.clip(z, -2.0, 2.0))).astype(np.float64)
    return z + 0.3 * rng.standard_t(3, len(z))


def features(n, p, rng):
    X = rng.standard_normal((n, p)) * np.exp(rng.standard_normal(p))
    X[rng.random((n, p)) < 0.4] = 0.0
    return X.astype(np.float32).astype(np.float64)


@pytest.mark.kernels
@pytest.mark.parametrize("shape", [(50, 15), (25, 60)])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", LOSSES)
def test_the_gap_is_what_was_asked_for(name, table, shape):
    rng = np.random.default_rng(len(name) + len(table))
    X = features(*shape, rng)
    z = X[:, :3] @ rng.standard_normal(3)
    loss, y = LOSSES[name], targets(name, z, rng)
    given = TABLES[table](X)
    for kind, make in PENALTIES.items():
        for weight in (None, rng.integers(0, 3, len(y)).astype(np.float64)):
            for fit_intercept in (True, False):
                penalty = make(
                    0.05 * float(np.abs(X.T @ y).mean()) / len(y), X.shape[1]
                )
                found = solve(
                    make_design(given, weight),
                    y,
                    loss,
                    penalty,
                    fit_intercept=fit_intercept,
                    tol=TOL,
                )
                gap = relative_gap(
                    X,
                    y,
                    weight,
                    loss,
                    penalty,
                    found.coef,
                    found.intercept,
                    fit_intercept,
                )
                assert found.converged, kind
                assert gap <= 1.001 * TOL, kind
                assert found.relative_gap <= TOL


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_the_scale_of_the_target_changes_no_support(scale):
    rng = np.random.default_rng(1)
    X = features(40, 100, rng)
    y = X[:, :5] @ np.ones(5) + rng.standard_normal(40)
    design = make_design(X)
    one = solve(design, y, SquaredLoss(), L1Penalty(0.1), tol=1e-10)
    other = solve(design, scale * y, SquaredLoss(), L1Penalty(scale * 0.1), tol=1e-10)
    assert other.converged
    np.testing.assert_array_equal(other.coef != 0.0, one.coef != 0.0)
    np.testing.assert_allclose(other.coef, scale * one.coef, rtol=1e-4)


def test_bounds_of_zero_keep_coefficients_at_zero():
    rng = np.random.default_rng(2)
    X = features(30, 4, rng)
    y = X @ np.ones(4)
    boxed = BoxConstraint(lower=0.0, upper=[1.0, 1.0, 0.0, 1.0])
    assert solve(make_design(X), y, SquaredLoss(), boxed).coef[2] == 0.0
