"""What float32 rows give: float32 coefficients, and a proof of how good those are.

A gap that coefficients prove by themselves grows with the rounding of gradients, which
no choice of few float32 coefficients can avoid; the dual point that is handed out with
them proves much more.
"""

import itertools
import math

import numpy as np
import pytest
from linear_cases import squared_gap
from oracles_solvers import relative_gap
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from sknorms.linear_model import (
    BoxConstraint,
    ElasticNet,
    ElasticNetCV,
    GroupLassoPenalty,
    HuberLoss,
    L1Penalty,
    Lasso,
    LassoCV,
    LogisticLoss,
    LogisticRegression,
    PenalizedClassifier,
    PenalizedRegressor,
    SquaredLoss,
    lasso_path,
)
from sknorms.linear_model._base._nearest_floats import Lattice, rounded_within


def spectra(n_rows=120, n_columns=60, seed=0, offset=3.0):
    """Return smooth curves, each column nearly its neighbour, and a target."""
    rng = np.random.default_rng(seed)
    at = np.linspace(0.0, 1.0, n_columns)
    shapes = np.exp(-(((at - rng.random((6, 1))) / 0.3) ** 2))
    amounts = rng.exponential(size=(n_rows, 6))
    X = offset + amounts @ shapes + 1e-4 * rng.normal(size=(n_rows, n_columns))
    y = 10.0 * amounts[:, 0] - 4.0 * amounts[:, 1] + 0.1 * rng.normal(size=n_rows)
    return X.astype(np.float32), y


X, Y = spectra()
LABELS = np.where(np.median(Y) < Y, 1.0, -1.0)
WIDE = X.astype(np.float64)


def rounded(model):
    """Return coefficients and intercept, which have to be float32, in float64."""
    assert model.coef_.dtype == np.float32
    return model.coef_.astype(np.float64).ravel(), float(np.ravel(model.intercept_)[0])


def gap_of(model, alpha, l1_ratio=1.0, y=Y, rows=X):
    """Return the relative gap that coefficients alone prove."""
    coef, intercept = rounded(model)
    gap = squared_gap(rows, y, coef, intercept, alpha, l1_ratio)
    return gap / (0.5 * np.var(y))


def proven_gap(model, alpha):
    """Return the relative gap that coefficients and the dual point prove together."""
    theta = model.dual_coef_
    dual = theta @ Y - 0.5 * len(Y) * theta @ theta
    assert np.abs(WIDE.T @ theta).max() <= alpha * (1.0 + 1e-8)
    assert abs(theta.sum()) < 1e-12
    return (objective(*rounded(model), alpha) - dual) / (0.5 * np.var(Y))


# ---- the tolerance is kept by what is handed out ----


@pytest.mark.parametrize("alpha", [0.1, 0.01, 0.001])
@pytest.mark.parametrize("tol", [1e-4, 1e-6, 1e-9])
@pytest.mark.parametrize("layout", [np.asfortranarray, np.array, sparse.csc_array])
def test_lasso_of_collinear_rows(alpha, tol, layout):
    model = Lasso(alpha=alpha, tol=tol, max_iter=100_000).fit(layout(X), Y)
    assert proven_gap(model, alpha) <= tol
    assert model.relative_gap_ <= tol
    assert model.tol_reached_
    assert gap_of(model, alpha) <= max(tol, 4e-6)


@pytest.mark.parametrize("seed", range(4))
def test_rounding_one_by_one_would_miss_what_is_asked(seed):
    rows, y = spectra(seed=seed)
    model = Lasso(alpha=0.01, tol=1e-6, max_iter=100_000)
    plain = model.fit(rows.astype(float), y)
    plain.coef_, plain.intercept_ = plain.coef_.astype("f4"), np.float32(0.0)
    missed = gap_of(plain, 0.01, y=y, rows=rows)
    assert missed > 1e-6
    assert gap_of(clone(model).fit(rows, y), 0.01, y=y, rows=rows) < 0.7 * missed


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_targets_of_any_size(scale):
    alpha = 0.01 * scale
    model = Lasso(alpha=alpha, tol=1e-6, max_iter=100_000)
    model.fit(X, scale * Y)
    assert model.relative_gap_ <= 1e-6
    assert gap_of(model, alpha, y=scale * Y) <= 4e-6


