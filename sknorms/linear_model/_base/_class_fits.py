"""Fits of classes: one of signs for two, one of all together, or one a class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._parallel import run_tasks
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._base._fitting import Limits, PathTask
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._problem import Design, Solution, Start

__all__ = [
    "ClassFits",
    "class_targets",
    "stacked_coef",
    "stacked_intercept",
    "starts_from",
]


@dataclass(frozen=True, eq=False)
class ClassFits:
    """Labels to be fitted; one fit covers one score, or all of them.

    Attributes
    ----------
    design : Design
    codes : intp array of shape (n_samples,)
        Class numbers.
    n_classes : int
    loss : Loss
        Of one score, or of a vector of them.
    penalty : Penalty
    limits : Limits
    """

    design: Design
    codes: IndexArray
    n_classes: int
    loss: Loss
    penalty: Penalty
    limits: Limits

    def fit(
        self, starts: Sequence[Start | None] | None, n_jobs: int | None
    ) -> list[Solution]:
        """Return one solution a task, made in parallel."""
        tasks = [
            PathTask(self.design, target, self.loss, self.penalty, self.limits)
            for target in class_targets(self.codes, self.n_classes, self.loss)
        ]
        begin = starts or [None] * len(tasks)
        return run_tasks(_fitted, list(zip(tasks, begin, strict=True)), n_jobs)


def class_targets(codes: IndexArray, n_classes: int, loss: Loss) -> list[Any]:
    """Return what is fitted, one array a fit."""
    if loss.vector_valued:
        return [codes]
    if n_classes == 2:
        return [_signs(codes, 1)]
    return [_signs(codes, k) for k in range(n_classes)]


def _signs(codes: IndexArray, positive: int) -> FloatArray:
    """Return +1 for one class and -1 for all others."""
    return np.where(codes == positive, 1.0, -1.0)


def _fitted(job: tuple[PathTask, Start | None]) -> Solution:
    task, start = job
    return task.handed_out(_identified(task, task.solve(start)), task.penalty)


def _identified(task: PathTask, solution: Solution) -> Solution:
    """Return the solution itself, or the one of equal scores that adds up to 0.

    Without a penalty, what is added to the coefficients of all classes changes nothing.
    """
    parts = task.penalty.separable(task.design.n_columns)
    if not task.loss.vector_valued or parts is None:
        return solution
    if parts.l1.any() or parts.l2.any() or parts.bounded:
        return solution
    mean = solution.coef.mean(axis=1, keepdims=True)
    return replace(solution, coef=solution.coef - mean)


def stacked_coef(solutions: Sequence[Solution], dtype: Any) -> FloatArray:
    """Return coefficients of shape (n_scores, n_features)."""
    parts = [np.atleast_2d(one.coef.T) for one in solutions]
    return np.ascontiguousarray(np.concatenate(parts), dtype=dtype)


def stacked_intercept(solutions: Sequence[Solution], dtype: Any) -> FloatArray:
    """Return intercepts of shape (n_scores,)."""
    parts = [np.atleast_1d(one.intercept) for one in solutions]
    return np.concatenate(parts).astype(dtype)


def starts_from(
    coef: Any, intercept: Any, fits: ClassFits
) -> list[Start | None] | None:
    """Return where fits begin, given fitted attributes; None if they do not match."""
    n_scores = 1 if fits.n_classes == 2 else fits.n_classes
    shape = (n_scores, fits.design.n_columns)
    if coef is None or coef.shape != shape:
        return None
    rows = np.asarray(coef, dtype=np.float64)
    shifts = np.asarray(intercept, dtype=np.float64)
    if fits.loss.vector_valued:
        together: Any = shifts
        return [Start(np.ascontiguousarray(rows.T), together)]
    return [Start(row.copy(), float(b)) for row, b in zip(rows, shifts, strict=True)]
