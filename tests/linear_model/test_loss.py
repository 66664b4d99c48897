"""Every registered loss: value, derivatives, conjugate, extreme scores, bad targets."""

import copy
import math
import pickle

import numpy as np
import oracles_linear as oracles
import pytest
from scipy.optimize import minimize

from sknorms.linear_model import (
    HuberLoss,
    LogisticLoss,
    MultinomialLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
    get_loss,
)
from sknorms.linear_model._losses._loss import LOSSES

CASES = [(loss, y) for loss, targets in oracles.LOSS_CASES.items() for y in targets]
each_case = pytest.mark.parametrize(("loss", "y"), CASES)
each_loss = pytest.mark.parametrize("loss", oracles.LOSS_CASES)
K = 3


def scores(loss, count=40, size=4.0, seed=0):
    """Return scores, some at kinks of the losses, for one target."""
    shape = (count, K) if loss.vector_valued else count
    z = np.random.default_rng(seed).normal(size=shape) * size
    z[0], z[1] = 0.0, 1.0
    return z


def targets(loss, y, count=40):
    return loss.check_target(np.full(count, y))


def test_every_record_has_an_oracle_and_a_case():
    records = set(LOSSES.values())
    assert records == set(oracles.LOSS_ORACLES)
    assert records == {type(loss) for loss in oracles.LOSS_CASES}


@each_case
def test_value_is_the_textbook_formula(loss, y):
    z = scores(loss)
    expected = [oracles.loss_value(loss, row, y) for row in z]
    found = loss.value(z, targets(loss, y))
    assert found.shape == (len(z),)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def columns(loss):
    return range(K) if loss.vector_valued else [...]


@each_case
def test_gradient_is_the_slope_of_the_value(loss, y):
    z, t, h = scores(loss), targets(loss, y), 1e-5
    gradient = loss.gradient(z, t)
    assert gradient.shape == z.shape
    for k in columns(loss):
        shift = np.zeros_like(z)
        shift.T[k] = h
        slope = (loss.value(z + shift, t) - loss.value(z - shift, t)) / (2 * h)
        # At a kink of the gradient the difference is off by its order, h.
        np.testing.assert_allclose(gradient.T[k], slope, rtol=1e-5, atol=3 * h)


@each_case
def test_curvature_is_the_slope_of_the_gradient(loss, y):
    z, t, h = scores(loss)[2:], targets(loss, y)[2:], 1e-6
    curvature = loss.curvature(z, t)
    assert curvature.shape == z.shape
    for k in columns(loss):
        shift = np.zeros_like(z)
        shift.T[k] = h
        change = loss.gradient(z + shift, t) - loss.gradient(z - shift, t)
        slope = change.T[k] / (2 * h)
        np.testing.assert_allclose(curvature.T[k], slope, rtol=1e-5, atol=1e-5)


@each_loss
def test_gradient_is_lipschitz_with_the_constant_that_is_said(loss):
    worst = 0.0
    for y in oracles.LOSS_CASES[loss]:
        a, b = scores(loss, 400), scores(loss, 400) + scores(loss, 400, 1e-3, 1)
        t = targets(loss, y, 400)
        moved = (loss.gradient(a, t) - loss.gradient(b, t)).reshape(400, -1)
        length = np.linalg.norm((a - b).reshape(400, -1), axis=1)
        ratio = np.linalg.norm(moved, axis=1)[length > 0] / length[length > 0]
        worst = max(worst, ratio.max())
    assert worst <= loss.smoothness * (1 + 1e-9)
    if loss.smoothness < math.inf:
        assert worst >= 0.9 * loss.smoothness


@each_case
def test_gradients_meet_their_conjugates(loss, y):
    # Fenchel and Young: f(z) + f*(f'(z)) = z f'(z).
    z, t = scores(loss), targets(loss, y)
    u = loss.gradient(z, t)
    product = (z * u).reshape(len(z), -1).sum(axis=1)
    both = loss.value(z, t) + loss.conjugate(u, t)
    np.testing.assert_allclose(both, product, rtol=1e-11, atol=1e-11)


