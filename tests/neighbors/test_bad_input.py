"""Every mistake is met with an error that names it, or a warning where it can go on."""

import numpy as np
import pytest
from labels import label
from scipy import sparse
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import DistanceMetric

from sknorms.metrics import get_metric
from sknorms.metrics._angular import Cosine
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)

RNG = np.random.default_rng(0)
X = RNG.normal(size=(10, 3))
Y = np.arange(10) % 2
ESTIMATORS = [NearestNeighbors, KNeighborsClassifier, KNeighborsRegressor]


@pytest.fixture(params=ESTIMATORS)
def estimator(request):
    return request.param


# ---- parameters ----


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"n_neighbors": 0}, ValueError, "n_neighbors > 0. Got 0"),
        ({"n_neighbors": -2}, ValueError, "n_neighbors > 0. Got -2"),
        ({"n_neighbors": 2.0}, TypeError, "n_neighbors must be an integer; got 2.0"),
        ({"n_neighbors": "5"}, TypeError, "n_neighbors must be an integer; got '5'"),
        ({"algorithm": "tree"}, ValueError, "algorithm must be one of 'auto'"),
        ({"leaf_size": 0}, ValueError, "leaf_size must be >= 1; got 0"),
        ({"leaf_size": None}, TypeError, "leaf_size must be an integer"),
        ({"p": 0}, ValueError, "p must be a number > 0; got 0"),
        ({"p": "2"}, TypeError, "p must be a real number; got '2'"),
        ({"p": np.nan}, ValueError, "p must be a number > 0; got nan"),
        ({"n_jobs": 1.5}, TypeError, "n_jobs must be an integer; got 1.5"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"working_memory": 0}, ValueError, "working_memory must be a number > 0"),
        ({"working_memory": "1 GB"}, TypeError, "working_memory must be a real"),
        (
            {"metric_params": [1]},
            TypeError,
            r"metric_params must be a dict.* got \[1\]",
        ),
        ({"metric": "euclid"}, ValueError, "'euclid'. Did you mean 'euclidean'"),
        ({"metric": 3}, ValueError, "metric must be a registered name"),
        ({"metric": None}, ValueError, "metric must be a registered name"),
        (
            {"metric": "cosine", "metric_params": {"q": 1}},
            ValueError,
            "'cosine' got unknown parameter.* 'q'",
        ),
        (
            {"metric": Cosine(), "metric_params": {"q": 1}},
            ValueError,
            "carries its own parameters",
        ),
        (
            {
                "metric": DistanceMetric.get_metric("euclidean"),
                "metric_params": {"q": 1},
            },
            ValueError,
            "carries its own parameters",
        ),
        (
            {"metric": "seuclidean", "metric_params": {"V": [1.0, 2.0]}},
            ValueError,
            "got 2 for 3 columns",
        ),
        (
            {"metric": "seuclidean", "metric_params": {"V": [1.0, 0.0, 2.0]}},
            ValueError,
            "positive variances",
        ),
    ],
    ids=label,
)
def test_parameters_are_checked_in_fit(estimator, parameters, error, message):
    model = estimator(**parameters)
    with pytest.raises(error, match=message):
        model.fit(X, Y)


def test_unused_metric_parameters_raise(estimator):
    with (
        pytest.warns(SyntaxWarning, match="Parameter p is found in metric_params"),
        pytest.raises(ValueError, match=r"unknown parameter.* 'p'"),
    ):
        estimator(metric="cosine", metric_params={"p": 3}).fit(X, Y)


def test_the_power_in_metric_params_wins(estimator):
    with pytest.warns(SyntaxWarning, match="from __init__ is ignored"):
        model = estimator(p=2, metric_params={"p": 1}).fit(X, Y)
    assert model.effective_metric_ == "manhattan"
    assert estimator(p=None, metric_params={"p": 1}).fit(X, Y).effective_metric_ == (
        "manhattan"
    )
    assert estimator(p=None).fit(X, Y).effective_metric_ == "euclidean"


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "chebyshev"])
def test_p_is_for_minkowski_alone(metric):
    answers = [
        NearestNeighbors(metric=metric, p=p).fit(X).kneighbors(X) for p in (1, 3)
    ]
    np.testing.assert_array_equal(answers[0][0], answers[1][0])


