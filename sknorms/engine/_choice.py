"""Which bound a corpus is searched with: all columns, or a prefix of some length."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.spatial.distance import cdist

from sknorms._arrays import some_rows
from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.engine._chord_grid import ChordGrid
from sknorms.engine._coordinate import CoordinateEmbedding
from sknorms.engine._difference_grid import DifferenceGrid
from sknorms.engine._directions import Directions
from sknorms.engine._geometry import Embedding
from sknorms.engine._packed import can_pack
from sknorms.engine._product import ChordEmbedding, ProductEmbedding

__all__ = ["is_useless", "packed_differences", "scoring_work", "shortest_work"]

# Smaller searches take as long as this choice does.
_FEWEST_VALUES, _FEWEST_COLUMNS = 1 << 22, 24
# Lengths of a prefix that are tried.
_COUNTS = (1, 2, 4, 8, 12, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
# Rows that stand for the corpus, values they may have in all, and queries among them.
_SAMPLE_ROWS, _SAMPLE_VALUES, _SAMPLE_QUERIES = 8192, 1 << 23, 64
# Rows whose gaps are looked at, and the share of queries that a gap is usual for.
_GAP_ROWS, _USUAL = 256, 0.95
# Rows that directions are found from, and how many where columns are more than that.
_DIRECTION_ROWS, _FEWER_DIRECTION_ROWS = 2048, 1024
# Nanoseconds on a present-day core, of which only the proportions matter: for scoring
# and testing a pair, for each of its columns, for measuring one that survives, and for
# fetching each byte of its row.
_PAIR, _COLUMN, _SURVIVOR, _SURVIVOR_BYTE = 0.6, 0.02, 120.0, 0.05
# The same for making a column of a row ready for scores, and how many times the work
# by all columns that of a bound has to be for the bound to be given up.
_EMBEDDED, _TOO_MUCH = 4.0, 2.0
# The same for bytes.
_BYTE_PAIR, _BYTE_COLUMN = 0.5, 0.0055
# The same for a pair that passes a level which comes down later.
_COLLECTED = 100.0
# First thresholds, and pairs that pass while they are renewed batch by batch, take this
# many times what is counted above: levels that scores close took 1.4 to 1.9 times less
# than an estimate that called both equal.
_RENEWED = 1.4
# The time of a column of a sum of float32 differences, the rows that stand for a corpus
# summed, and the columns that rows of bytes have.
_SUMMED_COLUMN, _SUMMED_ROWS = 0.08, 2048
_FEWEST_BYTES, _MOST_BYTES, _FEWEST_SUMMED = 8, 4096, 1 << 19
# Products of so many bytes are added up without an overflow, the largest of all: 2**31
# is more than 255 * 127 times as many.
_MOST_PRODUCTS = 1 << 16
# What the errors of two rows of bytes come to, over the length of a usual row: a box of
# 3.5 deviations to either side, of normally distributed coordinates, has 254 steps, and
# rounding is off by a twelfth of their square.
_USUAL_ERROR = 2.0 * (7.0 / 254.0) / np.sqrt(12.0)
# All columns are turned, so that bytes suit them alike, where they are at most as many.
_MOST_TURNED = 512
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
        """Take rows from all over, and find the threshold of each query."""
        n_rows = rows.shape[0]
        most = max(512, min(_SAMPLE_ROWS, _SAMPLE_VALUES // max(1, rows.shape[1])))
        chosen = some_rows(n_rows, most)
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
        most = width if width <= _MOST_TURNED else _COUNTS[-1]
        return Directions.fit(some, most, centered=self.may_move)

    @property
    def distances(self) -> FloatArray:
        """How far each query's neighbours are, where keys are half squares."""
        return np.sqrt(2.0 * np.maximum(self.thresholds, 0.0))

    def survivors(
        self, mapped: FloatArray, count: int, thresholds: FloatArray | None = None
    ) -> float:
        """Return the share of pairs that a prefix does not rule out."""
        reach = self.thresholds if thresholds is None else thresholds
        prefix = mapped[:, : count + 1].copy()
        prefix[:, count] = np.sqrt(np.square(mapped[:, count:]).sum(axis=1))
        keys = _keys(prefix, self.queries, self.may_move)
        return float(np.mean(keys <= reach[:, None]))


def _keys(vectors: FloatArray, queries: IndexArray, may_move: bool) -> FloatArray:
    """Return numbers that order the vectors by closeness to each query."""
    keys: FloatArray = -(vectors[queries] @ vectors.T)
    if may_move:
        half = 0.5 * np.square(vectors).sum(axis=1)
        keys += half + half[queries, None]
    return keys


