"""The distances that have a function of their own, as in scikit-learn."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, row_sum
from sknorms._typing import AnyArray, BoolArray, FloatArray, SparseMatrix
from sknorms._validation import check_flag
from sknorms.engine import working_bytes
from sknorms.metrics._angular import CosineSimilarity
from sknorms.metrics._inputs import Sides, prepare_sides
from sknorms.metrics._pairwise import full_matrix
from sknorms.metrics._tables import PRODUCT, SQUARE, sum_table

__all__ = [
    "cosine_distances",
    "cosine_similarity",
    "euclidean_distances",
    "manhattan_distances",
]

# Up to this similarity the product of unit rows has the smaller error, beyond it the
# chord between them.
_CLOSE = 0.5


def euclidean_distances(
    X: Any,
    Y: Any = None,
    *,
    Y_norm_squared: Any = None,
    squared: bool = False,
    X_norm_squared: Any = None,
) -> AnyArray:
    """Compute the Euclidean distances between the rows of X and of Y.

    A drop-in for scikit-learn's function of the same name. Differences are taken
    directly, so rows that lie close together far from the origin keep their distance.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.
    Y_norm_squared : array-like of shape (n_samples_Y,), (n_samples_Y, 1) or \
            (1, n_samples_Y), default=None
        Checked, but not needed.
    squared : bool, default=False
        Whether to return squared distances.
    X_norm_squared : array-like of shape (n_samples_X,), (n_samples_X, 1) or \
            (1, n_samples_X), default=None
        Checked, but not needed.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        float32 if both sides are float32 or float16, else float64.

    Raises
    ------
    ValueError
        If the tables do not have the same columns, norms do not fit their rows, or a
        distance overflows.

    Examples
    --------
    >>> from sknorms.metrics import euclidean_distances
    >>> euclidean_distances([[0, 1], [1, 1]], [[0, 0]])
    array([[1.        ],
           [1.41421356]])
    """
    options = {
        "squared": squared,
        "X_norm_squared": X_norm_squared,
        "Y_norm_squared": Y_norm_squared,
    }
    return full_matrix(prepare_sides(X, Y, "euclidean", options))


def manhattan_distances(X: Any, Y: Any = None) -> AnyArray:
    """Compute the sums of absolute differences between the rows of X and of Y.

    A drop-in for scikit-learn's function of the same name.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        float32 if both sides are float32 or float16, else float64.

    Raises
    ------
    ValueError
        If the tables do not have the same columns, or a distance overflows.

    Examples
    --------
    >>> from sknorms.metrics import manhattan_distances
    >>> manhattan_distances([[1, 2], [3, 4]], [[1, 2], [0, 3]])
    array([[0., 2.],
           [4., 4.]])
    """
    return full_matrix(prepare_sides(X, Y, "manhattan", {}))


def cosine_distances(X: Any, Y: Any = None) -> AnyArray:
    """Compute one minus the cosine of the angle between the rows of X and of Y.

    A drop-in for scikit-learn's function of the same name. Half the squared chord of
    the unit rows is computed, in which nothing cancels.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        Values in [0, 2]; float32 if both sides are float32 or float16, else float64.
        A zero row is at distance 0 from zero rows and 1 from all others.

    Raises
    ------
    ValueError
        If the tables do not have the same columns.

    Examples
    --------
    >>> from sknorms.metrics import cosine_distances
    >>> cosine_distances([[1, 0], [3, 0]], [[0, 2], [5, 0]])
    array([[1., 0.],
           [1., 0.]])
    """
    return full_matrix(prepare_sides(X, Y, "cosine", {}))


def cosine_similarity(
    X: Any, Y: Any = None, dense_output: bool = True
) -> "AnyArray | SparseMatrix":
    """Compute the cosine of the angle between the rows of X and of Y.

    A drop-in for scikit-learn's function of the same name. Overflow-safe: rows of any
    finite size are brought to unit length exactly first.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.
    dense_output : bool, default=True
        Whether the result is dense even if both inputs are sparse.

    Returns
    -------
    ndarray or CSR of shape (n_samples_X, n_samples_Y)
        Values in [-1, 1], exactly 1 for equal rows, exactly 0 for a zero row and for
        rows that share no column; float32 if both sides are float32 or float16, else
        float64.

    Raises
    ------
    ValueError
        If the tables do not have the same columns.

    Examples
    --------
    >>> from sknorms.metrics import cosine_similarity
    >>> cosine_similarity([[0, 0], [1, 0]], [[2, 0], [0, 3]])
    array([[0., 0.],
           [1., 0.]])
    """
    sides = prepare_sides(X, Y, _Similarity(), {})
    both_sparse = sparse.issparse(sides.X) and sparse.issparse(sides.Y)
    if check_flag("dense_output", dense_output) or not both_sparse:
        return full_matrix(sides)
    return _sparse_matrix(sides)


@dataclass(frozen=True, eq=False)
class _Similarity(CosineSimilarity):
    """Cosine similarity whose zero rows have similarity 0 to all, even to each other.

    For ranking, equal zero rows belong together, which is what the registered record
    says; scikit-learn's function says 0.
    """

    term: ClassVar[int] = PRODUCT

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the negative similarities."""
        product = np.clip(row_sum(x * y), -1.0, 1.0)
        similarity = np.where(product > _CLOSE, 1.0 - super().keys(x, y), product)
        return -similarity

    def doubtful(self, sums: FloatArray) -> BoolArray:
        """Return the pairs that are close, if they are few."""
        close = sums > _CLOSE
        return close if _are_few(close) else np.zeros_like(close)

    def from_sums(self, sums: FloatArray, x: Any, y: Any) -> FloatArray:
        """Return the negative similarities."""
        close = sums > _CLOSE
        keys = -np.clip(sums, -1.0, 1.0)
        if not _are_few(close):
            chords = sum_table(SQUARE, x, y)
            keys[close] = 0.5 * chords[close] - 1.0
        return keys

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn keys into similarities, without negative zeros."""
        return 0.0 - keys

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn similarities into keys."""
        return -values


def _are_few(pairs: BoolArray) -> bool:
    return bool(np.count_nonzero(pairs) <= sum(pairs.shape))


def _sparse_matrix(sides: Sides) -> SparseMatrix:
    """Return the similarities as CSR; a block of rows is dense at a time."""
    n_rows, n_columns = sides.shape
    budget = working_bytes(None)
    step = max(1, budget // 2 // (sides.dtype.itemsize * n_columns))
    kind = type(sides.X)
    parts = []
    for block in row_slices(n_rows, step):
        part = replace(sides, X=sides.X[block], same=False)
        parts.append(kind(full_matrix(part, working_memory=budget / (1 << 21))))
    return sparse.vstack(parts, format="csr")
