"""The equation behind prox and projection of the p-norm."""

import numpy as np
import pytest

from sknorms.norms._balance import solve_projection, solve_prox


@pytest.mark.parametrize("p", [1.1, 1.7, 2.5, 40.0])
def test_both_solutions_balance_every_element(p):
    a = np.random.default_rng(0).uniform(0, 1, size=(8, 12))
    q = p / (p - 1)
    radius = np.linspace(1e-3, 0.3, 8)
    w = solve_projection(a, radius, p)
    beta = ((a - radius[:, None] * w) ** q).sum(axis=1) ** (1 / q)
    np.testing.assert_allclose(
        radius[:, None] * w + beta[:, None] * w ** (p - 1), a, rtol=1e-11
    )
    step = np.linspace(1e-3, 0.3, 8)
    w, length = solve_prox(a, step, p)
    np.testing.assert_allclose(
        length[:, None] * w + step[:, None] * w ** (p - 1), a, rtol=1e-11
    )
    np.testing.assert_allclose((w**p).sum(axis=1), 1.0, rtol=1e-12)


def test_zero_elements_stay_zero():
    a = np.array([[0.0, 0.5, 0.75]])
    for p in (1.3, 4.0):
        assert solve_projection(a, np.array([0.1]), p)[0, 0] == 0.0
        assert solve_prox(a, np.array([0.1]), p)[0][0, 0] == 0.0
