"""What `Lasso` and `ElasticNet` do: one certified fit a target."""

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.utils.metadata_routing import UNUSED

from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms.linear_model._base import (
    Limits,
    PathTask,
    RegressionModel,
    check_gram,
    check_parameters,
    check_sample_weight,
    finite_design,
    warn_of_no_convergence,
    warn_of_no_penalty,
)
from sknorms.linear_model._losses import SquaredLoss
from sknorms.linear_model._path import enet_path
from sknorms.linear_model._penalties import Penalty

__all__ = ["CoordinateRegressor"]


class CoordinateRegressor(MultiOutputMixin, RegressionModel):
    """Least squares under a penalty of scikit-learn's two names.

    Subclasses store the constructor parameters and name the penalty.
    """

    # As in scikit-learn, no meta-estimator is to route it.
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"check_input": UNUSED}

    path = staticmethod(enet_path)

    alpha: Any
    precompute: Any
    max_iter: Any
    copy_X: Any
    tol: Any
    warm_start: Any
    positive: Any
    random_state: Any
    selection: Any

    @abstractmethod
    def _penalty(self) -> Penalty:
        """Return the penalty that the parameters name."""

    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, check_input: Any = True
    ) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, dense in any order, CSC or CSR, with 32 or 64 bit indices.
            float32 stays float32; anything else becomes float64. Nothing is written to
            it.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; each column is fitted by itself.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weight of each row in the mean of the squared errors, at least 0; a whole
            number acts as repeating the row so often. One number for all changes
            nothing.
        check_input : bool, default=True
            Whether to check X and y. Without, they must be finite floating-point
            arrays.

        Returns
        -------
        object
            The estimator itself.
        """
        check_parameters(self.get_params(deep=False))
        warn_of_no_penalty(self.alpha)
        if check_input:
            X, y = self._validated(X, y, multi_output=True, y_numeric=True)
        weights = check_sample_weight(sample_weight, X.shape[0])
        check_gram(self.precompute, X, weights, self.fit_intercept)
        self._fit_targets(X, np.asarray(y, dtype=np.float64), weights)
        return self

    def _fit_targets(self, X: Rows, y: AnyArray, weights: FloatArray | None) -> None:
        design = finite_design(X, weights)
        targets = np.ascontiguousarray(np.atleast_2d(y.T))
        starts: list[Any] = [None] * len(targets)
        if self.warm_start:
            starts = self._warm_starts(len(targets), X.shape[1])
        limits = Limits.of(self.fit_intercept, self.tol, self.max_iter)
        penalty = self._penalty()
        solutions = [
            PathTask(design, column, SquaredLoss(), penalty, limits).fit(start)
            for column, start in zip(targets, starts, strict=True)
        ]
        warn_of_no_convergence(
            design, solutions, centred=self.fit_intercept, stacklevel=3
        )
        self._keep(solutions, X.dtype, y.ndim)