# ---- algorithms ----


@pytest.mark.parametrize("algorithm", ["auto", "brute", "ball_tree", "kd_tree"])
def test_every_algorithm_gives_the_same_answer(algorithm):
    model = NearestNeighbors(algorithm=algorithm, metric="manhattan").fit(X)
    expected = NearestNeighbors(metric="manhattan").fit(X).kneighbors(X)
    for mine, other in zip(model.kneighbors(X), expected, strict=True):
        np.testing.assert_array_equal(mine, other)
    trees = {"ball_tree", "kd_tree"}
    assert model.effective_algorithm_ == ("kd_tree" if algorithm in trees else "brute")


@pytest.mark.parametrize(
    ("algorithm", "metric"),
    [
        ("kd_tree", "cosine"),
        ("ball_tree", "cosine"),
        ("ball_tree", "dot"),
        ("kd_tree", "mahalanobis"),
        ("kd_tree", get_metric("cosine")),
    ],
)
def test_metrics_that_a_tree_cannot_serve(estimator, algorithm, metric):
    with pytest.raises(ValueError, match=rf"not valid for algorithm='{algorithm}'"):
        estimator(algorithm=algorithm, metric=metric).fit(X, Y)


def test_functions_and_trees(estimator):
    def gap(x, y):
        return np.abs(x - y).max()

    with pytest.raises(ValueError, match="kd_tree does not support callable metric"):
        estimator(algorithm="kd_tree", metric=gap).fit(X, Y)
    assert estimator(algorithm="ball_tree", metric=gap).fit(X, Y).n_samples_fit_ == 10


def test_powers_below_one(estimator):
    with pytest.warns(UserWarning, match="0 < p < 1, Minkowski metrics are not"):
        model = estimator(p=0.5).fit(X, Y)
    assert model.effective_metric_params_ == {"p": 0.5, "w": None}
    for algorithm in ("kd_tree", "ball_tree"):
        with pytest.raises(
            ValueError, match=f'"{algorithm}" does not support 0 < p < 1'
        ):
            estimator(p=0.5, algorithm=algorithm).fit(X, Y)


def test_weights_of_columns_and_trees(estimator):
    parameters = {"w": [1.0, 2.0, 3.0]}
    with pytest.raises(
        ValueError, match=r"kd_tree.* is not valid for metric='minkowski'"
    ):
        estimator(algorithm="kd_tree", metric_params=parameters).fit(X, Y)
    model = estimator(algorithm="ball_tree", metric_params=parameters).fit(X, Y)
    assert model.effective_metric_ == "minkowski"


def test_a_tree_over_sparse_rows_warns(estimator):
    with pytest.warns(UserWarning, match="cannot use tree with sparse input"):
        estimator(algorithm="kd_tree").fit(sparse.csr_array(X), Y)


# ---- rows ----


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, np.nan]], "NaN"),
        ([[1.0, np.inf]], "infinity"),
        ([["a", "b"]], "could not convert"),
        ([1.0, 2.0], "Expected 2D array"),
        (np.empty((0, 3)), "minimum of 1 is required"),
        (np.empty((3, 0)), "minimum of 1 is required"),
        (np.zeros((2, 2, 2)), "dim 3"),
        (np.array([[1 + 2j]]), "Complex data not supported"),
        (None, "array"),
    ],
    ids=[
        "NaN",
        "inf",
        "words",
        "1-D",
        "no rows",
        "no columns",
        "3-D",
        "complex",
        "None",
    ],
)
def test_rows_that_are_none(estimator, rows, message):
    y = [0] * (len(rows) if rows is not None else 1)
    with pytest.raises(ValueError, match=message):
        estimator().fit(rows, y)
    model = estimator().fit(X, Y)
    if rows is not None:
        with pytest.raises(ValueError, match=message):
            model.kneighbors(rows)


