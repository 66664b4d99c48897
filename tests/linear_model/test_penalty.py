"""Every registered penalty: value, prox, conjugate, optimality, bad input."""

import copy
import math
import pickle

import numpy as np
import oracles_linear as oracles
import pytest

from sknorms.linear_model import (
    BoxConstraint,
    ElasticNetPenalty,
    GroupLassoPenalty,
    L1Penalty,
    L2Penalty,
    NormBallConstraint,
    SparseGroupLassoPenalty,
    get_penalty,
)
from sknorms.linear_model._penalties._penalty import PENALTIES
from sknorms.norms import L2, Lp

CASES = oracles.PENALTY_CASES
INF, P = math.inf, oracles.P
each = pytest.mark.parametrize("penalty", CASES)
# Coefficients of one score, and of three; norms of groups count numbers, not rows.
SHAPES = [(P,), (P, 3)]


def takes(penalty, shape):
    """Whether a penalty of six features takes coefficients of this shape."""
    labels = getattr(getattr(penalty, "norm", None), "groups", None)
    return labels is None or len(labels) == math.prod(shape)


each_shape = pytest.mark.parametrize(
    ("penalty", "shape"), [(o, s) for o in CASES for s in SHAPES if takes(o, s)]
)


def points(shape, count=25, seed=0):
    """Return coefficients of many sizes, some of them zero."""
    generator = np.random.default_rng(seed)
    w = (
        generator.normal(size=(count, *shape))
        * np.exp(generator.normal(size=count))[
            (slice(None), *(np.newaxis,) * len(shape))
        ]
    )
    w[generator.random(w.shape) < 0.3] = 0.0
    w[0] = 0.0
    return w


def allowed(penalty, shape, count=25, seed=0):
    """Return points with a finite penalty."""
    return [penalty.prox(w, 1e-9) for w in points(shape, count, seed)]


def test_every_record_has_an_oracle_and_a_case():
    records = set(PENALTIES.values())
    assert records == set(oracles.PENALTY_ORACLES)
    assert records == {type(penalty) for penalty in CASES}


# ---- value ----


@each_shape
def test_value_is_the_textbook_formula(penalty, shape):
    for w in [*points(shape), *allowed(penalty, shape)]:
        column = w[:, np.newaxis] if needs_matrix(penalty) and w.ndim == 1 else w
        expected = oracles.penalty_value(penalty, column)
        assert penalty.value(w) == pytest.approx(expected, rel=1e-13, abs=1e-15)


def needs_matrix(penalty):
    return getattr(getattr(penalty, "norm", None), "core_ndim", 1) == 2


@each_shape
def test_a_penalty_of_nothing_is_nothing(penalty, shape):
    assert penalty.value(np.zeros(shape)) == 0.0
    assert penalty.conjugate(np.zeros(shape)) == 0.0


def test_lists_are_coefficients_too():
    assert L1Penalty(2.0).value([1, -2]) == 6.0
    assert GroupLassoPenalty(2.0, [0, 0]).prox([3, 4], 0.0).tolist() == [3.0, 4.0]


# ---- prox ----


@each_shape
@pytest.mark.parametrize("step", [1e-4, 0.3, 1.0, 40.0])
def test_prox_is_where_the_subdifferential_holds_the_rest(penalty, shape, step):
    # p = prox(v) if and only if (v - p) / step is a subgradient at p.
    for v in points(shape):
        p = penalty.prox(v, step)
        assert p.shape == v.shape
        subgradient = (v - p) / step
        tolerance = 1e-9 * (1.0 + np.abs(v).max() / step)
        assert math.isfinite(penalty.value(p))
        assert penalty.violation(p, -subgradient).max() <= tolerance
        # Fenchel and Young once more, for points a little inside the domain.
        inside = subgradient * (1.0 - 1e-8)
        both = penalty.value(p) + penalty.conjugate(inside)
        assert both == pytest.approx(np.vdot(p, subgradient), rel=1e-7, abs=1e-7)


