"""The loop that serves every metric: bound, then refine, then collect."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from sknorms._parallel import run_tasks
from sknorms._progress import Progress
from sknorms._typing import Float32Array, FloatArray, IndexArray, Rows
from sknorms.engine._admission import Admission
from sknorms.engine._collect import Ragged, TopK, WithinRadius
from sknorms.engine._corpus import Corpus, QueryBlock
from sknorms.engine._geometry import Embedded, Embedding
from sknorms.engine._plan import Plan, QueriesDone, Task, plan_search
from sknorms.engine._seed import Sample, first_thresholds
from sknorms.engine._survivors import survivors

__all__ = ["nearest", "within"]

Candidates = tuple[IndexArray, IndexArray, FloatArray]


Part = TypeVar("Part", TopK, WithinRadius)


class _Collector(Protocol):
    @property
    def thresholds(self) -> FloatArray: ...

    def add(self, rows: IndexArray, indices: IndexArray, keys: FloatArray) -> None: ...


def nearest(
    corpus: Corpus,
    queries: Rows,
    k: int,
    *,
    admission: Admission | None = None,
    complete: bool = True,
    first_query: int = 0,
    n_jobs: int | None = None,
    working_memory: float | None = None,
    progress: Progress | None = None,
) -> tuple[FloatArray, IndexArray]:
    """Return the k closest corpus rows of every query.

    Parameters
    ----------
    corpus : Corpus
    queries : ndarray or CSR of shape (n_queries, n_features)
        Validated rows.
    k : int
        Neighbours per query, at most the number of corpus rows.
    admission : Admission or None
        Which pairs may be in an answer; None admits all.
    complete : bool
        Whether fewer than k neighbours are an error. Otherwise an answer that has
        fewer ends in infinite keys.
    first_query : int
        Number of the first query among all that the caller has: what the admission and
        error messages call it.
    n_jobs : int or None
    working_memory : float or None
        Budget in MiB; None takes scikit-learn's setting.
    progress : Progress or None
        Hears how many queries are answered.

    Returns
    -------
    keys : float64 array of shape (n_queries, k)
        Ascending; `corpus.geometry.finish` turns them into values.
    indices : intp array of shape (n_queries, k)
        Corpus rows, by (key, index).

    Raises
    ------
    ValueError
        If ``complete`` and a query has a finite distance to fewer than k rows.
    """
    plan = plan_search(
        corpus, queries.shape[0], k, n_jobs=n_jobs, working_memory=working_memory
    )
    sample = Sample.draw(corpus, plan.sample_rows, k)
    scan = _NearestScan(corpus, queries, plan, admission, first_query, k, sample)
    report = QueriesDone.to(progress, corpus)
    tasks = _tasks(plan, queries, corpus)
    found = _merge_shards(run_tasks(scan, tasks, plan.n_jobs, report=report))
    keys = np.concatenate([top.keys for top in found])
    indices = np.concatenate([top.indices for top in found])
    if complete:
        _require_complete(keys, k, first_query)
    return keys, indices


def within(
    corpus: Corpus,
    queries: Rows,
    limits: FloatArray,
    *,
    admission: Admission | None = None,
    sort_by_key: bool = False,
    first_query: int = 0,
    n_jobs: int | None = None,
    working_memory: float | None = None,
    progress: Progress | None = None,
) -> Ragged:
    """Return every corpus row whose key is at most its query's limit.

    Parameters are those of `nearest`; ``limits`` is float64 of shape (n_queries,), and
    ``sort_by_key`` orders each list by (key, index) instead of by index.
    """
    plan = plan_search(
        corpus, queries.shape[0], 0, n_jobs=n_jobs, working_memory=working_memory
    )
    scan = _RadiusScan(corpus, queries, plan, admission, first_query, limits)
    report = QueriesDone.to(progress, corpus)
    tasks = _tasks(plan, queries, corpus)
    found = run_tasks(scan, tasks, plan.n_jobs, report=report)
    lists = [part.finish(sort_by_key=sort_by_key) for part in _merge_shards(found)]
    lengths = np.concatenate([np.diff(part.starts) for part in lists])
    return Ragged(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        np.concatenate([part.indices for part in lists]),
        np.concatenate([part.keys for part in lists]),
    )


@dataclass(frozen=True)
class _Scan:
    """What both searches share: walking a shard of the corpus for a query block."""

    corpus: Corpus
    queries: Rows
    plan: Plan
    admission: Admission | None
    first_query: int

    def block(self, queries: slice) -> QueryBlock:
        """Cut out and prepare a block of queries."""
        return QueryBlock.prepare(
            self.corpus, self.queries, queries, offset=self.first_query
        )

    def fill(
        self,
        collector: _Collector,
        block: QueryBlock,
        shard: slice,
        seeds: FloatArray,
    ) -> None:
        """Offer every pair that may matter to the collector."""
        step = self.plan.corpus_rows
        scores = np.empty(len(block) * min(step, self.corpus.n_rows), np.float32)
        for start in range(shard.start, shard.stop, step):
            part = slice(start, min(start + step, shard.stop))
            limits = np.minimum(seeds, collector.thresholds)
            for rows, indices, keys in self._candidates(block, part, limits, scores):
                collector.add(rows, indices, keys)

    def _candidates(
        self, block: QueryBlock, part: slice, limits: FloatArray, scores: Float32Array
    ) -> Iterator[Candidates]:
        embedding, embedded = self.corpus.embedding, block.embedded
        if embedding is None or embedded is None:
            yield self._all_keys(block, part, limits)
            return
        for rows, columns in self._pairs(embedding, embedded, part, limits, scores):
            indices = columns + part.start
            if self.admission is not None:
                admitted = self.admission.admits(rows + block.first, indices)
                rows, indices = rows[admitted], indices[admitted]
            yield rows, indices, block.pair_keys(self.corpus, rows, indices)

    def _pairs(
        self,
        embedding: Embedding,
        ours: Embedded,
        part: slice,
        limits: FloatArray,
        scores: Float32Array,
    ) -> Iterator[tuple[IndexArray, IndexArray]]:
        theirs = self.corpus.embed(part)
        shape = (len(ours.numbers), part.stop - part.start)
        score = scores[: shape[0] * shape[1]].reshape(shape)
        embedding.score(ours.rows, theirs.rows, out=score)
        weight, level = embedding.cut(ours.numbers, limits)
        return survivors(score, theirs.numbers, weight, level, self.plan.capacity)

    def _all_keys(
        self, block: QueryBlock, part: slice, limits: FloatArray
    ) -> Candidates:
        corpus = self.corpus
        geometry = corpus.geometry
        keys = geometry.settle(geometry.block_keys(block.rows, corpus.rows[part]))
        if self.admission is not None:
            columns = np.arange(part.start, part.stop)
            keys[~self.admission.admits(block.numbers[:, None], columns)] = np.nan
        rows, columns = np.nonzero(keys <= self._tighten(keys, limits)[:, None])
        return rows, columns + part.start, keys[rows, columns]

    def _tighten(self, keys: FloatArray, limits: FloatArray) -> FloatArray:
        del keys
        return limits


@dataclass(frozen=True)
class _NearestScan(_Scan):
    k: int
    sample: Sample | None

    def __call__(self, task: Task) -> tuple[slice, TopK]:
        block = self.block(task.queries)
        top = TopK(len(block), self.k)
        seeds = first_thresholds(
            self.corpus, block, self.k, self.sample, admission=self.admission
        )
        self.fill(top, block, task.shard, seeds)
        return task.queries, top

    def _tighten(self, keys: FloatArray, limits: FloatArray) -> FloatArray:
        # A block alone already bounds the k-th smallest key (NaN sorts last).
        if keys.shape[1] <= self.k:
            return limits
        return np.fmin(limits, np.partition(keys, self.k - 1, axis=1)[:, self.k - 1])


@dataclass(frozen=True)
class _RadiusScan(_Scan):
    limits: FloatArray

    def __call__(self, task: Task) -> tuple[slice, WithinRadius]:
        block = self.block(task.queries)
        inside = WithinRadius(self.limits[task.queries])
        self.fill(inside, block, task.shard, inside.limits)
        return task.queries, inside


def _merge_shards(found: list[tuple[slice, Part]]) -> list[Part]:
    merged = [found[0]]
    for queries, part in found[1:]:
        if queries == merged[-1][0]:
            merged[-1][1].merge(part)
        else:
            merged.append((queries, part))
    return [part for _, part in merged]


def _tasks(plan: Plan, queries: Rows, corpus: Corpus) -> list[Task]:
    return plan.tasks(queries.shape[0], corpus.n_rows)


def _require_complete(keys: FloatArray, k: int, first_query: int) -> None:
    short = ~np.isfinite(keys[:, -1])
    if short.any():
        row = int(np.flatnonzero(short)[0])
        found = int(np.isfinite(keys[row]).sum())
        raise ValueError(
            f"query row {first_query + row} has a finite distance to {found} rows "
            f"only, but {k} neighbors were asked for. Ask for at most {found}; drop or "
            "impute rows that share no observed column with it; or scale the rows down "
            "if their differences are beyond the range of float64."
        )