@each_case
def test_conjugate_is_the_largest_excess(loss, y):
    shares = np.linspace(0.1, 0.9, 6)
    for row, fraction in zip(scores(loss, 6, 1.5), shares, strict=True):
        z, t = row[np.newaxis], targets(loss, y, 1)
        u = fraction * loss.gradient(z, t)
        start = np.atleast_1d(np.zeros_like(row))

        def deficit(at, u=u):
            point = at if loss.vector_valued else at[0]
            return oracles.loss_value(loss, point, y) - float(np.vdot(u, at))

        found = minimize(deficit, start, method="Nelder-Mead", tol=1e-13)
        expected = -found.fun
        np.testing.assert_allclose(loss.conjugate(u, t), expected, atol=1e-8)


OUTSIDE = [
    (LogisticLoss(), 1.0, 0.1),
    (LogisticLoss(), 1.0, -1.1),
    (LogisticLoss(), -1.0, -0.1),
    (HuberLoss(2.0), 0.0, 2.1),
    (HuberLoss(2.0), 0.0, -2.1),
    (PoissonLoss(), 3.0, -3.1),
    (SquaredHingeLoss(), 1.0, 0.1),
    (SquaredHingeLoss(), -1.0, -0.1),
    (MultinomialLoss(), 0.0, (0.1, 0.0, -0.1)),
    (MultinomialLoss(), 0.0, (-0.5, 0.25, 0.0)),
]


@pytest.mark.parametrize(("loss", "y", "u"), OUTSIDE)
def test_conjugate_is_infinite_where_the_excess_has_no_bound(loss, y, u):
    assert loss.conjugate(np.array([u]), targets(loss, y, 1)) == [math.inf]
    far = max(
        float(np.vdot(u, z)) - loss.value(np.array([z]), targets(loss, y, 1))[0]
        for size in (1e7, -1e7)
        for z in size * directions(loss)
    )
    assert far > 1e5


def directions(loss):
    if not loss.vector_valued:
        return np.array([1.0])
    return np.vstack([np.eye(K), np.ones((1, K))])


@each_case
def test_shrunken_gradients_stay_in_the_domain(loss, y):
    z, t = scores(loss, 40, 300.0), targets(loss, y)
    for c in (0.0, 1e-300, 1e-9, 0.3, 1.0):
        assert np.isfinite(loss.conjugate(c * loss.gradient(z, t), t)).all()
    # 0 is the conjugate point of the smallest loss, which is 0 for all of them.
    np.testing.assert_allclose(loss.conjugate(np.zeros_like(z), t), 0.0, atol=1e-15)


EXTREMES = np.array([0.0, 5e-324, 1e-300, 1e-12, 30.0, 709.0, 800.0, 1e5, 1e160, 1e300])


@each_case
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_scores_of_any_size(loss, y, sign):
    # Warnings are errors: infinity is where the true value is beyond the largest float.
    z = sign * EXTREMES
    if loss.vector_valued:
        z = np.stack([z, -z, 0.5 * z], axis=1)
    t = targets(loss, y, len(z))
    value, gradient = loss.value(z, t), loss.gradient(z, t)
    everything = [value, gradient, loss.curvature(z, t), loss.predict(z)]
    everything.append(loss.conjugate(0.5 * gradient, t))
    assert not any(np.isnan(array).any() for array in everything)
    assert (value >= 0.0).all()
    assert not np.isinf(value[:6]).any()
    assert (np.isinf(value) <= (np.abs(EXTREMES) > 709.5)).all()


def test_long_logarithms_are_not_cut_off():
    z = np.array([1e300, -1e300])
    np.testing.assert_array_equal(LogisticLoss().value(z, -np.sign(z)), np.abs(z))
    np.testing.assert_array_equal(LogisticLoss().value(z, np.sign(z)), 0.0)
    found = MultinomialLoss().value(np.array([[1e300, -1e300]] * 2), np.array([0, 1]))
    np.testing.assert_array_equal(found, [0.0, 2e300])
    # Far on the right side the loss is e^-z, long after 1 + e^-z has become 1.
    tail = LogisticLoss().value(np.array([100.0]), np.array([1.0]))
    np.testing.assert_allclose(tail, math.exp(-100.0), rtol=1e-14)


def test_poisson_loss_is_half_the_deviance_to_the_last_digits():
    z, y = np.log(np.array([1e6, 3.0])), np.array([1e6, 3.0])
    np.testing.assert_allclose(PoissonLoss().value(z, y), 0.0, atol=1e-20)
    near = PoissonLoss().value(z + 1e-6, y)
    np.testing.assert_allclose(near, 0.5 * y * 1e-12, rtol=1e-5)