@each_shape
def test_prox_is_no_worse_than_its_neighbours(penalty, shape):
    generator = np.random.default_rng(5)
    for v in points(shape, 5):
        p = penalty.prox(v, 0.4)

        def objective(w, v=v):
            return 0.5 * ((w - v) ** 2).sum() + 0.4 * penalty.value(w)

        best = objective(p)
        for size in (1e-3, 0.1, 1.0):
            for other in p + size * generator.normal(size=(25, *shape)):
                allowed_other = penalty.prox(other, 1e-12)
                assert objective(allowed_other) >= best - 1e-12


@each_shape
def test_prox_is_firmly_nonexpansive(penalty, shape):
    for a, b in zip(points(shape), points(shape, seed=1), strict=True):
        moved = penalty.prox(a, 0.5) - penalty.prox(b, 0.5)
        assert (moved**2).sum() <= np.vdot(moved, a - b) + 1e-12


@each_shape
def test_infinite_step_leaves_the_smallest_penalty(penalty, shape):
    for v in points(shape, 5):
        left = penalty.prox(v, INF)
        assert penalty.value(left) == 0.0
        assert np.isfinite(left).all()


UNTOUCHED = [
    BoxConstraint(-0.5, 0.25),
    BoxConstraint(),
    *(o for o in CASES if isinstance(o, NormBallConstraint)),
    L1Penalty(0.0),
    SparseGroupLassoPenalty(0.0, 0.5, oracles.LABELS),
]


@pytest.mark.parametrize("penalty", UNTOUCHED)
def test_points_inside_come_back_bit_for_bit(penalty):
    w = np.random.default_rng(2).normal(size=P) * 0.02
    w[0], w[1], w[2] = -0.0, 5e-324, 0.1 + 0.2 - 0.3
    kept = w.copy()
    np.testing.assert_array_equal(penalty.prox(w, 1.0).view("i8"), kept.view("i8"))
    np.testing.assert_array_equal(w, kept)


@each_shape
def test_nothing_passed_in_is_written_to(penalty, shape):
    w, g = points(shape)[1], points(shape)[2]
    w.flags.writeable = g.flags.writeable = False
    result = penalty.prox(w, 0.5)
    assert not np.shares_memory(result, w)
    penalty.violation(result, g)
    penalty.alpha_max(g)
    assert 0.0 <= penalty.feasible_scale(g) <= 1.0


@pytest.mark.parametrize("penalty", [o for o in CASES if not o.has_alpha])
def test_projections_are_idempotent(penalty):
    for v in points((P,)):
        once = penalty.prox(v, 1.0)
        np.testing.assert_array_equal(penalty.prox(once, 1.0), once)


def test_steps_may_differ_by_coefficient():
    step = np.array([0.0, 0.5, 1.0, INF, 2.0, 0.1])
    penalty = ElasticNetPenalty(0.7, 0.4, oracles.WEIGHTS)
    v = points((P,))[3] + 1.0
    alone = [penalty.prox(v, s)[j] for j, s in enumerate(step)]
    np.testing.assert_array_equal(penalty.prox(v, step), alone)
    grouped = GroupLassoPenalty(0.7, oracles.LABELS)
    together = grouped.prox(v, np.array([0.0, 0.5, 1.0]))
    for group, one in enumerate((0.0, 0.5, 1.0)):
        members = np.array(oracles.LABELS) == group
        np.testing.assert_array_equal(together[members], grouped.prox(v, one)[members])


# ---- conjugate ----


@each_shape
def test_conjugate_is_the_largest_excess(penalty, shape):
    for v in points(shape, 8):
        inside = v * min(1.0, 0.999 * penalty.feasible_scale(v, INF))
        conjugate = penalty.conjugate(inside)
        assert 0.0 <= conjugate < INF
        # With growing steps the prox of step * v goes to where the excess is largest.
        tried = [penalty.prox(t * inside, t) for t in np.logspace(-2, 9, 45)]
        tried += allowed(penalty, shape)
        excess = [np.vdot(inside, w) - penalty.value(w) for w in tried]
        assert max(excess) <= conjugate + 1e-9
        assert max(excess) == pytest.approx(conjugate, rel=1e-6, abs=1e-6)


