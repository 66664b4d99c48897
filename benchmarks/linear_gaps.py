"""How far linear models are from optimal, from their definitions and nothing else.

A model minimises the weighted mean of a loss of ``z = X @ w + b`` plus a penalty of w.
`relative_gap` takes coefficients from anywhere and returns an upper bound of what they
are above the minimum, divided by the objective of the best model without coefficients.
It shares no code with any solver that is compared. The dual point is made from the
derivatives of the loss, at the intercept that is best for the given coefficients.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax, xlogy

__all__ = [
    "LOSSES",
    "Logistic",
    "Multinomial",
    "Problem",
    "Squared",
    "largest_alpha",
    "objective",
    "relative_gap",
]

NEWTON_STEPS = 100
ROUNDING = 1e-15


class Squared:
    """Half the square of the error."""

    free = True

    @staticmethod
    def value(z, y):
        return 0.5 * np.square(z - y)

    @staticmethod
    def gradient(z, y):
        return z - y

    @staticmethod
    def curvature(z, y):
        return np.ones_like(z)

    @staticmethod
    def conjugate(u, y):
        return u * (0.5 * u + y)


class Logistic:
    """The logarithmic loss of labels of -1 and 1."""

    free = False

    @staticmethod
    def value(z, y):
        return np.logaddexp(0.0, -y * z)

    @staticmethod
    def gradient(z, y):
        return -y * np.exp(-np.logaddexp(0.0, y * z))

    @staticmethod
    def curvature(z, y):
        return np.exp(-np.logaddexp(0.0, z) - np.logaddexp(0.0, -z))

    @staticmethod
    def conjugate(u, y):
        p = np.clip(-u * y, 0.0, 1.0)
        return xlogy(p, p) + xlogy(1.0 - p, 1.0 - p)


class Multinomial:
    """The logarithmic loss of codes 0, 1, ... and one score a class."""

    free = False

    @staticmethod
    def value(z, y):
        return -log_softmax(z, axis=1)[np.arange(len(y)), y]

    @staticmethod
    def gradient(z, y):
        u = softmax(z, axis=1)
        u[np.arange(len(y)), y] -= 1.0
        return u

    @staticmethod
    def conjugate(u, y):
        v = u.copy()
        v[np.arange(len(y)), y] += 1.0
        v = np.clip(v, 0.0, 1.0)
        return xlogy(v, v).sum(axis=1)


LOSSES = {"squared": Squared, "logistic": Logistic, "multinomial": Multinomial}


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be minimised.

    Attributes
    ----------
    X : ndarray or csc_matrix of shape (n, p)
    y : ndarray of shape (n,)
        Numbers, labels of -1 and 1, or codes 0, 1, ...
    loss : {"squared", "logistic", "multinomial"}
    alpha : float
    l1_ratio : float
        The rest of ``alpha`` is for half the squares.
    group_size : int or None
        Of neighbouring features whose norms are penalised instead of each feature.
    fit_intercept : bool
    weights : ndarray of shape (n,) or None
    """

    X: object
    y: object
    loss: str = "squared"
    alpha: float = 1.0
    l1_ratio: float = 1.0
    group_size: int | None = None
    fit_intercept: bool = True
    weights: object = None

    def with_alpha(self, alpha):
        return replace(self, alpha=float(alpha))

    @property
    def share(self):
        """What each row contributes to a mean."""
        n = self.X.shape[0]
        weights = np.ones(n) if self.weights is None else np.asarray(self.weights)
        return weights.astype(np.float64) / weights.sum()

    def scores(self, w):
        """Return X @ w in float64."""
        return np.asarray(as_double(self.X) @ w)

    def products(self, u):
        """Return the weighted means of the columns times u."""
        share = self.share.reshape(-1, *[1] * (u.ndim - 1))
        return np.asarray(as_double(self.X).T @ (share * u))

    def sizes(self, v):
        """Return the size of each group, or the modulus of each entry."""
        if self.group_size is None:
            return np.abs(v)
        return np.linalg.norm(v.reshape(-1, self.group_size), axis=1)

    def penalty(self, w):
        squares = 0.5 * (1.0 - self.l1_ratio) * np.square(w).sum()
        return self.alpha * (self.l1_ratio * self.sizes(w).sum() + squares)

    def penalty_conjugate(self, v):
        """Return the conjugate of the penalty where it is finite."""
        if self.l1_ratio == 1.0:
            return 0.0
        over = np.maximum(np.abs(v) - self.alpha * self.l1_ratio, 0.0)
        return np.square(over).sum() / (2.0 * self.alpha * (1.0 - self.l1_ratio))

    def limit(self, v):
        """Return the largest c for which the conjugate of c v is finite."""
        largest = self.sizes(v).max(initial=0.0)
        if self.l1_ratio < 1.0 or largest == 0.0:
            return np.inf
        return self.alpha / largest


