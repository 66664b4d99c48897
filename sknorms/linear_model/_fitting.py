"""One fit or a path of fits of one target, each with its certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._progress import Progress
from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._design import Design
from sknorms.linear_model._loss import Loss
from sknorms.linear_model._parameters import iteration_limit
from sknorms.linear_model._penalty import Penalty
from sknorms.linear_model._problem import Problem
from sknorms.linear_model._solution import Solution, Start
from sknorms.linear_model._solve import solve

__all__ = ["Limits", "PathTask", "start_from"]

# Models that are compared are solved to this part of the tolerance, though not beyond
# what rounding allows everywhere.
_COMPARED = 1e-2
_FINEST = 1e-12


@dataclass(frozen=True)
class Limits:
    """How a fit is to be done.

    Attributes
    ----------
    fit_intercept : bool
    tol : float
        Relative duality gap to reach.
    max_iter : int
    """

    fit_intercept: bool
    tol: float
    max_iter: int

    @classmethod
    def of(cls, fit_intercept: bool, tol: Any, max_iter: Any) -> "Limits":
        """Return limits from checked parameters of an estimator."""
        return cls(bool(fit_intercept), float(tol), iteration_limit(max_iter))

    def for_comparing(self) -> "Limits":
        """Return limits for models that are compared: their gaps must not decide."""
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
        """Return the fit under the penalty as it is."""
        return self._fit(self.penalty, start)

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
        """Return the smallest strength for which no coefficient leaves zero."""
        kept = self.design.kept
        rows = self.y if kept is None else self.y[kept]
        problem = Problem(self.design, rows, self.loss, self.limits.fit_intercept)
        origin = np.zeros(self.design.n_rows)
        slopes = problem.slopes(origin + problem.balance(origin))
        return self.penalty.alpha_max(self.design.rmatvec(slopes))

    def measured(self, start: Start, alpha: float) -> Solution:
        """Return the certificate of coefficients as they are, for one strength."""
        return self._fit(self.penalty.with_alpha(alpha), start, max_iter=0)

    def mean_target(self) -> float:
        """Return the weighted mean of the target."""
        design = self.design
        rows = self.y if design.kept is None else self.y[design.kept]
        return float(design.per_row(design.share) @ rows)

    def _fit(
        self, penalty: Penalty, start: Start | None, max_iter: int | None = None
    ) -> Solution:
        return solve(
            self.design,
            self.y,
            self.loss,
            penalty,
            fit_intercept=self.limits.fit_intercept,
            tol=self.limits.tol,
            max_iter=self.limits.max_iter if max_iter is None else max_iter,
            initial=start,
        )


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
