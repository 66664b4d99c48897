"""Which strength and mixture of a penalty predicts best."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._base import PathTask
from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._problem import Design, Solution
from sknorms.linear_model._selection._alpha_grid import alpha_grid, descending
from sknorms.linear_model._selection._folds import Candidate, FoldData, fold_losses
from sknorms.linear_model._selection._measures import Measure

__all__ = ["Found", "Search"]


@dataclass(frozen=True, eq=False)
class Found:
    """What a search has found.

    Attributes
    ----------
    best : int
        The number of the best penalty.
    alpha : float
        Its best strength.
    alphas : ndarray of shape (n_alphas,) or (n_penalties, n_alphas)
        All strengths; one row where all penalties had the same.
    losses : ndarray of shape (n_penalties, n_alphas, n_folds)
        Without axes of length one.
    solutions : list of Solution
        The fits of all rows, one a target.
    failed : list of Solution
        The fits that have not reached their tolerance, those to folds included.
    """

    best: int
    alpha: Any
    alphas: FloatArray
    losses: FloatArray
    solutions: list[Solution]
    failed: list[Solution]


@dataclass(frozen=True, eq=False)
class Search:
    """What is to be tried, on which rows.

    Attributes
    ----------
    data : FoldData
    design : Design
        All rows.
    penalties : list of Penalty
    alphas : int or list of float
        A number of strengths, or which ones.
    eps : float
        The smallest strength as a part of the largest, where a number is given.
    """

    data: FoldData
    design: Design
    penalties: list[Penalty]
    alphas: int | list[float]
    eps: float

    def run(
        self, splits: Sequence[Any], measure: Measure, n_jobs: int | None, verbose: Any
    ) -> Found:
        """Compare all penalties and strengths on all folds; fit all rows to the best.

        Of equal ones the first penalty counts and, on its path, the larger strength.
        """
        grids = [self._grid(penalty) for penalty in self.penalties]
        candidates = [
            Candidate(penalty, grid)
            for penalty, grid in zip(self.penalties, grids, strict=True)
        ]
        losses, failed = fold_losses(
            self.data, candidates, splits, measure, n_jobs, verbose
        )
        means = losses.mean(axis=1)
        best, at = np.unravel_index(int(np.argmin(means)), means.shape)
        alpha = grids[best][at]
        solutions = [one.fit_at(alpha) for one in self._tasks(self.penalties[best])]
        shared = len(grids) == 1 or not isinstance(self.alphas, int)
        return Found(
            best=int(best),
            alpha=alpha,
            alphas=grids[0] if shared else np.array(grids),
            losses=np.squeeze(np.moveaxis(losses, 2, 1)),
            solutions=solutions,
            failed=failed + [one for one in solutions if not one.converged],
        )

    def _grid(self, penalty: Penalty) -> FloatArray:
        if isinstance(self.alphas, int):
            largest = max(task.alpha_max() for task in self._tasks(penalty))
            return alpha_grid(largest, self.eps, self.alphas)
        return descending(self.alphas)

    def _tasks(self, penalty: Penalty) -> list[PathTask]:
        data = self.data
        return [
            PathTask(self.design, target, data.loss, penalty, data.limits)
            for target in data.targets
        ]
