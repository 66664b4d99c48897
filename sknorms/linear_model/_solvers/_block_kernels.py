"""Sweeps of block coordinate descent over a quadratic model with groups.

`improve_group` says what is done with one group; here is what the gradient of the next
one comes from. What runs over rows of a table, or over pairs of coefficients, has a
form for NumPy too.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.linear_model._solvers._group_kernel import improve_group

__all__ = [
    "sweep_blocks",
    "sweep_dense_blocks",
    "sweep_sparse_blocks",
]

# Sums may be reordered; NaN and infinity keep their meaning.
_FAST = {"reassoc", "contract", "nsz", "arcp"}


def _plain_products(rows: FloatArray, low: int, x: FloatArray, out: FloatArray) -> None:
    out[:] = rows[low : low + len(out)] @ x


@kernel(fastmath=_FAST, plain=_plain_products)
def _products(rows: FloatArray, low: int, x: FloatArray, out: FloatArray) -> None:
    """Write the products of some rows, from ``low`` on, with a vector."""
    for j in range(len(out)):
        total = 0.0
        for i in range(len(x)):
            total += rows[low + j, i] * x[i]
        out[j] = total


def _plain_add(rows: FloatArray, low: int, x: FloatArray, out: FloatArray) -> None:
    out += x @ rows[low : low + len(x)]


@kernel(fastmath=_FAST, plain=_plain_add)
def _add_rows(rows: FloatArray, low: int, x: FloatArray, out: FloatArray) -> None:
    """Add some rows, from ``low`` on, times numbers."""
    for j in range(len(x)):
        if x[j] != 0.0:
            for i in range(len(out)):
                out[i] += x[j] * rows[low + j, i]


def _plain_bent(
    rows: FloatArray, low: int, x: FloatArray, d: FloatArray, out: FloatArray
) -> None:
    out += d * (x @ rows[low : low + len(x)])


@kernel(fastmath=_FAST, plain=_plain_bent)
def _add_bent_rows(
    rows: FloatArray, low: int, x: FloatArray, d: FloatArray, out: FloatArray
) -> None:
    """Add d times some rows, from ``low`` on, times numbers."""
    for j in range(len(x)):
        if x[j] != 0.0:
            for i in range(len(out)):
                out[i] += x[j] * d[i] * rows[low + j, i]


@kernel(inline="always")
def _add_part(values: FloatArray, low: int, factor: float, out: FloatArray) -> None:
    for j in range(len(out)):
        out[j] += factor * values[low + j]


@kernel(inline="always")
def _part_product(values: FloatArray, low: int, x: FloatArray) -> Any:
    total = 0.0
    for j in range(len(x)):
        total += values[low + j] * x[j]
    return total


@kernel(error_model="numpy")
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
        Their eigenvectors as rows, those of group i from ``offsets[i]`` on.
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
    change, c = np.empty(len(w)), np.empty(len(w))
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own, size = values[low:high], high - low
            if own[size - 1] <= 0.0:
                continue
            turn = vectors[offsets[i] : offsets[i + 1]]
            step = change[:size]
            moved = improve_group(
                w[low:high], g[low:high], own, turn, a, strength[i], step, c[:size]
            )
            if moved > 0.0:
                _add_rows(hessian, low, step, g)
                largest = max(largest, moved)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done


@kernel(error_model="numpy")
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
    shift, first, done = 0.0, 0.0, 0
    change, c, g = np.empty(len(w)), np.empty(len(w)), np.empty(len(w))
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own, size = values[low:high], high - low
            if own[size - 1] <= 0.0:
                continue
            slope, step = g[:size], change[:size]
            _products(rows, low, q, slope)
            _add_part(slopes, low, shift, slope)
            turn = vectors[offsets[i] : offsets[i + 1]]
            moved = improve_group(
                w[low:high], slope, own, turn, a, strength[i], step, c[:size]
            )
            if moved > 0.0:
                _add_bent_rows(rows, low, step, d, q)
                shift -= _part_product(slopes, low, step) / total
                largest = max(largest, moved)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, shift


def _plain_sparse_products(
    data: AnyArray,
    indices: AnyArray,
    begins: AnyArray,
    low: int,
    q: FloatArray,
    g: FloatArray,
) -> None:
    for j in range(len(g)):
        part = slice(begins[low + j], begins[low + j + 1])
        g[j] = data[part] @ q[indices[part]]


@kernel(fastmath=_FAST, plain=_plain_sparse_products)
def _sparse_products(
    data: AnyArray,
    indices: AnyArray,
    begins: AnyArray,
    low: int,
    q: FloatArray,
    g: FloatArray,
) -> None:
    """Write the products of some columns, from ``low`` on, with a vector."""
    for j in range(len(g)):
        total = 0.0
        for at in range(begins[low + j], begins[low + j + 1]):
            total += data[at] * q[indices[at]]
        g[j] = total


def _plain_sparse_add(
    data: AnyArray,
    indices: AnyArray,
    begins: AnyArray,
    low: int,
    change: FloatArray,
    d: FloatArray,
    q: FloatArray,
) -> None:
    for j in range(len(change)):
        part = slice(begins[low + j], begins[low + j + 1])
        rows = indices[part]
        q[rows] += d[rows] * data[part] * change[j]


@kernel(fastmath=_FAST, plain=_plain_sparse_add)
def _add_columns(
    data: AnyArray,
    indices: AnyArray,
    begins: AnyArray,
    low: int,
    change: FloatArray,
    d: FloatArray,
    q: FloatArray,
) -> None:
    """Add d times some columns, from ``low`` on, times numbers."""
    for j in range(len(change)):
        for at in range(begins[low + j], begins[low + j + 1]):
            row = indices[at]
            q[row] += d[row] * data[at] * change[j]


@kernel(error_model="numpy")
def sweep_sparse_blocks(
    data: AnyArray,
    indices: AnyArray,
    begins: AnyArray,
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
    shift, first, done = 0.0, 0.0, 0
    change, c, g = np.empty(len(w)), np.empty(len(w)), np.empty(len(w))
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(len(strength)):
            low, high = starts[i], starts[i + 1]
            own, size = values[low:high], high - low
            if own[size - 1] <= 0.0:
                continue
            slope, step = g[:size], change[:size]
            _sparse_products(data, indices, begins, low, q, slope)
            _add_part(slopes, low, shift, slope)
            turn = vectors[offsets[i] : offsets[i + 1]]
            moved = improve_group(
                w[low:high], slope, own, turn, a, strength[i], step, c[:size]
            )
            if moved > 0.0:
                _add_columns(data, indices, begins, low, step, d, q)
                shift -= _part_product(slopes, low, step) / total
                largest = max(largest, moved)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, shift
