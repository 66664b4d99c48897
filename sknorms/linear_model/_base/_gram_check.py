"""A look at Gram matrices that users pass; a solver makes its own where they pay."""

import warnings
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray

__all__ = ["check_gram"]

# How far an element may be from the product of two columns, by its dtype.
_RTOL = {np.dtype(np.float32): 1e-4}
_USUAL_RTOL = 1e-7
_ATOL = 1e-5


def check_gram(
    precompute: Any, X: Any, sample_weight: FloatArray | None, fit_intercept: bool
) -> None:
    """Raise if a Gram matrix is none of X; warn if it is one of columns not centred.

    One element is compared, as scikit-learn does: enough to see a matrix of another
    table or of other weights. ``sample_weight`` counts in units of its mean.
    """
    if not hasattr(precompute, "__array__") or sparse.issparse(X):
        return
    gram = np.asarray(precompute)
    n_rows, n_features = X.shape
    if gram.shape != (n_features, n_features):
        raise ValueError(
            f"precompute must have shape {(n_features, n_features)}, one row and "
            f"column a feature of X; got {gram.shape}."
        )
    share = np.full(n_rows, 1.0) if sample_weight is None else sample_weight
    share = share / share.mean()
    if fit_intercept and not np.allclose(np.average(X, axis=0, weights=share), 0.0):
        warnings.warn(
            "Gram matrix was provided but X was centered to fit intercept: recomputing "
            "Gram matrix. Pass precompute=True, or the Gram matrix of centred columns.",
            UserWarning,
            stacklevel=3,
        )
        return
    _compare_one(gram, X, share)


def _compare_one(gram: Any, X: Any, share: FloatArray) -> None:
    n_features = X.shape[1]
    first = n_features // 2
    second = min(first + 1, n_features - 1)
    product = np.multiply(X[:, first], X[:, second], dtype=np.float64)
    expected = float(product @ share)
    rtol = max(_RTOL.get(dtype, _USUAL_RTOL) for dtype in (gram.dtype, X.dtype))
    if not np.isclose(expected, gram[first, second], rtol=rtol, atol=_ATOL):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation: "
            f"element ({first}, {second}) is {gram[first, second]}, the product of "
            f"these columns of X {expected}. Pass X'X of the rows (and weights) that "
            "are fitted, or precompute=True."
        )
