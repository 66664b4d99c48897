"""Ids and labels of any kind as Python objects, which can be compared and looked up."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from sknorms._typing import AnyArray
from sknorms._validation import ParameterError

__all__ = ["as_objects", "hashable", "plain"]


def plain(labels: AnyArray) -> list[Any]:
    """Return labels as Python objects; dates stay NumPy's, which would be integers."""
    return list(labels) if labels.dtype.kind in "Mm" else labels.tolist()


def hashable(labels: AnyArray) -> list[Any]:
    """Return labels as Python objects to look up; raise if that is impossible."""
    values = plain(labels)
    for value in values if labels.dtype == object else []:
        try:
            hash(value)
        except TypeError:
            raise ParameterError(
                f"ids that are looked up must be hashable; got {value!r} of type "
                f"{type(value).__name__}. Pass strings, numbers or tuples as ids, and "
                "everything else as a DataFrame of payload."
            ) from None
    return values


def as_objects(values: Iterable[Any]) -> AnyArray:
    """Return a 1-d array of objects, each value as it is, tuples and lists too."""
    entries = list(values)
    array = np.empty(len(entries), dtype=object)
    for position, value in enumerate(entries):
        array[position] = value
    return array
