"""The lasso."""

from typing import Any

from sknorms.linear_model._coordinate_regressor import CoordinateRegressor
from sknorms.linear_model._penalties import L1Penalty, Penalty

__all__ = ["Lasso"]


class Lasso(CoordinateRegressor):
    r"""Least squares with an L1 penalty, solved to a certified duality gap.

    Minimises, with weights :math:`s_i` that are 1 unless given,

    .. math:: \frac{1}{2 \sum_i s_i} \sum_i s_i (y_i - x_i^T w - b)^2
        + \alpha \lVert w \rVert_1 .

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0. With 0 the fit is one of ordinary least
        squares, which warns: `sklearn.linear_model.LinearRegression` is meant for it.
    fit_intercept : bool, default=True
        Whether b is free; it is 0 otherwise. It is never penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        Checked; a Gram matrix is formed where it pays, whatever this says. One that is
        passed must be that of X.
    copy_X : bool, default=True
        Checked; X is neither copied nor written to.
    max_iter : int, default=1000
        Most iterations of the solver; None sets no limit.
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
        The feasible dual point that proves the gap.
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
    LassoCV : Choose ``alpha`` by cross-validation.
    ElasticNet : Add a squared L2 penalty.
    lasso_path : Fit for many values of ``alpha``.

    Notes
    -----
    The parameters and attributes of `sklearn.linear_model.Lasso` are all there, and
    mean the same; the gap and what follows it come in addition. With several targets,
    each is fitted by itself.

    A gap of dual feasible points: see Fercoq, Gramfort and Salmon, "Mind the duality
    gap: safer rules for the lasso", ICML 2015.

    Examples
    --------
    >>> from sknorms.linear_model import Lasso
    >>> model = Lasso(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [0, 1, 2])
    >>> model.predict([[3, 3]]).round(2)
    array([2.7])

    Features that are not needed have coefficients of exactly zero:

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = Lasso(alpha=1.0, tol=1e-8).fit(X, y)
    >>> model.coef_.round(1)
    array([  0. ,   0. , 367.7,   6.3,   0. ,   0. ,   0. ,   0. , 307.6,
             0. ])
    >>> bool(model.relative_gap_ <= 1e-8)
    True
    """

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: Any = True,
        precompute: Any = False,
        copy_X: Any = True,
        max_iter: Any = 1000,
        tol: Any = 1e-4,
        warm_start: Any = False,
        positive: Any = False,
        random_state: Any = None,
        selection: Any = "cyclic",
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _penalty(self) -> Penalty:
        return L1Penalty(float(self.alpha), positive=self.positive)
