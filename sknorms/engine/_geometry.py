"""What the engine asks of a metric: an exact formula, and if possible a cheap bound."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices, widen
from sknorms._typing import (
    AnyArray,
    Float32Array,
    FloatArray,
    IndexArray,
    Rows,
    SparseMatrix,
)
from sknorms.engine._sparse_scores import TurnedRows, cut_rows, turn_over
from sknorms.engine._tree import TreeSpace

__all__ = ["Embedded", "Embedding", "Geometry"]

# Differences that `Geometry.block_keys` holds at a time (512 KiB in float64).
_TILE_VALUES = 1 << 16
# Values of the rows gathered at a time by `Geometry.pair_keys` (256 KiB in float64).
_GATHERED_VALUES = 1 << 15


@dataclass(frozen=True)
class Embedded:
    """Rows as the bound sees them.

    Attributes
    ----------
    rows : float32 array, CSR or TurnedRows of shape (n, width)
        One side of the scores.
    numbers : array of shape (n,) or (n, m)
        One number a row: the corpus side's ``offset`` (float32, rounded to the safe
        side) or the query side's ``size`` (float64; some bounds need several numbers).
    gaps : array of shape (n,) or None
        How far a row may be from what is scored, beyond its number, where that differs
        from row to row: what `Embedding.slack` does not cover.
    """

    rows: Rows
    numbers: AnyArray
    gaps: AnyArray | None = None

    def take(self, selection: Any) -> "Embedded":
        """Return the selected rows (a slice or indices)."""
        gaps = None if self.gaps is None else self.gaps[selection]
        if isinstance(selection, slice) and sparse.issparse(self.rows):
            rows = cut_rows(self.rows, selection)
        else:
            rows = self.rows[selection]
        return Embedded(rows, self.numbers[selection], gaps)

    def turned_over(self) -> "Embedded":
        """Return queries as `Embedding.score` is done with them soonest."""
        if not sparse.issparse(self.rows):
            return self
        return Embedded(turn_over(self.rows), self.numbers, self.gaps)


class Embedding(ABC):
    """A lower bound of a metric's keys that is linear in one float32 score a pair.

    A pair of query q and corpus row c may be among the answers unless

        weight[q] * offset[c] - score[q, c] > level[q],

    where ``weight`` and ``level`` follow from the largest key still of interest. The
    scores come from one matrix product or one pass of a coordinate kernel; the test on
    them is the same for every metric, so the engine holds it once.
    """

    # Whether CSR rows stay CSR; otherwise they are made dense block by block.
    keeps_sparse: ClassVar[bool] = False
    # Whether scores are plain products of embedded rows, as `score` computes them here.
    is_product: ClassVar[bool] = False
    # Whether rows are moved by more than a shift and a factor before they are scored.
    is_mapped: ClassVar[bool] = False
    # Whether corpus rows are embedded with gaps.
    has_gaps: ClassVar[bool] = False
    # The weight of offsets that ranks a sample, where it is one for all queries.
    ranking: ClassVar[float] = 0.0

    @property
    def is_prefix(self) -> bool:
        """Whether only a few directions of the rows are scored."""
        return False

    def rank_weight(self, queries: Embedded) -> Any:
        """Return weights that rank a sample well enough for a first threshold.

        Of shape (n, 1), or one number.
        """
        del queries
        return np.float32(self.ranking)

    def growth(self, queries: Embedded) -> FloatArray:
        """Return by which factors levels grow that scores alone tell."""
        return np.ones(len(queries.numbers))

    @abstractmethod
    def width(self, n_features: int) -> int:
        """Return the number of columns of the embedded rows."""

    @abstractmethod
    def corpus(self, rows: Rows) -> Embedded:
        """Embed a block of corpus rows; its numbers are the offsets."""

    @abstractmethod
    def queries(self, rows: Rows) -> Embedded:
        """Embed a block of query rows; its numbers are the sizes."""

    @abstractmethod
    def cut(
        self, sizes: FloatArray, thresholds: FloatArray
    ) -> tuple[Float32Array, Float32Array]:
        """Return weight and level that keep every pair with a key <= its threshold."""

    def tree_space(self) -> TreeSpace | None:
        """Return a space in which distances bound keys, or None if there is none."""
        return None

    def slack(self, queries: Embedded, largest: float) -> Float32Array | None:
        """Return how far values of the test may be from the order of the pairs.

        If k pairs of a query have ``weight * offset - score + gap <= v``, with the gaps
        of the corpus rows, then every pair that is among its k closest has at most
        ``growth * v + slack``. None where the bound is too loose for that to be of use,
        or nothing is known.

        Parameters
        ----------
        queries : Embedded
        largest : float
            The largest finite offset of the corpus.
        """
        del queries, largest
        return None

    def room(self, n_rows: int, n_features: int) -> Any:
        """Return room for embedded rows, to be written to in slices."""
        return np.empty((n_rows, self.width(n_features)), dtype=np.float32)

    def pack(self, rows: Rows, k: int) -> "Embedding":
        """Return a bound by rows of bytes if it is less work, else this one."""
        del rows, k
        return self

    def score(self, queries: Any, corpus: Any, out: Float32Array) -> None:
        """Write the scores of all pairs into ``out`` of shape (n_queries, n_corpus)."""
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            if sparse.issparse(queries):
                queries = turn_over(queries)
            if isinstance(queries, TurnedRows):
                queries.score(corpus, out)
            else:
                np.matmul(queries, corpus.T, out=out)


class Geometry(ABC):
    """An exact distance (or similarity) between rows, as a key that sorts ascending.

    Keys are float64 and order pairs as the metric does, closest first. `finish` turns
    them into the metric's values.
    """

    # Whether `keys` exists; a user's block function only has `block_keys`.
    has_pairs: ClassVar[bool] = True

    def represent(self, rows: Rows) -> FloatArray:
        """Return rows as `keys` takes them, float64; each depends on its row alone."""
        return widen(rows)

    def represented_width(self, n_features: int) -> int:
        """Return the number of columns of represented rows."""
        return n_features

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return represented rows as CSR, where zeros are represented as zeros."""
        raise TypeError(f"{type(self).__name__} represents CSR rows as dense blocks.")

    def pairs_stay_sparse(self, rows: Rows) -> bool:
        """Whether `pair_keys` takes represented queries as CSR where rows are."""
        del rows
        return False

    def represent_queries(self, rows: Rows) -> Rows:
        """Return rows as `pair_keys` takes them: dense, or CSR if it can do with it."""
        if self.pairs_stay_sparse(rows):
            return self.represent_sparse(rows)
        return self.represent(rows)

    @abstractmethod
    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the keys of represented rows, broadcast over all but the last axis."""

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn keys into the metric's values."""
        return keys

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn values into keys; the inverse of `finish` up to rounding."""
        return values

    def settle(self, keys: FloatArray) -> FloatArray:
        """Return keys among which those of equal values are equal.

        Ties are broken by index, so pairs that `finish` cannot tell apart must not be
        told apart by their keys.
        """
        return keys

    def unsettle(self, keys: FloatArray) -> FloatArray:
        """Return keys that none that `settle` to the given ones is beyond."""
        return keys

    def embedding(self, rows: Rows) -> Embedding | None:
        """Return a bound suited to these corpus rows, or None where there is none."""
        del rows
        return None

    def pair_keys(
        self,
        x: Rows,
        rows: IndexArray,
        corpus: Rows,
        indices: IndexArray,
        limits: FloatArray | None = None,
    ) -> FloatArray:
        """Return the keys of pairs of a represented query and a stored corpus row.

        Parameters
        ----------
        x : float64 array or CSR of shape (n_queries, r)
            Queries as `represent_queries` returns them.
        rows : intp array of shape (n_pairs,)
            Rows of ``x``.
        corpus : ndarray or CSR of shape (n, d)
        indices : intp array of shape (n_pairs,)
            Rows of ``corpus``.
        limits : float64 array of shape (n_queries,), default=None
            Infinity may be returned for any key beyond its query's limit.

        Returns
        -------
        float64 array of shape (n_pairs,)
        """
        del limits
        keys = np.empty(len(rows))
        width = max(1, x.shape[1], corpus.shape[1])
        for chunk in row_slices(len(rows), max(1, _GATHERED_VALUES // width)):
            theirs = self.represent(corpus[indices[chunk]])
            keys[chunk] = self.keys(widen(x[rows[chunk]]), theirs)
        return keys

    def block_width(self, queries: Rows, corpus: Rows) -> int:
        """Return how many values of one row `block_keys` holds at a time."""
        del queries
        n_features = int(corpus.shape[1])
        return max(n_features, self.represented_width(n_features))

    def block_keys(self, queries: Rows, corpus: Rows) -> FloatArray:
        """Return all keys between two blocks of rows, shape (n_queries, n_corpus)."""
        x, y = self.represent(queries), self.represent(corpus)
        out = np.empty((len(x), len(y)))
        # Several queries at a time where rows are short, one where they are long.
        for rows in row_slices(len(x), max(1, _TILE_VALUES // max(1, y.size))):
            out[rows] = self.keys(x[rows, None, :], y[None, :, :])
        return out
