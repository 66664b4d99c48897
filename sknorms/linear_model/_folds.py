"""How well models on a path predict rows that they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._parallel import run_tasks
from sknorms._progress import Progress, Report
from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms.linear_model._design import Design, make_design
from sknorms.linear_model._fitting import Limits, PathTask
from sknorms.linear_model._loss import Loss
from sknorms.linear_model._moments import Moments, Reduced, moments_of, reduced
from sknorms.linear_model._penalty import Penalty
from sknorms.linear_model._solution import Solution

__all__ = ["Candidate", "FoldData", "fold_losses"]

# Moments replace rows where columns are few, and few compared to rows.
_MOST_COLUMNS = 2048
_ROWS_A_COLUMN = 2
# Scores of rows that are held at a time.
_SCORES = 2**22
# How much larger than asked for a gap may be that was reached by moments.
_SLACK = 2.0


@dataclass(frozen=True, eq=False)
class FoldData:
    """What all folds are cut from.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : array of shape (n_samples,)
        As ``loss.check_target`` returns it.
    weights : float64 array of shape (n_samples,) or None
    loss : Loss
    limits : Limits
    """

    X: Rows
    y: AnyArray
    weights: FloatArray | None
    loss: Loss
    limits: Limits

    @classmethod
    def of(
        cls,
        X: Rows,
        y: AnyArray,
        weights: FloatArray | None,
        loss: Loss,
        limits: Limits,
    ) -> "FoldData":
        """Return data in the format that rows are taken from."""
        return cls(X.tocsr() if sparse.issparse(X) else X, y, weights, loss, limits)

    def weights_of(self, rows: IndexArray) -> FloatArray | None:
        """Return the weights of some rows."""
        return None if self.weights is None else self.weights[rows]

    def design(self, rows: IndexArray) -> Design:
        """Return the features of some rows."""
        return make_design(self.X[rows], self.weights_of(rows))


@dataclass(frozen=True, eq=False)
class Candidate:
    """A penalty and the strengths to try it with.

    Attributes
    ----------
    penalty : Penalty
    alphas : float64 array of shape (n_alphas,)
    """

    penalty: Penalty
    alphas: FloatArray


@dataclass(frozen=True, eq=False)
class _Fold:
    """Rows to fit and rows to predict; few rows may stand for the former."""

    train: IndexArray
    test: IndexArray
    reduced: Reduced | None = None


@dataclass(frozen=True, eq=False)
class _FoldTask:
    candidate: Candidate
    fold: _Fold


@dataclass(frozen=True)
class _EachPath(Report[_FoldTask]):
    """Every path is worth the same."""

    def amount(self, task: _FoldTask) -> float:
        """Return what a path is worth."""
        return 1.0


def fold_losses(
    data: FoldData,
    candidates: Sequence[Candidate],
    splits: Sequence[tuple[Any, Any]],
    n_jobs: int | None,
    verbose: Any = 0,
) -> tuple[FloatArray, list[Solution]]:
    """Fit each path without each fold, and predict the fold.

    Parameters
    ----------
    data : FoldData
    candidates : sequence of Candidate
        All with the same number of strengths.
    splits : sequence of (train, test)
        Row numbers or masks.
    n_jobs : int or None
    verbose : int

    Returns
    -------
    losses : ndarray of shape (n_candidates, n_folds, n_alphas)
        Weighted means of the loss on the rows left out.
    failed : list of Solution
        The fits that did not reach their tolerance.
    """
    folds = _prepared(data, [_rows_of(data, *split) for split in splits], n_jobs)
    tasks = [_FoldTask(one, fold) for one in candidates for fold in folds]
    progress = Progress.of(verbose, len(tasks), "paths")
    report = None if progress is None else _EachPath(progress)
    results = run_tasks(_FoldPath(data), tasks, n_jobs, report=report)
    losses = np.array([losses for losses, _ in results])
    failed = [one for _, solutions in results for one in solutions]
    return losses.reshape(len(candidates), len(folds), -1), failed


def _rows_of(data: FoldData, train: Any, test: Any) -> _Fold:
    numbers = np.arange(data.X.shape[0])
    fold = _Fold(numbers[np.asarray(train)], numbers[np.asarray(test)])
    for name, rows in (("train", fold.train), ("test", fold.test)):
        weights = data.weights_of(rows)
        if not rows.size or (weights is not None and not weights.any()):
            raise ValueError(
                f"cv gives a fold whose {name} rows are none, or all have a "
                "sample_weight of zero; use fewer folds, or folds that spread the "
                "weights."
            )
    return fold


@dataclass(frozen=True, eq=False)
class _FoldPath:
    """Fits a path to the rows of a fold, and measures it on the others."""

    data: FoldData

    def __call__(self, task: _FoldTask) -> tuple[FloatArray, list[Solution]]:
        solutions = self._by_moments(task) or self._by_rows(task)
        losses = _mean_losses(self.data, task.fold.test, solutions)
        return losses, [one for one in solutions if not one.converged]

    def _by_rows(self, task: _FoldTask) -> list[Solution]:
        return self._path_task(task).path(task.candidate.alphas)

    def _path_task(self, task: _FoldTask) -> PathTask:
        data, train = self.data, task.fold.train
        return PathTask(
            data.design(train),
            data.y[train],
            data.loss,
            task.candidate.penalty,
            data.limits,
        )

    def _by_moments(self, task: _FoldTask) -> list[Solution] | None:
        """Return the path found with few rows, None where it is not good enough."""
        few = task.fold.reduced
        if few is None or few.share <= 0.0:
            return None
        limits = self.data.limits
        # The gap is relative to the mean square of the target, part of which is gone.
        adjusted = replace(limits, fit_intercept=False, tol=limits.tol / few.share)
        found = PathTask(
            make_design(few.rows),
            few.target,
            self.data.loss,
            task.candidate.penalty,
            adjusted,
        ).path(task.candidate.alphas)
        return self._checked_on_rows(task, found)

    def _checked_on_rows(
        self, task: _FoldTask, found: list[Solution]
    ) -> list[Solution] | None:
        """Return models with their intercepts, if the hardest one holds on all rows."""
        whole = self._path_task(task)
        last = whole.measured(found[-1].start, float(task.candidate.alphas[-1]))
        if found[-1].converged and last.relative_gap > _SLACK * whole.limits.tol:
            return None
        if not whole.limits.fit_intercept:
            return found
        target, means = whole.mean_target(), whole.design.means
        return [
            replace(one, intercept=target - float(means @ one.coef)) for one in found
        ]


def _prepared(data: FoldData, folds: list[_Fold], n_jobs: int | None) -> list[_Fold]:
    """Return folds with few rows that stand for many, where that pays."""
    n_columns = data.X.shape[1]
    pays = (
        data.loss.quadratic
        and not sparse.issparse(data.X)
        and n_columns <= _MOST_COLUMNS
        and all(len(fold.train) >= _ROWS_A_COLUMN * n_columns for fold in folds)
    )
    if not pays:
        return folds
    center = np.zeros(n_columns + 1)
    if data.limits.fit_intercept:
        center[:-1] = np.average(data.X, axis=0, weights=data.weights)
        center[-1] = np.average(data.y, weights=data.weights)
    whole = moments_of(data.X, data.y, data.weights, center)
    return run_tasks(_FoldMoments(data, center, whole), folds, n_jobs)


@dataclass(frozen=True, eq=False)
class _FoldMoments:
    """Finds the few rows of a fold."""

    data: FoldData
    center: FloatArray
    whole: Moments

    def __call__(self, fold: _Fold) -> _Fold:
        moments = self._of_training_rows(fold)
        few = reduced(moments, self.data.limits.fit_intercept)
        return replace(fold, reduced=few)

    def _of_training_rows(self, fold: _Fold) -> Moments:
        counts = np.bincount(fold.test, minlength=len(self.data.y))
        counts += np.bincount(fold.train, minlength=len(self.data.y))
        if (counts == 1).all() and len(fold.test) < len(fold.train):
            return self.whole - self._of(fold.test)
        return self._of(fold.train)

    def _of(self, rows: IndexArray) -> Moments:
        data = self.data
        return moments_of(data.X, data.y, data.weights, self.center, rows)


def _mean_losses(
    data: FoldData, rows: IndexArray, solutions: Sequence[Solution]
) -> FloatArray:
    """Return the mean loss of each model on some rows, a few models at a time."""
    X, y, weights = data.X[rows], data.y[rows], data.weights_of(rows)
    width = int(np.size(solutions[0].intercept))
    step = max(1, _SCORES // max(1, len(rows) * width))
    losses = []
    for part in row_slices(len(solutions), step):
        some = solutions[part]
        coef = np.concatenate([_as_columns(one.coef) for one in some], axis=1)
        scores = np.asarray(X @ coef)
        for at, one in enumerate(some):
            z = scores[:, at * width : (at + 1) * width] + one.intercept
            z = z if data.loss.vector_valued else z[:, 0]
            each = data.loss.value(np.ascontiguousarray(z), y)
            losses.append(np.average(each, weights=weights))
    return np.array(losses)


def _as_columns(coef: FloatArray) -> FloatArray:
    return coef[:, np.newaxis] if coef.ndim == 1 else coef
