"""The mean loss of scores of any shape, tables of shape (n_rows, K).

Losses of one score have K = 1.
"""

import functools
from dataclasses import dataclass

import numpy as np

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._problem._class_intercepts import balanced_classes
from sknorms.linear_model._problem._design import Design
from sknorms.linear_model._problem._problem import Problem

__all__ = ["ScoreProblem"]

# Means so many times what varies about them would cost digits.
_FAR = 10.0

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
        if self.loss.vector_valued:
            u = self.probabilities(z).copy()
            u[np.arange(len(u)), self.y] -= 1.0
            return u
        return self.loss.gradient(z[:, 0], self.y)[:, np.newaxis]

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

    @functools.cached_property
    def far_from_zero(self) -> bool:
        """Whether columns in second derivatives should be less their means."""
        if not (self.fit_intercept and self.design.can_centre):
            return False
        norms, means = self.norms(), np.abs(self.design.means)
        return bool(((means > _FAR * norms) & (norms > 0.0)).any())

    def norms(self) -> FloatArray:
        """Return root mean squares of the columns, centred with an intercept."""
        design = self.design
        squares = design.variances() if self.fit_intercept else design.squares
        return np.sqrt(squares)

    def balanced(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return scores shifted for the best, and the shift, 0 without an intercept."""
        if not self.loss.vector_valued:
            shift = np.zeros(1)
            if self.fit_intercept:
                scalar = Problem(self.design, self.y, self.loss, True)
                shift = np.array([scalar.balance(z[:, 0])])
            return z + shift, shift
        p, shift = self.probabilities(z), np.zeros(self.n_outputs)
        if self.fit_intercept:
            p, shift = balanced_classes(z, self.y, self.share, p)
        scores = z + shift
        self._recent[:] = [scores, p]
        return scores, shift

    def probabilities(self, z: FloatArray) -> FloatArray:
        """Return those of the classes; scores that were just balanced have them."""
        if self._recent and self._recent[0] is z:
            p: FloatArray = self._recent[1]
            return p
        return self.loss.predict(z)

    @functools.cached_property
    def _recent(self) -> list[FloatArray]:
        """Scores that were balanced last, and their probabilities."""
        return []

    def _to_loss(self, z: FloatArray) -> FloatArray:
        return z if self.loss.vector_valued else z[:, 0]
