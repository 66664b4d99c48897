"""Bounds by a matrix product, with vectors of their own."""

from dataclasses import dataclass

import numpy as np
import pytest
from bounds import ruled_out
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms.engine import ChordEmbedding, DotEmbedding, Embedded


@dataclass(frozen=True)
class Plain(ChordEmbedding):
    """Rows as they are; keys are squared lengths of differences."""

    keeps_sparse = True

    def vectors(self, rows):
        return rows.astype(np.float64), 0.0

    def squared_reach(self, keys):
        return keys


@dataclass(frozen=True)
class Noisy(Plain):
    """Vectors that are off by as much as they say."""

    error: float

    def vectors(self, rows):
        noise = np.random.default_rng(7).normal(size=rows.shape)
        noise *= self.error / np.sqrt(row_sum(noise * noise))[:, np.newaxis]
        return rows + noise, self.error


def squared(queries, corpus):
    with np.errstate(over="ignore"):
        return row_sum(np.square(queries[:, None] - corpus))


def minus_dot(queries, corpus):
    with np.errstate(over="ignore", invalid="ignore"):
        return -row_sum(queries[:, None] * corpus)


BOUNDS = {
    "chord": (Plain(), squared),
    "dot": (DotEmbedding(1.0), minus_dot),
    "dot, scaled": (DotEmbedding(2.0**-40), minus_dot),
}
bounds = pytest.mark.parametrize("bound", BOUNDS)

KINDS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "offset": lambda rng, shape: 1e7 + rng.normal(size=shape),
    "integers": lambda rng, shape: rng.integers(-2, 3, size=shape).astype(float),
    "all sizes": lambda rng, shape: (
        rng.normal(size=shape) * 10.0 ** rng.integers(-60, 60, (shape[0], 1))
    ),
    "zero rows": lambda rng, shape: (
        rng.normal(size=shape) * (rng.random((shape[0], 1)) < 0.5)
    ),
    "subnormal in float32": lambda rng, shape: rng.normal(size=shape) * 1e-42,
    "beyond float32": lambda rng, shape: rng.normal(size=shape) * 1e80,
}


def rows_of(kind, seed=0, shape=(60, 9)):
    return KINDS[kind](np.random.default_rng(seed), shape)


@bounds
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [1, 9, 300])
def test_no_pair_is_ruled_out_at_its_own_key(bound, kind, width):
    embedding, keys_of = BOUNDS[bound]
    rows = rows_of(kind, shape=(40, width))
    keys = keys_of(rows, rows)
    assert not ruled_out(embedding, rows, rows, keys).any()


@bounds
@given(
    rows=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 5)),
        elements=st.floats(-1e30, 1e30) | st.floats(-1, 1) | st.floats(-1e-30, 1e-30),
    )
)
def test_no_rows_lose_a_pair(bound, rows):
    embedding, keys_of = BOUNDS[bound]
    keys = keys_of(rows, rows)
    for limits in keys.T:
        inside = keys <= limits[:, None]
        assert not (ruled_out(embedding, rows, rows, limits[:, None]) & inside).any()


@pytest.mark.parametrize("bound", ["chord", "dot"])
def test_most_of_what_is_far_is_ruled_out(bound):
    embedding, keys_of = BOUNDS[bound]
    rows = rows_of("normal")
    keys = keys_of(rows, rows)
    limits = np.sort(keys, axis=1)[:, [3]]
    out = ruled_out(embedding, rows, rows, limits)
    np.testing.assert_array_equal(out, keys > limits)


@bounds
@pytest.mark.parametrize("value", [1e60, 1e300])
def test_rows_too_long_for_float32_are_measured(bound, value):
    embedding, _ = BOUNDS[bound]
    rows = rows_of("normal")
    rows[3] = value
    out = ruled_out(embedding, rows, rows, -1e9)
    assert not out[3].any()
    assert not out[:, 3].any()


@bounds
def test_an_infinite_limit_keeps_every_pair(bound):
    rows = rows_of("all sizes")
    assert not ruled_out(BOUNDS[bound][0], rows, rows, np.inf).any()


