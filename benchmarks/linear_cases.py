"""The cases of the linear benchmark: which problem, and how strong a penalty."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from linear_data import (
    breast_cancer,
    correlated,
    diabetes,
    digits,
    labelled,
    meats,
    nci60_gene,
    nci60_tumours,
    permeability,
    reviews,
    sparse_rows,
    standardised,
    wine,
)
from linear_gaps import Problem, largest_alpha
from scipy import sparse

__all__ = ["CASES", "FIRST", "Case"]

FRACTIONS = (0.2, 0.05, 0.01)


@dataclass(frozen=True)
class Case:
    """One table, under one kind of penalty, of several strengths.

    Attributes
    ----------
    title : str
    family : str
        The aim that it counts for, as in `linear_report`.
    load : callable
        Returns (X, y, note).
    fractions : tuple of float
        Strengths, as parts of the largest that is of use.
    loss : {"squared", "logistic", "multinomial"}
    l1_ratio : float
    group_size : int or None
    fit_intercept : bool
    tol : float
    C : float or None
        Instead of fractions: the inverse strength as scikit-learn counts it.
    cross_validated : bool
        Whether the strength is to be found by cross-validation.
    variants : callable or None
        Returns what `problems` does; such cases are certified and not timed.
    """

    title: str
    family: str
    load: Callable
    fractions: tuple = FRACTIONS
    loss: str = "squared"
    l1_ratio: float = 1.0
    group_size: int | None = None
    fit_intercept: bool = True
    tol: float = 1e-6
    C: float | None = None
    cross_validated: bool = False
    variants: Callable | None = None

    def problems(self):
        """Return (note, [(label, problem), ...])."""
        if self.variants is not None:
            return self.variants(*self.load())
        X, y, note = self.load()
        base = Problem(
            X,
            y,
            self.loss,
            l1_ratio=self.l1_ratio,
            group_size=self.group_size,
            fit_intercept=self.fit_intercept,
        )
        if self.cross_validated:
            return note, [("", base)]
        if self.C is not None:
            return note, [(f"C={self.C:g}", base.with_alpha(1 / (self.C * len(y))))]
        most = largest_alpha(base)
        return note, [(f"{f:g}", base.with_alpha(f * most)) for f in self.fractions]


def wide():
    return correlated(200, 5_000, 0.5)


def wide_collinear():
    return correlated(200, 5_000, 0.95)


def collinear_few():
    return correlated(200, 1_000, 0.95)


def tall():
    return correlated(3_000, 300, 0.9)


def wide_sparse():
    return sparse_rows(2_000, 20_000)


def wide_labels():
    return labelled(*correlated(300, 5_000, 0.5))


def tall_labels():
    return labelled(*correlated(20_000, 50, 0.9))


def sparse_labels():
    return labelled(*wide_sparse())


def sure(load):
    """Return the standardised form of a table."""
    return lambda: standardised(*load())


def certified(X, y, note):
    """Return one problem in all sizes, types and layouts that solvers get wrong."""
    rng = np.random.default_rng(1)
    n, p = X.shape
    base = Problem(X, y)
    units = 10.0 ** rng.uniform(-3, 3, p)
    zeros = np.where(rng.random(n) < 0.1, 0.0, rng.exponential(size=n))
    thinned = np.where(np.abs(X) > 1.5, X, 0.0)
    variants = {
        "as it is": base,
        "y times 1e-8": replace(base, y=1e-8 * y),
        "y times 1e8": replace(base, y=1e8 * y),
        "y plus 1e6": replace(base, y=y + 1e6),
        "columns in units of 1e-3 to 1e3": replace(
            base, X=np.asfortranarray(X * units)
        ),
        "columns plus 1e3": replace(base, X=np.asfortranarray(X + 1e3)),
        "float32": replace(base, X=np.asfortranarray(X, dtype=np.float32)),
        "C order": replace(base, X=np.ascontiguousarray(X)),
        "CSC": replace(base, X=sparse.csc_matrix(thinned)),
        "CSC, float32": replace(base, X=sparse.csc_matrix(thinned.astype(np.float32))),
        "weights, some of them 0": replace(base, weights=zeros),
        "CSC, weights": replace(base, X=sparse.csc_matrix(thinned), weights=zeros),
        "no intercept": replace(base, fit_intercept=False),
        "elastic net": replace(base, l1_ratio=0.5),
    }
    chosen = [
        (label, problem.with_alpha(0.02 * largest_alpha(problem)))
        for label, problem in variants.items()
    ]
    return note, chosen


def grouped():
    return correlated(300, 3_000, 0.5)


def grouped_tall():
    return correlated(2_000, 500, 0.9)


def nci60_gene_in_fives():
    """Return as many genes as go into groups of five."""
    X, y, note = nci60_gene()
    p = X.shape[1] // 5 * 5
    return np.asfortranarray(X[:, :p]), y, note


GRID = {
    "wide": ("dense, wide", wide),
    "collinear": ("dense, wide, collinear", wide_collinear),
    "tall": ("dense, tall", tall),
    "sparse": ("sparse, wide", wide_sparse),
}
REAL = {
    "nci60": ("NCI60", nci60_gene),
    "meats": ("meats", meats),
    "permeability": ("permeability", permeability),
    "reviews": ("reviews", reviews),
}
CASES = {}
for _tables, _family in ((GRID, "grid"), (REAL, "real")):
    for _name, (_title, _load) in _tables.items():
        CASES[f"lasso-{_name}"] = Case(f"lasso, {_title}", _family, _load)
        CASES[f"enet-{_name}"] = Case(
            f"elastic net, {_title}", _family, _load, l1_ratio=0.5
        )
CASES |= {
    "certificates": Case(
        "certificates, made", "certificates", collinear_few, variants=certified
    ),
    "certificates-meats": Case(
        "certificates, meats", "certificates", meats, variants=certified
    ),
    "logistic-raw": Case(
        "logistic, breast cancer, raw",
        "logistic raw",
        breast_cancer,
        loss="logistic",
        C=1.0,
    ),
    "logistic-standardised": Case(
        "logistic, breast cancer, standardised",
        "logistic",
        sure(breast_cancer),
        loss="logistic",
        C=1.0,
    ),
    "logistic-wide": Case(
        "logistic, dense, wide", "logistic", wide_labels, (0.2, 0.05), loss="logistic"
    ),
    "logistic-tall": Case(
        "logistic, dense, tall", "logistic", tall_labels, (0.05, 0.01), loss="logistic"
    ),
    "logistic-sparse": Case(
        "logistic, sparse, wide",
        "logistic sparse",
        sparse_labels,
        loss="logistic",
    ),
    "logistic-sparse-origin": Case(
        "logistic, sparse, wide, no intercept",
        "logistic sparse",
        sparse_labels,
        loss="logistic",
        fit_intercept=False,
    ),
    "logistic-reviews": Case(
        "logistic, reviews", "logistic sparse", reviews, loss="logistic"
    ),
    "multinomial-wine": Case(
        "multinomial, wine",
        "multinomial",
        sure(wine),
        (0.1, 0.01),
        "multinomial",
        tol=1e-4,
    ),
    "multinomial-digits": Case(
        "multinomial, digits",
        "multinomial",
        digits,
        (0.1, 0.01),
        "multinomial",
        tol=1e-4,
    ),
    "multinomial-nci60": Case(
        "multinomial, NCI60",
        "multinomial",
        nci60_tumours,
        (0.5, 0.2),
        "multinomial",
        tol=1e-4,
    ),
    "group-wide": Case("groups of 5, dense, wide", "group", grouped, group_size=5),
    "group-tall": Case(
        "groups of 10, dense, tall", "group", grouped_tall, group_size=10
    ),
    "group-nci60": Case(
        "groups of 5, NCI60", "group", nci60_gene_in_fives, group_size=5
    ),
    "cv-diabetes": Case(
        "lasso CV, diabetes", "cv", diabetes, tol=1e-4, cross_validated=True
    ),
    "cv-tall": Case("lasso CV, tall", "cv", tall, tol=1e-4, cross_validated=True),
    "cv-wide": Case("lasso CV, wide", "cv", wide, tol=1e-4, cross_validated=True),
    "cv-meats": Case("lasso CV, meats", "cv", meats, tol=1e-4, cross_validated=True),
    "cv-permeability": Case(
        "lasso CV, permeability", "cv", permeability, tol=1e-4, cross_validated=True
    ),
}


# What is fitted first in a fresh interpreter, without anything compiled before.
FIRST = (
    "lasso-wide",
    "lasso-sparse",
    "logistic-standardised",
    "multinomial-wine",
    "group-wide",
)
