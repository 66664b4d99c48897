"""Clipping of arrays by norm and by value."""

import math
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, SparseMatrix
from sknorms._validation import check_real, output_dtype
from sknorms.norms._clip_slices import clip_slices, without_nans
from sknorms.norms._layout import Axis, SliceLayout, as_array, as_table, narrow
from sknorms.norms._registry import get_norm, get_vector_norm

__all__ = ["clip_by_norm", "clip_by_value"]


def clip_by_norm(
    x: Any,
    max_norm: Any,
    norm: Any = "l2",
    *,
    axis: Axis = None,
    eps: float = 0.0,
    nonfinite: str = "raise",
) -> Any:
    r"""Scale what is longer than ``max_norm`` onto the ball; leave the rest alone.

    Each slice becomes :math:`x \min(1, c / (\|x\| + \epsilon))`.

    Parameters
    ----------
    x : array-like or sparse matrix
        Real numbers. Sparse input takes p-norms of the whole matrix or its rows.
    max_norm : float or array-like
        c, at least 0: 0 gives zeros, infinity gives ``x``. One number a slice.
    norm : float, str or Norm, default="l2"
        As for `get_norm`.
    axis : int, tuple of int or None, default=None
        The axes of one slice; None is all of ``x`` (matrix norms: the last two axes).
    eps : float, default=0.0
        Added to the norm. 0 is exact; deep learning libraries add 1e-6.
    nonfinite : {"raise", "skip", "propagate", "zero_nans"}, default="raise"
        What to do with a slice that holds NaN or infinity: raise, set it to zero,
        compute on (its finite elements become 0, the others NaN), or replace NaN by 0
        before anything else.

    Returns
    -------
    array or CSR of the shape of x
        A new array; float32 for float32 and float16 input (float64 inside), else
        float64. Slices inside the ball come back bit for bit, so that clipping twice
        is clipping once.

    Raises
    ------
    ValueError
        If ``max_norm`` is negative or NaN, or ``x`` is not finite and ``nonfinite`` is
        "raise".

    See Also
    --------
    project : The nearest point of the ball, another one unless the norm is "l2".

    Examples
    --------
    >>> from sknorms.norms import clip_by_norm
    >>> clip_by_norm([[3.0, 4.0], [0.3, 0.4]], max_norm=1.0, axis=1)
    array([[0.6, 0.8],
           [0.3, 0.4]])
    """
    eps = check_real("eps", eps, low=0.0)
    if sparse.issparse(x):
        return _clip_sparse(x, max_norm, norm, axis, eps, nonfinite)
    record = get_norm(norm)
    array = as_array(x)
    layout = SliceLayout.of(array.shape, axis, record.core_ndim)
    slices = without_nans(layout.widen(array), nonfinite)
    measured = record.scaled_slices(slices)
    limits = layout.per_slice("max_norm", max_norm)
    flat = slices.reshape(len(slices), math.prod(slices.shape[1:]))
    clipped = clip_slices(
        flat, measured, limits, eps=eps, nonfinite=nonfinite, dtype=output_dtype(array)
    )
    restored: AnyArray = narrow(layout.restore(clipped), array)
    return restored


def clip_by_value(x: Any, max_value: Any) -> Any:
    """Clip every element to ``[-max_value, max_value]``.

    Parameters
    ----------
    x : array-like or sparse matrix
        Real numbers; NaN stays NaN, infinity becomes the limit.
    max_value : float or array-like
        At least 0; broadcasts against ``x`` (a number for sparse input).

    Returns
    -------
    array or CSR of the shape of x
        A new array; float32 for float32 and float16 input, else float64.

    Raises
    ------
    ValueError
        If ``max_value`` is negative or NaN.

    Examples
    --------
    >>> from sknorms.norms import clip_by_value
    >>> clip_by_value([-3.0, 0.5, 2.0], max_value=1.0)
    array([-1. ,  0.5,  1. ])
    """
    if sparse.issparse(x):
        table = as_table(x, name="x")
        limit = check_real("max_value", max_value, low=0.0)
        return _with_data(table, narrow(np.clip(table.data, -limit, limit), table))
    array = as_array(x)
    limits = SliceLayout.of(array.shape, (), 1).per_slice("max_value", max_value)
    limits = limits.reshape(array.shape)
    clipped: AnyArray = narrow(np.clip(array, -limits, limits), array)
    return clipped


def _with_data(X: SparseMatrix, data: AnyArray) -> SparseMatrix:
    """Return a CSR matrix with the structure of ``X`` and other values."""
    structure = (data, X.indices.copy(), X.indptr.copy())
    same: SparseMatrix = type(X)(structure, shape=X.shape)
    return same


def _clip_sparse(
    x: Any, max_norm: Any, norm: Any, axis: Axis, eps: float, nonfinite: str
) -> SparseMatrix:
    """Clip a CSR matrix, or each of its rows, through its stored values."""
    table = as_table(x, name="x")
    record = get_vector_norm(norm)
    layout = SliceLayout.of(table.shape, axis, 1)
    if layout.axes == (0,):
        raise ValueError(f"axis must be None or 1 for a sparse matrix; got {axis!r}.")
    data = without_nans(table.data.astype(np.float64), nonfinite)
    whole = len(layout.axes) == 2
    cleaned = _with_data(table, data)
    measured = record.scaled_slices(data[np.newaxis] if whole else cleaned)
    row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    # Every stored value is a row of length one that has its row's norm and limit.
    slice_of = np.zeros_like(row) if whole else row
    clipped = clip_slices(
        data[:, np.newaxis],
        measured[slice_of],
        layout.per_slice("max_norm", max_norm)[slice_of],
        eps=eps,
        nonfinite=nonfinite,
        dtype=output_dtype(table),
        length=math.prod(table.shape) if whole else table.shape[1],
    )
    return _with_data(table, narrow(clipped[:, 0], table))
