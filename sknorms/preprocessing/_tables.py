"""Tables of rows: how they are checked, what results go into, how they are cut up."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sknorms._arrays import row_slices
from sknorms._parallel import run_tasks
from sknorms._typing import Rows
from sknorms._validation import STORAGE_DTYPES, naming_bad_rows, output_dtype

__all__ = ["check_table", "empty_table", "for_each_block", "rows_of", "writable"]

# Stored numbers in one task: enough to hide what handing over a task costs.
_TASK_NUMBERS = 1 << 19
# Rows in one task at least, so that columns of a C-ordered table, read as rows, share
# the cache lines they lie on.
_FEWEST_ROWS = 16


def check_table(
    X: Any,
    *,
    estimator: Any = None,
    reset: bool = False,
    copy: bool = True,
    finite: "bool | str" = True,
    sparse_format: str = "csr",
) -> Rows:
    """Validate a table, keeping its storage dtype; anything unusual becomes float64.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
    estimator : estimator, default=None
        Whose feature names and number of features are checked (set if ``reset``).
    reset : bool, default=False
    copy : bool, default=True
        Whether ``X`` must stay as it is, even in how its entries are ordered.
    finite : bool or "allow-nan", default=True
        Whether every number must be finite, or may be NaN; False does not look.
    sparse_format : {"csr", "csc"}, default="csr"

    Returns
    -------
    array, or canonical CSR or CSC
        ``X`` itself where nothing had to change.
    """
    if not copy and sparse.issparse(X) and X.format == sparse_format and writable(X):
        X.sum_duplicates()
    checks = {
        "accept_sparse": sparse_format,
        "dtype": list(STORAGE_DTYPES),
        "ensure_all_finite": finite,
    }
    rows: Rows
    with naming_bad_rows(X, allow_nan=finite == "allow-nan"):
        if estimator is None:
            rows = check_array(X, input_name="X", **checks)
        else:
            rows = validate_data(estimator, X, reset=reset, **checks)
    if sparse.issparse(rows) and not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def writable(rows: Rows) -> bool:
    """Whether results can be written over a table: its dtype and memory allow it."""
    stored = rows.data if sparse.issparse(rows) else rows
    return stored.dtype == output_dtype(rows) and bool(stored.flags.writeable)


def empty_table(rows: Rows) -> Rows:
    """Return room for results: of the output dtype, in the layout of ``rows``."""
    dtype = output_dtype(rows)
    if not sparse.issparse(rows):
        return np.empty_like(rows, dtype=dtype, subok=False)
    data = np.empty(len(rows.data), dtype=dtype)
    structure = (data, rows.indices.copy(), rows.indptr.copy())
    empty: Rows = type(rows)(structure, shape=rows.shape)
    return empty


def rows_of(table: Rows, block: slice) -> Rows:
    """Return consecutive rows as a view; CSR shares the values of ``table``."""
    if not sparse.issparse(table):
        return table[block]
    bounds = table.indptr[block.start : block.stop + 1]
    stored = slice(int(bounds[0]), int(bounds[-1]))
    # Filled in afterwards: SciPy's constructor copies arrays that are less than half of
    # the memory they lie in.
    view: Rows = type(table)((len(bounds) - 1, table.shape[1]), dtype=table.dtype)
    view.data, view.indices = table.data[stored], table.indices[stored]
    view.indptr = bounds - bounds[0]
    view.has_canonical_format = True
    return view


def for_each_block(
    task: Callable[[slice], None], table: Rows, n_jobs: int | None
) -> None:
    """Call ``task`` with slices that cover the rows of ``table``, over threads."""
    n_rows = table.shape[0]
    stored = table.nnz if sparse.issparse(table) else table.size
    if stored <= _TASK_NUMBERS:
        task(slice(0, n_rows))
        return
    step = max(_FEWEST_ROWS, _TASK_NUMBERS * n_rows // stored)
    run_tasks(task, row_slices(n_rows, step), n_jobs, shared_memory=True)