@each_shape
def test_scaled_gradients_are_as_large_as_they_can_be(penalty, shape):
    for v in points(shape):
        for limit in (0.0, 0.01, 1.0, 1e6):
            c = penalty.feasible_scale(v, limit)
            assert 0.0 <= c <= limit
            assert penalty.conjugate(c * v) < INF
            if c < limit:
                assert penalty.conjugate((c + 1e-9 + 1e-9 * c) * v) == INF


@each_shape
def test_infinite_conjugates_have_an_excess_without_bound(penalty, shape):
    for v in points(shape):
        c = penalty.feasible_scale(v, INF)
        if c == INF or not v.any():
            continue
        outside = 1.01 * c * v if c else v
        assert penalty.conjugate(outside) == INF
        far = penalty.prox(1e10 * outside, 1e10)
        assert np.vdot(outside, far) - penalty.value(far) > 1e3


# ---- optimality ----


def solve(penalty, X, y, rounds=4000):
    """Minimise ||X w - y||^2 / (2 n) plus the penalty by proximal gradient steps."""
    w = np.zeros((X.shape[1], *y.shape[1:]))
    step = len(y) / np.linalg.norm(X, 2) ** 2
    for _ in range(rounds):
        moved = penalty.prox(w - step * slope(X, y, w), step)
        if np.abs(moved - w).max() <= 1e-14:
            break
        w = moved
    return w


def slope(X, y, w):
    return X.T @ (X @ w - y) / len(y)


def problem(shape, seed=0):
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(12, P))
    return X, 2.0 * generator.normal(size=(12, *shape[1:])) + X[:, [0, 3]].sum(
        axis=1
    ).reshape(12, *(1,) * (len(shape) - 1))


@each_shape
def test_solutions_do_not_violate_and_others_do(penalty, shape):
    X, y = problem(shape)
    w = solve(penalty, X, y)

    def objective(at):
        column = at[:, np.newaxis] if needs_matrix(penalty) and at.ndim == 1 else at
        return ((X @ at - y) ** 2).sum() / (2 * len(y)) + oracles.penalty_value(
            penalty, column
        )

    best, generator = objective(w), np.random.default_rng(1)
    for size in (1e-4, 1e-2, 0.3):
        for move in size * generator.normal(size=(60, *shape)):
            move[generator.random(shape) < 0.5] = 0.0
            other = penalty.prox(w + move, 1e-12)
            assert objective(other) >= best - 1e-12
            if objective(other) > best + 1e-6:
                assert penalty.violation(other, slope(X, y, other)).max() > 1e-6
    assert penalty.violation(w, slope(X, y, w)).max() <= 1e-8


@pytest.mark.parametrize("penalty", [o for o in CASES if isinstance(o, L1Penalty)])
def test_violation_is_the_distance_to_the_subdifferential(penalty):
    separable = penalty.separable(P)
    for w, g in zip(allowed(penalty, (P,)), points((P,), seed=9), strict=True):
        distance = penalty.violation(w, g)
        for j in range(P):
            # Subgradients at w_j, from the slopes of the value on both sides of it.
            low, high = -separable.l1[j], separable.l1[j]
            low = high if w[j] > 0 else low
            high = low if w[j] < 0 else high
            low = -INF if w[j] == separable.lower[j] else low
            high = INF if w[j] == separable.upper[j] else high
            expected = max(low + g[j], -g[j] - high, 0.0)
            assert distance[j] == pytest.approx(expected, abs=1e-15)


# ---- alpha_max ----

STRONG = [o for o in CASES if o.has_alpha]


