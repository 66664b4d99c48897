"""The overflow table: inputs on which common libraries fail, each failure shown.

Every case names a function elsewhere that gets it wrong today, so that the table does
not fill up with cases that are easy.
"""

import math
import warnings

import numpy as np
import pytest
import scipy.linalg
from oracles_norms import p_norm
from sklearn.preprocessing import normalize

from sknorms.norms import clip_by_global_norm, clip_by_norm, norm, row_norms
from sknorms.norms._scaled import normalize_rows

CASES = [
    ([3e200, 4e200], 2),
    ([3e-200, 4e-200], 2),
    ([3e-320, 4e-320], 2),
    ([1.7e308, 1.0], 2),
    ([3 * 2.0**600, 4 * 2.0**600], 2),
    ([3 * 2.0**-600, 4 * 2.0**-600], 2),
    ([1e150, 1e150, 1e150], 3),
    ([1e-150, 1e-150], 3),
    ([2.0, 2.0], 2000),
    ([1e-5, 1e-5], 100),
    ([5e-324], 2),
]


def quietly(function, *args):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return function(*args)


@pytest.mark.parametrize(("x", "p"), CASES)
def test_norms_that_numpy_gets_wrong(x, p):
    x = np.array(x)
    expected = p_norm(x, p)
    theirs = quietly(np.linalg.norm, x, p)
    assert not math.isclose(theirs, expected, rel_tol=1e-6)
    assert norm(x, p) == pytest.approx(expected, rel=4e-16)
    assert row_norms([x], p)[0] == norm(x, p)
    assert norm(x.reshape(1, 1, -1), p, axis=2) == norm(x, p)


@pytest.mark.parametrize("p", [3.0, "fro"])
def test_norms_that_scipy_gets_wrong(p):
    x = np.array([[3e200, 4e200], [0.0, 0.0]])
    given = x if p == "fro" else x[0]
    assert quietly(scipy.linalg.norm, given, p) == np.inf
    assert norm(given, p) == pytest.approx(p_norm(x, 2 if p == "fro" else p), rel=4e-16)


@pytest.mark.parametrize("row", [[3e200, 4e200], [3e-200, 4e-200], [3e-310, 4e-310]])
def test_rows_that_scikit_learn_normalises_wrongly(row):
    theirs = quietly(normalize, [row])
    assert not np.allclose(theirs, [[0.6, 0.8]], rtol=1e-6)
    unit, _ = normalize_rows(np.array([row]))
    np.testing.assert_allclose(unit, [[0.6, 0.8]], rtol=1e-12)


def test_float32_norms_beyond_its_squares():
    for k in (80, -80):
        x = np.array([3.0, 4.0], dtype=np.float32) * np.float32(2.0**k)
        assert norm(x) == np.float32(5.0) * np.float32(2.0**k)
        assert norm(x).dtype == np.float32


def test_integers_never_wrap():
    x = np.array([100, 100], dtype=np.int8)
    assert (x * x < 0).all() or (x * x).sum() != 20000
    assert norm(x) == pytest.approx(math.sqrt(20000), rel=1e-15)
    assert norm(np.array([-128], dtype=np.int8), 1) == 128.0
    assert norm(np.array([-(2**63)]), math.inf) == 2.0**63
    assert norm(np.array([2**64 - 1], dtype=np.uint64)) == 2.0**64


def test_complex_numbers_are_measured_by_modulus():
    assert norm(np.array([3 + 4j, 0])) == 5.0
    assert norm(np.array([3 + 4j]) * 1e300, 1) == pytest.approx(5e300)
    single = np.array([3 + 4j], dtype=np.complex64) * np.float32(5e37)
    assert norm(single, math.inf).dtype == np.float32
    assert norm(single, math.inf) == pytest.approx(2.5e38, rel=1e-6)


def test_an_overflowing_norm_does_not_zero_a_finite_gradient():
    grad = np.full(100, 1e38, dtype=np.float32)
    assert quietly(np.linalg.norm, grad) == np.inf
    (clipped,), total = clip_by_global_norm([grad], 1.0)
    assert total == pytest.approx(1e39, rel=1e-6)
    np.testing.assert_allclose(clipped, 0.1, rtol=1e-6)
    assert clipped.dtype == np.float32
    double = clip_by_norm(np.full(4, 1.5e308), 2.0)
    np.testing.assert_array_equal(double, 1.0)


def test_the_empty_vector_has_norm_zero():
    with pytest.raises(ValueError, match="zero-size"):
        np.linalg.norm([], -np.inf)
    for p in (0, 0.5, 1, 2, 3, math.inf, -math.inf):
        assert norm([], p) == 0.0
