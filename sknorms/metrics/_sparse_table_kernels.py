"""Compiled sums over coordinates for all pairs of CSR rows, in NumPy's own order.

The same bits as `dense_sums` without making rows dense: adding zero changes nothing, so
only the terms of stored values are added, each in its place in the tree of sums.
"""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import FloatArray, IndexArray
from sknorms.metrics._table_kernels import LANES, sum_term

__all__ = ["ordered_sum", "sparse_products", "sparse_sums"]

# Dividing by eight.
_SHIFT = 3
# More than any difference of two paths.
_ABOVE_ALL = 1 << 62


@kernel(error_model="numpy", inline="always")
def _lane_total(lanes: FloatArray) -> Any:
    low = (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    return low + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))


@kernel(error_model="numpy", inline="always")
def _restart(lanes: FloatArray, total: Any) -> None:
    for lane in range(LANES):
        lanes[lane] = 0.0
    lanes[0] = total


@kernel(error_model="numpy", inline="always")
def _leaf_sum(
    terms: FloatArray,
    columns: IndexArray,
    first: int,
    last: int,
    tail: int,
    lanes: FloatArray,
) -> Any:
    """Return the sum of the terms of one leaf."""
    _restart(lanes, 0.0)
    for at in range(first, last):
        if columns[at] < tail:
            lanes[columns[at] & (LANES - 1)] += terms[at]
        else:
            # What is left over of eights is added one by one to the total of the
            # running sums, which the first of them holds from now on.
            _restart(lanes, _lane_total(lanes) + terms[at])
    return _lane_total(lanes)


@kernel(error_model="numpy", inline="always")
def ordered_sum(
    terms: FloatArray,
    columns: IndexArray,
    first: int,
    last: int,
    owners: IndexArray,
    paths: IndexArray,
    tail: int,
    lanes: FloatArray,
    joints: IndexArray,
    sums: FloatArray,
) -> Any:
    """Return the sum of terms with ascending columns.

    Two subtrees meet at the highest bit in which their paths from the root differ, and
    of two meeting points the one of the smaller difference lies deeper: before a leaf
    is begun, what meets deeper than the leaf is added up.
    """
    total = 0.0
    if last - first < 3:  # any order gives the same
        for at in range(first, last):
            total += terms[at]
        return total
    top = 0
    leaf = owners[columns[first] >> _SHIFT]
    while first < last:
        after = first + 1
        following = owners[columns[after] >> _SHIFT] if after < last else -1
        while following == leaf:
            after += 1
            following = owners[columns[after] >> _SHIFT] if after < last else -1
        total = terms[first]
        if after == first + 2:  # in either order
            total += terms[first + 1]
        elif after > first + 2:
            total = _leaf_sum(terms, columns, first, after, tail, lanes)
        joint = paths[leaf] ^ paths[following] if after < last else _ABOVE_ALL
        while top > 0 and joints[top - 1] < joint:
            top -= 1
            total += sums[top]
        joints[top] = joint
        sums[top] = total
        top += 1
        first = after
        leaf = following
    return total


@kernel(error_model="numpy")
def _merge(
    kind: int,
    x: FloatArray,
    x_columns: IndexArray,
    a: int,
    y: FloatArray,
    y_columns: IndexArray,
    b: int,
    beyond: int,
    terms: FloatArray,
    columns: IndexArray,
) -> int:
    """Write the terms of two rows that begin at a and b; return how many."""
    count = 0
    while True:
        x_at, y_at = x_columns[a], y_columns[b]
        k = min(x_at, y_at)
        if k == beyond:
            return count
        p, q = x[a], y[b]
        terms[count] = sum_term(kind, p if x_at == k else 0.0, q if y_at == k else 0.0)
        columns[count] = k
        count += 1
        a += x_at == k
        b += y_at == k


@kernel(error_model="numpy")
def sparse_sums(
    kind: int,
    x: FloatArray,
    x_columns: IndexArray,
    x_starts: IndexArray,
    y: FloatArray,
    y_columns: IndexArray,
    y_starts: IndexArray,
    beyond: int,
    owners: IndexArray,
    paths: IndexArray,
    tail: int,
    out: FloatArray,
) -> None:
    """Write the sums of all pairs of rows, each closed by a column ``beyond`` all.

    ``owners`` numbers the leaf of every run of eight columns, ``paths`` are the
    leaves' ways from the root, and columns from ``tail`` on are left over of eights.
    """
    terms = np.empty(x.shape[0] + y.shape[0])
    columns = np.empty(terms.shape[0], dtype=np.int64)
    lanes = np.empty(LANES)
    joints = np.empty(paths.shape[0], dtype=np.int64)
    sums = np.empty(paths.shape[0])
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            a, b = x_starts[i], y_starts[j]
            count = _merge(
                kind, x, x_columns, a, y, y_columns, b, beyond, terms, columns
            )
            out[i, j] = ordered_sum(
                terms, columns, 0, count, owners, paths, tail, lanes, joints, sums
            )


@kernel(error_model="numpy")
def _count_products(
    x_columns: IndexArray,
    first: int,
    last: int,
    y_rows: IndexArray,
    y_starts: IndexArray,
    places: IndexArray,
) -> None:
    """Write where the products with each row of y will begin, and their number."""
    for j in range(places.shape[0]):
        places[j] = 0
    for a in range(first, last):
        for b in range(y_starts[x_columns[a]], y_starts[x_columns[a] + 1]):
            places[y_rows[b] + 1] += 1
    for j in range(1, places.shape[0]):
        places[j] += places[j - 1]


@kernel(error_model="numpy")
def sparse_products(
    x: FloatArray,
    x_columns: IndexArray,
    x_starts: IndexArray,
    y: FloatArray,
    y_rows: IndexArray,
    y_starts: IndexArray,
    owners: IndexArray,
    paths: IndexArray,
    tail: int,
    out: FloatArray,
) -> None:
    """Write the sums of products of all pairs, x being CSR and y CSC of its rows.

    Only columns that both rows store have a product: the work is theirs alone.
    """
    terms, columns = np.empty(0), np.empty(0, dtype=np.int64)
    lanes = np.empty(LANES)
    joints = np.empty(paths.shape[0], dtype=np.int64)
    sums = np.empty(paths.shape[0])
    places = np.empty(out.shape[1] + 1, dtype=np.int64)
    for i in range(out.shape[0]):
        first, last = x_starts[i], x_starts[i + 1]
        _count_products(x_columns, first, last, y_rows, y_starts, places)
        if places[-1] > terms.shape[0]:
            terms = np.empty(places[-1])
            columns = np.empty(places[-1], dtype=np.int64)
        for a in range(first, last):
            for b in range(y_starts[x_columns[a]], y_starts[x_columns[a] + 1]):
                at = places[y_rows[b]]
                places[y_rows[b]] = at + 1
                terms[at] = x[a] * y[b]
                columns[at] = x_columns[a]
        start = 0
        for j in range(out.shape[1]):
            out[i, j] = ordered_sum(
                terms,
                columns,
                start,
                places[j],
                owners,
                paths,
                tail,
                lanes,
                joints,
                sums,
            )
            start = places[j]
