"""Data, objectives and certificates by definition, for tests of linear models."""

import numpy as np
from scipy import sparse, special
from sklearn import datasets


def diabetes():
    """Return 442 x 10 columns of equal size, and a target."""
    return datasets.load_diabetes(return_X_y=True)


def raw_diabetes():
    """Return the columns in their own units."""
    return datasets.load_diabetes(return_X_y=True, scaled=False)


def cancer():
    """Return 569 x 30 raw columns and labels of 0 and 1."""
    return datasets.load_breast_cancer(return_X_y=True)


def wine():
    """Return 178 x 13 raw columns and three classes."""
    return datasets.load_wine(return_X_y=True)


def digits():
    """Return 300 x 64 counts, three columns constant, and five classes."""
    X, y = datasets.load_digits(n_class=5, return_X_y=True)
    return X[:300], y[:300]


def wide(n_rows=40, n_columns=120, seed=0):
    """Return more columns than rows, a few of which matter."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, n_columns)) + rng.normal(size=(n_rows, 1))
    y = X[:, :5] @ np.array([3.0, -2.0, 1.0, 1.0, 0.5]) + 4.0
    return X, y + 0.5 * rng.normal(size=n_rows)


def formats(X):
    """Return the same table in every format that a fit accepts."""
    long = sparse.csc_array(X)
    long.indices, long.indptr = long.indices.astype("i8"), long.indptr.astype("i8")
    return {
        "C": np.ascontiguousarray(X),
        "F": np.asfortranarray(X),
        "strided": np.repeat(X, 2, axis=1)[:, ::2],
        "csr": sparse.csr_array(X),
        "csc": sparse.csc_matrix(X),
        "csc, 64 bit": long,
        "coo": sparse.coo_array(X),
    }


FORMATS = list(formats(np.eye(2)))


def dense(X):
    return X.toarray() if sparse.issparse(X) else np.asarray(X)


def penalty_value(w, alpha, l1_ratio):
    l1, l2 = np.abs(w).sum(), np.square(w).sum()
    return alpha * (l1_ratio * l1 + 0.5 * (1 - l1_ratio) * l2)


def squared_objective(X, y, w, b, alpha, l1_ratio=1.0, weights=None):
    """Return the objective of the elastic net."""
    errors = np.square(y - dense(X) @ w - b)
    return 0.5 * np.average(errors, weights=weights) + penalty_value(w, alpha, l1_ratio)


def null_objective(y, fit_intercept=True, weights=None):
    """Return the objective of the best model without features."""
    b = np.average(y, weights=weights) if fit_intercept else 0.0
    return 0.5 * np.average(np.square(y - b), weights=weights)


def squared_gap(X, y, w, b, alpha, l1_ratio=1.0, weights=None, positive=False):
    """Return a duality gap of the elastic net, by textbook formulas.

    The L2 part is one more row a column of X, which leaves a lasso; its dual point are
    residuals, scaled until no column is too much like them.
    """
    n, p = X.shape
    s = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    share = s / s.sum()
    X, y = dense(X).astype(float), np.asarray(y, dtype=float)
    if b is not None:
        X, y = X - share @ X, y - share @ y
    root = np.sqrt(share)[:, np.newaxis]
    rows = np.vstack([root * X, np.sqrt(alpha * (1 - l1_ratio)) * np.eye(p)])
    target = np.concatenate([root[:, 0] * y, np.zeros(p)])
    residual = target - rows @ w
    primal = 0.5 * residual @ residual + alpha * l1_ratio * np.abs(w).sum()
    products = rows.T @ residual
    largest = products.max() if positive else np.abs(products).max()
    limit = np.inf if largest <= 0 else alpha * l1_ratio / largest
    scale = np.clip(target @ residual / max(residual @ residual, 1e-300), -limit, limit)
    dual = scale * target @ residual - 0.5 * scale**2 * residual @ residual
    return primal - dual


def logistic_objective(X, codes, W, b, C, l1_ratio, weights=None):
    """Return scikit-learn's objective for two classes or more."""
    scores = dense(X) @ W.T + b
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    each = special.logsumexp(scores, axis=1) - scores[np.arange(len(codes)), codes]
    s = np.ones(len(codes)) if weights is None else weights
    return C * (s @ each) + penalty_value(W, 1.0, l1_ratio)
