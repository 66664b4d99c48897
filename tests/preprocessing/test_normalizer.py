"""The Normalizer: scikit-learn's, and what it adds: any norm, and the way back."""

import inspect
import pickle

import numpy as np
import pytest
import sklearn.preprocessing
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sknorms.norms import L1, GroupNorm
from sknorms.preprocessing import Normalizer, normalize

NORMS = ["l1", "l2", "max", 0.5, 3, GroupNorm([0, 0, 1, 1, 2])]


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else rows


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 5)) * (rng.random((30, 5)) < 0.8)
    rows[4] = 0.0
    return rows


# ---- drop-in ----


@pytest.mark.parametrize("owner", ["Normalizer", "normalize"])
def test_takes_what_scikit_learn_takes(owner):
    theirs = inspect.signature(getattr(sklearn.preprocessing, owner)).parameters
    ours = inspect.signature({"Normalizer": Normalizer, "normalize": normalize}[owner])
    names = list(ours.parameters)
    assert names[: len(theirs)] == list(theirs)
    for name, parameter in theirs.items():
        assert ours.parameters[name].kind == parameter.kind
        assert ours.parameters[name].default == parameter.default
    added = names[len(theirs) :]
    assert all(ours.parameters[name].kind.name == "KEYWORD_ONLY" for name in added)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_agrees_with_scikit_learn(rows, norm, form):
    expected = sklearn.preprocessing.Normalizer(norm).fit_transform(form(rows))
    got = Normalizer(norm).fit_transform(form(rows))
    assert type(got) is type(expected)
    np.testing.assert_allclose(dense(got), dense(expected), rtol=1e-15)


def test_is_the_function(rows):
    for norm in NORMS:
        assert np.array_equal(Normalizer(norm).transform(rows), normalize(rows, norm))


@pytest.mark.parametrize("form", [np.array, sparse.csr_matrix, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_copy_false_returns_the_same_object(rows, form, dtype):
    expected = dense(Normalizer().transform(form(rows.astype(dtype))))
    for transform in (
        lambda X: Normalizer(copy=False).transform(X),
        lambda X: Normalizer().transform(X, copy=False),
    ):
        table = form(rows.astype(dtype))
        assert transform(table) is table
        assert np.array_equal(dense(table), expected)
    table = form(rows.astype(dtype))
    assert Normalizer(copy=False).transform(table, copy=True) is not table
    assert np.array_equal(dense(table), rows.astype(dtype))


def test_zero_policy(rows):
    assert not Normalizer().transform(rows)[4].any()
    with pytest.raises(ValueError, match=r"zero norm in row 4.*zero=\"keep\""):
        Normalizer(zero="raise").fit(rows).transform(rows)


# ---- there and back ----


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_inverse_restores_rows(rows, norm, form, dtype, scale):
    table = form((rows * scale).astype(dtype))
    normalizer = Normalizer(norm, keep_norms=True)
    unit = normalizer.fit_transform(table)
    back = normalizer.inverse_transform(unit)
    assert back.dtype == dtype
    assert sparse.issparse(back) == sparse.issparse(table)
    room = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(dense(back), dense(table), rtol=room, atol=0)
    assert np.array_equal(dense(unit), dense(Normalizer(norm).transform(table)))


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-200, 1e200, 1.7e308])
@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_inverse_at_the_ends_of_the_range(scale, norm):
    table = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0], [0.5, 1.0, 1.0]]) * scale
    normalizer = Normalizer(norm, keep_norms=True)
    back = normalizer.inverse_transform(normalizer.fit_transform(table))
    room = 4 * np.finfo(np.float64).eps
    np.testing.assert_allclose(back, table, rtol=room, atol=5e-324)


def test_norms_of_the_last_rows_are_kept(rows):
    normalizer = Normalizer("l1", keep_norms=True).fit(rows)
    assert not hasattr(normalizer, "norms_")
    normalizer.transform(rows)
    np.testing.assert_allclose(normalizer.norms_, np.abs(rows).sum(axis=1))
    normalizer.transform(2 * rows[:7])
    np.testing.assert_allclose(normalizer.norms_, 2 * np.abs(rows[:7]).sum(axis=1))
    assert normalizer.norms_.dtype == np.float64
    assert not hasattr(Normalizer().fit(rows), "norms_")


