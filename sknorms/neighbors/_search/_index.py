"""Where neighbours are looked up: one interface, whatever the rows are."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from scipy import sparse

from sknorms._progress import Progress
from sknorms._typing import AnyArray, BoolArray, FloatArray, IndexArray, Rows
from sknorms.engine import (
    Admission,
    Cheapest,
    Corpus,
    NotSelf,
    SearchStats,
    Strategy,
    nearest,
    within,
)
from sknorms.metrics import Metric

__all__ = [
    "Index",
    "MetricIndex",
    "NeighborLists",
    "Queries",
    "Resources",
    "as_dtype",
    "key_limits",
    "own_copy",
    "reaches",
]

# Room for the rounding of `finish` and `unfinish`, and of a cast to float32; what lies
# between a limit and a limit widened by it is decided on the values themselves.
_KEY_SLACK = 1e-12
_VALUE_SLACK = 2.0**-22
_SMALLEST32 = 2.0**-149


@dataclass(frozen=True)
class Resources:
    """What a search may use.

    Attributes
    ----------
    n_jobs : int or None
        Threads.
    working_memory : float or None
        Budget in MiB.
    stats : SearchStats or None
        Where the work is counted.
    """

    n_jobs: int | None = None
    working_memory: float | None = None
    stats: SearchStats | None = None


@dataclass(frozen=True)
class Queries:
    """Validated queries.

    Attributes
    ----------
    rows : ndarray or CSR of shape (n_queries, n_columns)
    dtype : dtype
        In which distances are returned.
    are_training_rows : bool
        Whether query i is training row ``first + i``, which then is no neighbour of
        itself.
    first : int
        Which training row the first query is.
    progress : Progress or None
        Hears how many of the queries, or of those they are a part of, are answered.
    """

    rows: Rows
    dtype: "np.dtype[Any]"
    are_training_rows: bool = False
    first: int = 0
    progress: Progress | None = None

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    @property
    def admission(self) -> Admission | None:
        """Which pairs may be neighbours; None for all of them."""
        return NotSelf() if self.are_training_rows else None

    def nearest(
        self, index: "Index", k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Return values and indices of the k nearest rows of an index."""
        return index.nearest(self, k, use)


@dataclass(frozen=True)
class NeighborLists:
    """Lists of neighbours of different lengths, laid end to end.

    Attributes
    ----------
    starts : intp array of shape (n_queries + 1,)
        Query i owns entries ``starts[i]:starts[i + 1]``.
    indices : intp array
    values : array
        Distances or similarities.
    """

    starts: IndexArray
    indices: IndexArray
    values: AnyArray

    @property
    def owners(self) -> IndexArray:
        """The query that each entry belongs to."""
        lengths = np.diff(self.starts)
        owners: IndexArray = np.repeat(np.arange(len(lengths)), lengths)
        return owners

    def keep(self, mask: BoolArray) -> "NeighborLists":
        """Return the entries where ``mask`` holds."""
        if mask.all():
            return self
        kept = np.concatenate([[0], np.cumsum(mask)]).astype(np.intp)
        return NeighborLists(kept[self.starts], self.indices[mask], self.values[mask])

    def split(self, entries: AnyArray) -> AnyArray:
        """Return ``entries`` as an object array with one array a query."""
        lists = np.empty(len(self.starts) - 1, dtype=object)
        for i, (start, stop) in enumerate(
            zip(self.starts[:-1], self.starts[1:], strict=True)
        ):
            lists[i] = entries[start:stop].copy()
        return lists


