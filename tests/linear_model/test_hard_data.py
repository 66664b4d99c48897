"""Solvers on data that make others stop early, stall or overflow."""

import tracemalloc

import numpy as np
import pytest
from oracles_solvers import relative_gap
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sknorms.linear_model import (
    BoxConstraint,
    ElasticNetPenalty,
    HuberLoss,
    L1Penalty,
    LogisticLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.linear_model._problem._design import make_design
from sknorms.linear_model._solvers._solve import solve

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 10))
Y = 2.0 * X[:, 0] + RNG.standard_normal(40)
SIGNS = np.where(Y > 0.0, 1.0, -1.0)
COUNTS = np.floor(np.abs(Y))
TARGETS = [
    (SquaredLoss(), Y),
    (HuberLoss(delta=0.3), Y),
    (LogisticLoss(), SIGNS),
    (SquaredHingeLoss(), SIGNS),
    (PoissonLoss(), COUNTS),
]


def certified(table, y, loss, penalty, *, tol=1e-8, fit_intercept=True, **settings):
    design = make_design(table)
    found = solve(
        design, y, loss, penalty, fit_intercept=fit_intercept, tol=tol, **settings
    )
    assert found.converged
    assert np.isfinite(found.coef).all()
    assert np.isfinite(found.intercept)
    gap = relative_gap(
        table, y, None, loss, penalty, found.coef, found.intercept, fit_intercept
    )
    assert gap <= 1.01 * tol
    return found


def spectra():
    """Return smooth curves, each wave length nearly a copy of the next."""
    rng = np.random.default_rng(3)
    waves = np.linspace(0.0, 1.0, 100)
    peaks = np.exp(-((waves - rng.random((6, 1))) ** 2) / 0.1)
    amounts = rng.random((80, 6))
    return 3.0 + amounts @ peaks + 1e-5 * rng.standard_normal((80, 100)), amounts[:, 0]


@pytest.mark.kernels
@pytest.mark.parametrize("part", [0.1, 1e-3, 1e-5])
@pytest.mark.parametrize("loss", [SquaredLoss(), HuberLoss(delta=0.1)])
def test_collinear_spectra(loss, part):
    curves, y = spectra()
    alpha = part * np.abs(curves.T @ (y - y.mean())).max() / len(y)
    certified(curves, y, loss, L1Penalty(alpha))


@pytest.mark.kernels
@pytest.mark.parametrize("C", [100.0, 1.0, 0.01])
@pytest.mark.parametrize("loss", [LogisticLoss(), SquaredHingeLoss()])
def test_raw_columns_of_very_different_units(loss, C):
    table, y = load_breast_cancer(return_X_y=True)
    certified(table, 2.0 * y - 1.0, loss, L1Penalty(1.0 / (C * len(y))))


@pytest.mark.parametrize("load", [load_diabetes, load_wine])
def test_counts_far_from_one(load):
    table, y = load(return_X_y=True)
    certified(table, y.astype(np.float64), PoissonLoss(), L1Penalty(1e-3))


@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_columns_in_wild_units(loss, y):
    certified(X * np.logspace(-6, 6, 10), y, loss, L1Penalty(1e-4))


@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_copies_and_negatives_of_columns(loss, y):
    certified(np.hstack([X, X, -X]), y, loss, L1Penalty(0.05))
    certified(np.hstack([X, X, -X]), y, loss, ElasticNetPenalty(0.05, 0.5))


@pytest.mark.parametrize("layout", [np.asarray, sparse.csc_array])
def test_constant_columns_stay_out(layout):
    constant = np.hstack([np.ones((40, 1)), np.full((40, 1), 1e8), np.zeros((40, 1))])
    found = certified(
        layout(np.hstack([X, constant])), Y, SquaredLoss(), L1Penalty(0.05)
    )
    np.testing.assert_array_equal(found.coef[-3:], 0.0)


@pytest.mark.parametrize(
    "table",
    [
        X + 1e6,
        np.asfortranarray(X + 1e6),
        (X + 1e3).astype(np.float32),
        sparse.csc_array(X + 1e3),
    ],
)
def test_columns_far_from_zero(table):
    certified(table, Y, SquaredLoss(), L1Penalty(0.01))


@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_one_feature(loss, y):
    certified(X[:, :1], y, loss, L1Penalty(0.01))


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_one_row(fit_intercept):
    certified(X[:1], Y[:1], SquaredLoss(), L1Penalty(0.05), fit_intercept=fit_intercept)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("constant", [0.0, 0.1, -3e8])
