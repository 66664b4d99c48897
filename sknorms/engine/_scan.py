"""The loop that serves every metric: bound, then refine, then collect."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from sknorms._arrays import row_slices
from sknorms._compile import kernels_available
from sknorms._typing import Float32Array, FloatArray, IndexArray, Rows
from sknorms.engine._admission import Admission
from sknorms.engine._choice import is_useless
from sknorms.engine._collect import TopK, WithinRadius
from sknorms.engine._corpus import Corpus, QueryBlock
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._plan import Plan, Task
from sknorms.engine._seed import Sample, first_thresholds
from sknorms.engine._stats import SearchStats
from sknorms.engine._survivors import Sieve, scored_survivors

__all__ = ["Answer", "NearestScan", "Part", "RadiusScan", "Scan"]

Candidates = tuple[IndexArray, IndexArray, FloatArray]
Part = TypeVar("Part", TopK, WithinRadius)

# Corpus rows within which thresholds stay as they are, at most.
_MOST_BATCH_ROWS = 1 << 16
# Rows after which thresholds are good enough to judge a bound by what it lets pass.
_ENOUGH = 1 << 12
# Values of rows made ready at a time from then on: 1 MiB, in float64 and in float32.
_READY_VALUES = 1 << 16


@dataclass(frozen=True)
class Answer(Generic[Part]):
    """What one task found for a block of queries."""

    queries: slice
    part: Part
    stats: SearchStats


class _Collector(Protocol):
    @property
    def thresholds(self) -> FloatArray: ...

    def add(self, rows: IndexArray, indices: IndexArray, keys: FloatArray) -> None: ...


@dataclass(frozen=True)
class Scan(ABC, Generic[Part]):
    """What both searches share: walking a shard of the corpus for a query block."""

    corpus: Corpus
    queries: Rows
    plan: Plan
    admission: Admission | None
    first_query: int

    @abstractmethod
    def __call__(self, task: Task) -> Answer[Part]:
        """Answer one task."""

    def block(self, queries: slice) -> QueryBlock:
        """Cut out and prepare a block of queries."""
        return QueryBlock.prepare(
            self.corpus, self.queries, queries, offset=self.first_query
        )

    def fill(
        self, collector: _Collector, block: QueryBlock, shard: slice, seeds: FloatArray
    ) -> SearchStats:
        """Offer every pair that may matter to the collector; count the work.

        Queries may be so unlike the rows that a bound by a few directions tells hardly
        anything. What is left of a shard is then bounded by all columns.
        """
        stats = SearchStats()
        scan, ours, rest = self, block, [shard]
        while rest:
            scores = scan._room(len(block))
            for part in scan.batches(rest.pop()):
                limits = np.minimum(seeds, collector.thresholds)
                done = stats.survivors
                for candidates in scan._candidates(ours, part, limits, scores, stats):
                    collector.add(*candidates)
                share = (stats.survivors - done) / (len(block) * _length(part))
                if scan._gives_up(share, len(block), part, shard):
                    scan = self._by_all_columns()
                    ours = block.by(scan.corpus.embedding)
                    rest.append(slice(part.stop, shard.stop))
                    break
        return stats

    def _by_all_columns(self) -> Self:
        rows = min(
            self.plan.corpus_rows, max(1, _READY_VALUES // self.corpus.n_features)
        )
        plan = replace(self.plan, corpus_rows=rows)
        return replace(self, corpus=self.corpus.by_all_columns(), plan=plan)

    def _room(self, n_queries: int) -> Float32Array:
        rows = min(self.plan.corpus_rows, self.corpus.n_rows)
        return np.empty(n_queries * rows, np.float32)

    def _gives_up(
        self, share: float, n_queries: int, part: slice, shard: slice
    ) -> bool:
        """Whether the bound told too little of the last part, and others follow."""
        seen = part.stop - shard.start
        if self.corpus.whole is None or not _ENOUGH <= seen < _length(shard):
            return False
        return is_useless(share, n_queries, self.corpus.rows)

    def batches(self, shard: slice) -> list[slice]:
        """Cut a shard into parts within which thresholds stay as they are."""
        if self.corpus.embedded is None:
            return _parts(shard, self.plan.corpus_rows)
        return _parts(shard, _MOST_BATCH_ROWS)

    @abstractmethod
    def sieve(
        self, embedding: Embedding, queries: Embedded, limits: FloatArray
    ) -> Sieve:
        """Return what pairs have to pass to be of interest."""

    def _candidates(
        self,
        block: QueryBlock,
        part: slice,
        limits: FloatArray,
        scores: Float32Array,
        stats: SearchStats,
    ) -> Iterator[Candidates]:
        embedding, embedded = self.corpus.embedding, block.embedded
        if embedding is None or embedded is None:
            yield self._all_keys(block, part, limits, stats)
            return
        step, capacity = self.plan.corpus_rows, self.plan.capacity
        theirs = self.corpus.embed(part)
        sieve = self.sieve(embedding, embedded, self.corpus.geometry.unsettle(limits))
        stats.products += len(block) * len(theirs.numbers)
        for rows, columns in scored_survivors(
            embedding, embedded, theirs, sieve, scores, step, capacity
        ):
            stats.survivors += len(rows)
            indices = columns + part.start
            if self.admission is not None:
                admitted = self.admission.admits(block.numbers[rows], indices)
                rows, indices = rows[admitted], indices[admitted]
            stats.refinements += len(rows)
            yield rows, indices, block.pair_keys(self.corpus, rows, indices, limits)

    def _all_keys(
        self, block: QueryBlock, part: slice, limits: FloatArray, stats: SearchStats
    ) -> Candidates:
        corpus = self.corpus
        geometry = corpus.geometry
        keys = geometry.settle(geometry.block_keys(block.rows, corpus.rows[part]))
        stats.refinements += keys.size
        if self.admission is not None:
            columns = np.arange(part.start, part.stop)
            keys[~self.admission.admits(block.numbers[:, None], columns)] = np.nan
        rows, columns = np.nonzero(keys <= self._tighten(keys, limits)[:, None])
        return rows, columns + part.start, keys[rows, columns]

    def _tighten(self, keys: FloatArray, limits: FloatArray) -> FloatArray:
        del keys
        return limits


@dataclass(frozen=True)
class NearestScan(Scan[TopK]):
    """The k nearest of a block of queries.

    Attributes
    ----------
    k : int
    closes : bool
        Whether scores alone tell levels that come down during the scan.
    sample : Sample or None
        Where first thresholds come from where they do not.
    """

    k: int
    closes: bool = False
    sample: Sample | None = field(default=None, repr=False)

    def prepared(self) -> Self:
        """Return the scan with the levels that it starts from."""
        if self._can_close():
            return replace(self, closes=True)
        sample = Sample.draw(self.corpus, self.plan.sample_rows, self.k)
        return replace(self, sample=sample)

    def __call__(self, task: Task) -> Answer[TopK]:
        """Answer one task."""
        top, stats = self.search(self.block(task.queries), task.shard)
        top.sort()
        return Answer(task.queries, top, stats)

    def search(self, block: QueryBlock, shard: slice) -> tuple[TopK, SearchStats]:
        """Find the nearest rows of a shard."""
        top = TopK(len(block), self.k)
        seeds, tried = first_thresholds(
            self.corpus, block, self.k, self.sample, admission=self.admission
        )
        stats = self.fill(top, block, shard, seeds)
        stats.refinements += tried
        return top, stats

    def _can_close(self) -> bool:
        embedding, embedded = self.corpus.embedding, self.corpus.embedded
        if embedding is None or embedded is None or self.kept == 0:
            return False
        # CSR rows and packed ones are scored and tested in turn.
        if not kernels_available():
            return False
        # What one enormous row makes of the rounding would keep every level open.
        if embedding.is_product and self.corpus.has_outliers:
            return False
        one = embedding.queries(self.corpus.rows[:1])
        return embedding.slack(one, self.corpus.largest) is not None

    @property
    def kept(self) -> int:
        """How many of the closest pairs bound the k-th admitted one; 0 if unknown."""
        if self.admission is None:
            return self.k
        left_out = self.admission.most_left_out
        return 0 if left_out is None else self.k + left_out

    def batches(self, shard: slice) -> list[slice]:
        """Cut a shard into parts within which thresholds stay as they are.

        Half as many rows as have been seen before: what a threshold misses by not being
        renewed within them is a small share of what survives anyway. Where levels come
        down by themselves, all rows are one part.
        """
        if self.corpus.embedded is None:
            return super().batches(shard)
        if self.closes:
            return [shard]
        parts, start = [], shard.start
        while start < shard.stop:
            rows = max(self.plan.corpus_rows, (start - shard.start) // 2)
            stop = min(start + min(rows, _MOST_BATCH_ROWS), shard.stop)
            parts.append(slice(start, stop))
            start = stop
        return parts

    def sieve(
        self, embedding: Embedding, queries: Embedded, limits: FloatArray
    ) -> Sieve:
        """Return the test by the thresholds, or one that closes while it is used."""
        weight, level = embedding.cut(queries.numbers, limits)
        if self.closes:
            slack = embedding.slack(queries, self.corpus.largest)
            if slack is not None:
                growth = embedding.growth(queries)
                return Sieve.closing(weight, level, slack, growth, self.kept)
        return Sieve.plain(weight, level)

    def _tighten(self, keys: FloatArray, limits: FloatArray) -> FloatArray:
        # A block alone already bounds the k-th smallest key (NaN sorts last).
        if keys.shape[1] <= self.k:
            return limits
        return np.fmin(limits, np.partition(keys, self.k - 1, axis=1)[:, self.k - 1])


@dataclass(frozen=True)
class RadiusScan(Scan[WithinRadius]):
    """All rows within the limits of a block of queries."""

    limits: FloatArray

    def __call__(self, task: Task) -> Answer[WithinRadius]:
        """Answer one task."""
        block = self.block(task.queries)
        inside = WithinRadius(self.limits[task.queries])
        stats = self.fill(inside, block, task.shard, inside.limits)
        return Answer(task.queries, inside, stats)

    def sieve(
        self, embedding: Embedding, queries: Embedded, limits: FloatArray
    ) -> Sieve:
        """Return the test by the limits."""
        return Sieve.plain(*embedding.cut(queries.numbers, limits))


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _parts(shard: slice, rows: int) -> list[slice]:
    return [
        slice(shard.start + part.start, shard.start + part.stop)
        for part in row_slices(shard.stop - shard.start, rows)
    ]
