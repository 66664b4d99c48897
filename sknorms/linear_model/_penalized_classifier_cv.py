"""Classification under any loss and penalty, its strength found by cross-validation."""

from typing import Any, Self

from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import MetadataRouter

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._base import (
    Limits,
    LinearClassifier,
    check_alphas,
    check_parameters,
    check_sample_weight,
    class_targets,
    finite_design,
    mixtures_of,
    warn_of_no_convergence,
    weighted_by_class,
)
from sknorms.linear_model._losses import class_loss
from sknorms.linear_model._selection import (
    FoldData,
    Found,
    MeanLoss,
    Measure,
    Scored,
    Search,
    splitter_parameters,
    splitter_routing,
)

__all__ = ["PenalizedClassifierCV"]


class PenalizedClassifierCV(LinearClassifier):
    """`PenalizedClassifier`, its strength and mixture chosen by cross-validation.

    For each fold and mixture a path of models is fitted to the other rows, each from
    the one before it, and measured on the fold; all rows are then fitted with what was
    best.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        The loss: "log_loss", "squared_hinge", or a record.
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
    multi_class : {"auto", "ovr"}, default="auto"
        How more than two classes are told apart, as in `PenalizedClassifier`.
    class_weight : dict or "balanced", default=None
        What each class counts, times ``sample_weight``; "balanced" stands for one over
        its share of the rows, divided by the number of classes.
    fit_intercept : bool, default=True
        Whether intercepts are free; they are 0 otherwise.
    tol : float, default=1e-6
        Relative duality gap to reach.
    max_iter : int, default=10000
        Most sweeps of the solver in one fit; None sets no limit.
    cv : int, splitter or iterable, default=None
        Folds: how many (None is 5), with the classes spread evenly over them, an object
        with a ``split``, or the splits themselves, pairs of training and test row
        numbers.
    scoring : str or callable, default=None
        What is best: a scorer of scikit-learn, such as "accuracy", larger being better.
        None is the smallest mean of the loss.
    n_jobs : int, default=None
        Threads over folds and mixtures; None takes what ``joblib.parallel_config``
        says, outside of any as many as BLAS uses. Results do not depend on it.
    verbose : bool or int, default=0
        Whether to show progress on standard error.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in order.
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float or None
        The mixture chosen, where ``l1_ratio`` was given.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        All strengths, from the largest on.
    loss_path_ : ndarray of shape (n_l1_ratio, n_alphas, n_folds)
        Mean loss of each model on its fold, or minus its score, without axes of length
        one.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients of the model fitted to all rows; CSR after `sparsify`.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Its intercepts.
    dual_gap_, relative_gap_, tol_reached_, dual_coef_, n_iter_, n_full_passes_
        Of this model, as in `PenalizedClassifier`.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    PenalizedClassifier : One strength.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sknorms.linear_model import PenalizedClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = PenalizedClassifierCV(alphas=10, eps=1e-2, cv=3).fit(X, y)
    >>> model.loss_path_.shape
    (10, 3)
    """

    alpha_: Any
    l1_ratio_: Any
    alphas_: FloatArray
    loss_path_: FloatArray

    def __init__(
        self,
        loss: Any = "log_loss",
        penalty: Any = "l1",
        *,
        alphas: Any = 100,
        eps: Any = 1e-3,
        l1_ratio: Any = None,
        positive: Any = False,
        groups: Any = None,
        feature_weights: Any = None,
        multi_class: Any = "auto",
        class_weight: Any = None,
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
        self.multi_class = multi_class
        self.class_weight = class_weight
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
            Training rows, as in `PenalizedClassifier`.
        y : array-like of shape (n_samples,)
            Labels: numbers, strings or booleans, of at least two classes.
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
        class_loss(self.loss, self.multi_class, 2)
        ratios, penalties = mixtures_of(self.get_params(deep=False))
        request = check_alphas(self.alphas)
        split = splitter_parameters(self, sample_weight, params)
        X, codes = self._validated_classes(X, y)
        labels = self.classes_[codes]
        splitter = check_cv(self.cv, labels, classifier=True)
        splits = list(splitter.split(X, labels, **split))
        data = self._fold_data(X, codes, check_sample_weight(sample_weight, len(codes)))
        design = finite_design(X, data.weights)
        search = Search(data, design, penalties, request, float(self.eps))
        measure = self._measure(data)
        found = search.run(splits, measure, self.n_jobs, self.verbose)
        warn_of_no_convergence(design, found.failed, centred=data.limits.fit_intercept)
        self.l1_ratio_ = ratios[found.best]
        self._keep_found(found, X.dtype)
        return self

    def _fold_data(
        self, X: Any, codes: IndexArray, sample_weight: FloatArray | None
    ) -> FoldData:
        n_classes = len(self.classes_)
        loss = class_loss(self.loss, self.multi_class, n_classes)
        weights = weighted_by_class(
            self.class_weight, self.classes_, codes, sample_weight
        )
        limits = Limits.of(self.fit_intercept, self.tol, self.max_iter)
        targets = class_targets(codes, n_classes, loss)
        labels = self.classes_[codes]
        return FoldData.of(X, targets, labels, weights, sample_weight, loss, limits)

    def _measure(self, data: FoldData) -> Measure:
        if self.scoring is None:
            return MeanLoss(data.loss)
        return Scored.of(self.scoring, self)

    def _keep_found(self, found: Found, dtype: Any) -> None:
        self.alpha_, self.alphas_ = found.alpha, found.alphas
        self.loss_path_ = found.losses
        self._keep(found.solutions, dtype)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what arguments of ``fit`` go where.

        Returns
        -------
        MetadataRouter
            scikit-learn's description of it.
        """
        return splitter_routing(self)
