"""Columns of a dense table that are gathered little by little, and their products."""

from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._problem import Problem

__all__ = ["GrownBlock", "Known"]


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of a model that was looked at.

    Attributes
    ----------
    w : array of shape (n_columns,)
    intercept : float
    z : array of shape (n_rows,)
        Its scores.
    gradient : array of shape (n_columns,)
        Of the loss.
    """

    w: FloatArray
    intercept: float
    z: FloatArray
    gradient: FloatArray


class GrownBlock:
    """Columns, less their means if there is an intercept, in the order they came.

    Attributes
    ----------
    columns : array of shape (k,)
        Where they are in the table of the problem.
    gram : array of shape (k, k)
        Their weighted mean products.
    origin : array of shape (n_columns,) or None
        The gradient without coefficients, once it is known.
    known : Known or None
        The model that was looked at last.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.origin: FloatArray | None = None
        self.known: Known | None = None
        self.clear()

    def clear(self) -> None:
        """Forget all columns."""
        self._pieces: list[FloatArray] = []
        self._among = np.zeros(self._problem.design.n_columns, dtype=bool)
        self.columns: IndexArray = np.empty(0, dtype=np.intp)
        self.gram = np.empty((0, 0))

    def missing(self, columns: IndexArray) -> IndexArray:
        """Return those of some columns that have not been gathered."""
        return columns[~self._among[columns]]

    def add(self, columns: IndexArray) -> None:
        """Gather further columns, and only their products with each other and all."""
        if not len(columns):
            return
        problem, old = self._problem, len(self.columns)
        means = problem.design.means[columns] if problem.fit_intercept else None
        new = problem.design.take(columns, means).X
        if len(problem.design.share) > 1:
            new *= np.sqrt(problem.design.share)[:, np.newaxis]
        gram = np.empty((old + len(columns),) * 2)
        gram[:old, :old] = self.gram
        # A table times itself is half the work: BLAS sees that it is symmetric.
        gram[old:, old:] = self._mean(new.T @ new)
        if old:
            products = np.concatenate([piece.T @ new for piece in self._pieces])
            gram[:old, old:] = self._mean(products)
            gram[old:, :old] = gram[:old, old:].T
        self.gram = gram
        self._pieces.append(new)
        self._among[columns] = True
        self.columns = np.concatenate([self.columns, columns])

    def _mean(self, products: FloatArray) -> FloatArray:
        """Return products as means, where weights are not among the rows."""
        share = self._problem.design.share
        if len(share) == 1:
            products *= share[0]
        return products
