"""What is particular to norms of groups."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.norms import L1, L2, GroupNorm, LInf

INF = np.inf


def test_labels_and_lists_of_indices_mean_the_same():
    by_label = GroupNorm(["b", "a", "b", "c"], weights=[1.0, 2.0, 3.0])
    by_index = GroupNorm([[1], [0, 2], [3]], weights=[1.0, 2.0, 3.0])
    by_array = GroupNorm([np.array([1]), np.array([2, 0]), np.array([3])], (1, 2, 3))
    assert by_label == by_index == by_array
    assert by_label.value([3.0, 1.0, 4.0, 1.0]) == 1.0 + 2.0 * 5.0 + 3.0


def test_degenerate_groups_are_the_plain_norms():
    x = np.random.default_rng(0).normal(size=(5, 7))
    each, one = GroupNorm(range(7)), GroupNorm([0] * 7)
    for grouped, plain in (
        (each, L1()),
        (one, L2()),
        (GroupNorm([0] * 7, p=INF), LInf()),
    ):
        np.testing.assert_allclose(grouped.rows(x), plain.rows(x), rtol=1e-15)
        for size in (0.1, 1.0, 10.0):
            np.testing.assert_allclose(
                grouped.prox(x, size, 1), plain.prox(x, size, 1), atol=1e-14
            )
            np.testing.assert_allclose(
                grouped.project(x, size, 1), plain.project(x, size, 1), atol=1e-14
            )


def test_block_soft_thresholding():
    norm = GroupNorm([0, 0, 1], weights=[1.0, 10.0])
    np.testing.assert_array_equal(norm.prox([3.0, 4.0, 9.0], 2.5), [1.5, 2.0, 0.0])


def test_uneven_groups_are_told_apart():
    labels = np.repeat(np.arange(40), np.arange(1, 41))
    x = np.random.default_rng(1).normal(size=len(labels))
    shuffled = np.random.default_rng(2).permutation(len(labels))
    norm = GroupNorm(labels[shuffled])
    expected = sum(
        np.linalg.norm(x[shuffled][labels[shuffled] == g]) for g in range(40)
    )
    assert norm.value(x[shuffled]) == pytest.approx(expected, rel=1e-14)


def test_sparse_rows():
    X = np.random.default_rng(3).normal(size=(5, 4))
    X[X < 0] = 0.0
    norm = GroupNorm([0, 1, 0, 1], weights=[1.0, 3.0])
    np.testing.assert_array_equal(norm.rows(sparse.csr_array(X)), norm.rows(X))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([[0, 1], [1, 2]], "exactly once"),
        ([[0], [2]], "exactly once"),
        ([[0, 1], []], "non-empty sequences of integer"),
        ([[0.5], [1.0]], "non-empty sequences of integer"),
        ([[[0]], [[1]]], "one label a feature"),
    ],
)
def test_groups_that_are_none(groups, message):
    with pytest.raises(ValueError, match=message):
        GroupNorm(groups)


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, -2.0], [1.0, INF]])
def test_weights_that_are_none(weights):
    with pytest.raises(ValueError, match="weights must be"):
        GroupNorm([0, 1], weights)


def test_other_parameters():
    with pytest.raises(ValueError, match="p must be a number >= 1"):
        GroupNorm([0, 1], p=0.5)
    with pytest.raises(ValueError, match="outer must be one of"):
        GroupNorm([0, 1], outer=2.0)
    with pytest.raises(ValueError, match="x must have 2 features"):
        GroupNorm([0, 1]).value([1.0, 2.0, 3.0])
