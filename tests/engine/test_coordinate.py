"""Bounds by sums and maxima over coordinates, with kernels of their own."""

from dataclasses import dataclass

import numpy as np
import pytest
from bounds import ruled_out
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms._compile import kernel
from sknorms.engine import CoordinateEmbedding

pytestmark = pytest.mark.kernels


@kernel()
def minus_sums(queries, corpus, out):
    for i in range(queries.shape[0]):
        for j in range(corpus.shape[0]):
            total = queries.dtype.type(0)
            for k in range(queries.shape[1]):
                total += abs(queries[i, k] - corpus[j, k])
            out[i, j] = -total


@kernel()
def minus_maxima(queries, corpus, out):
    for i in range(queries.shape[0]):
        for j in range(corpus.shape[0]):
            most = queries.dtype.type(0)
            for k in range(queries.shape[1]):
                most = max(most, abs(queries[i, k] - corpus[j, k]))
            out[i, j] = -most


@dataclass(frozen=True, eq=False)
class Sum(CoordinateEmbedding):
    scipy_name = "cityblock"

    @property
    def kernel(self):
        return minus_sums

    def sizes(self, rows):
        return row_sum(np.abs(rows))


@dataclass(frozen=True, eq=False)
class SumByColumns(Sum):
    combine = np.add


@dataclass(frozen=True, eq=False)
class Maximum(CoordinateEmbedding):
    scipy_name = "chebyshev"

    @property
    def kernel(self):
        return minus_maxima

    def sizes(self, rows):
        return np.abs(rows).max(axis=1, initial=0.0)


@dataclass(frozen=True, eq=False)
class MaximumByColumns(Maximum):
    combine = np.maximum


def sums(queries, corpus):
    return row_sum(np.abs(queries[:, None] - corpus))


def maxima(queries, corpus):
    return np.abs(queries[:, None] - corpus).max(axis=2)


BOUNDS = {
    "sum": (Sum, sums),
    "sum by columns": (SumByColumns, sums),
    "maximum": (Maximum, maxima),
    "maximum by columns": (MaximumByColumns, maxima),
}
bounds = pytest.mark.parametrize("bound", BOUNDS)


def normal(shape=(60, 9), seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@bounds
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-100, -30, 0, 30, 100])
def test_no_pair_is_ruled_out_at_its_own_key(bound, dtype, exponent):
    rows = (normal() * 2.0**exponent).astype(dtype)
    kind, keys_of = BOUNDS[bound]
    embedding = kind(9, scale=2.0**-exponent)
    keys = keys_of(rows.astype(np.float64), rows.astype(np.float64))
    assert not ruled_out(embedding, rows, rows, keys).any()


@bounds
@given(
    rows=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.just(4)),
        elements=st.floats(-1e60, 1e60) | st.floats(-1, 1) | st.floats(-1e-60, 1e-60),
    )
)
def test_no_rows_lose_a_pair(bound, rows):
    kind, keys_of = BOUNDS[bound]
    keys = keys_of(rows, rows)
    for limits in keys.T:
        out = ruled_out(kind(4), rows, rows, limits[:, None])
        assert not (out & (keys <= limits[:, None])).any()


@bounds
def test_most_of_what_is_far_is_ruled_out(bound):
    kind, keys_of = BOUNDS[bound]
    rows = normal()
    keys = keys_of(rows, rows)
    limits = np.sort(keys, axis=1)[:, [3]]
    np.testing.assert_array_equal(ruled_out(kind(9), rows, rows, limits), keys > limits)


@bounds
def test_a_center_makes_up_for_an_offset(bound):
    kind, keys_of = BOUNDS[bound]
    rows = 1e7 + normal()
    keys = keys_of(rows, rows)
    limits = np.sort(keys, axis=1)[:, [3]]
    centered = kind(9, center=rows.mean(axis=0))
    out = ruled_out(centered, rows, rows, limits)
    assert not (out & (keys <= limits)).any()
    assert out.sum() > 0.9 * (keys > limits).sum()
    # What the center is for: without it, rounding to float32 hides the differences.
    assert ruled_out(kind(9), rows, rows, limits).sum() < 0.1 * out.sum()


@bounds
@pytest.mark.parametrize("value", [1e60, 1e300])
def test_rows_too_large_for_float32_are_measured(bound, value):
    kind, _ = BOUNDS[bound]
    rows = normal()
    rows[3] = value
    out = ruled_out(kind(9), rows, rows, 0.0)
    assert not out[3].any()
    assert not out[:, 3].any()
    assert out[0, 1]


@bounds
@pytest.mark.parametrize("shape", [(1, 1), (17, 5), (40, 9), (3, 200)])
def test_scores_are_minus_the_sums(bound, shape):
    kind, keys_of = BOUNDS[bound]
    queries, corpus = np.float32(normal(shape)), np.float32(normal((33, shape[1]), 1))
    out = np.full((len(queries), len(corpus)), np.nan, dtype=np.float32)
    kind(shape[1]).score(queries, corpus, out)
    expected = -keys_of(queries.astype(np.float64), corpus.astype(np.float64))
    np.testing.assert_allclose(out, expected, rtol=1e-5)


@bounds
def test_scores_may_be_written_into_part_of_an_array(bound):
    kind, keys_of = BOUNDS[bound]
    rows = np.float32(normal())
    whole = np.zeros((62, 60), dtype=np.float32)
    kind(9).score(rows, rows, whole[1:-1])
    np.testing.assert_allclose(whole[1:-1], -keys_of(rows, rows), rtol=1e-5)
    assert not whole[[0, -1]].any()


@bounds
def test_csr_rows_are_embedded_as_dense_ones(bound):
    kind, _ = BOUNDS[bound]
    rows = normal() * (np.random.default_rng(1).random((60, 9)) < 0.4)
    packed = sparse.csr_array(rows)
    for embed in (kind(9).corpus, kind(9).queries):
        np.testing.assert_array_equal(embed(packed).rows, embed(rows).rows)
        np.testing.assert_array_equal(embed(packed).numbers, embed(rows).numbers)


@bounds
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_rows_are_not_written_to(bound, dtype):
    kind, _ = BOUNDS[bound]
    rows = (10 * np.abs(normal())).astype(dtype)
    before = rows.copy()
    rows.flags.writeable = False
    for embedding in (kind(9), kind(9, center=np.ones(9), scale=0.5)):
        embedding.corpus(rows)
        embedding.queries(rows)
    np.testing.assert_array_equal(rows, before)
