"""Block sizes and tasks, from the shapes, the memory budget and the cache."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from sklearn import get_config

from sknorms._arrays import row_slices
from sknorms._compile import kernels_available
from sknorms._parallel import effective_jobs
from sknorms._progress import Progress, Report
from sknorms._typing import Rows
from sknorms.engine._corpus import Corpus

__all__ = [
    "Plan",
    "QueriesDone",
    "RowCost",
    "Task",
    "plan_search",
    "tree_rows",
    "working_bytes",
]

# A block of scores of about this size stays in the second-level cache. Without compiled
# kernels, long rows of scores keep the number of passes and of merges small.
_SCORE_BYTES = 1 << 20
_MOST_QUERIES, _FEWEST_CORPUS_ROWS = 256, 1 << 10
_MOST_QUERIES_PLAIN, _FEWEST_CORPUS_ROWS_PLAIN = 64, 1 << 12
_MOST_CORPUS_ROWS = 1 << 15
_CAPACITY = 1 << 17
_GATHERED_BYTES = 3 << 18
# The floor: blocks do not shrink below a MiB in all, where only very wide rows take
# more. A smaller budget would spend all of the time on bookkeeping.
_LEAST_CAPACITY = 256
_LEAST_CORPUS_ROWS, _LEAST_CORPUS_BYTES = 512, 1 << 16
_SAMPLE_ROWS = 512
# Queries looked up in a tree at a time, and what a neighbour of one takes on the way.
_MOST_TREE_QUERIES, _TREE_BYTES = 1 << 13, 96
# Bytes for every value that a CSR row stores: of a query, held by row and by column, of
# a block cut out of the corpus, and of one that is embedded each time it is needed.
_TURNED_BYTES, _COPIED_BYTES, _EMBEDDING_BYTES = 176, 24, 64
# What rows store is taken from the fullest, as many as a full block has.
_FULL_BLOCK = 64
# Below this many terms, handing work to threads, about 10 ms with joblib, costs more
# than it saves: with a bound they take a tenth of a nanosecond, without one several.
_SERIAL_WORK, _SERIAL_WORK_UNBOUNDED = 100_000_000, 4_000_000


@dataclass(frozen=True)
class Task:
    """One block of queries against one shard of the corpus."""

    queries: slice
    shard: slice


@dataclass(frozen=True)
class QueriesDone(Report[Task]):
    """Reports tasks in queries: a query is done when all shards are.

    Attributes
    ----------
    n_corpus : int
        Rows of all shards.
    """

    n_corpus: int

    @classmethod
    def to(cls, progress: Progress | None, corpus: Corpus) -> "QueriesDone | None":
        """Return a report to a progress, if there is one."""
        return None if progress is None else cls(progress, corpus.n_rows)

    def amount(self, task: Task) -> float:
        """Return the queries of the task, times its share of the corpus."""
        queries, shard = task.queries, task.shard
        n_pairs = (queries.stop - queries.start) * (shard.stop - shard.start)
        return float(n_pairs / self.n_corpus)


@dataclass(frozen=True)
class Plan:
    """How a search is cut up.

    Attributes
    ----------
    query_rows, corpus_rows : int
        Rows of a block on either side.
    capacity : int
        Candidate pairs refined at a time.
    n_jobs : int
        Threads.
    shards : int
        Parts of the corpus; more than one only if there are too few query blocks.
    sample_rows : int
        Corpus rows that give the first thresholds.
    """

    query_rows: int
    corpus_rows: int
    capacity: int
    n_jobs: int
    shards: int = 1
    sample_rows: int = 0

    def tasks(self, n_queries: int, n_corpus: int) -> list[Task]:
        """Return the tasks, all shards of a query block next to each other."""
        shards = row_slices(n_corpus, -(-n_corpus // self.shards))
        blocks = row_slices(n_queries, self.query_rows)
        return [Task(block, shard) for block in blocks for shard in shards]

    def bytes(self, cost: "RowCost") -> int:
        """Return an upper estimate of the working memory of all threads."""
        pairs = 12 * self.query_rows * self.corpus_rows + 64 * self.capacity
        # Scores of the sample, how they rank, and the gathered rows of a chunk of
        # pairs.
        seeds = 20 * self.query_rows * self.sample_rows + _GATHERED_BYTES
        blocks = self.query_rows * cost.query + self.corpus_rows * cost.corpus
        each = blocks + pairs + seeds + cost.thread
        return self.sample_rows * cost.sample + self.n_jobs * each


@dataclass(frozen=True)
class RowCost:
    """Bytes of working memory that one row of a block takes, by its role.

    ``thread`` is what a thread takes besides, however many rows its blocks have.
    """

    query: int
    corpus: int
    sample: int
    thread: int = 0

    @classmethod
    def of(cls, corpus: Corpus, k: int, queries: Rows | None = None) -> "RowCost":
        """Return what rows cost with this corpus."""
        if corpus.stays_sparse:
            return cls._of_stored(
                corpus, k, corpus.rows if queries is None else queries
            )
        embedded, wide = 4 * corpus.width, 24 * corpus.n_features
        if corpus.embedding is not None and corpus.embedding.is_mapped:
            # Moved, squared and mapped in float64 before they are rounded.
            embedded, wide = 32 * corpus.width, 64 * corpus.n_features
        block = 0 if corpus.embedded is not None else embedded + wide
        return cls(embedded + wide + 64 * k, block, embedded)

    @classmethod
    def _of_stored(cls, corpus: Corpus, k: int, queries: Rows) -> "RowCost":
        """Return what CSR rows cost that are never made dense."""
        n_features = corpus.n_features
        ours = _most_stored(queries, _FULL_BLOCK)
        theirs = _most_stored(corpus.rows, _LEAST_CORPUS_ROWS)
        query = _TURNED_BYTES * ours + 64 * k
        if not corpus.geometry.pairs_stay_sparse(corpus.rows):
            query += 24 * n_features
        block = _COPIED_BYTES * theirs
        if not kernels_available():
            block += 2 * _COPIED_BYTES * theirs
        if corpus.embedded is None:
            block += _EMBEDDING_BYTES * theirs
        # Where each column is to be found, and in which order it is added.
        return cls(query, block, _COPIED_BYTES * theirs, 8 * n_features)


def tree_rows(corpus: Corpus, k: int, working_memory: float | None) -> int:
    """Return how many queries to look up in a tree at a time."""
    each = _TREE_BYTES * (k + 8) + 64 * corpus.n_features
    return max(1, min(_MOST_TREE_QUERIES, working_bytes(working_memory) // each))


def working_bytes(working_memory: float | None) -> int:
    """Return the budget in bytes; None means scikit-learn's setting (in MiB)."""
    if working_memory is None:
        working_memory = get_config()["working_memory"]
    return max(1, int(working_memory * (1 << 20)))


