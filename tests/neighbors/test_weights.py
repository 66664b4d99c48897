"""How neighbours are weighted: by rule, by sample weight, by class weight."""

import numpy as np
import pytest
from labels import label
from sklearn import config_context
from sklearn.ensemble import BaggingClassifier
from sklearn.model_selection import cross_validate
from sklearn.utils.class_weight import compute_class_weight

from sknorms.neighbors import KNeighborsClassifier, KNeighborsRegressor

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Q = RNG.normal(size=(30, 3))
LABELS = RNG.integers(0, 3, 80)
TARGETS = RNG.normal(size=80)
RULES = ["uniform", "distance", lambda d: 1 / (1 + d)]


# ---- by distance ----


def test_a_zero_distance_takes_all():
    rows = [[0.0], [0.0], [1e-9], [1.0]]
    model = KNeighborsRegressor(4, weights="distance").fit(rows, [1.0, 3.0, 50.0, 70.0])
    assert model.predict([[0.0]]) == [2.0]
    voter = KNeighborsClassifier(4, weights="distance").fit(rows, list("abcc"))
    assert voter.predict_proba([[0.0]]).tolist() == [[0.5, 0.5, 0.0]]


@pytest.mark.parametrize("scale", [1e-320, 1e-310, 1e-160, 1e150, 1e307])
def test_distances_of_any_size_weigh_alike(scale):
    rows = np.array([[1.0], [2.0], [4.0]]) * scale
    model = KNeighborsRegressor(3, weights="distance").fit(rows, [1.0, 2.0, 3.0])
    expected = (1 + 2 / 2 + 3 / 4) / (1 + 1 / 2 + 1 / 4)
    rounding = 1e-3 if scale < 1e-310 else 1e-12
    assert model.predict([[0.0]]) == pytest.approx(expected, rel=rounding)


def test_infinite_weights_of_a_function_take_all():
    with np.errstate(divide="ignore"):
        model = KNeighborsRegressor(3, weights=lambda d: 1 / d)
        model.fit([[0.0], [1.0], [2.0]], [5.0, 6.0, 7.0])
        assert model.predict([[1.0]]) == [6.0]


def test_probabilities_sum_to_one():
    for rule in RULES:
        model = KNeighborsClassifier(7, weights=rule).fit(X, LABELS)
        for queries in (Q, X, None):
            total = model.predict_proba(queries).sum(axis=1)
            np.testing.assert_allclose(total, 1, rtol=0, atol=1e-12)


def test_the_first_class_wins_a_drawn_vote():
    model = KNeighborsClassifier(2).fit([[0.0], [1.0]], ["b", "a"])
    assert model.predict([[0.4]]) == ["a"]


def test_prediction_and_probability_agree():
    for rule in RULES:
        model = KNeighborsClassifier(6, weights=rule).fit(np.round(X), LABELS)
        best = model.predict_proba(np.round(Q)).argmax(axis=1)
        np.testing.assert_array_equal(model.predict(np.round(Q)), best)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda d: d[:, 0], r"shape of the distances, \(30, 5\); got \(30,\)"),
        (lambda d: -d - 1, "at least zero"),
        (lambda d: d * np.nan, "NaN"),
        (lambda d: d * 0, "zero weights"),
        (
            lambda d: np.where(np.arange(30)[:, None] == 4, 0, d),
            r"zero weights.*row 4 of",
        ),
    ],
    ids=["shape", "negative", "NaN", "zero", "one row zero"],
)
def test_functions_that_give_no_weights(estimator, function, message):
    model = estimator(weights=function).fit(X, LABELS)
    with pytest.raises(ValueError, match=message):
        model.predict(Q)


def test_a_function_cannot_change_the_distances():
    seen = []

    def meddle(distances):
        seen.append(distances.copy())
        distances[:] = 0
        return np.ones_like(distances)

    model = KNeighborsRegressor(weights=meddle).fit(X, TARGETS)
    plain = KNeighborsRegressor().fit(X, TARGETS)
    np.testing.assert_array_equal(model.predict(Q), plain.predict(Q))
    np.testing.assert_array_equal(seen[0], plain.kneighbors(Q)[0])


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize("weights", ["nearest", 3, ["uniform"], True])
def test_unknown_rules(estimator, weights):
    with pytest.raises(ValueError, match=r'weights must be "uniform", "distance"'):
        estimator(weights=weights).fit(X, LABELS)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize("metric", ["dot", "cosine_similarity"])
