"""Naive definitions of losses and penalties, one line a record, and the cases to test.

Losses are functions of the record, one score (or one row of scores) and one target;
penalties of the record and the coefficients, of shape (p,) or (p, K). A record that is
not here fails the tests.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from sknorms.linear_model import (
    BoxConstraint,
    ElasticNetPenalty,
    GroupLassoPenalty,
    HuberLoss,
    L1Penalty,
    L2Penalty,
    LogisticLoss,
    MultinomialLoss,
    NormBallConstraint,
    PoissonLoss,
    SparseGroupLassoPenalty,
    SquaredHingeLoss,
    SquaredLoss,
)
from sknorms.norms import GroupNorm

INF = math.inf
P = 6
LABELS = (0, 1, 0, 2, 2, 1)
GROUP_WEIGHTS = (1.0, 2.5, 0.5)
WEIGHTS = (1.0, 0.5, 2.0, 1.5, 1.0, 3.0)
LOWER = (-0.3, 0.0, -INF, -1.0, -0.1, -2.0)
UPPER = (0.2, 1.0, 0.5, 0.0, INF, 0.05)


def huber(delta: float, r: float) -> float:
    return r * r / 2 if abs(r) <= delta else delta * abs(r) - delta * delta / 2


def poisson(z: float, y: float) -> float:
    return math.exp(z) - y * z - y + (y * math.log(y) if y else 0.0)


LOSS_ORACLES: dict[type, Callable[..., float]] = {
    SquaredLoss: lambda f, z, y: (z - y) ** 2 / 2,
    LogisticLoss: lambda f, z, y: math.log(1 + math.exp(-y * z)),
    MultinomialLoss: lambda f, z, y: math.log(sum(np.exp(z))) - z[int(y)],
    HuberLoss: lambda f, z, y: huber(f.delta, z - y),
    PoissonLoss: lambda f, z, y: poisson(z, y),
    SquaredHingeLoss: lambda f, z, y: max(0, 1 - y * z) ** 2,
}

#: Record -> targets to try it with.
LOSS_CASES: dict[Any, list[float]] = {
    SquaredLoss(): [0.0, 1.5, -3.0],
    LogisticLoss(): [-1.0, 1.0],
    MultinomialLoss(): [0.0, 1.0, 2.0],
    HuberLoss(): [0.0, 1.5, -3.0],
    HuberLoss(delta=0.3): [0.0, 1.5, -3.0],
    PoissonLoss(): [0.0, 0.5, 1.0, 7.0],
    SquaredHingeLoss(): [-1.0, 1.0],
}


def weighted(record: Any, w: np.ndarray, power: int) -> float:
    weights = np.ones(len(w)) if record.weights is None else np.array(record.weights)
    return sum(
        o * (np.abs(row) ** power).sum() for o, row in zip(weights, w, strict=True)
    )


def bounded(record: Any, w: np.ndarray) -> float:
    """Return 0 within the bounds, else infinity."""
    lower = np.broadcast_to(record.lower, len(w))
    upper = np.broadcast_to(record.upper, len(w))
    inside = [
        low <= v <= high
        for low, high, row in zip(lower, upper, w, strict=True)
        for v in np.atleast_1d(row)
    ]
    positive = getattr(record, "positive", False) and bool((w < 0).any())
    return 0.0 if all(inside) and not positive else INF


def grouped(record: Any, w: np.ndarray) -> float:
    labels = np.arange(len(w)) if record.groups is None else np.array(record.groups)
    total = 0.0
    for group in range(max(labels) + 1):
        members = w[labels == group]
        root = math.sqrt(len(members))
        weight = root if record.weights is None else record.weights[group]
        total += weight * math.sqrt((members**2).sum())
    return total


PENALTY_ORACLES: dict[type, Callable[..., float]] = {
    L1Penalty: lambda o, w: o.alpha * weighted(o, w, 1) + bounded(o, w),
    L2Penalty: lambda o, w: o.alpha * weighted(o, w, 2) / 2 + bounded(o, w),
    ElasticNetPenalty: lambda o, w: (
        o.alpha * o.l1_ratio * weighted(o, w, 1)
        + o.alpha * (1 - o.l1_ratio) * weighted(o, w, 2) / 2
        + bounded(o, w)
    ),
    GroupLassoPenalty: lambda o, w: o.alpha * grouped(o, w),
    SparseGroupLassoPenalty: lambda o, w: (
        o.alpha * (o.l1_ratio * np.abs(w).sum() + (1 - o.l1_ratio) * grouped(o, w))
    ),
    BoxConstraint: lambda o, w: bounded(o, w),
    NormBallConstraint: lambda o, w: (
        INF if o.norm.value(w) > o.radius * (1 + 1e-12) else 0.0
    ),
}

#: Penalties of six features.
PENALTY_CASES: list[Any] = [
    L1Penalty(0.7),
    L1Penalty(0.7, WEIGHTS),
    L1Penalty(0.3, positive=True),
    L1Penalty(0.3, WEIGHTS, lower=LOWER, upper=UPPER),
    L1Penalty(0.0),
    L2Penalty(0.7),
    L2Penalty(0.7, WEIGHTS, positive=True),
    L2Penalty(1.1, lower=LOWER, upper=UPPER),
    ElasticNetPenalty(0.7, 0.4),
    ElasticNetPenalty(0.7, 0.4, WEIGHTS, positive=True),
    ElasticNetPenalty(0.3, 0.9, WEIGHTS, lower=LOWER, upper=UPPER),
    ElasticNetPenalty(0.7, 1.0),
    ElasticNetPenalty(0.7, 0.0),
    GroupLassoPenalty(0.7),
    GroupLassoPenalty(0.7, LABELS),
    GroupLassoPenalty(0.7, LABELS, GROUP_WEIGHTS),
    SparseGroupLassoPenalty(0.7, 0.5, LABELS),
    SparseGroupLassoPenalty(0.7, 0.2, LABELS, GROUP_WEIGHTS),
    SparseGroupLassoPenalty(0.7, 1.0, LABELS),
    SparseGroupLassoPenalty(0.7, 0.0, LABELS),
    BoxConstraint(),
    BoxConstraint(-0.5, 0.25),
    BoxConstraint(LOWER, UPPER),
    NormBallConstraint("l1", 0.8),
    NormBallConstraint("l2", 0.8),
    NormBallConstraint("max", 0.8),
    NormBallConstraint(3, 0.8),
    NormBallConstraint(GroupNorm(LABELS, GROUP_WEIGHTS), 0.8),
    NormBallConstraint("nuclear", 0.8),
    NormBallConstraint("spectral", 0.8),
    NormBallConstraint("frobenius", 0.8),
]


def loss_value(loss: Any, z: Any, y: float) -> float:
    return LOSS_ORACLES[type(loss)](loss, z, y)


def penalty_value(penalty: Any, w: Any) -> float:
    return PENALTY_ORACLES[type(penalty)](penalty, np.asarray(w, dtype=float))
