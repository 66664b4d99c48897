"""What is relevant to each of several queries: grades of rows, or of their names."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._ids import as_objects, hashable, plain
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError
from sknorms.metrics._hit_lists import HitLists

__all__ = ["Relevance", "RowNames", "is_matrix", "read_relevance"]


class Columns(ABC):
    """What the columns of a table of relevance are."""

    @abstractmethod
    def of(self, lists: HitLists) -> tuple[IndexArray, IndexArray]:
        """Return a number for every hit that tells hits apart, and its column or -1."""


@dataclass(frozen=True, eq=False)
class _Rows(Columns):
    """The rows that are searched, in order."""

    n_rows: int

    def of(self, lists: HitLists) -> tuple[IndexArray, IndexArray]:
        positions = lists.positions()
        _require_rows(positions, self.n_rows, "the matrix of relevance")
        return positions, positions


@dataclass(frozen=True, eq=False)
class _Labels(Columns):
    """What rows are called, several of them the same."""

    of_rows: IndexArray

    def of(self, lists: HitLists) -> tuple[IndexArray, IndexArray]:
        positions = lists.positions()
        _require_rows(positions, len(self.of_rows), "labels")
        return positions, self.of_rows[positions]


@dataclass(frozen=True, eq=False)
class _Ids(Columns):
    """What hits are called, each one different."""

    known: Mapping[Any, int]

    def of(self, lists: HitLists) -> tuple[IndexArray, IndexArray]:
        numbers = dict(self.known)
        ids = hashable(lists.ids)
        codes = [numbers.setdefault(label, len(numbers)) for label in ids]
        own = np.array(codes, dtype=np.intp)
        return own, np.where(own < len(self.known), own, -1)


def _require_rows(positions: IndexArray, n_rows: int, what: str) -> None:
    outside = (positions < 0) | (positions >= n_rows)
    if outside.any():
        raise ParameterError(
            f"found must hold numbers of rows, from 0 to {n_rows - 1} as in {what}; "
            f"got {positions[outside][0]}. Leave out what fills up short lists."
        )


@dataclass(frozen=True, eq=False)
class Relevance:
    """Grades of columns, for several queries.

    Attributes
    ----------
    starts : intp array of shape (n_queries + 1,)
        Query i owns the entries ``starts[i]:starts[i + 1]`` of the arrays below.
    entries : intp array
        Columns, ascending within each query.
    grades : float64 array
        Positive.
    copies : intp array of shape (n_columns,)
        How many rows each column stands for.
    columns : Columns
    """

    starts: IndexArray
    entries: IndexArray
    grades: FloatArray
    copies: IndexArray
    columns: Columns = field(repr=False)

    @property
    def n_queries(self) -> int:
        """Number of queries."""
        return len(self.starts) - 1

    @cached_property
    def owners(self) -> IndexArray:
        """The query of every entry."""
        return np.repeat(np.arange(self.n_queries), np.diff(self.starts))

    @property
    def n_names(self) -> IndexArray:
        """How many columns are relevant to each query."""
        return np.diff(self.starts)

    @property
    def n_rows(self) -> IndexArray:
        """How many rows are relevant to each query."""
        rows = np.zeros(self.n_queries, dtype=np.intp)
        np.add.at(rows, self.owners, self.copies[self.entries])
        return rows

    def grades_of(self, owners: IndexArray, columns: IndexArray) -> FloatArray:
        """Return the grades of pairs of a query and a column; 0 for what is not."""
        width = len(self.copies) + 1
        own = self.owners * width + self.entries
        wanted = owners * width + columns
        at = np.searchsorted(own, wanted)
        at = np.minimum(at, max(0, len(own) - 1))
        if not len(own):
            return np.zeros(len(wanted))
        known = (columns >= 0) & (own[at] == wanted)
        return np.where(known, self.grades[at], 0.0)

    def take(self, queries: IndexArray) -> "Relevance":
        """Return what is relevant to some of the queries."""
        counts = self.n_names[queries]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.intp)
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        kept = np.repeat(self.starts[queries], counts) + within
        return Relevance(
            starts, self.entries[kept], self.grades[kept], self.copies, self.columns
        )


@dataclass(frozen=True, eq=False)
class RowNames:
    """What rows are called that are searched, and what messages call that.

    Attributes
    ----------
    labels : array of shape (n_rows,) or None
        None if only the ids of hits are known.
    name : str
        The parameter that says what is relevant.
    """

    labels: AnyArray | None = None
    name: str = "relevant"


def read_relevance(relevant: Any, n_queries: int, names: RowNames) -> Relevance:
    """Read what is relevant to each query.

    Parameters
    ----------
    relevant : array-like of n_queries ids or collections of ids, mappings of ids to \
