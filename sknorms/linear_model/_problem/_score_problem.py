r"""The mean loss of scores of any shape, and its quadratic models on some coefficients.

Scores are tables of shape (n_rows, K), with K = 1 for losses of one score. A model with
several scores has the second derivative

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
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._problem._design import Design
from sknorms.linear_model._problem._problem import Problem

__all__ = ["Patch", "ScoreModel", "ScoreProblem"]

# Bends below this part of the largest are raised to it, lest steps become huge.
_LEAST_BEND = 1e-6
# Newton steps of intercepts, and when the sums of slopes are as good as zero.
_STEPS = 50
_BALANCED = 2.0**-47
# Elements of a table that are laid out at a time.
_PIECE = 2**20


@dataclass(frozen=True, eq=False)
class ScoreProblem:
    """A loss of scores against targets, on the rows of a design.

    Attributes
    ----------
    design : Design
    y : array of shape (n_rows,)
        Targets of the rows that have a weight, as ``loss.check_target`` returns them.
    loss : Loss
    fit_intercept : bool
    n_outputs : int
        Scores of one row, K.
    """

    design: Design
    y: AnyArray
    loss: Loss
    fit_intercept: bool
    n_outputs: int

    @functools.cached_property
    def share(self) -> FloatArray:
        """The weights of the rows, divided by their sum."""
        return self.design.per_row(self.design.share)

    def value(self, z: FloatArray) -> float:
        """Return the mean loss."""
        return float(self.share @ self.loss.value(self._to_loss(z), self.y))

    def derivatives(self, z: FloatArray) -> FloatArray:
        """Return the derivatives of the loss, shape (n_rows, K), without weights."""
        slopes = self.loss.gradient(self._to_loss(z), self.y)
        return np.reshape(slopes, z.shape)

    def weigh(self, u: FloatArray) -> FloatArray:
        """Return numbers of rows times the shares of the rows."""
        return self.share[:, np.newaxis] * u

    def conjugate(self, u: FloatArray) -> float:
        """Return the mean conjugate of derivatives of the loss."""
        return float(self.share @ self.loss.conjugate(self._to_loss(u), self.y))

    def dual_scale(self, u: FloatArray, limit: float) -> float:
        """Return a good factor, at most ``limit``, of a dual point."""
        if self.loss.vector_valued:
            return min(1.0, limit)
        return self.loss.dual_scale(u[:, 0], self.y, self.share, limit)

    def scores(self, w: FloatArray) -> FloatArray:
        """Return X w for coefficients of shape (p, K)."""
        support = np.flatnonzero(w.any(axis=1))
        if not self.loss.vector_valued:
            return self.design.matvec(w[:, 0])[:, np.newaxis]
        table = self.design.X
        if table.dtype == np.float64 and 2 * len(support) > len(w):
            return np.asarray(table @ w)
        total = np.zeros((self.design.n_rows, self.n_outputs))
        for part in row_slices(len(support), max(1, _PIECE // len(total))):
            columns = support[part]
            total += table[:, columns].astype(np.float64, copy=False) @ w[columns]
        return total

    def gradient(self, slopes: FloatArray) -> FloatArray:
        """Return X' slopes, shape (p, K)."""
        if self.design.X.dtype == np.float64:
            return np.asarray(self.design.X.T @ slopes)
        columns = [self.design.rmatvec(np.ascontiguousarray(s)) for s in slopes.T]
        return np.stack(columns, axis=1)

    def norms(self) -> FloatArray:
        """Return root mean squares of the columns, centred with an intercept."""
        design = self.design
        squares = design.variances() if self.fit_intercept else design.squares
        return np.sqrt(squares)

    def balance(self, z: FloatArray) -> FloatArray:
        """Return the shift of the scores that is best, 0 without an intercept."""
        if not self.fit_intercept:
            return np.zeros(self.n_outputs)
        if not self.loss.vector_valued:
            scalar = Problem(self.design, self.y, self.loss, True)
            return np.array([scalar.balance(z[:, 0])])
        return self._balance_all(z)

    def _balance_all(self, z: FloatArray) -> FloatArray:
        """Newton's method on K intercepts, steps shortened until their sums fall."""
        k = self.n_outputs
        wanted = np.bincount(self.y, weights=self.share, minlength=k)
        shift, p = np.zeros(k), self.loss.predict(z)
        total = self.share @ p - wanted
        for _ in range(_STEPS):
            size = float(np.abs(total).max())
            if size <= _BALANCED:
                break
            bends = np.diag(self.share @ p) - self.weigh(p).T @ p
            step = -np.linalg.lstsq(bends, total, rcond=1e-13)[0]
            # Close to the end only rounding can keep a step from being better.
            shortest = 1e-10 if size > 1e-8 else 0.5
            length, left = 1.0, size
            while length >= shortest and not left < size:
                trial = shift + length * step
                p = self.loss.predict(z + trial)
                total = self.share @ p - wanted
                left, length = float(np.abs(total).max()), 0.5 * length
            if not left < size:
                break
            shift = trial
        return np.asarray(shift - shift.mean())

    def _to_loss(self, z: FloatArray) -> FloatArray:
        return z if self.loss.vector_valued else z[:, 0]


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
    """

    problem: ScoreProblem
    table: Any
    means: FloatArray
    features: IndexArray
    outputs: IndexArray

    @classmethod
    def of(cls, problem: ScoreProblem, coordinates: IndexArray) -> "Patch":
        """Gather the columns of coefficients, given by their places in flat (p, K)."""
        features, outputs = np.divmod(coordinates, problem.n_outputs)
        columns, local = np.unique(features, return_inverse=True)
        design = problem.design
        if design.X.dtype == np.float64 and 2 * len(columns) > design.n_columns:
            none = np.zeros(design.n_columns)
            return cls(problem, design.X, none, features, outputs)
        means = np.zeros(len(columns))
        if problem.fit_intercept and design.can_centre:
            means = design.means[columns]
        table = design.take(columns, means if means.any() else None).X
        return cls(problem, table, means, local, outputs)

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
            p = problem.loss.predict(z)
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
        return self._products(np.arange(len(self.patch.features)))

    def hessian(self, local: IndexArray) -> FloatArray:
        """Return the second derivatives in some coefficients, shape (a, a)."""
        gram = self.__dict__.get("gram")
        return self._products(local) if gram is None else gram[np.ix_(local, local)]

    def _products(self, local: IndexArray) -> FloatArray:
        """Return a matrix of products, less what the intercepts take away."""
        patch, k = self.patch, self.bends.shape[1]
        local_outputs = patch.outputs[local]
        order = local[np.argsort(local_outputs, kind="stable")]
        cuts = np.searchsorted(patch.outputs[order], np.arange(k + 1))
        parts = [patch.features[order[cuts[c] : cuts[c + 1]]] for c in range(k)]
        hessian = np.zeros((len(local), len(local)))
        for rows in row_slices(len(self.bends), max(1, _PIECE // max(1, len(local)))):
            piece = patch.by_row[rows]
            piece = piece.toarray() if sparse.issparse(piece) else piece
            self._add(hessian, cuts, [piece[:, part] for part in parts], rows)
        back = np.argsort(np.argsort(local_outputs, kind="stable"), kind="stable")
        hessian = hessian[np.ix_(back, back)]
        return hessian + self.coupling[local] @ self.follow[:, local]

    def _add(
        self,
        hessian: FloatArray,
        cuts: IndexArray,
        columns: list[FloatArray],
        rows: slice,
    ) -> None:
        """Add the share of some rows, coefficients in the order of their scores."""
        for c, part in enumerate(columns):
            own = slice(cuts[c], cuts[c + 1])
            rooted = part * np.sqrt(self.bends[rows, c : c + 1])
            hessian[own, own] += rooted.T @ rooted
        if self.probabilities is not None:
            roots = np.sqrt(self.patch.problem.share[rows, np.newaxis])
            roots = roots * self.probabilities[rows]
            scaled = [part * roots[:, c : c + 1] for c, part in enumerate(columns)]
            crossed = np.hstack(scaled)
            hessian -= crossed.T @ crossed
