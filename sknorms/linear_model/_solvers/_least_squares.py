"""The outer loop for the squared loss, on compiled kernels."""

from typing import Any

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    DualPoint,
    GrownBlock,
    Known,
    Problem,
    best_of_squares,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._gram_solver import GramSolver
from sknorms.linear_model._solvers._outer_loop import OuterLoop
from sknorms.linear_model._solvers._working_set import discard, next_columns

__all__ = ["LeastSquaresLoop"]

# Products of columns with each other are taken up to so many columns, and so many a
# row: beyond, a column costs less than a row of the products.
_MOST_COLUMNS = 2000
_COLUMNS_A_ROW = 4
_FEW_COLUMNS = 500
# The gap on a working set goes down to this part of the gap of all features while the
# set is still missing some, to that part once it seems to have all, and never far
# below the target.
_WHILE_GROWING = 0.3
_ONCE_GROWN = 0.01
_OF_TARGET = 0.3
# A set seems to have all features that matter once few are new, or such a part of it.
_FEW_NEW = 10
_GROWN = 0.05
# Of few features in use, half as many are added to them; of many, a quarter.
_ADDED_TO_FEW = 0.5
_ADDED_TO_MANY = 0.25
_MANY = 200
# Sparse columns cost little.
_SPARSE_GROWTH = 3.0
# Who asks for such a gap wants what a Newton step gives at once.
_FINE = 1e-10
# More numbers than that are gathered only from tables that are twice as large.
_MOST_NUMBERS = 2**23


class LeastSquaresLoop(OuterLoop):
    """Working sets of least squares; those of dense columns grow and stay.

    The block keeps columns and their products, for this fit and those that follow it.
    """

    def __init__(
        self,
        problem: Problem,
        terms: Terms,
        tol: float,
        budget: Budget,
        block: GrownBlock,
    ) -> None:
        super().__init__(problem, terms, tol, budget)
        self.block = block
        self.warm = False
        self.gradient = np.zeros(0)
        self._last: IndexArray = np.empty(0, dtype=np.intp)

    @staticmethod
    def suits(problem: Problem, terms: Terms) -> bool:
        """Whether a problem can be solved here."""
        quadratic = problem.loss.quadratic and not terms.has_zero_limit
        return quadratic and kernels_available()

    def _scores(self, w: FloatArray, intercept: float) -> tuple[FloatArray, float]:
        known = self.block.known
        # On a path, a fit begins where the one before it ended.
        if known is None or not np.array_equal(known.w, w):
            z, intercept = super()._scores(w, intercept)
            gradient = self.design.rmatvec(self.design.share * (z - self.problem.y))
            self.block.known = known = Known(w.copy(), intercept, z, gradient)
        self.gradient = known.gradient
        return known.z, known.intercept

    def _look(self, w: FloatArray, z: FloatArray) -> tuple[float, DualPoint]:
        u, gradient = z - self.problem.y, self.gradient
        primal = self.problem.value(z) + self.terms.value(w)
        value, scale = best_of_squares(
            self.problem, self.terms, w, u, gradient, self.norms
        )
        if not w.any():
            self.block.origin = gradient
        return primal, DualPoint(value, scale, scale * u, scale * gradient)

    def _improve(
        self,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, float]:
        new = self.block.missing(columns)
        if not self._products_pay(len(self.block.columns) + len(new)):
            # Columns of earlier fits may be in the way.
            self.block.clear()
            new = columns
        if not self._products_pay(len(new)):
            fresh = np.setdiff1d(columns, self._last, assume_unique=True)
            self._last = columns
            target = self._target(len(fresh), len(columns))
            return super()._improve(w, z, intercept, columns, target)
        self.block.add(new)
        columns = self.block.columns
        inner = GramSolver(
            self.block.gram,
            self.terms.take(columns),
            w[columns],
            self.gradient[columns],
            self._origin()[columns],
            2.0 * self.null,
            thorough=not self.warm,
        )
        exact = self.tol * self.null if self.tol <= _FINE else 0.0
        inner.run(self._target(len(new), len(columns)), self.budget, exact)
        new_w = np.zeros(self.design.n_columns)
        new_w[columns] = inner.w
        if self.problem.fit_intercept:
            change = inner.w - w[columns]
            intercept -= float(self.design.means[columns] @ change)
        return new_w, intercept

    def _target(self, new: int, size: int) -> float:
        """Return how small the gap on a working set should be."""
        # A path that goes on has nearly all of them.
        grown = self.warm or new <= max(_FEW_NEW, _GROWN * size)
        gap = self.gaps[-1] * self.null
        part = _ONCE_GROWN if grown else _WHILE_GROWING
        return max(part * gap, _OF_TARGET * self.tol * self.null)

    def _origin(self) -> FloatArray:
        """Return the gradient without coefficients."""
        if self.block.origin is None:
            slopes = self.design.share * self.problem.centred
            self.block.origin = -self.design.rmatvec(slopes)
        return self.block.origin

    def _next(self, w: FloatArray, point: DualPoint, gap: float, *, first: bool) -> Any:
        best, self.warm = self._keep_best(point), not first
        smoothness = self.problem.loss.smoothness
        discard(self.kept, self.terms, best.gradient, self.norms, gap, smoothness)
        return next_columns(
            self.kept,
            self.terms,
            w,
            point.gradient,
            self.norms,
            first=first and len(self.gaps) == 1,
            growth=self._growth(int(np.count_nonzero(w))),
        )

    def _products_pay(self, k: int) -> bool:
        """Whether to work with products of so many columns with each other."""
        n_rows, n_columns = self.design.n_rows, self.design.n_columns
        most = min(_MOST_COLUMNS, max(_COLUMNS_A_ROW * n_rows, _FEW_COLUMNS))
        fits = 2 * k <= n_columns or k * n_rows <= _MOST_NUMBERS
        return self.design.can_centre and k <= most and fits

    def _growth(self, support: int) -> float:
        """Return how many features to work on for each that is in use."""
        if not self.design.can_centre:
            return _SPARSE_GROWTH
        part = _ADDED_TO_MANY * _MANY / max(1, support)
        return 1.0 + min(_ADDED_TO_FEW, max(_ADDED_TO_MANY, part))
