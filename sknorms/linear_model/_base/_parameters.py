"""Checks of the constructor parameters that linear models share."""

import warnings
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknorms._progress import check_verbose
from sknorms._validation import (
    ParameterError,
    check_choice,
    check_flag,
    check_integer,
    check_real,
)

__all__ = [
    "check_alphas",
    "check_parameters",
    "iteration_limit",
    "ratio_list",
    "warn_of_jobs",
]

# More sweeps than any fit makes: what max_iter=None stands for.
_NO_LIMIT = 10**9


def check_parameters(params: Mapping[str, Any], optional: str = "") -> None:
    """Raise if a parameter of a known name has the wrong type or value.

    The one called ``optional`` may be None.
    """
    for name, value in params.items():
        check = _CHECKS.get(name)
        if check is not None and not (value is None and name == optional):
            check(name, value)


def iteration_limit(max_iter: Any) -> int:
    """Return how many iterations are allowed; None sets no limit."""
    return _NO_LIMIT if max_iter is None else int(max_iter)


def warn_of_jobs(n_jobs: Any) -> None:
    """Warn if a number of threads is given to scikit-learn's logistic regression."""
    if n_jobs is not None:
        warnings.warn(
            "'n_jobs' has no effect since 1.8 and will be removed in 1.10 of "
            f"scikit-learn, whose interface this is. Leave out n_jobs={n_jobs!r}.",
            FutureWarning,
            stacklevel=4,
        )


def ratio_list(l1_ratio: Any) -> list[float]:
    """Return the mixing parameters that one number or a list of them names."""
    ratios = np.atleast_1d(np.asarray(l1_ratio, dtype=object))
    if ratios.ndim != 1 or not ratios.size:
        raise ParameterError(
            "l1_ratio must be a number between 0 and 1, or a list of such; got "
            f"{l1_ratio!r}."
        )
    return [check_real("l1_ratio", ratio, low=0.0, high=1.0) for ratio in ratios]


def check_alphas(alphas: Any) -> int | list[float]:
    """Return how many strengths to try, or those that are given.

    The words of the errors are those that callers of scikit-learn match.
    """
    if isinstance(alphas, Integral):
        return check_integer("alphas", alphas, low=1)
    if np.ndim(alphas) != 1 or isinstance(alphas, str) or not np.size(alphas):
        raise ParameterError(
            "alphas must be how many strengths to try, an integer >= 1, or a list of "
            f"them; got {alphas!r}."
        )
    return [_strength(f"alphas[{at}]", alpha) for at, alpha in enumerate(alphas)]


def _strength(name: str, value: Any) -> float:
    if isinstance(value, str | bytes) or not np.isreal(value):
        raise TypeError(
            f"{name} must be an instance of float, not {type(value).__name__}; got "
            f"{value!r}."
        )
    if not value >= 0 or not np.isfinite(value):
        raise ValueError(
            f"{name} == {value}, must be >= 0.0 and finite: it multiplies the penalty."
        )
    return float(value)


def _non_negative(name: str, value: Any) -> None:
    check_real(name, value, low=0.0, high=np.finfo(np.float64).max)


def _positive(name: str, value: Any) -> None:
    check_real(name, value, low=0.0, low_open=True)


def _share(name: str, value: Any) -> None:
    check_real(name, value, low=0.0, high=1.0)


def _at_least_one(name: str, value: Any) -> None:
    if value is not None:
        check_integer(name, value, low=1)


def _jobs(name: str, value: Any) -> None:
    if value is not None and check_integer(name, value, low=-(1 << 62)) == 0:
        raise ParameterError(
            f"{name} must not be 0; say how many threads, or -1 for all cores."
        )


def _order(name: str, value: Any) -> None:
    check_choice(name, value, ["cyclic", "random"])


def _gram(name: str, value: Any) -> None:
    if isinstance(value, bool | np.bool_) or np.ndim(value) == 2:
        return
    if not (isinstance(value, str) and value == "auto"):
        raise ParameterError(
            f'{name} must be True, False, "auto" or a Gram matrix of shape '
            f"(n_features, n_features); got {value!r}."
        )


def _seed(name: str, value: Any) -> None:
    try:
        check_random_state(value)
    except ValueError as error:
        raise ParameterError(
            f"{name} must be None, an integer or a RandomState; got {value!r}."
        ) from error


def _loudness(name: str, value: Any) -> None:
    check_verbose(value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "C": _positive,
    "alpha": _non_negative,
    "copy_X": check_flag,
    "dual": check_flag,
    "eps": _positive,
    "fit_intercept": check_flag,
    "intercept_scaling": _positive,
    "max_iter": _at_least_one,
    "n_jobs": _jobs,
    "positive": check_flag,
    "precompute": _gram,
    "random_state": _seed,
    "selection": _order,
    "tol": _non_negative,
    "verbose": _loudness,
    "warm_start": check_flag,
}
