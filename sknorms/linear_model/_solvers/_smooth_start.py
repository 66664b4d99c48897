"""Where to start if nothing in the penalty makes coefficients zero.

Working sets have nothing to leave out then, and methods for smooth functions come close
to the solution faster: ridge regression and least squares by scikit-learn, any other
loss by L-BFGS. What they find is only a start: the solver measures its gap and goes on.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse
from sklearn.linear_model import LinearRegression, Ridge

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Separable
from sknorms.linear_model._problem import ScoreProblem, Start

__all__ = ["smooth_start"]

# With fewer coefficients, Newton's method of the solver is as fast.
_FEW = 200
_MOST_STEPS = 1000
# The gradient to reach, relative to the loss without features.
_PRECISE = 1e-3


def smooth_start(
    problem: ScoreProblem,
    parts: Separable | None,
    tol: float,
    max_iter: int,
    start: Start | None,
) -> Start | None:
    """Return a point close to the solution, or ``start`` where that is as good.

    Parameters
    ----------
    problem : ScoreProblem
    parts : Separable or None
        The penalty of each coefficient.
    tol : float
        Relative duality gap that is to be reached.
    max_iter : int
        Most steps.
    start : Start or None
        What is known already.
    """
    if parts is None or parts.l1.any() or parts.bounded or max_iter < 1:
        return start
    if problem.loss.quadratic:
        return _squared(problem, parts, start)
    shape = (problem.design.n_columns, problem.n_outputs)
    hard = problem.loss.vector_valued and not parts.l2.all()
    if math.prod(shape) <= _FEW and not hard:
        return start
    return _Smooth.of(problem, parts).minimised(tol, min(max_iter, _MOST_STEPS), start)


def _squared(
    problem: ScoreProblem, parts: Separable, start: Start | None
) -> Start | None:
    """Return ridge regression, or least squares of a dense table."""
    design, strength = problem.design, float(parts.l2[0]) if len(parts.l2) else 0.0
    if (parts.l2 != strength).any():
        return start
    if strength > 0.0:
        total = design.n_rows if len(design.share) == 1 else 1.0
        model = Ridge(strength * total, fit_intercept=problem.fit_intercept, tol=1e-10)
    elif sparse.issparse(design.X):
        return start
    else:
        model = LinearRegression(fit_intercept=problem.fit_intercept)
    weights = None if len(design.share) == 1 else design.share
    model.fit(design.X, problem.y, sample_weight=weights)
    coef = np.asarray(model.coef_, dtype=np.float64).reshape(-1)
    return Start(coef, float(np.ravel(model.intercept_)[0])) if _finite(coef) else start


def _finite(coef: FloatArray) -> bool:
    return bool(np.isfinite(coef).all())


@dataclass(frozen=True, eq=False)
class _Smooth:
    """An objective in variables of like size: columns are centred and scaled.

    Attributes
    ----------
    problem : ScoreProblem
    parts : Separable
    means, scale : arrays of shape (p,)
        A variable times the scale is a coefficient, of a column less its mean.
    """

    problem: ScoreProblem
    parts: Separable
    means: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, problem: ScoreProblem, parts: Separable) -> "_Smooth":
        smoothness = problem.loss.smoothness
        bend = smoothness if math.isfinite(smoothness) else 1.0
        size = bend * problem.norms() ** 2 + parts.l2
        scale = 1.0 / np.sqrt(np.where(size > 0.0, size, 1.0))
        centred = problem.fit_intercept
        means = problem.design.means if centred else np.zeros(len(scale))
        return cls(problem, parts, means, scale)

    def minimised(self, tol: float, max_iter: int, start: Start | None) -> Start | None:
        """Return what L-BFGS finds, None if it is not finite."""
        first = np.zeros(self._count)
        if start is not None:
            first = self._variables(start)
        origin = np.zeros((self.problem.design.n_rows, self.problem.n_outputs))
        null = self.problem.value(self.problem.balanced(origin)[0])
        found = optimize.minimize(
            self,
            first,
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": max_iter,
                "maxcor": 20,
                "gtol": _PRECISE * math.sqrt(tol) * null,
                "ftol": 1e-3 * tol,
            },
        )
        if not _finite(found.x):
            return start
        coef, intercept = self._model(found.x)
        scalar = not self.problem.loss.vector_valued
        shift = float(intercept[0]) if scalar else intercept
        return Start(coef[:, 0] if scalar else coef, shift)

    def __call__(self, variables: FloatArray) -> tuple[float, FloatArray]:
        """Return the objective and its gradient."""
        problem, (coef, intercept) = self.problem, self._model(variables)
        z = problem.scores(coef) + intercept
        slopes = problem.weigh(problem.derivatives(z))
        total = slopes.sum(axis=0)
        gradient = problem.gradient(slopes) - np.outer(self.means, total)
        gradient += self.parts.l2[:, np.newaxis] * coef
        gradient *= self.scale[:, np.newaxis]
        value = problem.value(z) + self.parts.value(coef)
        free = total if problem.fit_intercept else total[:0]
        return value, np.concatenate([gradient.ravel(), free])

    @property
    def _count(self) -> int:
        n_outputs = self.problem.n_outputs
        return n_outputs * (len(self.scale) + self.problem.fit_intercept)

    def _model(self, variables: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coefficients of shape (p, K) and intercepts of shape (K,)."""
        shape = (len(self.scale), self.problem.n_outputs)
        coef = variables[: math.prod(shape)].reshape(shape)
        coef = coef * self.scale[:, np.newaxis]
        if not self.problem.fit_intercept:
            return coef, np.zeros(shape[1])
        return coef, variables[math.prod(shape) :] - self.means @ coef

    def _variables(self, start: Start) -> FloatArray:
        shape = (len(self.scale), self.problem.n_outputs)
        coef = np.reshape(start.coef, shape)
        scaled = (coef / self.scale[:, np.newaxis]).ravel()
        if not self.problem.fit_intercept:
            return scaled
        return np.concatenate([scaled, np.ravel(start.intercept) + self.means @ coef])
