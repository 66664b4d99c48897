"""Naive duality gaps of linear models, for tests of the solvers."""

import math

import numpy as np
from scipy import sparse

__all__ = ["relative_gap"]

_OFFSETS = np.logspace(-14, 0, 43)
_SCALES = np.concatenate([1.0 - _OFFSETS, [1.0], 1.0 + _OFFSETS])


def relative_gap(X, y, weight, loss, penalty, coef, intercept, fit_intercept):
    """Return (P - D) / P(0), with everything summed up exactly.

    D is the best of many multiples of the derivatives of the loss. Without an optimal
    intercept there is no dual point: the sum of the derivatives has to vanish.
    """
    X = (X.toarray() if sparse.issparse(X) else np.asarray(X)).astype(np.float64)
    weight = np.ones(len(X)) if weight is None else np.asarray(weight, dtype=np.float64)
    X, y, weight = X[weight > 0.0], y[weight > 0.0], weight[weight > 0.0]
    share = weight / math.fsum(weight)
    z = np.array([math.fsum(row * coef) + intercept for row in X])
    u = loss.gradient(z, y)
    if fit_intercept:
        unbalanced = abs(math.fsum(share * u)) / math.fsum(share * np.abs(u) + 1e-300)
        assert unbalanced < 1e-9
    gradient = np.array([math.fsum(column * share * u) for column in X.T])
    primal = math.fsum(share * loss.value(z, y)) + penalty.value(coef)
    dual = best_dual(share, u, y, gradient, loss, penalty)
    return (primal - dual) / null_objective(share, y, loss, fit_intercept)


def best_dual(share, u, y, gradient, loss, penalty):
    """Return the largest dual value of multiples of u within the domain."""
    limit = penalty.feasible_scale(-gradient, limit=2.0)
    scales = np.append(_SCALES[limit > _SCALES], limit)
    return max(
        -math.fsum(share * loss.conjugate(c * u, y)) - penalty.conjugate(-c * gradient)
        for c in scales
    )


def null_objective(share, y, loss, fit_intercept):
    """Return the least mean loss of equal scores, by golden section."""
    if not fit_intercept:
        return math.fsum(share * loss.value(np.zeros(len(y)), y))
    size = 1.0 + float(np.abs(y).max())
    low, high = -40.0 * size, 40.0 * size
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(200):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        values = [
            math.fsum(share * loss.value(np.full(len(y), b), y)) for b in (left, right)
        ]
        low, high = (low, right) if values[0] <= values[1] else (left, high)
    return min(values)
