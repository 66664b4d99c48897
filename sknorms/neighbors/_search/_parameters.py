"""Checks of the constructor parameters that all neighbour estimators share."""

from typing import Any

import numpy as np

from sknorms._progress import check_verbose
from sknorms._typing import FloatArray
from sknorms._validation import (
    ParameterError,
    check_choice,
    check_integer,
    check_real,
)
from sknorms.engine import AllColumns, Cheapest, KDTree, Prefix, Strategy

__all__ = [
    "check_n_neighbors",
    "check_parameters",
    "check_radii",
    "check_radius",
    "check_resources",
    "get_strategy",
]

# One kind of tree serves both names: the answers are the same.
_STRATEGIES: dict[str, Strategy] = {
    "auto": Cheapest(),
    "ball_tree": KDTree(),
    "kd_tree": KDTree(),
    "brute": AllColumns(),
    "prefix": Prefix(),
}
# For integers whose value is judged afterwards, with a message of its own.
_NO_LIMIT = -(1 << 62)


def check_parameters(params: dict[str, Any]) -> None:
    """Raise if a parameter has the wrong type or value; None where it is allowed.

    Parameters
    ----------
    params : dict
        As ``get_params(deep=False)`` returns them.
    """
    check_choice("algorithm", params["algorithm"], list(_STRATEGIES))
    check_integer("leaf_size", params["leaf_size"], low=1)
    if params["p"] is not None:
        check_real("p", params["p"], low=0, low_open=True)
    if params.get("n_neighbors") is not None:
        check_n_neighbors(params["n_neighbors"])
    check_verbose(params.get("verbose", 0))
    check_resources(params["n_jobs"], params["working_memory"])


def get_strategy(algorithm: str) -> Strategy:
    """Return what a checked name of an algorithm stands for."""
    return _STRATEGIES[algorithm]


def check_resources(n_jobs: Any, working_memory: Any) -> None:
    """Raise if a number of threads or a memory budget is none; None where allowed."""
    if n_jobs is not None:
        _check_n_jobs(n_jobs)
    if working_memory is not None:
        check_real("working_memory", working_memory, low=0, low_open=True)


def _check_n_jobs(n_jobs: Any) -> None:
    if check_integer("n_jobs", n_jobs, low=_NO_LIMIT) == 0:
        raise ParameterError(
            "n_jobs must not be 0; say how many threads, or -1 for all cores."
        )


def check_n_neighbors(n_neighbors: Any) -> int:
    """Return the number of neighbours as an int of at least 1."""
    if n_neighbors is None:
        raise ParameterError(
            "n_neighbors is None both here and on the estimator; say how many "
            "neighbors to find."
        )
    number = check_integer("n_neighbors", n_neighbors, low=_NO_LIMIT)
    if number <= 0:
        raise ParameterError(
            f"Expected n_neighbors > 0. Got {number}; ask for at least one neighbor."
        )
    return number


def check_radius(radius: Any, *, larger_is_closer: bool) -> float:
    """Return a radius as a float: a largest distance, or a smallest similarity."""
    if larger_is_closer:
        return check_real("radius", radius)
    return check_real("radius", radius, low=0)


def check_radii(radius: Any, n_queries: int, *, larger_is_closer: bool) -> FloatArray:
    """Return one radius a query, from one for all or an array of them."""
    if radius is None:
        raise ParameterError(
            "radius is None both here and on the estimator; say how far to look."
        )
    if np.ndim(radius) == 0:
        one = check_radius(radius, larger_is_closer=larger_is_closer)
        return np.full(n_queries, one)
    if np.shape(radius) != (n_queries,):
        raise ValueError(
            f"radius must be a number, or have one for each query, shape "
            f"({n_queries},); got shape {np.shape(radius)}."
        )
    each = [check_radius(one, larger_is_closer=larger_is_closer) for one in radius]
    return np.array(each)
