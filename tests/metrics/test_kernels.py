"""The compiled sums are the sums, to the error that the bounds allow for them.

Where nothing is compiled, the same functions run as plain Python.
"""

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sknorms._compile import kernels_available
from sknorms.metrics import _kernels as kernels

pytestmark = pytest.mark.kernels

# Before anything is compiled, which puts compiled functions in their places.
PLAIN_POWER = kernels.power.python


@pytest.fixture
def run(monkeypatch):
    if kernels_available():
        return lambda kernel, *arguments: kernel(*arguments)
    monkeypatch.setattr(kernels, "power", PLAIN_POWER)
    return lambda kernel, *arguments: kernel.python(*arguments)


def tables(n_features, seed=0):
    rng = np.random.default_rng(seed)
    queries = rng.integers(-3, 4, size=(5, n_features)).astype(np.float32)
    # More rows than a tile, and not a whole number of tiles.
    corpus = rng.integers(-3, 4, size=(67, n_features)).astype(np.float32)
    corpus[::2] += rng.normal(size=corpus[::2].shape).astype(np.float32)
    return queries, corpus


def capped(queries, corpus):
    return np.minimum(np.abs(queries[:, None] - corpus[None]), 1.0).sum(axis=2)


SUMS = [
    (kernels.manhattan_scores, lambda q, c: cdist(q, c, "cityblock")),
    (kernels.chebyshev_scores, lambda q, c: cdist(q, c, "chebyshev")),
    (kernels.canberra_scores, lambda q, c: cdist(q, c, "canberra")),
    (kernels.hamming_scores, lambda q, c: cdist(q, c, "hamming")),
    (kernels.capped_scores, capped),
]


@pytest.mark.parametrize("n_features", [1, 2, 16, 37])
@pytest.mark.parametrize(("kernel", "definition"), SUMS)
def test_scores_are_minus_the_sums(run, kernel, definition, n_features):
    queries, corpus = tables(n_features)
    out = np.full((len(queries), len(corpus)), np.nan, dtype=np.float32)
    run(kernel, queries, corpus, out)
    expected = definition(queries.astype(float), corpus.astype(float))
    np.testing.assert_allclose(-out, expected, rtol=(n_features + 8) * 2.0**-24)


def test_what_is_missing_counts_nothing(run):
    queries = np.array([[0.0, np.nan, 0.25], [np.nan] * 3], dtype=np.float32)
    corpus = np.array([[9.0, 1.0, 0.5], [np.nan, np.nan, 0.25]], dtype=np.float32)
    out = np.empty((2, 2), dtype=np.float32)
    run(kernels.capped_scores, queries, corpus, out)
    assert (-out).tolist() == [[1.25, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("p", [0.05, 0.5, 1.5, 3.0, 12.0])
def test_powers_are_within_their_error(run, p):
    queries, corpus = tables(9)
    root = min(1.0, 1.0 / p)
    out = np.empty((len(queries), len(corpus)), dtype=np.float32)
    run(kernels.power_scores, queries, corpus, p, root, out)
    apart = np.abs(queries[:, None].astype(float) - corpus[None])
    expected = (apart**p).sum(axis=2) ** root
    room = kernels.POWER_ERROR + 2 * 17 * 2.0**-24
    np.testing.assert_allclose(-out, expected, rtol=room)


MANTISSAS = 2000 if not kernels_available() else 1 << 18


@pytest.mark.parametrize("p", [0.01, 0.3, 1.0, 1.1, 2.5, 20.0])
@pytest.mark.parametrize("exponent", [-60, -1, 0, 4])
def test_a_power_leaves_room_for_the_error_of_its_root(run, p, exponent):
    bits = np.linspace(0, 2**23 - 1, MANTISSAS).astype(np.int32) | 0x3F800000
    x = np.ldexp(bits.view(np.float32), exponent)[:, None]
    out = np.empty((len(x), 1), dtype=np.float32)
    # The sum of one term, and its power of one, which has an error of its own.
    run(kernels.power_scores, x, np.zeros((1, 1), np.float32), p, 1.0, out)
    expected = x.astype(float) ** p
    usable = (expected < 2.0**99) & (expected > 2.0**-125)
    relative = np.abs(-out[usable] / expected[usable] - 1.0)
    assert relative.max(initial=0.0) <= 0.75 * kernels.POWER_ERROR * max(p, 1.0)
    assert (-out[expected >= 2.0**101] <= 2.0**101).all()
    assert (-out[expected < 2.0**-127] <= 2.0**-125).all()


def test_terms_beyond_the_range_make_a_sum_smaller_and_never_infinite(run):
    far = np.array([[3e4, 0.0, 2.0]], dtype=np.float32)
    out = np.empty((1, 1), dtype=np.float32)
    for p in (20.0, 100.0):
        zero = np.zeros_like(far)
        run(kernels.power_scores, far, zero, p, 1.0 / p, out)
        assert 0.0 < -out[0, 0] <= 3e4 * (1 + kernels.POWER_ERROR)
    for p in (0.1, 0.5, 3.0):
        run(kernels.power_scores, far, far, p, 1.0, out)
        assert out[0, 0] == 0.0
    tiny = np.full((1, 3), 2.0**-140, dtype=np.float32)
    run(kernels.power_scores, tiny, np.zeros_like(tiny), 0.5, 1.0, out)
    assert 0.0 <= -out[0, 0] <= 3 * math.sqrt(2.0**-140)
