"""Naive definitions of norms in 60-digit arithmetic, and the cases to test.

Nothing here shares code with the package: norms are sums of powers of `Decimal`, which
neither over- nor underflows, and a proximal point is told by its optimality conditions.
"""

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

from sknorms.norms import (
    L1,
    L2,
    FrobeniusNorm,
    GroupNorm,
    LInf,
    Lp,
    NuclearNorm,
    SpectralNorm,
)

INF = math.inf
LABELS = (0, 1, 0, 2, 2, 1)
WEIGHTS = (1.0, 2.5, 0.5)


def p_norm(x: Any, p: float) -> float:
    """Return the textbook formula, correctly rounded."""
    magnitudes = [abs(Decimal(float(v))) for v in np.ravel(x)]
    if p == INF:
        return float(max(magnitudes, default=Decimal(0)))
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 60, 10**15, -(10**15)
        power = Decimal(float(p))
        total = sum((m**power for m in magnitudes if m), Decimal(0))
        return float(total ** (1 / power)) if total else 0.0


def conjugate(p: float) -> float:
    if p == INF:
        return 1.0
    return INF if p == 1.0 else p / (p - 1.0)


def singular_values(x: Any) -> np.ndarray:
    return np.linalg.svd(np.asarray(x, dtype=float), compute_uv=False)


def group_norm(record: GroupNorm, x: Any) -> float:
    x, labels = np.ravel(np.asarray(x, dtype=float)), np.array(record.groups)
    each = [
        weight * p_norm(x[labels == group], record.p)
        for group, weight in enumerate(record.weights)
    ]
    return p_norm(each, record.outer)


def group_dual_norm(record: GroupNorm, x: Any) -> float:
    x, labels = np.ravel(np.asarray(x, dtype=float)), np.array(record.groups)
    each = [
        p_norm(x[labels == group], conjugate(record.p)) / weight
        for group, weight in enumerate(record.weights)
    ]
    return p_norm(each, conjugate(record.outer))


#: Class of record -> (value, dual value), each a function of the record and an array.
ORACLES: dict[type, tuple[Callable[..., float], Callable[..., float]]] = {
    L1: (lambda n, x: p_norm(x, 1), lambda n, x: p_norm(x, INF)),
    L2: (lambda n, x: p_norm(x, 2), lambda n, x: p_norm(x, 2)),
    LInf: (lambda n, x: p_norm(x, INF), lambda n, x: p_norm(x, 1)),
    Lp: (lambda n, x: p_norm(x, n.p), lambda n, x: p_norm(x, conjugate(n.p))),
    GroupNorm: (group_norm, group_dual_norm),
    NuclearNorm: (
        lambda n, x: p_norm(singular_values(x), 1),
        lambda n, x: p_norm(singular_values(x), INF),
    ),
    SpectralNorm: (
        lambda n, x: p_norm(singular_values(x), INF),
        lambda n, x: p_norm(singular_values(x), 1),
    ),
    FrobeniusNorm: (lambda n, x: p_norm(x, 2), lambda n, x: p_norm(x, 2)),
}

LP_CASES = [Lp(p) for p in (1.0, 1.2, 2.0, 3.0, 100.0, INF)]
GROUP_CASES = [
    GroupNorm(LABELS),
    *(
        GroupNorm(LABELS, WEIGHTS, p, outer)
        for p in (1.0, 2.0, 3.0, INF)
        for outer in (1.0, INF)
    ),
]


def value(record: Any, x: Any) -> float:
    return ORACLES[type(record)][0](record, x)


def dual_value(record: Any, x: Any) -> float:
    return ORACLES[type(record)][1](record, x)


def slice_shape(record: Any) -> tuple[int, ...]:
    """Return a shape with six elements that the record takes as one slice."""
    return (6,) if record.core_ndim == 1 else (2, 3)


def is_prox(record: Any, x: Any, step: float, z: Any, tolerance: float) -> bool:
    """Check that z = prox(x), iff x - z touches the dual ball in direction z."""
    x, z = np.asarray(x, dtype=float), np.asarray(z, dtype=float)
    size = max(float(np.abs(x).max()), 1e-300)
    x, z, step = x / size, z / size, step / size
    inside = dual_value(record, x - z) <= step * (1 + tolerance) + tolerance
    touching = abs(np.vdot(x - z, z) - step * value(record, z)) <= tolerance
    return bool(inside and touching)


def is_projection(record: Any, x: Any, radius: float, z: Any, tolerance: float) -> bool:
    """Check that z = P(x), iff z is in the ball and no point of it is beyond z."""
    x, z = np.asarray(x, dtype=float), np.asarray(z, dtype=float)
    size = max(float(np.abs(x).max()), 1e-300)
    x, z, radius = x / size, z / size, radius / size
    inside = value(record, z) <= radius * (1 + tolerance)
    furthest = radius * dual_value(record, x - z)
    return bool(inside and abs(np.vdot(x - z, z) - furthest) <= tolerance)
