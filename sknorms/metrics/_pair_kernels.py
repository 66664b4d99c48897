"""Compiled sums over coordinates for chosen pairs of rows, in NumPy's own order.

The same sums as in `_table_kernels`, to the last bit, where only few of the pairs of
two blocks are wanted: what a search evaluates behind its bound.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.metrics._table_kernels import SQUARE, sum_term

__all__ = ["pair_sums", "unit_pair_sums"]


@kernel(error_model="numpy")
def _leaf_sum(kind: int, x: FloatArray, y: AnyArray, start: int, stop: int) -> Any:
    """Return the sum of one leaf; values of ``y`` are widened as they are read."""
    eights = start + (stop - start) // 8 * 8
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    for k in range(start, eights, 8):
        s0 += sum_term(kind, x[k], np.float64(y[k]))
        s1 += sum_term(kind, x[k + 1], np.float64(y[k + 1]))
        s2 += sum_term(kind, x[k + 2], np.float64(y[k + 2]))
        s3 += sum_term(kind, x[k + 3], np.float64(y[k + 3]))
        s4 += sum_term(kind, x[k + 4], np.float64(y[k + 4]))
        s5 += sum_term(kind, x[k + 5], np.float64(y[k + 5]))
        s6 += sum_term(kind, x[k + 6], np.float64(y[k + 6]))
        s7 += sum_term(kind, x[k + 7], np.float64(y[k + 7]))
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    for k in range(eights, stop):
        total += sum_term(kind, x[k], np.float64(y[k]))
    return total


@kernel(error_model="numpy")
def _tree_sum(
    kind: int,
    x: FloatArray,
    y: AnyArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
) -> Any:
    """Return the sum of the terms of two rows."""
    top = 0
    for leaf in range(merges.shape[0]):
        stack[top] = _leaf_sum(kind, x, y, leaves[leaf], leaves[leaf + 1])
        for _ in range(merges[leaf]):
            top -= 1
            stack[top] += stack[top + 1]
        top += 1
    return stack[0]


@kernel(error_model="numpy")
def pair_sums(
    kind: int,
    x: FloatArray,
    rows: IndexArray,
    y: AnyArray,
    indices: IndexArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
    out: FloatArray,
) -> None:
    """Write the sums of pairs ``(x[rows[i]], y[indices[i]])``.

    ``leaves`` and ``merges`` are those of the summation tree, ``stack`` is scratch: one
    number a level of the tree.
    """
    for pair in range(rows.shape[0]):
        mine, theirs = x[rows[pair]], y[indices[pair]]
        out[pair] = _tree_sum(kind, mine, theirs, leaves, merges, stack)


@kernel(error_model="numpy")
def unit_pair_sums(
    x: FloatArray,
    rows: IndexArray,
    y: AnyArray,
    indices: IndexArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
    limits: FloatArray,
    out: FloatArray,
) -> None:
    """Write squared chords ``|x[rows[i]] - u|^2``, u the unit row of ``y[indices[i]]``.

    NaN where the squared length of the row is outside ``limits``, in which it is
    accurate.
    """
    zeros, unit = np.zeros(x.shape[1]), np.empty(x.shape[1])
    for pair in range(rows.shape[0]):
        mine, theirs = x[rows[pair]], y[indices[pair]]
        squares = _tree_sum(SQUARE, zeros, theirs, leaves, merges, stack)
        out[pair] = np.nan
        if limits[0] <= squares < limits[1]:
            norm = np.sqrt(squares)
            for k in range(unit.shape[0]):
                unit[k] = np.float64(theirs[k]) / norm
            out[pair] = _tree_sum(SQUARE, mine, unit, leaves, merges, stack)
