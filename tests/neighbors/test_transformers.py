"""Neighbour graphs as steps of a pipeline: what is stored, and in which order."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from labels import label
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn import neighbors as theirs
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sknorms.metrics import get_metric, metric_names, pairwise_distances
from sknorms.neighbors import (
    KNeighborsTransformer,
    NearestNeighbors,
    RadiusNeighborsTransformer,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 5))
Q = RNG.normal(size=(11, 5))
OURS = {"audit", "exclude_self", "working_memory", "verbose"}
TRANSFORMERS = [KNeighborsTransformer, RadiusNeighborsTransformer]


@pytest.fixture(params=TRANSFORMERS)
def transformer(request):
    return request.param


def rows_of(graph):
    """Return (values, indices) of every row of a graph, as stored."""
    cuts = graph.indptr[1:-1]
    return zip(np.split(graph.data, cuts), np.split(graph.indices, cuts), strict=True)


def assert_same_graph(actual, expected):
    for part in ("data", "indices", "indptr"):
        assert_same_bits(getattr(actual, part), getattr(expected, part))


# ---- as scikit-learn's ----


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"p": 1},
        {"metric": "cosine"},
        {"metric": "chebyshev"},
        {"metric_params": {"w": np.arange(1.0, 6.0)}},
    ],
    ids=label,
)
def test_same_graph_as_scikit_learn(transformer, mode, parameters):
    mine = transformer(mode=mode, **parameters)
    other = getattr(theirs, transformer.__name__)(mode=mode, **parameters)
    for ask in (lambda t: t.fit_transform(X), lambda t: t.fit(X).transform(Q)):
        graph, reference = ask(mine), ask(other)
        assert type(graph) is type(reference)
        assert graph.nnz == reference.nnz
        np.testing.assert_allclose(graph.toarray(), reference.toarray(), atol=1e-9)
    assert mine.n_samples_fit_ == other.n_samples_fit_
    assert mine.n_features_in_ == other.n_features_in_
    assert mine.effective_metric_ == other.effective_metric_
    names = mine.get_feature_names_out()
    np.testing.assert_array_equal(names, other.get_feature_names_out())


def test_same_parameters_as_scikit_learn_and_ours_after(transformer):
    mine = list(transformer()._get_param_names())
    other = getattr(theirs, transformer.__name__)._get_param_names()
    assert set(mine) - set(other) == OURS
    assert set(other) <= set(mine)
    for name, value in getattr(theirs, transformer.__name__)().get_params().items():
        assert getattr(transformer(), name) == value


def test_feature_names(transformer):
    frame = pd.DataFrame(X, columns=list("abcde"))
    fitted = transformer().fit(frame)
    assert fitted.feature_names_in_.tolist() == list("abcde")
    name = transformer.__name__.lower()
    expected = [f"{name}{i}" for i in range(80)]
    assert fitted.get_feature_names_out().tolist() == expected
    assert_same_graph(fitted.transform(frame), transformer().fit_transform(X))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_cannot_hold_a_graph(transformer, kind):
    model = transformer().set_output(transform=kind)
    with pytest.raises(ValueError, match=r"sparse.*set_output\(transform='default'\)"):
        model.fit_transform(X)
    assert sparse.issparse(model.set_output(transform="default").fit_transform(X))


# ---- what is stored ----


@pytest.mark.parametrize("metric", metric_names())
def test_one_more_neighbor_the_row_itself_and_in_order(metric):
    rows = rows_for(metric, 60)
    graph = KNeighborsTransformer(n_neighbors=7, metric=metric).fit_transform(rows)
    assert (np.diff(graph.indptr) == 8).all()
    sign = -1 if get_metric(metric).larger_is_closer else 1
    assert (np.diff(sign * graph.data.reshape(-1, 8), axis=1) >= 0).all()
    keys = sign * pairwise_distances(rows, metric=metric)
    own = np.diag(keys)[:, None]
    before = (keys < own) | ((keys == own) & np.tri(60, k=-1, dtype=bool))
    stored = (graph.indices.reshape(-1, 8) == np.arange(60)[:, None]).any(axis=1)
    np.testing.assert_array_equal(stored, before.sum(axis=1) < 8)
    if sign == 1:
        assert stored.sum() > 20
        assert (graph.data >= 0).all()


def test_connectivity_counts_the_row_itself():
    model = KNeighborsTransformer(n_neighbors=7, mode="connectivity")
    graph = model.fit_transform(X)
    assert (np.diff(graph.indptr) == 7).all()
    assert (graph.data == 1).all()
    assert (graph.diagonal() == 1).all()


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
def test_exclude_self_drops_only_the_row_itself(mode):
    rows = np.repeat(RNG.normal(size=(8, 3)), [1, 2, 3, 4, 5, 6, 7, 8], axis=0)
    model = KNeighborsTransformer(n_neighbors=5, mode=mode, exclude_self=True)
    graph = model.fit_transform(rows)
    lists = NearestNeighbors(n_neighbors=5).fit(rows)
    expected = lists.kneighbors_graph(mode=mode)
    assert_same_graph(graph, expected)
    assert not (graph.indices.reshape(-1, 5) == np.arange(36)[:, None]).any()
    # New rows are nobody's self.
    assert_same_graph(model.transform(rows), lists.kneighbors_graph(rows, mode=mode))


def test_exclude_self_within_a_radius():
    rows = np.repeat(RNG.normal(size=(6, 3)), 3, axis=0)
    table = pairwise_distances(rows)
    inside = table <= 1.5
    model = RadiusNeighborsTransformer(radius=1.5, exclude_self=True)
    graph = model.fit_transform(rows)
    others = inside & ~np.eye(18, dtype=bool)
    for (_, found), wanted in zip(rows_of(graph), others, strict=True):
        assert sorted(found) == np.flatnonzero(wanted).tolist()
    assert model.transform(rows).nnz == inside.sum()


def test_radius_graph_has_its_diagonal_and_its_order(transformer):
    graph = RadiusNeighborsTransformer(radius=2.0).fit_transform(X)
    for row, (values, indices) in enumerate(rows_of(graph)):
        assert indices[0] == row
        assert values[0] == 0
        assert (np.diff(values) >= 0).all()
        assert (values <= 2).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_float32_stays_float32(transformer, dtype):
    graph = transformer().fit_transform((10 * X).astype(dtype))
    small = dtype in (np.float16, np.float32)
    assert graph.dtype == (np.float32 if small else np.float64)
    assert graph.indices.dtype == np.int32


# ---- one answer ----


@pytest.mark.parametrize("mode", ["connectivity", "distance"])
def test_fit_transform_is_fit_and_transform(transformer, mode):
    rows = np.round(X)
    model = transformer(mode=mode)
    graph = model.fit_transform(rows)
    assert_same_graph(clone(model).fit(rows).transform(rows), graph)
    batches = [model.transform(rows[start : start + 9]) for start in range(0, 80, 9)]
    joined = sparse.vstack(batches, format="csr")
    assert_same_bits(joined.data, graph.data)
    np.testing.assert_array_equal(joined.indices, graph.indices)
    again = pickle.loads(pickle.dumps(model))
    assert_same_graph(again.transform(rows), graph)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_budgets(transformer, layout):
    lay = LAYOUTS[layout]
    expected = transformer().fit(X).transform(Q)
    rules = {"n_jobs": 2, "working_memory": 0.05}
    assert_same_graph(transformer(**rules).fit(lay(X)).transform(lay(Q)), expected)


def test_progress_is_shown_once_for_all_blocks(transformer, capsys):
    rows = RNG.normal(size=(600, 3))
    transformer(working_memory=0.01).fit_transform(rows)
    assert capsys.readouterr().err == ""
    transformer(working_memory=0.01, verbose=2).fit_transform(rows)
    last = capsys.readouterr().err.replace("\r", "\n").strip().splitlines()[-1]
    assert "600/600" in last


def test_inputs_and_parameters_are_left_alone(transformer):
    rows, weights = X.copy(), {"w": np.arange(1.0, 6.0)}
    model = transformer(metric_params=weights, exclude_self=True)
    before = model.get_params()
    model.fit_transform(rows)
    np.testing.assert_array_equal(rows, X)
    assert model.get_params() == before


def test_precomputed_distances_become_a_graph(transformer):
    table, queries = pairwise_distances(X), pairwise_distances(Q, X)
    for rules in ({}, {"exclude_self": True}):
        model = transformer(metric="precomputed", **rules)
        expected = transformer(**rules)
        assert_same_graph(model.fit_transform(table), expected.fit_transform(X))
        assert_same_graph(model.transform(queries), expected.transform(Q))


def test_missing_values_are_compared_by_what_is_there(transformer):
    rows = X.copy()
    rows[::3, 1] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph = transformer(metric="nan_euclidean").fit_transform(rows)
    assert np.isfinite(graph.data).all()
    with pytest.raises(ValueError, match="contains NaN"):
        transformer().fit(rows)


# ---- bad input ----


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"mode": "sparse"}, ValueError, "Unsupported mode.*'sparse'|\"sparse\""),
        ({"exclude_self": 1}, TypeError, "exclude_self must be True or False; got 1"),
        ({"exclude_self": "yes"}, TypeError, "exclude_self must be True or False"),
        ({"algorithm": "tree"}, ValueError, "algorithm must be one of 'auto'"),
        ({"working_memory": -1}, ValueError, "working_memory must be a number > 0"),
        ({"metric": "euclid"}, ValueError, "Did you mean 'euclidean'"),
        ({"p": 0}, ValueError, "p must be a number > 0; got 0"),
    ],
    ids=label,
)
def test_parameters_are_checked_in_fit(transformer, parameters, error, message):
    model = transformer(**parameters)
    with pytest.raises(error, match=message):
        model.fit(X)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (0, ValueError, "n_neighbors > 0. Got 0"),
        (2.5, TypeError, "n_neighbors must be an integer; got 2.5"),
        (None, ValueError, "n_neighbors is None"),
    ],
)
def test_numbers_of_neighbors(value, error, message):
    with pytest.raises(error, match=message):
        KNeighborsTransformer(n_neighbors=value).fit(X)


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (-0.1, ValueError, "radius must be a number >= 0; got -0.1"),
        (np.nan, ValueError, "radius must be a number >= 0; got nan"),
        ("1", TypeError, "radius must be a real number; got '1'"),
        (None, TypeError, "radius must be a real number; got None"),
    ],
)
def test_radii(value, error, message):
    with pytest.raises(error, match=message):
        RadiusNeighborsTransformer(radius=value).fit(X)


def test_too_few_rows():
    with pytest.raises(ValueError, match=r"n_neighbors = 81, n_samples_fit = 80"):
        KNeighborsTransformer(n_neighbors=80).fit_transform(X)
    with pytest.raises(ValueError, match=r"n_neighbors = 80, n_samples_fit = 80"):
        KNeighborsTransformer(n_neighbors=80, exclude_self=True).fit_transform(X)
    graph = KNeighborsTransformer(n_neighbors=79).fit_transform(X)
    assert graph.nnz == 80 * 80


def test_order_of_use(transformer):
    with pytest.raises(NotFittedError):
        transformer().transform(X)
    with pytest.raises(ValueError, match=r"X has 4 features, but .* is expecting 5"):
        transformer().fit(X).transform(X[:, :4])
