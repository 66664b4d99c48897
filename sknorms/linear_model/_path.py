"""Lasso and elastic-net solutions for many strengths of the penalty."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn import linear_model as sklearn_models
from sklearn.utils import check_array, check_consistent_length

from sknorms._progress import Progress
from sknorms._typing import AnyArray, Rows
from sknorms._validation import check_flag, check_real, naming_bad_rows
from sknorms.linear_model._base import (
    Limits,
    PathTask,
    check_gram,
    check_parameters,
    check_sample_weight,
    finite_design,
    start_from,
    warn_of_no_convergence,
)
from sknorms.linear_model._losses import SquaredLoss
from sknorms.linear_model._penalties import ElasticNetPenalty
from sknorms.linear_model._selection import alpha_grid, descending, requested_alphas

__all__ = ["enet_path", "lasso_path"]

_FLOATS = [np.float64, np.float32]


@dataclass(frozen=True)
class _Settings:
    """What keyword arguments of a path say of the solver.

    Attributes
    ----------
    tol : float
    max_iter : int or None
    sample_weight : array-like or None
    random_state, selection, do_screening
        Checked, without effect.
    """

    tol: Any = 1e-4
    max_iter: Any = 1000
    sample_weight: Any = None
    random_state: Any = None
    selection: Any = "cyclic"
    do_screening: Any = True

    @classmethod
    def of(cls, params: dict[str, Any]) -> "_Settings":
        unknown = sorted(set(params) - set(cls.__dataclass_fields__))
        if unknown:
            known = ", ".join(cls.__dataclass_fields__)
            raise ValueError(
                f"Unexpected parameters in params: {', '.join(map(repr, unknown))}; "
                f"the solver takes {known}."
            )
        settings = cls(**params)
        check_parameters(vars(settings))
        check_flag("do_screening", settings.do_screening)
        return settings


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: Any = 0.5,
    eps: Any = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: Any = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: Any = False,
    positive: Any = False,
    check_input: Any = True,
    **params: Any,
) -> Any:
    """Solve the elastic net, without an intercept, for many strengths.

    Each model minimises the objective of `ElasticNet` with b = 0, to a certified
    duality gap, starting from the model before it.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; float32 stays float32.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets. With several columns the penalty is that of the multi-task model,
        which selects features for all of them, and scikit-learn's solver is used.
    l1_ratio : float, default=0.5
        Share of the L1 penalty, between 0 and 1.
    eps : float, default=1e-3
        Smallest strength, as a part of the largest.
    n_alphas : int, default="deprecated"
        Former name of a number in ``alphas``; warns.
    alphas : int or array-like, default="warn"
        How many strengths to try, from the smallest that makes all coefficients zero
        downwards, or the strengths themselves. The default is 100; None means the same
        and warns.
    precompute : "auto", bool or array-like of shape (n_features, n_features), \
default="auto"
        Checked; a Gram matrix is formed where it pays, whatever this says. One that is
        passed must be that of X.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        Not needed; X'y is computed from X and y.
    copy_X : bool, default=True
        Checked; X is neither copied nor written to.
    coef_init : array-like of shape (n_features,), default=None
        Where the first model starts.
    verbose : bool or int, default=False
        Whether to show progress on standard error.
    return_n_iter : bool, default=False
        Whether to return numbers of iterations too.
    positive : bool, default=False
        Whether coefficients must be at least 0; for one target only.
    check_input : bool, default=True
        Whether to check X and y.
    **params : dict
        ``tol`` (1e-4), ``max_iter`` (1000) and ``sample_weight`` (None) are as in
        `ElasticNet`; ``random_state``, ``selection`` and ``do_screening`` are checked.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        The strengths, from the largest on.
    coefs : ndarray of shape (n_features, n_alphas) or \
