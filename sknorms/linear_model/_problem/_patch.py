r"""Some coefficients of a problem, and quadratic models of its loss in them.

A model with several scores has the second derivative

.. math:: H_{(j,k),(j',k')} = \sum_i s_i x_{ij} x_{ij'} p_{ik} (\delta_{kk'} - p_{ik'})

in its coefficients, less what the free intercepts take away (their Schur complement).
"""

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._class_products import ClassProducts
from sknorms.linear_model._problem._known_products import KnownProducts
from sknorms.linear_model._problem._score_problem import ScoreProblem

__all__ = ["Patch", "ScoreModel"]

# Bends below this part of the largest are raised to it, lest steps become huge.
_LEAST_BEND = 1e-6
# Elements of a table that are laid out at a time.
_PIECE = 2**20


@dataclass(frozen=True, eq=False)
class Patch:
    """Some coefficients of a problem, and the columns they need.

    Attributes
    ----------
    problem : ScoreProblem
    table : ndarray or CSC of shape (n_rows, f)
        The columns, and maybe others; copies of dense ones are less their means where
        there is an intercept.
    means : array of shape (f,)
        What was subtracted from them.
    features : array of shape (m,)
        For each coefficient, its column in the table.
    outputs : array of shape (m,)
        For each coefficient, its score.
    coordinates : array of shape (m,)
        Its place in flat (p, K).
    known : KnownProducts or None
        Second derivatives of an earlier patch, if the loss is quadratic.
    """

    problem: ScoreProblem
    table: Any
    means: FloatArray
    features: IndexArray
    outputs: IndexArray
    coordinates: IndexArray
    known: KnownProducts | None = None

    @classmethod
    def of(
        cls,
        problem: ScoreProblem,
        coordinates: IndexArray,
        known: KnownProducts | None = None,
    ) -> "Patch":
        """Gather the columns of coefficients, given by their places in flat (p, K)."""
        design = problem.design
        features, outputs = np.divmod(coordinates, problem.n_outputs)
        if problem.n_outputs == 1:
            columns, local = features, np.arange(len(features))
            whole = np.array_equal(features, np.arange(design.n_columns))
        else:
            columns, local = np.unique(features, return_inverse=True)
            whole = 2 * len(columns) > design.n_columns
        if whole and design.X.dtype == np.float64 and not problem.far_from_zero:
            none = np.zeros(design.n_columns)
            parts = features, outputs, coordinates, known
            return cls(problem, design.X, none, *parts)
        means = np.zeros(len(columns))
        if problem.fit_intercept and design.can_centre:
            means = design.means[columns]
        table = design.take(columns, means if means.any() else None).X
        return cls(problem, table, means, local, outputs, coordinates, known)

    @property
    def products(self) -> KnownProducts | None:
        """Its second derivatives in all coefficients, if known and always the same."""
        if not self.problem.loss.quadratic:
            return None
        gram = self._constant_model.__dict__.get("gram")
        return None if gram is None else KnownProducts(self.coordinates, gram)

    def matvec(self, change: FloatArray) -> FloatArray:
        """Return the change of scores, shape (n_rows, K)."""
        return np.asarray(self.table @ self.spread(change))

    def rmatvec(self, slopes: FloatArray) -> FloatArray:
        """Return the gradient in the coefficients, shape (m,)."""
        return np.asarray(self.table.T @ slopes)[self.features, self.outputs]

    def spread(self, change: FloatArray) -> FloatArray:
        """Return coefficients as a table, one row a column, zero where none is."""
        full = np.zeros((self.table.shape[1], self.problem.n_outputs))
        full[self.features, self.outputs] = change
        return full

    @functools.cached_property
    def by_row(self) -> Any:
        """The table in an order of which rows can be cut out."""
        return self.table.tocsr() if sparse.issparse(self.table) else self.table

    @functools.cached_property
    def by_coefficient(self) -> Any:
        """One column a coefficient: an array in F order, or CSC."""
        whole = np.array_equal(self.features, np.arange(self.table.shape[1]))
        if sparse.issparse(self.table):
            columns = self.table.tocsc()
            return columns if whole else columns[:, self.features]
        return np.asfortranarray(self.table if whole else self.table[:, self.features])

    @functools.cached_property
    def _constant_model(self) -> "ScoreModel":
        return ScoreModel(self, self.problem.share[:, np.newaxis], None)

    def model(self, z: FloatArray) -> "ScoreModel":
        """Return the quadratic model of the loss around scores."""
        problem = self.problem
        if problem.loss.quadratic:
            return self._constant_model
        if problem.loss.vector_valued:
            p = problem.probabilities(z)
            return ScoreModel(self, problem.weigh(p), p)
        bends = problem.share * problem.loss.curvature(z[:, 0], problem.y)
        least = _LEAST_BEND * float(bends.max())
        bends = np.maximum(bends, least) if least > 0.0 else problem.share
        return ScoreModel(self, bends[:, np.newaxis], None)


