"""Type aliases shared by the whole package."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AnyArray",
    "BlockFunction",
    "BoolArray",
    "Float32Array",
    "FloatArray",
    "IndexArray",
    "Rows",
    "SparseMatrix",
]

AnyArray: TypeAlias = NDArray[Any]
BoolArray: TypeAlias = NDArray[np.bool_]
FloatArray: TypeAlias = NDArray[np.float64]
Float32Array: TypeAlias = NDArray[np.float32]
IndexArray: TypeAlias = NDArray[np.intp]
# SciPy ships no types; the names say what is meant, CSR as an array or a matrix.
SparseMatrix: TypeAlias = Any
# What every entry point works on once the input is validated: a 2-D array or CSR.
Rows: TypeAlias = Any
# A user's metric over blocks: (n, d) and (m, d) rows in, (n, m) distances out.
BlockFunction: TypeAlias = Callable[..., AnyArray]
