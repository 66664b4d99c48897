"""Searching a corpus: the k nearest of every query, or all within a limit."""

import numpy as np

from sknorms._arrays import row_slices
from sknorms._parallel import run_tasks
from sknorms._progress import Progress
from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.engine._admission import Admission
from sknorms.engine._collect import Ragged
from sknorms.engine._corpus import Corpus
from sknorms.engine._plan import QueriesDone, Task, plan_search, tree_rows
from sknorms.engine._scan import Answer, NearestScan, Part, RadiusScan, Scan
from sknorms.engine._stats import SearchStats
from sknorms.engine._tree_scan import NearestTreeScan, RadiusTreeScan

__all__ = ["nearest", "within"]


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
    stats: SearchStats | None = None,
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
    stats : SearchStats or None
        Is told how much work was done.

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
        corpus,
        queries.shape[0],
        k,
        n_jobs=n_jobs,
        working_memory=working_memory,
        queries=queries,
    )
    scan = NearestScan(corpus, queries, plan, admission, first_query, k)
    if corpus.tree is not None and scan.kept:
        tree_scan = NearestTreeScan(**vars(scan))
        found = _look_up(tree_scan, tree_rows(corpus, k, working_memory), progress)
    else:
        found = _scan_all(scan.prepared(), progress)
    finished = [top.finish() for top in _merge_shards(found, stats)]
    keys = np.concatenate([part[0] for part in finished])
    indices = np.concatenate([part[1] for part in finished])
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
    stats: SearchStats | None = None,
) -> Ragged:
    """Return every corpus row whose key is at most its query's limit.

    Parameters are those of `nearest`; ``limits`` is float64 of shape (n_queries,), and
    ``sort_by_key`` orders each list by (key, index) instead of by index.
    """
    plan = plan_search(
        corpus,
        queries.shape[0],
        0,
        n_jobs=n_jobs,
        working_memory=working_memory,
        queries=queries,
    )
    scan = RadiusScan(corpus, queries, plan, admission, first_query, limits)
    if corpus.tree is not None:
        tree_scan = RadiusTreeScan(**vars(scan))
        found = _look_up(tree_scan, tree_rows(corpus, 0, working_memory), progress)
    else:
        found = _scan_all(scan, progress)
    parts = _merge_shards(found, stats)
    lists = [part.finish(sort_by_key=sort_by_key) for part in parts]
    lengths = np.concatenate([np.diff(part.starts) for part in lists])
    return Ragged(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        np.concatenate([part.indices for part in lists]),
        np.concatenate([part.keys for part in lists]),
    )


def _scan_all(scan: Scan[Part], progress: Progress | None) -> list[Answer[Part]]:
    """Run the tasks of a plan, several at a time."""
    plan, corpus = scan.plan, scan.corpus
    tasks = plan.tasks(scan.queries.shape[0], corpus.n_rows)
    report = QueriesDone.to(progress, corpus)
    return run_tasks(scan, tasks, plan.n_jobs, report=report)


def _look_up(
    scan: Scan[Part], step: int, progress: Progress | None
) -> list[Answer[Part]]:
    """Run one task after the other: a tree has threads of its own."""
    whole = slice(0, scan.corpus.n_rows)
    blocks = row_slices(scan.queries.shape[0], step)
    report = QueriesDone.to(progress, scan.corpus)
    return run_tasks(scan, [Task(block, whole) for block in blocks], 1, report=report)


def _merge_shards(found: list[Answer[Part]], stats: SearchStats | None) -> list[Part]:
    if stats is not None:
        for answer in found:
            stats.add(answer.stats)
    merged = [found[0]]
    for answer in found[1:]:
        if answer.queries == merged[-1].queries:
            merged[-1].part.merge(answer.part)
        else:
            merged.append(answer)
    return [answer.part for answer in merged]


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
