"""Compiled sums over coordinates for chosen pairs of CSR rows, in NumPy's own order.

What `_pair_kernels` does for dense rows, at the cost of the stored values alone.
"""

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.metrics._sparse_table_kernels import ordered_sum
from sknorms.metrics._table_kernels import LANES, sum_term

__all__ = ["sparse_pair_sums"]


@kernel(error_model="numpy", inline="always")
def _longest(starts: AnyArray, rows: IndexArray) -> int:
    """Return the most that any of the rows stores."""
    most = 0
    for row in rows:
        most = max(most, starts[row + 1] - starts[row])
    return most


@kernel(error_model="numpy", inline="always")
def _lay_out(
    data: AnyArray,
    indices: AnyArray,
    first: int,
    last: int,
    beyond: int,
    values: FloatArray,
    columns: IndexArray,
) -> int:
    """Copy a row's entries, closed by a column beyond all; return how many."""
    count = last - first
    for at in range(count):
        values[at] = np.float64(data[first + at])
        columns[at] = indices[first + at]
    values[count] = 0.0
    columns[count] = beyond
    return count


@kernel(error_model="numpy", inline="always")
def _merge(
    kind: int,
    x: FloatArray,
    x_columns: IndexArray,
    y: FloatArray,
    y_columns: IndexArray,
    beyond: int,
    terms: FloatArray,
    columns: IndexArray,
) -> int:
    """Write the terms of two closed rows; return how many."""
    count, a, b = 0, 0, 0
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


@kernel(error_model="numpy", inline="always")
def _square(
    y: FloatArray,
    y_columns: IndexArray,
    count: int,
    terms: FloatArray,
    columns: IndexArray,
) -> int:
    """Write the squares of a row as terms; return how many."""
    for at in range(count):
        terms[at] = y[at] * y[at]
        columns[at] = y_columns[at]
    return count


@kernel(error_model="numpy", inline="always")
def _divide(values: FloatArray, count: int, norm: float) -> None:
    for at in range(count):
        values[at] = values[at] / norm


@kernel(error_model="numpy", inline="always")
def _any(values: FloatArray, count: int) -> bool:
    at = 0
    while at < count and values[at] == 0.0:
        at += 1
    return at < count


@kernel(error_model="numpy")
def sparse_pair_sums(
    kind: int,
    unit: bool,
    x: FloatArray,
    x_indices: AnyArray,
    x_starts: AnyArray,
    rows: IndexArray,
    y: AnyArray,
    y_indices: AnyArray,
    y_starts: AnyArray,
    indices: IndexArray,
    owners: IndexArray,
    paths: IndexArray,
    tail: int,
    limits: FloatArray,
    out: FloatArray,
) -> None:
    """Write the sums of pairs ``(x[rows[i]], y[indices[i]])`` of CSR rows.

    With ``unit``, rows of y are made unit length first; the sum is NaN where their
    squared length is outside ``limits``, in which it is accurate, and 2 (as if the two
    were orthogonal) where exactly one of the rows is zero.
    """
    beyond = LANES * owners.shape[0]
    x_most, y_most = _longest(x_starts, rows), _longest(y_starts, indices)
    x_row, y_row = np.empty(x_most + 1), np.empty(y_most + 1)
    x_columns = np.empty(x_most + 1, dtype=np.int64)
    y_columns = np.empty(y_most + 1, dtype=np.int64)
    terms = np.empty(x_most + y_most)
    columns = np.empty(x_most + y_most, dtype=np.int64)
    lanes, sums = np.empty(LANES), np.empty(paths.shape[0])
    joints = np.empty(paths.shape[0], dtype=np.int64)
    before = -1
    for pair in range(rows.shape[0]):
        i, j = rows[pair], indices[pair]
        if i != before:
            first, last = x_starts[i], x_starts[i + 1]
            count = _lay_out(x, x_indices, first, last, beyond, x_row, x_columns)
            directed = _any(x_row, count)
            before = i
        first, last = y_starts[j], y_starts[j + 1]
        count = _lay_out(y, y_indices, first, last, beyond, y_row, y_columns)
        out[pair] = 0.0
        if unit and _any(y_row, count) != directed:
            out[pair] = 2.0
            continue
        # First the squared length of y, then the sum: one place to add things up.
        for turn in range(0 if unit else 1, 2):
            if turn == 0:
                found = _square(y_row, y_columns, count, terms, columns)
            else:
                found = _merge(
                    kind, x_row, x_columns, y_row, y_columns, beyond, terms, columns
                )
            out[pair] = ordered_sum(
                terms, columns, 0, found, owners, paths, tail, lanes, joints, sums
            )
            if turn == 0:
                if not limits[0] <= out[pair] < limits[1]:
                    out[pair] = np.nan if directed else 0.0
                    break
                _divide(y_row, count, np.sqrt(out[pair]))
