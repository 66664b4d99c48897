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
    intercept there is no dual point: the sum of the derivatives has to vanish. What
    exceeds the bound of a feature in the model by rounding counts as its coefficient.
    """
    X = (X.toarray() if sparse.issparse(X) else np.asarray(X)).astype(np.float64)
    weight = np.ones(len(X)) if weight is None else np.asarray(weight, dtype=np.float64)
    X, y, weight = X[weight > 0.0], y[weight > 0.0], weight[weight > 0.0]
    share = weight / math.fsum(weight)
    z = np.array([math.fsum(row * coef) + intercept for row in X])
    u = loss.gradient(z, y)
    if fit_intercept:
        size = math.fsum(share * np.abs(u)) + 1e-6 * null_size(share, y, loss)
        assert abs(math.fsum(share * u)) < 1e-6 * size
        X = X - np.array([math.fsum(column * share) for column in X.T])
    gradient = np.array([math.fsum(column * share * u) for column in X.T])
    primal = math.fsum(share * loss.value(z, y)) + penalty.value(coef)
    noise = 1e-13 * np.sqrt((share[:, None] * X**2).sum(axis=0))
    noise *= null_size(share, y, loss) + math.fsum(np.abs(coef) * noise / 1e-13)
    rounded = rounded_gradient(gradient, coef, noise, penalty)
    cost = math.fsum(np.abs(gradient - rounded) * np.abs(coef))
    dual = best_dual(share, u, y, rounded, loss, penalty) - cost
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


def null_size(share, y, loss):
    """Return the root mean square derivative at scores of zero."""
    return math.sqrt(math.fsum(share * loss.gradient(np.zeros(len(y)), y) ** 2))


def rounded_gradient(gradient, coef, noise, penalty):
    """Return gradients of features in the model without what exceeds bounds by noise.

    The bound is where the feature would stay in the model, by the penalty alone.
    """
    parts = penalty.separable(len(coef))
    smooth = (parts.l2 == 0.0) & (coef != 0.0)
    at_bound = (coef <= parts.lower) | (coef >= parts.upper)
    wanted = -parts.l1 * np.sign(coef)
    near = smooth & ~at_bound & (np.abs(gradient - wanted) <= noise)
    return np.where(near, wanted, gradient)
