"""What rows are called, and what travels with them: ids, groups and a payload."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from sknorms._ids import as_objects, hashable
from sknorms._typing import AnyArray, IndexArray
from sknorms._validation import ParameterError

__all__ = ["Labels", "as_labels", "is_pandas_frame", "take_frame"]


@dataclass(frozen=True, eq=False)
class Labels:
    """What is known about rows besides their features.

    Attributes
    ----------
    ids : array of shape (n,)
    numbered : bool
        Whether the ids are numbers in order of arrival, because none were given.
    groups : array of shape (n,) or None
    payload : DataFrame of n rows or None
    """

    ids: AnyArray
    numbered: bool
    groups: AnyArray | None = None
    payload: Any = None

    @classmethod
    def read(cls, X: Any, y: Any, groups: Any, n_rows: int, first: int) -> "Labels":
        """Take what a caller of ``fit`` says about ``n_rows`` rows.

        Parameters
        ----------
        X : the rows as they were passed
            The index of a pandas frame gives ids where ``y`` does not.
        y : ids, frame or None
        groups : array-like or None
        n_rows : int
        first : int
            Number of the first row, where rows are numbered.
        """
        given = None if groups is None else as_labels("groups", groups, n_rows)
        payload = None
        if y is not None and _is_frame(y):
            _require_length("y", len(y), n_rows)
            payload = y.copy() if is_pandas_frame(y) else y
            ids = _index_of(y)
        else:
            ids = None if y is None else as_labels("y", y, n_rows)
        if ids is None:
            ids = _index_of(X)
        if ids is None:
            return cls(np.arange(first, first + n_rows), True, given, payload)
        return cls(ids, False, given, payload)

    def __len__(self) -> int:
        return len(self.ids)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def places(self) -> dict[Any, list[int]]:
        """The positions of every id."""
        found: dict[Any, list[int]] = {}
        for position, label in enumerate(hashable(self.ids)):
            found.setdefault(label, []).append(position)
        return found

    def take(self, rows: IndexArray) -> "Labels":
        """Return the labels of some of the rows."""
        return Labels(
            self.ids[rows],
            self.numbered,
            None if self.groups is None else self.groups[rows],
            None if self.payload is None else take_frame(self.payload, rows),
        )

    @classmethod
    def join(cls, parts: "Sequence[Labels]") -> "Labels":
        """Return the labels of all rows, part after part."""
        first = parts[0]
        if len(parts) == 1:
            return first
        return cls(
            _concatenate([part.ids for part in parts]),
            first.numbered,
            None if first.groups is None else _concatenate(_groups(parts)),
            None if first.payload is None else _stack([p.payload for p in parts]),
        )

    def check_same_kind(self, later: "Labels") -> None:
        """Raise if later rows say other things about themselves than these do."""
        pairs = [
            ("ids (y, or the index of a pandas frame)", self.numbered, later.numbered),
            ("groups", self.groups is None, later.groups is None),
            (
                "a DataFrame of payload as y",
                self.payload is None,
                later.payload is None,
            ),
        ]
        for what, without, now_without in pairs:
            if without != now_without:
                raise ParameterError(
                    f"The rows fitted so far have {'no ' * without}{what}, these have "
                    f"{'none' if now_without else 'some'}. Pass them with every call "
                    "of fit and partial_fit, or with none."
                )
        mine, theirs = _columns(self.payload), _columns(later.payload)
        if mine != theirs:
            raise ParameterError(
                "y must be a DataFrame of the same library with the same columns as "
                f"before, {mine}; got {theirs}."
            )


def as_labels(name: str, values: Any, n_rows: int | None = None) -> AnyArray:
    """Return a copy of ids or groups as a 1-d array, each value as it was given.

    Parameters
    ----------
    name : str
        What error messages call it.
    values : 1-d array-like
        A list of values that are not all of one type keeps them, as objects.
    n_rows : int or None
        The length to insist on.
    """
    array = _from_sequence(values) if isinstance(values, list | tuple) else None
    if array is None:
        array = np.array(values)
        if array.ndim != 1:  # as is a set, a dict or a string to NumPy
            raise ParameterError(
                f"{name} must be 1-dimensional, one value a row in the order of the "
                f"rows; got {_described(values)}. Several columns are passed as a "
                "pandas or polars DataFrame."
            )
    if n_rows is not None:
        _require_length(name, len(array), n_rows)
    return array


def _described(values: Any) -> str:
    kind = type(values).__name__
    shape = getattr(values, "shape", None)
    return kind if shape is None else f"{kind} of shape {shape}"


def _from_sequence(values: Sequence[Any]) -> AnyArray:
    array = as_objects(values)
    kinds = {type(value) for value in values}
    # Values of different types become strings, or floats, in any other array.
    if len(kinds) == 1 and kinds <= {int, float, str, bool}:
        return np.array(values)
    if kinds and all(issubclass(kind, np.generic) for kind in kinds):
        return np.array(values) if len(kinds) == 1 else array
    return array


def _require_length(name: str, length: int, n_rows: int) -> None:
    if length != n_rows:
        raise ParameterError(
            f"{name} must have one entry a row: got {length} for {n_rows} rows of X."
        )


def is_pandas_frame(table: Any) -> bool:
    """Whether a table is a pandas DataFrame (or one with its interface)."""
    return hasattr(table, "iloc") and hasattr(table, "columns")


def _is_frame(table: Any) -> bool:
    return hasattr(table, "columns") and len(getattr(table, "shape", ())) == 2


def _index_of(table: Any) -> AnyArray | None:
    return np.array(table.index) if is_pandas_frame(table) else None


def _columns(payload: Any) -> list[Any]:
    if payload is None:
        return []
    return ["pandas" if is_pandas_frame(payload) else "polars", *payload.columns]


def _groups(parts: "Iterable[Labels]") -> list[AnyArray]:
    return [part.groups for part in parts if part.groups is not None]


def _concatenate(arrays: list[AnyArray]) -> AnyArray:
    """Join arrays so that every value stays what it is."""
    if len({array.dtype.kind for array in arrays}) > 1:
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays)


def take_frame(frame: Any, rows: IndexArray) -> Any:
    """Return some rows of a pandas or polars frame, in the order asked for."""
    return frame.iloc[rows] if is_pandas_frame(frame) else frame[rows]


def _stack(frames: list[Any]) -> Any:
    if is_pandas_frame(frames[0]):
        import pandas as pd

        return pd.concat(frames)
    import polars as pl

    return pl.concat(frames)