def test_inverse_distance_of_a_similarity(estimator, metric):
    with pytest.raises(ValueError, match=r"similarity. Pass a callable"):
        estimator(metric=metric, weights="distance").fit(X, LABELS)
    similar = estimator(metric=metric, weights=lambda s: np.exp(s)).fit(X, LABELS)
    assert similar.predict(Q).shape == (30,)


def test_inverse_of_a_distance_that_is_negative():
    model = KNeighborsRegressor(
        2, weights="distance", metric=lambda x, y: float(y[0] - x[0]) - 10
    ).fit(X, TARGETS)
    with (
        pytest.warns(Warning, match="called once for each pair"),
        pytest.raises(ValueError, match=r"distances of at least zero"),
    ):
        model.predict(Q)


# ---- by sample ----


@pytest.mark.parametrize("rule", RULES, ids=label)
@pytest.mark.parametrize("k", [1, 4, 30])
def test_whole_sample_weights_repeat_rows(rule, k):
    weights = RNG.integers(0, 4, 80)
    rows, labels, targets = (
        np.repeat(a, weights, axis=0) for a in (X, LABELS, TARGETS)
    )
    for queries in (Q, X[weights > 0]):
        weighted = KNeighborsClassifier(k, weights=rule)
        repeated = KNeighborsClassifier(k, weights=rule).fit(rows, labels)
        weighted.fit(X, LABELS, sample_weight=weights)
        np.testing.assert_allclose(
            weighted.predict_proba(queries), repeated.predict_proba(queries), atol=1e-12
        )
        weighted = KNeighborsRegressor(k, weights=rule)
        repeated = KNeighborsRegressor(k, weights=rule).fit(rows, targets)
        weighted.fit(X, TARGETS, sample_weight=weights)
        np.testing.assert_allclose(
            weighted.predict(queries), repeated.predict(queries), atol=1e-12
        )


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_equal_weights_of_one_change_nothing(estimator):
    plain = estimator().fit(X, LABELS)
    weighted = estimator().fit(X, LABELS, sample_weight=np.ones(80))
    np.testing.assert_allclose(weighted.predict(Q), plain.predict(Q))


def test_a_part_of_a_weight_counts():
    model = KNeighborsRegressor(1).fit(
        [[0.0], [1.0], [9.0]], [10.0, 20.0, 90.0], sample_weight=[0.25, 2.0, 1.0]
    )
    assert model.predict([[0.0]]) == pytest.approx([0.25 * 10 + 0.75 * 20])


def test_leave_one_out_leaves_the_whole_row_out():
    model = KNeighborsRegressor(2).fit(
        [[0.0], [1.0], [3.0]], [1.0, 2.0, 4.0], sample_weight=[5, 2, 2]
    )
    assert model.predict(None).tolist() == [2.0, 1.0, 2.0]


def test_bagging_hands_over_its_draws():
    bag = BaggingClassifier(KNeighborsClassifier(3), n_estimators=4, random_state=0)
    side = X[:, 0] > 0
    assert bag.fit(X, side).score(X, side) > 0.85


