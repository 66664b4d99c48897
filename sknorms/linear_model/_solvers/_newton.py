r"""Proximal Newton steps on a block of columns, for losses that are not quadratic.

Around the current scores the loss has a quadratic model, which is minimised together
with the penalty, though not exactly: by sweeps over all columns of the block and over
those in use, and where these are slow by Newton's method on the support. The step that
leads there is shortened until the true objective falls (Lee, Sun and Saunders, 2014;
Yuan, Ho and Lin, 2012).
"""

import math

import numpy as np

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import ColumnBlock, Model, best_dual_point
from sknorms.linear_model._solvers._budget import Budget
from sknorms.linear_model._solvers._descent import Descent, polish, sweep

__all__ = ["NewtonSolver"]

# Sweeps over all columns of the block, and over those in use, for one model.
_WIDE = 2
_NARROW = 30
# They end once steps are this part of the first ones.
_REDUCTION = 0.1
# Signs have settled if no more than this part of them changed.
_SETTLED = 0.05
_ARMIJO = 1e-4
_HALVINGS = 60
_ROUNDING = 2.0**-50
_STALLED = 4
# The gap is not worth looking at while steps gain more than so many times the target.
_FAR = 3.0


class NewtonSolver:
    """Newton steps until the gap on the block is small.

    Attributes
    ----------
    w : array of shape (k,)
    z : array of shape (n_rows,)
        Scores.
    intercept : float
    gap : float
        Between the objective and the best dual point, when it was last looked at.
    """

    def __init__(
        self,
        block: ColumnBlock,
        terms: Terms,
        norms: FloatArray,
        w: FloatArray,
        z: FloatArray,
        intercept: float,
    ) -> None:
        self.block = block
        self.problem = block.problem
        self.terms = terms
        self.norms = norms
        self.w = w
        self.z = z
        self.intercept = intercept
        self.gap = math.inf
        self._value = self.problem.value(z) + terms.value(w)
        self._dual = -math.inf

    def run(self, target: float, budget: Budget) -> None:
        """Improve ``w``, ``z`` and ``intercept`` until the gap is at most a target."""
        stalled, gain = 0, 0.0
        while budget.left and stalled < _STALLED:
            near, risen = gain <= _FAR * target, False
            if near:
                self._balance()
            u = self.problem.loss.gradient(self.z, self.problem.y)
            slopes = self.problem.design.share * u
            gradient = self.block.rmatvec(slopes)
            if near:
                risen = self._look(u, gradient)
                if self.gap <= target:
                    break
            gain = self._step(slopes, gradient, budget)
            progress = risen or gain > _ROUNDING * abs(self._value)
            stalled = 0 if progress else stalled + 1

    def _balance(self) -> None:
        """Bring the intercept to its best, which dual points need."""
        shift = self.problem.balance(self.z)
        if shift != 0.0:
            self.z = self.z + shift
            self.intercept += shift
            self._value = self.problem.value(self.z) + self.terms.value(self.w)

    def _look(self, u: FloatArray, gradient: FloatArray) -> bool:
        """Take a dual point; return whether it is better than those before it."""
        point = best_dual_point(
            self.problem, self.terms, self.w, u, gradient, self.norms
        )
        risen = point.value > self._dual + _ROUNDING * abs(point.value)
        self._dual = max(self._dual, point.value)
        self.gap = self._value - self._dual
        return risen

    def _step(self, slopes: FloatArray, gradient: FloatArray, budget: Budget) -> float:
        """Go to where a model is low; return by how much the objective fell."""
        model = self.block.model(self.z)
        # The model takes the intercept to be at its best.
        shift = 0.0
        if self.problem.fit_intercept:
            shift = -float(slopes.sum()) / model.total
        start = slopes + shift * model.d
        gradient = gradient + shift * model.slopes
        found = _minimised(model, self.terms, self.w, start, gradient, budget)
        change, shift = found.coef - self.w, shift + found.shift
        scores = self.block.matvec(change) + shift
        length, value = self._armijo(change, scores, slopes)
        self.w = found.coef if length == 1.0 else self.w + length * change
        self.z = self.z + length * scores
        self.intercept += length * (shift - float(self.block.means @ change))
        gain, self._value = self._value - value, value
        return gain

    def _armijo(
        self, change: FloatArray, scores: FloatArray, slopes: FloatArray
    ) -> tuple[float, float]:
        """Return a length for which the objective falls as promised, and its value."""
        end = self.terms.value(self.w + change)
        promised = float(slopes @ scores) + end - self.terms.value(self.w)
        slack = 16.0 * _ROUNDING * abs(self._value)
        length = 1.0
        for _ in range(_HALVINGS):
            value = self.problem.value(self.z + length * scores)
            value += self.terms.value(self.w + length * change)
            if value <= self._value + _ARMIJO * length * promised + slack:
                return length, value
            length *= 0.5
        return 0.0, self._value


def _minimised(
    model: Model,
    terms: Terms,
    w: FloatArray,
    slopes: FloatArray,
    gradient: FloatArray,
    budget: Budget,
) -> Descent:
    """Return better coefficients of a quadratic model; `sweep` says what is what."""
    if kernels_available():
        found, slow = _swept(model, terms, w, slopes, budget.left)
    else:
        sweeps = min(_NARROW, budget.left)
        found = sweep(model, terms, w, slopes, gradient, sweeps, _REDUCTION)
        slow = True
    budget.spend(found.sweeps)
    support = np.flatnonzero(found.coef)
    turned = int(np.count_nonzero(np.sign(w) != np.sign(found.coef)))
    if not (slow and support.size and turned <= _SETTLED * len(support) + 1):
        return found
    budget.spend(1)
    gradient = gradient + model.times(found.coef - w)
    polished = polish(model, terms, found.coef, gradient, support)
    return Descent(polished.coef, found.shift + polished.shift, found.sweeps + 1)


def _swept(
    model: Model, terms: Terms, w: FloatArray, slopes: FloatArray, most: int
) -> tuple[Descent, bool]:
    """Return where sweeps end, and whether that was for their number only."""
    new, q = w.copy(), slopes.copy()
    everything = np.arange(len(w))
    wide, shift = _sweep_some(model, terms, everything, new, q, min(_WIDE, most))
    support, left = np.flatnonzero(new), min(_NARROW, most - wide)
    if not support.size or left <= 0:
        return Descent(new, shift, wide), False
    part = new[support]
    narrow, more = _sweep_some(model, terms.take(support), support, part, q, left)
    new[support] = part
    return Descent(new, shift + more, wide + narrow), narrow == _NARROW


def _sweep_some(
    model: Model,
    terms: Terms,
    local: IndexArray,
    w: FloatArray,
    q: FloatArray,
    n_sweeps: int,
) -> tuple[int, float]:
    """Sweep over some columns; their coefficients w and the slopes q are updated."""
    done, shift = model.block.table.sweep(
        model.block.columns[local],
        w,
        terms.table,
        model.curvature[local],
        model.slopes[local],
        model.total,
        model.d,
        q,
        n_sweeps,
        _REDUCTION,
    )
    q += shift * model.d
    return done, shift