def test_norms_can_be_given(rows):
    unit, norms = normalize(rows, return_norm=True)
    back = Normalizer().inverse_transform(unit, norms)
    np.testing.assert_allclose(back, rows, rtol=1e-15)
    # Given norms win over kept ones.
    normalizer = Normalizer(keep_norms=True)
    normalizer.fit_transform(rows)
    doubled = normalizer.inverse_transform(unit, 2 * norms)
    np.testing.assert_allclose(doubled, 2 * rows, rtol=1e-15)


def test_inverse_leaves_its_input_alone(rows):
    normalizer = Normalizer(copy=False, keep_norms=True)
    unit = normalizer.fit_transform(rows.copy())
    before = unit.copy()
    normalizer.inverse_transform(unit)
    assert np.array_equal(unit, before)


def test_pickled_normalizers_can_go_back(rows):
    normalizer = Normalizer(keep_norms=True)
    unit = normalizer.fit_transform(rows)
    again = pickle.loads(pickle.dumps(normalizer))
    assert np.array_equal(
        again.inverse_transform(unit), normalizer.inverse_transform(unit)
    )


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        (None, "none were kept.*keep_norms=True"),
        ([1.0, 2.0], "30 rows and 2 norms given"),
        (np.ones((30, 1)), r"one-dimensional; got shape \(30, 1\)"),
        (-np.ones(30), "finite and >= 0; got -1"),
        (np.full(30, np.nan), "finite and >= 0; got nan"),
        (np.full(30, np.inf), "finite and >= 0; got inf"),
        ("many", "could not convert"),
    ],
)
def test_bad_norms(rows, norms, message):
    with pytest.raises(ValueError, match=message):
        Normalizer().inverse_transform(rows, norms)


def test_norms_of_other_rows(rows):
    normalizer = Normalizer(keep_norms=True)
    normalizer.fit_transform(rows)
    with pytest.raises(ValueError, match=r"7 rows and 30 norms kept.*Pass norms="):
        normalizer.inverse_transform(rows[:7])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"norm": "manhattan"}, ValueError, "norm must be one of 'l1'.*'manhattan'"),
        ({"norm": -2}, ValueError, "> 0.*got -2"),
        ({"norm": L1}, TypeError, "norm must be"),
        ({"copy": None}, TypeError, "copy must be True or False; got None"),
        ({"keep_norms": "yes"}, TypeError, "keep_norms must be True or False"),
        ({"zero": "drop"}, ValueError, "zero must be one of 'keep', 'raise'"),
    ],
)
def test_bad_parameters_raise_when_used_not_when_set(rows, parameters, error, message):
    normalizer = Normalizer(**parameters)
    with pytest.raises(error, match=message):
        normalizer.fit(rows)
    with pytest.raises(error, match=message):
        normalizer.transform(rows)
    with pytest.raises(error, match=message):
        normalizer.inverse_transform(rows, np.ones(30))


def test_group_norm_that_does_not_fit_the_columns(rows):
    with pytest.raises(ValueError, match=r"columns|elements|groups"):
        Normalizer(GroupNorm([0, 1])).fit(rows).transform(rows)


# ---- in company ----


def test_grid_search_over_norms():
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(Normalizer(), LogisticRegression(C=100.0, max_iter=2000))
    grid = {"normalizer__norm": ["l1", "l2", "max", 3, L1()]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X[:300], y[:300])
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert scores.min() > 0.5
    assert scores[0] == scores[4]


def test_clone_keeps_parameters():
    parameters = clone(Normalizer(GroupNorm([0, 1]), zero="raise")).get_params()
    assert parameters["norm"] == GroupNorm([0, 1])
    assert parameters["zero"] == "raise"
