"""The solvers that are compared, each as a function from a problem to a model.

A solver is made for a `Problem` and a tolerance, with what it needs converted before
it is timed, and returns (coefficients, intercept) in the shapes of `linear_gaps`.
Tolerances are those that each library's documentation describes: the same number for
all, times the largest alpha for skglm, whose tolerance is one of gradients.
"""

import importlib.util
import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from linear_gaps import Problem, largest_alpha, relative_gap
from scipy import sparse

__all__ = ["OURS", "Request", "contestants", "cv_contestants", "saga"]

OURS = "sknorms"
SAGA_FIRST, SAGA_SECONDS = 100, 30.0


@dataclass(frozen=True, eq=False)
class Request:
    """A problem, and how well it is to be solved.

    Attributes
    ----------
    problem : Problem
    tol : float
    cv : int
        Folds, where the strength is to be found too.
    n_alphas : int
    """

    problem: Problem
    tol: float = 1e-6
    cv: int = 5
    n_alphas: int = 100

    @property
    def groups(self):
        """The features of each group."""
        size, p = self.problem.group_size, self.problem.X.shape[1]
        return [list(range(i, i + size)) for i in range(0, p, size)]


def installed(module):
    return importlib.util.find_spec(module) is not None


def model_of(estimator):
    """Return (coefficients, intercept) of a fitted estimator."""
    coef = np.asarray(estimator.coef_, dtype=np.float64)
    intercept = np.ravel(np.asarray(estimator.intercept_, dtype=np.float64))
    if coef.ndim == 2 and coef.shape[0] > 1:
        return coef.T, intercept
    return np.ravel(coef), float(intercept[0]) if intercept.size else 0.0


def fitted(make, X, y, **fit):
    """Return a function that makes an estimator, fits it and returns its model."""
    return lambda: model_of(make().fit(X, y, **fit))


def weighted(problem):
    """Return what `fit` is told of the weights."""
    return {} if problem.weights is None else {"sample_weight": problem.weights}


