"""The distances that have a function of their own."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import pairwise as reference

from sknorms.metrics import (
    cosine_distances,
    cosine_similarity,
    euclidean_distances,
    manhattan_distances,
    pairwise_distances,
)

X = np.random.default_rng(0).normal(size=(30, 5))
Y = np.random.default_rng(1).normal(size=(20, 5))
COUNTS = sparse.random_array((40, 50), density=0.1, rng=np.random.default_rng(2))
COUNTS = sparse.csr_array(COUNTS)

NAMED = {
    "cosine": cosine_distances,
    "euclidean": euclidean_distances,
    "manhattan": manhattan_distances,
}
THEIRS = {
    cosine_distances: reference.cosine_distances,
    cosine_similarity: reference.cosine_similarity,
    euclidean_distances: reference.euclidean_distances,
    manhattan_distances: reference.manhattan_distances,
}
FORMATS = ["csr", "csc", "coo", "lil", "dok", "bsr"]


@pytest.mark.parametrize("name", NAMED)
def test_they_are_the_metrics(name):
    for args in ((X,), (X, Y), (X.astype("f4"), Y.astype("f4")), (COUNTS,)):
        expected = pairwise_distances(*args, metric=name)
        got = NAMED[name](*args)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype


@pytest.mark.parametrize("function", THEIRS)
@pytest.mark.parametrize("kind", FORMATS)
def test_they_are_scikit_learns(function, kind):
    tables = [(X,), (X, Y), (COUNTS.asformat(kind),)]
    for args in tables:
        expected = THEIRS[function](*args)
        got = function(*args)
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=2e-7)
        assert type(got) is np.ndarray


@pytest.mark.parametrize("function", THEIRS)
def test_columns_must_match(function):
    with pytest.raises(ValueError, match=r"Incompatible dimension"):
        function(X, Y[:, :3])


@pytest.mark.parametrize("function", THEIRS)
@pytest.mark.parametrize("bad", [[[np.nan, 1.0]], [[np.inf, 1.0]], [1.0, 2.0], [["a"]]])
def test_rows_must_be_finite_numbers(function, bad):
    with pytest.raises(ValueError, match=r"Input X|2D|convert"):
        function(bad)


# ---- Euclidean ----


@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (1, -1)])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_squared_norms_are_accepted(shape, dtype):
    given = {
        "X_norm_squared": np.square(X).sum(axis=1).astype(dtype).reshape(shape),
        "Y_norm_squared": np.square(Y).sum(axis=1).astype(dtype).reshape(shape),
    }
    expected = euclidean_distances(X, Y)
    np.testing.assert_array_equal(euclidean_distances(X, Y, **given), expected)
    only = {"Y_norm_squared": given["Y_norm_squared"].tolist()}
    np.testing.assert_array_equal(euclidean_distances(X, Y, **only), expected)


@pytest.mark.parametrize("side", ["X", "Y"])
@pytest.mark.parametrize("shape", [(7,), (7, 1), (1, 7), (2, 15), (1,)])
def test_squared_norms_of_a_wrong_shape_are_refused(side, shape):
    message = rf"Incompatible dimensions for {side} of shape .* and {side}_norm_squared"
    with pytest.raises(ValueError, match=message):
        euclidean_distances(X, Y, **{f"{side}_norm_squared": np.ones(shape)})


def test_squared_norms_must_be_numbers():
    with pytest.raises(ValueError, match=r"X_norm_squared contains NaN"):
        euclidean_distances(X, X_norm_squared=np.full(30, np.nan))


def test_squared():
    plain, squared = euclidean_distances(X), euclidean_distances(X, squared=True)
    np.testing.assert_allclose(squared, plain**2, rtol=1e-15)
    with pytest.raises(TypeError, match=r"squared must be True or False; got 1"):
        euclidean_distances(X, squared=1)


def test_close_rows_far_from_the_origin():
    assert euclidean_distances([[50000.0]], [[50000.001]])[0, 0] == 50000.001 - 50000.0
    far = [[100000001.0, 1e8]], [[1e8, 100000001.0]]
    np.testing.assert_array_equal(euclidean_distances(*far, squared=True), [[2.0]])
    narrow = [np.float32(x) for x in ([[5e4]], [[5e4 + 1 / 128]])]
    assert euclidean_distances(*narrow)[0, 0] == narrow[1][0, 0] - narrow[0][0, 0]


# ---- cosine ----


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("scale", [1e-37, 1.0, 1e30])
def test_a_row_is_exactly_like_itself(dtype, scale):
    rows = (X * scale).astype(dtype)
    for table in (rows, sparse.csr_array(rows)):
        similar, distant = cosine_similarity(table), cosine_distances(table)
        assert (np.diagonal(similar) == 1).all()
        assert (np.diagonal(distant) == 0).all()
        assert (np.abs(similar) <= 1).all()
        assert ((distant >= 0) & (distant <= 2)).all()
        np.testing.assert_array_equal(similar, similar.T)
        assert similar.dtype == distant.dtype == rows.dtype


def test_parallel_and_opposite_rows():
    rows = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [-1.0, -2.0, -3.0]])
    expected = [[1, 1, -1], [1, 1, -1], [-1, -1, 1]]
    np.testing.assert_allclose(cosine_similarity(rows), expected, rtol=2e-16)


@pytest.mark.parametrize("scale", [5e-324, 1e-200, 1e200])
def test_no_row_is_too_small_or_too_large(scale):
    assert cosine_similarity([[scale, scale]])[0, 0] == 1
    got = cosine_similarity([[scale, scale]], [[1.0, 0.0]])
    np.testing.assert_allclose(got, [[np.sqrt(0.5)]], rtol=1e-15)


def test_similarity_of_zero_rows_is_zero():
    rows = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0]])
    expected = [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
    for table in (rows, sparse.csr_array(rows)):
        got = cosine_similarity(table)
        np.testing.assert_array_equal(got, expected)
        assert not np.signbit(got).any()
    # Among neighbours equal rows belong together, so as a distance theirs is zero.
    assert cosine_distances(rows)[0, 1] == 0


def test_rows_without_a_common_column_have_similarity_zero():
    disjoint = np.kron(np.eye(20), [1.0, 3.0, 0.1])
    np.testing.assert_array_equal(cosine_similarity(disjoint), np.eye(20))


@pytest.mark.parametrize("rows", [X, np.abs(X), X[:1] + 1e-3 * X, X + 100.0])
def test_few_or_many_close_pairs_make_no_difference(rows):
    single = [[cosine_similarity([a], [b])[0, 0] for b in rows] for a in rows]
    np.testing.assert_array_equal(cosine_similarity(rows), single)


@pytest.mark.parametrize(
    "kind", [sparse.csr_array, sparse.csr_matrix, sparse.coo_array]
)
def test_sparse_output(kind):
    table = kind(COUNTS)
    got = cosine_similarity(table, dense_output=False)
    assert sparse.issparse(got)
    assert isinstance(got, sparse.sparray) is isinstance(table, sparse.sparray)
    dense = cosine_similarity(COUNTS.toarray())
    np.testing.assert_array_equal(got.toarray(), dense)
    assert got.nnz == np.count_nonzero(dense) < dense.size
    assert sparse.issparse(cosine_similarity(table, table[:3], dense_output=False))
    for args in ((X,), (table, COUNTS.toarray()), (COUNTS.toarray(), table)):
        assert type(cosine_similarity(*args, dense_output=False)) is np.ndarray


def test_dense_output_must_be_a_flag():
    with pytest.raises(TypeError, match=r"dense_output must be True or False"):
        cosine_similarity(X, dense_output="no")
