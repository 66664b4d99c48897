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
    "SQUARE",
    "dense_sums",
    "sparse_sums",
    "sum_term",
]

# The terms: squared difference, absolute difference, product.
SQUARE, ABSOLUTE, PRODUCT = 0, 1, 2
# Running sums within a leaf.
LANES = 8


@kernel()
def sum_term(kind: int, a: Any, b: Any) -> Any:
    """Return one term."""
    if kind == SQUARE:
        difference = a - b
        return difference * difference
    if kind == ABSOLUTE:
        return abs(a - b)
    return a * b


@kernel()
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


@kernel()
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


@kernel()
def dense_sums(
    kind: int,
    x: FloatArray,
    columns: FloatArray,
    leaves: IndexArray,
    merges: IndexArray,
    stack: FloatArray,
    out: FloatArray,
) -> None:
    """Write the sums of all pairs.

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
            out[i, j] = stack[LANES, j]


@kernel()
def _lane_total(lanes: FloatArray) -> Any:
    low = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    return low + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))


@kernel()
def _restart(lanes: FloatArray, total: Any) -> None:
    for lane in range(LANES):
        lanes[lane] = 0.0
    lanes[0] = total


@kernel()
def _push(code: int, value: Any, codes: IndexArray, sums: FloatArray, top: int) -> int:
    """Put a leaf's sum on the stack, after adding up what is complete by then.

    Leaves without entries are left out: adding zero changes nothing. Codes are paths
    from the root, so two subtrees meet at the highest bit in which their codes differ,
    and of two meeting points the one of the smaller difference lies deeper.
    """
    while top > 1:
        inner = codes[top - 1] ^ codes[top - 2]
        outer = codes[top - 1] ^ code
        if inner >= outer:
            break
        top -= 1
        sums[top - 1] += sums[top]
    codes[top] = code
    sums[top] = value
    return top + 1


@kernel()
def _merged_sum(
    kind: int,
    x: FloatArray,
    x_columns: IndexArray,
    y: FloatArray,
    y_columns: IndexArray,
    leaf_of: IndexArray,
    leaf_codes: IndexArray,
    tail: int,
    lanes: FloatArray,
    codes: IndexArray,
    sums: FloatArray,
) -> Any:
    """Return the sum of the terms of two sparse rows."""
    a, b, top, leaf = 0, 0, 0, -1
    beyond = LANES * leaf_of.shape[0]
    while a < x.shape[0] or b < y.shape[0]:
        x_at = x_columns[a] if a < x.shape[0] else beyond
        y_at = y_columns[b] if b < y.shape[0] else beyond
        k = min(x_at, y_at)
        term = sum_term(kind, x[a] if x_at == k else 0.0, y[b] if y_at == k else 0.0)
        a += x_at == k
        b += y_at == k
        if leaf_of[k // LANES] != leaf:
            if leaf >= 0:
                top = _push(leaf_codes[leaf], _lane_total(lanes), codes, sums, top)
            leaf = leaf_of[k // LANES]
            _restart(lanes, 0.0)
        if k >= tail:
            # The last leaf adds these one by one to the total of its running sums,
            # which from now on is held in the first of them.
            _restart(lanes, _lane_total(lanes) + term)
        else:
            lanes[k % LANES] += term
    if leaf < 0:
        return 0.0
    top = _push(leaf_codes[leaf], _lane_total(lanes), codes, sums, top)
    for below in range(top - 1, 0, -1):
        sums[below - 1] += sums[below]
    return sums[0]


@kernel()
def sparse_sums(
    kind: int,
    x: FloatArray,
    x_columns: IndexArray,
    x_starts: IndexArray,
    y: FloatArray,
    y_columns: IndexArray,
    y_starts: IndexArray,
    leaf_of: IndexArray,
    leaf_codes: IndexArray,
    tail: int,
    out: FloatArray,
) -> None:
    """Write the sums of all pairs of CSR rows with sorted columns.

    ``leaf_of`` numbers the leaf of every run of eight columns, ``leaf_codes`` are the
    leaves' paths from the root, and columns from ``tail`` on are left over of eights.
    """
    lanes = np.zeros(LANES)
    codes = np.zeros(leaf_codes.shape[0], dtype=np.int64)
    sums = np.zeros(leaf_codes.shape[0])
    for i in range(x_starts.shape[0] - 1):
        own = slice(x_starts[i], x_starts[i + 1])
        for j in range(y_starts.shape[0] - 1):
            other = slice(y_starts[j], y_starts[j + 1])
            out[i, j] = _merged_sum(
                kind,
                x[own],
                x_columns[own],
                y[other],
                y_columns[other],
                leaf_of,
                leaf_codes,
                tail,
                lanes,
                codes,
                sums,
            )
