"""Functions given as metrics: how often they are called, and with what."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.exceptions import EfficiencyWarning

from sknorms.metrics import BlockDistance, register_metric
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

RNG = np.random.default_rng(0)
ROWS, QUERIES = RNG.normal(size=(60, 3)), RNG.normal(size=(5, 3))
LABELS = np.arange(60) % 3
every_estimator = pytest.mark.parametrize(
    "estimator", [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]
)


class Recorder:
    """A function that remembers which rows it was called with."""

    def __init__(self, function):
        self.function = function
        self.calls = []

    def __call__(self, X, Y):
        self.calls.append((X, Y))
        return self.function(X, Y)


@every_estimator
def test_a_block_function_is_called_once_a_block(estimator):
    record = Recorder(cdist)
    register_metric("recorded", record)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = estimator(metric="recorded", n_jobs=1).fit(ROWS, LABELS)
        assert record.calls == []  # nothing is tried out in fit
        queries = np.tile(QUERIES, (200, 1))
        model.kneighbors(queries)
    assert len(record.calls) <= len(queries) / 20  # dozens of queries at a time
    seen = np.concatenate([X for X, _ in record.calls])
    np.testing.assert_array_equal(seen, queries)
    for _, corpus in record.calls:
        np.testing.assert_array_equal(corpus, ROWS)


@every_estimator
def test_small_memory_means_more_blocks_of_the_same_rows(estimator):
    record = Recorder(cdist)
    parameters = {"metric": BlockDistance(record), "n_jobs": 1}
    plenty = estimator(**parameters).fit(ROWS, LABELS).kneighbors(ROWS)
    record.calls.clear()
    little = estimator(**parameters, working_memory=0.01).fit(ROWS, LABELS)
    found = little.kneighbors(ROWS)
    assert len(record.calls) > 1
    pairs = sum(len(X) * len(Y) for X, Y in record.calls)
    assert pairs == 60 * 60  # each pair once
    for mine, other in zip(found, plenty, strict=True):
        np.testing.assert_array_equal(mine, other)


@every_estimator
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_pair_function_is_called_once_a_pair_and_warned_about_once(
    estimator, container
):
    record = Recorder(lambda x, y: float(abs(x - y).sum()))
    model = estimator(metric=record, n_jobs=1).fit(container(ROWS), LABELS)
    assert record.calls == []
    with pytest.warns(EfficiencyWarning, match=r"300 times.*BlockDistance") as caught:
        found = model.kneighbors(container(QUERIES))
    assert len(caught) == 1
    assert len(record.calls) == 300
    kinds = {type(row) for call in record.calls for row in call}
    assert all(issubclass(kind, type(container(ROWS))) for kind in kinds)
    expected = NearestNeighbors(metric="manhattan").fit(ROWS).kneighbors(QUERIES)
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)


def test_a_block_function_gets_sparse_blocks_as_sparse_blocks():
    record = Recorder(lambda X, Y: cdist(X.toarray(), Y.toarray()))
    rows = sparse.csr_array(ROWS)
    model = NearestNeighbors(metric=BlockDistance(record)).fit(rows)
    found = model.kneighbors(rows)
    expected = NearestNeighbors().fit(ROWS).kneighbors(ROWS)
    np.testing.assert_array_equal(found[1], expected[1])
    assert all(sparse.issparse(block) for call in record.calls for block in call)


def test_parameters_reach_the_function():
    def power(x, y, *, p):
        return float((abs(x - y) ** p).sum())

    model = NearestNeighbors(metric=power, metric_params={"p": 3}, p=2)
    with pytest.warns(SyntaxWarning, match="p is found in metric_params"):
        model.fit(ROWS)
    with pytest.warns(EfficiencyWarning, match="power is called once for each pair"):
        values = model.kneighbors(QUERIES, 1)[0]
    expected = cdist(QUERIES, ROWS, "minkowski", p=3).min(axis=1) ** 3
    np.testing.assert_allclose(values[:, 0], expected)