def test_sample_weights_are_routed():
    with config_context(enable_metadata_routing=True):
        model = KNeighborsClassifier(1).set_fit_request(sample_weight=True)
        model = model.set_score_request(sample_weight=True)
        scores = cross_validate(
            model, X, LABELS, cv=2, params={"sample_weight": np.r_[0, np.ones(79)]}
        )
    assert np.isfinite(scores["test_score"]).all()


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(79), r"shape \(80,\); got shape \(79,\)"),
        (np.ones((80, 2)), r"shape \(80,\)"),
        (2.0, r"shape \(80,\)"),
        (-np.ones(80), "negative weights in rows 0, 1"),
        (np.zeros(80), "zero for every row"),
        (np.full(80, np.nan), "sample_weight contains NaN"),
        (["heavy"] * 80, "could not convert"),
    ],
    ids=["short", "2-D", "scalar", "negative", "zero", "NaN", "words"],
)
def test_sample_weights_that_are_none(estimator, weights, message):
    with pytest.raises(ValueError, match=message):
        estimator().fit(X, LABELS, sample_weight=weights)


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, KNeighborsRegressor])
def test_weights_that_do_not_make_up_k_copies(estimator):
    model = estimator(5).fit(X, LABELS, sample_weight=np.full(80, 1 / 80))
    with pytest.raises(
        ValueError, match=r"n_neighbors = 5 and the weights add up to 1\."
    ):
        model.predict(Q)
    enough = estimator(4).fit(X, LABELS, sample_weight=np.full(80, 0.05))
    assert enough.predict(Q).shape == (30,)


# ---- by class ----


def test_class_weights_multiply_votes():
    model = KNeighborsClassifier(9).fit(X, LABELS)
    weighted = KNeighborsClassifier(9, class_weight={0: 2.0, 2: 0.5}).fit(X, LABELS)
    votes = model.predict_proba(Q) * [2.0, 1.0, 0.5]
    expected = votes / votes.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weighted.predict_proba(Q), expected)


@pytest.mark.parametrize(
    "labels", [LABELS, np.array(list("xyz"))[LABELS]], ids=["i", "s"]
)
def test_balanced_class_weights(labels):
    classes = np.unique(labels)
    factors = compute_class_weight("balanced", classes=classes, y=labels)
    given = dict(zip(classes.tolist(), factors, strict=True))
    balanced, explicit = (
        KNeighborsClassifier(class_weight=weight).fit(X, labels).predict_proba(Q)
        for weight in ("balanced", given)
    )
    np.testing.assert_allclose(balanced, explicit)


def test_balanced_class_weights_count_sample_weights():
    weights = RNG.integers(0, 4, 80)
    weighted = KNeighborsClassifier(class_weight="balanced")
    weighted.fit(X, LABELS, sample_weight=weights)
    repeated = KNeighborsClassifier(class_weight="balanced")
    repeated.fit(np.repeat(X, weights, axis=0), np.repeat(LABELS, weights))
    np.testing.assert_allclose(weighted.predict_proba(Q), repeated.predict_proba(Q))


def test_class_weights_of_several_outputs():
    y = np.stack([LABELS, LABELS > 0], axis=1).astype(int)
    model = KNeighborsClassifier(class_weight=[{0: 3.0}, "balanced"]).fit(X, y)
    for output, weight in enumerate([{0: 3.0}, "balanced"]):
        alone = KNeighborsClassifier(class_weight=weight).fit(X, y[:, output])
        shares = model.predict_proba(Q)[output]
        np.testing.assert_array_equal(shares, alone.predict_proba(Q))
    with pytest.raises(ValueError, match="list of 2 dicts"):
        KNeighborsClassifier(class_weight={0: 3.0}).fit(X, y)
    with pytest.raises(ValueError, match="1 entries for 2 outputs"):
        KNeighborsClassifier(class_weight=["balanced"]).fit(X, y)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("even", "must be a dict"),
        (3, "must be a dict"),
        ({7: 1.0}, "names the label 7, which is not in y; the labels are 0, 1, 2"),
        ({0: -1.0}, r"class_weight\[0\] must be"),
        ({0: np.nan}, r"class_weight\[0\] must be"),
    ],
)
def test_class_weights_that_are_none(class_weight, message):
    with pytest.raises(ValueError, match=message):
        KNeighborsClassifier(class_weight=class_weight).fit(X, LABELS)


def test_only_weightless_classes_around():
    model = KNeighborsClassifier(1, class_weight={0: 0.0}).fit([[0.0], [9.0]], [0, 1])
    assert model.predict([[8.0]]) == [1]
    with pytest.raises(ValueError, match="zero weights"):
        model.predict([[0.0]])
