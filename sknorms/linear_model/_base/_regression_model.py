"""What fitted regression models share, whoever chose their strength."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from sknorms._typing import AnyArray
from sknorms.linear_model._base._certificates import Certified
from sknorms.linear_model._base._fitting import start_from
from sknorms.linear_model._base._predictor import LinearPredictor, sparse_rows
from sknorms.linear_model._losses import Loss, SquaredLoss
from sknorms.linear_model._problem import Solution, Start

__all__ = ["RegressionModel"]


class RegressionModel(RegressorMixin, Certified, LinearPredictor):
    """Keeps coefficients and certificates in scikit-learn's shapes, and predicts."""

    fit_intercept: Any
    # What turns scores into predictions; estimators with a choice set it in ``fit``.
    _loss: Loss = SquaredLoss()

    def _keep(
        self,
        solutions: Sequence[Solution],
        dtype: np.dtype[Any],
        n_dimensions: int | None = None,
    ) -> None:
        """Keep one solution a target; the targets had ``n_dimensions``."""
        self._keep_certificates(solutions, dtype)
        single = len(solutions) == 1
        if n_dimensions is None:
            n_dimensions = 1 if single else 2
        coef = np.array([one.coef for one in solutions], dtype=dtype)
        self.coef_ = coef[0] if single else coef
        if not self.fit_intercept:
            self.intercept_ = 0.0
            return
        intercept = np.array([one.intercept for one in solutions], dtype=dtype)
        # A column y keeps its dimension in the intercept, as in scikit-learn.
        self.intercept_ = intercept[0] if n_dimensions == 1 else intercept

    def _warm_starts(self, n_targets: int, n_features: int) -> list[Start | None]:
        """Return where to start for each target: the last fit, if it matches."""
        coef = getattr(self, "coef_", None)
        if coef is None or np.atleast_2d(coef).shape != (n_targets, n_features):
            return [None] * n_targets
        return [start_from(row, (n_features,)) for row in np.atleast_2d(coef)]

    @property
    def sparse_coef_(self) -> Any:
        """The coefficients in CSR format, one row a target."""
        return sparse_rows(self.coef_)

    def predict(self, X: Any) -> AnyArray:
        """Return the mean of the target that the model expects.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_targets)
            X coef_' + intercept_, or its exponential for counts (Poisson loss).
        """
        return self._loss.predict(self._scores(X))
