"""Columns of a dense table that are gathered little by little, and their products."""

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._problem import Problem

__all__ = ["GrownBlock"]


class GrownBlock:
    """Columns, less their means if there is an intercept, in the order they came.

    Attributes
    ----------
    columns : array of shape (k,)
        Where they are in the table of the problem.
    rows : array of shape (n_rows, k) in F order
    gram : array of shape (k, k)
        Their weighted mean products.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.columns: IndexArray = np.empty(0, dtype=np.intp)
        self.rows = np.empty((problem.design.n_rows, 0), order="F")
        self.gram = np.empty((0, 0))

    def add(self, columns: IndexArray) -> None:
        """Gather further columns, and only their products with each other and all."""
        design, old = self._problem.design, len(self.columns)
        means = design.means[columns] if self._problem.fit_intercept else None
        new = design.take(columns, means).X
        share = design.share
        scaled = new * share[0] if len(share) == 1 else new * share[:, np.newaxis]
        gram = np.empty((old + len(columns),) * 2)
        gram[:old, :old] = self.gram
        gram[old:, old:] = new.T @ scaled
        if old:
            gram[:old, old:] = self.rows.T @ scaled
            gram[old:, :old] = gram[:old, old:].T
        self.gram = gram
        self.rows = np.concatenate([self.rows.T, new.T]).T
        self.columns = np.concatenate([self.columns, columns])

    def times(self, w: FloatArray) -> FloatArray:
        """Return the rows times coefficients, shape (n_rows,)."""
        return np.asarray(self.rows @ w)
