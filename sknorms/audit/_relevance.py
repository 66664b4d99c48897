"""What queries should find, and how much of it each metric finds among the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_random_state

from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows, SparseMatrix
from sknorms._validation import ParameterError
from sknorms.audit._neighbor_pass import NeighborPass
from sknorms.audit._sample import Sample, draw_positions, sample_at
from sknorms.audit._scores import MetricScores, compare
from sknorms.metrics import recall_at_k

__all__ = ["Relevant", "draw_related", "recall_scores"]

# Queries to score: their relevant rows have to be among the rows searched.
_MOST_QUERIES = 1000


@dataclass(frozen=True, eq=False)
class Relevant:
    """Which rows are relevant to which queries.

    Attributes
    ----------
    pairs : boolean CSR of shape (n_queries, n_rows)
    """

    pairs: SparseMatrix

    @classmethod
    def read(
        cls, relevant: Any, queries: Rows | None, n_rows: int, ids: AnyArray | None
    ) -> "Relevant | None":
        """Read a matrix, or ids; None if nothing is given."""
        if relevant is None:
            return None
        if queries is None:
            raise ParameterError(
                "relevant says what queries should find: pass queries as well, or the "
                "labels of the rows as y."
            )
        shape = (int(queries.shape[0]), n_rows)
        if sparse.issparse(relevant) or (
            np.ndim(_first(relevant)) > 0 and _is_mask(relevant)
        ):
            return cls(_from_matrix(relevant, shape))
        return cls(_from_ids(relevant, shape, ids))


def _first(relevant: Any) -> Any:
    return relevant[0] if isinstance(relevant, np.ndarray) and len(relevant) else ()


def _is_mask(relevant: Any) -> bool:
    return isinstance(relevant, np.ndarray) and relevant.dtype == np.bool_


def _from_matrix(relevant: Any, shape: tuple[int, int]) -> SparseMatrix:
    pairs = sparse.csr_array(relevant) != 0
    if pairs.shape != shape:
        raise ParameterError(
            f"relevant as a matrix must be of shape {shape}, queries by rows; got "
            f"{pairs.shape}."
        )
    return sparse.csr_array(pairs)


def _from_ids(
    relevant: Any, shape: tuple[int, int], ids: AnyArray | None
) -> SparseMatrix:
    entries = list(relevant)
    if len(entries) != shape[0]:
        raise ParameterError(
            "relevant must have one entry for each query; got "
            f"{len(entries)} for {shape[0]} queries."
        )
    places = _places(np.arange(shape[1]) if ids is None else ids)
    lists = [
        sorted({row for key in _keys(entry) for row in places.get(key, ())})
        for entry in entries
    ]
    columns = np.asarray([row for found in lists for row in found], dtype=np.intp)
    if not len(columns):
        raise ParameterError(
            f"no id in relevant is the id of a row; the first entry is {entries[0]!r}. "
            "Pass the ids of the rows as y, or numbers of rows and no y."
        )
    starts = np.concatenate([[0], np.cumsum([len(found) for found in lists])])
    stored = np.ones(len(columns), dtype=np.bool_)
    return sparse.csr_array((stored, columns, starts), shape=shape)


def _places(ids: AnyArray) -> dict[Any, list[int]]:
    """Return the rows that have each id."""
    values = ids.tolist()
    places: dict[Any, list[int]] = {}
    for row, value in enumerate(values):
        places.setdefault(value, []).append(row)
    return places


def _keys(entry: Any) -> list[Any]:
    """Return the ids that an entry stands for: itself, or what it holds."""
    if isinstance(entry, np.generic | np.ndarray):
        entry = entry.tolist()
    if isinstance(entry, str | bytes) or not hasattr(entry, "__iter__"):
        return [entry]
    return [key.item() if isinstance(key, np.generic) else key for key in set(entry)]


def draw_related(
    table: Rows, queries: Rows, relevant: Relevant, sample: Any, random_state: Any
) -> tuple[Sample, Sample]:
    """Draw queries that have something to find, what that is, and other rows."""
    generator = check_random_state(random_state)
    answerable = np.flatnonzero(np.diff(relevant.pairs.indptr))
    most = _MOST_QUERIES if sample is None else min(_MOST_QUERIES, sample)
    asked = answerable[draw_positions(len(answerable), most, generator)]
    wanted = np.unique(relevant.pairs[asked].indices)
    size = table.shape[0] if sample is None else max(sample, 10 * len(asked))
    if len(wanted) > size:  # labels: many rows are relevant, and any of them will do
        wanted = wanted[draw_positions(len(wanted), size, generator)]
    others = np.setdiff1d(np.arange(table.shape[0]), wanted, assume_unique=True)
    filling = generator.permutation(others)[: size - len(wanted)]
    positions = np.sort(np.concatenate([wanted, filling]))
    rows = sample_at(table, positions, distinct=False)
    return rows, sample_at(queries, asked, distinct=False)


def recall_scores(
    relevant: Relevant, queries: Sample, rows: Sample, passes: Sequence[NeighborPass]
) -> MetricScores | None:
    """Return how much of what is relevant is among the neighbours, for each metric.

    The share is of what can be found among k: the smaller one of k and the number of
    relevant rows.
    """
    pairs = sparse.csr_array(relevant.pairs[queries.indices][:, rows.indices])
    asked = np.diff(pairs.indptr) > 0
    if not asked.any():
        return None
    k = passes[0].indices.shape[1]
    return compare(
        f"recall@{k}",
        {p.metric: _recall(pairs[asked], p.indices[asked]) for p in passes},
    )


def _recall(pairs: SparseMatrix, found: IndexArray) -> FloatArray:
    scores = recall_at_k(pairs, found, average=None, empty="raise", capped=True)
    return np.asarray(scores, dtype=np.float64)
