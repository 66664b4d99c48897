"""What regressors make of the targets of neighbours: means, medians, quantiles."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from layouts import assert_same_bits
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknorms.neighbors import (
    KNeighborsRegressor,
    NearestNeighbors,
    RadiusNeighborsRegressor,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 2))
Q = RNG.normal(size=(30, 2))
TARGETS = RNG.normal(size=90)
BOTH = np.stack([TARGETS, np.round(RNG.normal(size=90))], axis=1)
LEVELS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.875, 1.0)
REGRESSORS = [KNeighborsRegressor(8), RadiusNeighborsRegressor(1.0, fallback="nearest")]


@pytest.fixture(params=REGRESSORS, ids=["k", "radius"])
def regressor(request):
    return clone(request.param)


def neighbors(model, queries):
    """Return distances and indices of the neighbours of each query."""
    if isinstance(model, KNeighborsRegressor):
        return list(zip(*model.kneighbors(queries), strict=True))
    lists = list(zip(*model.radius_neighbors(queries), strict=True))
    nearest = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(queries)
    pairs = zip(lists, zip(*nearest, strict=True), strict=True)
    return [a if len(a[1]) else b for a, b in pairs]


def by_numpy(values, weights, level):
    """Return the quantile of whole weights: that of the values written out."""
    repeated = np.repeat(values, weights.astype(int))
    return np.quantile(repeated, level, method="averaged_inverted_cdf")


# ---- against NumPy ----


@pytest.mark.parametrize("y", [TARGETS, BOTH], ids=["one", "several"])
def test_medians(regressor, y):
    model = regressor.set_params(aggregate="median").fit(X, y)
    expected = [np.median(y[found], axis=0) for _, found in neighbors(model, Q)]
    np.testing.assert_array_equal(model.predict(Q), expected)


@pytest.mark.parametrize("y", [TARGETS, BOTH], ids=["one", "several"])
def test_quantiles(regressor, y):
    model = regressor.fit(X, y)
    expected = [
        np.quantile(y[found], LEVELS, axis=0, method="averaged_inverted_cdf").T
        for _, found in neighbors(model, Q)
    ]
    found = model.predict_quantiles(Q, LEVELS)
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_weighted_quantiles_of_numpy(regressor):
    """Where the share is never met exactly, NumPy's weighted quantile is the same."""
    model = regressor.set_params(weights="distance").fit(X, TARGETS)
    levels = (0.1234, 0.5, 0.7654)
    expected = [
        np.quantile(
            TARGETS[found], levels, weights=1 / distances, method="inverted_cdf"
        )
        for distances, found in neighbors(model, Q)
    ]
    np.testing.assert_array_equal(model.predict_quantiles(Q, levels), expected)


def test_whole_weights_are_repeated_values():
    weights = RNG.integers(0, 4, 90)
    model = RadiusNeighborsRegressor(9.0, aggregate="median")
    model.fit(X, TARGETS, sample_weight=weights)
    for level, found in zip(LEVELS, model.predict_quantiles(Q, LEVELS)[0], strict=True):
        assert found == by_numpy(TARGETS, weights, level)
    assert model.predict(Q)[0] == by_numpy(TARGETS, weights, 0.5)
    nearest = KNeighborsRegressor(7).fit(X, TARGETS, sample_weight=weights)
    repeated = KNeighborsRegressor(7).fit(
        np.repeat(X, weights, axis=0), np.repeat(TARGETS, weights)
    )
    np.testing.assert_array_equal(
        nearest.predict_quantiles(Q, LEVELS), repeated.predict_quantiles(Q, LEVELS)
    )


def test_the_definition_of_the_weighted_median():
    def median(y, weights):
        model = RadiusNeighborsRegressor(1.0, aggregate="median")
        rows = np.zeros((len(y), 1))
        return model.fit(rows, y, sample_weight=weights).predict([[0.0]])[0]

    assert median([3.0, 1.0, 2.0], [1, 1, 1]) == 2
    assert median([3.0, 1.0, 2.0], [1, 5, 1]) == 1
    assert median([3.0, 1.0], [2, 2]) == 2
    assert median([3.0, 1.0, 7.0], [0.2, 0.2, 0.4]) == 5
    assert median([3.0, 1.0, 9.0, 7.0], [0.1, 0.2, 0, 0.3]) == 5
    assert median([3.0, 1.0, 9.0, 7.0], [0.1, 0.2, 1e-9, 0.3]) == 7


@given(
    st.lists(
        st.tuples(st.integers(-5, 5), st.integers(0, 4)), min_size=1, max_size=40
    ).filter(lambda pairs: any(weight for _, weight in pairs)),
    st.integers(0, 16),
    st.sampled_from([1.0, 0.1, 1e-200, 3e200]),
)
def test_quantiles_depend_on_proportions_alone(pairs, sixteenth, scale):
    y, weights = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    model = RadiusNeighborsRegressor(1.0).fit(
        np.zeros((len(y), 1)), y, sample_weight=weights * scale
    )
    found = model.predict_quantiles([[0.0]], sixteenth / 16)
    assert found == by_numpy(y, weights, sixteenth / 16)


def test_quantiles_do_not_cross_and_stay_within_the_targets(regressor):
    model = regressor.set_params(weights="distance").fit(X, TARGETS)
    spread = model.predict_quantiles(Q, np.linspace(0, 1, 21))
    assert (np.diff(spread, axis=1) >= 0).all()
    for row, (_, found) in zip(spread, neighbors(model, Q), strict=True):
        assert (row[0], row[-1]) == (TARGETS[found].min(), TARGETS[found].max())


