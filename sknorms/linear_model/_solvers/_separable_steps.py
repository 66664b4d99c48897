"""Minimising a quadratic model plus a sum over coefficients."""

import functools
from typing import Any

import numpy as np

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.linear_model._penalties import Separable
from sknorms.linear_model._problem import ScoreModel, sweep_gram
from sknorms.linear_model._solvers._steps import Steps

__all__ = ["SeparableSteps"]

# A curvature below this part of the largest is rounding.
_FLAT = 1e-15
# More coefficients than that are swept over by proximal gradient steps.
_MOST_IN_GRAM = 2000
_POWER_STEPS = 12
# What the estimate of the largest eigenvalue may lack.
_SAFETY = 1.1


class SeparableSteps(Steps):
    """Coordinate descent, and Newton's method on the coefficients that are not zero."""

    def __init__(self, model: ScoreModel, penalty: Separable) -> None:
        super().__init__(model, penalty)
        self.table = np.stack([penalty.l1, penalty.l2, penalty.lower, penalty.upper])

    @functools.cached_property
    def _curvature(self) -> FloatArray:
        curvature = self.model.curvature.copy()
        curvature[curvature <= _FLAT * curvature.max(initial=0.0)] = 0.0
        return curvature

    def sweep(self, n_sweeps: int, reduction: float) -> int:
        """Sweep over all coefficients; return how often."""
        if not self.penalty.l1.any() and not self.penalty.bounded:
            # Every coefficient is smooth: Newton's method does it all.
            return 1
        if len(self.w) > _MOST_IN_GRAM:
            return self._proximal_steps(n_sweeps)
        gram = self.model.gram
        rest: Any = (self.table, self._curvature, self.g, n_sweeps, reduction)
        return sweep_gram(gram, self.w, *rest)

    def newton(self, reduction: float) -> None:
        """Newton's method, after what makes second derivatives singular is gone."""
        self._level()
        super().newton(reduction)

    def _level(self) -> None:
        """Shift the coefficients of a feature in all classes until one is zero.

        Scores of classes that rise together change no probability, so that there are
        no second derivatives in that direction; the magnitudes are least where their
        median is zero.
        """
        values = self.w[self._across]
        if not len(values):
            return
        middle = np.sort(values, axis=1)[:, (values.shape[1] - 1) // 2]
        middle[(values == 0.0).any(axis=1)] = 0.0
        self.w[self._across] = values - middle[:, np.newaxis]

    @functools.cached_property
    def _across(self) -> IndexArray:
        """Where coefficients of features in all classes are, one row a feature.

        Only features that nothing but the same l1 penalty keeps small.
        """
        patch, k = self.model.patch, self.model.bends.shape[1]
        l1, l2, lower, upper = self.table
        free = (l1 > 0.0) & (l2 == 0.0) & np.isinf(lower) & np.isinf(upper)
        if self.model.probabilities is None or not free.any():
            return np.empty((0, k), dtype=np.intp)
        own = np.flatnonzero(free)
        own = own[np.argsort(patch.features[own], kind="stable")]
        counts = np.unique(patch.features[own], return_counts=True)[1]
        across: IndexArray = own[np.repeat(counts == k, counts)].reshape(-1, k)
        return across

    def smooth(self) -> BoolArray:
        """Tell which coefficients are not held at zero or at a bound."""
        l1, l2, lower, upper = self.table
        slope = self.g + l2 * self.w + l1 * np.sign(self.w)
        held = ((self.w >= upper) & (slope < 0.0)) | ((self.w <= lower) & (slope > 0.0))
        smooth: BoolArray = ((self.w != 0.0) | (l1 == 0.0)) & ~held
        return smooth

    def slope(self, support: IndexArray) -> FloatArray:
        """Return the derivative of the penalty in some of them."""
        w = self.w[support]
        slope: FloatArray = self.table[0, support] * np.sign(w)
        slope += self.table[1, support] * w
        return slope

    def add_bend(self, support: IndexArray, hessian: FloatArray) -> None:
        """Add the weights of the squares to a diagonal."""
        hessian.flat[:: len(support) + 1] += self.table[1, support]

    def bend(self, support: IndexArray, v: FloatArray) -> FloatArray:
        """Return the weights of the squares times a vector."""
        bend: FloatArray = self.table[1, support] * v
        return bend

    def stop(self, old: FloatArray, new: FloatArray, support: IndexArray) -> None:
        """Stop coefficients at zero, or at a bound, that a step takes beyond it."""
        l1, _, lower, upper = self.table[:, support]
        new[(new * old < 0.0) & (l1 > 0.0)] = 0.0
        np.clip(new, lower, upper, out=new)

    @functools.cached_property
    def _metric(self) -> FloatArray:
        """Curvatures of a separable model above the true one."""
        scale = np.where(self._curvature > 0.0, self._curvature, 1.0)
        roots = np.sqrt(scale)
        v, size = np.random.default_rng(0).normal(size=len(scale)), 1.0
        for _ in range(_POWER_STEPS):
            v = self.model.apply(v / float(np.linalg.norm(v)) / roots) / roots
            size = float(np.linalg.norm(v))
            if size == 0.0:
                break
        return _SAFETY * max(size, 1.0) * scale

    def _proximal_steps(self, n_sweeps: int) -> int:
        """Take accelerated proximal gradient steps, anew where they overshoot."""
        step = 1.0 / self._metric
        past, momentum = self.w, 1.0
        for _ in range(n_sweeps):
            following = 0.5 + np.sqrt(0.25 + momentum**2)
            ahead = (momentum - 1.0) / following * (self.w - past)
            product = self.model.apply(ahead)
            start, g = self.w + ahead, self.g + product
            new = self.penalty.prox(start - step * g, step)
            overshot = float((start - new) / step @ (new - self.w)) > 0.0
            past, momentum = (new, 1.0) if overshot else (self.w, following)
            change = new - self.w
            self.g = self.g + self.model.apply(change)
            self.w = new
        return n_sweeps
