"""A limit that a retriever has for all of its searches."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknorms.neighbors import Retriever, ThresholdCalibrator

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(400, 8))
QUERIES = RNG.normal(size=(7, 8))


def retriever(**params):
    return Retriever(audit=None, **params)


def calibrator(**params):
    return ThresholdCalibrator(false_match_rate=0.1, random_state=0, **params)


def same(found, expected):
    np.testing.assert_array_equal(found.starts, expected.starts)
    np.testing.assert_array_equal(found.all_ids, expected.all_ids)
    np.testing.assert_array_equal(found.all_values, expected.all_values)


def test_searches_keep_to_a_number():
    found = retriever(min_score=0.5).fit(ROWS).search(QUERIES, 50)
    same(found, retriever().fit(ROWS).search(QUERIES, 50, min_score=0.5))
    assert 0 < len(found.all_ids) < 7 * 50


def test_a_standing_limit_does_not_make_lists_longer():
    model = retriever(min_score=-1.0, n_neighbors=3).fit(ROWS)
    assert model.search(QUERIES).ids.shape == (7, 3)


@pytest.mark.parametrize("limit", [{"min_score": 0.1}, {"radius": 0.6}], ids=str)
def test_a_search_that_is_told_another_limit_takes_that(limit):
    model = retriever(min_score=0.9).fit(ROWS)
    same(model.search(QUERIES, **limit), retriever().fit(ROWS).search(QUERIES, **limit))


def test_transform_keeps_to_it_as_well():
    graph = retriever(min_score=0.5, n_neighbors=50).fit(ROWS).transform(QUERIES)
    every = retriever(n_neighbors=50).fit(ROWS).transform(QUERIES)
    assert 0 < graph.nnz < every.nnz
    assert graph.data.min() >= 0.5
    np.testing.assert_array_equal(graph.data, every.data[every.data >= 0.5])


def test_a_calibrator_learns_from_the_rows_and_is_left_as_it_is():
    given = calibrator()
    model = retriever(min_score=given).fit(ROWS)
    learnt = calibrator().fit(ROWS)
    same(
        model.search(QUERIES, 50),
        retriever().fit(ROWS).search(QUERIES, 50, min_score=learnt),
    )
    with pytest.raises(NotFittedError):
        given.matches(ROWS[:1], ROWS[:1])


def test_a_fitted_calibrator_is_taken_as_it_is():
    learnt = calibrator().fit(3.0 + ROWS)
    model = retriever(min_score=learnt).fit(ROWS)
    expected = retriever().fit(ROWS).search(QUERIES, 50, min_score=learnt)
    same(model.search(QUERIES, 50), expected)
    # What scikit-learn clones has to learn again.
    again = clone(model).fit(ROWS).search(QUERIES, 50)
    same(again, retriever(min_score=calibrator()).fit(ROWS).search(QUERIES, 50))


def test_rows_that_come_and_go_are_learnt_from_as_by_a_fresh_fit():
    model = retriever(min_score=calibrator()).fit(ROWS[:300])
    model.partial_fit(5.0 + ROWS[300:]).remove(np.arange(50))
    rows = np.concatenate([ROWS[50:300], 5.0 + ROWS[300:]])
    fresh = retriever(min_score=calibrator()).fit(rows, np.arange(50, 400))
    same(model.search(QUERIES, 50), fresh.search(QUERIES, 50))


def test_nothing_is_learnt_from_no_rows():
    model = retriever(min_score=calibrator()).fit(ROWS).remove(np.arange(400))
    assert len(model.search(QUERIES).all_ids) == 0


@pytest.mark.parametrize(
    ("params", "match"),
    [
        ({"min_score": "high"}, "min_score"),
        ({"min_score": np.nan}, "min_score"),
        ({"min_score": 0.5, "metric": "euclidean"}, "min_score is a smallest"),
        ({"min_score": calibrator(metric="dot")}, "metric"),
        ({"min_score": Retriever()}, "ThresholdCalibrator"),
    ],
)
def test_limits_that_mean_nothing_are_refused_by_fit(params, match):
    with pytest.raises((TypeError, ValueError), match=match):
        retriever(**params).fit(ROWS)
