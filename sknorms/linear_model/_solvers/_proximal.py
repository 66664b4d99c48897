"""Descent on a quadratic model by NumPy alone, where there are no kernels.

Accelerated proximal gradient steps find out which coefficients are not zero; Newton's
method on those, which is LAPACK's work with and without kernels, does the rest.
"""

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import Model

__all__ = ["proximal_steps"]

_POWER_STEPS = 30
_MARGIN = 1.1
_DOUBLINGS = 40


def proximal_steps(
    model: Model, gradient: FloatArray, w: FloatArray, terms: Terms, steps: int
) -> FloatArray:
    """Return better coefficients, by accelerated proximal gradient steps.

    Each coefficient is measured in the root of its curvature (Beck and Teboulle, 2009,
    with restarts by O'Donoghue and Candes, 2015).
    """
    scale = np.where(model.curvature > 0.0, model.curvature, np.inf)
    largest = _MARGIN * _largest_eigenvalue(model, scale)
    for _ in range(_DOUBLINGS):
        step = 1.0 / (largest * scale)
        new, change = _accelerated(model, gradient, w, terms, step, steps)
        smooth = float(gradient @ change) + 0.5 * float(change @ model.times(change))
        if smooth + terms.value(new) <= terms.value(w):
            return new
        largest *= 2.0
    return w


def _largest_eigenvalue(model: Model, scale: FloatArray) -> float:
    roots = 1.0 / np.sqrt(scale)
    vector = np.sqrt(np.arange(1.0, len(scale) + 1.0)) * (roots > 0.0)
    size = 1.0
    for _ in range(_POWER_STEPS):
        norm = float(np.sqrt(vector @ vector))
        if norm == 0.0:
            return 1.0
        vector = roots * model.times(roots * (vector / norm))
        size = float(np.sqrt(vector @ vector))
    return max(size, 1e-300)


def _accelerated(
    model: Model,
    gradient: FloatArray,
    w: FloatArray,
    terms: Terms,
    step: FloatArray,
    steps: int,
) -> tuple[FloatArray, FloatArray]:
    """Return the last point, and how far it is from the first."""
    old, ahead, momentum = w, w, 1.0
    for _ in range(steps):
        slope = gradient + model.times(ahead - w)
        new = terms.prox(ahead - step * slope, step)
        if float((ahead - new) @ ((new - old) / np.maximum(step, 1e-300))) > 0.0:
            momentum = 1.0
        following = 0.5 * (1.0 + np.sqrt(1.0 + 4.0 * momentum**2))
        ahead = new + ((momentum - 1.0) / following) * (new - old)
        old, momentum = new, following
    return old, old - w
