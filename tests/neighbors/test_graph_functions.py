"""kneighbors_graph and radius_neighbors_graph: scikit-learn's, with self-exclusion."""

import numpy as np
import pytest
from labels import label
from rows import rows_for
from scipy import sparse
from sklearn import config_context
from sklearn import neighbors as theirs
from sklearn.cluster import AgglomerativeClustering
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from sknorms.metrics import get_metric, metric_names, pairwise_distances
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsTransformer,
    NearestNeighbors,
    RadiusNeighborsTransformer,
    kneighbors_graph,
    radius_neighbors_graph,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
# Seven rows at one place, the first and the last among them.
HEAP = RNG.normal(size=(20, 3))
HEAP[[3, 4, 8, 12, 13, 19]] = HEAP[0]
GRAPHS = {"k": (kneighbors_graph, 4), "radius": (radius_neighbors_graph, 1.5)}


@pytest.fixture(params=GRAPHS)
def graph_of(request):
    """Return one of the two functions, how far it is to look, and scikit-learn's."""
    function, extent = GRAPHS[request.param]
    return function, extent, getattr(theirs, function.__name__)


# ---- as scikit-learn's ----


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize("include_self", [False, True, "auto", np.True_])
@pytest.mark.parametrize(
    "parameters",
    [{}, {"p": 1}, {"metric": "cosine"}, {"metric": "chebyshev"}, {"n_jobs": 2}],
    ids=label,
)
def test_same_graph_as_scikit_learn(graph_of, mode, include_self, parameters):
    function, extent, reference = graph_of
    parameters = {"mode": mode, "include_self": include_self, **parameters}
    mine, other = function(X, extent, **parameters), reference(X, extent, **parameters)
    assert type(mine) is type(other)
    assert mine.nnz == other.nnz
    np.testing.assert_allclose(mine.toarray(), other.toarray(), atol=1e-12)


@pytest.mark.parametrize("form", [list, sparse.csr_array, np.asfortranarray])
def test_other_forms_of_rows(graph_of, form):
    function, extent, _ = graph_of
    graph = function(form(X), extent, mode="distance")
    expected = function(X, extent, mode="distance")
    np.testing.assert_array_equal(graph.toarray(), expected.toarray())


def test_precomputed_distances(graph_of):
    function, extent, _ = graph_of
    distances = pairwise_distances(X)
    for include_self in (False, True):
        rules = {"mode": "distance", "include_self": include_self}
        graph = function(distances, extent, metric="precomputed", **rules)
        expected = function(X, extent, **rules)
        np.testing.assert_array_equal(graph.toarray(), expected.toarray())


def test_fitted_estimators(graph_of):
    function, extent, _ = graph_of
    expected = function(X, extent, metric="manhattan", mode="distance")
    models = [NearestNeighbors(metric="manhattan")]
    if function is kneighbors_graph:
        models += [
            KNeighborsClassifier(metric="manhattan"),
            KNeighborsTransformer(metric="manhattan"),
        ]
    else:
        models += [RadiusNeighborsTransformer(metric="manhattan")]
    for model in models:
        model.fit(X, np.arange(60) % 2)
        graph = function(model, extent, metric="manhattan", mode="distance")
        assert (graph != expected).nnz == 0
        # With itself, however the estimator is set.
        graph = function(model, extent, metric="manhattan", include_self=True)
        assert (graph.diagonal() == 1).all()


def test_arrays_among_metric_params_are_compared(graph_of):
    function, extent, _ = graph_of
    weights = {"w": np.arange(1.0, 5.0)}
    model = NearestNeighbors(metric_params=weights).fit(X)
    graph = function(model, extent, metric_params={"w": np.arange(1.0, 5.0)})
    assert (graph != function(X, extent, metric_params=weights)).nnz == 0
    with pytest.raises(ValueError, match="for metric_params, while the estimator has"):
        function(model, extent, metric_params={"w": np.ones(4)})


def test_radii_of_their_own():
    radii = np.linspace(0.5, 2, 60)
    graph = radius_neighbors_graph(X, radii, mode="distance").toarray()
    table = pairwise_distances(X)
    inside = (table <= radii[:, None]) & ~np.eye(60, dtype=bool)
    np.testing.assert_array_equal(graph > 0, inside)


def test_connectivity_for_clustering(recwarn):
    rows, _ = load_iris(return_X_y=True)
    rows = rows + RNG.normal(0, 0.01, rows.shape)
    mine, other = (
        AgglomerativeClustering(3, connectivity=function(rows, 60)).fit(rows)
        for function in (kneighbors_graph, theirs.kneighbors_graph)
    )
    np.testing.assert_array_equal(mine.labels_, other.labels_)
    assert len(recwarn) == 0