def test_the_wrong_number_of_columns(estimator):
    model = estimator().fit(X, Y)
    with pytest.raises(ValueError, match=r"X has 2 features.* expecting 3 features"):
        model.kneighbors(X[:, :2])


def test_rows_outside_of_the_domain(estimator):
    with pytest.raises(
        ValueError, match=r"'hellinger' is defined on non-negative.*row"
    ):
        estimator(metric="hellinger").fit(X, Y)
    model = estimator(metric="hellinger").fit(np.abs(X), Y)
    with pytest.raises(
        ValueError, match=r"'hellinger' is defined on non-negative.*row"
    ):
        model.kneighbors(X)
    with pytest.raises(ValueError, match="two columns"):
        estimator(metric="haversine").fit(X, Y)


# ---- questions ----


def test_asking_before_fitting(estimator):
    model = estimator()
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.kneighbors("nonsense", n_neighbors=-1)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        model.kneighbors_graph(mode="nonsense")
    for method in ("predict", "predict_proba", "radius_neighbors"):
        if hasattr(model, method):
            with pytest.raises(NotFittedError, match="not fitted yet"):
                getattr(model, method)("nonsense")


def test_more_neighbors_than_rows(estimator):
    model = estimator().fit(X, Y)
    expected = (
        "Expected n_neighbors <= n_samples_fit, but n_neighbors = 11, "
        "n_samples_fit = 10, n_samples = 4"
    )
    with pytest.raises(ValueError, match=expected):
        model.kneighbors(X[:4], 11)
    expected = (
        "Expected n_neighbors < n_samples_fit, but n_neighbors = 10, "
        "n_samples_fit = 10, n_samples = 10"
    )
    with pytest.raises(ValueError, match=expected):
        model.kneighbors(n_neighbors=10)
    assert model.kneighbors(X, 10)[1].shape == (10, 10)
    assert model.kneighbors(n_neighbors=9)[1].shape == (10, 9)
    with pytest.raises(ValueError, match="n_neighbors = 11"):
        model.set_params(n_neighbors=11).kneighbors_graph(X)


@pytest.mark.parametrize(
    ("k", "error"),
    [(0, ValueError), (-3, ValueError), (2.5, TypeError), ("2", TypeError)],
)
def test_numbers_of_neighbors_that_are_none(estimator, k, error):
    model = estimator().fit(X, Y)
    with pytest.raises(error, match="n_neighbors"):
        model.kneighbors(X, k)
    with pytest.raises(error, match="n_neighbors"):
        model.kneighbors_graph(X, k)


def test_no_number_of_neighbors_anywhere():
    model = NearestNeighbors(n_neighbors=None, radius=None).fit(X)
    with pytest.raises(ValueError, match="n_neighbors is None"):
        model.kneighbors(X)
    with pytest.raises(ValueError, match="radius is None"):
        model.radius_neighbors(X)
    assert model.kneighbors(X, 2)[1].shape == (10, 2)


@pytest.mark.parametrize(
    ("radius", "error"),
    [(-0.1, ValueError), (np.nan, ValueError), ("far", TypeError)],
)
def test_radii_that_are_none(radius, error):
    model = NearestNeighbors().fit(X)
    with pytest.raises(error, match="radius must be"):
        model.radius_neighbors(X, radius)
    with pytest.raises(error, match="radius must be"):
        model.radius_neighbors_graph(X, radius)
    with pytest.raises(error, match="radius must be"):
        NearestNeighbors(radius=radius).fit(X)


