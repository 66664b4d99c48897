"""The outer loop for losses that are not quadratic."""

import math
from typing import Any

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import DualPoint, Problem, gather
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._newton import NewtonSolver
from sknorms.linear_model._solvers._outer_loop import OuterLoop
from sknorms.linear_model._solvers._working_set import discard, next_columns

__all__ = ["NewtonLoop"]

# The gap on a working set goes down to this part of the gap of all features while the
# set is still missing some, to that part once it seems to have all, and never far
# below the target.
_WHILE_GROWING = 0.3
_ONCE_GROWN = 0.01
_OF_TARGET = 0.3
# A set seems to have all features that matter if the gap of all is not much larger.
_GROWN = 3.0
# Columns with so many numbers a row, taken together, are swept over in less time than
# the loss of all rows takes.
_CHEAP = 10


class NewtonLoop(OuterLoop):
    """Working sets of proximal Newton steps."""

    def __init__(
        self, problem: Problem, terms: Terms, tol: float, budget: Budget
    ) -> None:
        super().__init__(problem, terms, tol, budget)
        self._cheap = int(_CHEAP * self.design.n_rows / self.design.column_size)
        self._gap_within = 0.0

    def _next(self, w: FloatArray, point: DualPoint, gap: float, *, first: bool) -> Any:
        best = self._keep_best(point)
        smoothness = self.problem.loss.smoothness
        discard(self.kept, self.terms, best.gradient, self.norms, gap, smoothness)
        return next_columns(
            self.kept,
            self.terms,
            w,
            point.gradient,
            self.norms,
            first=first and len(self.gaps) == 1,
            cheap=self._cheap,
            scale=point.scale,
        )

    def _improve(
        self,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, float]:
        inner = NewtonSolver(
            gather(self.problem, columns),
            self.terms.take(columns),
            self.norms[columns],
            w[columns],
            z,
            intercept,
        )
        inner.run(self._target(columns), self.budget)
        self._gap_within = inner.gap
        w = np.zeros(self.design.n_columns)
        w[columns] = inner.w
        return w, inner.intercept

    def _target(self, columns: IndexArray) -> float:
        """Return how small the gap on some columns should be."""
        enough = self.tol * self.null
        if len(columns) >= np.count_nonzero(self.kept):
            return enough  # no other features can be missing
        gap = self.gaps[-1] * self.null if self.null > 0.0 else math.inf
        grown = gap <= _GROWN * self._gap_within
        part = _ONCE_GROWN if grown else _WHILE_GROWING
        return max(part * gap, _OF_TARGET * enough)
