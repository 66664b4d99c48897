"""Each registered metric serves every kind of question, under all of its names."""

import numpy as np
import pytest
from rows import rows_for
from scipy import sparse
from sklearn.model_selection import KFold, cross_validate
from sklearn.neighbors import VALID_METRICS

from sknorms.metrics import get_metric, metric_names, pairwise_distances
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]
every_metric = pytest.mark.parametrize("metric", metric_names())
every_container = pytest.mark.parametrize(
    "container", [np.asarray, np.float32, sparse.csr_array]
)


def is_similarity(metric):
    return get_metric(metric).larger_is_closer


# ---- names ----


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("algorithm", ["auto", "brute"])
@pytest.mark.parametrize("name", metric_names(aliases=True))
def test_all_names_are_names_everywhere(estimator, algorithm, name):
    rows = rows_for(name, 20)
    model = estimator(metric=name, algorithm=algorithm).fit(rows, np.arange(20) % 2)
    record = get_metric(name).name
    other = NearestNeighbors(metric=record).fit(rows)
    for mine, theirs in zip(model.kneighbors(), other.kneighbors(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("algorithm", ["auto", "brute", "kd_tree", "ball_tree"])
@every_metric
def test_what_does_not_work_says_so_in_fit(estimator, algorithm, metric):
    rows, y = rows_for(metric, 20), np.arange(20) % 2
    model = estimator(metric=metric, algorithm=algorithm)
    if "tree" in algorithm and metric not in VALID_METRICS[algorithm]:
        message = rf'not valid for algorithm=.{algorithm}.* or algorithm="auto"'
        with pytest.raises(ValueError, match=message):
            model.fit(rows, y)
    else:
        assert model.fit(rows, y).kneighbors(rows[:3])[1].shape == (3, 5)


# ---- questions ----


@every_metric
@every_container
def test_the_nearest_those_within_a_radius_and_graphs_agree(metric, container):
    rows = container(rows_for(metric, 60, whole=True))
    model = NearestNeighbors(metric=metric).fit(rows)
    values, indices = model.kneighbors(rows, 60)
    np.testing.assert_array_equal(np.sort(indices), np.tile(np.arange(60), (60, 1)))
    everything = values.min() if is_similarity(metric) else values.max()
    found, ids = model.radius_neighbors(rows, everything, sort_results=True)
    np.testing.assert_array_equal(np.stack(list(ids)), indices)
    np.testing.assert_array_equal(np.stack(list(found)), values)
    table = np.take_along_axis(values, np.argsort(indices), axis=1)
    nearest = model.kneighbors_graph(rows, 60, mode="distance")
    within = model.radius_neighbors_graph(rows, everything, mode="distance")
    for graph in (nearest, within):
        assert graph.nnz == 3600
        np.testing.assert_array_equal(graph.toarray(), table)
    np.testing.assert_array_equal(table, pairwise_distances(rows, metric=metric))


@every_metric
@every_container
def test_no_distance_is_negative_and_none_to_oneself(metric, container):
    """Russell and Rao's is to oneself what the definition says, which is not zero."""
    rows = rows_for(metric, 80)
    rows[-20:] = rows[:20]
    model = NearestNeighbors(metric=metric).fit(container(rows))
    graph = model.kneighbors_graph(container(rows), 80, mode="distance")
    assert np.isfinite(graph.data).all()
    if is_similarity(metric):
        return
    assert (graph.data >= 0).all()
    if get_metric(metric).name != "russellrao":
        table = graph.toarray()
        assert not table.diagonal().any()
        assert not table[-20:].diagonal().any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("metric", "low", "high"),
    [
        ("cosine", 0.0, 2.0),
        ("correlation", 0.0, 2.0),
        ("angular", 0.0, np.pi),
        ("cosine_similarity", -1.0, 1.0),
    ],
)
def test_angles_stay_in_their_range(metric, low, high, dtype):
    rng = np.random.default_rng(0)
    direction = rng.normal(size=40)
    size = 10.0 ** rng.integers(-20, 20, size=(100, 1)) * rng.choice([-1, 1], (100, 1))
    rows = (size * direction * (1 + 1e-7 * rng.normal(size=(100, 40)))).astype(dtype)
    values = NearestNeighbors(metric=metric).fit(rows).kneighbors(rows, 100)[0]
    assert values.min() >= low
    assert values.max() <= high
    own = NearestNeighbors(metric=metric).fit(rows[:1]).kneighbors(rows[:1], 1)[0]
    assert own.item() == (1.0 if is_similarity(metric) else 0.0)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan", "dot"])
def test_there_is_no_limit_to_the_number_of_neighbors(metric):
    rows = np.random.default_rng(0).normal(size=(2200, 3))
    model = NearestNeighbors(metric=metric).fit(rows)
    values, indices = model.kneighbors(rows[:2], 2200)
    assert (np.sort(indices) == np.arange(2200)).all()
    steps = np.diff(values, axis=1)
    assert ((steps <= 0) if is_similarity(metric) else (steps >= 0)).all()
    assert model.kneighbors_graph(rows[:2], 2200).nnz == 4400


# ---- parameters that data determine ----


@pytest.mark.parametrize(
    ("metric", "name", "of_rows"),
    [
        ("seuclidean", "V", lambda rows: rows.var(axis=0, ddof=1)),
        ("mahalanobis", "VI", lambda rows: np.linalg.inv(np.cov(rows.T))),
        ("gower", "ranges", lambda rows: np.ptp(rows, axis=0)),
    ],
)
def test_they_are_learnt_from_the_training_fold_alone(metric, name, of_rows):
    rng = np.random.default_rng(0)
    rows, y = rng.normal(size=(60, 3)) * [1.0, 10.0, 100.0], rng.normal(size=60)
    folds = KFold(3)
    models = cross_validate(
        KNeighborsRegressor(metric=metric), rows, y, cv=folds, return_estimator=True
    )["estimator"]
    for model, (training, _) in zip(models, folds.split(rows), strict=True):
        learnt = model.effective_metric_params_
        if name == "VI" and "VI" not in learnt:
            learnt = {"VI": np.linalg.inv(learnt["V"])}
        np.testing.assert_allclose(learnt[name], of_rows(rows[training]), rtol=1e-9)


# ---- powers below one, and the globe ----


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, np.float32])
def test_small_powers_warn_once_and_work(estimator, container):
    rows = container(np.random.default_rng(0).normal(size=(30, 4)))
    model = estimator(p=0.5, metric_params={"w": [1.0, 0.0, 2.0, 3.0]})
    with pytest.warns(UserWarning, match="not distance metrics") as caught:
        model.fit(rows, np.arange(30) % 2)
    assert len(caught) == 1
    found = model.kneighbors(rows, 30)
    dense = rows.toarray() if sparse.issparse(rows) else rows
    wide = dense.astype(np.float64)
    terms = np.sqrt(np.abs(wide[:, None] - wide)) * [1.0, 0.0, 2.0, 3.0]
    expected = np.sort(terms.sum(axis=2) ** 2, axis=1)
    np.testing.assert_allclose(found[0], expected, rtol=1e-6)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_degrees_are_said_and_what_is_off_the_globe_is_refused(estimator):
    cities = np.array([[52.52, 13.405], [48.857, 2.352], [-33.869, 151.209]])
    model = estimator(metric="haversine", metric_params={"units": "deg"})
    model.fit(cities, [0, 1, 2])
    angle, nearest = model.kneighbors([[50.85, 4.35]], 1)
    assert nearest.item() == 1  # Brussels is closest to Paris, at 264 km
    np.testing.assert_allclose(6371.0 * angle, 264.0, rtol=0.01)
    radians = estimator(metric="haversine").fit(np.radians(cities), [0, 1, 2])
    np.testing.assert_allclose(
        radians.kneighbors(np.radians([[50.85, 4.35]]), 1)[0], angle, rtol=1e-12
    )
    with pytest.raises(ValueError, match=r"latitude beyond .* row 2\..*latitude, long"):
        model.fit(cities[:, ::-1], [0, 1, 2])
    with pytest.raises(ValueError, match='in radians unless units="deg"'):
        radians.kneighbors(cities)


# ---- storage types ----


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.uint16, np.int32, np.float16, np.float32, bool]
)
@every_metric
def test_no_storage_type_wraps_or_is_lost(metric, dtype):
    rows = np.nan_to_num(rows_for(metric, 30, whole=True))
    if np.dtype(dtype).kind in "ub" or dtype is np.int8:
        rows = np.abs(rows)
    if metric != "haversine" and rows.max() > 1:  # not on the globe, no truth values
        rows *= 10  # sums and squares that bytes cannot hold
    stored = rows.astype(dtype)
    wide = stored.astype(np.float64)
    found = NearestNeighbors(metric=metric).fit(stored).kneighbors(stored[::-1])
    expected = NearestNeighbors(metric=metric).fit(wide).kneighbors(wide[::-1])
    np.testing.assert_array_equal(found[1], expected[1])
    single = dtype in (np.float16, np.float32)
    assert found[0].dtype == (np.float32 if single else np.float64)
    np.testing.assert_array_equal(found[0], expected[0].astype(found[0].dtype))
