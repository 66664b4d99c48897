"""Promises that every norm of the registry keeps, whatever its formula."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles_norms import (
    GROUP_CASES,
    LP_CASES,
    ORACLES,
    dual_value,
    is_projection,
    is_prox,
    slice_shape,
    value,
)

import sknorms.norms
from sknorms.norms import get_norm
from sknorms.norms._registry import NORMS

CASES = [*dict.fromkeys(NORMS.values()), *LP_CASES, *GROUP_CASES]
every_norm = pytest.mark.parametrize("norm", CASES, ids=repr)
ordinary = settings(max_examples=15, deadline=None)
elements = st.floats(-100, 100, width=32)
TOLERANCE = 1e-12


def points(*, tail=()):
    return arrays(np.float64, (*tail, 6), elements=elements)


def shaped(norm, x):
    return x.reshape(*x.shape[:-1], *slice_shape(norm))


def core_axes(norm):
    return -1 if norm.core_ndim == 1 else (-2, -1)


def test_every_public_norm_and_registered_name_has_an_oracle():
    public = [getattr(sknorms.norms, name) for name in sknorms.norms.__all__]
    records = {kind for kind in public if isinstance(kind, type)}
    assert records == set(ORACLES)
    assert {type(norm) for norm in NORMS.values()} <= set(ORACLES)


@every_norm
@ordinary
@given(data=st.data())
def test_value_and_dual_value_are_the_textbook_formulas(norm, data):
    x = shaped(norm, data.draw(points()))
    assert norm.value(x) == pytest.approx(value(norm, x), rel=4e-15, abs=1e-300)
    assert norm.dual_value(x) == pytest.approx(dual_value(norm, x), rel=4e-15)


@every_norm
@ordinary
@given(data=st.data())
def test_norm_axioms(norm, data):
    x, y = (shaped(norm, data.draw(points())) for _ in range(2))
    slack = 1e-13 * (1 + norm.value(x) + norm.value(y))
    assert norm.value(x + y) <= norm.value(x) + norm.value(y) + slack
    assert norm.value(-3.0 * x) == pytest.approx(3.0 * norm.value(x), rel=1e-14)
    assert (norm.value(x) == 0) == (not x.any())


@every_norm
@ordinary
@given(data=st.data())
def test_hoelder(norm, data):
    x, y = (shaped(norm, data.draw(points())) for _ in range(2))
    bound = norm.value(x) * norm.dual_value(y)
    assert abs(np.vdot(x, y)) <= bound * (1 + 1e-13) + 1e-290


@every_norm
def test_hoelder_is_tight_at_the_residual_of_a_projection(norm):
    # P(y) of a far away y maximises <y - P(y), .> over the unit ball.
    y = shaped(norm, np.array([3.0, -1.0, 0.5, 2.0, -0.25, 1.5]) * 10)
    best = norm.project(y, 1.0)
    residual = y - best
    assert np.vdot(residual, best) == pytest.approx(norm.dual_value(residual), rel=1e-9)


@every_norm
@ordinary
@given(data=st.data())
def test_the_dual_of_the_dual_is_the_norm(norm, data):
    x = shaped(norm, data.draw(points()))
    twice = norm.dual().dual()
    assert twice.value(x) == pytest.approx(norm.value(x), rel=1e-12)
    assert norm.dual().value(x) == norm.dual_value(x)


@every_norm
@ordinary
@given(data=st.data(), fraction=st.floats(1e-3, 2.0))
def test_prox_meets_its_optimality_conditions(norm, data, fraction):
    x = shaped(norm, data.draw(points()))
    step = fraction * float(norm.dual_value(x))
    z = norm.prox(x, step)
    assert is_prox(norm, x, step, z, TOLERANCE)
    if fraction > 1.0:
        assert not z.any()


@every_norm
@ordinary
@given(data=st.data(), fraction=st.floats(1e-3, 1.0))
def test_projection_meets_its_optimality_conditions(norm, data, fraction):
    x = shaped(norm, data.draw(points()))
    radius = fraction * float(norm.value(x))
    assert is_projection(norm, x, radius, norm.project(x, radius), TOLERANCE)


@every_norm
def test_no_nearby_point_is_better_than_prox_or_projection(norm):
    # A convex function has no other minimum, so looking nearby is looking everywhere.
    rng = np.random.default_rng(0)
    x = shaped(norm, rng.normal(size=6) * 3)
    step, radius = 0.4 * norm.dual_value(x), 0.4 * norm.value(x)
    z, nearest = norm.prox(x, step), norm.project(x, radius)

    def objective(point):
        return 0.5 * ((point - x) ** 2).sum() + step * value(norm, point)

    best, distance = objective(z), ((nearest - x) ** 2).sum()
    for size in np.geomspace(1e-4, 1.0, 60):
        change = size * rng.normal(size=x.shape)
        assert objective(z + change) >= best - 1e-12
        other = nearest + change
        other *= min(1.0, radius / value(norm, other))
        assert ((other - x) ** 2).sum() >= distance - 1e-12


@every_norm
@ordinary
@given(data=st.data(), t=st.floats(0.01, 200))
def test_moreau_identity(norm, data, t):
    x = shaped(norm, data.draw(points()))
    both = norm.prox(x, t) + norm.dual().project(x, t)
    np.testing.assert_allclose(both, x, rtol=0, atol=1e-12 * (1 + np.abs(x).max()))


@every_norm
@ordinary
@given(data=st.data(), t=st.floats(0.01, 200))
def test_prox_and_projection_are_firmly_non_expansive(norm, data, t):
    x, y = (shaped(norm, data.draw(points())) for _ in range(2))
    for move in (norm.prox, norm.project):
        change = move(x, t) - move(y, t)
        slack = 1e-10 * (1 + np.abs(x).max() + np.abs(y).max()) ** 2
        assert (change**2).sum() <= np.vdot(change, x - y) + slack


@every_norm
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@ordinary
@given(data=st.data(), fraction=st.floats(1e-3, 1.0))
def test_projecting_twice_is_projecting_once_to_the_bit(norm, dtype, data, fraction):
    x = shaped(norm, data.draw(points())).astype(dtype)
    radius = fraction * float(norm.value(x))
    once = norm.project(x, radius)
    assert once.dtype == dtype
    np.testing.assert_array_equal(norm.project(once, radius), once)


@every_norm
@ordinary
@given(data=st.data())
def test_points_inside_the_ball_come_back_bit_for_bit(norm, data):
    x = shaped(norm, data.draw(points()))
    for radius in (norm.value(x), 1.5 * norm.value(x) + 1e-9, np.inf):
        z = norm.project(x, radius)
        assert z is not x
        assert z.tobytes() == x.tobytes()


@every_norm
def test_steps_and_radii_at_the_ends(norm):
    x = shaped(norm, np.array([3.0, -1.0, 0.5, 2.0, -0.25, 1.5]))
    np.testing.assert_array_equal(norm.prox(x, 0.0), x)
    np.testing.assert_array_equal(norm.prox(x, np.inf), np.zeros_like(x))
    np.testing.assert_array_equal(norm.project(x, 0.0), np.zeros_like(x))
    zeros = np.zeros_like(x)
    np.testing.assert_array_equal(norm.prox(zeros, 1.0), zeros)
    np.testing.assert_array_equal(norm.project(zeros, 1.0), zeros)


@every_norm
@pytest.mark.parametrize("scale", [2.0**-1040, 2.0**-900, 2.0**900, 2.0**1014])
def test_no_size_of_input_over_or_underflows(norm, scale):
    x = shaped(norm, np.array([3.0, -1.0, 0.5, 2.0, -0.25, 1.5]))
    rel = 1e-13 if scale > 1e-290 else 1e-8  # subnormal numbers have fewer digits
    expected = norm.value(x) * scale
    assert norm.value(x * scale) == pytest.approx(expected, rel=rel)
    for move, size in ((norm.prox, norm.dual_value(x)), (norm.project, norm.value(x))):
        moved = move(x * scale, 0.5 * size * scale)
        np.testing.assert_allclose(
            moved / scale, move(x, 0.5 * size), rtol=rel, atol=rel
        )


@every_norm
def test_doubling_doubles_to_the_bit(norm):
    x = shaped(norm, np.random.default_rng(1).normal(size=6))
    for exponent in (-300, -7, 1, 301):
        assert norm.value(x * 2.0**exponent) == norm.value(x) * 2.0**exponent


@every_norm
def test_nan_dominates_infinity(norm):
    x = shaped(norm, np.arange(1.0, 7.0))
    x.flat[1] = np.inf
    assert norm.value(x) == np.inf
    x.flat[4] = np.nan
    assert np.isnan(norm.value(x))
    assert np.isnan(norm.prox(x, 0.5)).any()
    assert np.isnan(norm.project(x, 0.5)).any()


@every_norm
def test_a_batch_is_a_loop(norm):
    rng = np.random.default_rng(2)
    x = shaped(norm, rng.normal(size=(5, 4, 6)))
    axes = core_axes(norm)
    sizes = rng.uniform(0, 4, size=(5, 4))
    values = norm.value(x, axes)
    proxes, projections = norm.prox(x, sizes, axes), norm.project(x, sizes, axes)
    for i in np.ndindex(5, 4):
        assert values[i] == norm.value(x[i])
        np.testing.assert_array_equal(proxes[i], norm.prox(x[i], sizes[i]))
        np.testing.assert_array_equal(projections[i], norm.project(x[i], sizes[i]))


@every_norm
def test_any_axis(norm):
    x = shaped(norm, np.random.default_rng(3).normal(size=(5, 6)))
    axes = core_axes(norm)
    moved = np.moveaxis(x, 0, -1)
    other = 0 if norm.core_ndim == 1 else (0, 1)
    np.testing.assert_array_equal(norm.value(moved, other), norm.value(x, axes))
    expected = np.moveaxis(norm.project(x, 1.0, axes), 0, -1)
    np.testing.assert_array_equal(norm.project(moved, 1.0, other), expected)
    kept = norm.value(moved, other, keepdims=True)
    assert kept.shape == (*(1,) * norm.core_ndim, 5)
    # Sizes may keep the reduced axes, as a value with keepdims does.
    np.testing.assert_array_equal(
        norm.project(moved, kept * 0.5, other),
        norm.project(moved, kept.ravel() * 0.5, other),
    )


@every_norm
@pytest.mark.parametrize(
    ("given_dtype", "returned"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.int8, np.float64),
        (np.uint8, np.float64),
        (np.int64, np.float64),
        (np.bool_, np.float64),
    ],
)
def test_dtypes(norm, given_dtype, returned):
    x = shaped(norm, np.array([100, 101, 0, 102, 103, 104])).astype(given_dtype)
    wide = x.astype(np.float64)
    assert norm.value(x).dtype == returned
    assert norm.value(x) == returned(norm.value(wide))
    for move in (norm.prox, norm.project):
        moved = move(x, 0.5)
        assert moved.dtype == returned
        np.testing.assert_array_equal(moved, move(wide, 0.5).astype(returned))


@every_norm
def test_input_is_left_alone_and_may_be_read_only_strided_or_a_list(norm):
    base = shaped(norm, np.random.default_rng(4).normal(size=(3, 6)))
    axes = core_axes(norm)
    before = base.copy()
    base.flags.writeable = False
    strided = np.asfortranarray(np.repeat(base, 2, axis=0))[::2]
    for x in (base, strided, base.tolist()):
        assert norm.value(x, axes).tobytes() == norm.value(before, axes).tobytes()
        np.testing.assert_array_equal(
            norm.prox(x, 0.7, axes), norm.prox(before, 0.7, axes)
        )
        np.testing.assert_array_equal(
            norm.project(x, 0.7, axes), norm.project(before, 0.7, axes)
        )
    np.testing.assert_array_equal(base, before)


@every_norm
def test_rows_are_the_values_of_the_rows(norm):
    X = np.random.default_rng(5).normal(size=(7, 6))
    expected = [
        norm.value(row.reshape(-1) if norm.core_ndim == 1 else [row]) for row in X
    ]
    np.testing.assert_allclose(norm.rows(X), expected, rtol=1e-15)


@every_norm
def test_records_are_values(norm):
    again = pickle.loads(pickle.dumps(norm))
    assert again == norm
    assert hash(again) == hash(norm)
    assert get_norm(norm) is norm
    with pytest.raises(AttributeError):
        norm.p = 3.0


@every_norm
@pytest.mark.parametrize("wrong", [-1.0, np.nan])
def test_negative_and_nan_sizes_are_refused(norm, wrong):
    x = shaped(norm, np.ones(6))
    with pytest.raises(ValueError, match="step must be >= 0"):
        norm.prox(x, wrong)
    with pytest.raises(ValueError, match="radius must be >= 0"):
        norm.project(x, wrong)


@every_norm
def test_wrong_shapes_and_types_are_refused(norm):
    x = shaped(norm, np.ones((3, 6)))
    with pytest.raises(ValueError, match="axis must name"):
        norm.value(x, (0, 0))
    with pytest.raises(ValueError, match="axis must name"):
        norm.value(x, 9)
    with pytest.raises(ValueError, match="radius must be a number or broadcast"):
        norm.project(x, np.ones(17), core_axes(norm))
    with pytest.raises(TypeError, match="must be an array of real numbers"):
        norm.value(np.array(["a", "b"]))
    with pytest.raises(TypeError, match="must be an array of real numbers"):
        norm.prox(x.astype(complex), 1.0)
    with pytest.raises(ValueError, match="X must be 2-D"):
        norm.rows(np.ones(6))