def shortest_work(
    embedding: ProductEmbedding,
    rows: Rows,
    k: int,
    *,
    whole: bool = True,
    prefix: bool = True,
) -> Embedding:
    """Return the bound that makes searching these rows least work, by an estimate.

    Parameters
    ----------
    embedding : ProductEmbedding
        The bound by all columns.
    rows : ndarray of shape (n, d)
    k : int
        Neighbours that are usually asked for.
    whole, prefix : bool
        Whether bounds by all columns, and by a few directions, are among the choices.
    """
    n_rows, width = rows.shape[0], embedding.width(rows.shape[1])
    large = n_rows * width >= _FEWEST_VALUES and width >= _FEWEST_COLUMNS
    if not (large or not whole) or min(n_rows, width) < 3:
        return embedding
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        sample = _Sample.draw(embedding, rows, k)
        if not np.isfinite(np.square(sample.vectors).sum()):
            return embedding
        work = _Work(sample, sample.directions(), rows, whole=whole, prefix=prefix)
        chosen = work.in_float32(embedding)
        if isinstance(embedding, ChordEmbedding) and can_pack():
            chosen = work.in_bytes(embedding, chosen)
    return chosen.bound


def scoring_work(columns: int) -> float:
    """Return the nanoseconds that it takes to score and test a pair, roughly."""
    return _PAIR + _COLUMN * columns


def is_useless(share: float, n_queries: int, rows: Rows) -> bool:
    """Whether measuring what survives a bound takes longer than scores by all columns.

    Parameters
    ----------
    share : float
        The share of pairs that survives.
    n_queries : int
        How many queries share the work of making rows ready.
    rows : ndarray of shape (n, d)
    """
    measuring = _measuring(rows)
    scoring = scoring_work(rows.shape[1]) + _EMBEDDED * rows.shape[1] / n_queries
    return bool(share * measuring > _TOO_MUCH * scoring)


def _measuring(rows: Rows) -> float:
    """Return the time of measuring a pair that survives."""
    return float(_SURVIVOR + _SURVIVOR_BYTE * rows.dtype.itemsize * rows.shape[1])


@dataclass(frozen=True)
class _Choice:
    bound: Embedding
    work: float


