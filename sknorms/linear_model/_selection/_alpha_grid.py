"""Which strengths of a penalty a path goes through."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError
from sknorms.linear_model._base import check_alphas

__all__ = ["alpha_grid", "descending", "requested_alphas"]

# What scikit-learn calls no signal at all: 1e-15.
_NOTHING = float(np.finfo(np.float64).resolution)
# How many strengths there are if nobody says.
_USUAL_NUMBER = 100


def alpha_grid(alpha_max: float, eps: float, n_alphas: int) -> FloatArray:
    """Return ``n_alphas`` strengths from ``alpha_max`` down to ``eps * alpha_max``.

    Their logarithms are evenly spaced. Where nothing is above rounding, as for a
    constant target, all are 1e-15, as in scikit-learn.

    Raises
    ------
    ValueError
        If no strength makes all coefficients zero, as without an L1 penalty.
    """
    if not np.isfinite(alpha_max):
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0, nor for "
            "any penalty that no strength turns into a model without features. Please "
            "supply a grid by providing your estimator with the appropriate `alphas=` "
            "argument."
        )
    if alpha_max <= _NOTHING:
        return np.full(n_alphas, _NOTHING)
    return np.geomspace(alpha_max, alpha_max * eps, num=n_alphas)


def descending(alphas: Sequence[float]) -> FloatArray:
    """Return strengths from the largest on."""
    return np.sort(np.asarray(alphas, dtype=np.float64))[::-1]


def requested_alphas(n_alphas: Any, alphas: Any) -> int | list[float]:
    """Return how many strengths a path function is to try, or which ones.

    Parameters
    ----------
    n_alphas : int or "deprecated"
        scikit-learn's former name for a number of strengths; warns.
    alphas : int, array-like, None or "warn"
        A number of strengths or themselves; None warns, and "warn" is the default.
    """
    number = _USUAL_NUMBER
    if not _is_word(n_alphas, "deprecated"):
        warnings.warn(
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11 of "
            "scikit-learn, whose interface this is. Pass the number as alphas="
            f"{n_alphas!r}.",
            FutureWarning,
            stacklevel=3,
        )
        number = _as_number(n_alphas)
    if _is_word(alphas, "warn"):
        return number
    if alphas is None:
        warnings.warn(
            "'alphas=None' is deprecated and will be removed in 1.11 of scikit-learn, "
            f"whose interface this is. Pass alphas={_USUAL_NUMBER}, which means the "
            "same.",
            FutureWarning,
            stacklevel=3,
        )
        return number
    return check_alphas(alphas)


def _is_word(value: Any, word: str) -> bool:
    return isinstance(value, str) and value == word


def _as_number(n_alphas: Any) -> int:
    number = check_alphas(n_alphas) if np.ndim(n_alphas) == 0 else None
    if not isinstance(number, int):
        raise ParameterError(f"n_alphas must be an integer >= 1; got {n_alphas!r}.")
    return number
