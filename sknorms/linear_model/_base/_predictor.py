"""What fitted linear models share: scores of rows."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._typing import AnyArray, Rows
from sknorms._validation import naming_bad_rows

__all__ = ["LinearPredictor", "sparse_rows"]

_FLOATS = [np.float64, np.float32]


class LinearPredictor(BaseEstimator):
    """A model with coefficients and intercepts; subclasses fit them."""

    coef_: Any
    intercept_: Any
    n_features_in_: int

    def _validated(self, X: Any, y: Any, **rules: Any) -> tuple[Rows, AnyArray]:
        """Return training data as solvers take them; X keeps its order and indices."""
        with naming_bad_rows(X):
            rows, target = validate_data(
                self, X, y, accept_sparse=["csc", "csr"], dtype=_FLOATS, **rules
            )
        if sparse.issparse(target):
            raise TypeError(
                "Sparse data was passed as y, but dense data is required. Use "
                "y.toarray() to convert it."
            )
        return rows, target

    def _scores(self, X: Any) -> AnyArray:
        """Return X coef_' + intercept_, (n,) where there is one score a row."""
        check_is_fitted(self)
        with naming_bad_rows(X):
            rows = validate_data(
                self, X, accept_sparse=["csr", "csc", "coo"], dtype=_FLOATS, reset=False
            )
        coef = self.coef_ if self.coef_.ndim == 1 else self.coef_.T
        products = safe_sparse_dot(rows, coef, dense_output=True)
        scores: AnyArray = products + self.intercept_
        return scores

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def sparse_rows(coef: AnyArray) -> Any:
    """Return coefficients in CSR format, one row a target.

    It is the kind of object that scikit-learn is configured to return.
    """
    kind = get_config().get("sparse_interface", "spmatrix")
    build = sparse.csr_array if kind == "sparray" else sparse.csr_matrix
    return build(np.atleast_2d(coef))