def test_a_zero_distance_decides_quantiles_too(regressor):
    model = regressor.set_params(weights="distance").fit(X, TARGETS)
    np.testing.assert_array_equal(
        model.predict_quantiles(X[:5]), np.repeat(TARGETS[:5, None], 3, axis=1)
    )


# ---- functions ----


def test_a_function_of_the_targets(regressor):
    model = regressor.set_params(aggregate=np.max).fit(X, BOTH)
    expected = [BOTH[found].max(axis=0) for _, found in neighbors(model, Q)]
    np.testing.assert_array_equal(model.predict(Q), expected)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_a_function_of_targets_and_weights(regressor, weights):
    model = regressor.set_params(weights=weights).fit(X, TARGETS)
    expected = model.predict(Q)
    found = model.set_params(aggregate=np.average).fit(X, TARGETS).predict(Q)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    heavy = np.arange(90) % 3 + 1.0
    weighted = model.fit(X, TARGETS, sample_weight=heavy).predict(Q)
    plain = model.set_params(aggregate="mean").fit(X, TARGETS, sample_weight=heavy)
    np.testing.assert_allclose(weighted, plain.predict(Q), rtol=1e-12)


def test_a_function_sees_the_closest_first_and_cannot_change_them():
    seen = []

    def meddle(targets):
        seen.append(targets.tolist())
        targets[:] = 0
        return 1.0

    model = KNeighborsRegressor(3, aggregate=meddle).fit(X, TARGETS)
    assert model.predict(Q[:1]).tolist() == [1.0]
    nearest = model.kneighbors(Q[:1], return_distance=False)[0]
    assert seen == [TARGETS[nearest].tolist()]
    assert model.fit(X, TARGETS).predict_quantiles(X[:1], 0)[0] in TARGETS


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda y: np.nan, "finite number; it did not for rows 0, 1, 2"),
        (lambda y: np.inf, "finite number"),
        (lambda y: y, r"one number .* got an array of shape \(8,\)"),
        (lambda y: [1.0], r"one number .* got an array of shape \(1,\)"),
    ],
)
def test_functions_that_give_no_number(function, message):
    model = KNeighborsRegressor(8, aggregate=function).fit(X, TARGETS)
    with pytest.raises(ValueError, match=message):
        model.predict(Q)


@pytest.mark.parametrize("aggregate", ["mode", None, 0.5])
def test_unknown_aggregates(regressor, aggregate):
    with pytest.raises(ValueError, match='aggregate must be "mean", "median" or a'):
        regressor.set_params(aggregate=aggregate).fit(X, TARGETS)


# ---- shapes and checks ----


def test_shapes_of_quantiles(regressor):
    one, several = clone(regressor).fit(X, TARGETS), clone(regressor).fit(X, BOTH)
    assert one.predict_quantiles(Q).shape == (30, 3)
    assert one.predict_quantiles(Q, 0.5).shape == (30,)
    assert one.predict_quantiles(Q, [0.5]).shape == (30, 1)
    assert several.predict_quantiles(Q).shape == (30, 2, 3)
    assert several.predict_quantiles(Q, np.array(0.5)).shape == (30, 2)
    assert one.predict_quantiles(None).shape == (90, 3)
    single = clone(regressor).fit(X, TARGETS.astype(np.float32))
    assert single.predict_quantiles(Q).dtype == np.float32


@pytest.mark.parametrize(
    ("quantiles", "error", "message"),
    [
        (1.1, ValueError, "quantiles must be a number >= 0 and <= 1; got 1.1"),
        ((0.5, -0.1), ValueError, "quantiles must be a number >= 0 and <= 1"),
        (np.nan, ValueError, "quantiles must be a number >= 0"),
        ("half", TypeError, "quantiles must be a real number; got 'half'"),
        (None, TypeError, "quantiles must be a real number; got None"),
        ([], ValueError, "quantiles must be a number or a list of them"),
        ([[0.5]], ValueError, "quantiles must be a number or a list of them"),
    ],
)
def test_quantiles_that_are_none(regressor, quantiles, error, message):
    with pytest.raises(error, match=message):
        regressor.fit(X, TARGETS).predict_quantiles(Q, quantiles)


def test_asking_before_fitting(regressor):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        regressor.predict_quantiles("nonsense", quantiles=-1)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_batches_and_memory_change_no_bit(regressor, weights):
    model = regressor.set_params(weights=weights)
    for sample_weight in (None, RNG.random(90)):
        model.fit(X, TARGETS, sample_weight=sample_weight)
        model.set_params(working_memory=None)
        expected, means = model.predict_quantiles(Q), model.predict(Q)
        for ask, whole in ((model.predict_quantiles, expected), (model.predict, means)):
            assert_same_bits(np.concatenate([ask(query[None]) for query in Q]), whole)
        model.set_params(working_memory=1e-3)
        assert_same_bits(model.predict_quantiles(Q), expected)
        assert_same_bits(model.predict(Q), means)


def test_quantiles_keep_the_working_memory():
    rows, queries = RNG.normal(size=(1000, 2)), RNG.normal(size=(8000, 2))
    y = RNG.normal(size=1000)
    for model in (
        KNeighborsRegressor(200, working_memory=4, n_jobs=1),
        RadiusNeighborsRegressor(9.0, working_memory=4, n_jobs=1),
    ):
        model.fit(rows, y)
        expected = model.predict_quantiles(queries[-5:])
        tracemalloc.start()
        try:
            found = model.predict_quantiles(queries)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert_same_bits(found[-5:], expected)
        # 8,000 x 200 targets alone would take 12 MiB.
        assert peak <= 4 * 2**20 + 4 * found.nbytes