@pytest.mark.parametrize("l1_ratio", [0.1, 0.9])
def test_elastic_net(l1_ratio):
    model = ElasticNet(alpha=0.01, l1_ratio=l1_ratio, tol=1e-6, max_iter=100_000)
    assert gap_of(model.fit(X, Y), 0.01, l1_ratio) <= 4e-6
    assert model.relative_gap_ <= 1e-6


@pytest.mark.parametrize("kind", [LassoCV, ElasticNetCV])
def test_models_chosen_by_cross_validation(kind):
    model = kind(alphas=5, cv=3, tol=1e-6, max_iter=100_000).fit(X, Y)
    ratio = getattr(model, "l1_ratio_", 1.0)
    assert gap_of(model, model.alpha_, ratio) <= 1e-6


def test_paths():
    centred = (X - X.mean(axis=0)).astype(np.float32)
    y = Y - Y.mean()
    alphas, coefs, gaps = lasso_path(
        centred, y, alphas=[1.0, 0.1, 0.01], tol=1e-6, max_iter=100_000
    )
    assert coefs.dtype == np.float32
    null = 0.5 * np.mean(y * y)
    for alpha, coef, gap in zip(alphas, coefs.T, gaps, strict=True):
        assert squared_gap(centred, y, coef.astype(float), None, alpha) <= 4e-6 * null
        assert gap <= 1e-6 * null


