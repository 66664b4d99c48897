"""Groups, several scores and balls: every fit is as good as it says, on every layout.

Gaps are summed up outside the solver, from the values of the loss and the penalty.
"""

import math

import numpy as np
import pytest
from scipy import sparse

from sknorms.linear_model import (
    ElasticNetPenalty,
    GroupLassoPenalty,
    HuberLoss,
    L1Penalty,
    L2Penalty,
    LogisticLoss,
    MultinomialLoss,
    NormBallConstraint,
    PoissonLoss,
    SparseGroupLassoPenalty,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.linear_model._problem._design import make_design
from sknorms.linear_model._solvers._solve import solve

N, P, K = 60, 24, 3
LABELS = np.repeat(np.arange(8), [1, 2, 3, 4, 5, 4, 3, 2])
SQUARED = SquaredLoss()


def data(n=N, p=P, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, p))
    X[:, 1::2] += 0.7 * X[:, ::2]
    X[generator.random(X.shape) < 0.4] = 0.0
    return X, X[:, [0, 3, 5]] @ [1.5, -2.0, 1.0] + generator.normal(size=n)


def targets(loss, score, seed=0):
    """Return targets that have to do with a score."""
    generator = np.random.default_rng(seed)
    if loss.vector_valued:
        noisy = score + generator.normal(size=len(score))
        return np.digitize(noisy, np.quantile(noisy, [0.3, 0.7])).astype(np.intp)
    if loss.classifies:
        return np.where(score + generator.normal(size=len(score)) > 0.0, 1.0, -1.0)
    if isinstance(loss, PoissonLoss):
        return generator.poisson(np.exp(np.clip(0.4 * score, -3.0, 3.0))) * 1.0
    return score


def null_value(problem):
    """Return the least mean loss of scores that are the same in all rows."""
    _, y, share, loss, fit_intercept = problem
    k = loss.n_outputs(y) if loss.vector_valued else 1
    b, value = np.zeros(k), math.inf
    if fit_intercept and loss.vector_valued:
        b = np.log(np.bincount(y, weights=share, minlength=k))
    elif fit_intercept:
        size = 1.0 + np.abs(y).max()
        low, high = -40.0 * size, 40.0 * size
        for _ in range(300):
            left, right = low + (high - low) / 3, high - (high - low) / 3
            at = [share @ loss.value(np.full(len(y), t), y) for t in (left, right)]
            low, high = (low, right) if at[0] <= at[1] else (left, high)
        b = np.array([low])
    z = np.broadcast_to(b, (len(y), k))
    value = float(share @ loss.value(z if loss.vector_valued else z[:, 0], y))
    return value


def relative_gap(problem, penalty, coef, intercept):
    """Return (P - D) / P(0), for the best of many multiples of the derivatives."""
    X, y, share, loss, fit_intercept = problem
    z = X @ coef + intercept
    u = loss.gradient(z, y)
    if fit_intercept:
        weighted = np.abs((share * u.T).sum(axis=-1)).max()
        assert weighted <= 1e-9 * (share * np.abs(u).T).sum()
    gradient = X.T @ (share * u.T).T
    primal = share @ loss.value(z, y) + penalty.value(coef)
    limit = penalty.feasible_scale(-gradient, 2.0)
    near = np.concatenate([[1.0], 1.0 - np.logspace(-14, 0, 120)])
    near = [c for c in [*near, *(2.0 - near)] if c <= limit]
    duals = [
        -(share @ loss.conjugate(c * u, y)) - penalty.conjugate(-c * gradient)
        for c in [*near, limit]
    ]
    return (primal - np.nanmax(duals)) / null_value(problem)


def check(X, y, loss, penalty, *, weight=None, fit_intercept=True, tol=1e-7, slack=1.0):
    """Fit, and check the gap outside; return the solution."""
    solution = solve(
        make_design(X, weight), y, loss, penalty, fit_intercept=fit_intercept, tol=tol
    )
    assert solution.converged, (solution.relative_gap, solution.n_iter)
    dense = (X.toarray() if sparse.issparse(X) else np.asarray(X)).astype(np.float64)
    weight = np.ones(len(y)) if weight is None else weight
    kept = weight > 0.0
    problem = (
        dense[kept],
        y[kept],
        weight[kept] / weight.sum(),
        loss,
        fit_intercept,
    )
    gap = relative_gap(problem, penalty, solution.coef, solution.intercept)
    assert gap <= slack * tol + 1e-13
    assert solution.relative_gap <= tol
    return solution


