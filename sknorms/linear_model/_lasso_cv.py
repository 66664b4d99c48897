"""The lasso with a strength chosen by cross-validation."""

from typing import Any

from sknorms.linear_model._path import lasso_path
from sknorms.linear_model._selection import CoordinateRegressorCV

__all__ = ["LassoCV"]


class LassoCV(CoordinateRegressorCV):
    """The lasso, its strength chosen by cross-validation.

    For each fold a path of models is fitted to the other rows, each from the one before
    it, and measured on the fold; all rows are then fitted with the strength of the
    smallest mean squared error.

    Parameters
    ----------
    eps : float, default=1e-3
        Smallest strength to try, as a part of the largest.
    alphas : int or array-like, default=100
        How many strengths to try, from the smallest that makes all coefficients zero
        downwards, or the strengths themselves.
    fit_intercept : bool, default=True
        Whether the intercept is free; it is 0 otherwise.
    precompute : "auto", bool or array-like of shape (n_features, n_features), \
default="auto"
        Checked; Gram matrices are formed where they pay, whatever this says.
    max_iter : int, default=1000
        Most iterations of the solver in one fit.
    tol : float, default=1e-4
        Relative duality gap to reach, as in `Lasso`; models are compared, and the last
        one fitted, at a hundredth of it.
    copy_X : bool, default=True
        Checked; X is never written to.
    cv : int, splitter or iterable, default=None
        Folds: how many (None is 5), an object with a ``split``, or the splits
        themselves, pairs of training and test row numbers.
    verbose : bool or int, default=False
        Whether to show progress on standard error.
    n_jobs : int, default=None
        Threads over folds; None takes what ``joblib.parallel_config`` says, outside of
        any as many as BLAS uses. Results do not depend on it.
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
    alphas_ : ndarray of shape (n_alphas,)
        All strengths, from the largest on.
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared error of each model on its fold.
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
        The feasible dual point that proves the gap.
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
    Lasso : One strength.
    lasso_path : The path itself.
    ElasticNetCV : Choose the share of the L1 penalty too.

    Notes
    -----
    The parameters and attributes of `sklearn.linear_model.LassoCV` are all there, and
    mean the same.

    Where rows are many (at least twice the features, which are at most 2048), paths are
    solved on products of columns that are summed once for all folds. The last model of
    such a path is measured on the rows themselves; if its error is not the same there
    to within the tolerance, the fold is done again row by row.

    Where columns are many and strengths small, the strength chosen may not be the one
    that scikit-learn chooses at the same `tol`: its models of neighbouring strengths
    may then all be the same, and their errors not those of the minimum.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import LassoCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LassoCV(cv=5).fit(X, y)
    >>> model.mse_path_.shape
    (100, 5)
    >>> round(model.score(X, y), 2)
    0.52
    """

    path = staticmethod(lasso_path)

    def __init__(
        self,
        *,
        eps: Any = 1e-3,
        alphas: Any = 100,
        fit_intercept: Any = True,
        precompute: Any = "auto",
        max_iter: Any = 1000,
        tol: Any = 1e-4,
        copy_X: Any = True,
        cv: Any = None,
        verbose: Any = False,
        n_jobs: Any = None,
        positive: Any = False,
        random_state: Any = None,
        selection: Any = "cyclic",
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection

    def _ratios(self) -> list[float]:
        return [1.0]

    def _choose(self, ratio: float) -> None:
        """Keep nothing; there is one ratio."""