@pytest.mark.parametrize("penalty", STRONG)
@pytest.mark.parametrize("shape", SHAPES)
def test_alpha_max_is_where_the_first_coefficient_leaves_zero(penalty, shape):
    X, y = problem(shape)
    gradient = slope(X, y, np.zeros(shape))
    alpha = penalty.alpha_max(gradient)
    zero = np.zeros(shape)
    if alpha == INF:
        assert solve(penalty.with_alpha(1e6), X, y).any()
        return
    at, below = penalty.with_alpha(alpha), penalty.with_alpha(0.999 * alpha)
    assert at.violation(zero, gradient).max() <= 1e-12
    assert not solve(at.with_alpha(alpha * (1 + 1e-12)), X, y, 200).any()
    assert below.violation(zero, gradient).max() > 0.0
    assert solve(below, X, y, 200).any()


@pytest.mark.parametrize("penalty", CASES)
def test_alpha_max_of_no_gradient_is_zero(penalty):
    assert penalty.alpha_max(np.zeros(P)) == 0.0


def test_alpha_max_leaves_unpenalised_features_aside():
    gradient = np.array([5.0, -1.0, 2.0])
    assert L1Penalty(1.0, [0, 1, 4]).alpha_max(gradient) == 1.0
    assert GroupLassoPenalty(1.0, [0, 1, 1], [0, 2]).alpha_max(gradient) == (
        pytest.approx(math.sqrt(5.0) / 2.0)
    )
    assert L1Penalty(1.0, positive=True).alpha_max(gradient) == 1.0
    assert L1Penalty(1.0, upper=[1, 0, 1], lower=[-1, -1, 0]).alpha_max(gradient) == 5.0


def test_constraints_have_no_alpha():
    gradient = np.array([1.0, -1.0])
    assert BoxConstraint(0.0, [1.0, 0.0]).alpha_max(gradient) == 0.0
    assert BoxConstraint(0.0, 1.0).alpha_max(gradient) == INF
    assert NormBallConstraint("l1", 2.0).alpha_max(gradient) == INF
    ball = NormBallConstraint("l1", 2.0)
    assert ball.with_alpha(3.0) is ball


# ---- special cases of one another ----


def test_penalties_that_are_the_same():
    w, v = points((P,))[4], points((P,))[5]
    pairs = [
        (ElasticNetPenalty(0.7, 1.0, oracles.WEIGHTS), L1Penalty(0.7, oracles.WEIGHTS)),
        (ElasticNetPenalty(0.7, 0.0), L2Penalty(0.7)),
        (GroupLassoPenalty(0.7), L1Penalty(0.7)),
        (SparseGroupLassoPenalty(0.7, 1.0, oracles.LABELS), L1Penalty(0.7)),
        (
            SparseGroupLassoPenalty(0.7, 0.0, oracles.LABELS),
            GroupLassoPenalty(0.7, oracles.LABELS),
        ),
        (L1Penalty(0.7, lower=0.0), L1Penalty(0.7, positive=True)),
        (L1Penalty(0.0, lower=-0.5, upper=0.25), BoxConstraint(-0.5, 0.25)),
        (NormBallConstraint("max", 0.5), BoxConstraint(-0.5, 0.5)),
        (NormBallConstraint("frobenius", 0.5), NormBallConstraint("l2", 0.5)),
        (NormBallConstraint("nuclear", 0.5), NormBallConstraint("l2", 0.5)),
    ]
    for one, other in pairs:
        assert one.value(w) == pytest.approx(other.value(w), rel=1e-14)
        np.testing.assert_allclose(one.prox(v, 0.3), other.prox(v, 0.3), atol=1e-15)


def test_groups_of_one_are_a_sum_over_coefficients():
    trivial = GroupLassoPenalty(0.5, ["c", "a", "b"], weights=[1.0, 2.0, 3.0])
    separable = trivial.separable(3)
    np.testing.assert_array_equal(separable.l1, [1.5, 0.5, 1.0])
    sparse = SparseGroupLassoPenalty(0.5, 0.5).separable(2)
    np.testing.assert_array_equal(sparse.l1, [0.5, 0.5])
    assert trivial.separable(3, n_outputs=2) is None
    assert GroupLassoPenalty(0.5, oracles.LABELS).separable(P) is None
    assert NormBallConstraint().separable(P) is None
    assert NormBallConstraint().blocks(P) is None
    assert L1Penalty().blocks(P) is None


