"""Columns of labels in data frames, and numbers in their place.

pandas and polars are not imported: a frame is what has ``columns`` and ``dtypes``.
"""

from collections.abc import Sequence
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from sknorms._typing import AnyArray, BoolArray
from sknorms._validation import output_dtype

__all__ = ["Labels", "column_labels", "more_labels", "numbers_for_labels"]

# The labels of each column in the order of their numbers; None for columns of numbers.
Labels: TypeAlias = Sequence["tuple[Any, ...] | None"]


def column_labels(X: Any) -> "Labels | None":
    """Return the labels in the columns of a data frame.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_rows, n_columns)

    Returns
    -------
    tuple of length n_columns, or None
        None where there are no labels: X is no frame, or all its columns are numbers.
    """
    if not _is_frame(X):
        return None
    columns = [_column(X, i) for i in range(X.shape[1])]
    labels = [_labels(column) if _is_nominal(column) else None for column in columns]
    return tuple(labels) if any(found is not None for found in labels) else None


def more_labels(labels: "Labels | None", further: "Labels | None") -> "Labels | None":
    """Return labels with further ones after them, so that none changes its number.

    Where only one side has labels, in a column or at all, those before remain.
    """
    if labels is None or further is None or len(labels) != len(further):
        return labels
    return tuple(
        known if known is None else tuple(dict.fromkeys((*known, *(found or ()))))
        for known, found in zip(labels, further, strict=True)
    )


def numbers_for_labels(X: Any, labels: "Labels | None") -> Any:
    """Return a frame of numbers, where each label became its place among ``labels``.

    Parameters
    ----------
    X : array-like, sparse matrix or data frame of shape (n_rows, n_columns)
    labels : sequence of length n_columns, or None
        As `column_labels` returns it.

    Returns
    -------
    data frame of the same shape and column names
        A label that is not among them has a number of its own, a missing one is NaN.
        What is no frame, or has other columns, comes back as it is.
    """
    if labels is None or not _is_frame(X) or X.shape[1] != len(labels):
        return X
    columns = [_numbers(_column(X, i), known) for i, known in enumerate(labels)]
    given = [
        column for column, known in zip(columns, labels, strict=True) if known is None
    ]
    dtype = output_dtype(*given) if given else np.float64
    table = np.stack(columns, axis=1).astype(dtype, copy=False)
    if hasattr(X, "iloc"):
        return type(X)(table, columns=X.columns, index=X.index)
    return type(X)(table, schema=list(X.columns))


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def _column(X: Any, i: int) -> Any:
    return X.iloc[:, i] if hasattr(X, "iloc") else X[:, i]


def _missing(column: Any) -> BoolArray:
    missing = column.isna() if hasattr(column, "isna") else column.is_null()
    mask: BoolArray = np.asarray(missing, dtype=np.bool_)
    return mask


def _is_nominal(column: Any) -> bool:
    """Whether a column holds labels: words, truth values or a categorical type."""
    kind = getattr(column.dtype, "kind", None)
    if kind is None:  # polars
        return not (column.dtype.is_numeric() or column.dtype.is_temporal())
    if kind != "O":
        return bool(kind == "b")
    if column.dtype != np.dtype(object):
        return True
    return not all(_is_number(value) for value in _values(column))


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _values(column: Any) -> list[Any]:
    """Return what a column holds, without what is missing."""
    pairs = zip(column.to_list(), _missing(column), strict=True)
    return [value for value, missing in pairs if not missing]


def _labels(column: Any) -> tuple[Any, ...]:
    """Return each label once, sorted where they have an order."""
    found = dict.fromkeys(_values(column))
    try:
        return tuple(sorted(found))
    except TypeError:
        return tuple(found)


def _numbers(column: Any, labels: "tuple[Any, ...] | None") -> AnyArray:
    """Return a column as floats."""
    missing = _missing(column)
    if labels is None:
        if not missing.any():
            return np.asarray(column.to_numpy(), dtype=_float_type(column))
        values: list[Any] = column.to_list()
        known = [np.nan if m else v for v, m in zip(values, missing, strict=True)]
        return np.array(known, dtype=_float_type(column))
    place = {label: number for number, label in enumerate(labels)}
    unseen = len(labels)
    codes = np.array([place.get(label, unseen) for label in column.to_list()], float)
    codes[missing] = np.nan
    return codes


def _float_type(column: Any) -> "np.dtype[Any]":
    """Return the floating-point type that the numbers of a column have here."""
    name = str(column.dtype).lower()
    return np.dtype(np.float32 if name in ("float16", "float32") else np.float64)
