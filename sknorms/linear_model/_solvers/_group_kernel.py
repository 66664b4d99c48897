r"""The minimum of a quadratic model in one group of coefficients.

A group of coefficients v with the second derivative Q and the rest of the gradient -r
has the objective :math:`v'Qv/2 - r'v + a\|v\|_1 + b\|v\|_2`. Without a its minimiser is
exact: it is 0 where :math:`\|r\| \le b`, and else, with :math:`Q = V \Lambda V'` and
:math:`c = V'r`, it has the length t at which
:math:`\sum_i c_i^2 / (\lambda_i t + b)^2 = 1`, found by Newton's method (Yang and
Hastie, 2024). With a, steps of the proximal gradient method are taken.

Kernels are loops over numbers, as expressions of arrays would take a compiler seconds;
each has a form for NumPy too.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import FloatArray

__all__ = ["improve_group"]

_SECULAR_STEPS = 50
_PROXIMAL_STEPS = 4
# Eigenvalues below this part of the largest are rounding.
_FLAT = 1e-13


@kernel(inline="always", error_model="numpy")
def _solve_secular(values: FloatArray, c: FloatArray, b: float) -> Any:
    r"""Return the length t with :math:`\sum_i c_i^2 / (\lambda_i t + b)^2 = 1`.

    The reciprocal root of the sum is nearly linear in t, so that Newton's method on it
    takes a few steps from the lower bound of t that the largest value gives.
    """
    total, largest = 0.0, values[len(c) - 1]
    for i in range(len(c)):
        total += c[i] * c[i]
    size = np.sqrt(total)
    if size <= b or largest <= 0.0:
        return 0.0
    t = (size - b) / largest
    for _ in range(_SECULAR_STEPS):
        total, slope = 0.0, 0.0
        for i in range(len(c)):
            below = values[i] * t + b
            ratio = c[i] / below
            total += ratio * ratio
            slope += ratio * ratio * values[i] / below
        size = np.sqrt(total)
        if slope <= 0.0:
            break
        # The derivative of 1 / size is slope / size^3.
        step = (1.0 - 1.0 / size) * total * size / slope
        t += step
        if abs(step) <= 1e-15 * t:
            break
    return t if t > 0.0 else 0.0


def _plain_minimum(
    w: FloatArray,
    g: FloatArray,
    values: FloatArray,
    turn: FloatArray,
    b: float,
    change: FloatArray,
    c: FloatArray,
) -> None:
    rows = turn.reshape(len(w), len(w))
    c[:] = values * (rows @ w) - rows @ g
    if b > 0.0:
        t = _solve_secular(values, c, b)
        change[:] = (c * (t / (values * t + b))) @ rows - w
    else:
        kept = values > _FLAT * values[-1]
        change[:] = (c[kept] / values[kept]) @ rows[kept] - w


@kernel(inline="always", error_model="numpy", plain=_plain_minimum)
def _minimum(
    w: FloatArray,
    g: FloatArray,
    values: FloatArray,
    turn: FloatArray,
    b: float,
    change: FloatArray,
    c: FloatArray,
) -> None:
    """Write the change of a group that leads to its minimum without a."""
    size = len(w)
    for i in range(size):
        along, slope = 0.0, 0.0
        for j in range(size):
            along += turn[i * size + j] * w[j]
            slope += turn[i * size + j] * g[j]
        c[i] = values[i] * along - slope
        change[i] = -w[i]
    t = _solve_secular(values, c, b) if b > 0.0 else 1.0
    for i in range(size):
        if b > 0.0 or values[i] > _FLAT * values[size - 1]:
            along = c[i] * (t / (values[i] * t + b))
            for j in range(size):
                change[j] += along * turn[i * size + j]


def _plain_descent(
    w: FloatArray,
    g: FloatArray,
    values: FloatArray,
    turn: FloatArray,
    a: float,
    b: float,
    change: FloatArray,
    c: FloatArray,
) -> None:
    del c
    rows, largest, new = turn.reshape(len(w), len(w)), values[-1], w
    for _ in range(_PROXIMAL_STEPS):
        slope = g + (values * (rows @ (new - w))) @ rows
        v = new - slope / largest
        soft = np.copysign(np.maximum(np.abs(v) - a / largest, 0.0), v)
        norm = float(np.sqrt(soft @ soft))
        new = soft * (1.0 - b / largest / norm if norm > b / largest else 0.0)
    change[:] = new - w


@kernel(inline="always", error_model="numpy", plain=_plain_descent)
def _descent(
    w: FloatArray,
    g: FloatArray,
    values: FloatArray,
    turn: FloatArray,
    a: float,
    b: float,
    change: FloatArray,
    c: FloatArray,
) -> None:
    """Write the change of a group by steps of the proximal gradient method."""
    size, largest = len(w), values[len(w) - 1]
    for j in range(size):
        change[j], c[j] = 0.0, g[j]
    for _ in range(_PROXIMAL_STEPS):
        total = 0.0
        for j in range(size):
            v = w[j] + change[j] - c[j] / largest
            left = abs(v) - a / largest
            change[j] = 0.0 if left <= 0.0 else left if v > 0.0 else -left
            total += change[j] * change[j]
            c[j] = g[j]
        norm = np.sqrt(total)
        factor = 1.0 - b / largest / norm if norm > b / largest else 0.0
        for j in range(size):
            change[j] = factor * change[j] - w[j]
        for i in range(size):
            along = 0.0
            for j in range(size):
                along += turn[i * size + j] * change[j]
            for j in range(size):
                c[j] += values[i] * along * turn[i * size + j]


@kernel(inline="always", error_model="numpy")
def improve_group(
    w: FloatArray,
    g: FloatArray,
    values: FloatArray,
    turn: FloatArray,
    a: float,
    b: float,
    change: FloatArray,
    c: FloatArray,
) -> Any:
    """Move one group, write its change, and return the largest curvature times that.

    Parameters
    ----------
    w, g : array of shape (size,)
        Coefficients, which are updated, and the gradient of the model in them.
    values : array of shape (size,)
        Eigenvalues of the second derivatives, in ascending order.
    turn : array of shape (size * size,)
        Their eigenvectors, one after the other.
    a, b : float
    change, c : array of shape (size,)
        The change, and space for the work.

    Returns
    -------
    float
        Zero if nothing changed; then the change is not written.
    """
    here, left = 0.0, 0.0
    for j in range(len(w)):
        here += abs(w[j])
        over = abs(g[j]) - a
        if over > 0.0:
            left += over * over
    if here == 0.0 and left <= b * b:
        return 0.0
    if a > 0.0:
        _descent(w, g, values, turn, a, b, change, c)
    else:
        _minimum(w, g, values, turn, b, change, c)
    total = 0.0
    for j in range(len(w)):
        w[j] += change[j]
        total += change[j] * change[j]
    return values[len(w) - 1] * total
