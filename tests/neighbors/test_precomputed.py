"""Distances given by the user: a dense matrix, or a sparse graph with stored zeros."""

import numpy as np
import pytest
from comparators import assert_same_neighbors
from scipy import sparse
from sklearn import neighbors as theirs
from sklearn.exceptions import EfficiencyWarning
from sklearn.metrics import pairwise_distances
from sklearn.model_selection import cross_val_score

from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Q = RNG.normal(size=(9, 3))
D, DQ = pairwise_distances(X), pairwise_distances(Q, X)
LABELS = RNG.integers(0, 3, 40)


def precomputed(**parameters):
    return NearestNeighbors(metric="precomputed", **parameters)


def as_graph(distances, kind=sparse.csr_matrix):
    """Return a graph that stores every entry, rows sorted by distance."""
    n_rows, n_columns = distances.shape
    order = np.argsort(distances, axis=1, kind="stable")
    data = np.take_along_axis(distances, order, axis=1).ravel()
    starts = np.arange(0, distances.size + 1, n_columns)
    return kind((data, order.ravel(), starts), shape=(n_rows, n_columns))


@pytest.mark.parametrize("form", [np.asarray, as_graph, sparse.csr_array])
def test_same_answers_as_from_the_rows(form, recwarn):
    reference = NearestNeighbors(radius=1.5).fit(X)
    model = precomputed(radius=1.5).fit(form(D))
    for queries, rows in ((form(DQ), Q), (None, None)):
        found, wanted = model.kneighbors(queries), reference.kneighbors(rows)
        np.testing.assert_array_equal(found[1], wanted[1])
        np.testing.assert_allclose(found[0], wanted[0])
        found = model.radius_neighbors(queries, sort_results=True)
        wanted = reference.radius_neighbors(rows, sort_results=True)
        for mine, other in zip(found[1], wanted[1], strict=True):
            np.testing.assert_array_equal(mine, other)
        unsorted = model.radius_neighbors(queries, return_distance=False)
        for mine, other in zip(unsorted, wanted[1], strict=True):
            np.testing.assert_array_equal(mine, np.sort(other))
    # CSR by column is not sorted by distance, which is worth a warning.
    kinds = {warning.category for warning in recwarn}
    assert kinds == ({EfficiencyWarning} if form is sparse.csr_array else set())


@pytest.mark.parametrize("kind", ["csc", "coo", "lil"])
def test_other_formats_with_stored_zeros(kind):
    graph = sparse.csr_matrix(as_graph(D + 1)).asformat(kind)
    with pytest.warns(EfficiencyWarning, match="not sorted"):
        model = precomputed().fit(graph)
    other = theirs.NearestNeighbors(metric="precomputed").fit(as_graph(D + 1))
    assert_same_neighbors(model.kneighbors(), other.kneighbors())


def test_ties_are_ordered_by_index_in_every_form():
    distances = RNG.integers(0, 3, (30, 30)).astype(float)
    dense = precomputed(n_neighbors=12).fit(distances).kneighbors(distances)
    order = np.argsort(distances, axis=1, kind="stable")[:, :12]
    np.testing.assert_array_equal(dense[1], order)
    # Sorted by distance, but ties in reverse.
    backwards = as_graph(distances[:, ::-1])
    graph = sparse.csr_matrix(
        (backwards.data, 29 - backwards.indices, backwards.indptr), shape=(30, 30)
    )
    found = precomputed(n_neighbors=12).fit(graph).kneighbors(graph)
    np.testing.assert_array_equal(found[1], order)


def test_stored_zeros_are_neighbors_and_missing_entries_are_not():
    graph = sparse.csr_matrix(
        ([0.0, 0.5, 0.0, 0.0, 2.0, 3.0], [1, 2, 0, 2, 0, 1], [0, 2, 4, 6]), shape=(3, 3)
    )
    distances, indices = precomputed(n_neighbors=2).fit(graph).kneighbors()
    assert indices.tolist() == [[1, 2], [0, 2], [0, 1]]
    assert distances.tolist() == [[0, 0.5], [0, 0], [2, 3]]
    found = precomputed(radius=0).fit(graph).radius_neighbors()[1]
    assert [row.tolist() for row in found] == [[1], [0, 2], []]


