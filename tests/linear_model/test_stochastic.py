"""The parts of the stochastic engine, each against its definition."""

import math

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_regression

from sknorms.linear_model import (
    BoxConstraint,
    ClippedSGDClassifier,
    ClippedSGDRegressor,
    ElasticNetPenalty,
    HuberLoss,
    L1Penalty,
    L2Penalty,
    LogisticLoss,
    MultinomialLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.linear_model._losses._one_vs_rest import OneVsRest
from sknorms.linear_model._stochastic._batches import Sample, automatic_batch_size
from sknorms.linear_model._stochastic._clipping import (
    AutomaticLimit,
    get_clip,
    row_sizes,
)
from sknorms.linear_model._stochastic._constant_model import ConstantModel
from sknorms.linear_model._stochastic._feature_scales import Moments
from sknorms.linear_model._stochastic._weights import PenaltySteps
from sknorms.norms import clip_by_norm, norm

RNG = np.random.default_rng(0)

# ---- clipping ----


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("order", [1.0, 2.0, 3.0, math.inf])
@pytest.mark.parametrize("outputs", [(), (3,)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_rows_are_clipped_as_if_each_gradient_were_formed(
    convert, order, outputs, fit_intercept
):
    X = RNG.normal(size=(20, 5)) * (RNG.random((20, 5)) < 0.6)
    slopes = RNG.normal(size=(20, *outputs))
    ones = np.full((20, 1), float(fit_intercept))
    full = np.einsum("ij,i...->ij...", np.hstack([X, ones]), slopes)
    limit = float(np.median([norm(g, order) for g in full]))
    wanted = np.stack([clip_by_norm(g, limit, order) for g in full])
    n_far = sum(norm(g, order) > limit for g in full)
    sizes = row_sizes(convert(X), order, fit_intercept=fit_intercept)
    share = get_clip("per_sample", limit, order).clip_rows(
        slopes, sizes, AutomaticLimit()
    )
    clipped = np.einsum("ij,i...->ij...", np.hstack([X, ones]), slopes)
    np.testing.assert_allclose(clipped, wanted, rtol=1e-12, atol=1e-15)
    assert share == n_far / 20


@pytest.mark.parametrize("clip", ["global", "per_sample", "value", "auto"])
def test_a_threshold_that_follows_lets_all_but_outliers_pass(clip):
    limit, record = AutomaticLimit(), get_clip(clip, None, 2.0)
    usual, far = [], []
    for i in range(300):
        size = float(np.exp(0.3 * RNG.normal())) * (100.0 if i % 50 == 49 else 1.0)
        gradient = np.array([size, 0.0])
        if record.by_row:
            record.clip_rows(gradient[:1], np.ones(1), limit)
        else:
            record.clip(gradient, size, gradient, limit)
        (far if size > 30 else usual).append(abs(gradient[0]) / size)
    assert min(usual) == 1.0
    assert max(far) < 0.2


@pytest.mark.parametrize("scale", [2.0**-900, 2.0**900])
def test_a_threshold_that_follows_has_no_unit(scale):
    sizes = np.exp(RNG.normal(size=100))
    one, other = AutomaticLimit(), AutomaticLimit()
    for size in sizes.tolist():
        one.see(size)
        other.see(scale * size)
    assert other.value / scale == pytest.approx(one.value, rel=1e-9)


@pytest.mark.parametrize("bad", [0.0, math.inf, math.nan])
def test_a_threshold_that_follows_ignores_what_is_no_size(bad):
    limit = AutomaticLimit()
    for _ in range(20):
        limit.see(2.0)
    before = limit.value
    limit.see(bad)
    limit.see(np.array([bad, bad]))
    assert limit.value == before < math.inf


def test_automatic_clipping_is_capped():
    record = get_clip("auto", 0.5, 2.0)
    gradient = np.array([3.0, 4.0])
    assert record.clip(gradient, 5.0, gradient, AutomaticLimit()).norm == 0.5
    assert norm(gradient) == pytest.approx(0.5)


@pytest.mark.parametrize("clip", ["global", "value", "adaptive"])
def test_what_is_within_the_threshold_stays_bit_for_bit(clip):
    gradient = RNG.normal(size=(4, 3)) * 1e-3
    kept = gradient.copy()
    weights = np.full((4, 3), 1e3)
    done = get_clip(clip, 1.0, 2.0).clip(gradient, 1.0, weights, AutomaticLimit())
    assert done == (1.0, 1.0)
    np.testing.assert_array_equal(gradient, kept)


@pytest.mark.parametrize("order", [1.0, 2.0, math.inf])
def test_history_of_global_clipping_tells_the_threshold(order):
    X, y = make_regression(200, 5, random_state=0)
    model = ClippedSGDRegressor(
        max_norm=20.0, norm_type=order, random_state=0, max_iter=3, tol=None
    ).fit(X, y)
    history = model.grad_history_
    clipped = history["clip_factor"] < 1.0
    assert clipped.any()
    np.testing.assert_allclose(
        history["clipped_norm"], history["clip_factor"] * history["norm"]
    )
    assert (history["norm_inf"] <= history["norm"]).all()
    if order == 2.0:
        np.testing.assert_allclose(history["clipped_norm"][clipped], 20.0)


# ---- what is measured ----


@pytest.mark.parametrize("outputs", [1, 3])
def test_history_is_that_of_the_gradients_there_are(outputs):
    X = RNG.normal(size=(50, 4)) + 3.0
    if outputs == 1:
        y = X @ [1.0, 2.0, 0.0, -1.0] + RNG.normal(size=50)
        model = ClippedSGDRegressor(max_iter=3, tol=None, clip=None)
    else:
        y = RNG.integers(0, 3, size=50)
        model = ClippedSGDClassifier(max_iter=3, tol=None, clip=None)
    path = []
    for _ in range(4):
        model.partial_fit(X, y, **({"classes": [0, 1, 2]} if outputs > 1 else {}))
        path.append((model.coef_.copy(), model.intercept_.copy()))
    history = model.grad_history_
    for i in range(1, 4):
        coef, intercept = (np.atleast_2d(part) for part in path[i - 1])
        scores = X @ coef.T + intercept.reshape(-1)
        if outputs == 1:
            residual, loss = scores[:, 0] - y, SquaredLoss()
            assert history["loss"][i] == pytest.approx(0.5 * np.mean(residual**2))
            slopes = residual[:, np.newaxis]
        else:
            loss = MultinomialLoss()
            slopes = loss.gradient(scores, y)
            assert history["loss"][i] == pytest.approx(loss.value(scores, y).mean())
        gradient = np.hstack([X, np.ones((50, 1))]).T @ slopes / 50
        assert history["norm"][i] == pytest.approx(np.linalg.norm(gradient))
        assert history["norm_inf"][i] == pytest.approx(np.abs(gradient).max())
        assert history["weight_norm"][i] == pytest.approx(
            np.linalg.norm(path[i][0]), rel=1e-9
        )
        assert history["update_norm"][i] == pytest.approx(
            np.linalg.norm(path[i][0] - path[i - 1][0]), rel=1e-6
        )


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("factor", [0.2, 0.9, 1.1, 3.0])
def test_stability_is_above_one_where_steps_are_too_long(factor, convert):
    X = RNG.normal(size=(100, 3)) * [1.0, 2.0, 5.0]
    y = X @ [1.0, 1.0, 1.0]
    ones = np.hstack([X, np.ones((100, 1))])
    steepest = np.linalg.eigvalsh(ones.T @ ones / 100).max()
    model = ClippedSGDRegressor(
        learning_rate="constant",
        eta0=factor * 2.0 / steepest,
        batch_size=100,
        clip=None,
        on_divergence="ignore",
        max_iter=30,
        tol=None,
    ).fit(convert(X), y)
    stability = model.grad_history_["stability"][0]
    assert 0.7 * factor < stability <= factor * (1 + 1e-9)
    diverges = factor > 1.0
    assert (model.loss_curve_[-1] > model.loss_curve_[0]) == diverges


# ---- features, targets, rows ----


@pytest.mark.parametrize("centred", [True, False])
def test_moments_against_their_definition(centred):
    X = RNG.normal(size=(60, 5)) * (RNG.random((60, 5)) < 0.4) + [0, 0, 0, 5, 0]
    X[:, 4] = 0.0
    weight = RNG.random(60) + 0.1
    mean = weight @ X / weight.sum() * centred
    squares = weight @ (X - mean) ** 2
    filled = weight @ (X != 0.0)
    scale = np.sqrt(squares / np.where(filled > 0, filled, 1.0))
    scale[4] = 1.0
    halves = [
        Moments.of(X[part], weight[part], centred=centred)
        for part in (slice(0, 20), slice(20, 60))
    ]
    for moments in (
        Moments.of(X, weight, centred=centred),
        Moments.of(sparse.csr_array(X), weight, centred=centred),
        halves[0].joined(halves[1]),
    ):
        np.testing.assert_allclose(moments.mean, mean, atol=1e-14)
        np.testing.assert_allclose(moments.squares, squares)
        np.testing.assert_allclose(moments.filled, filled)
        np.testing.assert_allclose(moments.scale, scale)
        assert moments.constant.tolist() == [False] * 4 + [True]


CONSTANTS = [
    (SquaredLoss(), RNG.normal(size=200) * 1e6 + 1e8, lambda y, w: w @ y / w.sum()),
    (
        LogisticLoss(),
        np.repeat([1.0, -1.0], [10, 190]),
        lambda y, w: np.log(w[:10].sum() / w[10:].sum()),
    ),
    (
        PoissonLoss(),
        RNG.poisson(5000.0, size=200).astype(float),
        lambda y, w: np.log(w @ y / w.sum()),
    ),
    (HuberLoss(1e12), RNG.normal(size=200), lambda y, w: w @ y / w.sum()),
]


@pytest.mark.parametrize(
    ("loss", "y", "best"), CONSTANTS, ids=["squared", "logistic", "poisson", "huber"]
)
def test_best_constant(loss, y, best):
    weight = RNG.random(200) + 0.5
    model = ConstantModel.fit(loss, y, weight, None, fit_intercept=True)
    assert float(model.intercept) == pytest.approx(best(y, weight), rel=1e-5, abs=1e-5)
    value = loss.value(np.full(200, float(model.intercept)), y)
    assert model.loss == pytest.approx(weight @ value / weight.sum())


@pytest.mark.parametrize(
    "loss", [HuberLoss(1e-3), HuberLoss(), SquaredHingeLoss(), LogisticLoss()]
)
def test_best_constant_has_no_slope(loss):
    y = np.sign(RNG.normal(size=301)) * (1.0 if loss.classifies else 1e5)
    model = ConstantModel.fit(loss, y, np.ones(301), None, fit_intercept=True)
    at = float(model.intercept)

    def mean(z):
        return loss.value(np.full(301, z), y).mean()

    step = max(1.0, abs(at)) * 1e-3
    assert mean(at) <= min(mean(at - step), mean(at + step)) + 1e-9 * abs(mean(at))
    assert 0.0 < model.reach < math.inf


def test_best_constants_of_classes():
    codes = np.repeat([0, 1, 2], [50, 30, 20])
    model = ConstantModel.fit(
        MultinomialLoss(), codes, np.ones(100), 3, fit_intercept=True
    )
    shares = MultinomialLoss().predict(model.intercept[np.newaxis])[0]
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], rtol=1e-4)


@pytest.mark.parametrize("batch_size", [1, 7, 100, 1000])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_batches_have_every_row_once_in_order(batch_size, convert):
    X = np.arange(300.0).reshape(100, 3) + 1.0
    weight = RNG.random(100) + 0.5
    order = RNG.permutation(100)
    sample = Sample(convert(X), X[:, 0], weight)
    batches = list(sample.batches(order, batch_size))
    rows = [b.rows.toarray() if sparse.issparse(b.rows) else b.rows for b in batches]
    rows = np.vstack(rows)
    np.testing.assert_array_equal(rows, X[order])
    np.testing.assert_array_equal(
        np.concatenate([b.target for b in batches]), X[order, 0]
    )
    for i, batch in enumerate(batches):
        own = weight[order[i * batch_size :][: len(batch.target)]]
        np.testing.assert_allclose(batch.share, own / weight.mean() / len(batch.target))


@pytest.mark.parametrize(
    ("shape", "density", "expected"),
    [
        ((1, 5), 1.0, 1),
        ((64, 5), 1.0, 64),
        ((65, 5), 1.0, 32),
        ((6400, 5), 1.0, 100),
        ((10**6, 5), 1.0, 256),
        ((3000, 10_000), 0.001, 1000),
    ],
)
def test_automatic_batch_size(shape, density, expected):
    if density < 1.0:
        rows = sparse.random(*shape, density, format="csr", random_state=0)
    else:
        rows = np.broadcast_to(np.float32(1.0), shape)
    assert automatic_batch_size(rows) == expected


# ---- penalties ----


@pytest.mark.parametrize("outputs", [None, 3])
@pytest.mark.parametrize(
    "penalty",
    [
        L1Penalty(0.3),
        L1Penalty(0.3, positive=True),
        L2Penalty(0.7),
        ElasticNetPenalty(0.5, 0.4),
        BoxConstraint(-0.2, 0.5),
        BoxConstraint(),
    ],
    ids=repr,
)
def test_steps_end_in_the_proximal_point(penalty, outputs):
    v = RNG.normal(size=(6,) if outputs is None else (6, outputs))
    step = RNG.random(v.shape) + 0.1
    steps = PenaltySteps.of(penalty, 6, outputs)
    for length in (0.3, step):
        wanted = penalty.prox(v, length)
        np.testing.assert_allclose(steps.prox(v, length), wanted, rtol=1e-14)
        assert not np.signbit(steps.prox(v, length)[wanted == 0.0]).any()


def test_one_against_the_rest_is_each_class_by_itself():
    loss, own = OneVsRest(LogisticLoss()), LogisticLoss()
    z = RNG.normal(size=(10, 3))
    y = 2.0 * (RNG.integers(0, 3, size=10)[:, np.newaxis] == np.arange(3)) - 1.0
    each = [own.value(z[:, k], y[:, k]) for k in range(3)]
    np.testing.assert_allclose(loss.value(z, y), np.sum(each, axis=0))
    np.testing.assert_allclose(loss.predict(z).sum(axis=1), 1.0)
    np.testing.assert_allclose(loss.predict(np.full((1, 3), -1e4)), 1 / 3)
    np.testing.assert_array_equal(loss.check_target(y), y)
    u = loss.gradient(z, y)
    gap = loss.value(z, y) + loss.conjugate(u, y) - (u * z).sum(axis=1)
    np.testing.assert_allclose(gap, 0.0, atol=1e-12)


# ---- parameters ----


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"clip": "norm"}, r"clip must be one of 'global', .*None; got 'norm'"),
        ({"clip": ["global"]}, r"clip must be one of .*; got \['global'\]"),
        ({"max_norm": -1.0}, r"max_norm must be a number >= 0; got -1"),
        ({"norm_type": 0.5}, r"norm_type must be a number >= 1; got 0.5"),
        ({"learning_rate": "optimal"}, r"learning_rate must be one of 'adagrad'"),
        ({"eta0": 0.0}, r"eta0 must be a number > 0; got 0"),
        ({"power_t": -1}, r"power_t must be a number >= 0; got -1"),
        ({"batch_size": 0}, r'batch_size must be >= 1; got 0. Or pass "auto"'),
        ({"batch_size": "many"}, r'batch_size must be an integer.* Or pass "auto"'),
        ({"momentum": 1.0}, r"momentum must be below 1; got 1"),
        ({"validation_fraction": 1.0}, r"validation_fraction must be below 1"),
        ({"on_divergence": "panic"}, r"on_divergence must be one of 'warn', 'raise'"),
        ({"monitor": "yes"}, r"monitor must be True or False; got 'yes'"),
        ({"tol": -1.0}, r"tol must be a number >= 0; got -1"),
        ({"max_iter": 0}, r"max_iter must be >= 1; got 0"),
        ({"n_iter_no_change": 0}, r"n_iter_no_change must be >= 1; got 0"),
        ({"average": -1}, r"average must be >= 0; got -1"),
        ({"random_state": "x"}, r"random_state must be None, an integer or a"),
        ({"alpha": -1.0, "penalty": "l2"}, r"alpha must be a number >= 0; got -1"),
        ({"penalty": "l3"}, r"penalty must be one of .*; got 'l3'"),
        ({"loss": "hinge"}, r"loss must be one of .*; got 'hinge'"),
    ],
)
@pytest.mark.parametrize("kind", [ClippedSGDRegressor, ClippedSGDClassifier])
def test_bad_parameters(kind, parameters, message):
    X, y = make_regression(30, 3, random_state=0)
    with pytest.raises(ValueError, match=message):
        kind(**parameters).fit(X, y > 0)


