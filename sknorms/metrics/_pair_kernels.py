"""Compiled sums over coordinates for chosen pairs of rows, in NumPy's own order.

The same sums as in `_table_kernels`, to the last bit, where only few of the pairs of
two blocks are wanted: what a search evaluates behind its bound. The terms of a leaf are
written down first and added up then, because each of the two loops compiles to vector
instructions, and one that does both does not.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.metrics._table_kernels import ABSOLUTE, PRODUCT, SQUARE, sum_term

__all__ = ["pair_sums", "unit_pair_sums"]

# The most terms of a leaf.
_LEAF = 128
# Room for the rounding of partial sums, which a sum is given up by.
_GIVE_UP = 1.0 + 2.0**-30
_CHORD_ROUNDING = 2.0**-28


@kernel(error_model="numpy", inline="always")
def _write_terms(kind: int, x: FloatArray, y: AnyArray, terms: FloatArray) -> None:
    """Write the terms of a leaf; values of ``y`` are widened as they are read."""
    if kind == SQUARE:
        for k in range(x.shape[0]):
            difference = x[k] - np.float64(y[k])
            terms[k] = difference * difference
    elif kind == ABSOLUTE:
        for k in range(x.shape[0]):
            terms[k] = abs(x[k] - np.float64(y[k]))
    elif kind == PRODUCT:
        for k in range(x.shape[0]):
            terms[k] = x[k] * np.float64(y[k])
    else:
        for k in range(x.shape[0]):
            terms[k] = sum_term(kind, x[k], np.float64(y[k]))


@kernel(error_model="numpy", inline="always")
def _leaf_sum(terms: FloatArray, count: int) -> Any:
    """Return the sum of the first terms: eight running sums, then what is left over."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    # Unsigned, or else every index is first tested for being negative.
    k, one, eight = np.uint64(0), np.uint64(1), np.uint64(8)
    for _ in range(count // 8):
        s0 += terms[k]
        s1 += terms[k + one]
        s2 += terms[k + np.uint64(2)]
        s3 += terms[k + np.uint64(3)]
        s4 += terms[k + np.uint64(4)]
        s5 += terms[k + np.uint64(5)]
        s6 += terms[k + np.uint64(6)]
        s7 += terms[k + np.uint64(7)]
        k += eight
    total = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))
    while k < np.uint64(count):
        total += terms[k]
        k += one
    return total


@kernel(error_model="numpy", inline="always")
def _tree_sum(
    kind: int,
    x: FloatArray,
    y: AnyArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
    terms: FloatArray,
    limit: float,
) -> Any:
    """Return the sum of the terms of two rows; infinity once it is beyond the limit."""
    top = 0
    so_far = 0.0
    for leaf in range(merges.shape[0]):
        start, stop = leaves[leaf], leaves[leaf + 1]
        _write_terms(kind, x[start:stop], y[start:stop], terms)
        stack[top] = _leaf_sum(terms, stop - start)
        so_far += stack[top]
        if so_far > limit:
            return np.inf
        for _ in range(merges[leaf]):
            top -= 1
            stack[top] += stack[top + 1]
        top += 1
    return stack[0]


@kernel(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _rough_squares(x: FloatArray, y: AnyArray) -> Any:
    """Return a sum of squared differences, added up in whatever order is fastest."""
    total = 0.0
    for k in range(x.shape[0]):
        difference = x[k] - np.float64(y[k])
        total += difference * difference
    return total


@kernel(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _rough_differences(x: FloatArray, y: AnyArray) -> Any:
    """Return a sum of absolute differences, added up in whatever order is fastest."""
    total = 0.0
    for k in range(x.shape[0]):
        total += abs(x[k] - np.float64(y[k]))
    return total


@kernel(error_model="numpy", fastmath={"reassoc", "contract", "nsz"})
def _rough_chord(x: FloatArray, y: AnyArray, accurate: FloatArray) -> Any:
    """Return the squared chord from a unit row to the direction of a row, roughly.

    NaN, as in `unit_pair_sums`, where squares are not accurate.
    """
    product = squares = 0.0
    for k in range(x.shape[0]):
        value = np.float64(y[k])
        product += x[k] * value
        squares += value * value
    if accurate[0] <= squares < accurate[1]:
        return 2.0 - 2.0 * product / np.sqrt(squares)
    return np.nan


@kernel(error_model="numpy")
def pair_sums(
    kind: int,
    x: FloatArray,
    rows: IndexArray,
    y: AnyArray,
    indices: IndexArray,
    leaves: IndexArray,
    merges: IndexArray,
    limits: FloatArray,
    out: FloatArray,
) -> None:
    """Write the sums of pairs ``(x[rows[i]], y[indices[i]])``.

    ``leaves`` and ``merges`` are those of the summation tree. A sum of terms that are
    not negative, beyond ``limits[rows[i]]``, may be given as infinity.
    """
    stack, terms = np.empty(merges.shape[0] + 1), np.empty(_LEAF)
    for pair in range(rows.shape[0]):
        row = rows[pair]
        mine, theirs = x[row], y[indices[pair]]
        limit = limits[row] * _GIVE_UP
        if limit < np.inf:
            out[pair] = np.inf
            if kind == SQUARE and _rough_squares(mine, theirs) > limit:
                continue
            if kind == ABSOLUTE and _rough_differences(mine, theirs) > limit:
                continue
        out[pair] = _tree_sum(kind, mine, theirs, leaves, merges, stack, terms, limit)


@kernel(error_model="numpy")
def unit_pair_sums(
    x: FloatArray,
    rows: IndexArray,
    y: AnyArray,
    indices: IndexArray,
    leaves: IndexArray,
    merges: IndexArray,
    accurate: FloatArray,
    limits: FloatArray,
    out: FloatArray,
) -> None:
    """Write squared chords ``|x[rows[i]] - u|^2``, u the unit row of ``y[indices[i]]``.

    NaN where the squared length of the row is outside the two numbers ``accurate``,
    between which it is. A square beyond ``limits[rows[i]]`` may be given as infinity.
    """
    zeros, unit = np.zeros(x.shape[1]), np.empty(x.shape[1])
    stack, terms = np.empty(merges.shape[0] + 1), np.empty(_LEAF)
    for pair in range(rows.shape[0]):
        row = rows[pair]
        mine, theirs = x[row], y[indices[pair]]
        rough = _rough_chord(mine, theirs, accurate)
        if rough - _CHORD_ROUNDING > limits[row] * _GIVE_UP:
            out[pair] = np.inf
            continue
        squares = _tree_sum(SQUARE, zeros, theirs, leaves, merges, stack, terms, np.inf)
        out[pair] = np.nan
        if accurate[0] <= squares < accurate[1]:
            norm = np.sqrt(squares)
            for k in range(unit.shape[0]):
                unit[k] = np.float64(theirs[k]) / norm
            limit = limits[row] * _GIVE_UP
            out[pair] = _tree_sum(
                SQUARE, mine, unit, leaves, merges, stack, terms, limit
            )