def strength(X, y, loss, penalty, share):
    """Return a part of alpha_max, or of the radius of an unbounded fit."""
    if not penalty.has_alpha:
        return penalty
    shape = (len(y), loss.n_outputs(y)) if loss.vector_valued else len(y)
    z = np.zeros(shape)
    if isinstance(loss, SquaredLoss | HuberLoss):
        z = z + np.median(y)
    gradient = np.asarray(X.T @ loss.gradient(z, y)) / len(y)
    largest = penalty.alpha_max(gradient)
    return penalty.with_alpha(share * largest if math.isfinite(largest) else share)


GROUPED = [
    GroupLassoPenalty(1.0, LABELS),
    GroupLassoPenalty(1.0, LABELS, np.linspace(0.5, 2.0, 8)),
    SparseGroupLassoPenalty(1.0, 0.5, LABELS),
]
LOSSES = [SQUARED, HuberLoss(0.5), LogisticLoss(), SquaredHingeLoss(), PoissonLoss()]
CLASS_PENALTIES = [
    L1Penalty(),
    L1Penalty(weights=np.linspace(0.5, 2.0, P)),
    L1Penalty(lower=-0.4, upper=0.3),
    ElasticNetPenalty(1.0, 0.5),
    L2Penalty(0.1),
    GroupLassoPenalty(),
    GroupLassoPenalty(1.0, LABELS),
    SparseGroupLassoPenalty(1.0, 0.5),
]
BALLS = [NormBallConstraint(norm, 0.8) for norm in ("l1", "l2", "max", 3)]
CASES = [
    *((loss, penalty) for loss in LOSSES for penalty in GROUPED),
    *((MultinomialLoss(), penalty) for penalty in CLASS_PENALTIES),
    *((loss, BALLS[0]) for loss in [*LOSSES, MultinomialLoss()]),
    *((SQUARED, ball) for ball in BALLS[1:]),
    *((MultinomialLoss(), NormBallConstraint(n, 0.8)) for n in ("nuclear", "spectral")),
]
each_case = pytest.mark.parametrize(("loss", "penalty"), CASES)
# One of each kind of solver.
KINDS = [
    (SQUARED, GROUPED[0]),
    (SQUARED, GROUPED[2]),
    (LogisticLoss(), GROUPED[0]),
    (MultinomialLoss(), CLASS_PENALTIES[0]),
    (MultinomialLoss(), CLASS_PENALTIES[3]),
    (MultinomialLoss(), CLASS_PENALTIES[5]),
    (SQUARED, BALLS[0]),
    (MultinomialLoss(), BALLS[1]),
]
each_kind = pytest.mark.parametrize(("loss", "penalty"), KINDS)


@each_case
@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_gap_is_as_small_as_asked_for(loss, penalty, share):
    X, score = data()
    y = targets(loss, score)
    check(X, y, loss, strength(X, y, loss, penalty, share))


@each_case
def test_without_an_intercept(loss, penalty):
    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.1)
    solution = check(X, y, loss, penalty, fit_intercept=False)
    assert not np.any(solution.intercept)


@each_case
def test_more_features_than_rows(loss, penalty):
    if getattr(penalty, "weights", None) is not None:
        penalty = type(penalty)()
    X, score = data(40, 120)
    y = targets(loss, score)
    if getattr(penalty, "groups", None) is not None:
        penalty = type(penalty)(groups=np.arange(120) // 3)
    check(X, y, loss, strength(X, y, loss, penalty, 0.1))


LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "csc": sparse.csc_array,
    "csr": sparse.csr_array,
    "csr64": lambda X: wide(sparse.csr_array(X)),
}


def wide(X):
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


@each_kind
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_layout_gives_the_same_model(loss, penalty, layout, dtype):
    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.1)
    solution = check(LAYOUTS[layout](X.astype(dtype)), y, loss, penalty)
    other = check(X.astype(dtype).astype(np.float64), y, loss, penalty)
    np.testing.assert_allclose(solution.coef, other.coef, atol=2e-3)


@each_kind
def test_weights_are_repeated_rows(loss, penalty):
    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.1)
    weight = np.random.default_rng(1).integers(0, 4, N).astype(float)
    weighted = check(X, y, loss, penalty, weight=weight, tol=1e-10)
    times = weight.astype(int)
    plain = check(np.repeat(X, times, 0), np.repeat(y, times), loss, penalty, tol=1e-10)
    np.testing.assert_allclose(weighted.coef, plain.coef, atol=1e-4)
    np.testing.assert_allclose(weighted.intercept, plain.intercept, atol=1e-4)
    assert weighted.dual_coef.shape[0] == N
    assert not weighted.dual_coef[weight == 0.0].any()


@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1e4, 1e8])
@pytest.mark.parametrize("penalty", [GROUPED[0], GROUPED[2]])
def test_the_scale_of_the_target_changes_nothing(penalty, scale):
    X, y = data()
    penalty = strength(X, y, SQUARED, penalty, 0.05)
    one = check(X, y, SQUARED, penalty)
    other = check(X, scale * y, SQUARED, penalty.with_alpha(scale * penalty.alpha))
    np.testing.assert_array_equal(one.coef != 0.0, other.coef != 0.0)
    ball = NormBallConstraint("l1", 0.8 * scale)
    check(X, scale * y, SQUARED, ball)