@bounds
@pytest.mark.parametrize("kind", KINDS)
def test_csr_rows_are_embedded_as_dense_ones(bound, kind):
    embedding, _ = BOUNDS[bound]
    rows = rows_of(kind)
    rows[np.random.default_rng(1).random(rows.shape) < 0.6] = 0.0
    packed = sparse.csr_array(rows)
    for embed in (embedding.corpus, embedding.queries):
        dense, thin = embed(rows), embed(packed)
        np.testing.assert_array_equal(thin.rows.toarray(), dense.rows)
        np.testing.assert_allclose(thin.numbers, dense.numbers, rtol=1e-6)
        np.testing.assert_array_equal(thin.rows.indices, packed.indices)
        np.testing.assert_array_equal(thin.rows.indptr, packed.indptr)


@bounds
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_rows_are_not_written_to(bound, dtype):
    rows = (10 * np.abs(rows_of("normal"))).astype(dtype)
    rows[0] = 255
    before = rows.copy()
    rows.flags.writeable = False
    BOUNDS[bound][0].corpus(rows)
    BOUNDS[bound][0].queries(rows)
    np.testing.assert_array_equal(rows, before)


@pytest.mark.parametrize("error", [1e-12, 1e-6, 1e-2])
def test_errors_of_the_vectors_are_forgiven(error):
    rows = np.repeat(rows_of("normal"), 2, axis=0)
    keys = squared(rows, rows)
    assert not ruled_out(Noisy(error), rows, rows, keys).any()


@bounds
@pytest.mark.parametrize("d", [2, 64, 4096])
def test_queries_that_float32_hardly_holds_against_long_rows(bound, d):
    """Coordinates that are rounded all one way, by as much as they can be."""
    embedding, keys_of = BOUNDS[bound]
    first = np.arange(d) < d // 2
    rows = np.zeros((2, d))
    rows[0, ~first] = rows[1, first] = 2.0**50 / np.sqrt(d / 2)
    queries = np.where(first, 1.49, 1.45) * 2.0**-149 * np.ones((1, 1))
    keys = keys_of(queries, rows)
    closer = np.min(keys, axis=1, keepdims=True)
    assert not (ruled_out(embedding, queries, rows, closer) & (keys <= closer)).any()
    assert not ruled_out(embedding, queries, rows, keys).any()


@dataclass(frozen=True)
class Tight(Plain):
    """The same, for keys that follow from lengths of difference alone."""

    tight = True


@pytest.mark.parametrize("embedding", [Tight(), DotEmbedding(1.0)], ids=repr)
@pytest.mark.parametrize("kind", ["normal", "offset", "tied"])
@pytest.mark.parametrize("k", [1, 7])
def test_values_are_out_of_order_by_the_slack_at_most(embedding, kind, k):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, 33))
    rows = {"normal": rows, "offset": rows + 1e3, "tied": np.round(rows)}[kind]
    queries, corpus = embedding.queries(rows[:30]), embedding.corpus(rows)
    weight, _ = embedding.cut(queries.numbers, np.zeros(30))
    values = weight[:, None] * corpus.numbers - queries.rows @ corpus.rows.T
    keys = (
        minus_dot(rows[:30], rows) if embedding != Tight() else squared(rows[:30], rows)
    )
    slack = embedding.slack(queries, float(corpus.numbers.max()))
    last = np.sort(values, axis=1)[:, k - 1] + slack
    among = keys <= np.sort(keys, axis=1)[:, k - 1 : k]
    assert (values <= last[:, None])[among].all()
    assert (slack < 1e-2 * np.abs(values).max(axis=1)).all()


def test_no_slack_is_known_where_keys_are_only_bounded():
    queries = Plain().queries(np.ones((2, 3)))
    assert Plain().slack(queries, 1.0) is None


def test_no_slack_is_of_use_where_rounding_may_be_most_of_a_length():
    queries = Tight().queries(np.ones((2, 3)))
    wide = Embedded(np.broadcast_to(np.float32(1), (2, 6_000_000)), queries.numbers)
    assert Tight().slack(queries, 1.0) is not None
    assert Tight().slack(wide, 1.0) is None
