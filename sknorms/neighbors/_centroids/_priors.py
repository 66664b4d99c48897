"""How likely classes are before a row is seen."""

import warnings
from typing import Any

import numpy as np
from sklearn.utils import check_array

from sknorms._typing import FloatArray, IndexArray
from sknorms._validation import ParameterError, check_choice

__all__ = ["class_priors"]

_UNIFORM, _EMPIRICAL = "uniform", "empirical"


def class_priors(priors: Any, codes: IndexArray, n_classes: int) -> FloatArray:
    """Return priors that sum to one.

    Parameters
    ----------
    priors : {"uniform", "empirical"} or array-like of shape (n_classes,)
    codes : intp array of shape (n_rows,)
        The class of every training row.
    n_classes : int

    Returns
    -------
    float64 array of shape (n_classes,)

    Raises
    ------
    ParameterError
        If there is not one prior a class, or one is negative, or all are zero.
    """
    if isinstance(priors, str):
        check_choice("priors", priors, (_UNIFORM, _EMPIRICAL))
        if priors == _UNIFORM:
            return np.full(n_classes, 1.0 / n_classes)
        return np.bincount(codes, minlength=n_classes) / len(codes)
    given = _one_each(priors, n_classes)
    total = given.sum()
    if not np.isclose(total, 1.0):
        warnings.warn(
            "The priors do not sum to 1. Normalizing such that it sums to one.",
            UserWarning,
            stacklevel=3,
        )
        given = given / total
    return given


def _one_each(priors: Any, n_classes: int) -> FloatArray:
    if np.shape(priors) != (n_classes,):
        raise ParameterError(
            'priors must be "uniform", "empirical", or have one number for each of the '
            f"{n_classes} classes; got {priors!r}."
        )
    given: FloatArray = check_array(
        priors, ensure_2d=False, dtype=np.float64, input_name="priors", copy=True
    )
    if (given < 0).any():
        raise ParameterError(
            f"priors must be non-negative; got {priors!r}. Give a class that is "
            "impossible the prior 0."
        )
    if not given.any():
        raise ParameterError(
            f"priors must have a number above zero; got {priors!r}. Give some class a "
            "chance."
        )
    return given
