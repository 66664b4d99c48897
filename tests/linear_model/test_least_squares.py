"""What the solver of least squares works with: products of columns, and dual points."""

import numpy as np
import pytest

from sknorms.linear_model import SquaredLoss
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    GrownBlock,
    Problem,
    best_dual_point,
    best_of_squares,
    make_design,
)


def problem(weighted, fit_intercept):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((30, 12)) + 3.0, rng.standard_normal(30)
    weights = rng.uniform(0.5, 2.0, 30) if weighted else None
    return Problem(make_design(X, weights), y, SquaredLoss(), fit_intercept)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_products_of_columns_that_came_one_after_the_other(weighted, fit_intercept):
    given = problem(weighted, fit_intercept)
    block = GrownBlock(given)
    for columns in ([7, 2], [], [0, 11, 5]):
        block.add(np.array(columns, dtype=np.intp))
    share = given.design.per_row(given.design.share)
    rows = given.design.X - (share @ given.design.X if fit_intercept else 0.0)
    expected = (rows.T * share) @ rows
    order = [7, 2, 0, 11, 5]
    np.testing.assert_array_equal(block.columns, order)
    np.testing.assert_allclose(block.gram, expected[np.ix_(order, order)], rtol=1e-12)
    np.testing.assert_array_equal(block.missing(np.array([0, 1, 2, 3])), [1, 3])


@pytest.mark.kernels
@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("bound", [np.inf, 0.2])
@pytest.mark.parametrize("size", [0.0, 0.1, 2.0])
def test_compiled_dual_points_are_as_good_as_any(l2, bound, size):
    given = problem(True, True)
    rng = np.random.default_rng(1)
    w = np.clip(size * rng.standard_normal(12), -bound, bound)
    ones = np.ones(12)
    terms = Terms.of(0.05 * ones, l2 * ones, -bound * ones, bound * ones)
    z = given.design.matvec(w)
    z += given.balance(z)
    u = z - given.y
    gradient = given.design.rmatvec(given.design.share * u)
    arguments = (given, terms, w, u, gradient, given.norms)
    value, scale = best_of_squares(*arguments)
    point = best_dual_point(*arguments)
    primal = given.value(z) + terms.value(w)
    assert point.value - 1e-9 * abs(point.value) <= value <= primal
    v = -scale * gradient
    direct = -given.conjugate(scale * u) - terms.conjugate(v) - terms.excess(v, w)
    assert value == pytest.approx(direct, rel=1e-9, abs=1e-12)
