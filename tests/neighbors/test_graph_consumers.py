"""Graphs feed scikit-learn's precomputed estimators: what their own search gives."""

import numpy as np
import pytest
from sklearn import neighbors as theirs
from sklearn.cluster import DBSCAN, HDBSCAN, OPTICS, SpectralClustering
from sklearn.datasets import load_digits, load_iris
from sklearn.manifold import TSNE, Isomap, SpectralEmbedding
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import normalize

from sknorms import neighbors as ours

RNG = np.random.default_rng(0)


def without_ties(rows):
    # Which of several equally near neighbours scikit-learn takes is not defined.
    return rows + RNG.normal(0, 0.01, rows.shape)


DIGITS, LABELS = (part[:300] for part in load_digits(return_X_y=True))
DIGITS = without_ties(DIGITS)
IRIS = without_ties(load_iris(return_X_y=True)[0])


def by_k(n_neighbors, estimator, **parameters):
    graph = ours.KNeighborsTransformer(n_neighbors=n_neighbors, **parameters)
    return make_pipeline(graph, estimator)


def by_radius(radius, estimator, **parameters):
    graph = ours.RadiusNeighborsTransformer(radius=radius, **parameters)
    return make_pipeline(graph, estimator)


# ---- manifolds ----


def test_tsne():
    rules = {"init": "random", "perplexity": 10, "max_iter": 250, "random_state": 0}
    # It asks for three times the perplexity, and one.
    model = by_k(31, TSNE(metric="precomputed", **rules))
    np.testing.assert_allclose(
        model.fit_transform(DIGITS[:100]), TSNE(**rules).fit_transform(DIGITS[:100])
    )


@pytest.mark.parametrize("rules", [{"n_neighbors": 12}, {"radius": 40}], ids=str)
def test_isomap(rules):
    rules = {"n_neighbors": None, "eigen_solver": "dense", **rules}
    isomap = Isomap(metric="precomputed", **rules)
    model = by_radius(40, isomap) if "radius" in rules else by_k(12, isomap)
    own = Isomap(**rules).fit(DIGITS[:250])
    found = model.fit_transform(DIGITS[:250])
    np.testing.assert_allclose(found, own.embedding_, atol=1e-8)
    np.testing.assert_allclose(
        model.transform(DIGITS[250:]), own.transform(DIGITS[250:]), atol=1e-8
    )


def test_spectral_embedding():
    rules = {"n_neighbors": 15, "random_state": 0}
    model = by_k(
        15, SpectralEmbedding(affinity="precomputed_nearest_neighbors", **rules)
    )
    own = SpectralEmbedding(affinity="nearest_neighbors", **rules)
    np.testing.assert_allclose(
        model.fit_transform(DIGITS), own.fit_transform(DIGITS), atol=1e-10
    )


# ---- clusters ----


def test_spectral_clustering():
    rules = {"n_clusters": 5, "n_neighbors": 15, "random_state": 0}
    given = SpectralClustering(affinity="precomputed_nearest_neighbors", **rules)
    own = SpectralClustering(affinity="nearest_neighbors", **rules)
    np.testing.assert_array_equal(
        by_k(15, given).fit_predict(DIGITS), own.fit_predict(DIGITS)
    )


@pytest.mark.parametrize("exclude_self", [False, True])
def test_dbscan(exclude_self):
    own = DBSCAN(eps=22).fit_predict(DIGITS)
    assert len(set(own)) > 3
    given = DBSCAN(eps=22, metric="precomputed")
    rules = {"exclude_self": exclude_self}
    # A graph of a larger radius, or of more neighbours than that, serves as well.
    for model in (by_radius(25, given, **rules), by_k(298, given, **rules)):
        np.testing.assert_array_equal(model.fit_predict(DIGITS), own)


def test_optics():
    own = OPTICS(min_samples=5).fit(IRIS)
    model = by_radius(100, OPTICS(min_samples=5, metric="precomputed")).fit(IRIS)
    np.testing.assert_array_equal(model[-1].ordering_, own.ordering_)
    np.testing.assert_allclose(model[-1].reachability_, own.reachability_)
    np.testing.assert_array_equal(model[-1].labels_, own.labels_)


def test_hdbscan():
    own = HDBSCAN(copy=True).fit_predict(IRIS)
    model = by_radius(100, HDBSCAN(metric="precomputed", copy=True))
    np.testing.assert_array_equal(model.fit_predict(IRIS), own)


# ---- outliers ----


def test_local_outlier_factor():
    own = theirs.LocalOutlierFactor(n_neighbors=12).fit(DIGITS)
    model = by_k(12, theirs.LocalOutlierFactor(n_neighbors=12, metric="precomputed"))
    model.fit(DIGITS)
    np.testing.assert_allclose(
        model[-1].negative_outlier_factor_, own.negative_outlier_factor_
    )