grades among them; or matrix of shape (n_queries, n_rows)
    n_queries : int
    names : RowNames

    Raises
    ------
    ValueError
        If there is not one entry a query, a grade is no number from 0 upwards, or no
        row has any of the labels.
    """
    if is_matrix(relevant):
        return _from_matrix(relevant, n_queries, names)
    entries = _entries(relevant, names.name)
    if len(entries) != n_queries:
        raise ParameterError(
            f"{names.name} must say what is relevant to each query, one id or "
            f"collection of ids a query: got {len(entries)} for {n_queries} queries."
        )
    known: dict[Any, int] = {}
    if names.labels is None:
        read = [_grades(entry, known, names.name) for entry in entries]
        numbered = _numbered(read, known)
        copies = np.ones(len(known), dtype=np.intp)
        return Relevance(*numbered, copies, _Ids(known))
    labels = hashable(names.labels)
    of_rows = [known.setdefault(label, len(known)) for label in labels]
    read = [_grades(entry, known, names.name) for entry in entries]
    _require_known(read, known, names)
    numbered = _numbered(read, known)
    rows = np.array(of_rows, dtype=np.intp)
    copies = np.bincount(rows, minlength=len(known))
    return Relevance(*numbered, copies, _Labels(rows))


def is_matrix(relevant: Any) -> bool:
    """Whether relevance is said of rows, by a table with a column for each."""
    if isinstance(relevant, np.ndarray) and relevant.ndim == 2:
        return relevant.dtype.kind in "bf"
    return bool(sparse.issparse(relevant))


def _from_matrix(matrix: Any, n_queries: int, names: RowNames) -> Relevance:
    labels = names.labels
    n_rows = int(matrix.shape[1]) if labels is None else len(labels)
    if matrix.shape != (n_queries, n_rows):
        raise ParameterError(
            f"{names.name} as a matrix must have one row a query and one column a row "
            f"that is searched, and so be of shape ({n_queries}, {n_rows}); got "
            f"{matrix.dtype} of shape {matrix.shape}."
        )
    clean = sparse.csr_array(matrix, copy=True)
    clean.sum_duplicates()
    _require_grades(clean.data, names.name)
    clean.eliminate_zeros()
    return Relevance(
        clean.indptr.astype(np.intp),
        clean.indices.astype(np.intp),
        clean.data.astype(np.float64),
        np.ones(n_rows, dtype=np.intp),
        _Rows(n_rows),
    )


def _require_grades(grades: AnyArray, name: str) -> None:
    fine = np.isfinite(grades) & (grades >= 0)
    if not fine.all():
        raise ParameterError(
            f"{name} must have grades that are finite and >= 0, 0 for what is not "
            f"relevant; got {grades[~fine][0]}."
        )


def _entries(relevant: Any, name: str) -> list[Any]:
    unordered = isinstance(relevant, str | bytes | set | frozenset | Mapping)
    if unordered or not hasattr(relevant, "__len__"):
        raise ParameterError(
            f"{name} must say what is relevant to each query, in the order of the "
            "queries: a list of ids, or of collections of ids, or a matrix; got "
            f"{type(relevant).__name__}."
        )
    return plain(relevant) if isinstance(relevant, np.ndarray) else list(relevant)


def _grades(entry: Any, known: Mapping[Any, int], name: str) -> dict[Any, float]:
    """Return the grades of the ids that an entry stands for: itself, or its own."""
    if isinstance(entry, Mapping):
        return _checked_grades(entry, name)
    ids = _ids_of(entry, known)
    grades = dict.fromkeys(hashable(as_objects(ids)), 1.0)
    if len(grades) < len(ids):
        raise ParameterError(
            f"{name} must name what is relevant to a query once; got {ids!r}. A dense "
            "matrix of queries by rows is told from ids by its type: bool or float."
        )
    return grades


def _ids_of(entry: Any, known: Mapping[Any, int]) -> list[Any]:
    if isinstance(entry, str | bytes) or not hasattr(entry, "__iter__"):
        return [entry]
    if isinstance(entry, tuple) and _is_in(entry, known):
        return [entry]
    return plain(entry) if isinstance(entry, np.ndarray) else list(entry)


def _is_in(label: Any, known: Mapping[Any, int]) -> bool:
    try:
        return label in known
    except TypeError:  # it holds something that has no hash
        return False


def _checked_grades(entry: Mapping[Any, Any], name: str) -> dict[Any, float]:
    try:
        grades = np.array(list(entry.values()), dtype=np.float64)
    except (TypeError, ValueError):
        grades = np.array([np.nan])
    _require_grades(grades, name)
    pairs = zip(entry, grades.tolist(), strict=True)
    return {label: grade for label, grade in pairs if grade > 0}


def _numbered(
    read: Iterable[Mapping[Any, float]], known: dict[Any, int]
) -> tuple[IndexArray, IndexArray, FloatArray]:
    """Return starts, columns and grades; ids that are new get columns of their own."""
    lengths, columns, grades = [0], [], []
    for entry in read:
        pairs = sorted(
            (known.setdefault(label, len(known)), grade)
            for label, grade in entry.items()
        )
        lengths.append(len(pairs))
        columns += [column for column, _ in pairs]
        grades += [grade for _, grade in pairs]
    starts = np.cumsum(lengths).astype(np.intp)
    return starts, np.array(columns, dtype=np.intp), np.array(grades, dtype=np.float64)


def _require_known(
    read: list[dict[Any, float]], known: Mapping[Any, int], names: RowNames
) -> None:
    """Raise if something is relevant, and no row is called any of it."""
    wanted = [label for entry in read for label in entry]
    if not wanted or any(label in known for label in wanted):
        return
    example = wanted[0]
    raise ParameterError(
        f"No relevant id in {names.name} is the id of any row; the first is "
        f"{example!r} of type {type(example).__name__}, and rows have ids such as "
        f"{next(iter(known), None)!r}. Pass ids of the same kind, or a matrix of "
        "queries by rows."
    )