def plan_search(
    corpus: Corpus,
    n_queries: int,
    k: int,
    *,
    n_jobs: int | None,
    working_memory: float | None,
    queries: Rows | None = None,
) -> Plan:
    """Choose block sizes.

    Parameters
    ----------
    corpus : Corpus
    n_queries : int
    k : int
        Results held per query; 0 for a radius search.
    n_jobs : int or None
    working_memory : float or None
        Budget in MiB.
    queries : ndarray or CSR, optional
        The queries; what they store matters where the corpus is CSR. By default they
        store what corpus rows do.
    """
    n_corpus = corpus.n_rows
    work = n_queries * n_corpus * max(1, corpus.terms)
    jobs = _jobs(work, bounded=corpus.embedding is not None, n_jobs=n_jobs)
    most, fewest = _block_limits()
    query_rows = _share(n_queries, most, jobs)
    corpus_rows = max(_SCORE_BYTES // (4 * query_rows), fewest)
    corpus_rows = min(corpus_rows, _MOST_CORPUS_ROWS, n_corpus)
    shards = jobs if -(-n_queries // query_rows) < jobs else 1
    sample_rows = min(max(_SAMPLE_ROWS, 4 * k), n_corpus) if k else 0
    plan = Plan(
        query_rows, corpus_rows, _CAPACITY, jobs, min(shards, n_corpus), sample_rows
    )
    cost = RowCost.of(corpus, k, queries)
    return _fit_to_budget(plan, cost, k, working_bytes(working_memory))


def _most_stored(rows: Rows, block: int) -> int:
    """Return the mean number of values in the fullest rows, as many as in a block."""
    if not sparse.issparse(rows):
        return int(rows.shape[1])
    stored = np.diff(rows.indptr)
    if len(stored) > block:
        stored = np.partition(stored, -block)[-block:]
    return int(-(-stored.sum() // len(stored)))


def _share(n_queries: int, most: int, jobs: int) -> int:
    """Return the queries of a block, such that all threads get as many blocks."""
    blocks = -(-n_queries // most)
    blocks = min(-(-blocks // jobs) * jobs, n_queries)
    return -(-n_queries // max(1, blocks))


def _jobs(work: int, *, bounded: bool, n_jobs: int | None) -> int:
    if n_jobs is None and work < (_SERIAL_WORK if bounded else _SERIAL_WORK_UNBOUNDED):
        return 1
    return effective_jobs(n_jobs)


def _block_limits() -> tuple[int, int]:
    if kernels_available():
        return _MOST_QUERIES, _FEWEST_CORPUS_ROWS
    return _MOST_QUERIES_PLAIN, _FEWEST_CORPUS_ROWS_PLAIN


def _fit_to_budget(plan: Plan, cost: RowCost, k: int, limit: int) -> Plan:
    while plan.bytes(cost) > limit:
        smaller = _halve_the_largest(plan, cost, k)
        if smaller == plan:
            break  # the smallest blocks that still do some work per pass
        plan = smaller
    return plan


def _halve_the_largest(plan: Plan, cost: RowCost, k: int) -> Plan:
    pairs = 12 * plan.query_rows * plan.corpus_rows
    wide = plan.corpus_rows >= plan.query_rows
    query = cost.query + 20 * plan.sample_rows
    fewest = min(_LEAST_CORPUS_ROWS, _LEAST_CORPUS_BYTES // max(1, cost.corpus))
    # Bytes, then what to halve to save them, and how far that may go.
    parts = [
        (64 * plan.capacity, "capacity", _LEAST_CAPACITY),
        (plan.query_rows * query + pairs * (not wide), "query_rows", 1),
        (plan.corpus_rows * cost.corpus + pairs * wide, "corpus_rows", fewest),
        (plan.sample_rows * cost.sample // plan.n_jobs, "sample_rows", k),
    ]
    if plan.n_jobs > 1 and pairs < 12 * _LEAST_CAPACITY:
        return replace(plan, n_jobs=1, shards=1)
    halved = [
        (size, field, (getattr(plan, field) + 1) // 2)
        for size, field, least in parts
        if getattr(plan, field) > max(1, least)
    ]
    if not halved:
        return replace(plan, n_jobs=1, shards=1)
    _, field, value = max(halved)
    return replace(plan, **{field: value})