def test_local_outlier_factor_of_new_rows():
    rules = {"n_neighbors": 12, "novelty": True}
    own = theirs.LocalOutlierFactor(**rules).fit(DIGITS[:200])
    model = by_k(12, theirs.LocalOutlierFactor(metric="precomputed", **rules))
    model.fit(DIGITS[:200])
    np.testing.assert_allclose(
        model.decision_function(DIGITS[200:]), own.decision_function(DIGITS[200:])
    )


# ---- neighbours ----


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("exclude_self", [False, True])
@pytest.mark.parametrize("library", [theirs, ours])
def test_classifiers(library, weights, exclude_self):
    own = library.KNeighborsClassifier(7, weights=weights)
    given = library.KNeighborsClassifier(7, weights=weights, metric="precomputed")
    own.fit(DIGITS[:200], LABELS[:200])
    model = by_k(7, given, exclude_self=exclude_self).fit(DIGITS[:200], LABELS[:200])
    np.testing.assert_allclose(
        model.predict_proba(DIGITS[200:]), own.predict_proba(DIGITS[200:])
    )


def test_radius_classifier():
    rules = {"radius": 40.0, "outlier_label": 0}
    own = theirs.RadiusNeighborsClassifier(**rules).fit(DIGITS[:200], LABELS[:200])
    given = theirs.RadiusNeighborsClassifier(metric="precomputed", **rules)
    model = by_radius(40, given).fit(DIGITS[:200], LABELS[:200])
    np.testing.assert_allclose(
        model.predict_proba(DIGITS[200:]), own.predict_proba(DIGITS[200:])
    )


@pytest.mark.parametrize("library", [theirs, ours])
def test_leave_one_out_search(library):
    own = ours.NearestNeighbors(n_neighbors=6).fit(DIGITS).kneighbors()
    graph = ours.KNeighborsTransformer(n_neighbors=6).fit_transform(DIGITS)
    model = library.NearestNeighbors(n_neighbors=6, metric="precomputed").fit(graph)
    for mine, expected in zip(model.kneighbors(), own, strict=True):
        np.testing.assert_array_equal(mine, expected)


@pytest.mark.parametrize("library", [theirs, ours])
def test_leave_one_out_search_among_heaps_of_duplicates(library):
    # More duplicates than neighbours: a row's own entry is crowded out of its list.
    rows = np.repeat(RNG.normal(size=(5, 3)), 12, axis=0)
    graph = ours.KNeighborsTransformer(n_neighbors=4).fit_transform(rows)
    assert (graph.diagonal() == 0).all()
    model = library.NearestNeighbors(n_neighbors=4, metric="precomputed").fit(graph)
    distances, indices = model.kneighbors()
    assert (distances == 0).all()
    assert (indices // 12 == np.arange(60)[:, None] // 12).all()
    assert not (indices == np.arange(60)[:, None]).any()


def test_our_search_takes_graphs_without_the_rows_themselves():
    rows = np.repeat(RNG.normal(size=(30, 3)), 2, axis=0)
    graph = ours.KNeighborsTransformer(n_neighbors=6, exclude_self=True).fit_transform(
        rows
    )
    model = ours.NearestNeighbors(n_neighbors=6, metric="precomputed").fit(graph)
    own = ours.NearestNeighbors(n_neighbors=6).fit(rows).kneighbors()
    for mine, expected in zip(model.kneighbors(), own, strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_a_metric_that_the_estimator_does_not_know():
    given = Isomap(n_neighbors=12, metric="precomputed", eigen_solver="dense")
    found = by_k(12, given, metric="angular").fit_transform(DIGITS)
    # Angles are chords on a sphere by another measure: the same neighbours.
    chords = by_k(12, given).fit(normalize(DIGITS))
    mine, other = (
        model[0].transform(rows)
        for model, rows in (
            (by_k(12, given, metric="angular").fit(DIGITS), DIGITS),
            (chords, normalize(DIGITS)),
        )
    )
    np.testing.assert_array_equal(mine.indices, other.indices)
    assert np.isfinite(found).all()


def test_graphs_as_indices_and_distances():
    """A graph holds what takers of (indices, distances) ask for, by a reshape."""
    graph = ours.KNeighborsTransformer(n_neighbors=9).fit_transform(DIGITS)
    indices, distances = (part.reshape(-1, 10) for part in (graph.indices, graph.data))
    found = ours.NearestNeighbors(n_neighbors=10).fit(DIGITS).kneighbors(DIGITS)
    np.testing.assert_array_equal(indices, found[1])
    np.testing.assert_array_equal(distances, found[0])
