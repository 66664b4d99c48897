"""Classification under any loss and penalty."""

from typing import Any, Self

from sknorms.linear_model._base import (
    ClassFits,
    Limits,
    LinearClassifier,
    check_parameters,
    check_sample_weight,
    finite_design,
    penalty_of,
    starts_from,
    warn_of_no_convergence,
    weighted_by_class,
)
from sknorms.linear_model._losses import class_loss

__all__ = ["PenalizedClassifier"]

# Columns of unit variance have a largest strength below 1/2.
_USUAL_ALPHA = 0.01


class PenalizedClassifier(LinearClassifier):
    r"""Linear classification under any loss and penalty, solved to a certified gap.

    Minimises, with weights :math:`s_i` that are 1 unless given,

    .. math:: \frac{1}{\sum_i s_i} \sum_i s_i f(W x_i + b, y_i) + \Omega(W) ,

    with one score for two classes, and one a class for more.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        The loss f: "log_loss", "squared_hinge", or a record.
    penalty : str, Penalty or None, default="l1"
        The penalty: "l1", "l2", "elasticnet", "group", "sparse_group", a record such
        as ``L1Penalty(0.1, upper=2.0)`` or ``NormBallConstraint("l2", 1.0)``, or None.
    alpha : float, default=None
        Strength of the penalty, at least 0; None is 0.01 for a name, and what a record
        says. It does not depend on the number of rows: ``C`` of `LogisticRegression`
        is one over ``alpha`` times the sum of the weights.
    l1_ratio : float, default=None
        Share of the L1 penalty in "elasticnet" and "sparse_group"; None is 0.5.
    positive : bool, default=False
        Whether coefficients must be at least 0, under "l1", "l2" or "elasticnet".
    groups : sequence, default=None
        The group of each feature, or lists of the features of each, for "group" and
        "sparse_group"; None makes each feature a group, which with several classes
        selects features for all of them.
    feature_weights : sequence of float, default=None
        What the penalty of each feature (or group) is multiplied by; 0 leaves it free.
    multi_class : {"auto", "ovr"}, default="auto"
        How more than two classes are told apart: by all scores together where the loss
        has such a form ("log_loss": softmax), or by each class against the rest.
    class_weight : dict or "balanced", default=None
        What each class counts, times ``sample_weight``; "balanced" stands for one over
        its share of the rows, divided by the number of classes.
    fit_intercept : bool, default=True
        Whether b is free; it is 0 otherwise. It is never penalised.
    tol : float, default=1e-6
        Relative duality gap to reach: the objective is above its minimum by at most
        ``tol`` times that of the best model without features.
    max_iter : int, default=10000
        Most sweeps of the solver; None sets no limit.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit. The answer is the same
        to within ``tol``.
    n_jobs : int, default=None
        Threads over classes that are fitted one against the rest; None takes what
        ``joblib.parallel_config`` says, outside of any as many as BLAS uses.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in order.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients W, one row for two classes; CSR after `sparsify`.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts b.
    dual_gap_ : float or ndarray of shape (n_fits,)
        How far each objective is above its minimum at most.
    relative_gap_ : float or ndarray of shape (n_fits,)
        The same, divided by the objective of the best model without features.
    tol_reached_ : bool or ndarray of shape (n_fits,)
        Whether ``relative_gap_`` is at most ``tol``.
    dual_coef_ : ndarray of shape (n_samples,) or (n_samples, n_classes)
        The feasible dual point that proves the gap; of shape (n_fits, n_samples) where
        each class was fitted against the rest.
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
    PenalizedClassifierCV : Choose the strength by cross-validation.
    LogisticRegression : scikit-learn's name and parameters.
    PenalizedRegressor : The same for numbers.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sknorms.linear_model import PenalizedClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = PenalizedClassifier(alpha=0.01).fit(X, y)
    >>> int((model.coef_ != 0).sum()), round(model.score(X, y), 2)
    (6, 0.95)

    Margins instead of probabilities:

    >>> model = PenalizedClassifier("squared_hinge", "elasticnet", alpha=0.01)
    >>> round(model.fit(X, y).score(X, y), 2)
    0.96
    """

    def __init__(
        self,
        loss: Any = "log_loss",
        penalty: Any = "l1",
        *,
        alpha: Any = None,
        l1_ratio: Any = None,
        positive: Any = False,
        groups: Any = None,
        feature_weights: Any = None,
        multi_class: Any = "auto",
        class_weight: Any = None,
        fit_intercept: Any = True,
        tol: Any = 1e-6,
        max_iter: Any = 10_000,
        warm_start: Any = False,
        n_jobs: Any = None,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.positive = positive
        self.groups = groups
        self.feature_weights = feature_weights
        self.multi_class = multi_class
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the coefficients.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows, dense in any order, CSC or CSR, with 32 or 64 bit indices.
            float32 stays float32; anything else becomes float64. Nothing is written to
            it.
        y : array-like of shape (n_samples,)
            Labels: numbers, strings or booleans, of at least two classes.
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
        penalty = penalty_of(params, _USUAL_ALPHA)
        class_loss(self.loss, self.multi_class, 2)
        X, codes = self._validated_classes(X, y)
        n_classes = len(self.classes_)
        weights = check_sample_weight(sample_weight, X.shape[0])
        weights = weighted_by_class(self.class_weight, self.classes_, codes, weights)
        fits = ClassFits(
            finite_design(X, weights),
            codes,
            n_classes,
            class_loss(self.loss, self.multi_class, n_classes),
            penalty,
            Limits.of(self.fit_intercept, self.tol, self.max_iter),
        )
        starts = None
        if self.warm_start and hasattr(self, "coef_"):
            starts = starts_from(self.densify().coef_, self.intercept_, fits)
        solutions = fits.fit(starts, self.n_jobs)
        warn_of_no_convergence(
            fits.design, solutions, centred=fits.limits.fit_intercept
        )
        self._keep(solutions, X.dtype)
        return self