class Index(ABC):
    """Training rows, ready to be asked for neighbours."""

    @property
    def larger_is_closer(self) -> bool:
        """Whether the values are similarities."""
        return False

    @property
    def allows_nan(self) -> bool:
        """Whether NaN in a query is data."""
        return False

    @property
    def algorithm(self) -> str:
        """How rows are searched."""
        return "brute"

    def admit(self, X: Any) -> Any:
        """Check what is special about queries here, before they become arrays."""
        return X

    def check_rows(self, rows: Rows) -> Rows:
        """Bring validated queries into form."""
        return rows

    @property
    @abstractmethod
    def n_rows(self) -> int:
        """Number of training rows."""

    @property
    @abstractmethod
    def training_rows(self) -> Rows:
        """The rows that were fitted, as queries."""

    @abstractmethod
    def nearest(
        self, queries: Queries, k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Return float64 values and indices of the k nearest, (n_queries, k) each."""

    @abstractmethod
    def within(
        self, queries: Queries, radius: FloatArray, use: Resources, *, by_value: bool
    ) -> NeighborLists:
        """Return all neighbours whose value, as returned, does not pass the radius.

        ``radius`` is float64 of shape (n_queries,). Lists are ordered by (closeness,
        index) if ``by_value``, else by index; values are of ``queries.dtype``.
        """


@dataclass(frozen=True, eq=False)
class MetricIndex(Index):
    """Rows compared by a metric, searched by the engine.

    Attributes
    ----------
    metric : Metric
        With everything learnt that it learns.
    rows : ndarray or CSR of shape (n, d)
    strategy : Strategy
        How to search; no answer depends on it.
    k : int
        Neighbours that are usually asked for.
    """

    metric: Metric
    rows: Rows
    strategy: Strategy = field(default_factory=Cheapest)
    k: int = 10

    @classmethod
    def fit(
        cls,
        metric: Metric,
        rows: Rows,
        strategy: Strategy | None = None,
        k: int | None = None,
    ) -> Self:
        """Prepare the corpus now rather than at the first query."""
        index = cls(metric, rows, strategy or Cheapest(), k or cls.k)
        _ = index.corpus
        return index

    @cached_property
    def corpus(self) -> Corpus:
        """The prepared corpus; left out of pickles and made again when missing."""
        return Corpus.prepare(self.metric, self.rows, strategy=self.strategy, k=self.k)

    def __getstate__(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @property
    def algorithm(self) -> str:
        """How rows are searched."""
        return self.corpus.algorithm

    def admit(self, X: Any) -> Any:
        """Put numbers in the place of labels."""
        return self.metric.encode(X)

    @property
    def larger_is_closer(self) -> bool:
        """Whether the values are similarities."""
        return self.metric.larger_is_closer

    @property
    def allows_nan(self) -> bool:
        """Whether NaN is data to the metric."""
        return self.metric.domain.allows_nan

    def check_rows(self, rows: Rows) -> Rows:
        """Bring queries into the metric's domain."""
        return self.metric.check_rows(rows)

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return int(self.rows.shape[0])

    @property
    def training_rows(self) -> Rows:
        """The rows themselves."""
        return self.rows

    def nearest(
        self, queries: Queries, k: int, use: Resources
    ) -> tuple[FloatArray, IndexArray]:
        """Search the corpus."""
        self._announce_cost(queries)
        keys, indices = nearest(
            self.corpus,
            queries.rows,
            k,
            admission=queries.admission,
            first_query=queries.first,
            n_jobs=use.n_jobs,
            working_memory=use.working_memory,
            progress=queries.progress,
            stats=use.stats,
        )
        return self.metric.finish(keys), indices

    def within(
        self, queries: Queries, radius: FloatArray, use: Resources, *, by_value: bool
    ) -> NeighborLists:
        """Search the corpus a little beyond the radius, then decide on the values."""
        self._announce_cost(queries)
        found = within(
            self.corpus,
            queries.rows,
            key_limits(self.metric, radius),
            admission=queries.admission,
            sort_by_key=by_value,
            first_query=queries.first,
            n_jobs=use.n_jobs,
            working_memory=use.working_memory,
            progress=queries.progress,
            stats=use.stats,
        )
        values = as_dtype(self.metric.finish(found.keys), queries.dtype)
        lists = NeighborLists(found.starts, found.indices, values)
        return lists.keep(reaches(values, radius[lists.owners], self.larger_is_closer))

    def _announce_cost(self, queries: Queries) -> None:
        self.metric.warn_about_cost(len(queries) * self.n_rows)


def key_limits(metric: Metric, radius: FloatArray) -> FloatArray:
    """Return keys a little beyond those of the radii."""
    room = _VALUE_SLACK * _finite_sizes(radius) + _SMALLEST32
    outer = radius - room if metric.larger_is_closer else radius + room
    with np.errstate(over="ignore"):
        limits = metric.unfinish(outer)
    return limits + _KEY_SLACK * _finite_sizes(limits)


def reaches(values: AnyArray, limits: FloatArray, larger_is_closer: bool) -> BoolArray:
    """Return which values are within their float64 limits, boundary included."""
    inside: BoolArray = values >= limits if larger_is_closer else values <= limits
    return inside


def _finite_sizes(values: FloatArray) -> FloatArray:
    return np.where(np.isfinite(values), np.abs(values), 0.0)


def as_dtype(values: FloatArray, dtype: "np.dtype[Any]") -> AnyArray:
    """Cast values for output; a value that does not fit raises."""
    if dtype == values.dtype:
        return values
    with np.errstate(over="ignore", under="ignore"):
        cast = values.astype(dtype)
    if np.isinf(cast).any():
        raise ValueError(
            f"X is {dtype}, but some of its distances are beyond the range of {dtype} "
            f"(the largest is {np.abs(values).max():.3g}). Pass float64 data, or scale "
            "the rows."
        )
    return cast


def own_copy(rows: Rows) -> Rows:
    """Return rows in the layout searched fastest, safe from later edits where sparse.

    Rows are gathered one by one, so dense ones lie in C order (as in scikit-learn, they
    are not copied if they do already).
    """
    return rows.copy() if sparse.issparse(rows) else np.ascontiguousarray(rows)
