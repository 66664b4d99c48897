"""On ordinary data, the answers of scikit-learn's class of the same name."""

from inspect import signature

import numpy as np
import pytest
from comparators import assert_same_neighborhoods, assert_same_neighbors
from labels import label
from scipy import sparse
from sklearn import neighbors as theirs
from sklearn.metrics import DistanceMetric

from sknorms import neighbors as ours

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 6))
Q = RNG.normal(size=(25, 6))
LABELS = RNG.integers(0, 3, 120)
TARGETS = RNG.normal(size=120)

METRICS = [
    {},
    {"p": 1},
    {"p": 3},
    {"p": np.inf},
    {"metric_params": {"w": np.arange(1.0, 7.0)}},
    {"metric": "l1"},
    {"metric": "cityblock"},
    {"metric": "cosine"},
    {"metric": "correlation"},
    {"metric": "chebyshev"},
    {"metric": "canberra"},
    {"metric": "braycurtis"},
    {"metric": "sqeuclidean"},
    {"metric": "nan_euclidean"},
    {"metric": "minkowski", "p": 1.5},
    {"metric": "seuclidean", "metric_params": {"V": np.arange(1.0, 7.0)}},
    {"metric": "mahalanobis", "metric_params": {"VI": np.diag(np.arange(1.0, 7.0))}},
]


@pytest.mark.parametrize("parameters", METRICS, ids=label)
def test_kneighbors(parameters):
    mine = ours.NearestNeighbors(**parameters).fit(X)
    other = theirs.NearestNeighbors(algorithm="brute", **parameters).fit(X)
    assert_same_neighbors(mine.kneighbors(Q), other.kneighbors(Q))
    assert_same_neighbors(mine.kneighbors(), other.kneighbors())
    assert mine.effective_metric_ == other.effective_metric_
    assert mine.effective_metric_params_.keys() == other.effective_metric_params_.keys()
    assert mine.n_samples_fit_ == other.n_samples_fit_
    assert mine.n_features_in_ == other.n_features_in_


@pytest.mark.parametrize("parameters", METRICS, ids=label)
def test_radius_neighbors(parameters):
    mine = ours.NearestNeighbors(**parameters).fit(X)
    other = theirs.NearestNeighbors(algorithm="brute", **parameters).fit(X)
    radius = float(np.median(other.kneighbors(Q)[0]))
    for queries in (Q, None):
        assert_same_neighborhoods(
            mine.radius_neighbors(queries, radius),
            other.radius_neighbors(queries, radius),
            radius,
        )


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
def test_graphs(mode):
    mine, other = (
        module.NearestNeighbors(radius=2.0).fit(X) for module in (ours, theirs)
    )
    for queries in (Q, None):
        graph = mine.kneighbors_graph(queries, 4, mode)
        reference = other.kneighbors_graph(queries, 4, mode)
        np.testing.assert_allclose(graph.toarray(), reference.toarray())
        assert type(graph) is type(reference)
        assert graph.nnz == reference.nnz
        graph = mine.radius_neighbors_graph(queries, mode=mode)
        reference = other.radius_neighbors_graph(queries, mode=mode)
        np.testing.assert_allclose(graph.toarray(), reference.toarray())


@pytest.mark.parametrize(
    "weights", ["uniform", "distance", None, lambda d: np.exp(-d)], ids=label
)
@pytest.mark.parametrize("outputs", ["one", "several"])
def test_classifier(weights, outputs):
    y = LABELS if outputs == "one" else np.stack([LABELS, LABELS[::-1] > 1], axis=1)
    mine, other = (
        module.KNeighborsClassifier(weights=weights).fit(X, y)
        for module in (ours, theirs)
    )
    for queries in (Q, X, None):
        np.testing.assert_array_equal(mine.predict(queries), other.predict(queries))
        np.testing.assert_allclose(
            np.concatenate(mine.predict_proba(queries), axis=None),
            np.concatenate(other.predict_proba(queries), axis=None),
            rtol=1e-12,
        )
    assert mine.outputs_2d_ == other.outputs_2d_
    for labels, reference in zip(mine.classes_, other.classes_, strict=True):
        np.testing.assert_array_equal(labels, reference)
    if outputs == "one":
        assert mine.score(None, y) == other.score(None, y)
        assert mine.score(Q, y[:25]) == other.score(Q, y[:25])


@pytest.mark.parametrize(
    "weights", ["uniform", "distance", None, lambda d: np.exp(-d)], ids=label
)
@pytest.mark.parametrize("outputs", [1, 3])
def test_regressor(weights, outputs):
    y = TARGETS if outputs == 1 else RNG.normal(size=(120, outputs))
    mine, other = (
        module.KNeighborsRegressor(weights=weights).fit(X, y)
        for module in (ours, theirs)
    )
    for queries in (Q, X, None):
        predicted = mine.predict(queries)
        np.testing.assert_allclose(predicted, other.predict(queries), rtol=1e-12)
        assert predicted.shape == other.predict(queries).shape
    np.testing.assert_allclose(mine.score(None, y), other.score(None, y))


@pytest.mark.parametrize(
    "kind", [sparse.csr_array, sparse.coo_matrix, sparse.lil_array]
)
def test_sparse_rows(kind):
    rows, queries = (np.where(np.abs(part) > 1, part, 0) for part in (X, Q))
    rows[:, 0], queries[:, 0] = X[:, 0], Q[:, 0]  # no row without a direction
    for metric in ("euclidean", "manhattan", "cosine"):
        mine, other = (
            module.NearestNeighbors(metric=metric).fit(kind(rows))
            for module in (ours, theirs)
        )
        assert_same_neighbors(
            mine.kneighbors(kind(queries)), other.kneighbors(kind(queries)), atol=1e-7
        )


def gap(x, y):
    return np.abs(x - y).max()


def test_a_function_of_two_rows():
    mine, other = (
        module.NearestNeighbors(metric=gap).fit(X) for module in (ours, theirs)
    )
    with pytest.warns(Warning, match=r"3,000 times"):
        found = mine.kneighbors(Q)
    assert_same_neighbors(found, other.kneighbors(Q))
    assert mine.effective_metric_ is gap


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_distance_metric_of_scikit_learn(dtype):
    metric = DistanceMetric.get_metric("minkowski", p=3, dtype=dtype)
    mine = ours.KNeighborsClassifier(metric=metric).fit(X.astype(dtype), LABELS)
    other = theirs.KNeighborsClassifier(p=3).fit(X, LABELS)
    np.testing.assert_array_equal(mine.predict(Q.astype(dtype)), other.predict(Q))
    assert mine.effective_metric_ is metric


@pytest.mark.parametrize("name", sorted(set(ours.__all__) & set(theirs.__all__)))
def test_signatures_hold_those_of_scikit_learn(name):
    mine, other = getattr(ours, name), getattr(theirs, name)
    asked, known = (signature(subject).parameters for subject in (other, mine))
    for parameter in asked.values():
        assert known[parameter.name].default == parameter.default
        assert known[parameter.name].kind == parameter.kind
    methods = {m for m in dir(other) if not m.startswith("_")}
    assert methods - set(dir(mine)) == set()
