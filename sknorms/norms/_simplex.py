r"""Thresholds of simplices and l1 balls, by sorting.

The projection of a onto :math:`\{z \ge 0 : \sum_i z_i = r\}` is
:math:`z_i = \max(a_i - \tau, 0)` with :math:`\tau = (\sum_{i \le k} a_{(i)} - r) / k`
for the largest k such that the k-th largest element exceeds its own :math:`\tau`
(Held, Wolfe and Crowder, 1974; Duchi et al., 2008).
"""

import math
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.norms._layout import Axis, SliceLayout, as_array, narrow

__all__ = [
    "project_rows_on_simplex",
    "project_simplex",
    "weighted_threshold",
]


def project_simplex(x: Any, radius: Any = 1.0, *, axis: Axis = -1) -> AnyArray:
    """Return the nearest point with non-negative elements of a given sum.

    Parameters
    ----------
    x : array-like
        Real numbers; each slice along ``axis`` is one point. NaN makes its slice NaN.
    radius : float or array-like, default=1.0
        The sum, at least 0 and finite; one number a slice.
    axis : int, tuple of int or None, default=-1
        The axes of one slice; None is the whole array.

    Returns
    -------
    array of the shape of x
        A new array; float32 for float32 and float16 input, else float64. Zeros are
        exact; a point that is already on the simplex comes back bit for bit.

    Raises
    ------
    ValueError
        If a radius is negative, NaN or infinite, or a slice is empty.

    Notes
    -----
    Duchi, Shalev-Shwartz, Singer and Chandra (2008). The sum is exact to 4 n u r for n
    elements, u the unit roundoff, also for elements that share an offset of 1e16.

    Examples
    --------
    >>> from sknorms.norms import project_simplex
    >>> project_simplex([0.5, 1.0, -2.0])
    array([0.25, 0.75, 0.  ])
    >>> project_simplex([[1.0, 0.0], [1e16, 1e16]], radius=2.0)
    array([[1.5, 0.5],
           [1. , 1. ]])
    """
    array = as_array(x)
    layout = SliceLayout.of(array.shape, axis, 1)
    slices = layout.widen(array)
    sums = layout.per_slice("radius", radius)
    if np.isinf(sums).any():
        raise ValueError("radius must be finite for a simplex; got inf.")
    if slices.shape[1] == 0:
        raise ValueError(
            f"x must have at least one element a slice; got shape {array.shape}."
        )
    out = slices.copy()
    move = ~_on_simplex(slices, sums, float(np.finfo(narrow(out[:0], array).dtype).eps))
    if move.any():
        out[move] = project_rows_on_simplex(slices[move], sums[move])
    restored: AnyArray = narrow(layout.restore(out), array)
    return restored


def _on_simplex(rows: FloatArray, sums: FloatArray, eps: float) -> AnyArray:
    slack = 2.0 * eps + rows.shape[1] * 2.0**-51
    with np.errstate(over="ignore", invalid="ignore"):
        off = np.abs(np.add.reduce(rows, axis=-1) - sums)
        on: AnyArray = (off <= slack * sums) & (rows >= 0.0).all(axis=-1)
    return on


def project_rows_on_simplex(rows: FloatArray, sums: FloatArray) -> FloatArray:
    """Project float64 rows of any size onto simplices of finite sums >= 0."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        # Adding a constant to a row changes nothing, so the largest becomes 0; elements
        # a whole sum below it are out. What is left is scaled to ordinary size.
        largest = np.maximum.reduce(rows, axis=-1)
        shifted = np.maximum(rows - largest[:, np.newaxis], -2.0 * sums[:, np.newaxis])
        exponent = np.frexp(np.where(sums > 0.0, sums, 1.0))[1][:, np.newaxis]
        shifted = np.ldexp(shifted, -exponent)
        target = np.ldexp(sums, -exponent[:, 0])
        positive = np.maximum(shifted - _threshold(shifted, target), 0.0)
        projected: FloatArray = np.ldexp(positive, exponent)
    return projected


def _threshold(rows: FloatArray, sums: FloatArray) -> FloatArray:
    """Return tau, shape (n_rows, 1), for rows of ordinary size."""
    ordered = -np.sort(-rows, axis=-1)
    counts = np.arange(1, rows.shape[1] + 1)
    tau = (np.cumsum(ordered, axis=-1) - sums[:, np.newaxis]) / counts
    active = np.add.reduce(ordered > tau, axis=-1)
    last = np.maximum(active - 1, 0)[:, np.newaxis]
    tau = np.take_along_axis(tau, last, axis=-1)
    # One Newton step with a pairwise sum removes the error of the running sum.
    excess = np.add.reduce(np.maximum(rows - tau, 0.0), axis=-1) - sums
    refined: FloatArray = tau + excess[:, np.newaxis] / (last + 1)
    return refined


def weighted_threshold(
    magnitudes: FloatArray, weights: FloatArray, radius: FloatArray
) -> FloatArray:
    r"""Return tau, shape (n_rows, 1), of a weighted l1 ball.

    The projection of a >= 0 onto :math:`\sum_i w_i z_i \le r` is
    :math:`z_i = \max(a_i - \tau w_i, 0)`; the breakpoints are the sorted a / w.
    Elements of weight 0 are left alone.
    """
    counted = weights > 0.0
    a, w = magnitudes[:, counted], weights[counted]
    scale = _unit_exponent(np.maximum.reduce(a, axis=-1, initial=0.0))[:, np.newaxis]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        a = np.ldexp(a, -scale)
        target = np.ldexp(radius, -scale[:, 0])
        order = np.argsort(-(a / w), axis=-1, kind="stable")
        ordered = np.take_along_axis(a / w, order, axis=-1)
        w_ordered = w[order]
        above = np.cumsum(w_ordered**2 * ordered, axis=-1) - target[:, np.newaxis]
        tau = above / np.cumsum(w_ordered**2, axis=-1)
        active = np.add.reduce(ordered > tau, axis=-1)
        last = np.maximum(active - 1, 0)[:, np.newaxis]
        threshold: FloatArray = np.ldexp(np.take_along_axis(tau, last, axis=-1), scale)
    return threshold


def _unit_exponent(sizes: FloatArray) -> AnyArray:
    """Return e with ``2^-e * size`` in [1/2, 1), 0 where that makes no sense."""
    ordinary = (sizes > 0.0) & (sizes < math.inf)
    return np.frexp(np.where(ordinary, sizes, 1.0))[1]