@each_kind
def test_columns_as_they_come(loss, penalty):
    # Of very different sizes, far from zero, constant, and twice the same.
    X, score = data()
    y = targets(loss, score)
    if not penalty.has_alpha:
        scale = np.ones(P)
    else:
        scale = np.logspace(-3, 3, P)
        np.random.default_rng(0).shuffle(scale)
    X = (X + np.linspace(0.0, 50.0, P)) * scale
    X[:, 7], X[:, 9] = 3.0, X[:, 8]
    centred = X - X.mean(axis=0)
    penalty = strength(centred, y, loss, penalty, 0.05)
    if not penalty.has_alpha:
        X = centred + 1.0
    check(X, y, loss, penalty, tol=1e-6, slack=1.01)


@each_kind
def test_starting_from_a_solution(loss, penalty):
    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.1)
    design = make_design(X)
    first = solve(design, y, loss, penalty, tol=1e-9)
    again = solve(design, y, loss, penalty, tol=1e-8, initial=first.start)
    assert again.converged
    assert again.n_iter <= max(2, first.n_iter // 2)
    np.testing.assert_allclose(again.coef, first.coef, atol=1e-4)


@each_kind
def test_few_sweeps_are_no_convergence(loss, penalty):
    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.01)
    solution = solve(make_design(X), y, loss, penalty, tol=1e-14, max_iter=1)
    assert not solution.converged
    assert solution.relative_gap > 1e-14
    assert np.isfinite(solution.coef).all()


@pytest.mark.parametrize(("loss", "penalty"), [k for k in KINDS if k[1].has_alpha])
def test_alpha_max_leaves_nothing(loss, penalty):
    X, score = data()
    y = targets(loss, score)
    empty = solve(make_design(X), y, loss, penalty.with_alpha(1e9))
    assert not empty.coef.any()
    assert empty.n_full_passes == 1
    z = np.zeros((N, K) if loss.vector_valued else N) + empty.intercept
    gradient = X.T @ loss.gradient(z, y) / N
    largest = penalty.alpha_max(gradient)
    tight = {"tol": 1e-12}
    at = solve(make_design(X), y, loss, penalty.with_alpha(largest * 1.0001), **tight)
    below = solve(make_design(X), y, loss, penalty.with_alpha(0.99 * largest), **tight)
    assert not at.coef.any()
    assert below.coef.any()


# ---- special cases ----


def test_groups_that_turn_round_stop_at_zero():
    # Nearly parallel columns: Newton's steps lead small groups through zero.
    generator = np.random.default_rng(180)
    X = generator.normal(size=(32, 115)) + 100.0 * generator.normal(size=115)
    y, labels = X[:, 0] - 100.0, np.arange(115) // 4
    penalty = strength(X, y - y.mean(), SQUARED, GroupLassoPenalty(1.0, labels), 2e-3)
    solution = check(X, y, SQUARED, penalty, tol=1e-6, slack=1.01)
    assert solution.n_iter < 2000


def test_bounds_hold_to_the_last_digit():
    X, score = data(8, 60)
    y = targets(MultinomialLoss(), score)
    penalty = L1Penalty(1e-5, lower=-0.6460721119155426, upper=0.007769783746939818)
    solution = check(X, y, MultinomialLoss(), penalty, tol=1e-6)
    assert (solution.coef <= penalty.upper).all()
    assert (solution.coef >= penalty.lower).all()


def test_groups_of_one_are_the_lasso():
    X, y = data()
    alpha = 0.1
    lasso = solve(make_design(X), y, SQUARED, L1Penalty(alpha), tol=1e-12)
    for penalty in (
        GroupLassoPenalty(alpha, [[i] for i in range(P)]),
        SparseGroupLassoPenalty(alpha, 1.0, LABELS),
    ):
        grouped = solve(make_design(X), y, SQUARED, penalty, tol=1e-12)
        np.testing.assert_allclose(grouped.coef, lasso.coef, atol=1e-6)


def test_two_classes_are_twice_the_logistic_loss():
    # With w and -w as coefficients of two classes the penalty counts twice.
    X, score = data()
    signs = targets(LogisticLoss(), score)
    codes = (signs > 0).astype(np.intp)
    tight = {"tol": 1e-12}
    one = solve(make_design(X), signs, LogisticLoss(), L2Penalty(0.1), **tight)
    two = solve(make_design(X), codes, MultinomialLoss(), L2Penalty(0.2), **tight)
    np.testing.assert_allclose(two.coef[:, 1] - two.coef[:, 0], one.coef, atol=1e-5)
    np.testing.assert_allclose(two.coef.sum(axis=1), 0.0, atol=1e-6)


