"""Matrices of values, written tile by tile, with geometries of their own."""

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest
from layouts import assert_same_bits
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms.engine import Geometry, fill_matrix, fill_pairs

pytestmark = pytest.mark.kernels


@dataclass(frozen=True)
class Differences(Geometry):
    """Square roots of sums of squares; keys are the sums."""

    def keys(self, x, y):
        return row_sum(np.square(x - y))

    def finish(self, keys):
        return np.sqrt(keys)


@dataclass(frozen=True)
class Block(Geometry):
    """A function of two blocks, which notes the blocks it is given."""

    has_pairs = False
    seen: list = field(default_factory=list)

    def keys(self, x, y):
        raise AssertionError("a function of blocks has no pairs")

    def block_keys(self, queries, corpus):
        self.seen.append((len(queries), len(corpus), threading.get_ident()))
        return row_sum(np.square(queries[:, None] - corpus))


@dataclass(frozen=True)
class Undefined(Differences):
    """Rows that start with a negative number have no value with any other."""

    def keys(self, x, y):
        known = (x[..., 0] >= 0) & (y[..., 0] >= 0)
        return np.where(known, super().keys(x, y), np.nan)


def table(n, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def naive(X, Y):
    return np.array([[np.sqrt(np.sum((x - y) ** 2)) for y in Y] for x in X])


def filled(geometry, X, Y, dtype=np.float64, **options):
    out = np.full((X.shape[0], Y.shape[0]), np.nan, dtype=dtype)
    fill_matrix(geometry, X, Y, out, **options)
    return out


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 3, 4), (300, 90, 5), (2, 5, 3000)])
def test_every_pair_is_written(shape, dtype):
    n, m, d = shape
    X, Y = table(n, d), table(m, d, seed=1)
    found = filled(Differences(), X, Y, dtype)
    np.testing.assert_allclose(found, naive(X, Y), rtol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2, 3])
@pytest.mark.parametrize("working_memory", [None, 1e-6, 0.05])
def test_the_cut_of_the_work_does_not_show(mirror, n_jobs, working_memory):
    X = table(150)
    options = {"mirror": mirror, "n_jobs": n_jobs, "working_memory": working_memory}
    assert_same_bits(
        filled(Differences(), X, X, **options), filled(Differences(), X, X)
    )


@pytest.mark.parametrize("like", [np.array, sparse.csr_array])
def test_csr_rows_give_the_bits_of_dense_ones(like):
    X, Y = np.round(table(40)), np.round(table(30, seed=1))
    assert_same_bits(
        filled(Differences(), like(X), like(Y)), filled(Differences(), X, Y)
    )


@pytest.mark.parametrize("like", [np.array, sparse.csr_array])
def test_pairs_are_the_diagonal(like):
    X, Y = np.round(table(400)), table(400, seed=1)
    out = np.full(400, np.nan)
    fill_pairs(Differences(), like(X), like(Y), out)
    assert_same_bits(out, np.diagonal(filled(Differences(), X, Y)))


def test_a_function_of_blocks_gives_the_same_pairs():
    X, Y = table(30), table(30, seed=1)
    out = np.full(30, np.nan)
    fill_pairs(Block(), X, Y, out)
    assert_same_bits(out, np.diagonal(filled(Block(), X, Y)))


def test_a_function_of_blocks_is_not_called_from_other_threads_unasked():
    geometry = Block()
    filled(geometry, table(500), table(500, seed=1))
    assert {thread for *_, thread in geometry.seen} == {threading.get_ident()}


def test_a_small_budget_makes_small_blocks():
    wide, narrow = Block(), Block()
    filled(wide, table(200), table(200, seed=1), n_jobs=1)
    filled(narrow, table(200), table(200, seed=1), n_jobs=1, working_memory=0.05)
    assert max(n * m for n, m, _ in narrow.seen) < max(n * m for n, m, _ in wide.seen)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_pair_without_a_value_is_named(n_jobs):
    X, Y = np.abs(table(60)), np.abs(table(50, seed=1))
    X[37, 0] = -1.0
    message = r"row 1037 of X and row 0 of Y have no value.*Drop or impute"
    with pytest.raises(ValueError, match=message):
        filled(Undefined(), X, Y, first_row=1000, n_jobs=n_jobs)
    X[37, 0], Y[41, 0] = 1.0, -1.0
    with pytest.raises(ValueError, match="row 0 of X and row 41 of Y"):
        filled(Undefined(), X, Y, n_jobs=n_jobs)
    with pytest.raises(ValueError, match="row 41 of X and row 41 of Y"):
        fill_pairs(Undefined(), X[:50], Y, np.empty(50))


@pytest.mark.parametrize(
    ("dtype", "size", "remedy"),
    [(np.float32, 1e39, "Pass float64 data"), (np.float64, 1e200, "Scale the data")],
)
def test_a_value_beyond_the_dtype_is_an_error(dtype, size, remedy):
    X = table(5)
    X[2] = size
    with pytest.raises(
        ValueError, match=rf"beyond the largest {np.dtype(dtype)}.*{remedy}"
    ):
        filled(Differences(), X, table(4, seed=1), dtype)


def test_rows_are_not_written_to():
    X = table(40)
    before = X.copy()
    X.flags.writeable = False
    filled(Differences(), X, X, mirror=True)
    np.testing.assert_array_equal(X, before)