def test_constant_targets(fit_intercept, constant):
    design = make_design(X - X.mean(axis=0))
    found = solve(
        design,
        np.full(40, constant),
        SquaredLoss(),
        L1Penalty(0.05),
        fit_intercept=fit_intercept,
    )
    assert found.converged
    if fit_intercept:
        np.testing.assert_array_equal(found.coef, 0.0)
        assert found.intercept == pytest.approx(constant)


@pytest.mark.parametrize("part", [1.0, 1.5, 1e6])
def test_alpha_from_the_largest_on_gives_exact_zeros(part):
    alpha = np.abs(X.T @ (Y - Y.mean())).max() / len(Y)
    found = certified(X, Y, SquaredLoss(), L1Penalty(part * alpha))
    np.testing.assert_array_equal(found.coef, 0.0)


@pytest.mark.parametrize(
    "rows", [X, np.hstack([X, X]), sparse.csc_array(X)], ids=["tall", "twice", "CSC"]
)
@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_without_a_penalty(loss, y, rows):
    y = np.random.default_rng(1).permutation(y)  # or else classes may be separable
    certified(rows, y, loss, L1Penalty(0.0))


def test_more_features_than_rows_without_a_penalty():
    found = certified(X[:8], Y[:8], SquaredLoss(), L1Penalty(0.0))
    scores = X[:8] @ found.coef + found.intercept
    np.testing.assert_allclose(scores, Y[:8], atol=1e-3)


@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_features_that_are_not_penalised(loss, y):
    y = np.random.default_rng(1).permutation(y)
    weights = np.repeat([0.0, 1.0], [2, 8])
    found = certified(X, y, loss, L1Penalty(0.1, weights=weights))
    assert found.coef[:2].all()


@pytest.mark.parametrize(("loss", "y"), TARGETS)
def test_bounds_alone(loss, y):
    y = np.random.default_rng(1).permutation(y)
    found = certified(X, y, loss, BoxConstraint(lower=0.0, upper=np.inf))
    assert (found.coef >= 0.0).all()
    found = certified(X, y, loss, BoxConstraint(lower=-0.05, upper=0.02))
    assert ((found.coef >= -0.05) & (found.coef <= 0.02)).all()


def test_separable_classes():
    certified(X, np.sign(X[:, 0]), LogisticLoss(), L1Penalty(1e-6))


@pytest.mark.parametrize("scale", [1e-150, 1e150])
def test_targets_whose_squares_nearly_overflow(scale):
    found = solve(make_design(X), scale * Y, SquaredLoss(), L1Penalty(scale * 0.05))
    plain = solve(make_design(X), Y, SquaredLoss(), L1Penalty(0.05))
    assert found.converged
    np.testing.assert_allclose(found.coef, scale * plain.coef, rtol=1e-3)


@pytest.mark.parametrize("tol", [0.0, 1e-15])
def test_a_tolerance_below_rounding_ends(tol):
    found = solve(make_design(X), Y, SquaredLoss(), L1Penalty(0.05), tol=tol)
    assert found.relative_gap < 1e-13
    assert found.converged == (found.relative_gap <= tol)


def test_the_cause_names_collinear_columns():
    curves, y = spectra()
    twice = np.hstack([curves, curves * (1.0 + 1e-9)])
    stopped = solve(make_design(twice), y, SquaredLoss(), L1Penalty(1e-7), max_iter=12)
    assert not stopped.converged
    assert "collinear" in stopped.cause


def test_no_cause_is_named_for_columns_that_are_apart_or_fits_that_converged():
    stopped = solve(make_design(X), Y, SquaredLoss(), L1Penalty(0.01), max_iter=1)
    assert not stopped.converged
    assert stopped.cause == ""
    curves, y = spectra()
    assert solve(make_design(curves), y, SquaredLoss(), L1Penalty(1e-3)).cause == ""


@pytest.mark.kernels
@pytest.mark.parametrize("layout", [np.asfortranarray, sparse.csc_array])
def test_a_table_is_neither_copied_nor_written_to(layout):
    wide = np.random.default_rng(4).standard_normal((400, 5000))
    table = layout(wide)
    before = table.copy()
    y = wide[:, 0] + wide[:, 1]
    solve(make_design(table), y, SquaredLoss(), L1Penalty(0.3))
    tracemalloc.start()
    solve(make_design(table), y, SquaredLoss(), L1Penalty(0.3))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.25 * wide.nbytes
    assert abs(table - before).max() == 0.0
