r"""The best multiple of a dual point, compiled.

For derivatives u of the squared loss and their products g with the features,

.. math:: D(c) = -\tfrac12 c^2 \langle u, u \rangle - c \langle u, y \rangle
    - \Omega^*(-c g)

is concave in c, and its derivative is concave too, so that Newton's steps find the
maximum from anywhere. `_certificate` says what else the numbers mean.
"""

from typing import Any

from sknorms._compile import kernel
from sknorms._typing import FloatArray

__all__ = ["best_multiple"]

_FAST = {
    "fastmath": {"reassoc", "contract", "nsz", "arcp"},
    "error_model": "numpy",
}
_STEPS = 8
_INFINITY = float("inf")
# Only factors as near to 1 as this can be held off by rounding.
_NEARLY = 0.99
_LARGEST = 1e3


@kernel(**_FAST)
def _limits(
    g: FloatArray, w: FloatArray, terms: FloatArray, noise: FloatArray, size: float
) -> tuple[Any, Any]:
    """Return the largest feasible factor, and the same but for rounding.

    Coefficients in the model may exceed their bound by ``size * noise``.
    """
    strict, loose = _LARGEST, _LARGEST
    for j in range(g.shape[0]):
        bound = terms[2, j] if g[j] > 0.0 else terms[3, j]
        if terms[1, j] > 0.0 or abs(bound) < _INFINITY or g[j] == 0.0:
            continue
        allowed, length = terms[0, j], abs(g[j])
        if allowed < strict * length:
            strict = allowed / length
        if w[j] != 0.0:
            allowed += size * noise[j]
        if allowed < loose * length:
            loose = allowed / length
    return strict, loose


@kernel(**_FAST)
def _at(
    c: float, g: FloatArray, w: FloatArray, terms: FloatArray, uu: float, uy: float
) -> tuple[Any, Any, Any]:
    """Return D(c), less the cost of exceeded bounds, and two derivatives of -D."""
    value, slope, bend = c * (0.5 * c * uu + uy), c * uu + uy, uu
    for j in range(g.shape[0]):
        length = abs(g[j])
        excess = c * length - terms[0, j]
        if excess <= 0.0:
            continue
        bound = -terms[2, j] if g[j] > 0.0 else terms[3, j]
        if excess < bound * terms[1, j]:
            value += 0.5 * excess * excess / terms[1, j]
            slope += excess * length / terms[1, j]
            bend += length * length / terms[1, j]
        elif bound < _INFINITY:
            value += bound * (excess - 0.5 * terms[1, j] * bound)
            slope += bound * length
        else:
            value += excess * abs(w[j])
    return -value, slope, bend


@kernel(**_FAST)
def best_multiple(
    g: FloatArray,
    w: FloatArray,
    terms: FloatArray,
    noise: FloatArray,
    size: float,
    uu: float,
    uy: float,
) -> tuple[Any, Any]:
    """Return the value of the best multiple of a dual point, and the factor.

    Parameters
    ----------
    g : array of shape (k,)
        X'(s u) / S.
    w : array of shape (k,)
    terms : array of shape (4, k)
        l1, l2, lower and upper of each coefficient.
    noise : array of shape (k,)
        Rounding of products with each column, for derivatives of size 1.
    size : float
        The size of derivatives.
    uu, uy : float
        Weighted means of u times itself and times the targets.

    Returns
    -------
    value, factor : float
        Zero is a dual point of value 0.
    """
    strict, loose = _limits(g, w, terms, noise, size)
    best, factor = 0.0, 0.0
    c = min(1.0, strict)
    for _ in range(_STEPS):
        value, slope, bend = _at(c, g, w, terms, uu, uy)
        if value > best:
            best, factor = value, c
        if not bend > 0.0:
            break
        new = min(max(c - slope / bend, 0.0), strict)
        if abs(new - c) <= 1e-9 * c:
            break
        c = new
    if strict < 1.0 and loose > strict and loose > _NEARLY:
        c = min(1.0, loose)
        value, slope, bend = _at(c, g, w, terms, uu, uy)
        if value > best:
            best, factor = value, c
    return best, factor