def ours(request):
    """Return the estimator of sknorms for the problem."""
    import sknorms.linear_model as lm

    problem, tol = request.problem, request.tol
    common = {"fit_intercept": problem.fit_intercept, "tol": tol, "max_iter": 100_000}
    alpha, ratio = problem.alpha, problem.l1_ratio
    if problem.group_size is not None:
        size, p = problem.group_size, problem.X.shape[1]
        penalty = lm.GroupLassoPenalty(alpha, np.arange(p) // size, np.ones(p // size))
        return lambda: lm.PenalizedRegressor(penalty=penalty, **common)
    if problem.loss != "squared":
        C = 1.0 / (alpha * len(problem.y))
        if problem.loss == "multinomial":
            # saga makes passes until its gap is tol; ours is a hundredth of what it
            # is asked for.
            common["tol"] = 100.0 * tol
        return lambda: lm.LogisticRegression(C=C, l1_ratio=ratio, **common)
    if ratio == 1.0:
        return lambda: lm.Lasso(alpha, **common)
    return lambda: lm.ElasticNet(alpha, l1_ratio=ratio, **common)


def celer(request):
    """Return the estimator of celer, or None where it has none for the problem."""
    import celer as library

    problem, tol = request.problem, request.tol
    common = {"fit_intercept": problem.fit_intercept, "tol": tol}
    alpha, ratio = problem.alpha, problem.l1_ratio
    if problem.weights is not None or problem.X.dtype != np.float64:
        return None
    if problem.group_size is not None:
        return lambda: library.GroupLasso(request.groups, alpha, **common)
    if problem.loss == "multinomial":
        return None
    if problem.loss == "logistic":
        if problem.fit_intercept or ratio < 1.0:
            return None
        C = 1.0 / (alpha * len(problem.y))
        return lambda: library.LogisticRegression(C=C, tol=tol)
    if ratio == 1.0:
        return lambda: library.Lasso(alpha, **common)
    return lambda: library.ElasticNet(alpha, l1_ratio=ratio, **common)


def skglm(request):
    """Return the estimator of skglm, or None where it has none for the problem."""
    import skglm as library

    problem = request.problem
    # Its tolerance is one of gradients, which have the size of the largest alpha.
    tol = request.tol * largest_alpha(problem) * problem.l1_ratio
    common = {"fit_intercept": problem.fit_intercept, "tol": tol}
    alpha, ratio = problem.alpha, problem.l1_ratio
    if problem.weights is not None or problem.loss == "multinomial":
        return None
    if problem.group_size is not None:
        return lambda: library.GroupLasso(request.groups, alpha, **common)
    if problem.loss == "logistic":
        return lambda: library.SparseLogisticRegression(alpha, ratio, **common)
    if ratio == 1.0:
        return lambda: library.Lasso(alpha, **common)
    return lambda: library.ElasticNet(alpha, ratio, **common)


def sklearn(request):
    """Return the estimator of scikit-learn, or None where it has none."""
    from sklearn import linear_model as library

    problem, tol = request.problem, request.tol
    alpha, ratio = problem.alpha, problem.l1_ratio
    if problem.group_size is not None or problem.loss == "multinomial":
        return None
    if problem.loss == "logistic":
        C = 1.0 / (alpha * len(problem.y))
        return lambda: library.LogisticRegression(
            C=C,
            l1_ratio=1.0,
            solver="liblinear",
            tol=tol,
            max_iter=10_000,
            fit_intercept=problem.fit_intercept,
            # It penalises the intercept; the more, the smaller this number.
            intercept_scaling=100.0,
        )
    return lambda: library.ElasticNet(
        alpha,
        l1_ratio=ratio,
        fit_intercept=problem.fit_intercept,
        tol=tol,
        max_iter=100_000,
    )


PEERS = {"celer": celer, "skglm": skglm, "scikit-learn": sklearn}


def contestants(request, wanted=None):
    """Return {name: function that solves the problem} of what is installed."""
    problem = request.problem
    X, y = problem.X, problem.y
    found = {OURS: fitted(ours(request), X, y, **weighted(problem))}
    for name, make in PEERS.items():
        if (wanted and name not in wanted) or not installed(
            name.replace("scikit-", "sk")
        ):
            continue
        estimator = make(request)
        if estimator is None:
            continue
        # liblinear would convert columns to rows each time.
        rows = problem.loss == "logistic" and name == "scikit-learn"
        table = sparse.csr_matrix(X) if rows and sparse.issparse(X) else X
        found[name] = fitted(estimator, table, y, **weighted(problem))
    return found


def cv_model(make, X, y):
    """Return a function that chooses a strength and returns (w, b, alpha)."""

    def run():
        estimator = make().fit(X, y)
        return (*model_of(estimator), float(estimator.alpha_))

    return run


def cv_contestants(request, wanted=None):
    """Return {name: function that chooses the strength too}.

    celer's LassoCV is no contestant: it cannot be made with scikit-learn 1.9.
    """
    from sklearn.linear_model import LassoCV as SklearnCV

    from sknorms.linear_model import LassoCV

    X, y = request.problem.X, request.problem.y
    cv, tol, many = request.cv, request.tol, request.n_alphas
    makers = {
        OURS: lambda: LassoCV(cv=cv, tol=tol, alphas=many, n_jobs=1),
        "scikit-learn": lambda: SklearnCV(
            cv=cv, tol=tol, alphas=many, n_jobs=1, max_iter=100_000
        ),
    }
    return {
        name: cv_model(make, X, y)
        for name, make in makers.items()
        if name == OURS or not wanted or name in wanted
    }


def saga(request):
    """Return (function that fits saga, notes) with as many passes as it needs.

    Passes are doubled until the gap is that which was asked for, or a fit takes longer
    than `SAGA_SECONDS`.
    """
    from sklearn.linear_model import LogisticRegression

    problem = request.problem
    X = sparse.csr_matrix(problem.X) if sparse.issparse(problem.X) else problem.X
    X = X if sparse.issparse(X) else np.ascontiguousarray(X)
    C, passes = 1.0 / (problem.alpha * len(problem.y)), SAGA_FIRST
    while True:
        make = partial(
            LogisticRegression,
            C=C,
            l1_ratio=1.0,
            solver="saga",
            tol=0.0,
            max_iter=passes,
            random_state=0,
        )
        run, start = fitted(make, X, problem.y), time.perf_counter()
        model = run()
        seconds = time.perf_counter() - start
        gap = relative_gap(problem, *model)
        if gap <= request.tol or 2.0 * seconds > SAGA_SECONDS:
            break
        passes *= 2
    note = f"saga with {passes:,} passes"
    return run, note if gap <= request.tol else f"{note}, which are not enough"
