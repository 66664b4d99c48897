"""Regression under any loss and penalty, its strength chosen by cross-validation."""

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter

from sknorms._typing import FloatArray
from sknorms.linear_model._base import (
    Limits,
    RegressionModel,
    check_alphas,
    check_parameters,
    check_sample_weight,
    check_targets,
    finite_design,
    mixtures_of,
    regression_loss,
    warn_of_no_convergence,
)
from sknorms.linear_model._selection import (
    FoldData,
    MeanLoss,
    Measure,
    Scored,
    Search,
    splitter_parameters,
    splitter_routing,
)

__all__ = ["PenalizedRegressorCV"]


class PenalizedRegressorCV(MultiOutputMixin, RegressionModel):
    """`PenalizedRegressor`, its strength and mixture chosen by cross-validation.

    For each fold and mixture a path of models is fitted to the other rows, each from
    the one before it, and measured on the fold; all rows are then fitted with what was
    best.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        The loss: "squared_error", "huber", "poisson", or a record.
    penalty : str or Penalty, default="l1"
        The penalty: "l1", "l2", "elasticnet", "group", "sparse_group", or a record with
        a strength.
    alphas : int or array-like, default=100
        How many strengths to try, from the smallest that makes all coefficients zero
        downwards, or the strengths themselves, which "l2" needs.
    eps : float, default=1e-3
        Smallest strength to try, as a part of the largest.
    l1_ratio : float or list of float, default=None
        Share of the L1 penalty in "elasticnet" and "sparse_group", or several to
        choose from; None is 0.5.
    positive : bool, default=False
        Whether coefficients must be at least 0, under "l1", "l2" or "elasticnet".
    groups : sequence, default=None
        The group of each feature, or lists of the features of each, for "group" and
        "sparse_group"; None makes each feature a group.
    feature_weights : sequence of float, default=None
        What the penalty of each feature (or group) is multiplied by; 0 leaves it free.
    fit_intercept : bool, default=True
        Whether the intercept is free; it is 0 otherwise.
    tol : float, default=1e-6
        Relative duality gap to reach.
    max_iter : int, default=10000
        Most sweeps of the solver in one fit; None sets no limit.
    cv : int, splitter or iterable, default=None
        Folds: how many (None is 5), an object with a ``split``, or the splits
        themselves, pairs of training and test row numbers.
    scoring : str or callable, default=None
        What is best: a scorer of scikit-learn, larger being better. None is the
        smallest mean of the loss.
    n_jobs : int, default=None
        Threads over folds and mixtures; None takes what ``joblib.parallel_config``
        says, outside of any as many as BLAS uses. Results do not depend on it.
    verbose : bool or int, default=0
        Whether to show progress on standard error.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float or None
        The mixture chosen, where ``l1_ratio`` was given.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        All strengths, from the largest on.
    loss_path_ : ndarray of shape (n_l1_ratio, n_alphas, n_folds)
        Mean loss of each model on its fold, or minus its score, without axes of length
        one.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients of the model fitted to all rows.
    sparse_coef_ : sparse matrix of shape (n_targets, n_features)
        The same in CSR format.
    intercept_ : float or ndarray of shape (n_targets,)
        Its intercept.
    dual_gap_, relative_gap_, tol_reached_, dual_coef_, n_iter_, n_full_passes_
        Of this model, as in `PenalizedRegressor`.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    PenalizedRegressor : One strength.
    LassoCV, ElasticNetCV : scikit-learn's names and parameters.

    Notes
    -----
    Several targets share one strength: the best for the mean of their losses.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import PenalizedRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = PenalizedRegressorCV("huber", alphas=20, cv=3).fit(X, y)
    >>> model.loss_path_.shape
    (20, 3)
    """

    alpha_: Any
    l1_ratio_: Any
    alphas_: FloatArray
    loss_path_: FloatArray

    def __init__(
        self,
        loss: Any = "squared_error",
        penalty: Any = "l1",
        *,
        alphas: Any = 100,
        eps: Any = 1e-3,
        l1_ratio: Any = None,
        positive: Any = False,
        groups: Any = None,
        feature_weights: Any = None,
        fit_intercept: Any = True,
        tol: Any = 1e-6,
        max_iter: Any = 10_000,
        cv: Any = None,
        scoring: Any = None,
        n_jobs: Any = None,
        verbose: Any = 0,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alphas = alphas
        self.eps = eps
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.groups = groups
        self.feature_weights = feature_weights
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.cv = cv
        self.scoring = scoring
        self.n_jobs = n_jobs
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose a strength by cross-validation and fit all rows with it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, as in `PenalizedRegressor`.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weight of each row, at least 0, in fits and in the means over folds.
        **params : dict
            Handed to the splitter if scikit-learn's metadata routing is enabled.

        Returns
        -------
        object
            The estimator itself.
        """
        check_parameters(self.get_params(deep=False))
        self._loss, request = regression_loss(self.loss), check_alphas(self.alphas)
        ratios, penalties = mixtures_of(self.get_params(deep=False))
        split = splitter_parameters(self, sample_weight, params)
        X, y = self._validated(X, y, multi_output=True, y_numeric=True)
        weights = check_sample_weight(sample_weight, X.shape[0])
        targets = check_targets(self._loss, y)
        limits = Limits.of(self.fit_intercept, self.tol, self.max_iter)
        splits = list(check_cv(self.cv).split(X, y, **split))
        data = FoldData.of(X, targets, y, weights, weights, self._loss, limits)
        design = finite_design(X, weights)
        search = Search(data, design, penalties, request, float(self.eps))
        found = search.run(splits, self._measure(), self.n_jobs, self.verbose)
        warn_of_no_convergence(design, found.failed, centred=limits.fit_intercept)
        self.alpha_, self.alphas_ = found.alpha, found.alphas
        self.l1_ratio_, self.loss_path_ = ratios[found.best], found.losses
        self._keep(found.solutions, X.dtype, np.ndim(y))
        return self

    def _measure(self) -> Measure:
        if self.scoring is None:
            return MeanLoss(self._loss)
        return Scored.of(self.scoring, self)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what arguments of ``fit`` go where.

        Returns
        -------
        MetadataRouter
            scikit-learn's description of it.
        """
        return splitter_routing(self)
