"""What single metrics promise beyond the rest: extremes, parameters, and errors."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import nan_euclidean_distances

from sknorms.engine import Corpus, nearest
from sknorms.metrics import get_metric


def value(name, x, y, **params):
    metric = get_metric(name, **params)
    rows = np.array([x, y], dtype=np.float64)
    represented = metric.learn(rows).represent(rows)
    return float(metric.finish(metric.learn(rows).keys(*represented)))


# ---- the range of float64 ----


@pytest.mark.parametrize("size", [5e-324, 1e-310, 1e-200, 1.0, 1e200, 4e307])
@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("canberra", [3, 0, 1], [1, 0, -1], 1.5),
        ("braycurtis", [3, 0, 1], [1, 0, 0], 0.6),
        ("tanimoto", [2, 1], [1, 0], 1 - 2 / 4),
        ("tanimoto", [2, 1], [-2, -1], 4 / 3),
        ("hellinger", [4, 0], [0, 3], 1.0),
        ("jensenshannon", [4, 0], [0, 3], math.sqrt(math.log(2))),
        ("hamming", [4, 0, 1, 1], [4, 1, 1, 0], 0.5),
    ],
)
def test_ratios_do_not_depend_on_the_size_of_the_numbers(name, x, y, expected, size):
    found = value(name, np.array(x) * size, np.array(y) * size)
    assert found == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("p", [0.5, 1.0, 1.5, 2.0, 3.0, 50.0, math.inf])
@pytest.mark.parametrize("size", [1e-310, 1e-200, 1.0, 1e200, 1e300])
def test_minkowski_neither_over_nor_underflows(p, size):
    found = value("minkowski", np.array([3.0, 0.0]) * size, [0.0, 4.0 * size], p=p)
    expected = size * (4.0 if p == math.inf else (3.0**p + 4.0**p) ** (1 / p))
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "zeros"),
    [
        *[(name, 0.0) for name in ("canberra", "braycurtis", "tanimoto", "jaccard")],
        *[(name, 0.0) for name in ("dice", "sokalsneath", "yule", "rogerstanimoto")],
        *[(name, 0.0) for name in ("hellinger", "jensenshannon", "russellrao")],
    ],
)
def test_two_zero_rows_are_equal(name, zeros):
    expected = 1.0 if name == "russellrao" else zeros
    assert value(name, [0, 0, 0], [0, 0, 0]) == expected


@pytest.mark.parametrize(
    ("name", "params", "largest"),
    [
        ("hellinger", {}, 1.0),
        ("jensenshannon", {}, math.sqrt(math.log(2))),
        ("jensenshannon", {"base": 2}, 1.0),
        ("tanimoto", {}, 1.0),
        ("braycurtis", {}, 1.0),
        ("jaccard", {}, 1.0),
        ("dice", {}, 1.0),
    ],
)
def test_a_zero_row_shares_nothing_with_others(name, params, largest):
    assert value(name, [0, 0, 0], [1, 0, 1], **params) == largest


# ---- minkowski ----


@pytest.mark.parametrize("p", [0.3, 1.0, 1.5, 2.0, 4.0, math.inf])
def test_weighted_minkowski_is_scipys(p):
    rng = np.random.default_rng(0)
    rows, w = rng.normal(size=(20, 5)), np.array([0.0, 0.5, 1.0, 2.0, 3.0])
    found = get_metric("minkowski", p=p, w=w).block_keys(rows, rows)
    np.testing.assert_allclose(found, cdist(rows, rows, "minkowski", p=p, w=w), 1e-12)


@pytest.mark.parametrize(
    ("p", "twin"),
    [(1.0, "manhattan"), (2.0, "euclidean"), (math.inf, "chebyshev")],
)
def test_minkowski_is_the_metric_with_a_name_bit_for_bit(p, twin):
    rows = np.random.default_rng(0).normal(size=(20, 31))
    found = get_metric("minkowski", p=p).block_keys(rows, rows)
    np.testing.assert_array_equal(found, get_metric(twin).block_keys(rows, rows))


@pytest.mark.parametrize("p", [0, -1.0, math.nan, 0.0])
def test_the_order_must_be_positive(p):
    with pytest.raises(ValueError, match=r"p must be a number > 0; got"):
        get_metric("minkowski", p=p)


def test_the_order_must_be_a_number():
    with pytest.raises(TypeError, match="p must be a real number; got '2'"):
        get_metric("minkowski", p="2")


@pytest.mark.parametrize("w", [[-1.0, 1.0], [np.nan, 1.0], [[1.0, 1.0]], 3.0])
def test_weights_must_be_a_vector_of_numbers_of_at_least_zero(w):
    with pytest.raises(ValueError, match="w must be a vector of finite weights"):
        get_metric("minkowski", w=w)


def test_weights_must_match_the_columns_and_not_overflow():
    with pytest.raises(ValueError, match="got 2 for 3 columns"):
        get_metric("minkowski", w=[1, 2]).learn(np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"root of order p=0\.1 overflows"):
        get_metric("minkowski", p=0.1, w=[1e300])


# ---- mahalanobis ----


def test_redundant_and_constant_columns_are_no_error():
    digits = load_digits().data[:300]
    metric = get_metric("mahalanobis").learn(digits)
    rank = len(metric.factor)
    assert rank < digits.shape[1]
    found = metric.block_keys(digits[:20], digits[:20])
    inverse = np.linalg.pinv(np.cov(digits.T), rcond=1e-12)
    expected = cdist(digits[:20], digits[:20], "mahalanobis", VI=inverse)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_units_of_columns_do_not_matter_even_without_an_inverse():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 5))
    units = 2.0 ** np.array([0, -40, 30, 3, 100])
    first = get_metric("mahalanobis").learn(rows).block_keys(rows, rows)
    second = get_metric("mahalanobis").learn(rows * units)
    found = second.block_keys(rows * units, rows * units)
    np.testing.assert_allclose(found, first, rtol=1e-10, atol=1e-10)


def test_a_covariance_and_its_inverse_say_the_same():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 4)) @ rng.normal(size=(4, 4))
    V = np.cov(rows.T)
    by_v = get_metric("mahalanobis", V=V).block_keys(rows, rows)
    by_inverse = get_metric("mahalanobis", VI=np.linalg.inv(V)).block_keys(rows, rows)
    np.testing.assert_allclose(by_v, by_inverse, rtol=1e-10, atol=1e-12)
    learnt = get_metric("mahalanobis").learn(rows).block_keys(rows, rows)
    np.testing.assert_allclose(learnt, by_v, rtol=1e-10, atol=1e-12)
    expected = cdist(rows, rows, "mahalanobis", VI=np.linalg.inv(V))
    np.testing.assert_allclose(by_v, expected, rtol=1e-10, atol=1e-12)


def test_an_offset_does_not_blur_whitened_differences():
    rng = np.random.default_rng(0)
    rows = rng.integers(-9, 10, size=(40, 4)).astype(float)
    metric = get_metric("mahalanobis", V=np.cov(rows.T))
    moved = metric.block_keys(rows + 1e7, rows + 1e7)
    np.testing.assert_array_equal(moved, metric.block_keys(rows, rows))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"V": [[1.0, 2.0], [2.0, 1.0]]}, "V must be positive semi-definite"),
        ({"VI": [[-1.0]]}, "VI must be positive semi-definite"),
        ({"V": [[1.0, 0.5], [0.0, 1.0]]}, "V must be symmetric"),
        ({"V": [1.0, 2.0]}, "V must be a square matrix"),
        ({"VI": [[np.nan]]}, "VI must be a square matrix of finite"),
        ({"V": np.eye(2), "VI": np.eye(2)}, "V and VI were both given"),
    ],
)
def test_what_is_no_covariance_is_refused(params, message):
    with pytest.raises(ValueError, match=message):
        get_metric("mahalanobis", **params)


def test_a_covariance_must_match_the_columns_and_be_there():
    with pytest.raises(ValueError, match="got 2 for 3 columns"):
        get_metric("mahalanobis", VI=np.eye(2)).learn(np.ones((4, 3)))
    with pytest.raises(ValueError, match="neither V nor VI"):
        get_metric("mahalanobis").block_keys(np.ones((1, 2)), np.ones((1, 2)))


# ---- distributions ----


def test_counts_and_shares_are_the_same_distribution():
    counts = np.random.default_rng(0).integers(0, 9, size=(12, 6)) + np.eye(12, 6)
    shares = counts / counts.sum(axis=1, keepdims=True)
    for name in ("hellinger", "jensenshannon"):
        metric = get_metric(name)
        found = metric.finish(metric.block_keys(counts, counts))
        expected = metric.finish(metric.block_keys(shares, shares))
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("power", range(-9, 0))
def test_divergences_of_close_distributions_do_not_cancel(power):
    step = 2.0 ** (5 * power)  # shares of 1/2 +- step add up to one exactly
    with localcontext() as context:
        context.prec = 80
        half, exact = Decimal("0.5"), Decimal(step)
        parts = [half + exact, half - exact]
        middles = [(part + half) / 2 for part in parts]
        total = sum(
            part * (part / middle).ln() + half * (half / middle).ln()
            for part, middle in zip(parts, middles, strict=True)
        )
        expected = float((total / 2).sqrt())
    found = value("jensenshannon", [0.5 + step, 0.5 - step], [0.5, 0.5])
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("q", [1e-300, 1e-18, 1e-9, 1e-3, 0.2, 0.25, 0.3, 0.49])
def test_divergences_of_far_distributions_are_exact_too(q):
    with localcontext() as context:
        context.prec = 400
        small = Decimal(q)
        total = Decimal(0)
        # Shares (1, 0) against (1 - q, q), not rounded.
        for a, b in ((Decimal(1), 1 - small), (Decimal(0), small)):
            middle = (a + b) / 2
            total += sum(s * (s / middle).ln() for s in (a, b) if s > 0)
        expected = float((total / 2).sqrt())
    found = value("jensenshannon", [1.0, 0.0], [1.0 - q, q])
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("base", [1.0, 0.5, -2.0, math.nan])
def test_the_base_of_a_logarithm_must_exceed_one(base):
    with pytest.raises(ValueError, match="base must be a number > 1; got"):
        get_metric("jensenshannon", base=base)


# ---- the globe ----


def test_degrees_and_radians_measure_the_same_angle():
    places = np.array([[48.8566, 2.3522], [-33.8688, 151.2093], [90.0, 0.0]])
    in_degrees = get_metric("haversine", units="deg")
    in_radians = get_metric("haversine")
    found = in_degrees.finish(in_degrees.block_keys(places, places))
    radians = np.radians(places)
    expected = in_radians.finish(in_radians.block_keys(radians, radians))
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-15)
    assert 6371.0 * found[0, 1] == pytest.approx(16960, abs=20)


def test_centimetres_are_told_apart():
    step = 1e-9  # degrees: a tenth of a millimetre
    found = value("haversine", [45.0, 7.0], [45.0 + step, 7.0], units="deg")
    actual = (45.0 + step) - 45.0
    assert found == pytest.approx(math.radians(actual), rel=1e-12)


@pytest.mark.parametrize("units", ["km", None, "degrees"])
def test_units_are_degrees_or_radians(units):
    with pytest.raises(ValueError, match="units must be one of 'rad', 'deg'; got"):
        get_metric("haversine", units=units)


# ---- missing values ----


def test_partly_observed_rows_are_as_in_scikit_learn():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(40, 6))
    rows[rng.random(rows.shape) < 0.4] = np.nan
    found = get_metric("nan_euclidean").block_keys(rows, rows)
    expected = nan_euclidean_distances(rows, rows)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_completely_observed_rows_are_euclidean():
    rows = np.random.default_rng(0).normal(size=(20, 5)) + 1e7
    found = get_metric("nan_euclidean").block_keys(rows, rows)
    np.testing.assert_array_equal(found, get_metric("euclidean").block_keys(rows, rows))


# ---- mixed columns ----


def test_gower_by_hand():
    # Age, income, and two categories.
    people = np.array([[20, 1000, 0, 3], [30, 3000, 1, 3], [60, np.nan, 0, 7.0]])
    metric = get_metric("gower", categorical=[2, 3]).learn(people)
    assert metric.params["ranges"][:2].tolist() == [40.0, 2000.0]
    found = metric.block_keys(people, people)
    expected = [
        [0.0, (0.25 + 1 + 1 + 0) / 4, (1 + 0 + 1) / 3],
        [(0.25 + 1 + 1 + 0) / 4, 0.0, (0.75 + 1 + 1) / 3],
        [(1 + 0 + 1) / 3, (0.75 + 1 + 1) / 3, 0.0],
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_categories_are_a_mask_or_indices():
    rows = np.random.default_rng(0).integers(0, 3, size=(20, 4)).astype(float)
    mask = np.array([True, False, False, True])
    by_mask = get_metric("gower", categorical=mask).learn(rows)
    by_index = get_metric("gower", categorical=[0, -1]).learn(rows)
    np.testing.assert_array_equal(
        by_mask.block_keys(rows, rows), by_index.block_keys(rows, rows)
    )


def test_no_column_counts_more_than_one():
    metric = get_metric("gower").learn(np.array([[0.0, 5.0], [10.0, 5.0]]))
    far = np.array([[1e300, -1e300]])
    assert metric.block_keys(far, np.array([[0.0, 5.0]])).tolist() == [[1.0]]
    near = np.array([[1.0, 5.0]])
    assert metric.block_keys(near, np.array([[0.0, 5.0]])).tolist() == [[0.05]]


@pytest.mark.parametrize("categorical", ["age", [0.5], [["a"]], 3])
def test_what_names_no_columns_is_refused(categorical):
    with pytest.raises(ValueError, match="categorical must be a boolean mask or int"):
        get_metric("gower", categorical=categorical)


@pytest.mark.parametrize("categorical", [[4], [-5], [True, False]])
def test_columns_that_are_not_there_are_refused(categorical):
    with pytest.raises(ValueError, match=r"mask of length 4 or indices below 4"):
        get_metric("gower", categorical=categorical).learn(np.ones((3, 4)))


def test_ranges_must_be_numbers_of_at_least_zero_for_every_column():
    with pytest.raises(ValueError, match="ranges must be a vector of numbers"):
        get_metric("gower", ranges=[1.0, -1.0])
    with pytest.raises(ValueError, match="got 2 for 3 columns"):
        get_metric("gower", ranges=[1.0, 2.0]).learn(np.ones((4, 3)))


def test_columns_without_any_value_have_no_range():
    rows = np.array([[1.0, np.nan], [3.0, np.nan]])
    assert get_metric("gower").learn(rows).params["ranges"].tolist() == [2.0, 0.0]


# ---- counting ----


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.float32, np.float64])
def test_tanimoto_is_jaccard_on_zeros_and_ones(dtype):
    truth = np.random.default_rng(0).random((30, 11)) < 0.4
    truth[3] = False
    jaccard = get_metric("jaccard").block_keys(truth, truth)
    rows = truth.astype(dtype)
    tanimoto = get_metric("tanimoto").block_keys(rows, rows)
    np.testing.assert_array_equal(tanimoto, jaccard)


def test_hamming_is_the_same_for_booleans_and_numbers():
    truth = np.random.default_rng(0).random((30, 11)) < 0.4
    expected = get_metric("hamming").block_keys(truth, truth)
    for dtype in (np.uint8, np.float32, np.float64):
        rows = truth.astype(dtype)
        found = get_metric("hamming").block_keys(rows, rows)
        np.testing.assert_array_equal(found, expected)


def test_bray_curtis_of_negative_numbers_stays_in_range():
    assert value("braycurtis", [1.0, -1.0], [-1.0, 1.0]) == 1.0
    assert value("braycurtis", [1.0, -1.0], [1.0, -1.0]) == 0.0


@pytest.mark.parametrize(
    "name",
    ["cosine", "cosine_similarity", "angular", "hellinger", "jensenshannon", "dot"],
)
def test_equal_values_are_ordered_by_index(name):
    """Also where the last step of a metric rounds different keys to one value."""
    rows = np.random.default_rng(1).integers(0, 3, (300, 4)).astype(float)
    metric = get_metric(name)
    corpus = Corpus.prepare(metric, rows)
    keys, indices = nearest(corpus, rows[:80], 60)
    tied = np.diff(metric.finish(keys), axis=1) == 0
    assert tied.any()
    assert (np.diff(indices, axis=1)[tied] > 0).all()


def test_a_tiny_query_against_huge_rows_loses_no_neighbor():
    """Rounding below float32's normal range counts when the other row is huge."""
    rows = np.random.default_rng(0).standard_normal((4000, 64))
    rows[[0, 3000]] = 0
    rows[0, 32:] = rows[3000, :32] = 2.0**47
    query = np.repeat([1.49 * 2.0**-149, 1.45 * 2.0**-149], 32)[None]
    _, indices = nearest(Corpus.prepare(get_metric("dot"), rows), query, 2)
    np.testing.assert_array_equal(indices, [[3000, 0]])
