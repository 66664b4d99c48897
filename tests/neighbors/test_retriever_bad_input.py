"""Every mistake is met with an error that names it."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from sknorms.neighbors import Retriever

ROWS = np.eye(4)
QUERIES = np.eye(4)[:2] + 0.1
MASKS = np.ones((2, 4), dtype=bool)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"metric": "cosin"}, ValueError, "'cosin'. Did you mean 'cosine'"),
        ({"metric": "precomputed"}, ValueError, "'precomputed' is not for a Retriever"),
        ({"n_neighbors": 0}, ValueError, "n_neighbors > 0. Got 0"),
        ({"n_neighbors": None}, ValueError, "n_neighbors is None"),
        ({"n_neighbors": 2.5}, TypeError, "n_neighbors must be an integer; got 2.5"),
        ({"n_jobs": 0}, ValueError, "n_jobs must not be 0"),
        ({"working_memory": -1}, ValueError, "working_memory must be a number > 0"),
        ({"metric_params": {"q": 1}}, ValueError, "unknown parameter.* 'q'"),
    ],
)
def test_parameters(parameters, error, message):
    with pytest.raises(error, match=message):
        Retriever(**parameters).fit(ROWS)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a"], "y must have one entry a row: got 1 for 4 rows"),
        (pd.DataFrame({"a": [1]}), "y must have one entry a row: got 1 for 4 rows"),
        (np.eye(4), r"y must be 1-dimensional.* ndarray of shape \(4, 4\).* DataFrame"),
        ({"a", "b", "c", "d"}, "y must be 1-dimensional.* in the order.* got set"),
        ("abcd", "y must be 1-dimensional.* got str"),
        (3, "y must be 1-dimensional.* got int"),
    ],
)
def test_ids(y, message):
    with pytest.raises(ValueError, match=message):
        Retriever().fit(ROWS, y)


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a"], "groups must have one entry a row: got 1 for 4 rows"),
        (np.eye(4), "groups must be 1-dimensional"),
    ],
)
def test_groups(groups, message):
    with pytest.raises(ValueError, match=message):
        Retriever().fit(ROWS, groups=groups)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 0}, ValueError, "k must be >= 1; got 0"),
        ({"k": 1.5}, TypeError, "k must be an integer; got 1.5"),
        ({"k": True}, TypeError, "k must be an integer; got True"),
        ({"where": [0, 2]}, TypeError, "where must be boolean.* int64.* into a mask"),
        ({"where": MASKS.astype(float)}, TypeError, "where must be boolean.* float64"),
        ({"where": sparse.csr_array(MASKS * 1.0)}, TypeError, "where must be boolean"),
        ({"where": [True]}, ValueError, r"where must have shape \(4,\).* \(1,\)"),
        (
            {"where": MASKS.T},
            ValueError,
            r"\(2, 4\), one for each.* got shape \(4, 2\)",
        ),
        ({"where": MASKS[:1]}, ValueError, r"got shape \(1, 4\)"),
        ({"where": sparse.csr_array(MASKS[:1])}, ValueError, r"got shape \(1, 4\)"),
        ({"where": sparse.coo_array(MASKS[0])}, ValueError, r"got shape \(4,\)"),
        ({"radius": -0.1}, ValueError, "radius must be a number >= 0; got -0.1"),
        ({"radius": "far"}, TypeError, "radius must be a real number; got 'far'"),
        ({"radius": np.nan}, ValueError, "radius must be a number"),
        ({"min_score": np.nan}, ValueError, "min_score must be a number"),
        ({"min_score": [0.5]}, ValueError, r"min_score .* shape \(2,\); got shape"),
        ({"min_score": [0.5, np.nan]}, ValueError, "min_score must be a number"),
        ({"min_score": 0.5, "radius": 1}, ValueError, "two names for one limit"),
        ({"exclude_groups": ["a", "b"]}, ValueError, "pass groups= to fit"),
    ],
)
def test_search(options, error, message):
    with pytest.raises(error, match=message):
        Retriever().fit(ROWS).search(QUERIES, **options)


def test_groups_of_the_wrong_number_of_queries():
    model = Retriever().fit(ROWS, groups=list("aabb"))
    with pytest.raises(ValueError, match="exclude_groups must have one entry a row"):
        model.search(QUERIES, exclude_groups=["a"])


@pytest.mark.parametrize(
    ("metric", "options", "message"),
    [
        (
            "euclidean",
            {"min_score": 0.5},
            "min_score is a smallest similarity.* radius",
        ),
        ("dot", {"radius": 0.5}, "radius is a largest distance.* min_score"),
    ],
)
def test_limits_that_mean_nothing_to_the_metric(metric, options, message):
    with pytest.raises(ValueError, match=message):
        Retriever(metric).fit(ROWS).search(QUERIES, **options)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1], "got 1 for 2 queries"),
        ("ab", "y must say what is relevant.* got str"),
        ({1, 2}, "y must say what is relevant.* got set"),
        (3, "y must say what is relevant.* got int"),
        ([[], []], "nothing is relevant to any query"),
        (np.zeros((2, 4), dtype=bool), "nothing is relevant to any query"),
        (["0", "1"], "No relevant id .* '0' of type str.* Pass ids of the same kind"),
        (np.ones((2, 3), dtype=bool), r"of shape \(2, 4\); got bool of shape \(2, 3\)"),
        (sparse.csr_array(np.eye(2, 4)), "must be boolean.* got float64"),
    ],
)
def test_relevance(y, message):
    with pytest.raises(ValueError, match=message):
        Retriever().fit(ROWS).score(QUERIES, y)


@pytest.mark.parametrize(
    "call",
    [
        lambda model: model.search(QUERIES),
        lambda model: model.transform(QUERIES),
        lambda model: model.score(QUERIES, [0, 1]),
        lambda model: model.remove([0]),
    ],
)
def test_before_fit(call):
    with pytest.raises(NotFittedError):
        call(Retriever())


def test_attributes_before_fit():
    for name in ("ids_", "payload_", "effective_metric_", "effective_metric_params_"):
        with pytest.raises(AttributeError, match=f"no {name} before fit"):
            getattr(Retriever(), name)


def test_similarities_beyond_float64():
    model = Retriever("dot").fit([[1e200, 0.0], [0.0, 1.0]])
    with pytest.raises(ValueError, match="beyond the range of float64"):
        model.search([[1e200, 0.0]])
    small = Retriever("dot").fit(np.array([[1e30], [1.0]], dtype=np.float32))
    with pytest.raises(ValueError, match="beyond the range of float32"):
        small.search(np.array([[1e30]], dtype=np.float32))


def test_rows_that_share_no_observed_column_are_not_found():
    rows = [[np.nan, 1.0], [2.0, np.nan], [3.0, 3.0]]
    found = Retriever("nan_euclidean").fit(rows).search([[np.nan, 2.0], [2.0, 2.0]])
    assert [list(ids) for ids in found.ids] == [[0, 2], [1, 0, 2]]
