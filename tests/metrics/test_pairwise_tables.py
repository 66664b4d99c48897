"""Compiled sums for whole blocks are NumPy's sums, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sknorms._arrays import row_sum
from sknorms.metrics import get_metric
from sknorms.metrics._summation import SummationTree
from sknorms.metrics._tables import (
    ABSOLUTE,
    PRODUCT,
    SQUARE,
    sum_table,
)

pytestmark = pytest.mark.kernels

TERMS = {
    SQUARE: lambda x, y: (x - y) ** 2,
    ABSOLUTE: lambda x, y: np.abs(x - y),
    PRODUCT: lambda x, y: x * y,
}
# Around every place where the order of summation changes its shape.
WIDTHS = [*range(1, 20), 63, 127, 128, 129, 135, 136, 137, 255, 256, 257, 263, 264]
WIDTHS += [511, 512, 513, 1000, 1031, 4099]


def wild(rng, shape):
    """Return numbers of many magnitudes, whose sum depends on the order."""
    return rng.normal(size=shape) * 10.0 ** rng.integers(-8, 9, shape)


def expected(term, x, y):
    return np.array([row_sum(TERMS[term](row, y)) for row in x])


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("width", WIDTHS)
def test_dense_sums(term, width):
    rng = np.random.default_rng(width)
    x, y = wild(rng, (5, width)), wild(rng, (131, width))
    np.testing.assert_array_equal(sum_table(term, x, y), expected(term, x, y))


def test_the_order_matters_here():
    # Otherwise the tests of bits would not see a wrong order.
    terms = wild(np.random.default_rng(0), (50, 300)) ** 2
    plain = [sum(row.tolist()) for row in terms]
    assert (row_sum(terms) != plain).mean() > 0.5


@pytest.mark.parametrize("term", TERMS)
@pytest.mark.parametrize("density", [0.003, 0.05, 0.6])
@pytest.mark.parametrize("width", WIDTHS)
def test_sparse_sums(term, width, density):
    rng = np.random.default_rng(width)
    x, y = (
        sparse.csr_array(
            np.where(rng.random((n, width)) < density, wild(rng, (n, width)), 0.0)
        )
        for n in (6, 40)
    )
    values = sum_table(term, x, y)
    np.testing.assert_array_equal(values, expected(term, x.toarray(), y.toarray()))


@given(st.integers(1, 100_000))
def test_the_tree_covers_every_term_once(n_terms):
    tree = SummationTree.of(n_terms)
    sizes = np.diff(tree.leaves)
    assert tree.leaves[0] == 0
    assert tree.leaves[-1] == n_terms
    assert ((sizes > 0) & (sizes <= 128)).all()
    assert (tree.leaves[:-1] % 8 == 0).all()
    assert tree.merges.sum() == len(sizes) - 1
    assert (np.diff(tree.paths) > 0).all()
    owned = tree.leaves[tree.owners]
    assert (owned <= np.arange(0, n_terms, 8)).all()


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "manhattan"])
@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-150, 1.0, 1e150, 1e307])
def test_blocks_have_the_bits_of_the_formula(metric, scale):
    record = get_metric(metric)
    rows = np.random.default_rng(0).normal(size=(40, 9)) * scale
    rows[5:20] = rows[4]
    rows[30] = 0.0
    with np.errstate(over="ignore", under="ignore"):
        keys = record.block_keys(rows, rows[::-1])
        for i, row in enumerate(rows):
            np.testing.assert_array_equal(keys[i], record.keys(row, rows[::-1]))