RECORDS = {
    "huber": (HuberLoss(delta=1.0), L1Penalty(0.01), Y),
    "groups": (SquaredLoss(), GroupLassoPenalty(0.01, tuple(np.arange(60) // 5)), Y),
    "bounds": (SquaredLoss(), L1Penalty(0.01, lower=-0.1, upper=0.7), Y),
    "logistic": (LogisticLoss(), L1Penalty(0.01), LABELS),
}


@pytest.mark.parametrize("name", RECORDS)
def test_any_loss_under_any_penalty(name):
    loss, penalty, y = RECORDS[name]
    kind = PenalizedClassifier if loss.classifies else PenalizedRegressor
    model = kind(loss, penalty, tol=1e-6, max_iter=100_000).fit(X, y)
    coef, intercept = rounded(model)
    assert model.relative_gap_ <= 1e-6
    assert math.isfinite(penalty.value(coef))
    if penalty.separable(60) is None:
        return
    own = intercept + shift(loss, y, WIDE @ coef + intercept)
    assert relative_gap(X, y, None, loss, penalty, coef, own, True) <= 4e-6


def shift(loss, y, z):
    """Return what the best intercept is above that of some scores, by bisection."""
    low, high = -1.0, 1.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        if loss.gradient(z + middle, y).sum() > 0.0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


# ---- what is reported is about what is handed out ----


@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_the_gap_is_that_of_the_rounded_coefficients(tol):
    model = Lasso(alpha=0.01, tol=tol, max_iter=100_000).fit(X, Y)
    best = Lasso(alpha=0.01, tol=1e-13, max_iter=100_000).fit(WIDE, Y)
    assert model.relative_gap_ == pytest.approx(proven_gap(model, 0.01), abs=1e-12)
    above = objective(*rounded(model)) - objective(best.coef_, best.intercept_)
    assert model.dual_gap_ >= above - 1e-12


def objective(coef, intercept, alpha=0.01):
    errors = Y - WIDE @ coef - intercept
    return 0.5 * np.mean(errors**2) + alpha * np.abs(coef).sum()


@pytest.mark.parametrize("model", [Lasso(0.01), PenalizedRegressor(penalty="l1")])
def test_says_if_float32_cannot_hold_the_answer(model):
    model.set_params(alpha=0.01, tol=1e-15, max_iter=100_000)
    with pytest.warns(ConvergenceWarning, match=r"rounded to float32.*float64"):
        model.fit(X, Y + 1e4)
    assert not model.tol_reached_
    assert model.relative_gap_ > 1e-15


def test_a_large_intercept_counts():
    with pytest.warns(ConvergenceWarning, match="rounded to float32"):
        model = Lasso(alpha=0.01, tol=1e-9, max_iter=100_000).fit(X, Y + 1e7)
    errors = (Y + 1e7) - WIDE @ model.coef_.astype(float) - float(model.intercept_)
    assert model.dual_gap_ >= 0.5 * errors.mean() ** 2 * (1.0 - 1e-3)


def test_float64_rows_are_left_alone():
    model = Lasso(alpha=0.01, tol=1e-10, max_iter=100_000).fit(WIDE, Y)
    assert model.coef_.dtype == np.float64
    assert (model.coef_ != model.coef_.astype(np.float32)).any()


# ---- bounds, zeros, classes ----


@pytest.mark.parametrize("bounds", [(0.0, math.inf), (-0.1, 0.1), (-0.3, 0.7)])
def test_bounds_hold_to_the_last_digit(bounds):
    penalty = BoxConstraint(*bounds)
    model = PenalizedRegressor(penalty=penalty, tol=1e-4).fit(X, Y)
    coef, _ = rounded(model)
    assert (coef >= bounds[0]).all()
    assert (coef <= bounds[1]).all()


def test_zeros_stay_zeros():
    exact = Lasso(alpha=0.01, tol=1e-6, max_iter=100_000).fit(WIDE, Y)
    model = Lasso(alpha=0.01, tol=1e-6, max_iter=100_000).fit(X, Y)
    assert not model.coef_[exact.coef_ == 0.0].any()


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression(n_classes, l1_ratio):
    labels = np.digitize(Y, np.quantile(Y, np.arange(1, n_classes) / n_classes))
    model = LogisticRegression(l1_ratio=l1_ratio, tol=1e-5, max_iter=1000)
    one, other = model.fit(WIDE, labels).coef_, model.fit(X, labels).coef_
    assert other.dtype == np.float32
    assert model.relative_gap_ <= 1e-5
    np.testing.assert_allclose(WIDE @ other.T, WIDE @ one.T, atol=0.1, rtol=0.01)


# ---- rounding by itself ----


@pytest.mark.parametrize("seed", range(5))
def test_scores_stay_nearer_than_by_rounding_each(seed):
    rows, _ = spectra(40, 12, seed)
    w = 100.0 * np.random.default_rng(seed).normal(size=12)
    lattice = lattice_of(rows)
    found = lattice.nearest(w)
    plain = w.astype(np.float32).astype(float)
    assert (found == found.astype(np.float32)).all()
    assert distance(rows, found - w) < 0.2 * distance(rows, plain - w)


def test_the_nearest_of_all_neighbours_is_hardly_nearer():
    rows = spectra(30, 3)[0]
    w = np.array([103.3, -207.7, 105.1])
    lattice = lattice_of(rows)
    found = lattice.nearest(w)
    steps = np.spacing(np.abs(w).astype(np.float32)).astype(float)
    start = w.astype(np.float32).astype(float)
    best = min(
        distance(rows, start + np.array(k) * steps - w)
        for k in itertools.product(range(-6, 7), repeat=3)
    )
    assert distance(rows, found - w) <= 3.0 * best


def lattice_of(rows):
    p = rows.shape[1]
    free = np.full(p, math.inf)
    share = np.full(len(rows), 1.0 / len(rows))
    return Lattice(rows, share, np.zeros(p), -free, free, np.float32, True)


def distance(rows, change):
    scores = rows.astype(float) @ change
    return np.sqrt(np.mean((scores - scores.mean()) ** 2))


def test_rounding_goes_inwards():
    values, low, high = np.array([0.1, -0.1, 5.0]), np.full(3, -0.1), np.full(3, 0.1)
    found = rounded_within(values, low, high, np.float32)
    assert (found <= 0.1).all()
    assert (found >= -0.1).all()
    np.testing.assert_allclose(found, [0.1, -0.1, 0.1], rtol=1e-6)
