"""Least squares on a block of columns, by their products with each other."""

import math

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._face import newton_on_matrix, newton_step
from sknorms.linear_model._solvers._gram_kernels import descend_gram

__all__ = ["GramSolver"]

# Microseconds: of any Newton step, and times the cube of the coefficients in it; of any
# sweep, and times the numbers that it changes. Only their ratios matter, and roughly.
_STEP, _STEP_EACH = 100.0, 1e-4
_SWEEP, _SWEEP_EACH = 0.5, 5e-4
_FEWEST_SWEEPS = 10
_FAILURES = 3


class GramSolver:
    """Sweeps, and Newton steps where sweeps are slow, until the gap is small.

    Parameters
    ----------
    gram : array of shape (k, k)
        Weighted mean products of columns.
    terms : Terms
    w : array of shape (k,)
        Where to begin; it is updated.
    gradient : array of shape (k,)
        Of the loss at w; it is updated.
    origin : array of shape (k,)
        The same without coefficients.
    square : float
        The weighted mean of squared targets.
    thorough : bool, default=True
        Whether to follow Newton's method through all changes of signs. On a path few
        signs change, and sweeps see to those.
    """

    def __init__(
        self,
        gram: FloatArray,
        terms: Terms,
        w: FloatArray,
        gradient: FloatArray,
        origin: FloatArray,
        square: float,
        *,
        thorough: bool = True,
    ) -> None:
        self.gram = gram
        self.terms = terms
        self.w = w
        self.gradient = gradient
        self._origin = origin
        self._curvature = gram.diagonal().copy()
        self._square = square
        self._thorough = thorough
        self._dual = -math.inf

    def run(self, target: float, budget: Budget, exact: float) -> float:
        """Improve ``w`` until the gap on the block is at most a target; return the gap.

        A gap of at most ``exact`` is followed by a Newton step in any case.
        """
        polished: IndexArray | None = None
        lowest, failures, gap = math.inf, 0, math.inf
        while budget.left and failures < _FAILURES:
            settled = polished is not None and np.array_equal(
                polished, np.flatnonzero(self.w)
            )
            gap = self._sweep(target, budget, patient=settled)
            if gap <= target and (settled or gap > exact):
                break
            failures = 0 if gap < lowest else failures + 1
            lowest = min(gap, lowest)
            polished = np.flatnonzero(self.w)
            if polished.size and budget.left and not (settled and failures):
                self._polish(polished)
                budget.spend(1)
        return gap

    def _sweep(self, target: float, budget: Budget, *, patient: bool) -> float:
        """Sweep until the gap is small or a Newton step costs less; return the gap."""
        patience = self._sweeps_a_step()
        most = min(budget.left, 10 * patience)
        done, gap, self._dual = descend_gram(
            self.gram,
            self.w,
            self.gradient,
            self._origin,
            self.terms.table,
            self._curvature,
            self._square,
            self._dual,
            target,
            most,
            most if patient else patience,
        )
        budget.spend(max(1, done))
        return float(gap)

    def _sweeps_a_step(self) -> int:
        """Return how many sweeps take as long as a Newton step on the support."""
        support = int(np.count_nonzero(self.w))
        sweep = _SWEEP + _SWEEP_EACH * support * len(self.w)
        return _FEWEST_SWEEPS + int((_STEP + _STEP_EACH * support**3) / sweep)

    def _polish(self, support: IndexArray) -> None:
        part, old = self.terms.take(support), self.w[support]
        hessian = self.gram[np.ix_(support, support)]
        hessian.flat[:: len(support) + 1] += part.l2
        smooth = self.gradient[support] + part.l2 * old
        new = None if self._thorough else newton_step(hessian, smooth, old, part)
        if new is None:
            new = newton_on_matrix(hessian, smooth, old, part)
        self.w[support] = new
        self.gradient = self._origin + self.w[support] @ self.gram[support]
