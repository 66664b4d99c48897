"""The p-norm for any p."""

import numpy as np
import pytest
from oracles_norms import is_projection, is_prox, p_norm

from sknorms.norms import L1, L2, LInf, Lp
from sknorms.norms._lp import p_norm as record_of

EXTREME = (1.01, 1.5, 1.99, 2.01, 5.0, 300.0, 2000.0)


@pytest.mark.parametrize("p", EXTREME)
@pytest.mark.parametrize("kind", ["ordinary", "wide", "equal", "one"])
def test_extreme_orders_meet_their_optimality_conditions(p, kind):
    rng = np.random.default_rng(0)
    x = {
        "ordinary": rng.normal(size=6),
        "wide": rng.normal(size=6) * 10.0 ** np.arange(0, -30, -5),
        "equal": np.full(6, -2.0),
        "one": np.array([0.0, 0.0, 7.0]),
    }[kind]
    norm = Lp(p)
    for fraction in (1e-9, 1e-3, 0.5, 0.999999):
        radius, step = fraction * norm.value(x), fraction * norm.dual_value(x)
        assert is_projection(norm, x, radius, norm.project(x, radius), 1e-9)
        assert is_prox(norm, x, step, norm.prox(x, step), 1e-9)


@pytest.mark.parametrize("p", EXTREME)
def test_projections_have_the_radius_as_their_norm(p):
    x = np.random.default_rng(1).normal(size=1000)
    for radius in (1e-12, 1e-3, 1.0):
        z = Lp(p).project(x, radius)
        assert p_norm(z, p) == pytest.approx(radius, rel=1e-14)
        assert (np.sign(z) * np.sign(x) >= 0).all()


@pytest.mark.parametrize(("p", "closed"), [(1.0, L1()), (2.0, L2()), (np.inf, LInf())])
def test_orders_with_a_closed_form_agree_with_it(p, closed):
    x = np.random.default_rng(2).normal(size=(20, 9))
    for size in (0.0, 0.3, 5.0):
        np.testing.assert_allclose(
            Lp(p).prox(x, size, 1), closed.prox(x, size, 1), atol=4e-15
        )
        np.testing.assert_allclose(
            Lp(p).project(x, size, 1), closed.project(x, size, 1), atol=4e-15
        )
    assert Lp(p).value(x) == closed.value(x)
    assert record_of(p) == closed
    assert Lp(p).dual() == closed.dual()


def test_below_one_it_can_only_be_measured():
    half = Lp(0.5)
    assert half.value([1.0, 4.0]) == 9.0
    for use in (
        lambda: half.dual(),
        lambda: half.prox([1.0, 2.0], 1.0),
        lambda: half.project([1.0, 2.0], 1.0),
    ):
        with pytest.raises(ValueError, match="p must be >= 1"):
            use()


@pytest.mark.parametrize("p", [0, -1.0, np.nan])
def test_orders_that_are_none(p):
    with pytest.raises(ValueError, match="p must be a number > 0"):
        Lp(p)


@pytest.mark.parametrize("p", ["2", None, True])
def test_orders_that_are_no_numbers(p):
    with pytest.raises(TypeError, match="p must be a real number"):
        Lp(p)
