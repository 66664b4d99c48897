"""Compiled sweeps of coordinate descent over a weighted quadratic model.

The model of the loss around the current point has a gradient q and a curvature d in
each row, and so the gradient X'q in the coefficients. A free intercept is eliminated
exactly at O(1) a coordinate: the true gradient of a row is q + c d, with one number c
that changes as coefficients do, so that columns of a sparse table stay as they are.
"""

from typing import Any

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray

__all__ = ["sweep_dense", "sweep_gram", "sweep_sparse"]

# Sums may be reordered; NaN and infinity keep their meaning.
_FAST = {"reassoc", "contract", "nsz", "arcp"}


@kernel(fastmath=_FAST)
def _minimiser(
    old: float, gradient: float, curvature: float, terms: FloatArray, i: int
) -> Any:
    """Return the minimiser in one coefficient; terms are l1, l2, lower and upper."""
    value = curvature * old - gradient
    l1 = terms[0, i]
    if value > l1:
        new = (value - l1) / (curvature + terms[1, i])
    elif value < -l1:
        new = (value + l1) / (curvature + terms[1, i])
    else:
        new = 0.0
    return min(max(new, terms[2, i]), terms[3, i])


@kernel(fastmath=_FAST)
def _dense_product(X: AnyArray, j: int, q: FloatArray) -> Any:
    total = 0.0
    for r in range(X.shape[0]):
        total += X[r, j] * q[r]
    return total


@kernel(fastmath=_FAST)
def _add_dense(
    X: AnyArray, j: int, change: float, d: FloatArray, q: FloatArray
) -> None:
    if d.shape[0] == 1:
        step = change * d[0]
        for r in range(X.shape[0]):
            q[r] += step * X[r, j]
    else:
        for r in range(X.shape[0]):
            q[r] += change * d[r] * X[r, j]


@kernel(fastmath=_FAST)
def sweep_dense(
    X: AnyArray,
    columns: IndexArray,
    w: FloatArray,
    terms: FloatArray,
    curvature: FloatArray,
    slopes: FloatArray,
    total: float,
    d: FloatArray,
    q: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> tuple[int, float]:
    """Sweep over columns of a table in F order; w and q are updated.

    Parameters
    ----------
    X : array of shape (n, m) in F order
    columns : array of shape (k,)
        Where the coordinates are in ``X``.
    w : array of shape (k,)
    terms : array of shape (4, k)
        l1, l2, lower and upper of each coordinate.
    curvature : array of shape (k,)
        Of the model, the intercept eliminated; coordinates with 0 are left alone.
    slopes : array of shape (k,)
        X'd, or zeros without an intercept.
    total : float
        The sum of d.
    d : array of shape (n,), or (1,) if the same in each row
    q : array of shape (n,)
        Left without its part c d.
    n_sweeps : int
    reduction : float
        Stop once the largest step of a sweep is this part of that of the first.

    Returns
    -------
    sweeps, shift : int, float
        How many were made, and by how much the intercept moved.
    """
    c, first, done = 0.0, 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(columns.shape[0]):
            if curvature[i] <= 0.0:
                continue
            j = columns[i]
            g = _dense_product(X, j, q) + c * slopes[i]
            change = _minimiser(w[i], g, curvature[i], terms, i) - w[i]
            if change != 0.0:
                w[i] += change
                largest = max(largest, curvature[i] * change * change)
                c -= change * slopes[i] / total
                _add_dense(X, j, change, d, q)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, c


@kernel(fastmath=_FAST)
def _sparse_product(
    data: AnyArray, indices: AnyArray, begin: int, end: int, q: FloatArray
) -> Any:
    total = 0.0
    for at in range(begin, end):
        total += data[at] * q[indices[at]]
    return total


@kernel(fastmath=_FAST)
def _add_sparse(
    data: AnyArray,
    indices: AnyArray,
    begin: int,
    end: int,
    change: float,
    d: FloatArray,
    q: FloatArray,
) -> None:
    uniform = d.shape[0] == 1
    for at in range(begin, end):
        row = indices[at]
        q[row] += change * d[0 if uniform else row] * data[at]


@kernel(fastmath=_FAST)
def sweep_sparse(
    data: AnyArray,
    indices: AnyArray,
    starts: AnyArray,
    columns: IndexArray,
    w: FloatArray,
    terms: FloatArray,
    curvature: FloatArray,
    slopes: FloatArray,
    total: float,
    d: FloatArray,
    q: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> tuple[int, float]:
    """Sweep over columns of a CSC table, as `sweep_dense` does."""
    c, first, done = 0.0, 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(columns.shape[0]):
            if curvature[i] <= 0.0:
                continue
            begin, end = starts[columns[i]], starts[columns[i] + 1]
            g = _sparse_product(data, indices, begin, end, q) + c * slopes[i]
            change = _minimiser(w[i], g, curvature[i], terms, i) - w[i]
            if change != 0.0:
                w[i] += change
                largest = max(largest, curvature[i] * change * change)
                c -= change * slopes[i] / total
                _add_sparse(data, indices, begin, end, change, d, q)
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done, c


@kernel(fastmath=_FAST)
def sweep_gram(
    gram: FloatArray,
    w: FloatArray,
    terms: FloatArray,
    curvature: FloatArray,
    g: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> int:
    """Sweep with the Gram matrix of the model; w and its gradient g are updated."""
    first, done = 0.0, 0
    for sweep in range(n_sweeps):
        largest = 0.0
        for i in range(w.shape[0]):
            if curvature[i] <= 0.0:
                continue
            change = _minimiser(w[i], g[i], curvature[i], terms, i) - w[i]
            if change != 0.0:
                w[i] += change
                largest = max(largest, curvature[i] * change * change)
                for j in range(w.shape[0]):
                    g[j] += change * gram[i, j]
        done += 1
        if sweep == 0:
            first = largest
        if largest <= reduction * reduction * first:
            break
    return done
