"""scikit-learn's own checks, and what its transformers share."""

import importlib
import pickle

import numpy as np
import pandas
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknorms.preprocessing import (
    DistanceFeatures,
    Normalizer,
    NormClipper,
    NormFeatures,
    TruncateNormalizer,
)

# Normalizer(keep_norms=True) is not among them: to remember what it transforms is what
# the parameter is for, and scikit-learn wants transform to leave no trace.
ESTIMATORS = [
    Normalizer(),
    Normalizer("l1", copy=False),
    Normalizer("max"),
    Normalizer(3.5, zero="keep", n_jobs=2),
    NormClipper(),
    NormClipper(0.5, "max", copy=False),
    TruncateNormalizer(),
    TruncateNormalizer(1, norm="l1"),
    NormFeatures(),
    NormFeatures(["l1", "max", 3], append=False),
    DistanceFeatures(),
    DistanceFeatures(3, metric="cosine", n_jobs=2),
    DistanceFeatures(4, selection="kmeans", metric="seuclidean"),
]
STATELESS = [e for e in ESTIMATORS if not isinstance(e, DistanceFeatures)]

X = np.random.default_rng(0).normal(size=(40, 5))


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(params=ESTIMATORS, ids=repr)
def estimator(request):
    estimator = clone(request.param)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    return estimator


def dense(rows):
    return rows.toarray() if sparse.issparse(rows) else rows


def test_sparse_rows_give_the_bits_of_dense_rows(estimator):
    expected = clone(estimator).fit_transform(X.copy())
    for rows in (sparse.csr_array(X), sparse.csr_matrix(X), sparse.coo_array(X)):
        if getattr(estimator, "selection", None) == "kmeans":
            # k-means itself rounds sparse rows differently.
            estimator.set_params(landmarks=X[:4])
            expected = clone(estimator).fit_transform(X)
        got = estimator.fit_transform(rows)
        assert np.array_equal(dense(got), expected)
        if sparse.issparse(got):
            assert got.format == "csr"


def test_explicit_zeros_and_repeated_entries_are_numbers_like_others(estimator):
    rows = sparse.csr_array(X)
    untidy = sparse.csr_array(
        (
            np.column_stack([rows.data / 2, rows.data / 2, 0 * rows.data]).ravel(),
            np.repeat(rows.indices, 3)[::1],
            3 * rows.indptr,
        ),
        shape=rows.shape,
    )
    assert not untidy.has_canonical_format
    if getattr(estimator, "selection", None) == "kmeans":
        estimator.set_params(landmarks=X[:4])
    expected = clone(estimator).fit_transform(X.copy())
    before = untidy.copy()
    got = clone(estimator).fit_transform(untidy)
    assert np.array_equal(dense(got), expected)
    if getattr(estimator, "copy", True):
        assert np.array_equal(untidy.data, before.data)
        assert np.array_equal(untidy.indices, before.indices)


@pytest.mark.parametrize("layout", ["F", "strided", "reversed", "read-only", "list"])
def test_memory_layout_does_not_matter(estimator, layout):
    expected = clone(estimator).fit_transform(X.copy())
    rows = {
        "F": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "reversed": X[::-1].copy()[::-1],
        "read-only": X.copy(),
        "list": X.tolist(),
    }[layout]
    if layout == "read-only":
        rows.flags.writeable = False
    assert np.array_equal(estimator.fit_transform(rows), expected)


def test_memmap(estimator, tmp_path):
    stored = np.memmap(tmp_path / "rows", dtype=np.float64, mode="w+", shape=X.shape)
    stored[...] = X
    stored.flush()
    rows = np.memmap(tmp_path / "rows", dtype=np.float64, mode="r", shape=X.shape)
    expected = clone(estimator).fit_transform(X.copy())
    assert np.array_equal(estimator.fit_transform(rows), expected)


