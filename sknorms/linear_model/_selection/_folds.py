"""How well models on a path predict rows that they were not fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._parallel import run_tasks
from sknorms._progress import Progress, Report
from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms.linear_model._base import Limits, MomentPath, PathTask
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._problem import (
    Moments,
    Solution,
    make_design,
    moments_of,
)
from sknorms.linear_model._selection._measures import LeftOut, Measure

__all__ = ["Candidate", "FoldData", "fold_losses"]

# Moments replace rows where columns are few, and few compared to rows.
_MOST_COLUMNS = 2048
_ROWS_A_COLUMN = 2


@dataclass(frozen=True, eq=False)
class FoldData:
    """What all folds are cut from.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    targets : list of arrays of shape (n_samples,)
        As ``loss.check_target`` returns them; each is fitted by itself.
    labels : array of shape (n_samples,) or (n_samples, n_targets)
        The target as it was given.
    weights : float64 array of shape (n_samples,) or None
        Of the rows in the loss.
    sample_weight : float64 array of shape (n_samples,) or None
        The same without the weights of classes.
    loss : Loss
    limits : Limits
    """

    X: Rows
    targets: list[AnyArray]
    labels: AnyArray
    weights: FloatArray | None
    sample_weight: FloatArray | None
    loss: Loss
    limits: Limits

    @classmethod
    def of(cls, X: Rows, *rest: Any) -> "FoldData":
        """Return data in the format that rows are taken from."""
        return cls(X.tocsr() if sparse.issparse(X) else X, *rest)

    def weights_of(self, rows: IndexArray) -> FloatArray | None:
        """Return the weights of some rows."""
        return None if self.weights is None else self.weights[rows]

    def left_out(self, rows: IndexArray) -> LeftOut:
        """Return the rows that a model is measured on."""
        targets = [target[rows] for target in self.targets]
        given = None if self.sample_weight is None else self.sample_weight[rows]
        return LeftOut(
            self.X[rows], targets, self.labels[rows], self.weights_of(rows), given
        )

    def tasks(self, rows: IndexArray, penalty: Penalty) -> list[PathTask]:
        """Return what is fitted to some rows, one task a target."""
        design = make_design(self.X[rows], self.weights_of(rows))
        return [
            PathTask(design, target[rows], self.loss, penalty, self.limits)
            for target in self.targets
        ]


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
    """Rows to fit, maybe their moments, and rows to predict."""

    train: IndexArray
    test: IndexArray
    moments: Moments | None = None


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
    measure: Measure,
    n_jobs: int | None,
    verbose: Any = 0,
) -> tuple[FloatArray, list[Solution]]:
    """Fit each path without each fold, and measure it on the fold.

    Parameters
    ----------
    data : FoldData
    candidates : sequence of Candidate
        All with the same number of strengths.
    splits : sequence of (train, test)
        Row numbers or masks.
    measure : Measure
    n_jobs : int or None
    verbose : int

    Returns
    -------
    losses : ndarray of shape (n_candidates, n_folds, n_alphas)
        What the measure says of each model on the rows left out.
    failed : list of Solution
        The fits that did not reach their tolerance.
    """
    folds = [_rows_of(data, *split) for split in splits]
    _require_classes(data, folds)
    folds = _prepared(data, folds, n_jobs)
    tasks = [_FoldTask(one, fold) for one in candidates for fold in folds]
    progress = Progress.of(verbose, len(tasks), "paths")
    report = None if progress is None else _EachPath(progress)
    results = run_tasks(_FoldPath(data, measure), tasks, n_jobs, report=report)
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
    measure: Measure

    def __call__(self, task: _FoldTask) -> tuple[FloatArray, list[Solution]]:
        whole = self.data.tasks(task.fold.train, task.candidate.penalty)
        paths = [
            self._by_moments(task, at, one) or one.path(task.candidate.alphas)
            for at, one in enumerate(whole)
        ]
        losses = self.measure(self.data.left_out(task.fold.test), paths)
        return losses, [one for path in paths for one in path if not one.converged]

    def _by_moments(
        self, task: _FoldTask, at: int, whole: PathTask
    ) -> list[Solution] | None:
        """Return the path found by moments, None where they are not good enough."""
        moments = task.fold.moments
        if moments is None:
            return None
        few = MomentPath(whole, moments, at, len(self.data.targets))
        return few.path(task.candidate.alphas)


def _require_classes(data: FoldData, folds: Sequence[_Fold]) -> None:
    """Raise if rows to fit lack a class, where all classes are fitted together."""
    if not data.loss.vector_valued:
        return
    for target in data.targets:
        n_classes = len(np.unique(target))
        if any(len(np.unique(target[fold.train])) < n_classes for fold in folds):
            raise ValueError(
                "cv gives a fold whose training rows lack a class; use folds that "
                "spread the classes (StratifiedKFold), or fewer of them."
            )


def _prepared(data: FoldData, folds: list[_Fold], n_jobs: int | None) -> list[_Fold]:
    """Return folds with moments of their rows, where these pay."""
    n_columns = data.X.shape[1]
    pays = (
        data.loss.quadratic
        and not sparse.issparse(data.X)
        and n_columns <= _MOST_COLUMNS
        and all(len(fold.train) >= _ROWS_A_COLUMN * n_columns for fold in folds)
    )
    if not pays:
        return folds
    targets = np.column_stack(data.targets)
    center = np.zeros(n_columns + targets.shape[1])
    if data.limits.fit_intercept:
        center[:n_columns] = np.average(data.X, axis=0, weights=data.weights)
        center[n_columns:] = np.average(targets, axis=0, weights=data.weights)
    sums = _Sums(data, targets, center)
    whole = sums(np.arange(len(targets)))
    return run_tasks(_FoldMoments(sums, whole), folds, n_jobs)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Moments of rows about one centre."""

    data: FoldData
    targets: FloatArray
    center: FloatArray

    def __call__(self, rows: IndexArray) -> Moments:
        data = self.data
        return moments_of(data.X, self.targets, data.weights, self.center, rows)


@dataclass(frozen=True, eq=False)
class _FoldMoments:
    """Finds the moments of the rows to fit."""

    sums: _Sums
    whole: Moments

    def __call__(self, fold: _Fold) -> _Fold:
        n_rows = len(self.sums.targets)
        counts = np.bincount(fold.test, minlength=n_rows)
        counts += np.bincount(fold.train, minlength=n_rows)
        if (counts == 1).all() and len(fold.test) < len(fold.train):
            moments = self.whole - self.sums(fold.test)
        else:
            moments = self.sums(fold.train)
        return replace(fold, moments=moments)
