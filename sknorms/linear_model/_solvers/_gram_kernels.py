r"""Compiled descent on least squares by products of columns with each other.

With :math:`Q = X^T S X` and the gradient g of the loss, everything is a matter of k
numbers: a changed coefficient adds a row of Q to g, and the duality gap follows from

.. math:: \langle u, u \rangle = \langle y, y \rangle
    + \langle w, g_0 \rangle + \langle w, g \rangle, \qquad g_0 = -X^T S y.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import FloatArray
from sknorms.linear_model._problem import best_multiple, sweep_gram

__all__ = ["descend_gram"]

_FAST = {
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "error_model": "numpy",
}
# Sweeps between two looks at the gap.
_SWEEPS = 5
# What a sweep leaves of the gap is known after so many.
_TRIAL = 10
_ROUNDING = 2.0**-50
_STALLED = 4


@kernel(**_FAST)
def _sums(
    w: FloatArray, g: FloatArray, origin: FloatArray, terms: FloatArray
) -> tuple[Any, Any, Any]:
    """Return the products of w with origin and g, and the penalty."""
    linear, bilinear, penalty = 0.0, 0.0, 0.0
    for i in range(w.shape[0]):
        linear += w[i] * origin[i]
        bilinear += w[i] * g[i]
        penalty += terms[0, i] * abs(w[i]) + 0.5 * terms[1, i] * w[i] * w[i]
    return linear, bilinear, penalty


@kernel(**_FAST)
def _too_slow(before: float, gap: float, target: float, patience: int) -> Any:
    """Tell whether a target is more sweeps away than there is patience for."""
    rate = np.log(max(before / gap, 1.0)) / _SWEEPS
    return np.log(gap / target) > patience * rate if target > 0.0 else rate < 1e-3


@kernel(**_FAST)
def descend_gram(
    gram: FloatArray,
    w: FloatArray,
    g: FloatArray,
    origin: FloatArray,
    terms: FloatArray,
    curvature: FloatArray,
    square: float,
    dual: float,
    target: float,
    most: int,
    patience: int,
) -> tuple[int, Any, Any]:
    """Sweep until the duality gap on the block is small; w and g are updated.

    Parameters
    ----------
    gram : array of shape (k, k)
    w : array of shape (k,)
    g : array of shape (k,)
        The gradient of the loss at w.
    origin : array of shape (k,)
        The gradient without coefficients.
    terms : array of shape (4, k)
    curvature : array of shape (k,)
        The diagonal of ``gram``.
    square : float
        The weighted mean of squared targets.
    dual : float
        The best dual value that is known.
    target : float
        Stop at this gap.
    most : int
        Sweeps that may be made.
    patience : int
        Stop also if more sweeps than that seem to be needed.

    Returns
    -------
    sweeps, gap, dual : int, float, float
    """
    done, stalled, gap, lowest = 0, 0, np.inf, np.inf
    while True:
        before = gap
        linear, bilinear, penalty = _sums(w, g, origin, terms)
        uu = square + linear + bilinear
        primal = 0.5 * uu + penalty
        value, _ = best_multiple(g, w, terms, origin, 0.0, uu, -square - linear)
        progress = max(lowest - primal, value - dual) > _ROUNDING * square
        stalled = 0 if progress else stalled + 1
        lowest, dual = min(lowest, primal), max(dual, value)
        gap = primal - dual
        if gap <= target or done >= most or stalled >= _STALLED:
            break
        if done >= _TRIAL and _too_slow(before, gap, target, patience):
            break
        n_sweeps = min(_SWEEPS, most - done)
        done += sweep_gram(gram, w, terms, curvature, g, n_sweeps, 0.0)
    return done, gap, dual