@pytest.mark.parametrize(
    ("kind", "loss"),
    [
        (ClippedSGDRegressor, "log_loss"),
        (ClippedSGDRegressor, LogisticLoss()),
        (ClippedSGDClassifier, "squared_error"),
        (ClippedSGDClassifier, SquaredLoss()),
    ],
)
def test_losses_of_the_other_kind(kind, loss):
    X, y = make_regression(30, 3, random_state=0)
    with pytest.raises(ValueError, match=r"loss must be one of .*; got"):
        kind(loss).fit(X, y > 0)


def test_targets_that_a_loss_cannot_take():
    X, y = make_regression(30, 3, random_state=0)
    with pytest.raises(ValueError, match="y must be y >= 0 for the poisson loss"):
        ClippedSGDRegressor("poisson").fit(X, y)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(30), "at least one non-zero"),
        (np.full(30, -1.0), "at least zero"),
        (np.ones(29), "expected"),
    ],
)
def test_bad_weights(weight, message):
    X, y = make_regression(30, 3, random_state=0)
    for model in (ClippedSGDRegressor(), ClippedSGDClassifier()):
        with pytest.raises(ValueError, match=message):
            model.fit(X, y > 0, sample_weight=weight)


def test_one_class_left_by_weights():
    X, y = make_regression(30, 3, random_state=0)
    with pytest.raises(ValueError, match="greater than one; got 1 class"):
        ClippedSGDClassifier().fit(X, y > 0, sample_weight=(y > 0).astype(float))
