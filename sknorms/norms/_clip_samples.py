"""Clipping of gradients sample by sample, and relative to the weights."""

import math
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, SparseMatrix
from sknorms._validation import check_choice, check_real, output_dtype
from sknorms.norms._clip import clip_by_norm
from sknorms.norms._clip_slices import apply_policy, clip_slices, without_nans
from sknorms.norms._layout import Axis, SliceLayout, as_array, as_table, narrow
from sknorms.norms._registry import get_vector_norm
from sknorms.norms._scaled import combine_norms, rescale_rows, scaled_row_norms

__all__ = ["clip_adaptive", "clip_per_sample"]

# Gradients shorter than this are divided by it, as in adaptive clipping's reference.
_ADAPTIVE_FLOOR = 1e-6


def clip_per_sample(
    grads: Any,
    max_norm: float,
    norm_type: Any = 2.0,
    *,
    reduction: str = "sum",
    eps: float = 0.0,
    nonfinite: str = "raise",
) -> tuple[Any, int]:
    r"""Clip the gradient of every sample by itself, then add them up.

    Returns :math:`\sum_i g_i \min(1, C / \|g_i\|)`: no single sample can move the sum
    further than C.

    Parameters
    ----------
    grads : array-like, CSR or list of array-like
        Gradients with one sample along the first axis. A list holds several parameters
        of the same samples; a sample's norm is then taken over all of them.
    max_norm : float
        C, at least 0.
    norm_type : float, str or Norm, default=2.0
        The p-norm, as for `get_norm`.
    reduction : {"sum", "mean", "none"}, default="sum"
        Whether clipped gradients are added, averaged, or returned one by one.
    eps : float, default=0.0
        Added to the norms, as in `clip_by_norm`.
    nonfinite : {"raise", "skip", "propagate", "zero_nans"}, default="raise"
        What to do with samples that are not finite, as in `clip_by_norm`.

    Returns
    -------
    clipped : array, CSR or list of array
        As ``grads``, without the first axis unless ``reduction="none"``; float32 for
        float32 and float16 input, else float64.
    n_clipped : int
        How many samples were longer than ``max_norm``.

    Raises
    ------
    ValueError
        If numbers of samples differ, or a gradient is not finite and ``nonfinite`` is
        "raise".

    Examples
    --------
    >>> from sknorms.norms import clip_per_sample
    >>> clip_per_sample([[0.0, 3.0, 4.0], [4.0, 0.0, 3.0]], max_norm=1.0)
    (array([0.8, 0.6, 1.4]), 2)
    """
    record = get_vector_norm(norm_type, name="norm_type")
    limit = check_real("max_norm", max_norm, low=0.0)
    check_choice("reduction", reduction, ("sum", "mean", "none"))
    if sparse.issparse(grads):
        rows = clip_by_norm(grads, limit, record, axis=1, eps=eps, nonfinite=nonfinite)
        n_clipped = int((record.measure_table(as_table(grads)) > limit).sum())
        return _reduce_sparse(rows, reduction), n_clipped
    several = isinstance(grads, list | tuple) and all(np.ndim(g) > 1 for g in grads)
    arrays = [as_array(g, name="grads") for g in (grads if several else [grads])]
    flats = [without_nans(_sample_rows(g, arrays[0]), nonfinite) for g in arrays]
    measured = combine_norms([record.scaled_slices(f) for f in flats], record.order)
    limits = np.full(len(measured.norm), limit)
    clipped = [
        _reduce(
            clip_slices(
                flat,
                measured,
                limits,
                eps=check_real("eps", eps, low=0.0),
                nonfinite=nonfinite,
                dtype=output_dtype(array),
            ).reshape(array.shape),
            reduction,
            array,
        )
        for flat, array in zip(flats, arrays, strict=True)
    ]
    return (clipped if several else clipped[0]), int((measured.values > limit).sum())


