"""Who wins a vote in which classes have equally many."""

from collections import Counter

import numpy as np
import pytest
from layouts import assert_same_bits
from scipy import sparse
from sklearn.base import clone

from sknorms.neighbors import (
    KNeighborsClassifier,
    NearestNeighbors,
    RadiusNeighborsClassifier,
)

RNG = np.random.default_rng(0)
# Whole numbers: many equal distances, and an even k, so that many votes are drawn.
X = RNG.integers(0, 6, (150, 2)).astype(float)
Q = RNG.integers(0, 6, (60, 2)).astype(float)
LABELS = RNG.integers(0, 4, 150)
CLASSIFIERS = [
    KNeighborsClassifier(6),
    RadiusNeighborsClassifier(1.0, fallback="nearest"),
]


@pytest.fixture(params=CLASSIFIERS, ids=["k", "radius"])
def classifier(request):
    return clone(request.param)


def voters(classifier, queries):
    """Return the neighbours of each query, closest first."""
    if isinstance(classifier, KNeighborsClassifier):
        return list(classifier.kneighbors(queries, return_distance=False))
    lists = classifier.radius_neighbors(queries, sort_results=True)[1]
    nearest = NearestNeighbors(n_neighbors=1).fit(X).kneighbors(queries)[1]
    return [a if len(a) else b for a, b in zip(lists, nearest, strict=True)]


def leaders(labels):
    votes = Counter(labels)
    return {label for label, count in votes.items() if count == max(votes.values())}


def test_draws_happen(classifier):
    lists = voters(classifier.fit(X, LABELS), Q)
    assert sum(len(leaders(LABELS[found])) > 1 for found in lists) >= 5


def test_the_lowest_label_wins(classifier):
    model = classifier.set_params(vote_ties="lowest").fit(X, LABELS)
    expected = [min(leaders(LABELS[found])) for found in voters(model, Q)]
    assert model.predict(Q).tolist() == expected
    default = type(classifier)().get_params()["vote_ties"]
    assert default == "lowest"


def test_the_class_of_the_nearest_voter_wins(classifier):
    model = classifier.set_params(vote_ties="nearest").fit(X, LABELS)
    expected = []
    for found in voters(model, Q):
        tied = leaders(LABELS[found])
        expected.append(next(label for label in LABELS[found] if label in tied))
    assert model.predict(Q).tolist() == expected


def test_a_voter_without_weight_is_no_nearest_voter():
    rows, y = [[0.0], [1.0], [2.0]], ["b", "a", "b"]
    model = KNeighborsClassifier(
        3, vote_ties="nearest", weights=lambda d: (d > 0.5).astype(float)
    )
    assert model.fit(rows, y).predict([[0.0]]) == ["a"]
    weighted = RadiusNeighborsClassifier(5.0, vote_ties="nearest")
    weighted.fit(rows, y, sample_weight=[0, 1, 1])
    assert weighted.predict([[0.0]]) == ["a"]


def test_sums_that_differ_by_rounding_are_tied():
    # The weights of b add up to 0.1 + 0.2, which is more than 0.3 by its rounding.
    table = {1.0: 0.3, 2.0: 0.1, 3.0: 0.2}
    model = KNeighborsClassifier(
        3, vote_ties="nearest", weights=lambda d: np.vectorize(table.get)(d)
    )
    model.fit([[1.0], [2.0], [3.0]], ["a", "b", "b"])
    assert model.predict([[0.0]]) == ["a"]


def test_lots_fall_on_every_leader_and_on_no_other(classifier):
    model = classifier.set_params(vote_ties="random")
    lists = voters(model.fit(X, LABELS), Q)
    drawn = [
        model.set_params(random_state=seed).fit(X, LABELS).predict(Q)
        for seed in range(80)
    ]
    for query, found in enumerate(lists):
        assert {int(labels[query]) for labels in drawn} == leaders(LABELS[found])


def test_lots_are_fair():
    model = RadiusNeighborsClassifier(9.0, vote_ties="random")
    rows, wins = [[0.0], [1.0]], 0
    for seed in range(400):
        model.set_params(random_state=seed).fit(rows, [0, 1])
        wins += int(model.predict([[0.0]])[0])
    # Four standard deviations around one half.
    assert 160 <= wins <= 240


def test_a_query_draws_the_same_lot_in_every_batch(classifier):
    model = classifier.set_params(vote_ties="random", random_state=0).fit(X, LABELS)
    expected = model.predict(Q)
    one_by_one = np.concatenate([model.predict(query[None]) for query in Q])
    assert_same_bits(one_by_one, expected)
    assert_same_bits(model.predict(Q[::-1])[::-1], expected)
    assert_same_bits(model.predict(sparse.csr_array(Q)), expected)
    assert_same_bits(clone(model).fit(X, LABELS).predict(Q), expected)
    model.set_params(working_memory=1e-3, n_jobs=2)
    assert_same_bits(model.predict(Q), expected)


def test_random_states():
    for state in (None, np.random.RandomState(3), 3):
        model = KNeighborsClassifier(6, vote_ties="random", random_state=state)
        model.fit(X, LABELS)
        assert_same_bits(model.predict(Q), model.predict(Q))
    state = np.random.RandomState(3)
    before = state.get_state()[1].copy()
    KNeighborsClassifier(6, random_state=state).fit(X, LABELS)
    np.testing.assert_array_equal(state.get_state()[1], before)


def test_outputs_draw_lots_of_their_own():
    model = KNeighborsClassifier(6, vote_ties="random", random_state=0)
    model.fit(X, np.stack([LABELS, LABELS], axis=1))
    first, second = model.predict(Q).T
    assert (first != second).any()


@pytest.mark.parametrize("vote_ties", ["highest", None, 1])
def test_unknown_rules(classifier, vote_ties):
    with pytest.raises(ValueError, match="vote_ties must be one of 'lowest'"):
        classifier.set_params(vote_ties=vote_ties).fit(X, LABELS)