# ---- the row itself, and nobody else ----


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize("k", [1, 3, 7, 19])
def test_self_exclusion_drops_no_duplicate(mode, k):
    graph = kneighbors_graph(HEAP, k, mode=mode, exclude_self=True)
    table = pairwise_distances(HEAP)
    np.fill_diagonal(table, np.inf)
    expected = np.argsort(table, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(np.diff(graph.indptr), k)
    np.testing.assert_array_equal(graph.indices.reshape(-1, k), expected)
    assert (graph.diagonal() == 0).all()
    if mode == "distance":
        values = np.take_along_axis(table, expected, axis=1)
        np.testing.assert_array_equal(graph.data.reshape(-1, k), values)


@pytest.mark.parametrize("k", [1, 3, 7, 20])
def test_with_itself_by_distance_and_index(k):
    graph = kneighbors_graph(HEAP, k, mode="distance", include_self=True)
    table = pairwise_distances(HEAP)
    expected = np.argsort(table, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(graph.indices.reshape(-1, k), expected)


def test_self_exclusion_within_a_radius():
    graph = radius_neighbors_graph(HEAP, 0, mode="distance", exclude_self=True)
    heap = [0, 3, 4, 8, 12, 13, 19]
    for row in range(20):
        found = graph.indices[graph.indptr[row] : graph.indptr[row + 1]]
        assert found.tolist() == [i for i in heap if i != row] * (row in heap)
    assert (graph.data == 0).all()


@pytest.mark.parametrize("metric", metric_names())
def test_every_metric_stores_k_values_of_its_own(metric):
    rows = rows_for(metric, 40)
    graph = kneighbors_graph(rows, 6, mode="distance", metric=metric)
    assert (np.diff(graph.indptr) == 6).all()
    assert np.isfinite(graph.data).all()
    assert not (graph.indices.reshape(-1, 6) == np.arange(40)[:, None]).any()
    if not get_metric(metric).larger_is_closer:
        assert (graph.data >= 0).all()
        assert (np.diff(graph.data.reshape(-1, 6)) >= 0).all()


def test_exclude_self_decides(graph_of):
    function, extent, _ = graph_of
    without = function(X, extent)
    for rules in ({"exclude_self": True}, {"include_self": "auto", "mode": "distance"}):
        assert (function(X, extent, **rules).diagonal() == 0).all()
    assert (function(X, extent, exclude_self=True) != without).nnz == 0
    assert (function(X, extent, exclude_self=False).diagonal() == 1).all()
    assert (function(X, extent, include_self="auto").diagonal() == 1).all()


# ---- types ----


def test_float32_rows_make_float32_graphs(graph_of):
    function, extent, _ = graph_of
    rows = X.astype(np.float32)
    for mode in ("connectivity", "distance"):
        assert function(rows, extent, mode=mode).dtype == np.float32
        assert function(X, extent, mode=mode).dtype == np.float64
    graph = function(X, extent)
    assert graph.indices.dtype == graph.indptr.dtype == np.int32


def test_sparse_arrays_if_scikit_learn_is_to_return_them(graph_of):
    function, extent, _ = graph_of
    with config_context(sparse_interface="sparray"):
        graph = function(X, extent)
    assert isinstance(graph, sparse.csr_array)
    assert graph.indices.dtype == graph.indptr.dtype == np.int32


def test_sorted_radius_graph():
    graph = radius_neighbors_graph(X, 2, mode="distance", sort_results=True)
    other = radius_neighbors_graph(X, 2, mode="distance")
    assert (graph != other).nnz == 0
    assert other.has_sorted_indices
    for row in range(60):
        values = graph.data[graph.indptr[row] : graph.indptr[row + 1]]
        assert (np.diff(values) >= 0).all()


# ---- bad input ----


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"mode": "weights"}, ValueError, 'must be one of "connectivity".*"weights"'),
        ({"include_self": "yes"}, ValueError, "include_self must be one of.*got 'yes'"),
        ({"include_self": None}, ValueError, "include_self must be one of.*got None"),
        ({"exclude_self": "no"}, TypeError, "exclude_self must be True or False.*'no'"),
        (
            {"include_self": True, "exclude_self": True},
            ValueError,
            "include_self=True and exclude_self=True say the opposite",
        ),
        ({"metric": "euclid"}, ValueError, "Did you mean 'euclidean'"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"working_memory": 0}, ValueError, "working_memory must be a number > 0"),
    ],
    ids=label,
)
def test_bad_parameters(graph_of, parameters, error, message):
    function, extent, _ = graph_of
    with pytest.raises(error, match=message):
        function(X, extent, **parameters)


@pytest.mark.parametrize(
    ("k", "error", "message"),
    [
        (0, ValueError, "n_neighbors > 0. Got 0"),
        (2.0, TypeError, "n_neighbors must be an integer; got 2.0"),
        (None, ValueError, "n_neighbors is None"),
        (60, ValueError, "n_neighbors = 60, n_samples_fit = 60"),
    ],
)
def test_bad_numbers_of_neighbors(k, error, message):
    with pytest.raises(error, match=message):
        kneighbors_graph(X, k)


@pytest.mark.parametrize(
    ("radius", "error", "message"),
    [
        (-1, ValueError, "radius must be a number >= 0; got -1"),
        ("1", TypeError, "radius must be a real number; got '1'"),
        (None, ValueError, "radius is None"),
        ([1.0, 2.0], ValueError, r"one for each query, shape \(60,\)"),
    ],
)
def test_bad_radii(radius, error, message):
    with pytest.raises(error, match=message):
        radius_neighbors_graph(X, radius)


def test_estimators_that_cannot_be_asked(graph_of):
    function, extent, _ = graph_of
    with pytest.raises(NotFittedError):
        function(NearestNeighbors(), extent)
    with pytest.raises(TypeError, match="X must be rows, or a fitted estimator"):
        function(theirs.NearestNeighbors().fit(X), extent)
    with pytest.raises(ValueError, match="Got cosine for metric, while the estimator"):
        function(NearestNeighbors().fit(X), extent, metric="cosine")
    with pytest.raises(ValueError, match="Got 1 for p, while the estimator has 2"):
        function(NearestNeighbors().fit(X), extent, p=1)


def test_each_function_needs_its_kind_of_estimator():
    with pytest.raises(TypeError, match=r"sknorms.neighbors with radius_neighbors"):
        radius_neighbors_graph(KNeighborsTransformer().fit(X), 1)
    with pytest.raises(TypeError, match=r"sknorms.neighbors with kneighbors"):
        kneighbors_graph(RadiusNeighborsTransformer().fit(X), 1)
