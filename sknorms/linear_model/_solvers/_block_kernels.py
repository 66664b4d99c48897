r"""Sweeps of block coordinate descent over a quadratic model with groups.

A group of coefficients v with the second derivative Q and the rest of the gradient -r
has the objective :math:`v'Qv/2 - r'v + a\|v\|_1 + b\|v\|_2`. Without a its minimiser is
exact: it is 0 where :math:`\|r\| \le b`, and else, with :math:`Q = V \Lambda V'` and
:math:`c = V'r`, it has the length t at which
:math:`\sum_i c_i^2 / (\lambda_i t + b)^2 = 1`, found by Newton's method (Yang and
Hastie, 2024). With a, steps of the proximal gradient method are taken.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import FloatArray, IndexArray

__all__ = [
    "solve_secular",
    "sweep_blocks",
    "sweep_dense_blocks",
    "sweep_sparse_blocks",
]

_SECULAR_STEPS = 50
_PROXIMAL_STEPS = 4


@kernel()
def solve_secular(values: FloatArray, c: FloatArray, b: float) -> Any:
    r"""Return the length t with :math:`\sum_i c_i^2 / (\lambda_i t + b)^2 = 1`.

    The reciprocal root of the sum is nearly linear in t, so that Newton's method on it
    takes a few steps from the lower bound of t that the largest value gives.
    """
    largest, total = 0.0, 0.0
    for i in range(len(c)):
        largest = max(largest, values[i])
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
    return max(t, 0.0)


@kernel()
def _shrink(v: FloatArray, a: float, b: float) -> Any:
    """Soft-threshold by a, then shorten by b."""
    soft = np.sign(v) * np.maximum(np.abs(v) - a, 0.0)
    norm = np.sqrt(np.sum(soft * soft))
    if norm <= b:
        return np.zeros_like(v)
    return soft * (1.0 - b / norm)


@kernel()
def _minimiser(
    old: FloatArray,
    g: FloatArray,
    values: FloatArray,
    vectors: FloatArray,
    a: float,
    b: float,
) -> Any:
    """Return better coefficients of one group, the best ones without a."""
    r = values * np.dot(old, vectors) - np.dot(g, vectors)
    if a == 0.0:
        if b == 0.0:
            floor = 1e-13 * values[-1]
            c = np.where(values > floor, r / np.maximum(values, floor), 0.0)
            return np.dot(vectors, c)
        t = solve_secular(values, r, b)
        return np.dot(vectors, r * (t / (values * t + b)))
    largest, new = values[-1], old
    for _ in range(_PROXIMAL_STEPS):
        slope = np.dot(vectors, values * np.dot(new, vectors) - r)
        new = _shrink(new - slope / largest, a / largest, b / largest)
    return new


@kernel()
def _rotation(
    vectors: FloatArray, offsets: IndexArray, i: int, size: int
) -> FloatArray:
    """Return the eigenvectors of one group, as columns."""
    return vectors[offsets[i] : offsets[i + 1]].reshape((size, size))


@kernel()
def sweep_blocks(
    hessian: FloatArray,
    w: FloatArray,
    g: FloatArray,
    starts: IndexArray,
    a: float,
    strength: FloatArray,
    values: FloatArray,
    vectors: FloatArray,
    offsets: IndexArray,
    n_sweeps: int,
    reduction: float,
) -> int:
    """Sweep over groups with all second derivatives; w and its gradient g are updated.

    Parameters
    ----------
    hessian : array of shape (m, m)
    w, g : array of shape (m,)
    starts : array of shape (n_groups + 1,)
        Group i is ``w[starts[i]:starts[i + 1]]``.
    a : float
        Strength of every magnitude.
    strength : array of shape (n_groups,)
        Of the l2 norm of each group.
    values : array of shape (m,)
        Eigenvalues of the diagonal blocks, in ascending order.
    vectors : array
        Their eigenvectors, those of group i from ``offsets[i]`` on.
    offsets : array of shape (n_groups + 1,)
    n_sweeps : int
    reduction : float
        Stop once the largest step of a sweep is this part of that of the first.

    Returns
    -------
    int
        How many sweeps were made.
    """
    first, done = 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own = values[low:high]
            if own[-1] <= 0.0:
                continue
            old = w[low:high].copy()
            turn = _rotation(vectors, offsets, i, high - low)
            change = _minimiser(old, g[low:high], own, turn, a, strength[i]) - old
            size = np.sum(change * change)
            if size > 0.0:
                w[low:high] += change
                g += np.dot(change, hessian[low:high])
                largest = max(largest, own[-1] * size)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done


@kernel()
def sweep_dense_blocks(
    rows: FloatArray,
    w: FloatArray,
    starts: IndexArray,
    a: float,
    strength: FloatArray,
    values: FloatArray,
    vectors: FloatArray,
    offsets: IndexArray,
    slopes: FloatArray,
    total: float,
    d: FloatArray,
    q: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> tuple[int, float]:
    """Sweep over groups of columns, the rows of an array; w and q are updated.

    Rows of the table have gradients q and curvatures d, and the intercept moves with
    coefficients: the true gradient of a row is q + c d, ``slopes`` are X'd and
    ``total`` is the sum of d, or infinite without an intercept. Other parameters are
    those of `sweep_blocks`. Returns how many sweeps were made, and c.
    """
    c, first, done = 0.0, 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own = values[low:high]
            if own[-1] <= 0.0:
                continue
            old = w[low:high].copy()
            g = np.dot(rows[low:high], q) + c * slopes[low:high]
            turn = _rotation(vectors, offsets, i, high - low)
            change = _minimiser(old, g, own, turn, a, strength[i]) - old
            size = np.sum(change * change)
            if size > 0.0:
                w[low:high] += change
                q += d * np.dot(change, rows[low:high])
                c -= np.dot(slopes[low:high], change) / total
                largest = max(largest, own[-1] * size)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, c


@kernel()
def _add_products(
    data: FloatArray,
    indices: IndexArray,
    begins: IndexArray,
    low: int,
    q: FloatArray,
    g: FloatArray,
) -> None:
    for j in range(len(g)):
        for at in range(begins[low + j], begins[low + j + 1]):
            g[j] += data[at] * q[indices[at]]


@kernel()
def _add_columns(
    data: FloatArray,
    indices: IndexArray,
    begins: IndexArray,
    low: int,
    change: FloatArray,
    d: FloatArray,
    q: FloatArray,
) -> None:
    for j in range(len(change)):
        for at in range(begins[low + j], begins[low + j + 1]):
            row = indices[at]
            q[row] += d[row] * data[at] * change[j]


@kernel()
def sweep_sparse_blocks(
    data: FloatArray,
    indices: IndexArray,
    begins: IndexArray,
    w: FloatArray,
    starts: IndexArray,
    a: float,
    strength: FloatArray,
    values: FloatArray,
    vectors: FloatArray,
    offsets: IndexArray,
    slopes: FloatArray,
    total: float,
    d: FloatArray,
    q: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> tuple[int, float]:
    """Sweep over groups of columns of a CSC table, as `sweep_dense_blocks` does."""
    c, first, done = 0.0, 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own = values[low:high]
            if own[-1] <= 0.0:
                continue
            old, g = w[low:high].copy(), c * slopes[low:high]
            _add_products(data, indices, begins, low, q, g)
            turn = _rotation(vectors, offsets, i, high - low)
            change = _minimiser(old, g, own, turn, a, strength[i]) - old
            size = np.sum(change * change)
            if size > 0.0:
                w[low:high] += change
                _add_columns(data, indices, begins, low, change, d, q)
                c -= np.dot(slopes[low:high], change) / total
                largest = max(largest, own[-1] * size)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, c
