"""Which rows a search may find: masks, and rows of other groups."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._ids import plain
from sknorms._typing import AnyArray, BoolArray, IndexArray, SparseMatrix
from sknorms._validation import ParameterError
from sknorms.engine import Admission

__all__ = [
    "AllOf",
    "DenseMasks",
    "GroupCodes",
    "OfPart",
    "OtherGroups",
    "PairMask",
    "SparseMasks",
    "check_where",
    "require_yes_or_no",
]


class PairMask(Admission):
    """A mask over all pairs of a query and a corpus row."""

    @property
    @abstractmethod
    def counts(self) -> IndexArray:
        """How many rows it admits to each query."""

    @abstractmethod
    def pairs(self, queries: slice) -> tuple[IndexArray, IndexArray]:
        """Return query and corpus row of the pairs admitted to some queries."""


@dataclass(frozen=True, eq=False)
class DenseMasks(PairMask):
    """One row of a boolean table a query.

    Attributes
    ----------
    masks : bool array of shape (n_queries, n_rows)
    """

    masks: BoolArray

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Look the pairs up."""
        found: BoolArray = self.masks[queries, indices]
        return found

    @cached_property
    def counts(self) -> IndexArray:
        """How many rows it admits to each query."""
        counts: IndexArray = np.count_nonzero(self.masks, axis=1)
        return counts

    def pairs(self, queries: slice) -> tuple[IndexArray, IndexArray]:
        """Return the true entries."""
        rows, columns = np.nonzero(self.masks[queries])
        return rows + queries.start, columns


@dataclass(frozen=True, eq=False)
class SparseMasks(PairMask):
    """The stored true entries of a sparse matrix.

    Attributes
    ----------
    starts : intp array of shape (n_queries + 1,)
    columns : intp array
        Ascending within each query.
    n_rows : int
        Number of corpus rows.
    """

    starts: IndexArray
    columns: IndexArray
    n_rows: int

    @classmethod
    def read(cls, masks: SparseMatrix) -> "SparseMasks":
        """Take the entries of a boolean matrix that are stored and true."""
        clean = sparse.csr_array(masks, copy=True)
        clean.sum_duplicates()
        clean.eliminate_zeros()
        starts, columns = clean.indptr.astype(np.intp), clean.indices.astype(np.intp)
        return cls(starts, columns, int(clean.shape[1]))

    @cached_property
    def _numbers(self) -> IndexArray:
        """Pairs numbered along the rows of the full table, ascending."""
        queries, columns = self.pairs(slice(0, len(self.counts)))
        return queries * self.n_rows + columns

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Look the pairs up by bisection."""
        wanted = queries * self.n_rows + indices
        if not len(self._numbers):
            return np.zeros(np.shape(wanted), dtype=np.bool_)
        at = np.searchsorted(self._numbers, wanted)
        last = len(self._numbers) - 1
        found: BoolArray = self._numbers[np.minimum(at, last)] == wanted
        return found

    @property
    def counts(self) -> IndexArray:
        """How many rows it admits to each query."""
        return np.diff(self.starts)

    def pairs(self, queries: slice) -> tuple[IndexArray, IndexArray]:
        """Return the stored entries."""
        owners = np.arange(queries.start, queries.stop)
        inside = slice(self.starts[queries.start], self.starts[queries.stop])
        return np.repeat(owners, self.counts[queries]), self.columns[inside]


@dataclass(frozen=True, eq=False)
class GroupCodes:
    """Corpus rows by group.

    Attributes
    ----------
    codes : intp array of shape (n_rows,)
        -1 for a row that belongs to no group.
    known : dict
        The code of each group.
    """

    codes: IndexArray
    known: Mapping[Any, int]

    @classmethod
    def read(cls, groups: AnyArray) -> "GroupCodes":
        """Give numbers to groups as they come; None and NaN are no group."""
        known: dict[Any, int] = {}
        codes = [
            -1 if _is_missing(group) else known.setdefault(group, len(known))
            for group in plain(groups)
        ]
        return cls(np.array(codes, dtype=np.intp), known)

    def others(self, groups: AnyArray) -> "OtherGroups":
        """Return the rule that leaves out rows of each query's own group."""
        codes = [self.known.get(group, -1) for group in plain(groups)]
        return OtherGroups(np.array(codes, dtype=np.intp), self.codes)