@dataclass(frozen=True)
class _Work:
    """What searching takes with each bound, in nanoseconds a pair.

    Attributes
    ----------
    sample : _Sample
    directions : Directions
        All there are to choose from.
    rows : ndarray of shape (n, d)
    whole, prefix : bool
        Which bounds to choose from.
    """

    sample: _Sample
    directions: Directions
    rows: Rows
    whole: bool
    prefix: bool

    @property
    def measuring(self) -> float:
        """The time of measuring a pair that survives."""
        return _measuring(self.rows)

    @property
    def early(self) -> float:
        """How many times as many pairs survive as would pass the last thresholds."""
        return _early(self.rows.shape[0])

    @cached_property
    def mapped(self) -> FloatArray:
        """The sample in all directions."""
        return self.directions.map(self.sample.vectors)[0]

    @property
    def counts(self) -> list[int]:
        """How many directions a prefix may have."""
        width = self.sample.vectors.shape[1]
        most = min(self.directions.count, width - 2) if self.prefix else 0
        return [count for count in _COUNTS if count <= most]

    def in_float32(self, embedding: ProductEmbedding) -> _Choice:
        """Return the best bound by products of float32."""
        width = self.sample.vectors.shape[1]
        best, least = 0, scoring_work(width) * _GAIN if self.whole else np.inf
        for count in self.counts:
            scoring = scoring_work(count + 1)
            if scoring >= least:
                break
            survivors = self.sample.survivors(self.mapped, count)
            work = scoring + self.early * self.measuring * survivors
            if work < least:
                best, least = count, work
        if not best:
            return _Choice(embedding, scoring_work(width))
        return _Choice(embedding.shorten(self.directions.leading(best)), least)

    def in_bytes(self, embedding: ChordEmbedding, other: _Choice) -> _Choice:
        """Return the best bound by products of bytes, if it is less work."""
        best, least = 0, _GAIN * other.work
        captured = np.cumsum(np.square(self.mapped[:, :-1]).mean(axis=0))
        width = self.sample.vectors.shape[1]
        whole = self.whole and width <= _MOST_PRODUCTS
        for count in [*self.counts, *([width] if whole else [])]:
            reach = captured[min(count, len(captured)) - 1]
            error = _USUAL_ERROR * np.sqrt(reach)
            # Levels that scores alone tell have to allow for the errors twice, but need
            # nothing measured on the way.
            closes = embedding.tight and count == width
            work = self._byte_work(
                count, (2.0 if closes else 1.0) * error, closes=closes
            )
            if work < least:
                best, least = count, work
        if not best:
            return other
        grid = self._grid(embedding, best)
        error = 2.0 * grid.error * grid.step
        work = self._byte_work(best, error, closes=False)
        if grid.closes:
            closed = self._closing_work(grid, best)
            closes = closed <= _RENEWED * work
            grid, work = replace(grid, closes=closes), closed if closes else work
        return _Choice(grid, work) if work < _GAIN * other.work else other

    def _grid(self, embedding: ChordEmbedding, count: int) -> ChordGrid:
        vectors, distances = self.sample.vectors, self.sample.distances
        if count <= self.directions.count:
            turned = self.directions.leading(count).turned()
            return ChordGrid.fit(embedding, vectors, distances, turned)
        return ChordGrid.fit(embedding, vectors, distances, None)

    def _byte_work(self, count: int, error: float, *, closes: bool) -> float:
        """Return the work where bounds are off by that much in all."""
        grown = 0.5 * np.square(self.sample.distances + error)
        return self._grown_work(count, grown, closes=closes)

    def _closing_work(self, grid: ChordGrid, count: int) -> float:
        """Return the work where scores alone tell the levels."""
        queries, some = self.sample.queries, self.sample.vectors[:: self._every]
        gaps = grid.gaps(self.sample.vectors[queries])
        # Queries far outside of the box are better off than this gap says, and one of
        # them among so few would count for many.
        gaps = np.minimum(gaps, np.quantile(gaps, _USUAL)) + np.median(grid.gaps(some))
        grown = grid.usual_growth * (self.sample.thresholds + gaps * grid.step**2)
        return self._grown_work(count, grown, closes=True)

    @property
    def _every(self) -> int:
        return max(1, len(self.sample.vectors) // _GAP_ROWS)

    def _grown_work(self, count: int, grown: FloatArray, *, closes: bool) -> float:
        """Return the work where half squares up to these numbers survive."""
        mapped_count = min(count, self.directions.count)
        survivors = self.sample.survivors(self.mapped, mapped_count, grown)
        # Levels that scores close collect pairs on the way, and measure what is left.
        measured = 1.0 if closes else self.early
        each = measured * self.measuring + self.early * _COLLECTED
        return _BYTE_PAIR + _BYTE_COLUMN * count + each * survivors


def _early(n_rows: int) -> float:
    return float(1.0 + np.log(max(1.0, n_rows / _FIRST_ROWS)))


def packed_differences(embedding: CoordinateEmbedding, rows: Rows, k: int) -> Embedding:
    """Return the bound of sums of absolute differences that is least work.

    Parameters
    ----------
    embedding : CoordinateEmbedding
        The bound by float32 sums.
    rows : ndarray or CSR of shape (n, d)
    k : int
        Neighbours that are usually asked for.
    """
    n_rows, width = rows.shape
    large = n_rows * width >= _FEWEST_SUMMED and _FEWEST_BYTES <= width <= _MOST_BYTES
    if sparse.issparse(rows) or not large or not can_pack():
        return embedding
    n_sample = min(n_rows, _SUMMED_ROWS)
    coordinates = embedding.coordinates(rows[some_rows(n_rows, n_sample)])
    if not np.isfinite(np.abs(coordinates).sum()):
        return embedding
    grid = DifferenceGrid.fit(embedding, coordinates)
    queries = np.arange(0, n_sample, max(1, n_sample // _SAMPLE_QUERIES))
    gaps = grid.gaps(coordinates)
    sums = cdist(coordinates[queries], coordinates, "cityblock")
    sums[np.arange(len(queries)), queries] = np.inf
    rank = min(max(1, round(k * n_sample / n_rows)), n_sample - 1)
    reach = np.partition(sums, rank - 1, axis=1)[:, rank - 1]
    measuring = _measuring(rows)
    # By scores alone, and by what is measured on the way.
    allowed = gaps[queries] + np.median(gaps), np.full(len(queries), 2.0 * grid.error)
    closed, open_ = (
        measuring * float(np.mean(sums <= (reach + more * grid.step)[:, None]))
        for more in allowed
    )
    open_ *= _early(n_rows)
    work = _BYTE_PAIR + _BYTE_COLUMN * width + min(closed, open_)
    if work >= _GAIN * (_PAIR + _SUMMED_COLUMN * width):
        return embedding
    return replace(grid, closes=closed <= open_)
