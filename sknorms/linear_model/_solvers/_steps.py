r"""Minimising a quadratic model of the loss plus a penalty.

Sweeps find out which coefficients are zero. Where the penalty is smooth in the others,
Newton's method solves :math:`(H + \Omega'') d = -(g + \Omega')`, by a factorisation or,
for many coefficients, by conjugate gradients.
"""

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from scipy import linalg

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.linear_model._problem import ScoreModel

__all__ = ["Steps"]

_STEPS = 10
_HALVINGS = 30
_ARMIJO = 1e-4
# Added to the diagonal of a matrix scaled to ones, until its factorisation succeeds.
_RIDGES = (1e-15, 1e-12, 1e-9)
# Newton's method ends when a step promises less than this part of the objective.
_SMALL = 1e-17
# More coefficients than that are solved for by conjugate gradients.
_DIRECT = 800
_CONJUGATE_STEPS = 60
# The residual that is left after them, as a part of the first one.
_LEFT = 1e-3


class Steps(ABC):
    """Coefficients of a quadratic model, their gradient, and ways to improve them.

    Attributes
    ----------
    w, g : array of shape (m,)
        Coefficients, and the gradient of the model in them.
    """

    def __init__(self, model: ScoreModel, penalty: Any) -> None:
        self.model = model
        self.penalty = penalty
        self.w: FloatArray = np.zeros(0)
        self.g: FloatArray = np.zeros(0)
        self.slopes: FloatArray = np.zeros(0)
        # The support last solved for, and the second derivatives in it.
        self._known = np.zeros(0, dtype=np.intp), np.zeros((0, 0))

    def begin(self, w: FloatArray, g: FloatArray, slopes: FloatArray) -> None:
        """Start from coefficients, their gradient, and the slopes of the scores."""
        self.w, self.g, self.slopes = w.copy(), g.copy(), slopes.copy()

    @property
    def needs_slopes(self) -> bool:
        """Whether sweeps go over columns, and need the slopes of the scores."""
        return False

    @property
    def most_in_newton(self) -> float:
        """For how many coefficients Newton's method is worth its cost."""
        return math.inf

    @abstractmethod
    def sweep(self, n_sweeps: int, reduction: float) -> int:
        """Sweep over all coefficients; return how often."""

    @abstractmethod
    def smooth(self) -> BoolArray:
        """Tell which coefficients the penalty is smooth in."""

    @abstractmethod
    def slope(self, support: IndexArray) -> FloatArray:
        """Return the derivative of the penalty in some of them."""

    @abstractmethod
    def add_bend(self, support: IndexArray, hessian: FloatArray) -> None:
        """Add the second derivative of the penalty to a matrix."""

    @abstractmethod
    def bend(self, support: IndexArray, v: FloatArray) -> FloatArray:
        """Return the second derivative of the penalty times a vector."""

    @abstractmethod
    def stop(self, old: FloatArray, new: FloatArray, support: IndexArray) -> None:
        """Stop coefficients at zero, or at a bound, that a step takes beyond it."""

    def newton(self, reduction: float) -> None:
        """Newton's method on the coefficients in which the penalty is smooth."""
        for _ in range(_STEPS):
            support = np.flatnonzero(self.smooth())
            if not len(support) or len(support) > self.most_in_newton:
                return
            slope = self.g[support] + self.slope(support)
            step = self._solve(support, slope)
            promised = 0.0 if step is None else float(slope @ step)
            if step is None or promised >= -_SMALL * abs(self.penalty.value(self.w)):
                return
            if not self._move(support, step, promised):
                return
            left = self.g[support] + self.slope(support)
            if np.abs(left).max() <= reduction * np.abs(slope).max():
                return

    def _move(self, support: IndexArray, step: FloatArray, promised: float) -> bool:
        """Go along a step until the objective of the model falls, if it does."""
        old, before = self.w.copy(), self.penalty.value(self.w)
        length = 1.0
        for _ in range(_HALVINGS):
            new = old[support] + length * step
            self.stop(old[support], new, support)
            change = np.zeros_like(old)
            change[support] = new - old[support]
            product = self.model.apply(change)
            self.w = old + change
            self.w[support] = new
            risen = float(change @ (self.g + 0.5 * product))
            risen += self.penalty.value(self.w) - before
            if risen <= _ARMIJO * length * promised:
                self.g += product
                if self.needs_slopes:
                    self.slopes = self.slopes + self.model.slopes(change)
                return True
            length *= 0.5
        self.w = old
        return False

    def _solve(self, support: IndexArray, slope: FloatArray) -> FloatArray | None:
        if len(support) > _DIRECT:
            return self._conjugate_gradients(support, -slope)
        if not np.array_equal(support, self._known[0]):
            self._known = support, self.model.hessian(support)
        hessian = self._known[1].copy()
        self.add_bend(support, hessian)
        return _solve_directly(hessian, -slope)

    def _conjugate_gradients(
        self, support: IndexArray, right: FloatArray
    ) -> FloatArray | None:
        """Return an inexact solution, by conjugate gradients scaled by the diagonal."""
        ones = np.ones(len(support))
        diagonal = self.model.curvature[support] + np.maximum(
            self.bend(support, ones), 0.0
        )
        diagonal = np.where(diagonal > 0.0, diagonal, 1.0)
        x, residual = np.zeros_like(right), right
        direction = residual / diagonal
        size = first = float(residual @ direction)
        full = np.zeros_like(self.w)
        for _ in range(_CONJUGATE_STEPS):
            full[support] = direction
            product = self.model.apply(full)[support] + self.bend(support, direction)
            bend = float(direction @ product)
            if not bend > 0.0 or not math.isfinite(bend):
                break
            x = x + (size / bend) * direction
            residual = residual - (size / bend) * product
            scaled = residual / diagonal
            size, previous = float(residual @ scaled), size
            if size <= _LEFT**2 * first:
                break
            direction = scaled + (size / previous) * direction
        return x if x.any() else None


def _solve_directly(hessian: FloatArray, right: FloatArray) -> FloatArray | None:
    """Return the solution of H x = right by Cholesky, None if H is not definite."""
    scale = np.sqrt(np.maximum(np.diagonal(hessian), 0.0))
    if not scale.all():
        return None
    scaled = hessian / scale / scale[:, np.newaxis]
    for ridge in _RIDGES:
        scaled.flat[:: len(right) + 1] += ridge
        try:
            factor = linalg.cho_factor(scaled, lower=True, check_finite=False)
        except linalg.LinAlgError:
            continue
        solved = linalg.cho_solve(factor, right / scale, check_finite=False) / scale
        return solved if np.isfinite(solved).all() else None
    return None