@pytest.mark.parametrize(
    ("storage", "result"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.int8, np.float64),
        (np.uint8, np.float64),
        (np.int64, np.float64),
        (np.bool_, np.float64),
    ],
)
def test_storage_types(estimator, storage, result):
    rows = np.round(50 * X) if np.dtype(storage).kind in "if" else X > 0
    rows = np.abs(rows).astype(storage)
    before = rows.copy()
    got = estimator.fit_transform(rows)
    assert got.dtype == result
    wide = clone(estimator).fit_transform(before.astype(np.float64))
    tolerance = 4 * np.finfo(result).eps
    # k-means centres are of the input's precision.
    if getattr(estimator, "selection", None) == "kmeans":
        tolerance = 1e-3
    np.testing.assert_allclose(got, wide, rtol=tolerance, atol=tolerance)


def test_input_stays_as_it_was_unless_copy_is_false(estimator):
    if "copy" in estimator.get_params():
        estimator.set_params(copy=True)
    for rows in (X.copy(), sparse.csr_array(X), sparse.csc_array(X)):
        before = rows.copy()
        got = estimator.fit_transform(rows)
        stored = got.data if sparse.issparse(got) else got
        stored[...] = 7.0
        assert np.array_equal(dense(rows), dense(before))


def test_pickles(estimator):
    estimator.fit(X)
    again = pickle.loads(pickle.dumps(estimator))
    assert np.array_equal(again.transform(X.copy()), estimator.transform(X.copy()))


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_set_output_names_the_columns(estimator, library):
    module = importlib.import_module(library)
    frame = module.DataFrame(X, schema=list("abcde")) if library == "polars" else None
    if frame is None:
        frame = module.DataFrame(X, columns=list("abcde"), index=range(100, 140))
    expected = clone(estimator).fit_transform(X.copy())
    got = estimator.set_output(transform=library).fit_transform(frame)
    assert isinstance(got, module.DataFrame)
    assert list(got.columns) == list(estimator.get_feature_names_out())
    assert np.array_equal(got.to_numpy(), expected)
    if library == "pandas":
        assert list(got.index) == list(range(100, 140))


@pytest.mark.parametrize("estimator", STATELESS, ids=repr)
def test_stateless_transformers_need_no_fit(estimator):
    fitted = clone(estimator).fit(X)
    assert np.array_equal(
        clone(estimator).transform(X.copy()), fitted.transform(X.copy())
    )


# ---- bad input ----


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array], ids=["dense", "csr"])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
def test_numbers_that_are_not_finite(estimator, kind, value):
    spoilt = X.copy()
    spoilt[7, 2] = value
    named = "NaN" if np.isnan(value) else "infinity"
    with pytest.raises(ValueError, match=f"X contains {named}"):
        clone(estimator).fit(kind(spoilt))
    fitted = clone(estimator).fit(X)
    rows = kind(spoilt)
    before = rows.copy()
    with pytest.raises(ValueError, match=f"X contains {named}"):
        fitted.transform(rows)
    assert np.array_equal(dense(rows), dense(before), equal_nan=True)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros(5), "Expected 2D array"),
        (np.zeros((2, 3, 4)), r"dim(ension)? 3"),
        (np.zeros((0, 5)), r"0 sample\(s\)"),
        (np.zeros((5, 0)), r"0 feature\(s\)"),
        ([["a", "b"]], "could not convert string to float"),
        (np.zeros((3, 5)) * 1j, "Complex data not supported"),
    ],
)
def test_what_is_no_table_of_numbers(estimator, rows, message):
    with pytest.raises(ValueError, match=message):
        clone(estimator).fit(rows)


def test_other_columns_than_in_fit(estimator):
    estimator.fit(X)
    with pytest.raises(ValueError, match=r"3 features.*5 features"):
        estimator.transform(X[:, :3])


def test_other_column_names_than_in_fit(estimator):
    estimator.fit(pandas.DataFrame(X, columns=list("abcde")))
    with pytest.raises(ValueError, match=r"feature names should match"):
        estimator.transform(pandas.DataFrame(X, columns=list("abcdx")))
