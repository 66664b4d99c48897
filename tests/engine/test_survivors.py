"""The filter after the bound: its compiled and its plain form are the same function."""

import numpy as np
import pytest

from sknorms._compile import kernels_available
from sknorms.engine import DotEmbedding, Embedded, _survivors
from sknorms.engine._kernels import collect_survivors
from sknorms.engine._survivors import Sieve

pytestmark = pytest.mark.kernels

SHAPES = [(1, 1), (3, 63), (5, 64), (7, 65), (4, 200), (2, 1000)]


def scored_block(shape, seed=0):
    rng = np.random.default_rng(seed)
    score = rng.standard_normal(shape).astype(np.float32)
    offset = rng.standard_normal(shape[1]).astype(np.float32)
    weight = rng.standard_normal(shape[0]).astype(np.float32)
    level = rng.standard_normal(shape[0]).astype(np.float32) - np.float32(1.5)
    return score, offset, weight, level


def naive(score, offset, weight, level):
    tested = weight[:, None] * offset - score
    return np.argwhere(~(tested > level[:, None]))


def collected(score, offset, weight, level, capacity):
    parts = [
        np.stack([rows, columns], axis=1)
        for rows, columns in _survivors.survivors(
            score.copy(), offset, Sieve.plain(weight, level), capacity
        )
    ]
    return np.concatenate(parts) if parts else np.empty((0, 2), dtype=int)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("capacity", [1, 70, 10**6])
def test_keeps_exactly_the_pairs_that_pass(shape, capacity):
    block = scored_block(shape)
    np.testing.assert_array_equal(collected(*block, capacity=capacity), naive(*block))


def test_what_cannot_be_bounded_is_kept():
    score, offset, weight, level = scored_block((3, 130))
    score[0, 5] = np.nan
    score[1, 100] = np.inf
    offset[7] = -np.inf
    level[2] = np.inf
    weight = np.abs(weight)
    with np.errstate(invalid="ignore"):
        found = collected(score, offset, weight, level, capacity=1000)
    kept = {tuple(pair) for pair in found}
    assert {(0, 5), (1, 100), (0, 7), (1, 7)} <= kept
    assert {(2, j) for j in range(130)} <= kept


def test_hands_over_no_more_than_fits():
    score, offset, weight, _ = scored_block((6, 100))
    level = np.full(6, np.inf, dtype=np.float32)
    sizes = [
        len(rows)
        for rows, _ in _survivors.survivors(
            score, offset, Sieve.plain(weight, level), 250
        )
    ]
    assert max(sizes) <= 250
    assert sum(sizes) == 600


@pytest.mark.parametrize("shape", SHAPES)
def test_the_source_of_the_kernel_says_the_same(shape):
    score, offset, weight, level = scored_block(shape)
    rows, columns = np.empty(4000, np.intp), np.empty(4000, np.intp)
    found = (rows, columns, np.empty(4000, np.float32))
    sieve = Sieve.plain(weight, level)
    tests = (sieve.weight, sieve.level, sieve.heaps, sieve.growth, sieve.slack)
    count, next_row = collect_survivors.python(
        score, offset, offset[:0], *tests, 0, found, 0, 7
    )
    assert next_row == shape[0]
    pairs = np.stack([rows[:count], columns[:count] - 7], axis=1)
    np.testing.assert_array_equal(pairs, naive(score, offset, weight, level))


@pytest.mark.parametrize("k", [1, 3, 50])
@pytest.mark.parametrize("capacity", [64, 300, 10**6])
@pytest.mark.parametrize("growth", [1.0, 1.25])
def test_levels_close_and_keep_the_closest(k, capacity, growth):
    rng = np.random.default_rng(0)
    queries = rng.normal(size=(7, 6)).astype(np.float32)
    corpus = Embedded(
        rng.normal(size=(900, 6)).astype(np.float32),
        rng.normal(size=900).astype(np.float32),
    )
    weight = np.full(7, 0.5, dtype=np.float32)
    # With it no level is below the value that it comes from.
    slack = np.full(7, 0.01 + 20 * (growth - 1), dtype=np.float32)
    level = np.full(7, np.inf, dtype=np.float32)
    sieve = Sieve.closing(weight, level, slack, np.full(7, growth), k)
    ours = Embedded(queries, np.zeros(7))
    scratch = np.empty(7 * 128, dtype=np.float32)
    parts = _survivors.scored_survivors(
        DotEmbedding(1.0), ours, corpus, sieve, scratch, 128, capacity
    )
    found = np.concatenate([np.stack(part, axis=1) for part in parts])
    values = 0.5 * corpus.numbers - queries @ corpus.rows.T
    limits = growth * np.sort(values, axis=1)[:, k - 1 : k] + slack[0] - 0.001
    kept = {tuple(pair) for pair in found}
    assert len(kept) == len(found)
    assert set(map(tuple, np.argwhere(values <= limits))) <= kept
    if kernels_available() and capacity == 10**6:
        assert len(found) <= (values <= limits + 0.003).sum()