def test_only_the_row_itself_is_left_out_of_a_graph():
    zeros = np.zeros((4, 4))
    for form in (np.asarray, as_graph):
        indices = precomputed(n_neighbors=3).fit(form(zeros)).kneighbors()[1]
        assert indices.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
    # A graph that stores no diagonal already has as many neighbours as it stores.
    graph = NearestNeighbors(n_neighbors=3).fit(X).kneighbors_graph(mode="distance")
    expected = NearestNeighbors(n_neighbors=3).fit(X).kneighbors()
    found = precomputed(n_neighbors=3).fit(graph).kneighbors()
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("form", [np.asarray, as_graph])
def test_predictions(form, weights):
    for estimator in (KNeighborsClassifier, KNeighborsRegressor):
        model = estimator(weights=weights, metric="precomputed").fit(form(D), LABELS)
        rows = estimator(weights=weights).fit(X, LABELS)
        np.testing.assert_allclose(model.predict(form(DQ)), rows.predict(Q))
        np.testing.assert_allclose(model.predict(None), rows.predict(None))


def test_cross_validation_cuts_rows_and_columns():
    model = KNeighborsClassifier(metric="precomputed")
    scores = cross_val_score(model, D, LABELS, cv=4, error_score="raise")
    expected = cross_val_score(KNeighborsClassifier(), X, LABELS, cv=4)
    np.testing.assert_array_equal(scores, expected)
    tags = model.__sklearn_tags__().input_tags
    assert tags.pairwise
    assert tags.positive_only
    assert not KNeighborsClassifier().__sklearn_tags__().input_tags.pairwise


def test_float32_stays():
    model = precomputed().fit(D.astype(np.float32))
    assert model.kneighbors(DQ.astype(np.float32))[0].dtype == np.float32
    assert model.kneighbors()[0].dtype == np.float32
    assert model.radius_neighbors()[0][0].dtype == np.float32
    assert model.kneighbors(DQ)[0].dtype == np.float64


# ---- bad input ----


@pytest.mark.parametrize("form", [np.asarray, as_graph])
@pytest.mark.parametrize("estimator", [NearestNeighbors, KNeighborsClassifier])
def test_a_matrix_that_is_not_square(form, estimator):
    model = estimator(metric="precomputed")
    with pytest.raises(ValueError, match=r"must be square.* 9x40 "):
        model.fit(form(DQ), LABELS[:9])


@pytest.mark.parametrize("form", [np.asarray, as_graph])
def test_queries_with_the_wrong_columns(form):
    model = precomputed().fit(form(D))
    message = r"shape \(n_queries, n_indexed\)\. Got \(9, 39\) for 40 indexed"
    with pytest.raises(ValueError, match=message):
        model.kneighbors(form(DQ[:, :39]))
    with pytest.raises(ValueError, match=message):
        model.radius_neighbors(form(DQ[:, :39]))


@pytest.mark.parametrize("form", [np.asarray, as_graph])
@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_distances_that_are_none(form, wrong):
    bad = D.copy()
    bad[2, 3] = wrong
    message = r"(Negative values|NaN|infinity)[\s\S]* row 2\."
    with pytest.raises(ValueError, match=message):
        precomputed().fit(form(bad))
    with pytest.raises(ValueError, match=message):
        precomputed().fit(form(D)).kneighbors(form(bad))


@pytest.mark.parametrize("kind", ["dok", "bsr", "dia"])
@pytest.mark.parametrize("estimator", [NearestNeighbors, KNeighborsClassifier])
def test_formats_without_stored_zeros(kind, estimator):
    graph = sparse.csr_matrix(D).asformat(kind)
    model = estimator(metric="precomputed")
    with pytest.raises(TypeError, match=f"format '{kind}'|'{kind}' format"):
        model.fit(graph, LABELS)
    with pytest.raises(TypeError, match=f"'{kind}' format"):
        model.fit(D, LABELS).kneighbors(graph)


def test_too_few_entries_in_a_row():
    graph = NearestNeighbors(n_neighbors=3).fit(X).kneighbors_graph(mode="distance")
    model = precomputed(n_neighbors=4).fit(graph)
    with pytest.raises(ValueError, match=r"4 neighbors per samples.* only 3 neighbors"):
        model.kneighbors()
    with pytest.raises(ValueError, match=r"4 neighbors per samples.* only 3 neighbors"):
        model.kneighbors(graph)


def test_unsorted_rows_warn_and_are_sorted():
    graph = sparse.csr_matrix(
        ([3.0, 1.0, 2.0, 1.0, 1.0, 2.0], [1, 2, 0, 2, 0, 1], [0, 2, 4, 6]), shape=(3, 3)
    )
    with pytest.warns(EfficiencyWarning, match="not sorted by row values"):
        model = precomputed(n_neighbors=2).fit(graph)
    assert model.kneighbors()[1].tolist() == [[2, 1], [2, 0], [0, 1]]
    assert graph.data.tolist() == [3.0, 1.0, 2.0, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_no_tree_over_distances(algorithm):
    with pytest.raises(ValueError, match=r"'precomputed' not valid.*auto"):
        precomputed(algorithm=algorithm).fit(D)