def clip_adaptive(
    grads: Any,
    weights: Any,
    clipping: float = 0.01,
    eps: float = 1e-3,
    *,
    axis: Axis = None,
) -> AnyArray:
    r"""Clip gradients relative to the weights they would change, unit by unit.

    A unit with weights w and gradient g is clipped to
    :math:`m = \lambda \max(\|w\|_2, \epsilon)`, as
    :math:`g \, m / \max(\|g\|_2, 10^{-6})` where :math:`\|g\|_2 \ge m`.

    Parameters
    ----------
    grads : array-like
        Gradients; finite real numbers.
    weights : array-like of the same shape
        The weights.
    clipping : float, default=0.01
        Lambda, the largest relative change; at least 0.
    eps : float, default=1e-3
        Lower limit of the weights' norm, so that zero weights can grow.
    axis : int, tuple of int or None, default=None
        The axes of one unit. None: all axes but the first (each row of ``coef_``, one
        class, is a unit), or all of a 1-D array.

    Returns
    -------
    array of the shape of grads
        A new array; float32 for float32 and float16 input, else float64.

    Raises
    ------
    ValueError
        If shapes differ or a gradient is not finite.

    Notes
    -----
    Brock, De, Smith and Simonyan (2021), "High-performance large-scale image
    recognition without normalization".

    Examples
    --------
    >>> from sknorms.norms import clip_adaptive
    >>> clip_adaptive([[3.0, 4.0], [0.0, 0.1]], [[6.0, 8.0], [0.0, 9.0]], clipping=0.1)
    array([[0.6, 0.8],
           [0. , 0.1]])
    """
    clipping = check_real("clipping", clipping, low=0.0)
    eps = check_real("eps", eps, low=0.0)
    array, base = as_array(grads, name="grads"), as_array(weights, name="weights")
    if array.shape != base.shape:
        raise ValueError(
            f"weights must have the shape of grads, {array.shape}; got {base.shape}."
        )
    if axis is None and array.ndim > 1:
        axis = tuple(range(1, array.ndim))
    layout = SliceLayout.of(array.shape, axis, 1)
    slices = layout.widen(array)
    measured = scaled_row_norms(slices)
    slices = apply_policy(slices, measured, "raise")
    most = clipping * np.maximum(scaled_row_norms(layout.gather(base)).values, eps)
    lengths = measured.values
    clipped = rescale_rows(slices, measured, np.minimum(most, lengths))
    tiny = (lengths < _ADAPTIVE_FLOOR) & (lengths >= most)
    clipped[tiny] = slices[tiny] * (most[tiny] / _ADAPTIVE_FLOOR)[:, np.newaxis]
    clipped = np.where((lengths >= most)[:, np.newaxis], clipped, slices)
    restored: AnyArray = narrow(layout.restore(clipped), array)
    return restored


def _reduce(clipped: FloatArray, reduction: str, like: AnyArray) -> AnyArray:
    """Add up or average over the samples, and round once."""
    if reduction == "none":
        return _rounded(clipped, like)
    total = np.add.reduce(clipped, axis=0)
    if reduction == "mean":
        total = total / max(1, len(clipped))
    return _rounded(total, like)


def _rounded(values: AnyArray, like: Any) -> AnyArray:
    rounded: AnyArray = narrow(values, like)
    return rounded


def _sample_rows(array: AnyArray, first: AnyArray) -> FloatArray:
    """Return one float64 row a sample."""
    if array.ndim < 1 or len(array) != len(first):
        raise ValueError(
            "grads must have one sample along the first axis, the same ones in every "
            f"array; got shapes {first.shape} and {array.shape}."
        )
    size = math.prod(array.shape[1:])
    return np.ascontiguousarray(array, dtype=np.float64).reshape(len(array), size)


def _reduce_sparse(rows: SparseMatrix, reduction: str) -> Any:
    """Add up or average CSR rows into a dense vector, in float64, and round once."""
    if reduction == "none":
        return rows
    total = np.asarray(rows.sum(axis=0, dtype=np.float64)).reshape(-1)
    if reduction == "mean":
        total = total / max(1, rows.shape[0])
    return _rounded(total, rows)
