"""Logistic regression."""

from typing import Any, Self

import numpy as np

from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms._validation import check_integer
from sknorms.linear_model._base import (
    CallbackSupportMixin,
    ClassFits,
    Limits,
    LinearClassifier,
    Strength,
    check_parameters,
    check_sample_weight,
    check_solver,
    finite_design,
    fit_task,
    starts_from,
    strength_of,
    warn_of_jobs,
    warn_of_no_convergence,
    weighted_by_class,
    with_callbacks,
)
from sknorms.linear_model._losses import LogisticLoss, MultinomialLoss
from sknorms.linear_model._penalties import ElasticNetPenalty

__all__ = ["LogisticRegression"]

# An iteration of scikit-learn's solvers passes over all rows and features once or more.
_SWEEPS = 100
# Where those leave a gradient of tol, the gap is much smaller: this part of tol, unless
# it is this small anyway.
_GAP_OF_TOL = 1e-2
_SMALL_GAP = 1e-6


class LogisticRegression(CallbackSupportMixin, LinearClassifier):
    r"""Logistic regression with L1 and squared L2 penalties, to a certified gap.

    Minimises, with weights :math:`s_i` that are 1 unless given,

    .. math:: C \sum_i s_i f(W x_i + b, y_i)
        + \rho \lVert W \rVert_1 + \frac{1 - \rho}{2} \lVert W \rVert_F^2 ,

    where :math:`\rho` is ``l1_ratio`` and f the negative log-likelihood: of two classes
    with one score, of more with one score a class (softmax).

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet"} or None, default="deprecated"
        scikit-learn's former spelling of ``l1_ratio`` 1, 0 or between, and of an
        infinite ``C``; warns.
    C : float, default=1.0
        Weight of the loss against the penalty, positive; inf for no penalty.
    l1_ratio : float, default=0.0
        Share of the L1 penalty, between 0 and 1.
    dual : bool, default=False
        Checked: True is for ``solver="liblinear"``, and changes nothing.
    tol : float, default=1e-4
        The relative duality gap to reach is ``min(tol, max(tol / 100, 1e-6))``: the
        objective is above its minimum by at most so many times that of the best model
        without features. At the default, 1e-6, coefficients are as exact as
        scikit-learn's.
    fit_intercept : bool, default=True
        Whether b is free; it is 0 otherwise. It is never penalised.
    intercept_scaling : float, default=1
        Checked; no intercept is penalised, so that there is nothing to scale.
    class_weight : dict or "balanced", default=None
        What each class counts, times ``sample_weight``; "balanced" stands for one over
        its share of the rows, divided by the number of classes.
    random_state : int, RandomState instance or None, default=None
        Checked; nothing is random.
    solver : str, default="lbfgs"
        Checked: "lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag" or "saga".
        One solver does all penalties.
    max_iter : int, default=100
        Most iterations of the solver, in hundreds of sweeps over features; 0 makes
        none.
    verbose : int, default=0
        Checked.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit. The answer is the same
        to within ``tol``.
    n_jobs : int, default=None
        Without effect, as in scikit-learn; anything but None warns.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, in order.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Coefficients W, one row for two classes; CSR after `sparsify`.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts b.
    n_iter_ : ndarray of shape (1,)
        Sweeps and Newton steps of the solver.
    dual_gap_ : float
        How far the objective, divided by C times the sum of weights, is above its
        minimum at most.
    relative_gap_ : float
        The same, divided by the mean loss of the best model without features.
    tol_reached_ : bool
        Whether ``relative_gap_`` is at most ``tol``.
    dual_coef_ : ndarray of shape (n_samples,) or (n_samples, n_classes)
        The feasible dual point that proves the gap.
    n_full_passes_ : int
        How often all of X was read.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    PenalizedClassifier : Other losses and penalties.

    Notes
    -----
    The parameters and attributes of `sklearn.linear_model.LogisticRegression` are all
    there. Every ``l1_ratio`` works with every ``solver``; features need no scaling for
    the solver's sake; and "liblinear" neither penalises the intercept nor refuses more
    than two classes here.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sknorms.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(l1_ratio=1.0, C=0.1).fit(X, y)
    >>> model.predict(X[:2]), round(model.score(X, y), 2)
    (array([0, 0]), 0.95)
    >>> (model.coef_ != 0).sum(axis=1).tolist()
    [1, 0, 1]
    """

    # Not a parameter: there is one loss only.
    loss = "log_loss"

    def __init__(
        self,
        penalty: Any = "deprecated",
        *,
        C: Any = 1.0,
        l1_ratio: Any = 0.0,
        dual: Any = False,
        tol: Any = 1e-4,
        fit_intercept: Any = True,
        intercept_scaling: Any = 1,
        class_weight: Any = None,
        random_state: Any = None,
        solver: Any = "lbfgs",
        max_iter: Any = 100,
        verbose: Any = 0,
        warm_start: Any = False,
        n_jobs: Any = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    @with_callbacks
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
            Weight of each row, at least 0; a whole number acts as repeating the row so
            often.

        Returns
        -------
        object
            The estimator itself.
        """
        params = self.get_params(deep=False)
        check_integer("max_iter", params.pop("max_iter"), low=0)
        check_parameters(params)
        check_solver(self.solver, self.dual)
        strength = strength_of(self.penalty, self.C, self.l1_ratio)
        warn_of_jobs(self.n_jobs)
        X, codes = self._validated_classes(X, y)
        weights = check_sample_weight(sample_weight, X.shape[0])
        with fit_task(self, X, y, sample_weight):
            self._fit_classes(X, codes, weights, strength)
        return self

    def _fit_classes(
        self, X: Rows, codes: IndexArray, weights: FloatArray | None, strength: Strength
    ) -> None:
        weights = weighted_by_class(self.class_weight, self.classes_, codes, weights)
        total = float(X.shape[0] if weights is None else weights.sum())
        n_classes = len(self.classes_)
        fits = ClassFits(
            finite_design(X, weights),
            codes,
            n_classes,
            LogisticLoss() if n_classes == 2 else MultinomialLoss(),
            ElasticNetPenalty(strength.alpha(total), strength.l1_ratio),
            self._limits(),
        )
        starts = None
        if self.warm_start and hasattr(self, "coef_"):
            starts = starts_from(self.densify().coef_, self.intercept_, fits)
        solutions = fits.fit(starts, 1)
        warn_of_no_convergence(
            fits.design, solutions, centred=self.fit_intercept, stacklevel=4
        )
        self._keep(solutions, X.dtype)
        self.n_iter_ = np.array([self.n_iter_], dtype=np.int32)

    def _limits(self) -> Limits:
        gap = min(self.tol, max(_GAP_OF_TOL * self.tol, _SMALL_GAP))
        return Limits.of(self.fit_intercept, gap, _SWEEPS * self.max_iter)