def test_the_gap_is_that_of_the_coefficients_alone():
    # Its best dual point came from a pass before the last.
    generator = np.random.default_rng(1620)
    n, groups, size = (generator.integers(*e) for e in ((10, 30), (20, 120), (1, 7)))
    X = generator.normal(size=(n, groups * size))
    X += 100.0 * generator.choice([1.0, generator.normal()], size=groups * size)
    w = generator.normal(size=groups * size) * (generator.random(groups * size) < 0.2)
    y = X @ w + generator.normal(size=n)
    grouped = GroupLassoPenalty(1.0, np.arange(groups * size) // size, np.ones(groups))
    penalty = grouped.with_alpha(1e-3 * grouped.alpha_max(X.T @ y / n))
    X = np.asfortranarray(X)
    check(X, y, SQUARED, penalty, fit_intercept=False, tol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_classes_under_a_weak_penalty(offset):
    # As many coefficients as rows: second derivatives nearly vanish on the way.
    generator = np.random.default_rng(0)
    X = generator.normal(size=(90, 37))
    scores = X @ generator.normal(scale=0.3, size=(37, 3))
    y = (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)
    penalty = strength(X, y, MultinomialLoss(), L1Penalty(), 1e-3)
    solution = check(X + offset, y, MultinomialLoss(), penalty, tol=1e-6)
    assert solution.n_iter < 300
    # What all classes share would make magnitudes larger and change no probability.
    assert (solution.coef == 0.0).any(axis=1).all()


def test_no_penalty_at_all():
    X, score = data(200, 6)
    y = targets(MultinomialLoss(), score)
    for penalty in (L1Penalty(0.0), L2Penalty(0.0)):
        solution = solve(make_design(X), y, MultinomialLoss(), penalty, tol=1e-9)
        assert solution.converged
        u = MultinomialLoss().gradient(X @ solution.coef + solution.intercept, y)
        np.testing.assert_allclose(X.T @ u / len(y), 0.0, atol=1e-6)


def test_groups_without_a_penalty_are_fitted_freely():
    X, y = data()
    weights = np.ones(8)
    weights[3] = 0.0
    penalty = GroupLassoPenalty(1e3, LABELS, weights)
    solution = solve(make_design(X), y, SQUARED, penalty, tol=1e-9)
    free = LABELS == 3
    design = np.column_stack([X[:, free], np.ones(N)])
    expected = np.linalg.lstsq(design, y, rcond=None)[0][:-1]
    np.testing.assert_allclose(solution.coef[free], expected, atol=1e-5)
    assert not solution.coef[~free].any()
    assert solution.converged


def test_rows_of_features_leave_together():
    X, score = data()
    y = targets(MultinomialLoss(), score)
    penalty = strength(X, y, MultinomialLoss(), GroupLassoPenalty(), 0.3)
    coef = solve(make_design(X), y, MultinomialLoss(), penalty).coef
    kept = coef.any(axis=1)
    assert 0 < kept.sum() < P
    assert (coef[kept] != 0.0).all()


def test_balls_hold_their_points():
    X, y = data()
    for ball in BALLS:
        solution = check(X, y, SQUARED, ball)
        assert ball.value(solution.coef) == 0.0
        assert ball.norm.value(solution.coef) == pytest.approx(0.8, rel=1e-12)
    loose = NormBallConstraint("l2", 1e3)
    solution = check(X, y, SQUARED, loose)
    design = np.column_stack([X, np.ones(N)])
    expected = np.linalg.lstsq(design, y, rcond=None)[0][:-1]
    np.testing.assert_allclose(solution.coef, expected, atol=1e-2)


def test_no_rows_are_written_to():
    X, score = data()
    y = targets(MultinomialLoss(), score)
    for array in (X, y):
        array.flags.writeable = False
    before = X.copy()
    solve(make_design(X), y, MultinomialLoss(), L1Penalty(0.05))
    solve(make_design(np.asfortranarray(X)), score, SQUARED, GROUPED[0].with_alpha(0.1))
    np.testing.assert_array_equal(X, before)


@pytest.mark.kernels
@each_kind
def test_with_and_without_kernels(loss, penalty, monkeypatch):
    from sknorms import _compile

    X, score = data()
    y = targets(loss, score)
    penalty = strength(X, y, loss, penalty, 0.1)
    compiled = check(X, y, loss, penalty, tol=1e-9)
    monkeypatch.setattr(_compile, "kernels_available", lambda: False)
    plain = check(X, y, loss, penalty, tol=1e-9)
    np.testing.assert_allclose(compiled.coef, plain.coef, atol=1e-3)
