"""Tables and columns in .parquet files."""

from typing import Any

import numpy as np

from sknorms._file_place import FileError, Place
from sknorms._typing import AnyArray

__all__ = ["parquet_matrix", "parquet_values"]

# Where pandas keeps an index.
_INDEX = "__index_level_"


def parquet_matrix(place: Place) -> AnyArray:
    """Return the columns of numbers of a file, or its one column of lists.

    Parameters
    ----------
    place : Place
        The file; its part is the name of a column of lists. Without one, and with other
        columns beside it, the only column of lists is the table.
    """
    table = _table(place)
    lists = [name for name in table.column_names if _holds_lists(table[name])]
    if place.part or len(lists) == 1:
        return _from_lists(place, table[place.part or lists[0]])
    if lists:
        raise FileError(
            f"{place} must name one column of lists, as in {place.path}:NAME; it has "
            f"{', '.join(lists)}."
        )
    columns = [_numbers(place, name, table[name]) for name in table.column_names]
    return np.column_stack(columns) if columns else np.empty((len(table), 0))


def parquet_values(place: Place) -> AnyArray:
    """Return the column that a place names, or the only one."""
    table = _table(place)
    names = table.column_names
    if not place.part and len(names) != 1:
        raise FileError(
            f"{place} must name one column, as in {place.path}:NAME; it has "
            f"{', '.join(names)}."
        )
    column = table[place.part or names[0]]
    if column.null_count:
        raise FileError(f"{place} must have a value in every row; got missing ones.")
    values: AnyArray = column.to_numpy()
    if values.dtype == object and all(isinstance(value, str) for value in values):
        return values.astype(np.str_)
    return values


def _table(place: Place) -> Any:
    """Read the named column, or all but an index of pandas."""
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError(
            "this needs pyarrow, which is not installed: "
            "python -m pip install 'sknorms[parquet]'."
        ) from error
    with parquet.ParquetFile(place.path) as file:
        known = [name for name in file.schema_arrow.names if _INDEX not in name]
        if place.part and place.part not in known:
            raise FileError(
                f"{place} must name a column of the file; it has {', '.join(known)}."
            )
        return file.read(columns=[place.part] if place.part else known)


def _holds_lists(column: Any) -> bool:
    from pyarrow import types

    kind = column.type
    return any(
        is_list(kind)
        for is_list in (types.is_list, types.is_large_list, types.is_fixed_size_list)
    )


def _from_lists(place: Place, column: Any) -> AnyArray:
    """Return lists of one length as the rows of a table."""
    from pyarrow import compute

    if not _holds_lists(column):
        raise FileError(f"{place} must be a column of lists; got {column.type}.")
    if column.null_count:
        raise FileError(f"{place} must have a list in every row; got missing ones.")
    lengths = np.unique(compute.list_value_length(column).to_numpy())
    if len(lengths) > 1:
        raise FileError(
            f"{place} must have lists of one length; got {lengths[0]} to {lengths[-1]}."
        )
    entries = compute.list_flatten(column).to_numpy()
    width = int(lengths[0]) if len(lengths) else 0
    return np.asarray(entries).reshape(len(column), width)


def _numbers(place: Place, name: str, column: Any) -> AnyArray:
    from pyarrow import types

    kind = column.type
    if not (
        types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)
    ):
        raise FileError(
            f"{place} must hold numbers; got {kind} in column {name!r}. Leave such "
            f"columns out, or name a column of lists, as in {place.path}:NAME."
        )
    values: AnyArray = column.to_numpy()
    # Missing numbers are NaN; missing truth values come as objects.
    return values.astype(np.float64) if values.dtype == object else values