@each_loss
def test_dual_scale_is_the_best_or_within_one(loss):
    generator = np.random.default_rng(3)
    for y in oracles.LOSS_CASES[loss]:
        z, t = scores(loss), targets(loss, y)
        u, weight = loss.gradient(z, t), generator.uniform(0.5, 2.0, len(z))
        for limit in (0.0, 0.3, 1.0, 5.0):
            c = loss.dual_scale(u, t, weight, limit)
            assert 0.0 <= c <= limit
            value = weight @ loss.conjugate(c * u, t)
            others = [min(f, 1.0) * min(limit, 1.0) for f in (0.2, 0.7, 1.0)]
            best = min(weight @ loss.conjugate(f * u, t) for f in others)
            assert math.isfinite(value)
            if limit <= 1.0 and isinstance(loss, SquaredLoss | SquaredHingeLoss):
                assert value <= best + 1e-9 * abs(best)


def test_dual_scale_of_nothing_is_one():
    zero, one = np.zeros(3), np.ones(3)
    assert SquaredLoss().dual_scale(zero, one, one, 2.0) == 1.0
    assert HuberLoss().dual_scale(zero, one, one, 0.5) == 0.5


@each_loss
def test_predictions_are_means(loss):
    z = scores(loss)
    predicted = loss.predict(z)
    assert predicted.shape == z.shape
    if loss.has_probabilities:
        assert ((predicted >= 0.0) & (predicted <= 1.0)).all()
    if loss.vector_valued:
        np.testing.assert_allclose(predicted.sum(axis=1), 1.0, rtol=1e-14)


def test_multinomial_of_two_classes_is_logistic():
    z = scores(LogisticLoss())
    pair, codes = np.stack([np.zeros_like(z), z], axis=1), np.ones(len(z), dtype=int)
    np.testing.assert_allclose(
        MultinomialLoss().value(pair, codes), LogisticLoss().value(z, np.ones(len(z)))
    )
    np.testing.assert_allclose(
        MultinomialLoss().predict(pair)[:, 1], LogisticLoss().predict(z)
    )


def test_number_of_outputs():
    assert MultinomialLoss().n_outputs(np.array([0, 2, 1])) == 3
    assert LogisticLoss().n_outputs(np.array([1.0, -1.0])) == 1


# ---- names, records, bad input ----


def test_names():
    for name, record in LOSSES.items():
        assert type(get_loss(name)) is record
    assert get_loss("huber", delta=2) == HuberLoss(2.0)
    record = HuberLoss(3.0)
    assert get_loss(record) is record


@each_loss
def test_records_are_values(loss):
    for other in (pickle.loads(pickle.dumps(loss)), copy.deepcopy(loss)):
        assert other == loss
        assert hash(other) == hash(loss)
    with pytest.raises(AttributeError):
        loss.delta = 1.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: get_loss("hinge"),
            "must be one of .*'squared_error'.*got 'hinge'",
        ),
        (lambda: get_loss(3), "loss record; got 3"),
        (lambda: get_loss("huber", epsilon=1.0), "'epsilon'; it takes delta"),
        (lambda: get_loss("squared", delta=1.0), "'delta'; it takes no parameters"),
        (lambda: get_loss(HuberLoss(), delta=2.0), "unknown parameter.*'delta'"),
        (lambda: HuberLoss(0.0), "delta must be a number > 0; got 0.0"),
        (lambda: HuberLoss(math.inf), "delta must be finite; got inf. Use the squared"),
        (lambda: HuberLoss("a"), "delta must be a real number; got 'a'"),
    ],
)
def test_bad_losses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("logistic", [1.0, 0.0], r"y must be -1 or \+1.*got 0. Look at row 1"),
        ("squared_hinge", [2.0, 1.0], r"y must be -1 or \+1.*got 2. Look at row 0"),
        ("multinomial", [0.0, 1.5], "numbers 0, 1, 2.*got 1.5. Look at row 1"),
        ("multinomial", [-1.0, 1.0], "got -1. Look at row 0"),
        ("poisson", [1.0, -2.0], "y must be y >= 0|got -2"),
        ("squared", [1.0, math.nan], "y must be finite; look at row 1"),
        ("huber", [math.inf], "y must be finite; look at row 0"),
        ("squared", [[1.0], [2.0]], r"one dimension.*shape \(2, 1\)"),
    ],
)
def test_bad_targets(loss, y, message):
    with pytest.raises(ValueError, match=message):
        get_loss(loss).check_target(y)
