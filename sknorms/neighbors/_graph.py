"""Neighbour lists as a sparse matrix."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config

from sknorms._typing import AnyArray, IndexArray

__all__ = ["check_mode", "neighbor_graph", "regular_starts"]


def check_mode(mode: Any) -> bool:
    """Return whether ``mode`` asks for distances; raise if it is unknown."""
    modes = {"connectivity": False, "distance": True}
    if not isinstance(mode, str) or mode not in modes:
        raise ValueError(
            'Unsupported mode, must be one of "connectivity", or "distance" but got '
            f'"{mode}" instead'
        )
    return modes[mode]


def neighbor_graph(
    values: AnyArray, indices: IndexArray, starts: IndexArray, n_columns: int
) -> Any:
    """Return a CSR matrix that stores every neighbour, zero distances included.

    Parameters
    ----------
    values : array of shape (n_entries,)
    indices : intp array of shape (n_entries,)
    starts : intp array of shape (n_rows + 1,)
    n_columns : int

    Returns
    -------
    CSR of shape (n_rows, n_columns)
        A matrix or an array, as scikit-learn's ``sparse_interface`` setting says
        (a matrix where scikit-learn has no such setting).
    """
    as_array = get_config().get("sparse_interface", "spmatrix") == "sparray"
    kind = sparse.csr_array if as_array else sparse.csr_matrix
    return kind((values, indices, starts), shape=(len(starts) - 1, n_columns))


def regular_starts(n_queries: int, k: int) -> IndexArray:
    """Return the starts of lists that all have length k."""
    return np.arange(0, n_queries * k + 1, k, dtype=np.intp)
