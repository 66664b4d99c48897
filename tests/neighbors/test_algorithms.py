"""Every algorithm gives the same bits, on rows that are hard for some of them."""

import numpy as np
import pytest
from sklearn.base import clone

from sknorms.metrics import get_metric, metric_names, pairwise_distances
from sknorms.neighbors import NearestNeighbors

pytestmark = pytest.mark.kernels

N_ROWS, N_QUERIES, N_COLUMNS, K = 700, 40, 30, 6


def low_rank(rng, n_rows, n_columns):
    """Return rows that a few directions hold most of."""
    directions = rng.normal(size=(n_columns, n_columns))
    sizes = np.geomspace(10.0, 0.05, n_columns)
    return (rng.normal(size=(n_rows, n_columns)) * sizes) @ directions.T


def clustered(rng, n_rows, n_columns):
    centers = 20 * rng.normal(size=(9, n_columns))
    return centers[rng.integers(0, 9, n_rows)] + low_rank(rng, n_rows, n_columns) / 30


def tied(rng, n_rows, n_columns):
    return rng.integers(0, 3, size=(n_rows, n_columns)).astype(float)


def duplicated(rng, n_rows, n_columns):
    return np.tile(low_rank(rng, -(-n_rows // 25), n_columns), (25, 1))[:n_rows]


def with_zero_rows(rng, n_rows, n_columns):
    rows = low_rank(rng, n_rows, n_columns)
    rows[::3] = 0.0
    return rows


def with_outliers(rng, n_rows, n_columns):
    rows = low_rank(rng, n_rows, n_columns)
    rows[::50] *= 1e8
    rows[1::50] *= 1e-12
    return rows


def far_away(rng, n_rows, n_columns):
    return low_rank(rng, n_rows, n_columns) + 1e7


def tiny(rng, n_rows, n_columns):
    return low_rank(rng, n_rows, n_columns) * 1e-160


def constant(rng, n_rows, n_columns):
    return np.ones((n_rows, n_columns))


KINDS = (
    low_rank,
    clustered,
    tied,
    duplicated,
    with_zero_rows,
    with_outliers,
    far_away,
    tiny,
    constant,
)
PRODUCTS = (
    "euclidean",
    "sqeuclidean",
    "cosine",
    "cosine_similarity",
    "angular",
    "correlation",
    "dot",
)
TREES = ("euclidean", "manhattan", "chebyshev", "minkowski")


def table(kind, n_columns, dtype=np.float64, seed=0):
    rows = kind(np.random.default_rng(seed), N_ROWS + N_QUERIES, n_columns)
    rows = rows.astype(dtype)
    return rows[:N_ROWS], np.concatenate([rows[N_ROWS:], rows[:3]])


def asked(model, queries):
    """Return everything a model answers, as arrays to compare bit by bit."""
    distances, indices = model.kneighbors(queries)
    largest = float(distances[0, -1])
    near = model.radius_neighbors(queries, radius=largest, as_csr=True)
    own, own_indices = model.kneighbors()
    return [distances, indices, own, own_indices, near.data, near.indices, near.indptr]


def assert_same(model, other, queries):
    for ours, theirs in zip(asked(model, queries), asked(other, queries), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", PRODUCTS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_prefix_gives_the_bits_of_all_columns(kind, metric, dtype):
    if kind is tiny and dtype is np.float32:
        dtype = np.float64  # all of it would be zero
    rows, queries = table(kind, N_COLUMNS, dtype)
    brute = NearestNeighbors(n_neighbors=K, metric=metric, algorithm="brute").fit(rows)
    prefix = clone(brute).set_params(algorithm="prefix").fit(rows)
    assert prefix.effective_algorithm_ == "prefix"
    assert_same(prefix, brute, queries)


@pytest.mark.parametrize("metric", TREES)
@pytest.mark.parametrize("n_columns", [1, 3, 8])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_tree_gives_the_bits_of_all_columns(kind, n_columns, metric):
    rows, queries = table(kind, n_columns)
    model = NearestNeighbors(n_neighbors=K, metric=metric, algorithm="brute", p=3)
    brute = model.fit(rows)
    tree = clone(model).set_params(algorithm="kd_tree").fit(rows)
    assert tree.effective_algorithm_ == "kd_tree"
    assert_same(tree, brute, queries)


@pytest.mark.parametrize("metric", TREES)
@pytest.mark.parametrize("largest", [1e30, 1e110, 1e160, 1e300])
def test_a_tree_answers_queries_far_from_its_rows(largest, metric):
    rows, queries = table(low_rank, 4)
    queries[::2] *= largest / np.abs(queries).max()
    model = NearestNeighbors(n_neighbors=K, metric=metric, algorithm="brute", p=3)
    tree = clone(model).set_params(algorithm="kd_tree").fit(rows)
    assert tree.effective_algorithm_ == "kd_tree"
    assert_same(tree, model.fit(rows), queries)


@pytest.mark.parametrize("power", [1.5, 3])
def test_a_tree_tells_rows_apart_whose_powers_vanish(power):
    scale = 10 * 5e-324 ** (1 / power)
    rng = np.random.default_rng(0)
    rows, queries = scale * rng.random((500, 4)), scale * rng.random((99, 4))
    model = NearestNeighbors(n_neighbors=3, algorithm="brute", p=power)
    tree = clone(model).set_params(algorithm="kd_tree").fit(rows)
    assert tree.effective_algorithm_ == "kd_tree"
    assert_same(tree, model.fit(rows), queries)


def test_places_on_the_globe_are_looked_up_in_a_tree():
    rng = np.random.default_rng(0)
    degrees = np.stack(
        [rng.uniform(-90, 90, N_ROWS), rng.uniform(-180, 180, N_ROWS)], axis=1
    )
    rows = np.concatenate([np.radians(degrees), [[np.pi / 2, 0.0], [np.pi / 2, 3.0]]])
    model = NearestNeighbors(n_neighbors=K, metric="haversine", algorithm="brute")
    tree = clone(model).set_params(algorithm="ball_tree").fit(rows)
    assert tree.effective_algorithm_ == "kd_tree"
    assert_same(tree, model.fit(rows), rows[:50])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("metric", PRODUCTS)
def test_the_closest_of_all_values_are_found(kind, metric):
    rows, queries = table(kind, N_COLUMNS)
    model = NearestNeighbors(n_neighbors=K, metric=metric, algorithm="brute").fit(rows)
    values = pairwise_distances(queries, rows, metric=metric)
    sign = -1.0 if get_metric(metric).larger_is_closer else 1.0
    order = np.argsort(sign * values, axis=1, kind="stable")[:, :K]
    distances, indices = model.kneighbors(queries)
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(distances, np.take_along_axis(values, order, axis=1))


@pytest.mark.parametrize("n_neighbors", [1, 64, N_ROWS])
@pytest.mark.parametrize("algorithm", ["auto", "prefix", "kd_tree"])
def test_any_number_of_neighbours(algorithm, n_neighbors):
    rows, queries = table(tied, 5)
    brute = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute").fit(rows)
    other = clone(brute).set_params(algorithm=algorithm).fit(rows)
    for ours, theirs in zip(
        other.kneighbors(queries), brute.kneighbors(queries), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("algorithm", ["auto", "brute", "prefix"])
@pytest.mark.parametrize("working_memory", [0.5, None])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_large_table_is_searched_in_parts(algorithm, working_memory, n_jobs):
    rng = np.random.default_rng(0)
    rows = low_rank(rng, 30_000, 12).astype(np.float32)
    queries = rows[::500] + np.float32(0.001)
    model = NearestNeighbors(n_neighbors=9, algorithm=algorithm, n_jobs=n_jobs)
    model.set_params(working_memory=working_memory).fit(rows)
    expected = NearestNeighbors(n_neighbors=9, algorithm="kd_tree").fit(rows)
    for ours, theirs in zip(
        model.kneighbors(queries), expected.kneighbors(queries), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("metric", ["euclidean", "dot"])
def test_one_enormous_row_does_not_keep_every_pair(metric):
    rows = np.random.default_rng(0).normal(size=(6000, 40))
    rows[5] *= 1e5
    model = NearestNeighbors(n_neighbors=5, metric=metric, algorithm="brute").fit(rows)
    model.kneighbors(rows[10:30])
    work = model.search_stats_
    assert work.refinements < 0.2 * work.products


# ---- what is chosen ----


def test_wide_rows_of_low_rank_are_searched_by_a_prefix():
    rows = low_rank(np.random.default_rng(0), 40_000, 110).astype(np.float32)
    model = NearestNeighbors(n_neighbors=3).fit(rows)
    assert model.effective_algorithm_ == "prefix"
    brute = NearestNeighbors(n_neighbors=3, algorithm="brute").fit(rows)
    for ours, theirs in zip(
        model.kneighbors(rows[:99]), brute.kneighbors(rows[:99]), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_of_no_leading_direction_are_searched_by_all_columns():
    rows = np.random.default_rng(0).normal(size=(90_000, 50)).astype(np.float32)
    assert NearestNeighbors().fit(rows).effective_algorithm_ == "brute"


def test_many_rows_of_few_columns_are_searched_by_a_tree():
    rows = np.random.default_rng(0).random((50_000, 2))
    assert NearestNeighbors().fit(rows).effective_algorithm_ == "kd_tree"


def test_few_rows_are_searched_by_all_columns():
    assert NearestNeighbors().fit(np.eye(4)).effective_algorithm_ == "brute"


@pytest.mark.parametrize("metric", ["manhattan", "canberra"])
def test_a_prefix_of_what_is_no_product_is_refused(metric):
    model = NearestNeighbors(metric=metric, algorithm="prefix")
    with pytest.raises(ValueError, match=r"algorithm='prefix'.* set algorithm='auto'"):
        model.fit(np.eye(4))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 2), (3, 1), (5, 40)])
@pytest.mark.parametrize("algorithm", ["prefix", "kd_tree", "ball_tree"])
def test_small_tables_of_any_shape(algorithm, shape):
    rows = np.random.default_rng(0).normal(size=shape)
    model = NearestNeighbors(n_neighbors=shape[0], algorithm=algorithm).fit(rows)
    expected = NearestNeighbors(n_neighbors=shape[0], algorithm="brute").fit(rows)
    np.testing.assert_array_equal(
        model.kneighbors(rows)[0], expected.kneighbors(rows)[0]
    )


# ---- what is counted ----


def test_a_scan_scores_every_pair_and_measures_little_more_than_the_neighbours():
    rows, queries = table(low_rank, N_COLUMNS)
    model = NearestNeighbors(n_neighbors=K, algorithm="brute").fit(rows)
    assert (model.search_stats_.products, model.search_stats_.refinements) == (0, 0)
    model.kneighbors(queries)
    stats = model.search_stats_
    assert stats.products == len(queries) * N_ROWS
    assert len(queries) * K <= stats.refinements < len(queries) * N_ROWS
    assert stats.survivors <= stats.products
    once = stats.refinements
    model.kneighbors(queries)
    assert model.search_stats_.refinements == once


def test_a_tree_scores_nothing():
    rows, queries = table(low_rank, 3)
    model = NearestNeighbors(n_neighbors=K, algorithm="kd_tree").fit(rows)
    model.kneighbors(queries)
    assert model.search_stats_.products == 0
    assert len(queries) * K <= model.search_stats_.refinements < 20 * len(queries) * K


def test_rows_that_tie_with_too_many_are_scanned():
    rows, queries = table(constant, 2)
    model = NearestNeighbors(n_neighbors=K, algorithm="kd_tree").fit(rows)
    _, indices = model.kneighbors(queries)
    np.testing.assert_array_equal(indices, np.tile(np.arange(K), (len(queries), 1)))
    assert model.search_stats_.products > 0


def test_metrics_without_a_bound_measure_everything():
    rows, queries = table(tied, 4)
    model = NearestNeighbors(metric="yule").fit(rows > 0)
    model.kneighbors(queries > 0)
    assert model.search_stats_.refinements == len(queries) * N_ROWS
    assert "yule" in metric_names()


@pytest.mark.parametrize("metric", ["angular", "cosine_similarity", "hellinger"])
def test_rows_of_equal_values_are_in_order_of_their_index(metric):
    rng = np.random.default_rng(0)
    rows = np.ones((300, 2)) * [0.9110233987843421, 0.3614463614164766]
    rows[:, 0] += rng.integers(-9, 10, 300) * 2.0**-53
    queries = rng.random((40, 2))
    model = NearestNeighbors(n_neighbors=300, metric=metric).fit(rows)
    values, indices = model.kneighbors(queries)
    sign = -1.0 if get_metric(metric).larger_is_closer else 1.0
    assert (np.diff(sign * values, axis=1) >= 0).all()
    tied = np.diff(values, axis=1) == 0
    assert tied.any()
    assert (np.diff(indices, axis=1)[tied] > 0).all()


@pytest.mark.parametrize("scale", [1e-157, 1e-160, 1e-162])
def test_squares_at_the_bottom_of_the_range_lose_no_neighbour(scale):
    rows = np.random.default_rng(0).normal(size=(300, 5)) * scale
    model = NearestNeighbors(n_neighbors=9, metric="sqeuclidean", algorithm="brute")
    distances, indices = model.fit(rows).kneighbors(rows[:40])
    values = pairwise_distances(rows[:40], rows, metric="sqeuclidean")
    order = np.argsort(values, axis=1, kind="stable")[:, :9]
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_array_equal(distances, np.take_along_axis(values, order, axis=1))