def test_rows_of_coefficients_are_groups_of_their_own():
    w = np.array([[3.0, -4.0], [0.1, 0.2]])
    penalty = GroupLassoPenalty(2.0)
    assert penalty.value(w) == pytest.approx(10.0 + 2.0 * math.hypot(0.1, 0.2))
    np.testing.assert_allclose(penalty.prox(w, 1.25), [[1.5, -2.0], [0.0, 0.0]])


def test_columns_share_weights_and_bounds():
    w, g = points((P, 3))[3], points((P, 3))[4]
    for penalty in CASES:
        separable = penalty.separable(P)
        if separable is None or penalty.separable(P, 3) is None:
            continue
        columns = [penalty.prox(column, 0.3) for column in w.T]
        np.testing.assert_array_equal(penalty.prox(w, 0.3), np.stack(columns, axis=1))
        columns = [penalty.violation(c, gc) for c, gc in zip(w.T, g.T, strict=True)]
        np.testing.assert_array_equal(penalty.violation(w, g), np.stack(columns, 1))


def test_blocks_and_separables_can_be_cut_out():
    blocks = GroupLassoPenalty(1.0, oracles.LABELS, oracles.GROUP_WEIGHTS).blocks(P)
    np.testing.assert_array_equal(blocks.labels(), oracles.LABELS)
    np.testing.assert_array_equal(blocks.sizes, [2, 2, 2])
    some, w = np.array([2, 0]), points((P,))[6]
    features = blocks.features(some)
    np.testing.assert_array_equal(features, [3, 4, 0, 2])
    assert blocks.select(some).value(w[features]) == pytest.approx(
        (blocks.norms(w) * blocks.strength)[some].sum()
    )
    assert blocks.features(some[:0]).shape == (0,)
    part = (
        L1Penalty(1.0, oracles.WEIGHTS, lower=oracles.LOWER).separable(P).select([4, 1])
    )
    np.testing.assert_array_equal(part.l1, [1.0, 0.5])
    np.testing.assert_array_equal(part.lower, [-0.1, 0.0])
    assert part.bounded
    assert not L1Penalty().separable(2).bounded


# ---- sizes ----


@each
@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e-160, 1e160, 1e300])
def test_coefficients_of_any_size(penalty, size):
    # Warnings are errors, and nothing is ever NaN.
    w = size * np.array([1.0, -1.0, 0.0, 1.0, -1.0, 1.0])
    results = [penalty.value(w), penalty.conjugate(w), penalty.feasible_scale(w)]
    results += [penalty.alpha_max(w)]
    arrays = [penalty.prox(w, step) for step in (0.0, size, 1.0, INF)]
    inside = arrays[1]
    arrays.append(penalty.violation(inside, w))
    assert not np.isnan(results).any()
    assert not any(np.isnan(array).any() for array in arrays)
    assert penalty.conjugate(penalty.feasible_scale(w) * w) < INF or size >= 1e160


# ---- names, records, bad input ----


def test_names():
    for name, record in PENALTIES.items():
        assert type(get_penalty(name)) is record
    assert get_penalty("l1", alpha=2) == L1Penalty(2.0)
    assert get_penalty(None) == BoxConstraint()
    record = L2Penalty(3.0)
    assert get_penalty(record) is record
    assert NormBallConstraint(2).norm == L2()
    assert NormBallConstraint(3).norm == Lp(3.0)


@each
def test_records_are_values(penalty):
    penalty.value(np.zeros(P))
    for other in (pickle.loads(pickle.dumps(penalty)), copy.deepcopy(penalty)):
        assert other == penalty
        assert hash(other) == hash(penalty)
        assert other.value(np.zeros(P)) == 0.0
    with pytest.raises(AttributeError):
        penalty.alpha = 1.0


