"""Weights of rows, those of their classes included."""

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.class_weight import compute_class_weight

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError, first_rows

__all__ = ["check_sample_weight", "class_factors", "weighted_by_class"]


def check_sample_weight(sample_weight: Any, n_rows: int) -> FloatArray | None:
    """Return one finite weight of at least zero a row, or None for equal weights.

    A single number stands for that weight in every row.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_rows, float(sample_weight))
    weights: FloatArray = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weights.ndim != 1:
        raise ValueError(
            "Sample weights must be 1D array or scalar: sample_weight has "
            f"{weights.ndim} dimensions; give one weight a row, shape ({n_rows},)."
        )
    if weights.shape != (n_rows,):
        raise ValueError(
            f"sample_weight.shape == {weights.shape}, expected {(n_rows,)}: one weight "
            "a row of X."
        )
    if (weights < 0).any():
        raise ValueError(
            "sample_weight must be at least zero; got negative weights in "
            f"{first_rows(weights < 0)}. A row is left out by weight zero."
        )
    if not weights.any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number; got a "
            "sample_weight of zero in every row."
        )
    return weights


def class_factors(
    class_weight: Any,
    classes: AnyArray,
    codes: IndexArray,
    sample_weight: FloatArray | None,
) -> FloatArray:
    """Return what a row of each class counts.

    Parameters
    ----------
    class_weight : dict or "balanced"
        "balanced" stands for n_rows / (n_classes * rows of the class), rows counted by
        their weight.
    classes : array of shape (n_classes,)
    codes : intp array of shape (n_rows,)
        Positions in ``classes``.
    sample_weight : float64 array of shape (n_rows,) or None
    """
    if isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(codes, sample_weight, len(classes)).astype(np.float64)
        factors = np.zeros(len(classes))
        present = counts > 0
        np.divide(counts.sum(), len(classes) * counts, out=factors, where=present)
        return factors
    if not isinstance(class_weight, dict):
        raise ParameterError(
            'class_weight must be a dict {label: weight}, "balanced" or None; got '
            f"{class_weight!r}."
        )
    given: FloatArray = compute_class_weight(
        class_weight, classes=classes, y=classes[codes]
    )
    if (given < 0).any() or not np.isfinite(given).all():
        raise ParameterError(
            "class_weight must have finite weights of at least zero; got "
            f"{class_weight!r}."
        )
    return given


def weighted_by_class(
    class_weight: Any,
    classes: AnyArray,
    codes: IndexArray,
    sample_weight: FloatArray | None,
) -> FloatArray | None:
    """Return the weights of rows multiplied by those of their classes."""
    if class_weight is None:
        return sample_weight
    each = class_factors(class_weight, classes, codes, sample_weight)[codes]
    weights = each if sample_weight is None else sample_weight * each
    if not weights.any():
        raise ParameterError(
            "class_weight leaves no row any weight; got "
            f"{class_weight!r}. Give at least one class of y a positive weight."
        )
    return weights
