"""Norms, anisotropy, shares of columns and the factor that directions share."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.audit import anisotropy, column_shares, norm_statistics, shared_scale

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 20)) + 0.3
FORMS = [np.asarray, sparse.csr_array, np.asfortranarray, np.ndarray.tolist]


@pytest.mark.parametrize("form", FORMS)
def test_norms_are_counted_and_measured(form):
    rows = np.vstack([X, X[:3], np.zeros((2, 20))])
    rows[5] /= np.linalg.norm(rows[5])
    found = norm_statistics(form(rows))
    norms = np.linalg.norm(rows, axis=1)
    assert (found.n_rows, found.n_sampled) == (405, 405)
    assert (found.n_zero, found.n_duplicates, found.n_nonfinite) == (2, 4, 0)
    assert found.mean == pytest.approx(norms.mean())
    assert found.cv == pytest.approx(norms.std() / norms.mean())
    assert found.unit_share == pytest.approx((np.abs(norms - 1) < 1e-3).mean())
    assert found.quantiles[0.5] == pytest.approx(np.median(norms))
    np.testing.assert_allclose(found.norms, norms)


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_rows_that_are_not_finite_are_counted_in_all_of_the_data(form):
    rows = np.ones((3000, 2))
    rows[::10, 1] = np.nan
    rows[1, 0] = -np.inf
    found = norm_statistics(form(rows), sample=100)
    assert found.n_nonfinite == 301
    assert found.n_sampled == 100
    assert np.isfinite(found.norms).all()


@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e200, 1e307])
def test_norms_neither_overflow_nor_vanish(scale):
    found = norm_statistics(np.full((4, 2), scale))
    assert found.mean == pytest.approx(np.sqrt(2) * scale, rel=1e-2)
    assert found.cv == 0.0


def test_anisotropy_is_the_mean_cosine_of_pairs():
    units = X / np.linalg.norm(X, axis=1, keepdims=True)
    cosines = units @ units.T
    expected = (cosines.sum() - 400) / (400 * 399)
    assert anisotropy(X) == pytest.approx(expected)
    assert anisotropy(sparse.csr_array(X)) == pytest.approx(expected)
    assert anisotropy(X * 1e200) == pytest.approx(expected)
    assert np.isnan(anisotropy(X[:1]))


@pytest.mark.parametrize("of_lengths", [False, True])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_shares_of_columns_are_those_of_all_pairs(form, of_lengths):
    rows = X[:60] * np.arange(1, 21)
    found = column_shares(form(rows), of_lengths=of_lengths)
    parts = rows[:, None] if of_lengths else rows[:, None] - rows[None]
    parts = (parts**2).sum(axis=(0, 1))
    np.testing.assert_allclose(found.shares, parts / parts.sum(), rtol=1e-9)
    assert found.top == parts.argmax()
    assert 1 <= found.effective <= 20


def test_constant_columns_share_equally():
    assert column_shares(np.ones((5, 4))).shares.tolist() == [0.25] * 4
    with pytest.raises(ValueError, match="of_lengths must be True or False; got 1"):
        column_shares(X, of_lengths=1)


@pytest.mark.parametrize("spread", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("d", [20, 300])
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_array])
def test_a_shared_factor_is_measured(spread, d, form):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(2000, d)) @ np.diag(rng.uniform(0.5, 2.0, size=d))
    rows *= np.exp(spread * rng.normal(size=(2000, 1)))
    found = shared_scale(form(rows))
    assert found.spread == pytest.approx(spread, rel=0.15, abs=0.02)
    assert found.correlation > 0.6
    assert found.n_directions == min(d, 64)


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=(2000, 40)),
        lambda rng: rng.standard_t(4, size=(2000, 40)),
        lambda rng: np.exp(rng.normal(size=(2000, 40))),
        lambda rng: rng.uniform(size=(2000, 300)),
        lambda rng: 1e5 + rng.normal(size=(2000, 40)),
    ],
)
def test_independent_columns_share_nothing(draw):
    for seed in range(3):
        assert shared_scale(draw(np.random.default_rng(seed))).spread < 0.07


@pytest.mark.parametrize("rows", [X[:1], X[:2], np.ones((10, 3))])
def test_too_few_rows_have_no_factor(rows):
    assert np.isnan(shared_scale(rows).spread)
