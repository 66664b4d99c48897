"""One fit or a path of fits of one target, each with its certificate."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._progress import Progress
from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._base._parameters import iteration_limit
from sknorms.linear_model._base._stored import Storage
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import BoxConstraint, Penalty
from sknorms.linear_model._problem import Design, ScoreProblem, Solution, Start
from sknorms.linear_model._solvers import Solver, smooth_start

__all__ = ["Limits", "PathTask", "start_from"]

# Models that are compared are solved to this part of the tolerance, though not beyond
# what rounding allows everywhere.
_COMPARED = 1e-2
_FINEST = 1e-12
# A fit whose rounding failed is solved once more to this part of the tolerance.
_FINER = 0.1


@dataclass(frozen=True)
class Limits:
    """How a fit is to be done.

    Attributes
    ----------
    fit_intercept : bool
    tol : float
        Relative duality gap to reach.
    max_iter : int
    asked : float
        The one that a model is to have which is handed out.
    """

    fit_intercept: bool
    tol: float
    max_iter: int
    asked: float

    @classmethod
    def of(cls, fit_intercept: bool, tol: Any, max_iter: Any) -> "Limits":
        """Return limits from checked parameters of an estimator."""
        gap = float(tol)
        return cls(bool(fit_intercept), gap, iteration_limit(max_iter), gap)

    def for_comparing(self) -> "Limits":
        """Return limits for models that are compared, whose gaps must not decide."""
        return replace(self, tol=min(self.tol, max(_COMPARED * self.tol, _FINEST)))


@dataclass(frozen=True, eq=False)
class PathTask:
    """A target to be fitted under a penalty of any strength.

    Attributes
    ----------
    design : Design
    y : array of shape (n_samples,)
        Targets as ``loss.check_target`` returns them.
    loss : Loss
    penalty : Penalty
    limits : Limits
    """

    design: Design
    y: AnyArray
    loss: Loss
    penalty: Penalty
    limits: Limits

    def fit(self, start: Start | None = None) -> Solution:
        """Return the fit under the penalty as it is, to be handed out."""
        return self.handed_out(self.solve(start), self.penalty)

    def fit_at(self, alpha: float) -> Solution:
        """Return the fit under a penalty of some strength, to be handed out."""
        penalty = self.penalty.with_alpha(alpha)
        return self.handed_out(self._fit(penalty, None), penalty)

    def solve(self, start: Start | None) -> Solution:
        """Return the fit under the penalty as it is, in float64."""
        return self._fit(self.penalty, start)

    def handed_out(self, found: Solution, penalty: Penalty) -> Solution:
        """Return a fit in numbers that the type of X can hold."""
        dtype, design = self.design.X.dtype.type, self.design
        grouped = penalty.blocks(design.n_columns) is not None
        if dtype is np.float64 or not (
            grouped or penalty.separable(design.n_columns) is not None
        ):
            return found
        limits = self.limits
        storage = Storage(
            design,
            self.y,
            self.loss,
            penalty,
            limits.fit_intercept,
            limits.asked,
            dtype,
        )
        stored = storage.stored(found)
        if stored.converged or not found.converged:
            return stored
        # Rounding takes what little there was left of the tolerance.
        finer = replace(self, limits=replace(limits, tol=_FINER * limits.tol))
        again = storage.stored(finer._fit(penalty, found.start))
        return again if again.relative_gap < stored.relative_gap else stored

    def path(
        self,
        alphas: Sequence[float] | FloatArray,
        start: Start | None = None,
        progress: Progress | None = None,
    ) -> list[Solution]:
        """Return fits for several strengths, each starting from the one before it."""
        solutions = []
        for alpha in alphas:
            solution = self._fit(self.penalty.with_alpha(float(alpha)), start)
            solutions.append(solution)
            start = solution.start
            if progress is not None:
                progress.advance(1)
        return solutions

    def alpha_max(self) -> float:
        """Return the smallest strength for which no penalised coefficient leaves 0."""
        problem = self._problem
        z = self._scores_of_free(problem)
        slopes = problem.weigh(problem.derivatives(problem.balanced(z)[0]))
        gradient = problem.gradient(slopes)
        scalar = not self.loss.vector_valued
        return self.penalty.alpha_max(gradient[:, 0] if scalar else gradient)

    @property
    def _problem(self) -> ScoreProblem:
        design, n_outputs = self.design, self.loss.n_outputs(self.y)
        rows = self.y if design.kept is None else self.y[design.kept]
        centred = self.limits.fit_intercept
        return ScoreProblem(design, rows, self.loss, centred, n_outputs)

    @functools.cached_property
    def _solver(self) -> Solver:
        return Solver(self.design, self.y, self.loss, self.limits.fit_intercept)

    def _scores_of_free(self, problem: ScoreProblem) -> FloatArray:
        """Return scores of features that are not penalised, all others left out."""
        z = np.zeros((problem.design.n_rows, problem.n_outputs))
        parts = self.penalty.with_alpha(1.0).separable(problem.design.n_columns)
        free = np.zeros(0) if parts is None else (parts.l1 == 0.0) & (parts.l2 == 0.0)
        if not free.any():
            return z
        bound = tuple(np.where(free, math.inf, 0.0))
        box = BoxConstraint(lower=tuple(-b for b in bound), upper=bound)
        coef = self._fit(box, None).coef
        return z + problem.scores(coef if coef.ndim == 2 else coef[:, np.newaxis])

    def mean_loss(self, model: Solution) -> float:
        """Return the mean loss of a model on these rows."""
        z = self.design.matvec(model.coef) + model.intercept
        return self._problem.value(z[:, np.newaxis])

    def with_intercepts(self, found: Sequence[Solution]) -> list[Solution]:
        """Return least-squares fits of centred rows with their intercepts here."""
        if not self.limits.fit_intercept:
            return list(found)
        design = self.design
        rows = self.y if design.kept is None else self.y[design.kept]
        mean = float(design.per_row(design.share) @ rows)
        return [
            replace(one, intercept=mean - float(design.means @ one.coef))
            for one in found
        ]

    def _fit(self, penalty: Penalty, start: Start | None) -> Solution:
        limits, parts = self.limits, penalty.separable(self.design.n_columns)
        begin = smooth_start(self._problem, parts, limits.tol, limits.max_iter, start)
        return self._solver.solve(penalty, limits.tol, limits.max_iter, begin)


def start_from(coef: Any, shape: tuple[int, ...]) -> Start | None:
    """Return where to start from given coefficients, None where there are none.

    The intercept is found by the solver.

    Raises
    ------
    ValueError
        If the coefficients have another shape.
    """
    if coef is None:
        return None
    given = np.array(coef, dtype=np.float64)
    if given.shape != shape:
        raise ValueError(
            f"coef_init must have shape {shape}, one number a feature; got "
            f"{given.shape}."
        )
    return Start(given, 0.0)
