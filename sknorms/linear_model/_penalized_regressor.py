"""Regression under any loss and penalty."""

from typing import Any, Self

import numpy as np
from sklearn.base import MultiOutputMixin

from sknorms.linear_model._base import (
    Limits,
    PathTask,
    RegressionModel,
    check_parameters,
    check_sample_weight,
    check_targets,
    finite_design,
    penalty_of,
    regression_loss,
    warn_of_no_convergence,
)

__all__ = ["PenalizedRegressor"]


class PenalizedRegressor(MultiOutputMixin, RegressionModel):
    r"""Linear regression under any loss and penalty, solved to a certified gap.

    Minimises, with weights :math:`s_i` that are 1 unless given,

    .. math:: \frac{1}{\sum_i s_i} \sum_i s_i f(x_i^T w + b, y_i) + \Omega(w) .

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        The loss f: "squared_error", "huber", "poisson", or a record such as
        ``HuberLoss(delta=2.0)``.
    penalty : str, Penalty or None, default="l1"
        The penalty: "l1", "l2", "elasticnet", "group", "sparse_group", a record such
        as ``L1Penalty(0.1, upper=2.0)`` or ``NormBallConstraint("l2", 1.0)``, or None.
    alpha : float, default=None
        Strength of the penalty, at least 0; None is 1 for a name, and what a record
        says.
    l1_ratio : float, default=None
        Share of the L1 penalty in "elasticnet" and "sparse_group"; None is 0.5.
    positive : bool, default=False
        Whether coefficients must be at least 0, under "l1", "l2" or "elasticnet".
    groups : sequence, default=None
        The group of each feature, or lists of the features of each, for "group" and
        "sparse_group"; None makes each feature a group.
    feature_weights : sequence of float, default=None
        What the penalty of each feature (or group) is multiplied by; 0 leaves it free.
    fit_intercept : bool, default=True
        Whether b is free; it is 0 otherwise. It is never penalised.
    tol : float, default=1e-6
        Relative duality gap to reach: the objective is above its minimum by at most
        ``tol`` times that of the best constant model.
    max_iter : int, default=10000
        Most sweeps of the solver; None sets no limit.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit. The answer is the same
        to within ``tol``.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Coefficients w; exactly zero where a feature is not used.
    sparse_coef_ : sparse matrix of shape (n_targets, n_features)
        The same in CSR format.
    intercept_ : float or ndarray of shape (n_targets,)
        Intercept b.
    dual_gap_ : float or ndarray of shape (n_targets,)
        How far the objective is above its minimum at most.
    relative_gap_ : float or ndarray of shape (n_targets,)
        The same, divided by the objective of the best constant model.
    tol_reached_ : bool or ndarray of shape (n_targets,)
        Whether ``relative_gap_`` is at most ``tol``.
    dual_coef_ : ndarray of shape (n_samples,) or (n_targets, n_samples)
        The feasible dual point that proves the gap.
    n_iter_ : int or list of int
        Sweeps and Newton steps of the solver.
    n_full_passes_ : int or list of int
        How often all of X was read.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    PenalizedRegressorCV : Choose the strength by cross-validation.
    PenalizedClassifier : The same for classes.
    Lasso, ElasticNet : scikit-learn's names and parameters.

    Notes
    -----
    The scale of y does not matter to ``tol``, and the scale of columns only to the
    penalty: they need no scaling for the solver's sake.

    Examples
    --------
    Errors that count less where they are large:

    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import HuberLoss, PenalizedRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = PenalizedRegressor(HuberLoss(delta=50.0), alpha=0.5).fit(X, y)
    >>> int((model.coef_ != 0).sum()), bool(model.relative_gap_ <= 1e-6)
    (3, True)

    Features that come and go together:

    >>> groups = [0, 0, 1, 1, 2, 2, 2, 2, 2, 2]
    >>> model = PenalizedRegressor(penalty="group", alpha=0.5, groups=groups)
    >>> (model.fit(X, y).coef_ != 0).astype(int).tolist()
    [0, 0, 1, 1, 1, 1, 1, 1, 1, 1]
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        penalty: Any = "l1",
        *,
        alpha: Any = None,
        l1_ratio: Any = None,
        positive: Any = False,
        groups: Any = None,
        feature_weights: Any = None,
        fit_intercept: Any = True,
        tol: Any = 1e-6,
        max_iter: Any = 10_000,
        warm_start: Any = False,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.groups = groups
        self.feature_weights = feature_weights
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, dense in any order, CSC or CSR, with 32 or 64 bit indices.
            float32 stays float32; anything else becomes float64. Nothing is written to
            it.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets; each column is fitted by itself. Counts for "poisson".
        sample_weight : float or array-like of shape (n_samples,), default=None
            Weight of each row in the mean loss, at least 0; a whole number acts as
            repeating the row so often.

        Returns
        -------
        object
            The estimator itself.
        """
        params = self.get_params(deep=False)
        check_parameters(params, optional="alpha")
        self._loss, penalty = regression_loss(self.loss), penalty_of(params)
        X, y = self._validated(X, y, multi_output=True, y_numeric=True)
        weights = check_sample_weight(sample_weight, X.shape[0])
        targets, design = check_targets(self._loss, y), finite_design(X, weights)
        limits = Limits.of(self.fit_intercept, self.tol, self.max_iter)
        starts: list[Any] = [None] * len(targets)
        if self.warm_start:
            starts = self._warm_starts(len(targets), X.shape[1])
        solutions = [
            PathTask(design, target, self._loss, penalty, limits).fit(start)
            for target, start in zip(targets, starts, strict=True)
        ]
        warn_of_no_convergence(design, solutions, centred=limits.fit_intercept)
        self._keep(solutions, X.dtype, np.ndim(y))
        return self