@dataclass(frozen=True, eq=False)
class ScoreModel:
    """A quadratic model of the loss in some coefficients, the intercepts at their best.

    Attributes
    ----------
    patch : Patch
    bends : array of shape (n_rows, K)
        The curvature in each score: s p for several scores.
    probabilities : array of shape (n_rows, K) or None
        The p, for several scores.
    """

    patch: Patch
    bends: FloatArray
    probabilities: FloatArray | None

    @property
    def total(self) -> float:
        """The curvature in the intercept of a single score, inf without one."""
        return float(self.bends.sum()) if self.patch.problem.fit_intercept else math.inf

    def turn(self, scores: FloatArray) -> FloatArray:
        """Return the second derivative in the scores times a change of them."""
        product = self.bends * scores
        if self.probabilities is not None:
            product -= self.bends * (self.probabilities * scores).sum(
                axis=1, keepdims=True
            )
        return product

    @functools.cached_property
    def coupling(self) -> FloatArray:
        """Second derivatives in a coefficient and an intercept, shape (m, K)."""
        patch, k = self.patch, self.bends.shape[1]
        if not patch.problem.fit_intercept:
            return np.zeros((len(patch.features), k))
        units = [self.turn(np.broadcast_to(e, self.bends.shape)) for e in np.eye(k)]
        return np.stack([patch.rmatvec(unit) for unit in units], axis=1)

    @functools.cached_property
    def follow(self) -> FloatArray:
        """What the intercepts change by is ``follow @ change``, shape (K, m)."""
        if not self.patch.problem.fit_intercept:
            return np.zeros_like(self.coupling.T)
        bends = np.diag(self.bends.sum(axis=0))
        if self.probabilities is not None:
            bends -= self.bends.T @ self.probabilities
        # The bends are singular for several scores: only K - 1 intercepts matter.
        values, vectors = np.linalg.eigh(bends)
        kept = values > 1e-13 * max(float(values.max()), math.ulp(0.0))
        inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        return np.asarray(-inverse @ self.coupling.T)

    def slopes(self, change: FloatArray) -> FloatArray:
        """Return by how much the slopes of the scores change, shape (n_rows, K)."""
        return self.turn(self.patch.matvec(change) + self.follow @ change)

    def apply(self, change: FloatArray) -> FloatArray:
        """Return by how much the gradient changes, shape (m,)."""
        gram = self.__dict__.get("gram")
        if gram is not None:
            product: FloatArray = gram @ change
            return product
        return self.patch.rmatvec(self.slopes(change))

    @functools.cached_property
    def curvature(self) -> FloatArray:
        """The second derivative in each coefficient, shape (m,)."""
        if "gram" in self.__dict__:
            return np.diagonal(self.gram).copy()
        patch, bends = self.patch, self.bends
        if self.probabilities is not None:
            bends = bends * (1.0 - self.probabilities)
        squared = (
            patch.table.multiply(patch.table)
            if sparse.issparse(patch.table)
            else patch.table**2
        )
        squares = np.asarray(squared.T @ bends)[patch.features, patch.outputs]
        squares = squares + (self.coupling * self.follow.T).sum(axis=1)
        return np.asarray(np.maximum(squares, 0.0))

    @functools.cached_property
    def gram(self) -> FloatArray:
        """The second derivatives in all coefficients, shape (m, m)."""
        everything, known = np.arange(len(self.patch.features)), self.patch.known
        if known is not None:
            found, places = known.find(self.patch.coordinates)
            if 2 * len(found) > len(everything):
                return self._completed(found, known.gram[np.ix_(places, places)])
        return self._products(everything)

    def _completed(self, found: IndexArray, gram: FloatArray) -> FloatArray:
        """Return all second derivatives, given those in some pairs."""
        m = len(self.patch.features)
        total = np.empty((m, m))
        total[np.ix_(found, found)] = gram
        new = np.setdiff1d(np.arange(m), found, assume_unique=True)
        if len(new):
            table = self.patch.by_coefficient
            rows = table[:, new].T.toarray() if sparse.issparse(table) else table.T[new]
            if self._is_uniform:
                across = (table.T @ rows.T) * self.bends[0, 0]
            else:
                across = table.T @ (rows * self.bends[:, 0]).T
            across += self.coupling @ self.follow[:, new]
            total[:, new] = across
            total[new] = across.T
        return total

    def hessian(self, local: IndexArray) -> FloatArray:
        """Return the second derivatives in some coefficients, shape (a, a)."""
        gram = self.__dict__.get("gram")
        return self._products(local) if gram is None else gram[np.ix_(local, local)]

    def _products(self, local: IndexArray) -> FloatArray:
        """Return a matrix of products, less what the intercepts take away."""
        patch = self.patch
        if self.probabilities is None:
            hessian = self._products_of_columns(local)
            return hessian + self.coupling[local] @ self.follow[:, local]
        roots = np.sqrt(patch.problem.share)[:, np.newaxis]
        products = ClassProducts(patch.by_row, roots, self.probabilities)
        hessian, coupling = products.of(patch.features[local], patch.outputs[local])
        if not patch.problem.fit_intercept:
            return hessian
        if len(local) == len(patch.features):
            self.__dict__.setdefault("coupling", coupling)
        return hessian + coupling @ self.follow[:, local]

    def _products_of_columns(self, local: IndexArray) -> FloatArray:
        """Return the products of columns for a single score."""
        table, m = self.patch.by_coefficient, len(local)
        # Columns lie together in memory: as rows of the transpose they are cut out.
        rows = table.T.tocsr() if sparse.issparse(table) else table.T
        rows = rows if m == table.shape[1] else rows[local]
        if sparse.issparse(rows):
            rows.data = rows.data * np.sqrt(self.bends[rows.indices, 0])
            return np.asarray((rows @ rows.T).toarray())
        # A table times itself is half the work: BLAS sees that it is symmetric.
        if self._is_uniform:
            return np.asarray((rows @ rows.T) * self.bends[0, 0])
        total, roots = np.zeros((m, m)), np.sqrt(self.bends[:, 0])
        for part in row_slices(len(roots), max(1, _PIECE // max(1, m))):
            rooted = rows[:, part] * roots[part]
            total += rooted @ rooted.T
        return total

    @property
    def _is_uniform(self) -> bool:
        problem = self.patch.problem
        return problem.loss.quadratic and len(problem.design.share) == 1
