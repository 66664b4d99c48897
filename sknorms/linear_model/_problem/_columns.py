"""The columns a solver works on, and quadratic models of the loss on them."""

import functools
from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._design import Design
from sknorms.linear_model._problem._problem import Problem

__all__ = ["ColumnBlock", "Model", "gather"]

# Bends below this part of the largest are raised to it, lest steps become huge.
_LEAST_BEND = 1e-6
# A curvature below this part of the mean square is rounding.
_FLAT = 1e-13


def gather(problem: Problem, columns: IndexArray) -> "ColumnBlock":
    """Return some columns as a block.

    They are copied, dense ones less their means, unless they are most of a table whose
    columns lie together in memory, and not so far from zero that differences would
    cancel.
    """
    design = problem.design
    most = design.by_column and 2 * len(columns) > design.n_columns
    if most and not (design.can_centre and problem.far_from_zero):
        return ColumnBlock(problem, design, columns, np.zeros(len(columns)))
    means = np.zeros(len(columns))
    if problem.fit_intercept and design.can_centre:
        means = design.means[columns]
    taken = design.take(columns, means if means.any() else None)
    return ColumnBlock(problem, taken, np.arange(len(columns)), means)


@dataclass(frozen=True, eq=False)
class ColumnBlock:
    """Columns in memory order of columns.

    Attributes
    ----------
    problem : Problem
    table : Design
        Holds the columns and maybe others.
    columns : array of shape (k,)
        Where they are in the table.
    means : array of shape (k,)
        What was subtracted from them.
    """

    problem: Problem
    table: Design
    columns: IndexArray
    means: FloatArray

    def matvec(self, change: FloatArray) -> FloatArray:
        """Return the change of scores, shape (n_rows,)."""
        full = np.zeros(self.table.n_columns)
        full[self.columns] = change
        return self.table.matvec(full)

    def rmatvec(self, slopes: FloatArray) -> FloatArray:
        """Return the gradient in the coefficients, shape (k,)."""
        return self.table.rmatvec(slopes)[self.columns]

    @functools.cached_property
    def _constant_model(self) -> "Model":
        return self._model_of(self.problem.design.share)

    def model(self, z: FloatArray) -> "Model":
        """Return the quadratic model of the loss around scores."""
        if self.problem.loss.quadratic:
            return self._constant_model
        bends = self.problem.bends(z)
        least = _LEAST_BEND * float(bends.max())
        if least <= 0.0:
            return self._model_of(self.problem.design.share)
        return self._model_of(np.maximum(bends, least))

    def _model_of(self, d: FloatArray) -> "Model":
        table, columns = self.table, self.columns
        each = table.per_row(d)
        total = float(each.sum())
        squares = table.weighted_squares(d)[columns]
        slopes = np.zeros(len(columns))
        if self.problem.fit_intercept:
            slopes = table.rmatvec(each)[columns]
        curvature = squares - slopes**2 / total
        curvature[curvature <= _FLAT * squares] = 0.0
        return Model(self, d, total, slopes, curvature)


@dataclass(frozen=True, eq=False)
class Model:
    """A quadratic model of the loss on a block, the intercept at its best.

    Attributes
    ----------
    block : ColumnBlock
    d : array of shape (n_rows,) or (1,)
        The curvature in each score.
    total : float
        The sum of d over rows.
    slopes : array of shape (k,)
        X'd, zeros without an intercept.
    curvature : array of shape (k,)
        Of each coefficient.
    """

    block: ColumnBlock
    d: FloatArray
    total: float
    slopes: FloatArray
    curvature: FloatArray

    def times(self, change: FloatArray) -> FloatArray:
        """Return the second derivatives times a change, shape (k,)."""
        if "gram" in self.__dict__:
            return np.asarray(self.gram @ change)
        scores = self.block.matvec(change) + self.shift(change)
        return self.block.rmatvec(self.d * scores)

    def hessian(self, local: IndexArray) -> FloatArray:
        """Return the second derivatives in some coefficients, shape (a, a)."""
        if "gram" in self.__dict__:
            return self.gram[np.ix_(local, local)]
        return self._products(local)

    def with_gram(self) -> "Model":
        """Return itself, with the second derivatives in all coefficients at hand."""
        _ = self.gram
        return self

    def _products(self, local: IndexArray) -> FloatArray:
        products = self.block.table.gram(self.block.columns[local], self.d)
        slopes = self.slopes[local]
        return products - np.outer(slopes, slopes / self.total)

    @functools.cached_property
    def gram(self) -> FloatArray:
        """The second derivatives in all coefficients, shape (k, k)."""
        return self._products(np.arange(len(self.curvature)))

    def shift(self, change: FloatArray) -> float:
        """Return the change of the intercept that goes with a change."""
        return -float(self.slopes @ change) / self.total
