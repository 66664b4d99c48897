"""Leading directions: mapped rows are never farther apart than the rows."""

import numpy as np
import pytest

from sknorms.engine._directions import Directions

N_ROWS, WIDTH = 120, 40


def low_rank(rng):
    return rng.normal(size=(N_ROWS, WIDTH)) * np.geomspace(1, 1e-3, WIDTH)


KINDS = {
    "normal": lambda rng: rng.normal(size=(N_ROWS, WIDTH)),
    "low rank": low_rank,
    "nothing left": lambda rng: (
        rng.normal(size=(N_ROWS, 3)) @ rng.normal(size=(3, WIDTH))
    ),
    "far away": lambda rng: low_rank(rng) + 1e6,
    "tiny": lambda rng: low_rank(rng) * 1e-150,
    "mixed": lambda rng: low_rank(rng) * 10.0 ** rng.integers(-9, 9, (N_ROWS, 1)),
    "one huge": lambda rng: (
        low_rank(rng) * np.where(np.arange(N_ROWS) == 50, 1e120, 1.0)[:, None]
    ),
    "zeros": lambda rng: np.where(rng.random((N_ROWS, 1)) < 0.3, 0.0, low_rank(rng)),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def rows_of(kind):
    return KINDS[kind](np.random.default_rng(0))


def long_lengths(differences):
    wide = differences.astype(np.longdouble)
    return np.sqrt(np.square(wide).sum(axis=-1))


@kinds
@pytest.mark.parametrize("count", [1, 5, 20])
def test_differences_are_never_lengthened_by_more_than_the_error(kind, count):
    rows = rows_of(kind)
    directions = Directions.fit(rows, 20, centered=True).leading(count)
    mapped, error = directions.map(rows)
    assert mapped.shape == (N_ROWS, min(count, directions.count) + 1)
    before = long_lengths(rows[:, None] - rows)
    after = long_lengths(mapped[:, None] - mapped)
    assert (after <= before + error[:, None] + error).all()


@kinds
@pytest.mark.parametrize("centered", [False, True])
def test_directions_are_orthonormal(kind, centered):
    basis = Directions.fit(rows_of(kind), 20, centered=centered).basis
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)


@kinds
@pytest.mark.parametrize("count", [1, 5, 20])
def test_products_are_never_made_smaller_by_more_than_the_error(kind, count):
    rows = rows_of(kind)
    directions = Directions.fit(rows, 20, centered=False).leading(count)
    mapped, error = directions.map(rows)
    wide, narrow = rows.astype(np.longdouble), mapped.astype(np.longdouble)
    lengths = long_lengths(rows)
    room = error[:, None] * lengths + error * lengths[:, None]
    assert (narrow @ narrow.T >= wide @ wide.T - 1.01 * room - 1e-300).all()


@kinds
def test_lengths_are_kept_and_errors_are_small(kind):
    rows = rows_of(kind)
    directions = Directions.fit(rows, 10, centered=True)
    mapped, error = directions.map(rows)
    lengths = long_lengths(rows - directions.center)
    np.testing.assert_allclose(long_lengths(mapped), lengths, rtol=1e-6, atol=1e-160)
    assert (error <= 3e-6 * lengths).all()


def test_directions_hold_as_much_as_any():
    rows = low_rank(np.random.default_rng(0))
    directions = Directions.fit(rows, 8, centered=True)
    moved = rows - rows.mean(axis=0)
    best = np.square(np.linalg.svd(moved, compute_uv=False)[:8]).sum()
    held = np.square(moved @ directions.basis).sum()
    assert held >= best * (1 - 1e-5)


@pytest.mark.parametrize("shape", [(30, 200), (200, 30), (5, 5)])
def test_tall_and_wide_samples(shape):
    rows = np.random.default_rng(0).normal(size=shape)
    directions = Directions.fit(rows, 12, centered=True)
    assert directions.count == min(12, *shape)
    gram = directions.basis.T @ directions.basis
    np.testing.assert_allclose(gram, np.eye(directions.count), atol=1e-13)
    assert max(directions.errors) < 1e-10


def test_values_beyond_the_range_give_no_warning():
    rows = np.full((4, 6), 1e200)
    rows[0] = 1.0
    directions = Directions.fit(
        np.random.default_rng(0).normal(size=(9, 6)), 2, centered=True
    )
    mapped, error = directions.map(rows)
    assert np.isfinite(mapped[0]).all()
    assert np.isfinite(error[0])