(n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        How far each objective is above its minimum at most.
    n_iters : list of int
        Iterations, if ``return_n_iter``.

    See Also
    --------
    lasso_path : The L1 penalty alone.
    ElasticNet : One strength, with an intercept.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sknorms.linear_model import enet_path
    >>> X, y = load_diabetes(return_X_y=True)
    >>> alphas, coefs, gaps = enet_path(X, y - y.mean(), l1_ratio=0.9, alphas=5)
    >>> coefs.shape, (coefs != 0).sum(axis=0).tolist()
    ((10, 5), [0, 9, 10, 10, 10])
    """
    check_parameters(
        {
            "precompute": precompute,
            "copy_X": copy_X,
            "verbose": verbose,
            "eps": eps,
            "positive": positive,
        }
    )
    request = _Request(
        ratio=check_real("l1_ratio", l1_ratio, low=0.0, high=1.0),
        eps=eps,
        alphas=requested_alphas(n_alphas, alphas),
        coef_init=coef_init,
        return_n_iter=check_flag("return_n_iter", return_n_iter),
        positive=positive,
        precompute=precompute,
        verbose=verbose,
        settings=_Settings.of(params),
    )
    if check_input:
        X, y = _checked(X, y)
    return request.single(X, y) if y.ndim == 1 else request.multitask(X, y)


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: Any = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: Any = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: Any = False,
    positive: Any = False,
    **params: Any,
) -> Any:
    """Solve the lasso, without an intercept, for many strengths.

    Each model minimises the objective of `Lasso` with b = 0, to a certified duality
    gap, starting from the model before it.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows; float32 stays float32.
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
        Targets. With several columns the penalty is that of the multi-task model,
        which selects features for all of them, and scikit-learn's solver is used.
    eps : float, default=1e-3
        Smallest strength, as a part of the largest.
    n_alphas : int, default="deprecated"
        Former name of a number in ``alphas``; warns.
    alphas : int or array-like, default="warn"
        How many strengths to try, from the smallest that makes all coefficients zero
        downwards, or the strengths themselves. The default is 100; None means the same
        and warns.
    precompute : "auto", bool or array-like of shape (n_features, n_features), \
default="auto"
        Checked; a Gram matrix is formed where it pays, whatever this says. One that is
        passed must be that of X.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        Not needed; X'y is computed from X and y.
    copy_X : bool, default=True
        Checked; X is neither copied nor written to.
    coef_init : array-like of shape (n_features,), default=None
        Where the first model starts.
    verbose : bool or int, default=False
        Whether to show progress on standard error.
    return_n_iter : bool, default=False
        Whether to return numbers of iterations too.
    positive : bool, default=False
        Whether coefficients must be at least 0; for one target only.
    **params : dict
        ``tol`` (1e-4), ``max_iter`` (1000) and ``sample_weight`` (None) are as in
        `Lasso`; ``random_state``, ``selection`` and ``do_screening`` are checked.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
        The strengths, from the largest on.
    coefs : ndarray of shape (n_features, n_alphas) or \
(n_targets, n_features, n_alphas)
        Coefficients.
    dual_gaps : ndarray of shape (n_alphas,)
        How far each objective is above its minimum at most.
    n_iters : list of int
        Iterations, if ``return_n_iter``.

    See Also
    --------
    enet_path : The elastic net.
    Lasso : One strength, with an intercept.
    LassoCV : Choose a strength by cross-validation.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.linear_model import lasso_path
    >>> X = np.array([[1.0, 2.0, 3.1], [2.3, 5.4, 4.3]]).T
    >>> alphas, coefs, gaps = lasso_path(X, [1, 2, 3.1], alphas=[5.0, 0.5], tol=1e-9)
    >>> alphas, coefs.round(3)
    (array([5. , 0.5]), array([[0.   , 0.469],
           [0.216, 0.237]]))
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        n_alphas=n_alphas,
        alphas=alphas,
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


def _checked(X: Any, y: Any) -> tuple[Rows, AnyArray]:
    with naming_bad_rows(X):
        rows = check_array(X, accept_sparse=["csc", "csr"], dtype=_FLOATS)
    target = check_array(
        y, dtype=_FLOATS, ensure_2d=False, input_name="y", accept_sparse="csc"
    )
    check_consistent_length(rows, target)
    return rows, target


@dataclass(frozen=True)
class _Request:
    """What path is asked for.

    Attributes
    ----------
    ratio, eps : float
    alphas : int or list of float
    coef_init : array-like or None
    return_n_iter, positive : bool
    precompute : "auto", bool or array-like
    verbose : int
    settings : _Settings
    """

    ratio: float
    eps: float
    alphas: int | list[float]
    coef_init: Any
    return_n_iter: bool
    positive: bool
    precompute: Any
    verbose: Any
    settings: _Settings

    def single(self, X: Rows, y: AnyArray) -> Any:
        """Return the path for one target."""
        weights = check_sample_weight(self.settings.sample_weight, X.shape[0])
        check_gram(self.precompute, X, weights, False)
        limits = Limits.of(False, self.settings.tol, self.settings.max_iter)
        task = PathTask(
            finite_design(X, weights),
            np.asarray(y, dtype=np.float64),
            SquaredLoss(),
            ElasticNetPenalty(1.0, self.ratio, positive=self.positive),
            limits,
        )
        if isinstance(self.alphas, int):
            alphas = alpha_grid(task.alpha_max(), self.eps, self.alphas)
        else:
            alphas = descending(self.alphas)
        progress = Progress.of(self.verbose, len(alphas), "strengths")
        start = start_from(self.coef_init, X.shape[1:])
        solutions = [
            task.handed_out(one, task.penalty.with_alpha(float(alpha)))
            for one, alpha in zip(
                task.path(alphas, start, progress), alphas, strict=True
            )
        ]
        warn_of_no_convergence(task.design, solutions, centred=False, stacklevel=3)
        coefs = np.array([one.coef for one in solutions], dtype=X.dtype).T
        gaps = np.array([one.dual_gap for one in solutions])
        found = (alphas, np.asfortranarray(coefs), gaps)
        counts = [int(one.n_iter) for one in solutions]
        return (*found, counts) if self.return_n_iter else found

    def multitask(self, X: Rows, y: AnyArray) -> Any:
        """Return the path for several targets, by scikit-learn's own solver."""
        if self.positive:
            raise ValueError(
                "positive=True is not allowed for multi-output (y.ndim != 1); call the "
                "function for each column of y."
            )
        settings = {k: v for k, v in vars(self.settings).items() if v is not None}
        if "sample_weight" in settings:
            raise ValueError(
                "sample_weight is for one target; got y of shape "
                f"{y.shape}. Call the function for each column of y."
            )
        return sklearn_models.enet_path(
            X,
            y,
            l1_ratio=self.ratio,
            eps=self.eps,
            alphas=self.alphas,
            coef_init=self.coef_init,
            return_n_iter=self.return_n_iter,
            **settings,
        )
