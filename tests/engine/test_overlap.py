"""The bound by an inner product and two squared lengths, for lines of its own."""

from dataclasses import dataclass

import numpy as np
import pytest
from bounds import ruled_out
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms.engine._overlap import OverlapEmbedding


@dataclass(frozen=True)
class SquaredDifference(OverlapEmbedding):
    """``X + Y - 2 x.y <= t``; the simplest line there is."""

    def line(self, keys):
        scaled = keys * self.scale * self.scale
        return np.full(len(keys), 0.5), 0.5 * scaled


@dataclass(frozen=True)
class ShareApart(OverlapEmbedding):
    """For sets, ``(X + Y - 2 a) / (X + Y) <= t``: the slope depends on the key."""

    def line(self, keys):
        return (1.0 - np.minimum(keys, 1.0)) / 2.0, np.zeros(len(keys))


@dataclass(frozen=True)
class NegativeRowsApart(SquaredDifference):
    """A line that does not hold for rows that start with a negative number."""

    def foreign(self, rows):
        return (
            rows[:, [0]].toarray()[:, 0] < 0
            if sparse.issparse(rows)
            else rows[:, 0] < 0
        )


def squared(queries, corpus):
    return row_sum(np.square(queries[:, None] - corpus))


def share_apart(queries, corpus):
    x, y = queries[:, None], corpus[None]
    total = row_sum(x) + row_sum(y)
    apart = row_sum(np.abs(x - y))
    return np.where(total > 0, apart / np.maximum(total, 1.0), 0.0)


def normal(shape=(60, 9), seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def sets(shape=(60, 9), seed=0):
    return np.random.default_rng(seed).random(shape) < 0.4


@pytest.mark.parametrize("exponent", [-60, -20, 0, 20, 60])
@pytest.mark.parametrize("spread", [0, 30])
def test_no_pair_is_ruled_out_at_its_own_key(exponent, spread):
    rng = np.random.default_rng(0)
    rows = normal() * 2.0**exponent * 2.0 ** rng.integers(0, spread + 1, (60, 1))
    embedding = SquaredDifference(2.0**-exponent, 9, 9)
    assert not ruled_out(embedding, rows, rows, squared(rows, rows)).any()


@given(
    rows=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.just(4)),
        elements=st.floats(-1e30, 1e30) | st.floats(-1, 1) | st.floats(-1e-30, 1e-30),
    )
)
def test_no_rows_lose_a_pair(rows):
    keys = squared(rows, rows)
    for limits in keys.T:
        out = ruled_out(SquaredDifference(1.0, 4, 4), rows, rows, limits[:, None])
        assert not (out & (keys <= limits[:, None])).any()


@pytest.mark.parametrize("width", [1, 9, 200])
def test_no_set_is_ruled_out_at_its_own_key(width):
    rows = sets((60, width))
    rows[::7] = False
    keys = share_apart(rows.astype(float), rows.astype(float))
    assert not ruled_out(ShareApart(1.0, width, width), rows, rows, keys).any()


def test_most_of_what_is_far_is_ruled_out():
    rows = normal()
    keys = squared(rows, rows)
    limits = np.sort(keys, axis=1)[:, [3]]
    out = ruled_out(SquaredDifference(1.0, 9, 9), rows, rows, limits)
    np.testing.assert_array_equal(out, keys > limits)
    chosen = sets((60, 40))
    keys = share_apart(chosen.astype(float), chosen.astype(float))
    limits = np.sort(keys, axis=1)[:, [3]]
    out = ruled_out(ShareApart(1.0, 40, 40), chosen, chosen, limits)
    assert out.sum() > 0.9 * (keys > limits).sum()


@pytest.mark.parametrize("value", [1e60, 1e300])
def test_rows_too_long_for_float32_are_measured(value):
    rows = normal()
    rows[3] = value
    out = ruled_out(SquaredDifference(1.0, 9, 9), rows, rows, 0.0)
    assert not out[3].any()
    assert not out[:, 3].any()
    assert out[0, 1]


@pytest.mark.parametrize("container", [np.array, sparse.csr_array])
def test_rows_that_the_line_does_not_hold_for_are_measured(container):
    rows = normal()
    foreign = rows[:, 0] < 0
    out = ruled_out(NegativeRowsApart(1.0, 9, 9), container(rows), container(rows), 0.0)
    assert not out[foreign].any()
    assert not out[:, foreign].any()
    assert out[~foreign][:, ~foreign].sum() == (~foreign).sum() * ((~foreign).sum() - 1)


def test_csr_rows_are_embedded_as_dense_ones():
    rows = normal() * (np.random.default_rng(1).random((60, 9)) < 0.4)
    rows[3] = 1e60
    packed = sparse.csr_array(rows)
    embedding = SquaredDifference(1.0, 9, 9)
    for embed in (embedding.corpus, embedding.queries):
        dense, thin = embed(rows), embed(packed)
        np.testing.assert_array_equal(thin.rows.toarray(), dense.rows)
        np.testing.assert_allclose(thin.numbers, dense.numbers, rtol=1e-6)
        np.testing.assert_array_equal(thin.rows.indptr, packed.indptr)
    np.testing.assert_array_equal(packed.toarray(), rows)
