"""What is particular to norms of matrices."""

import numpy as np
import pytest

from sknorms.norms import FrobeniusNorm, NuclearNorm, SpectralNorm

RECORDS = [NuclearNorm(), SpectralNorm(), FrobeniusNorm()]
every_norm = pytest.mark.parametrize("norm", RECORDS, ids=repr)


@every_norm
@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (4, 3), (3, 4)])
def test_unitary_invariance(norm, shape):
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    left, _ = np.linalg.qr(rng.normal(size=(shape[0],) * 2))
    right, _ = np.linalg.qr(rng.normal(size=(shape[1],) * 2))
    turned = left @ x @ right
    assert norm.value(turned) == pytest.approx(norm.value(x), rel=1e-13)
    moved = left @ norm.prox(x, 0.5) @ right
    np.testing.assert_allclose(norm.prox(turned, 0.5), moved, atol=1e-13)


def test_rank_deficient_matrices():
    x = np.outer([1.0, 2.0, 2.0], [3.0, 0.0, 4.0])
    for norm in RECORDS:
        assert norm.value(x) == pytest.approx(15.0, rel=1e-15)
    np.testing.assert_allclose(NuclearNorm().prox(x, 5.0), x * 2 / 3, atol=1e-14)
    np.testing.assert_allclose(SpectralNorm().project(x, 5.0), x / 3, atol=1e-14)


def test_thresholding_lowers_the_rank():
    x = np.diag([5.0, 3.0, 1.0])
    assert np.linalg.matrix_rank(NuclearNorm().prox(x, 2.0)) == 2


@every_norm
def test_a_stack_may_hold_matrices_that_are_not_finite(norm):
    x = np.random.default_rng(1).normal(size=(3, 2, 2))
    x[1, 0, 0], x[2, 1, 1] = np.nan, np.inf
    np.testing.assert_array_equal(np.isfinite(norm.value(x)), [True, False, False])
    first = norm.project(x, 0.1)[0]
    np.testing.assert_array_equal(first, norm.project(x[0], 0.1))


@every_norm
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (2, 0, 3)])
def test_empty_matrices(norm, shape):
    x = np.zeros(shape)
    np.testing.assert_array_equal(norm.value(x), np.zeros(shape[:-2]))
    assert norm.project(x, 1.0).shape == shape


@every_norm
def test_bad_input(norm):
    with pytest.raises(ValueError, match="at least two axes"):
        norm.value([1.0, 2.0])
    with pytest.raises(TypeError, match="real for a matrix norm"):
        norm.value(np.ones((2, 2)) * 1j)