def as_double(X):
    """Return rows whose products are summed in float64."""
    return X if X.dtype == np.float64 else X.astype(np.float64)


def balanced(problem, z):
    """Return scores moved by the intercept that is best for them."""
    if not problem.fit_intercept:
        return z
    loss, y, share = LOSSES[problem.loss], problem.y, problem.share
    if z.ndim == 2:
        return balanced_classes(z, y, share)
    bounds = [-np.inf, np.inf]
    for _ in range(NEWTON_STEPS):
        slope = share @ loss.gradient(z, y)
        step = -slope / max(share @ loss.curvature(z, y), 1e-300)
        bounds = [0.0, bounds[1]] if step > 0 else [bounds[0], 0.0]
        step = float(np.clip(step, -10.0, 10.0)) if not loss.free else step
        if not bounds[0] <= step <= bounds[1]:
            step = np.sum(bounds) / 2.0
        z = z + step
        bounds = [bound - step for bound in bounds]
        if abs(slope) <= ROUNDING * (share @ np.abs(loss.gradient(z, y))):
            break
    return z


def balanced_classes(z, y, share):
    """Return scores moved by the best intercept of each class."""
    n_classes = z.shape[1]
    for _ in range(NEWTON_STEPS):
        P = softmax(z, axis=1)
        slope = share @ Multinomial.gradient(z, y)
        hessian = np.diag(share @ P) - P.T @ (share[:, None] * P)
        # The sum of the steps is free: adding a constant to it changes nothing.
        step = -np.linalg.solve(hessian + 1.0 / n_classes, slope)
        start = share @ Multinomial.value(z, y)
        # Rounding hides a decrease near the optimum; there a full step is right.
        while (
            np.abs(step).max() > 1e-6 and share @ Multinomial.value(z + step, y) > start
        ):
            step = step / 2.0
        z = z + step
        if np.abs(slope).max() <= ROUNDING:
            break
    return z


def objective(problem, w, b):
    """Return the weighted mean of the loss plus the penalty."""
    z = problem.scores(w) + b
    return problem.share @ LOSSES[problem.loss].value(z, problem.y) + problem.penalty(w)


def null_scores(problem):
    """Return the scores of the best model without coefficients."""
    n = len(problem.y)
    classes = problem.loss == "multinomial"
    shape = (n, int(problem.y.max()) + 1) if classes else (n,)
    return balanced(problem, np.zeros(shape))


def largest_alpha(problem):
    """Return the smallest alpha for which all coefficients are zero."""
    u = LOSSES[problem.loss].gradient(null_scores(problem), problem.y)
    return problem.sizes(problem.products(u)).max() / problem.l1_ratio


def dual_value(problem, u, gradient):
    """Return the largest dual objective of the multiples of u that are feasible."""
    loss, y, share = LOSSES[problem.loss], problem.y, problem.share

    def value(c):
        return -share @ loss.conjugate(c * u, y) - problem.penalty_conjugate(
            c * gradient
        )

    # Where the conjugate of a loss is finite everywhere, a multiple may be above 1.
    high = min(problem.limit(gradient), 2.0 if loss.free else 1.0)
    inside = minimize_scalar(
        lambda c: -value(c), bounds=(0.0, high), method="bounded", options={"xatol": 0}
    )
    return max(value(0.0), value(high), value(min(1.0, high)), -inside.fun)


def relative_gap(problem, w, b):
    """Return an upper bound of how far a model is above the minimum.

    Parameters
    ----------
    problem : Problem
    w : ndarray of shape (p,) or (p, K)
    b : float or ndarray of shape (K,)
        As the solver left it; an intercept that is not optimal counts against it.

    Returns
    -------
    float
        Divided by the objective of the best model without coefficients.
    """
    w, b = np.asarray(w, dtype=np.float64), np.asarray(b, dtype=np.float64)
    loss = LOSSES[problem.loss]
    if loss.free and problem.fit_intercept:
        # The same problem, without the digits that a common offset costs.
        middle = problem.share @ problem.y
        problem, b = replace(problem, y=problem.y - middle), b - middle
    y = problem.y
    z = balanced(problem, problem.scores(w))
    u = loss.gradient(z, y)
    dual = dual_value(problem, u, problem.products(u))
    null = problem.share @ loss.value(null_scores(problem), y)
    return float((objective(problem, w, b) - dual) / null)


def n_stored(X):
    """Return the share of entries that are stored."""
    return X.nnz / np.prod(X.shape) if sparse.issparse(X) else 1.0
