"""Calibrated limits: the rate is kept on pairs never seen, and searches obey them."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from layouts import LAYOUTS
from rows import rows_for
from scipy import sparse, stats
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from sknorms.datasets import load_word_vectors
from sknorms.metrics import (
    BlockDistance,
    get_metric,
    metric_names,
    paired_distances,
    pairwise_distances,
)
from sknorms.neighbors import NearestNeighbors, Retriever, ThresholdCalibrator
from sknorms.neighbors._retrieval import false_match_cut, fewest_pairs

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(400, 5))
LARGER = [m for m in metric_names() if get_metric(m).larger_is_closer]
COMPLEMENTARY = [m for m in metric_names() if get_metric(m).complementary]


def at_most(rate, n, sure=1 - 1e-6):
    """How many of n pairs may match if each does with the rate, all but surely."""
    return stats.binom.ppf(sure, n, rate)


# ---- the order statistic ----


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("n", [1, 10, 299, 5000])
def test_cut_is_the_last_place_that_is_safe(rate, confidence, n):
    values = np.arange(1, n + 1, dtype=np.float64)
    safe = [
        j for j in range(1, n + 1) if stats.binom.cdf(j - 1, n, rate) <= 1 - confidence
    ]
    for larger in (False, True):
        cut = false_match_cut(values, rate, confidence, larger)
        if not safe:
            assert cut is None
            assert n < fewest_pairs(rate, confidence)
            continue
        assert n >= fewest_pairs(rate, confidence)
        j = safe[-1]
        assert cut.value == (n + 1 - j if larger else j)
        assert cut.confidence == pytest.approx(1 - stats.binom.cdf(j - 1, n, rate))
        exact = stats.binomtest(j - 1, n).proportion_ci(2 * confidence - 1, "exact")
        if confidence > 0.5:  # one limit of two leaves out twice as much
            assert cut.bound == pytest.approx(exact.high)
        assert cut.bound <= rate


@pytest.mark.parametrize(
    ("rate", "confidence", "n"),
    [(0.01, 0.95, 299), (0.5, 0.75, 2), (0.001, 0.95, 2995)],
)
def test_fewest_pairs(rate, confidence, n):
    assert fewest_pairs(rate, confidence) == n
    assert false_match_cut(np.ones(n - 1), rate, confidence, True) is None
    assert false_match_cut(np.ones(n), rate, confidence, True) is not None


@pytest.mark.parametrize("n_values", [10, 1000, None])
def test_the_rate_is_kept_as_often_as_promised(n_values):
    """Scores are uniform, or on a grid with ties: the rate beyond a limit is known."""
    rate, confidence, n, trials = 0.05, 0.9, 300, 2000
    rng = np.random.default_rng(0)
    broken = 0
    for _ in range(trials):
        scores = rng.random(n)
        if n_values is not None:
            scores = np.floor(scores * n_values) / n_values
        cut = false_match_cut(scores, rate, confidence, True)
        limit = min(cut.limit(np.dtype(np.float64)), 1.0)
        if n_values is None:
            broken += 1 - limit > rate
        else:
            broken += np.mean(np.arange(n_values) / n_values >= limit) > rate
    assert broken <= at_most(1 - confidence, trials)


def test_a_stricter_rate_or_confidence_gives_a_stricter_threshold():
    def limit(**options):
        model = ThresholdCalibrator(random_state=0, sampling="random", **options)
        return model.fit(ROWS).limits_["min_score"]

    by_rate = [limit(false_match_rate=rate) for rate in (0.5, 0.1, 0.01, 0.001)]
    assert sorted(by_rate) == by_rate
    by_confidence = [limit(confidence=sure) for sure in (0.5, 0.9, 0.999)]
    assert sorted(by_confidence) == by_confidence


# ---- pairs that were not seen ----


@pytest.mark.parametrize("metric", ["cosine", "euclidean", "dot", "manhattan"])
@pytest.mark.parametrize("sampling", ["disjoint", "random"])
def test_rate_on_held_out_pairs_of_word_vectors(metric, sampling):
    rows = load_word_vectors().data
    order = np.random.default_rng(1).permutation(len(rows))
    seen, unseen = rows[order[:6000]], rows[order[6000:]]
    model = ThresholdCalibrator(metric, sampling=sampling, random_state=0).fit(seen)
    assert model.false_match_rate_ < model.false_match_bound_ <= 0.01
    assert model.confidence_ >= 0.95
    half = len(unseen) // 2
    held_out = model.matches(unseen[:half], unseen[half:])
    assert held_out.sum() <= at_most(0.01, half)
    # Nor is it so strict that nothing passes.
    assert held_out.sum() >= stats.binom.ppf(1e-6, half, 0.003)


def test_labelled_pairs_of_digits():
    X, y = load_digits(return_X_y=True)
    seen, unseen = slice(0, 1200), slice(1200, None)
    model = ThresholdCalibrator(false_match_rate=0.02, random_state=0)
    model.fit(X[seen], y[seen])
    assert model.n_pairs_ + model.n_related_pairs_ == 600
    values = pairwise_distances(X[unseen], metric="cosine")
    passed = values <= model.limits_["radius"]
    same = y[unseen][:, None] == y[unseen][None, :]
    off_diagonal = ~np.eye(len(same), dtype=bool)
    assert passed[~same].mean() < 0.02
    found = passed[same & off_diagonal].mean()
    assert found == pytest.approx(model.match_rate_, abs=0.2)
    assert found > 10 * passed[~same].mean()


def test_labels_keep_related_pairs_out_of_the_background():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 2000)
    X = np.eye(4)[y] + rng.normal(size=(2000, 4)) / 20
    options = {"false_match_rate": 0.05, "random_state": 0}
    blind = ThresholdCalibrator("euclidean", **options).fit(X)
    told = ThresholdCalibrator("euclidean", **options).fit(X, y)
    assert blind.match_rate_ is None
    assert blind.n_related_pairs_ == 0
    # A quarter of all pairs are of one class, and closer than any other.
    assert blind.threshold_ < told.threshold_ / 2
    assert told.match_rate_ == 1.0
    words = np.array(["north", "east", "south", "west"])[y]
    again = ThresholdCalibrator("euclidean", **options).fit(X, words)
    assert again.threshold_ == told.threshold_
    objects = ThresholdCalibrator("euclidean", **options).fit(X, words.astype(object))
    assert objects.threshold_ == told.threshold_


def test_given_pairs_are_those_that_fit_would_draw():
    A, B = ROWS[:200], ROWS[200:]
    model = ThresholdCalibrator("manhattan", false_match_rate=0.05).fit_pairs(A, B)
    values = np.sort(paired_distances(A, B, metric="manhattan"))
    j = next(j for j in range(200) if stats.binom.cdf(j, 200, 0.05) > 0.05)
    assert model.threshold_ == np.nextafter(values[j - 1], 0)
    assert model.false_match_rate_ == (j - 1) / 200
    related = np.arange(200) < 20
    near = np.where(related[:, None], A, B)
    told = ThresholdCalibrator("manhattan", false_match_rate=0.05)
    told.fit_pairs(A, near, related)
    assert (told.n_pairs_, told.n_related_pairs_, told.match_rate_) == (180, 20, 1.0)
    assert told.matches(A, near)[:20].all()


# ---- every metric ----


@pytest.mark.parametrize("metric", metric_names())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_searches_obey_the_limit(metric, dtype):
    rows = rows_for(metric, 500, 12, whole=True).astype(dtype)
    model = ThresholdCalibrator(metric, false_match_rate=0.3, random_state=0)
    model.fit(rows)
    queries = rows[:40]
    retriever = Retriever(metric, audit=None).fit(rows)
    learned = retriever.effective_metric_params_
    values = pairwise_distances(queries, rows, metric=metric, **learned)
    larger = get_metric(metric).larger_is_closer
    assert model.higher_is_better_ is larger
    inside = values >= model.threshold_ if larger else values <= model.threshold_
    own = "min_score" if larger else "radius"
    assert model.limits_[own] == model.threshold_
    assert set(model.limits_) == (
        {"min_score", "radius"} if metric in COMPLEMENTARY else {own}
    )
    for name, limit in model.limits_.items():
        found = retriever.search(queries, **{name: model})
        if name == own:
            np.testing.assert_array_equal(found.counts, inside.sum(axis=1))
        same = retriever.search(queries, **{name: limit})
        np.testing.assert_array_equal(found.all_indices, same.all_indices)
    # No more than the bound of the pairs learnt from match, whatever ties there are.
    assert model.false_match_rate_ < model.false_match_bound_ <= 0.3


@pytest.mark.parametrize("metric", COMPLEMENTARY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_either_limit_keeps_the_rate_on_the_pairs_learnt_from(metric, dtype):
    rows = rows_for(metric, 600, 12, whole=True).astype(dtype)
    model = ThresholdCalibrator(metric, false_match_rate=0.3)
    model.fit_pairs(rows[:300], rows[300:])
    own_pairs = sparse.csr_array(np.eye(300, dtype=bool))
    found = Retriever(metric).fit(rows[300:]).search(rows[:300], 1, where=own_pairs)
    inside = {
        "min_score": found.similarities >= model.limits_["min_score"],
        "radius": found.distances <= model.limits_["radius"],
    }
    for passed in inside.values():
        assert passed.shape == (300, 1)
        assert passed.mean() < model.false_match_bound_


def test_radius_of_nearest_neighbours_too():
    model = ThresholdCalibrator("euclidean", random_state=0, false_match_rate=0.1)
    radius = model.fit(ROWS).limits_["radius"]
    _, found = NearestNeighbors(radius=radius).fit(ROWS).radius_neighbors(ROWS)
    hits = Retriever("euclidean").fit(ROWS).search(ROWS, radius=model)
    assert [len(each) for each in found] == hits.counts.tolist()


def test_functions_and_parameters_are_metrics_too():
    def gaps(x, y):
        return np.abs(x[:, None, :] - y[None, :, :]).sum(axis=2)

    options = {"false_match_rate": 0.05, "random_state": 0}
    own = ThresholdCalibrator(BlockDistance(gaps), **options).fit(ROWS)
    named = ThresholdCalibrator("manhattan", **options).fit(ROWS)
    power = ThresholdCalibrator("minkowski", p=1, **options).fit(ROWS)
    assert own.threshold_ == pytest.approx(named.threshold_)
    assert power.threshold_ == pytest.approx(named.threshold_)
    scaled = ThresholdCalibrator("seuclidean", **options).fit(ROWS)
    given = ThresholdCalibrator(
        "seuclidean", metric_params={"V": ROWS.var(axis=0, ddof=1)}, **options
    ).fit(ROWS)
    assert scaled.threshold_ == pytest.approx(given.threshold_)
    pairs = ThresholdCalibrator("seuclidean", **options)
    pairs.fit_pairs(ROWS[:200], ROWS[200:])
    assert pairs.metric_ == scaled.metric_


# ---- the same for any layout ----


def test_layouts_give_the_same_threshold():
    model = ThresholdCalibrator(false_match_rate=0.05, random_state=0)
    expected = clone(model).fit(ROWS).threshold_
    for layout in LAYOUTS.values():
        again = clone(model).fit(layout(ROWS))
        assert again.threshold_ == expected
        assert again.matches(layout(ROWS), layout(ROWS)).all()
    mixed = clone(model).fit_pairs(sparse.csr_array(ROWS[:200]), ROWS[200:])
    assert mixed.threshold_ == clone(model).fit_pairs(ROWS[:200], ROWS[200:]).threshold_


def test_memory_does_not_change_the_threshold():
    model = ThresholdCalibrator(sampling="random", random_state=0)
    expected = clone(model).fit(ROWS).threshold_
    with sklearn.config_context(working_memory=0.01):
        assert clone(model).fit(ROWS).threshold_ == expected


def test_draws_are_those_of_the_random_state():
    model = ThresholdCalibrator(false_match_rate=0.05, random_state=3)
    first = model.fit(ROWS).threshold_
    assert model.fit(ROWS).threshold_ == first
    assert clone(model).set_params(random_state=4).fit(ROWS).threshold_ != first
    again = pickle.loads(pickle.dumps(model))
    assert again.threshold_ == first
    assert again.matches(ROWS, ROWS).all()


def test_n_pairs_limits_the_pairs():
    for sampling in ("disjoint", "random"):
        model = ThresholdCalibrator(
            n_pairs=99, sampling=sampling, false_match_rate=0.1, random_state=0
        )
        assert model.fit(ROWS).n_pairs_ == 99
    most = ThresholdCalibrator(false_match_rate=0.1, random_state=0).fit(ROWS[:399])
    assert most.n_pairs_ == 199


def test_random_pairs_are_of_different_rows():
    rows = np.arange(3.0)[:, None]
    model = ThresholdCalibrator("euclidean", sampling="random", random_state=0)
    assert model.fit(rows).threshold_ == np.nextafter(1.0, 0)


def test_data_frames_with_names():
    frame = pd.DataFrame(ROWS, columns=list("abcde"))
    model = ThresholdCalibrator(false_match_rate=0.05, random_state=0).fit(frame)
    assert model.feature_names_in_.tolist() == list("abcde")
    with pytest.raises(ValueError, match="feature names should match"):
        model.matches(frame[list("edcba")], frame)


# ---- refused ----


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"false_match_rate": 0.0}, "false_match_rate must be a number > 0 .* got 0.0"),
        ({"false_match_rate": 1}, "false_match_rate must be less than 1; got 1"),
        ({"false_match_rate": "low"}, "false_match_rate must be a real number"),
        ({"confidence": 1.5}, "confidence must be a number > 0 and <= 1; got 1.5"),
        ({"confidence": 1.0}, "confidence must be less than 1; got 1.0"),
        ({"confidence": np.nan}, "confidence must be a number"),
        ({"n_pairs": 0}, "n_pairs must be >= 1; got 0"),
        ({"n_pairs": None}, "n_pairs must be an integer; got None"),
        (
            {"sampling": "all"},
            "sampling must be one of 'disjoint', 'random'; ",
        ),
        ({"metric": "precomputed"}, "metric='precomputed' is not for"),
        ({"metric": "euclid"}, "metric must be a registered name.* got 'euclid'"),
        ({"metric_params": 3}, "metric_params must be a dict"),
    ],
)
def test_bad_parameters(options, message):
    model = ThresholdCalibrator(**options)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(ROWS)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit_pairs(ROWS, ROWS)


def test_too_few_pairs():
    message = (
        r"false_match_rate=0.001 with confidence=0.95 takes 2995 unrelated pairs at "
        r'least; got 200\. Pass more rows .* sampling="random"'
    )
    with pytest.raises(ValueError, match=message):
        ThresholdCalibrator(false_match_rate=0.001).fit(ROWS)
    ThresholdCalibrator(false_match_rate=0.001, sampling="random").fit(ROWS)
    with pytest.raises(ValueError, match="299 unrelated pairs at least; got 0"):
        ThresholdCalibrator().fit(ROWS, np.ones(400))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "cosine_similarity"])
def test_rates_that_no_threshold_keeps(metric):
    rows = np.ones((1000, 3))
    with pytest.raises(ValueError, match=r"out of reach: .* n_features = 3\. Drop"):
        ThresholdCalibrator(metric).fit(rows)


@pytest.mark.parametrize(
    ("A", "B", "related", "message"),
    [
        (ROWS, ROWS[1:], None, "A and B must have one row a pair.* 400 and 399"),
        (ROWS, ROWS[:, 1:], None, "4 features.* expecting 5"),
        (ROWS, ROWS, np.ones(400), r"related must say True or False.* got float64"),
        (ROWS, ROWS, [True], r"related must .* shape \(400,\); got bool of shape \(1,"),
        (ROWS, np.where(ROWS > 2, np.nan, ROWS), None, "contains NaN"),
    ],
)
def test_bad_pairs(A, B, related, message):
    with pytest.raises(ValueError, match=message):
        ThresholdCalibrator().fit_pairs(A, B, related)


def test_bad_labels():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ThresholdCalibrator().fit(ROWS, [1, 2])
    with pytest.raises(ValueError, match="1d array"):
        ThresholdCalibrator().fit(ROWS, np.ones((400, 2)))
    with pytest.raises(ValueError, match="1 sample"):
        ThresholdCalibrator().fit(ROWS[:1])


def test_before_fit():
    with pytest.raises(NotFittedError):
        ThresholdCalibrator().matches(ROWS, ROWS)
    with pytest.raises(NotFittedError):
        Retriever().fit(ROWS).search(ROWS, min_score=ThresholdCalibrator())


@pytest.mark.parametrize(
    ("calibrated", "used", "name", "message"),
    [
        (
            "euclidean",
            "cosine",
            "radius",
            "was calibrated for Euclidean.*Cosine",
        ),
        ("dot", "cosine", "min_score", "min_score was calibrated for .* Calibrate it"),
        ("cosine", "euclidean", "min_score", "min_score is a smallest similarity"),
        ("dot", "dot", "radius", "radius is a largest distance"),
    ],
)
def test_limits_of_another_metric(calibrated, used, name, message):
    model = ThresholdCalibrator(calibrated, false_match_rate=0.1).fit(ROWS)
    with pytest.raises(ValueError, match=message):
        Retriever(used, audit=None).fit(ROWS).search(ROWS, **{name: model})


def test_limits_of_the_same_metric_with_another_parameter():
    model = ThresholdCalibrator("minkowski", p=3, false_match_rate=0.1).fit(ROWS)
    Retriever("minkowski", p=3).fit(ROWS).search(ROWS, radius=model)
    with pytest.raises(ValueError, match="radius was calibrated for"):
        Retriever("minkowski", p=4).fit(ROWS).search(ROWS, radius=model)
    learnt = ThresholdCalibrator("seuclidean", false_match_rate=0.1).fit(ROWS)
    Retriever("seuclidean").fit(ROWS[:100]).search(ROWS, radius=learnt)


def test_limits_that_are_other_estimators():
    with pytest.raises(ValueError, match="a fitted ThresholdCalibrator; got Standard"):
        Retriever().fit(ROWS).search(ROWS, min_score=StandardScaler().fit(ROWS))
