"""Whether collinear features are to blame for a fit that did not converge."""

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._problem import Problem

__all__ = ["suspected_cause"]

# Columns are collinear if an eigenvalue of their correlations is below this.
_COLLINEAR = 1e-8
_MOST_COLUMNS = 200


def suspected_cause(problem: Problem, w: FloatArray) -> str:
    """Return a sentence if features in the model are collinear, else an empty one.

    Parameters
    ----------
    problem : Problem
    w : array of shape (n_columns,)
        The coefficients that the solver ended with; of many, the first are looked at.
    """
    support = np.flatnonzero((w != 0.0) & (problem.norms > 0.0))[:_MOST_COLUMNS]
    if support.size < 2 or _least_eigenvalue(problem, support) >= _COLLINEAR:
        return ""
    return (
        "Features in the model are nearly collinear, which is the likely cause: drop "
        "near copies, add an l2 penalty, or raise max_iter."
    )


def _least_eigenvalue(problem: Problem, support: IndexArray) -> float:
    """Return the least eigenvalue of the correlations of some columns."""
    design = problem.design
    products = design.gram(support, design.share)
    if problem.fit_intercept:
        means = design.means[support]
        products = products - np.outer(means, means)
    norms = problem.norms[support]
    return float(np.linalg.eigvalsh(products / np.outer(norms, norms))[0])
