"""Compiled sums over coordinates for all pairs of two blocks, in NumPy's own order.

``out[i, j] = sum_k term(x[i, k], y[j, k])`` in float64, to the last bit what
``np.add.reduce`` gives for a contiguous row of these terms: eight running sums within
leaves of at most 128 terms, the leaves added up in a binary tree. Nothing is reordered,
so the kernels can stand in for NumPy anywhere. Dense blocks are vectorised over j.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import FloatArray, IndexArray

__all__ = [
    "ABSOLUTE",
    "LANES",
    "PRODUCT",
    "RELATIVE",
    "SQUARE",
    "dense_sums",
    "sum_term",
]

# The terms: squared difference, absolute difference, product, and the difference
# relative to the two sizes.
SQUARE, ABSOLUTE, PRODUCT, RELATIVE = 0, 1, 2, 3
# Running sums within a leaf.
LANES = 8


@kernel(error_model="numpy")
def sum_term(kind: int, a: Any, b: Any) -> Any:
    """Return one term; NaN where the sizes of a relative difference overflow."""
    if kind == SQUARE:
        difference = a - b
        return difference * difference
    if kind == ABSOLUTE:
        return abs(a - b)
    if kind == PRODUCT:
        return a * b
    size = abs(a) + abs(b)
    share = abs(a - b) / size
    share = np.nan if size == np.inf else share
    return 0.0 if size == 0.0 else share


@kernel(error_model="numpy")
def _add_terms(
    kind: int,
    x: FloatArray,
    i: int,
    columns: FloatArray,
    first: int,
    count: int,
    sums: FloatArray,
    row: int,
) -> None:
    """Add ``count`` terms, every eighth one from ``first``, to a row of sums."""
    n = columns.shape[1]
    for b in range(0, count - 3, 4):
        k = first + LANES * b
        k1, k2, k3 = k + LANES, k + 2 * LANES, k + 3 * LANES
        x0, x1, x2, x3 = x[i, k], x[i, k1], x[i, k2], x[i, k3]
        for j in range(n):
            total = sums[row, j] + sum_term(kind, x0, columns[k, j])
            total = total + sum_term(kind, x1, columns[k1, j])
            total = total + sum_term(kind, x2, columns[k2, j])
            sums[row, j] = total + sum_term(kind, x3, columns[k3, j])
    for b in range(count - count % 4, count):
        k = first + LANES * b
        x0 = x[i, k]
        for j in range(n):
            sums[row, j] += sum_term(kind, x0, columns[k, j])


@kernel(error_model="numpy")
def _add_leaf(
    kind: int,
    x: FloatArray,
    i: int,
    columns: FloatArray,
    start: int,
    stop: int,
    stack: FloatArray,
    top: int,
) -> None:
    """Write the sums of one leaf to a row of the stack."""
    n = columns.shape[1]
    count = (stop - start) // LANES
    for lane in range(LANES):
        for j in range(n):
            stack[lane, j] = 0.0
        _add_terms(kind, x, i, columns, start + lane, count, stack, lane)
    for j in range(n):
        low = (stack[0, j] + stack[1, j]) + (stack[2, j] + stack[3, j])
        high = (stack[4, j] + stack[5, j]) + (stack[6, j] + stack[7, j])
        stack[top, j] = low + high
    for k in range(start + LANES * count, stop):
        _add_terms(kind, x, i, columns, k, 1, stack, top)


@kernel(error_model="numpy")
def dense_sums(
    kind: int,
    x: FloatArray,
    columns: FloatArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
    out: FloatArray,
    first: int,
) -> None:
    """Write the sums of all pairs, from column ``first`` of ``out`` on.

    ``columns`` holds the other side transposed; ``leaves`` where the leaves begin and
    end, ``merges`` how many subtrees each one completes; ``stack`` is scratch: eight
    rows of running sums, then one a level of the tree.
    """
    n = columns.shape[1]
    for i in range(x.shape[0]):
        top = LANES
        for leaf in range(merges.shape[0]):
            start, stop = leaves[leaf], leaves[leaf + 1]
            _add_leaf(kind, x, i, columns, start, stop, stack, top)
            for _ in range(merges[leaf]):
                top -= 1
                for j in range(n):
                    stack[top, j] += stack[top + 1, j]
            top += 1
        for j in range(n):
            out[i, first + j] = stack[LANES, j]
