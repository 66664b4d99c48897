"""Tables, labels and ids in files: .npy, .npz, .csv, .txt and .parquet.

Files come from anywhere. Nothing in them is run (no pickles), and whatever is wrong is
said in one sentence that names the file.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._file_place import FileError, Place
from sknorms._parquet_files import parquet_matrix, parquet_values
from sknorms._text_files import (
    Lines,
    as_numbers,
    csv_matrix,
    csv_relevant,
    csv_values,
    text_relevant,
    text_values,
)
from sknorms._typing import AnyArray, Rows

__all__ = ["read_matrix", "read_relevant", "read_values"]

_NUMBERS = "biuf"
# What a table of scipy.sparse.save_npz has, whatever its format.
_SPARSE = {"format", "shape", "data"}
# How an archive begins.
_ZIP = b"PK"


def read_matrix(text: str) -> Rows:
    """Return the table in a file: numbers in two dimensions, dense or CSR.

    Parameters
    ----------
    text : str
        ``FILE``, or ``FILE:NAME`` for an array of a .npz or a column of lists of a
        .parquet file. A .npy file is mapped, not read.

    Raises
    ------
    FileError
        If the file cannot be read, or holds no such table.
    """
    rows: Rows = _read(text, "matrix")
    place = Place.of(text)
    if rows.ndim != 2:
        raise FileError(
            f"{place} must hold a table, one row a vector; got an array of shape "
            f"{rows.shape}."
        )
    if 0 in rows.shape:
        raise FileError(
            f"{place} must have at least one row and one column; got {rows.shape[0]} "
            f"x {rows.shape[1]}."
        )
    if rows.dtype.kind not in _NUMBERS:
        raise FileError(f"{place} must hold numbers; got dtype {rows.dtype}.")
    return rows


def read_values(text: str, n_rows: int, *, numbers: bool) -> AnyArray:
    """Return one value for each row of a table: labels, or ids.

    Parameters
    ----------
    text : str
        ``FILE``, or ``FILE:NAME`` for an array of a .npz or a column of a .csv or
        .parquet file. A .txt file has one value a line.
    n_rows : int
        How many there must be. Of one more in a .csv file the first is its header.
    numbers : bool
        Whether text that consists of numbers stands for these.

    Raises
    ------
    FileError
        If the file cannot be read, or does not hold so many values.
    """
    values = _read(text, "values")
    if isinstance(values, Lines):
        values = values.of(n_rows, numbers)
    place = Place.of(text)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise FileError(f"{place} must hold one value a row; got shape {values.shape}.")
    if values.dtype.kind == "S":
        with _told(place):
            values = np.char.decode(values, "utf-8")
    if values.dtype.kind not in _NUMBERS + "U":
        raise FileError(f"{place} must hold text or numbers; got dtype {values.dtype}.")
    if len(values) != n_rows:
        raise FileError(
            f"{place} must have one value for each of the {n_rows:,} rows; got "
            f"{len(values):,}."
        )
    return np.asarray(values)


def read_relevant(text: str, *, numbers: bool) -> Any:
    """Return which rows are relevant to each query: a matrix, or lists of ids.

    Parameters
    ----------
    text : str
        A .npy or .npz file with ids or a matrix, or a .txt or .csv file with one line
        of ids a query.
    numbers : bool
        Whether ids in text stand for numbers.

    Raises
    ------
    FileError
        If the file cannot be read.
    """
    found = _read(text, "relevant")
    if not isinstance(found, Lines):
        return found
    flat = [entry for line in found.lines for entry in line]
    entries = iter(as_numbers(flat).tolist() if numbers else flat)
    return [[next(entries) for _ in line] for line in found.lines]


def _read(text: str, what: str) -> Any:
    """Read a file by the reader of its format, and say in one way what is wrong."""
    place = Place.of(text)
    suffix = place.path.suffix.lower()
    readers = _FORMATS.get(suffix)
    reader = None if readers is None else getattr(readers, what)
    if reader is None:
        usable = [name for name, known in _FORMATS.items() if getattr(known, what)]
        raise FileError(
            f"{place} must be a file of one of the kinds {', '.join(usable)}; got "
            f"{suffix or 'no suffix'!r}."
        )
    with _told(place):
        return reader(place)


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """Turn whatever a reader raises into one sentence.

    What a broken file raises is not documented by the libraries that read it, and
    ranges from SyntaxError to MemoryError.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    except FileError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileError(f"{place} cannot be read: {reason}.") from error
    except ImportError as error:
        raise FileError(f"{place} cannot be read: {error}") from error
    except Exception as error:
        raise FileError(f"{place} cannot be read: {_reason(error)}.") from error


def _reason(error: Exception) -> str:
    words = str(error).strip().splitlines() or [type(error).__name__]
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    if "pickle" in str(error) or "Python objects" in str(error):
        return (
            "it is no such file, or holds Python objects, which are never loaded "
            "because loading them can run code"
        )
    if "greater than file size" in str(error):
        return "it is shorter than its header says"
    return words[0].rstrip(".")


# ---- NumPy's files ----


def _numpy_matrix(place: Place) -> Any:
    """Return an array of a .npy or .npz file, or a CSR matrix."""
    with place.path.open("rb") as file:
        if file.read(len(_ZIP)) == _ZIP:
            file.seek(0)
            return _from_archive(place, np.load(file, allow_pickle=False))
    place.require_whole()
    # A map, because an audit reads a sample only.
    return np.load(place.path, mmap_mode="r", allow_pickle=False)


def _from_archive(place: Place, arrays: Any) -> Any:
    names = arrays.files
    if set(names) >= _SPARSE and not place.part:
        return _sparse_matrix(place)
    return arrays[_array_name(place, names)]


def _array_name(place: Place, names: list[str]) -> str:
    if place.part in names:
        return place.part
    if len(names) == 1 and not place.part:
        return names[0]
    raise FileError(
        f"{place} must name one array of the file, as in {place.path}:NAME; it has "
        f"{', '.join(names) or 'none'}."
    )


def _sparse_matrix(place: Place) -> Any:
    matrix = sparse.load_npz(place.path)
    if hasattr(matrix, "check_format"):
        # Indices beyond the shape would be read from memory that is not the matrix's.
        matrix.check_format(full_check=True)
    return sparse.csr_array(matrix)


def _numpy_values(place: Place) -> Any:
    found = _numpy_matrix(place)
    if sparse.issparse(found):
        raise FileError(f"{place} must hold one value a row; got a sparse matrix.")
    return np.array(found)


def _numpy_relevant(place: Place) -> Any:
    found = _numpy_matrix(place)
    return found if sparse.issparse(found) else np.array(found)


# ---- which reader ----


@dataclass(frozen=True)
class _Format:
    """How files of one kind are read; None is not at all."""

    matrix: Callable[[Place], Any] | None
    values: Callable[[Place], Any] | None
    relevant: Callable[[Place], Any] | None


_FORMATS = {
    ".npy": _Format(_numpy_matrix, _numpy_values, _numpy_relevant),
    ".npz": _Format(_numpy_matrix, _numpy_values, _numpy_relevant),
    ".csv": _Format(csv_matrix, csv_values, csv_relevant),
    ".parquet": _Format(parquet_matrix, parquet_values, None),
    ".txt": _Format(None, text_values, text_relevant),
}