@pytest.mark.parametrize("penalty", STRONG)
def test_another_alpha(penalty):
    other = penalty.with_alpha(2.5)
    assert other.alpha == 2.5
    assert other.with_alpha(penalty.alpha) == penalty


@pytest.mark.parametrize("kind", [L1Penalty, L2Penalty, GroupLassoPenalty])
@pytest.mark.parametrize(
    ("alpha", "message"),
    [
        (-1.0, "alpha must be a number >= 0; got -1.0"),
        (math.nan, "alpha must be a number >= 0; got nan"),
        (INF, "alpha must be finite; got inf"),
        ("a", "alpha must be a real number; got 'a'"),
        (True, "alpha must be a real number; got True"),
    ],
)
def test_bad_alpha(kind, alpha, message):
    with pytest.raises(ValueError, match=message):
        kind(alpha)
    with pytest.raises(ValueError, match=message):
        kind().with_alpha(alpha)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: get_penalty("l3"), "penalty must be one of .*'l1'.*got 'l3'"),
        (lambda: get_penalty(3), "penalty record; got 3"),
        (lambda: get_penalty("l1", l1_ratio=0.5), "'l1_ratio'; it takes alpha"),
        (lambda: get_penalty(None, alpha=1.0), "'alpha'; it takes no parameters"),
        (lambda: get_penalty(L1Penalty(), alpha=2.0), "unknown parameter.*'alpha'"),
        (
            lambda: ElasticNetPenalty(1.0, 1.5),
            "l1_ratio must be .*<= 1; got 1.5",
        ),
        (lambda: SparseGroupLassoPenalty(1.0, -0.5), "l1_ratio must be .*got -0.5"),
        (lambda: L1Penalty(1.0, [1.0, -1.0]), "weights must be a number >= 0; got -1"),
        (lambda: L1Penalty(1.0, [1.0, INF]), "weights must be finite.*Leave a feature"),
        (lambda: GroupLassoPenalty(1.0, weights=[INF]), "weights must be finite"),
        (lambda: L1Penalty(1.0, positive=1), "positive must be True or False; got 1"),
        (lambda: L1Penalty(1.0, lower=0.5), "lower must be .*<= 0; got 0.5"),
        (lambda: L2Penalty(1.0, upper=[1.0, -1.0]), "upper must be .*>= 0; got -1.0"),
        (lambda: BoxConstraint(lower=math.nan), "lower must be .*got nan"),
        (lambda: BoxConstraint(upper=-1.0), "upper must be .*got -1.0"),
        (lambda: GroupLassoPenalty(1.0, [[0, 1], [1]]), "exactly once"),
        (lambda: NormBallConstraint("l3"), "norm must be one of.*got 'l3'"),
        (lambda: NormBallConstraint(0.5), "p must be >= 1"),
        (lambda: NormBallConstraint("l1", 0.0), "radius must be a number > 0; got 0.0"),
        (lambda: NormBallConstraint("l1", INF), "radius must be finite.*penalty=None"),
    ],
)
def test_bad_penalties(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        (L1Penalty(1.0, [1.0, 2.0]), "weights must hold one .* 3 features; got 2"),
        (L2Penalty(1.0, lower=[-1.0]), "lower must hold one .* 3 features; got 1"),
        (BoxConstraint(upper=[1.0, 1.0]), "upper must hold one .* 3 features; got 2"),
        (GroupLassoPenalty(1.0, [0, 1]), "groups must hold one .* 3 features; got 2"),
        (GroupLassoPenalty(1.0, [0, 1, 1], [1.0]), "weights must .* 2 groups; got 1"),
    ],
)
def test_penalties_of_another_number_of_features(penalty, message):
    for call in (penalty.value, penalty.conjugate, penalty.alpha_max):
        with pytest.raises(ValueError, match=message):
            call(np.zeros(3))
