"""The outer loop for the squared loss, on compiled kernels."""

import functools

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import (
    DualPoint,
    GrownBlock,
    Problem,
    best_multiple,
)
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._gram_solver import GramSolver
from sknorms.linear_model._solvers._outer_loop import OuterLoop

__all__ = ["LeastSquaresLoop"]

# Rounding of a product with a column, relative to the norms of its factors.
_ROUNDING = 2.0**-46
# Products of columns with each other are taken up to so many columns, and so many a
# row: beyond, a column costs less than a row of the products.
_MOST_COLUMNS = 2000
_COLUMNS_A_ROW = 1.5
_FEW_COLUMNS = 150
# Who asks for such a gap wants what a Newton step gives at once.
_FINE = 1e-10
# More numbers than that are gathered only from tables that are twice as large.
_MOST_NUMBERS = 2**23


class LeastSquaresLoop(OuterLoop):
    """Working sets of least squares; those of dense columns grow and stay."""

    def __init__(
        self, problem: Problem, terms: Terms, tol: float, budget: Budget
    ) -> None:
        super().__init__(problem, terms, tol, budget)
        self.block = GrownBlock(problem)
        self.noise = _ROUNDING * self.norms
        self.gradient = np.zeros(0)

    @staticmethod
    def suits(problem: Problem, terms: Terms) -> bool:
        """Whether a problem can be solved here."""
        quadratic = problem.loss.quadratic and not terms.has_zero_limit
        return quadratic and kernels_available()

    @functools.cached_property
    def centred(self) -> FloatArray:
        """The targets, less their mean if there is an intercept."""
        return self.problem.y - self.problem.null_scores

    def _look(self, w: FloatArray, z: FloatArray) -> tuple[float, DualPoint]:
        u = z - self.problem.y
        slopes = self.design.share * u
        gradient = self.design.rmatvec(slopes)
        mean = self.problem.mean_product
        uu, uy = mean(u, u), mean(u, self.centred)
        primal = 0.5 * uu + self.terms.value(w)
        size = self.problem.size + float(self.norms @ np.abs(w))
        value, scale = best_multiple(
            gradient, w, self.terms.table, self.noise, size, uu, uy
        )
        self.gradient = gradient
        return primal, DualPoint(value, scale, scale * u, scale * gradient)

    def _improve(
        self,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
        columns: IndexArray,
        target: float,
    ) -> tuple[FloatArray, float]:
        new = columns[~np.isin(columns, self.block.columns)]
        if not self._products_pay(len(self.block.columns) + len(new)):
            return super()._improve(w, z, intercept, columns, target)
        self.block.add(new)
        columns = self.block.columns
        start, terms = w[columns], self.terms.take(columns)
        gradient, square = self.gradient[columns], 2.0 * self.null
        inner = GramSolver(self.block.gram, terms, start.copy(), gradient, square)
        exact = self.tol * self.null if self.tol <= _FINE else 0.0
        inner.run(target, self.budget, exact)
        w = np.zeros(self.design.n_columns)
        w[columns] = inner.w
        if self.problem.fit_intercept:
            intercept -= float(self.design.means[columns] @ (inner.w - start))
        return w, intercept

    def _products_pay(self, k: int) -> bool:
        """Whether to work with products of so many columns with each other."""
        n_rows, n_columns = self.design.n_rows, self.design.n_columns
        most = min(_MOST_COLUMNS, max(_COLUMNS_A_ROW * n_rows, _FEW_COLUMNS))
        fits = 2 * k <= n_columns or k * n_rows <= _MOST_NUMBERS
        return self.design.can_centre and k <= most and fits
