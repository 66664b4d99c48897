"""The elastic net."""

from typing import Any

from sknorms._validation import check_real
from sknorms.linear_model._coordinate_regressor import CoordinateRegressor
from sknorms.linear_model._penalties import ElasticNetPenalty, Penalty

__all__ = ["ElasticNet"]


class ElasticNet(CoordinateRegressor):
    r"""Least squares with L1 and squared L2 penalties, to a certified duality gap.

    Minimises, with weights :math:`s_i` that are 1 unless given,

    .. math:: \frac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^T w - b)^2
        + \alpha \rho \lVert w \rVert_1
        + \frac{\alpha (1 - \rho)}{2} \lVert w \rVert_2^2 ,

    where :math:`\rho` is ``l1_ratio``.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalties, at least 0. With 0 the fit is one of ordinary least
        squares, which warns: `sklearn.linear_model.LinearRegression` is meant for it.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 and 1. With 1 the model is `Lasso`; with 0
        it is ridge regression, and scikit-learn's ``Ridge`` fits it.
    fit_intercept : bool, default=True
        Whether b is free; it is 0 otherwise. It is never penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Checked; a Gram matrix is formed where it pays, whatever this says. One that is
        passed must be that of X.
    max_iter : int, default=1000
        Most iterations of the solver; None sets no limit.
    copy_X : bool, default=True
        Checked; X is neither copied nor written to.
    tol : float, default=1e-4
        Relative duality gap to reach: the objective is above its minimum by at most
        ``tol`` times that of the best constant model. The scale of y does not matter.
    warm_start : bool, default=False
        Whether to start from the coefficients of the last fit. The answer is the same
        to within ``tol``.
    positive : bool, default=False
        Whether coefficients must be at least 0.
    random_state : int, RandomState instance or None, default=None
        Checked; nothing is random.
    selection : {"cyclic", "random"}, default="cyclic"
        Checked; the solver picks its coordinates.

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
        The dual point that proves the gap.
    n_iter_ : int or list of int
        Iterations of the solver.
    n_full_passes_ : int or list of int
        How often all of X was read.
    gap_history_ : dict or list of dict
        Arrays of the "relative_gap" at each of these readings, and of the "seconds"
        since the solver began.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    ElasticNetCV : Choose ``alpha`` and ``l1_ratio`` by cross-validation.
    Lasso : The L1 penalty alone.
    enet_path : Fit for many values of ``alpha``.

    Notes
    -----
    The parameters and attributes of `sklearn.linear_model.ElasticNet` are all there,
    and mean the same; the gap and what follows it come in addition. With several
    targets, each is fitted by itself.

    The penalties are those of Zou and Hastie, "Regularization and variable selection
    via the elastic net", JRSS B 67 (2005), in the scaling of scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import ElasticNet
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNet(alpha=0.01, l1_ratio=0.9, tol=1e-8).fit(X, y)
    >>> round(model.score(X, y), 3)
    0.491
    >>> bool(model.relative_gap_ <= 1e-8)
    True
    """

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        l1_ratio: Any = 0.5,
        fit_intercept: Any = True,
        precompute: Any = False,
        max_iter: Any = 1000,
        copy_X: Any = True,
        tol: Any = 1e-4,
        warm_start: Any = False,
        positive: Any = False,
        random_state: Any = None,
        selection: Any = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> Penalty:
        ratio = check_real("l1_ratio", self.l1_ratio, low=0.0, high=1.0)
        return ElasticNetPenalty(float(self.alpha), ratio, positive=self.positive)