@dataclass(frozen=True, eq=False)
class OtherGroups(Admission):
    """Rows of a query's own group are left out.

    Attributes
    ----------
    queries, rows : intp array of shape (n_queries,) and (n_rows,)
        Codes of groups; a query with code -1 has none, and may find every row.
    """

    queries: IndexArray
    rows: IndexArray

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Compare the codes."""
        own = self.queries[queries]
        different: BoolArray = (own < 0) | (own != self.rows[indices])
        return different


@dataclass(frozen=True, eq=False)
class AllOf(Admission):
    """What every one of several rules admits."""

    rules: tuple[Admission, ...]

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Ask them all."""
        answers = [rule.admits(queries, indices) for rule in self.rules]
        both: BoolArray = np.logical_and.reduce(answers)
        return both


@dataclass(frozen=True, eq=False)
class OfPart(Admission):
    """A rule on a whole corpus, for a part of it that numbers its rows from zero.

    Attributes
    ----------
    ranks : intp array of shape (n_part,)
        What the rule calls each row of the part.
    open_rows : bool array of shape (n_part,) or None
        Which rows of the part may be found at all; None for all of them.
    rule : Admission or None
    """

    ranks: IndexArray
    open_rows: BoolArray | None
    rule: Admission | None

    def admits(self, queries: Any, indices: Any) -> BoolArray:
        """Translate, and ask."""
        shape = np.broadcast_shapes(np.shape(queries), np.shape(indices))
        admitted = np.ones(shape, dtype=np.bool_)
        if self.open_rows is not None:
            admitted &= self.open_rows[indices]
        if self.rule is not None:
            admitted &= self.rule.admits(queries, self.ranks[indices])
        return admitted


def check_where(where: Any, n_queries: int, n_rows: int) -> "BoolArray | PairMask":
    """Return one mask for all queries as an array, or one a query as a `PairMask`.

    Raises
    ------
    TypeError
        If ``where`` is not boolean.
    ValueError
        If its shape is neither (n_rows,) nor (n_queries, n_rows).
    """
    masks = where if sparse.issparse(where) else np.asarray(where)
    if masks.dtype != np.bool_:
        raise ParameterError(
            "where must be boolean, True for rows that may be found; got dtype "
            f"{masks.dtype}. Turn row numbers into a mask, and a matrix of zeros and "
            "ones into booleans with .astype(bool)."
        )
    if masks.shape == (n_queries, n_rows):
        return SparseMasks.read(masks) if sparse.issparse(masks) else DenseMasks(masks)
    if masks.shape == (n_rows,) and not sparse.issparse(masks):
        return np.asarray(masks)
    raise ParameterError(
        f"where must have shape ({n_rows},), one mask for all queries, or ({n_queries},"
        f" {n_rows}), one for each of them (dense or CSR); got shape {masks.shape}. "
        "Removed rows no longer count."
    )


def _is_missing(value: Any) -> bool:
    # NaN and NaT differ from themselves, and pandas' NA says it does not know.
    same = value == value
    return value is None or not isinstance(same, bool | np.bool_) or not same


def require_yes_or_no(y: Any) -> None:
    """Refuse a matrix of grades where one of relevance is meant."""
    table = isinstance(y, np.ndarray) and y.ndim == 2 and y.dtype.kind in "f"
    if table or (sparse.issparse(y) and y.dtype != np.bool_):
        raise ParameterError(
            "y as a matrix must be boolean, True where a row is relevant to a query; "
            f"got {y.dtype}. Grades are for sknorms.metrics.make_retrieval_scorer, as "
            'in make_retrieval_scorer("ndcg@10").'
        )
