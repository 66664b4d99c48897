"""Which bound a corpus is searched with: all columns, or a prefix of some length."""

from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.engine._directions import Directions
from sknorms.engine._product import ProductEmbedding

__all__ = ["scoring_work", "shortest_work"]

# Smaller searches take as long as this choice does.
_FEWEST_VALUES, _FEWEST_COLUMNS = 1 << 22, 24
# Lengths of a prefix that are tried.
_COUNTS = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
# Rows that stand for the corpus, values they may have in all, and queries among them.
_SAMPLE_ROWS, _SAMPLE_VALUES, _SAMPLE_QUERIES = 8192, 1 << 23, 64
# Rows that directions are found from, and how many where columns are more than that.
_DIRECTION_ROWS, _FEWER_DIRECTION_ROWS = 2048, 1024
# Nanoseconds on a present-day core, of which only the proportions matter: for scoring
# and testing a pair, for each of its columns, for measuring one that survives, and for
# fetching each byte of its row.
_PAIR, _COLUMN, _SURVIVOR, _SURVIVOR_BYTE = 0.6, 0.02, 120.0, 0.05
# The share of the work by which a prefix is taken.
_GAIN = 0.85
# After m rows a threshold is that of m rows. If the first ones are as good as those of
# this many, 1 + log(n / this) times as many pairs survive as would pass the last ones.
_FIRST_ROWS = 2500


@dataclass(frozen=True)
class _Sample:
    """Some corpus rows, some of them taken for queries.

    Attributes
    ----------
    vectors : float64 array of shape (n, width)
    queries : intp array of shape (m,)
        Rows of ``vectors``.
    thresholds : float64 array of shape (m,)
        The key that a neighbour of each query has at most.
    may_move : bool
        Whether keys are half squared differences, and not products.
    """

    vectors: FloatArray
    queries: IndexArray
    thresholds: FloatArray
    may_move: bool

    @classmethod
    def draw(cls, embedding: ProductEmbedding, rows: Rows, k: int) -> "_Sample":
        """Take evenly spaced rows, and find the threshold of each query."""
        n_rows = rows.shape[0]
        most = max(512, min(_SAMPLE_ROWS, _SAMPLE_VALUES // max(1, rows.shape[1])))
        chosen = np.linspace(0, n_rows - 1, min(most, n_rows)).astype(np.intp)
        vectors, _ = embedding.vectors(rows[chosen])
        queries = np.arange(0, len(chosen), max(1, len(chosen) // _SAMPLE_QUERIES))
        keys = _keys(vectors, queries, embedding.may_move)
        keys[np.arange(len(queries)), queries] = np.inf
        # As many of the sample are closer as are its share of the corpus.
        rank = min(max(1, round(k * len(chosen) / n_rows)), len(chosen) - 1)
        thresholds = np.partition(keys, rank - 1, axis=1)[:, rank - 1]
        return cls(vectors, queries, thresholds, embedding.may_move)

    def directions(self) -> Directions:
        """Return the directions in which the vectors are longest."""
        n_rows, width = self.vectors.shape
        narrow = width <= _FEWER_DIRECTION_ROWS
        wanted = _DIRECTION_ROWS if narrow else _FEWER_DIRECTION_ROWS
        some = self.vectors[:: max(1, n_rows // wanted)][:wanted]
        most = min(_COUNTS[-1], width - 2)
        return Directions.fit(some, most, centered=self.may_move)

    def survivors(self, mapped: FloatArray, count: int) -> float:
        """Return the share of pairs that a prefix does not rule out."""
        prefix = mapped[:, : count + 1].copy()
        prefix[:, count] = np.sqrt(np.square(mapped[:, count:]).sum(axis=1))
        keys = _keys(prefix, self.queries, self.may_move)
        return float(np.mean(keys <= self.thresholds[:, None]))


def _keys(vectors: FloatArray, queries: IndexArray, may_move: bool) -> FloatArray:
    """Return numbers that order the vectors by closeness to each query."""
    keys: FloatArray = -(vectors[queries] @ vectors.T)
    if may_move:
        half = 0.5 * np.square(vectors).sum(axis=1)
        keys += half + half[queries, None]
    return keys


def shortest_work(
    embedding: ProductEmbedding, rows: Rows, k: int, *, always: bool = False
) -> ProductEmbedding:
    """Return the bound that makes searching these rows least work, by an estimate.

    Parameters
    ----------
    embedding : ProductEmbedding
        The bound by all columns.
    rows : ndarray of shape (n, d)
    k : int
        Neighbours that are usually asked for.
    always : bool
        Whether to use a prefix in any case.
    """
    n_rows, width = rows.shape[0], embedding.width(rows.shape[1])
    large = n_rows * width >= _FEWEST_VALUES and width >= _FEWEST_COLUMNS
    if not (large or always) or min(n_rows, width) < 3:
        return embedding
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        sample = _Sample.draw(embedding, rows, k)
        if not np.isfinite(np.square(sample.vectors).sum()):
            return embedding
        directions = sample.directions()
        measuring = _SURVIVOR + _SURVIVOR_BYTE * rows.dtype.itemsize * rows.shape[1]
        early = 1.0 + np.log(max(1.0, n_rows / _FIRST_ROWS))
        count, least = _best_count(sample, directions, early * measuring)
    if count and (always or least < _GAIN * scoring_work(width)):
        return embedding.shorten(directions.leading(count))
    return embedding


def scoring_work(columns: int) -> float:
    """Return the nanoseconds that it takes to score and test a pair, roughly."""
    return _PAIR + _COLUMN * columns


def _best_count(
    sample: _Sample, directions: Directions, refining: float
) -> tuple[int, float]:
    """Return how many directions make the least work, and how much that is."""
    mapped, _ = directions.map(sample.vectors)
    best, least = 0, np.inf
    for count in (c for c in _COUNTS if c <= directions.count):
        scoring = scoring_work(count + 1)
        if scoring >= least:
            break
        work = scoring + refining * sample.survivors(mapped, count)
        if work < least:
            best, least = count, work
    return best, least
