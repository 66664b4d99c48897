"""What models fitted by least squares share, whoever chose their strength."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from sknorms._typing import AnyArray
from sknorms.linear_model._certificates import Certified
from sknorms.linear_model._predictor import LinearPredictor, sparse_rows
from sknorms.linear_model._solution import Solution

__all__ = ["LeastSquaresModel"]


class LeastSquaresModel(RegressorMixin, Certified, LinearPredictor):
    """Keeps coefficients and certificates in scikit-learn's shapes, and predicts."""

    fit_intercept: Any

    def _keep(
        self, solutions: Sequence[Solution], dtype: np.dtype[Any], n_dimensions: int
    ) -> None:
        """Keep one solution a target; the targets had ``n_dimensions``."""
        self._keep_certificates(solutions, dtype)
        single = len(solutions) == 1
        coef = np.array([one.coef for one in solutions], dtype=dtype)
        self.coef_ = coef[0] if single else coef
        if not self.fit_intercept:
            self.intercept_ = 0.0
            return
        intercept = np.array([one.intercept for one in solutions], dtype=dtype)
        # A column y keeps its dimension in the intercept, as in scikit-learn.
        self.intercept_ = intercept[0] if n_dimensions == 1 else intercept

    @property
    def sparse_coef_(self) -> Any:
        """The coefficients in CSR format, one row a target."""
        return sparse_rows(self.coef_)

    def predict(self, X: Any) -> AnyArray:
        """Return X coef_' + intercept_.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_targets)
            Predicted targets.
        """
        return self._scores(X)
