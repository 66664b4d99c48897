"""Block sizes and tasks, from the shapes, the memory budget and the cache."""

from dataclasses import dataclass, replace

from sklearn import get_config

from sknorms._arrays import row_slices
from sknorms._compile import kernels_available
from sknorms._parallel import effective_jobs

__all__ = ["Plan", "Task", "plan_search", "working_bytes"]

# A block of scores of about this size stays in the second-level cache. Without compiled
# kernels, long rows of scores keep the number of passes and of merges small.
_SCORE_BYTES = 1 << 20
_MOST_QUERIES, _FEWEST_CORPUS_ROWS = 256, 1 << 10
_MOST_QUERIES_PLAIN, _FEWEST_CORPUS_ROWS_PLAIN = 64, 1 << 12
_MOST_CORPUS_ROWS = 1 << 15
_CAPACITY = 1 << 15
# Below this many multiplications, handing work to threads costs more than it saves.
_SERIAL_WORK = 4_000_000


@dataclass(frozen=True)
class Task:
    """One block of queries against one shard of the corpus."""

    queries: slice
    shard: slice


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
    """

    query_rows: int
    corpus_rows: int
    capacity: int
    n_jobs: int
    shards: int = 1

    def tasks(self, n_queries: int, n_corpus: int) -> list[Task]:
        """Return the tasks, all shards of a query block next to each other."""
        shards = row_slices(n_corpus, -(-n_corpus // self.shards))
        blocks = row_slices(n_queries, self.query_rows)
        return [Task(block, shard) for block in blocks for shard in shards]

    def bytes(self, width: int, n_features: int, k: int) -> int:
        """Return an upper estimate of the working memory of all threads."""
        query = 4 * width + 24 * n_features + 64 * k
        corpus = 4 * width + 24 * n_features
        pairs = 12 * self.query_rows * self.corpus_rows + 64 * self.capacity
        blocks = self.query_rows * query + self.corpus_rows * corpus
        return self.n_jobs * (blocks + pairs)


def working_bytes(working_memory: float | None) -> int:
    """Return the budget in bytes; None means scikit-learn's setting (in MiB)."""
    if working_memory is None:
        working_memory = get_config()["working_memory"]
    return max(1, int(working_memory * (1 << 20)))


def plan_search(
    n_queries: int,
    n_corpus: int,
    *,
    width: int,
    n_features: int,
    k: int,
    n_jobs: int | None,
    working_memory: float | None,
) -> Plan:
    """Choose block sizes.

    Parameters
    ----------
    n_queries, n_corpus : int
        Rows of either side.
    width, n_features : int
        Columns of an embedded and of a stored row.
    k : int
        Results held per query.
    n_jobs : int or None
    working_memory : float or None
        Budget in MiB.
    """
    work = n_queries * n_corpus * max(1, width)
    jobs = 1 if work < _SERIAL_WORK else effective_jobs(n_jobs)
    # A few tasks a thread, so that no thread waits long for the last one.
    most, fewest = _block_limits()
    query_rows = min(most, max(1, -(-n_queries // (4 * jobs))), n_queries)
    corpus_rows = max(_SCORE_BYTES // (4 * query_rows), fewest)
    corpus_rows = min(corpus_rows, _MOST_CORPUS_ROWS, n_corpus)
    shards = jobs if -(-n_queries // query_rows) < jobs else 1
    plan = Plan(query_rows, corpus_rows, _CAPACITY, jobs, min(shards, n_corpus))
    return _fit_to_budget(plan, width, n_features, k, working_bytes(working_memory))


def _block_limits() -> tuple[int, int]:
    if kernels_available():
        return _MOST_QUERIES, _FEWEST_CORPUS_ROWS
    return _MOST_QUERIES_PLAIN, _FEWEST_CORPUS_ROWS_PLAIN


def _fit_to_budget(plan: Plan, width: int, n_features: int, k: int, limit: int) -> Plan:
    while plan.bytes(width, n_features, k) > limit:
        if plan.capacity > 1024:
            plan = replace(plan, capacity=plan.capacity // 2)
        elif plan.corpus_rows >= plan.query_rows and plan.corpus_rows > 1:
            plan = replace(plan, corpus_rows=-(-plan.corpus_rows // 2))
        elif plan.query_rows > 1:
            plan = replace(plan, query_rows=-(-plan.query_rows // 2))
        elif plan.n_jobs > 1:
            plan = replace(plan, n_jobs=1, shards=1)
        else:
            break  # one row against one row: there is nothing left to save
    return plan