def test_one_radius_a_query():
    model = NearestNeighbors().fit(X)
    radii = np.arange(4) / 2
    found = model.radius_neighbors(X[:4], radii, return_distance=False)
    for row in range(4):
        alone = model.radius_neighbors(X[[row]], radii[row], return_distance=False)
        np.testing.assert_array_equal(found[row], alone[0])
    graph = NearestNeighbors(metric="precomputed").fit(
        model.kneighbors_graph(n_neighbors=9, mode="distance")
    )
    everywhere = np.arange(10) / 4
    for mine, other in zip(
        graph.radius_neighbors(radius=everywhere)[1],
        model.radius_neighbors(radius=everywhere)[1],
        strict=True,
    ):
        np.testing.assert_array_equal(mine, other)
    for wrong in ([1.0], np.ones((4, 1)), []):
        with pytest.raises(ValueError, match=r"one for each query, shape \(4,\)"):
            model.radius_neighbors(X[:4], wrong)
    with pytest.raises(ValueError, match=r"radius must be a number >= 0; got .*-1"):
        model.radius_neighbors(X[:2], [1.0, -1.0])


def test_sorting_needs_distances():
    model = NearestNeighbors().fit(X)
    with pytest.raises(
        ValueError, match="return_distance must be True if sort_results"
    ):
        model.radius_neighbors(X, return_distance=False, sort_results=True)


@pytest.mark.parametrize("name", ["return_distance", "sort_results", "as_csr"])
def test_flags_are_flags(name):
    model = NearestNeighbors().fit(X)
    with pytest.raises(TypeError, match=f"{name} must be True or False; got 'no'"):
        model.radius_neighbors(X, **{name: "no"})


def test_unknown_modes():
    model = NearestNeighbors().fit(X)
    for graph in (model.kneighbors_graph, model.radius_neighbors_graph):
        for mode in ("weights", None, ["distance"]):
            with pytest.raises(ValueError, match="Unsupported mode"):
                graph(mode=mode)


# ---- targets ----


@pytest.mark.parametrize("predictor", [KNeighborsClassifier, KNeighborsRegressor])
def test_targets_that_are_none(predictor):
    with pytest.raises(ValueError, match="requires y to be passed"):
        predictor().fit(X, None)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        predictor().fit(X, Y[:9])
    with pytest.raises(ValueError, match="NaN"):
        predictor().fit(X, np.where(Y == 0, np.nan, 1.0))


def test_targets_of_the_wrong_kind():
    with pytest.raises(ValueError, match="Unknown label type"):
        KNeighborsClassifier().fit(X, X[:, 0])
    with pytest.raises(ValueError, match="could not convert string to float"):
        KNeighborsRegressor().fit(X, list("abcdefghij"))


def test_a_column_of_labels_warns():
    with pytest.warns(DataConversionWarning, match="column-vector y was passed"):
        model = KNeighborsClassifier().fit(X, Y[:, None])
    assert not model.outputs_2d_
    assert model.predict(X).shape == (10,)


@pytest.mark.parametrize(
    "labels",
    [
        list("ab"),
        [True, False],
        [1.0, 2.0],
        [-1, 1],
        np.array(["x", "yy"], dtype=object),
    ],
    ids=["str", "bool", "float", "int", "object"],
)
def test_labels_come_back_in_their_type(labels):
    y = np.array(labels)[Y]
    model = KNeighborsClassifier(1).fit(X, y)
    predicted = model.predict(X)
    np.testing.assert_array_equal(predicted, y)
    assert predicted.dtype == y.dtype
    assert model.classes_.tolist() == sorted(set(y.tolist()))
    assert KNeighborsClassifier(1).fit(X, y.tolist()).predict(X).tolist() == y.tolist()


def test_sparse_indicators_of_several_labels():
    y = np.stack([Y, 1 - Y, Y], axis=1)
    model = KNeighborsClassifier(1).fit(X, sparse.csr_array(y))
    np.testing.assert_array_equal(model.predict(X), y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_targets_keep_single_precision(dtype):
    model = KNeighborsRegressor(2).fit(X, np.arange(10).astype(dtype))
    assert model.predict(X).dtype == (np.float32 if dtype == np.float32 else np.float64)
    column = KNeighborsRegressor(2).fit(X, np.arange(10.0)[:, None])
    assert column.predict(X).shape == (10, 1)
