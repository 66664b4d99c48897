"""Hubs, contrast, intrinsic dimension and agreement, against naive definitions."""

import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import cdist
from scipy.stats import skew
from sklearn.datasets import make_swiss_roll

from sknorms.audit import (
    hubness,
    intrinsic_dimension,
    metric_agreement,
    neighbor_pass,
    relative_contrast,
)
from sknorms.metrics import metric_names, pairwise_distances

X = np.random.default_rng(0).normal(size=(150, 6)) + 0.5
METRICS = ("euclidean", "dot", "cosine", "manhattan", "sqeuclidean")


def naive_pass(rows, metric, k):
    """All pairs, sorted row by row, each row left out of its own list."""
    distances = pairwise_distances(rows, metric=metric)
    if metric == "dot":
        distances = -distances
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_a_pass_finds_the_nearest_rows(metric, form):
    found = neighbor_pass(form(X), metric, n_neighbors=7)
    indices, distances = naive_pass(X, metric, 7)
    assert (found.indices == indices).all()
    np.testing.assert_allclose(found.distances, distances, rtol=1e-9)
    everything = pairwise_distances(X, metric=metric)
    np.fill_diagonal(everything, 0.0)
    sign = -1 if metric == "dot" else 1
    means = sign * everything.sum(axis=1) / 149
    np.testing.assert_allclose(found.mean_distances, means, rtol=1e-9)


@pytest.mark.parametrize("metric", METRICS[:2])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_a_pass_is_right_far_from_the_origin(metric, offset):
    found = neighbor_pass(X + offset, metric, n_neighbors=5)
    indices, _ = naive_pass(X + offset, metric, 5)
    assert (found.indices == indices).mean() > 0.99


def test_bad_rows_are_left_out_of_a_pass():
    rows = np.vstack([X, X[:1], np.zeros((1, 6)), np.full((1, 6), np.nan)])
    found = neighbor_pass(rows)
    assert found.n_rows == 150
    assert found.rows.tolist() == list(range(150))


def test_lists_are_as_long_as_the_sample_allows():
    assert neighbor_pass(X[:4], n_neighbors=10).indices.shape == (4, 3)
    assert neighbor_pass(X, sample=20, n_neighbors=3).n_rows == 20


@pytest.mark.parametrize("rows", [X[:1], np.zeros((5, 2)), np.ones((5, 2))])
def test_one_row_is_too_few(rows):
    with pytest.raises(ValueError, match=r"at least two distinct rows.*got [01]"):
        neighbor_pass(rows)


def test_hubness_counts_who_is_found():
    found = neighbor_pass(X, n_neighbors=5)
    hubs = hubness(found)
    counts = [sum(i in row for row in found.indices.tolist()) for i in range(150)]
    assert hubs.counts.tolist() == counts
    assert hubs.skewness == pytest.approx(skew(counts))
    assert hubs.anti_hub_share == np.mean(np.array(counts) == 0)
    assert hubs.band == "low"


def test_hubness_grows_with_dimension():
    rng = np.random.default_rng(0)
    found = [hubness(neighbor_pass(rng.normal(size=(800, d)))) for d in (3, 30, 300)]
    assert found[0].skewness < found[1].skewness < found[2].skewness
    assert [hubs.band for hubs in found] == ["low", "moderate", "high"]


def test_relative_contrast_is_a_ratio_of_means():
    distances = cdist(X, X)
    nearest = np.sort(distances, axis=1)[:, 1].mean()
    mean = distances.sum() / (150 * 149)
    assert relative_contrast(neighbor_pass(X)) == pytest.approx(mean / nearest)
    assert np.isnan(relative_contrast(neighbor_pass(X, "dot")))


def manifold(name):
    rng = np.random.default_rng(0)
    return {
        "line": (rng.uniform(size=(2000, 1)) @ rng.normal(size=(1, 8)), 1),
        "plane": (rng.uniform(size=(2000, 2)) @ rng.normal(size=(2, 8)), 2),
        "swiss roll": (make_swiss_roll(2000, random_state=0)[0], 2),
        "cube": (rng.uniform(size=(2000, 3)) @ rng.normal(size=(3, 20)), 3),
        "five": (rng.normal(size=(2000, 5)) @ rng.normal(size=(5, 20)), 5),
    }[name]


@pytest.mark.parametrize("method", ["two_nn", "mle"])
@pytest.mark.parametrize("name", ["line", "plane", "swiss roll", "cube", "five"])
def test_intrinsic_dimension_of_known_manifolds(name, method):
    rows, dimension = manifold(name)
    found = intrinsic_dimension(neighbor_pass(rows), method)
    assert found == pytest.approx(dimension, rel=0.1)


@pytest.mark.parametrize("method", ["two_nn", "mle"])
def test_intrinsic_dimension_of_directions(method):
    sphere = np.random.default_rng(0).normal(size=(2000, 4))
    found = intrinsic_dimension(neighbor_pass(sphere, "cosine"), method)
    assert found == pytest.approx(3, rel=0.1)


def test_intrinsic_dimension_where_there_is_none():
    assert np.isnan(intrinsic_dimension(neighbor_pass(X, "dot")))
    assert np.isnan(intrinsic_dimension(neighbor_pass(X, n_neighbors=1)))
    with pytest.raises(ValueError, match="method must be one of"):
        intrinsic_dimension(neighbor_pass(X), "pca")


def test_agreement_is_the_mean_share_of_common_neighbours():
    found = metric_agreement(X, METRICS[:4], n_neighbors=6)
    lists = [naive_pass(X, metric, 6)[0].tolist() for metric in METRICS[:4]]
    for i, first in enumerate(lists):
        for j, second in enumerate(lists):
            common = [len({*a} & {*b}) / 6 for a, b in zip(first, second, strict=True)]
            assert found.overlap[i, j] == pytest.approx(np.mean(common))
    assert (found.low <= found.overlap).all()
    assert (found.overlap <= found.high).all()
    assert found.between("cosine", "dot")[0] == found.overlap[1, 2]


def test_euclidean_and_its_square_agree():
    found = metric_agreement(X, ("euclidean", "sqeuclidean"))
    assert found.overlap.tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("metric", [n for n in metric_names() if n != "haversine"])
def test_every_metric_has_a_pass(metric):
    rows = np.random.default_rng(0).integers(0, 2, size=(40, 9)) + 0.0
    rows[:, 0] = 1.0
    found = neighbor_pass(rows, metric, n_neighbors=3)
    assert found.indices.shape[1] == 3
    assert (np.diff(found.distances, axis=1) >= 0).all()
