"""The elastic net with a strength and a mixture chosen by cross-validation."""

from typing import Any

import numpy as np

from sknorms.linear_model._base import ratio_list
from sknorms.linear_model._path import enet_path
from sknorms.linear_model._selection import CoordinateRegressorCV

__all__ = ["ElasticNetCV"]


class ElasticNetCV(CoordinateRegressorCV):
    """The elastic net, its strength and mixture chosen by cross-validation.

    For each fold and share of the L1 penalty a path of models is fitted to the other
    rows, each from the one before it, and measured on the fold; all rows are then
    fitted with what gave the smallest mean squared error.

    Parameters
    ----------
    l1_ratio : float or list of float, default=0.5
        Share of the L1 penalty, between 0 and 1, or several to choose from. With 0,
        ``alphas`` have to be given.
    eps : float, default=1e-3
        Smallest strength to try, as a part of the largest.
    alphas : int or array-like, default=100
        How many strengths to try for each share, from the smallest that makes all
        coefficients zero downwards, or the strengths themselves.
    fit_intercept : bool, default=True
        Whether the intercept is free; it is 0 otherwise.
    precompute : "auto", bool or array-like of shape (n_features, n_features), \
default="auto"
        Checked; Gram matrices are formed where they pay, whatever this says.
    max_iter : int, default=1000
        Most iterations of the solver in one fit.
    tol : float, default=1e-4
        Relative duality gap to reach, as in `ElasticNet`; models are compared, and the
        last one fitted, at a hundredth of it.
    cv : int, splitter or iterable, default=None
        Folds: how many (None is 5), an object with a ``split``, or the splits
        themselves, pairs of training and test row numbers.
    copy_X : bool, default=True
        Checked; X is never written to.
    verbose : bool or int, default=0
        Whether to show progress on standard error.
    n_jobs : int, default=None
        Threads over folds and shares; None takes what ``joblib.parallel_config`` says,
        outside of any as many as BLAS uses. Results do not depend on it.
    positive : bool, default=False
        Whether coefficients must be at least 0.
    random_state : int, RandomState instance or None, default=None
        Checked; nothing is random.
    selection : {"cyclic", "random"}, default="cyclic"
        Checked; the solver picks its coordinates.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float
        The share of the L1 penalty chosen.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratio, n_alphas)
        All strengths, from the largest on.
    mse_path_ : ndarray of shape (n_l1_ratio, n_alphas, n_folds)
        Mean squared error of each model on its fold, without the first axis for one
        share.
    coef_ : ndarray of shape (n_features,)
        Coefficients of the model fitted to all rows.
    sparse_coef_ : sparse matrix of shape (1, n_features)
        The same in CSR format.
    intercept_ : float
        Its intercept.
    dual_gap_ : float
        How far its objective is above the minimum at most.
    relative_gap_ : float
        The same, divided by the objective of the best constant model.
    tol_reached_ : bool
        Whether ``relative_gap_`` is at most ``tol``.
    dual_coef_ : ndarray of shape (n_samples,)
        The dual point that proves the gap.
    n_iter_ : int
        Iterations of the solver for this model.
    n_full_passes_ : int
        How often it read all of X.
    gap_history_ : dict
        Arrays of the "relative_gap" at each of these readings, and of the "seconds"
        since the solver began.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    ElasticNet : One strength and share.
    enet_path : The path itself.
    LassoCV : The L1 penalty alone.

    Notes
    -----
    The parameters and attributes of `sklearn.linear_model.ElasticNetCV` are all there,
    and mean the same. How paths are solved is told in `LassoCV`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import ElasticNetCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ElasticNetCV(l1_ratio=[0.5, 0.9, 1.0], alphas=20).fit(X, y)
    >>> model.mse_path_.shape, float(model.l1_ratio_)
    ((3, 20, 5), 1.0)
    """

    path = staticmethod(enet_path)

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: Any = 1e-3,
        alphas: Any = 100,
        fit_intercept: Any = True,
        precompute: Any = "auto",
        max_iter: Any = 1000,
        tol: Any = 1e-4,
        cv: Any = None,
        copy_X: Any = True,
        verbose: Any = 0,
        n_jobs: Any = None,
        positive: Any = False,
        random_state: Any = None,
        selection: Any = "cyclic",
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _ratios(self) -> list[float]:
        return ratio_list(self.l1_ratio)

    def _choose(self, ratio: float) -> None:
        self.l1_ratio_ = np.float64(ratio)
