"""Tables and columns in files of text: .csv, and .txt with one value a line."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from sknorms._file_place import FileError, Place
from sknorms._typing import AnyArray, FloatArray

__all__ = [
    "Lines",
    "as_numbers",
    "csv_matrix",
    "csv_relevant",
    "csv_values",
    "text_relevant",
    "text_values",
]


@dataclass(frozen=True)
class Lines:
    """Lines of a text file, as fields.

    Attributes
    ----------
    place : Place
    lines : list of list of str
    may_have_header : bool
    """

    place: Place
    lines: list[list[str]]
    may_have_header: bool

    def of(self, n_rows: int, numbers: bool) -> AnyArray:
        """Return the one value of each line."""
        lines = self.lines
        if self.may_have_header and len(lines) == n_rows + 1:
            lines = lines[1:]
        for line in lines:
            if len(line) != 1:
                raise FileError(
                    f"{self.place} must have one value a line; got {len(line)} in "
                    f"{', '.join(line)!r}. Name a column, as in {self.place.path}:NAME."
                )
        values = [line[0] for line in lines]
        return as_numbers(values) if numbers else np.array(values, dtype=np.str_)


def as_numbers(values: list[str]) -> AnyArray:
    """Return text as integers or else as floats, if all of it is, else as it is."""
    for kind in (np.int64, np.float64):
        try:
            return np.array(values, dtype=np.str_).astype(kind)
        except (ValueError, OverflowError):
            continue
    return np.array(values, dtype=np.str_)


@dataclass(frozen=True)
class _Csv:
    """A .csv file that has been looked into.

    Attributes
    ----------
    place : Place
    delimiter : str
        Comma, semicolon or tab, whichever the first line has most of.
    first : list of str
        Fields of the first line.
    n_skipped : int
        Lines before the numbers: those of a header, or none.
    start : int
        1 if the first column is an index: it has no name in the header.
    """

    place: Place
    delimiter: str
    first: list[str] = field(repr=False)
    n_skipped: int
    start: int

    @classmethod
    def of(cls, place: Place) -> "_Csv":
        """Look at the first line."""
        with place.path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline()
            delimiter = max(",;\t", key=line.count)
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            first = next(reader, [])
            n_lines = reader.line_num
        if not first:
            raise FileError(f"{place} must hold a table; it is empty.")
        is_header = _is_header(first)
        start = int(is_header and len(first) > 1 and not first[0].strip())
        return cls(place, delimiter, first, n_lines if is_header else 0, start)

    def numbers(self) -> FloatArray:
        """Return the table, quickly where all fields are numbers."""
        try:
            table = np.loadtxt(
                self.place.path,
                delimiter=self.delimiter,
                skiprows=self.n_skipped,
                comments=None,
                quotechar='"',
                encoding="utf-8-sig",
                ndmin=2,
            )
        except (ValueError, UserWarning):
            return self._numbers_one_by_one()
        if table.shape[1] != len(self.first):
            return self._numbers_one_by_one()
        return table[:, self.start :]

    def _numbers_one_by_one(self) -> FloatArray:
        """Return the table, NaN where fields are empty; or say what is wrong."""
        rows = [self._row(*line) for line in self.lines()]
        return np.array(rows).reshape(-1, len(self.first) - self.start)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the number and the fields of every line that is not blank."""
        with self.place.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            for fields in reader:
                if fields and reader.line_num > self.n_skipped:
                    yield reader.line_num, fields

    def _row(self, number: int, fields: list[str]) -> FloatArray:
        if len(fields) != len(self.first):
            raise FileError(
                f"{self.place} must have {len(self.first)} fields in every line, as in "
                f"the first; got {len(fields)} in line {number}."
            )
        row = np.empty(len(fields) - self.start)
        for i, entry in enumerate(fields[self.start :]):
            row[i] = self._number(number, self.start + i, entry.strip())
        return row

    def _number(self, number: int, column: int, entry: str) -> float:
        if not entry:
            return float("nan")
        try:
            return float(entry)
        except ValueError:
            raise FileError(
                f"{self.place} must hold numbers; got {entry[:40]!r} in line {number}, "
                f"column {column + 1}. Leave columns of text out."
            ) from None

    def column(self) -> Lines:
        """Return the column that the place names, or all columns."""
        part = self.place.part
        if not part:
            lines = [fields for _, fields in self.lines()]
            header = [self.first] if self.n_skipped else []
            return Lines(self.place, header + lines, may_have_header=True)
        if part not in self.first:
            raise FileError(
                f"{self.place} must name a column of the file; it has "
                f"{', '.join(self.first)}."
            )
        at = self.first.index(part)
        rows = [fields for n, fields in self.lines() if n > 1]
        short = [fields for fields in rows if len(fields) <= at]
        if short:
            raise FileError(
                f"{self.place} must have {len(self.first)} fields in every line; got "
                f"{len(short[0])} in {', '.join(short[0])!r}."
            )
        values = [[fields[at]] for fields in rows]
        return Lines(self.place, values, may_have_header=False)


def _is_header(fields: list[str]) -> bool:
    """Whether a first line holds names: no numbers, or pandas' 0, 1, 2, ..."""
    names = [entry.strip() for entry in fields]
    if names[0] == "":
        names = names[1:]
    numbered = [str(i) for i in range(len(names))]
    is_numbered = len(names) > 1 and names == numbered
    return is_numbered or not any(map(_is_number, names))


def _is_number(entry: str) -> bool:
    try:
        float(entry)
    except ValueError:
        return False
    return True


def csv_matrix(place: Place) -> FloatArray:
    place.require_whole()
    return _Csv.of(place).numbers()


def csv_values(place: Place) -> Lines:
    return _Csv.of(place).column()


def csv_relevant(place: Place) -> Lines:
    place.require_whole()
    with place.path.open(encoding="utf-8-sig", newline="") as file:
        return Lines(place, list(csv.reader(file, strict=True)), False)


def _text_lines(place: Place) -> list[str]:
    place.require_whole()
    # Lines end where Python's files say, not at the other ends of lines of Unicode.
    with place.path.open(encoding="utf-8-sig") as file:
        return [line.removesuffix("\n") for line in file]


def text_values(place: Place) -> Lines:
    return Lines(place, [[line] for line in _text_lines(place)], False)


def text_relevant(place: Place) -> Lines:
    return Lines(place, [line.split() for line in _text_lines(place)], False)
