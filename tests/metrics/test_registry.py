"""A name is looked up in one place, and what it finds is a record."""

import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from scipy import sparse

from sknorms.metrics import (
    BlockDistance,
    BlockSimilarity,
    Metric,
    get_metric,
    metric_names,
    pairwise_distances,
    register_metric,
)
from sknorms.metrics import _registry as registry
from sknorms.metrics._euclidean import Euclidean
from sknorms.metrics._function import PairFunction
from sknorms.neighbors import NearestNeighbors

# What scikit-learn's pairwise_distances and nearest neighbours accept by name.
SCIKIT_LEARN = [
    *("braycurtis", "canberra", "chebyshev", "cityblock", "correlation", "cosine"),
    *("dice", "euclidean", "hamming", "haversine", "infinity", "jaccard", "l1", "l2"),
    *("mahalanobis", "manhattan", "matching", "minkowski", "nan_euclidean", "p"),
    *("rogerstanimoto", "russellrao", "seuclidean", "sokalmichener", "sokalsneath"),
    *("sqeuclidean", "yule"),
]


def gap(X, Y):
    return np.abs(X[:, None] - Y[None]).max(axis=2)


@pytest.fixture
def a_free_registry(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry._REGISTRY))
    monkeypatch.setattr(registry, "_FUNCTIONS", dict(registry._FUNCTIONS))


@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_every_name_of_scikit_learn_is_known(name):
    assert isinstance(get_metric(name), Metric)


def test_names_are_sorted_and_lead_to_their_record():
    names = metric_names()
    assert names == sorted(set(names))
    assert [get_metric(name).name for name in names] == names
    longer = metric_names(aliases=True)
    assert longer == sorted(set(longer))
    assert set(names) < set(longer)
    for alias in set(longer) - set(names):
        assert alias in get_metric(alias).aliases


def test_parameters_go_to_the_record():
    assert get_metric("minkowski", p=3).params["p"] == 3.0
    assert get_metric("minkowski", p=3) == get_metric("p", p=3.0)
    assert get_metric("minkowski", p=3) != get_metric("minkowski", p=4)


@pytest.mark.parametrize(
    ("name", "hint"),
    [("euclidian", "Did you mean 'euclidean'"), ("cosin", "'cosine'"), ("zz", "Known")],
)
def test_an_unknown_name_raises_with_the_known_ones(name, hint):
    with pytest.raises(ValueError, match=hint) as caught:
        get_metric(name)
    assert repr(name) in str(caught.value)
    assert "manhattan" in str(caught.value)


@pytest.mark.parametrize("metric", [None, 3, ["euclidean"], b"l2"])
def test_what_is_no_metric_raises(metric):
    with pytest.raises(ValueError, match="registered name, a Metric or a callable"):
        get_metric(metric)


def test_a_record_is_its_own_metric_and_takes_no_parameters():
    record = Euclidean()
    assert get_metric(record) is record
    with pytest.raises(ValueError, match=r"carries its own parameters; drop \['p'\]"):
        get_metric(record, p=2)


def test_a_callable_is_a_function_of_two_rows():
    metric = get_metric(np.dot, order=1)
    assert isinstance(metric, PairFunction)
    assert metric.params["arguments"] == {"order": 1}


@pytest.mark.usefixtures("a_free_registry")
def test_a_function_is_registered_under_a_name():
    assert register_metric("largest_gap", gap) is None
    assert "largest_gap" in metric_names()
    metric = get_metric("largest_gap")
    assert isinstance(metric, BlockDistance)
    assert pickle.loads(pickle.dumps(metric)) == metric
    found = metric.block_keys(np.zeros((2, 3)), np.ones((4, 3)))
    np.testing.assert_array_equal(found, np.ones((2, 4)))
    register_metric("overlap", np.dot, larger_is_closer=True)
    assert isinstance(get_metric("overlap"), BlockSimilarity)


@pytest.mark.usefixtures("a_free_registry")
def test_a_record_is_registered_under_all_its_names():
    class Mine(Euclidean):
        name = "mine"
        aliases = ("my",)

    assert register_metric(Mine) is Mine
    assert type(get_metric("mine")) is type(get_metric("my")) is Mine


@pytest.mark.usefixtures("a_free_registry")
@pytest.mark.parametrize("name", ["euclidean", "l2"])
def test_a_name_is_given_once(name):
    with pytest.raises(ValueError, match=f"name '{name}' is taken by Euclidean"):
        register_metric(name, gap)


@pytest.mark.parametrize("wrong", [3, dict, Euclidean()])
def test_only_records_and_named_functions_are_registered(wrong):
    with pytest.raises(TypeError, match="must be a Metric subclass"):
        register_metric(wrong)


def test_a_name_without_a_function_is_refused():
    with pytest.raises(TypeError, match="function must be callable to register 'mine'"):
        register_metric("mine", 7)
    assert "mine" not in metric_names()


def test_a_name_is_not_taken_over_in_silence():
    def first(X, Y):
        return np.zeros((len(X), len(Y)))

    def second(X, Y):
        return np.ones((len(X), len(Y)))

    register_metric("mine", first)
    register_metric("mine", first)  # a cell that is run again
    with pytest.raises(ValueError, match=r"'mine' is taken by first"):
        register_metric("mine", second)
    with pytest.raises(ValueError, match=r"'precomputed' is taken"):
        register_metric("precomputed", first)
    with pytest.raises(ValueError, match=r"'l2' is taken by Euclidean"):
        register_metric("l2", first)


def test_a_metric_of_ones_own_works_everywhere_it_can_be_used():
    # From the public docstring of Metric alone: no private import.
    @register_metric
    @dataclass(frozen=True, eq=False)
    class Overlap(Metric):
        """Weighted sum of the smaller shares."""

        weight: float = 1.0
        name: ClassVar[str] = "overlap_of_shares"
        aliases: ClassVar[tuple[str, ...]] = ("shares",)
        larger_is_closer: ClassVar[bool] = True
        domain_ = get_metric("hellinger").domain

        def keys(self, x, y):
            return -self.weight * np.minimum(x, y).sum(axis=-1)

        def finish(self, keys):
            return -keys

        def unfinish(self, values):
            return -values

    rows = np.random.default_rng(0).random((30, 6))
    table = 2.0 * np.minimum(rows[:, None], rows).sum(axis=2)
    for given_rows in (rows, sparse.csr_array(rows)):
        found = pairwise_distances(given_rows, metric="shares", weight=2.0)
        np.testing.assert_allclose(found, table, rtol=1e-15)
        model = NearestNeighbors(
            n_neighbors=3, metric="overlap_of_shares", metric_params={"weight": 2.0}
        )
        values, indices = model.fit(given_rows).kneighbors(rows)
        np.testing.assert_array_equal(indices, np.argsort(-table, kind="stable")[:, :3])
        np.testing.assert_allclose(values, -np.sort(-table)[:, :3], rtol=1e-15)
        within = model.radius_neighbors(rows, 6.0, return_distance=False)
        assert [set(row) for row in within] == [
            set(np.flatnonzero(row)) for row in table >= 6.0
        ]
    assert get_metric("shares") == Overlap()
    assert get_metric("shares").params == {"weight": 1.0}
    with pytest.raises(ValueError, match="'overlap_of_shares' is defined on non-neg"):
        NearestNeighbors(metric="shares").fit(-rows)
    with pytest.raises(ValueError, match=r"unknown parameter.* 'w'; it takes weight"):
        get_metric("shares", w=2)
