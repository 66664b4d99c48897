"""Norms of rows as features."""

import numpy as np
import pandas
import pytest
from oracles_preprocessing import ORDERS, naive_norm
from scipy import sparse

from sknorms.norms import L1, L2, FrobeniusNorm, GroupNorm
from sknorms.preprocessing import NormFeatures

NORMS = ["l1", "l2", "max", 0.5, 3]


def table(dtype=np.float64):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20, 6)) * (rng.random((20, 6)) < 0.7)
    rows[4] = 0.0
    return rows.astype(dtype)


@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_appends_the_norms(form, dtype):
    rows = table(dtype)
    got = NormFeatures(NORMS).fit_transform(form(rows))
    assert got.dtype == dtype
    if form is sparse.csr_array:
        assert got.format == "csr"
        got = got.toarray()
    assert got.shape == (20, 11)
    assert np.array_equal(got[:, :6], rows)
    for column, norm in zip(got.T[6:], NORMS, strict=True):
        expected = [float(naive_norm(row, ORDERS.get(norm, norm))) for row in rows]
        np.testing.assert_allclose(column, expected, rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_norms_alone(form):
    both = NormFeatures(["l1", "l2"]).fit_transform(table())
    alone = NormFeatures(["l1", "l2"], append=False).fit_transform(form(table()))
    assert isinstance(alone, np.ndarray)
    assert np.array_equal(alone, both[:, 6:])


def test_sparse_kind_is_kept():
    for kind in (sparse.csr_array, sparse.csr_matrix):
        assert type(NormFeatures().fit_transform(kind(table()))) is kind


@pytest.mark.parametrize("storage", [np.int8, np.uint8, np.bool_, np.int32])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_integers_do_not_wrap(storage, form):
    rows = np.full((2, 40), 1 if storage == np.bool_ else 120, dtype=storage)
    got = NormFeatures("l1").fit_transform(form(rows))
    got = got.toarray() if sparse.issparse(got) else got
    assert got.dtype == np.float64
    assert got[0, 40] == 40 * float(rows[0, 0])


def test_one_norm_needs_no_list():
    one = NormFeatures("max").fit_transform(table())
    assert np.array_equal(one, NormFeatures(["max"]).fit_transform(table()))
    assert np.array_equal(one, NormFeatures(np.inf).fit_transform(table()))


def test_extreme_rows():
    norms = NormFeatures(append=False)
    got = norms.fit_transform([[3e200, 4e200], [3e-310, 4e-310], [0.0, 0.0]])
    np.testing.assert_allclose(got.ravel(), [5e200, 5e-310, 0.0], rtol=1e-13)


def test_names():
    features = NormFeatures(["l1", L2(), "max", 3, 0.5, GroupNorm([0, 1])])
    frame = pandas.DataFrame(table()[:, :2], columns=["height", "width"])
    features.set_output(transform="pandas")
    assert list(features.fit_transform(frame).columns) == [
        "height",
        "width",
        "norm_l1",
        "norm_l2",
        "norm_max",
        "norm_l3",
        "norm_l0.5",
        "norm_groupnorm",
    ]
    alone = NormFeatures(append=False).fit(frame)
    assert alone.get_feature_names_out().tolist() == ["norm_l2"]


def test_names_that_are_taken():
    frame = pandas.DataFrame(table()[:, :2], columns=["width", "norm_l2"])
    features = NormFeatures().fit(frame)
    with pytest.raises(ValueError, match=r"'norm_l2' has the name of a new feature"):
        features.get_feature_names_out()
    alone = NormFeatures(append=False).fit(frame)
    assert alone.get_feature_names_out().tolist() == ["norm_l2"]


def test_large_tables_give_the_bits_of_small_ones():
    few = table()
    repeats = (1 << 20) // few.size
    expected = np.tile(NormFeatures(NORMS).fit_transform(few), (repeats, 1))
    many = np.tile(few, (repeats, 1))
    for n_jobs in (1, 2):
        got = NormFeatures(NORMS, n_jobs=n_jobs).fit_transform(many)
        assert np.array_equal(got, expected)


def test_norms_that_no_number_can_hold():
    rows = np.full((3, 4), 3e38, dtype=np.float32)
    with pytest.raises(ValueError, match="beyond the largest float32"):
        NormFeatures().fit_transform(rows)
    got = NormFeatures("max").fit_transform(rows)
    assert np.array_equal(got[:, 4], rows[:, 0])


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"norms": []}, ValueError, r"norms must be one norm or a list.*got \[\]"),
        ({"norms": ["l2", 2]}, ValueError, "list of different ones"),
        ({"norms": ["l1", L1()]}, ValueError, "list of different ones"),
        ({"norms": ["l2", "l4"]}, ValueError, "norm must be one of.*'l4'"),
        ({"norms": None}, TypeError, "norm must be"),
        ({"norms": [0]}, ValueError, "> 0"),
        ({"norms": FrobeniusNorm()}, ValueError, "norm of vectors"),
        ({"append": "yes"}, TypeError, "append must be True or False; got 'yes'"),
    ],
)
def test_bad_parameters(parameters, error, message):
    features = NormFeatures(**parameters)
    with pytest.raises(error, match=message):
        features.fit(table())
    with pytest.raises(error, match=message):
        features.transform(table())
