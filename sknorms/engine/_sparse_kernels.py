"""Compiled products of CSR rows. `_sparse_scores` has the twin in SciPy."""

from typing import Any

import numpy as np

from sknorms._compile import kernel
from sknorms._typing import Float32Array

__all__ = ["STRIP", "sparse_scores"]

# Corpus rows whose scores are collected before they are written out, next to each
# other: a line of the cache is then written once.
STRIP = 16


@kernel(fastmath={"contract", "nsz"}, inline="always")
def _add_column(
    value: np.float32, slot: int, head: Float32Array, total: Float32Array
) -> None:
    """Add a multiple of a column that most queries hold."""
    for q in range(total.shape[0]):
        total[q] += value * head[slot, q]


@kernel(fastmath={"contract", "nsz"}, inline="always")
def _add_row(
    slots: Any,
    head: Float32Array,
    starts: Any,
    owners: Any,
    values: Float32Array,
    corpus: Float32Array,
    columns: Any,
    first: int,
    last: int,
    total: Float32Array,
) -> None:
    """Add the products of all queries with one row."""
    n_head = head.shape[0]
    for at in range(first, last):
        slot = slots[columns[at]]
        if slot < 0:
            continue
        value = corpus[at]
        if slot < n_head:
            _add_column(value, slot, head, total)
            continue
        for place in range(starts[slot - n_head], starts[slot - n_head + 1]):
            total[owners[place]] += value * values[place]


@kernel(fastmath={"contract", "nsz"})
def sparse_scores(
    slots: Any,
    head: Float32Array,
    starts: Any,
    owners: Any,
    values: Float32Array,
    corpus: Float32Array,
    columns: Any,
    rows: Any,
    totals: Float32Array,
    out: Float32Array,
) -> None:
    """Write all products of queries, held by column, with CSR rows.

    Parameters
    ----------
    slots : int32 array of shape (d,)
        Where the queries hold a column: below ``len(head)`` a row of ``head``, above it
        a list, -1 nowhere.
    head : float32 array of shape (n_head, n_queries)
        Columns that many queries hold, laid out.
    starts, owners, values : arrays
        The lists of the other columns: which queries hold them, and what.
    corpus, columns, rows : arrays
        Data, indices and indptr of the CSR rows.
    totals : float32 array of shape (STRIP, n_queries)
        Scratch.
    out : float32 array of shape (n_queries, n_rows)
    """
    n_queries, n_rows = out.shape
    for first in range(0, n_rows, STRIP):
        size = min(STRIP, n_rows - first)
        for r in range(size):
            totals[r, :] = 0
            at, end = rows[first + r], rows[first + r + 1]
            total = totals[r]
            _add_row(
                slots, head, starts, owners, values, corpus, columns, at, end, total
            )
        for q in range(n_queries):
            for r in range(size):
                out[q, first + r] = totals[r, q]
