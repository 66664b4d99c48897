"""The same rows laid out in memory in other ways, and bits compared as bits."""

import numpy as np
from scipy import sparse

__all__ = ["LAYOUTS", "assert_same_bits"]

_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def _spread(rows):
    wide = np.zeros((2 * len(rows), 3 * rows.shape[1]), dtype=rows.dtype)
    wide[::2, ::3] = rows
    return wide[::2, ::3]


def _read_only(rows):
    frozen = rows.copy()
    frozen.flags.writeable = False
    return frozen


LAYOUTS = {
    "Fortran": np.asfortranarray,
    "strided": _spread,
    "read-only": _read_only,
    "list": lambda rows: rows.tolist(),
    "CSR": sparse.csr_array,
    "CSR matrix": sparse.csr_matrix,
    "CSC": sparse.csc_array,
    "CSC matrix": sparse.csc_matrix,
}


def assert_same_bits(actual, expected):
    """Compare dtype, shape and every bit, so that -0.0 differs from 0.0."""
    assert actual.dtype == expected.dtype
    unsigned = _UNSIGNED[actual.dtype.itemsize]
    mine, theirs = np.ascontiguousarray(actual), np.ascontiguousarray(expected)
    # The values first: a message about values says more than one about bits.
    np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(mine.view(unsigned), theirs.view(unsigned))
