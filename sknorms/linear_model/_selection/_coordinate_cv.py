"""What `LassoCV` and `ElasticNetCV` do: strengths compared on rows left out."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter

from sknorms._typing import FloatArray
from sknorms.linear_model._base import (
    Limits,
    RegressionModel,
    check_alphas,
    check_gram,
    check_parameters,
    check_sample_weight,
    finite_design,
    warn_of_no_convergence,
    warn_of_no_penalty,
)
from sknorms.linear_model._losses import SquaredLoss
from sknorms.linear_model._penalties import ElasticNetPenalty, Penalty
from sknorms.linear_model._selection._folds import FoldData
from sknorms.linear_model._selection._measures import MeanLoss
from sknorms.linear_model._selection._routing import (
    splitter_parameters,
    splitter_routing,
)
from sknorms.linear_model._selection._search import Search

__all__ = ["CoordinateRegressorCV"]


class CoordinateRegressorCV(RegressionModel):
    """Fits paths without each fold, then all rows with what predicted best.

    Subclasses store the constructor parameters and name the mixing parameters.
    """

    eps: Any
    alphas: Any
    precompute: Any
    max_iter: Any
    tol: Any
    copy_X: Any
    cv: Any
    verbose: Any
    n_jobs: Any
    positive: Any
    random_state: Any
    selection: Any

    alpha_: Any
    alphas_: FloatArray
    mse_path_: FloatArray

    @abstractmethod
    def _ratios(self) -> list[float]:
        """Return the mixing parameters to try."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose a strength by cross-validation and fit all rows with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, dense in any order, CSC or CSR, with 32 or 64 bit indices.
            float32 stays float32; anything else becomes float64. Nothing is written to
            it.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weight of each row, at least 0, in fits and in the mean squared errors of
            folds; the mean over folds is a plain one. One number for all changes
            nothing.
        **params : dict
            Handed to the splitter if scikit-learn's metadata routing is enabled.

        Returns
        -------
        object
            The estimator itself.
        """
        check_parameters(self.get_params(deep=False))
        ratios, request = self._ratios(), check_alphas(self.alphas)
        split = splitter_parameters(self, sample_weight, params)
        X, y = self._validated(X, y, y_numeric=True)
        weights = check_sample_weight(sample_weight, X.shape[0])
        check_gram(self.precompute, X, weights, self.fit_intercept)
        splits = list(check_cv(self.cv).split(X, y, **split))
        design, target = finite_design(X, weights), np.asarray(y, dtype=np.float64)
        limits = Limits.of(self.fit_intercept, self.tol, self.max_iter).for_comparing()
        data = FoldData.of(X, [target], target, weights, weights, SquaredLoss(), limits)
        penalties = [self._penalty(ratio) for ratio in ratios]
        search = Search(data, design, penalties, request, float(self.eps))
        found = search.run(splits, MeanLoss(data.loss), self.n_jobs, self.verbose)
        warn_of_no_convergence(design, found.failed, centred=limits.fit_intercept)
        warn_of_no_penalty(found.alpha)
        self.alpha_, self.alphas_ = found.alpha, found.alphas
        self.mse_path_ = 2.0 * found.losses  # the loss is half the square
        self._choose(ratios[found.best])
        self._keep(found.solutions, X.dtype, 1)
        return self

    def _penalty(self, ratio: float) -> Penalty:
        return ElasticNetPenalty(1.0, ratio, positive=self.positive)

    @abstractmethod
    def _choose(self, ratio: float) -> None:
        """Keep the mixing parameter that predicted best."""

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what arguments of ``fit`` go where.

        Returns
        -------
        MetadataRouter
            scikit-learn's description of it.
        """
        return splitter_routing(self)
