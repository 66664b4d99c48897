"""Searching a store: part by part, or pair by pair where few pairs are admitted."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._progress import Progress
from sknorms._typing import BoolArray, FloatArray, IndexArray, Rows
from sknorms.engine import Admission, Ragged, nearest, within, working_bytes
from sknorms.metrics import Metric
from sknorms.neighbors._retrieval._admissions import AllOf, OfPart, PairMask
from sknorms.neighbors._retrieval._store import Part, Store
from sknorms.neighbors._search import Resources

__all__ = ["Lookup", "look_up"]

# Copying and preparing a row costs about as much as comparing it with this many
# queries.
_PREPARING = 20
# Measuring one pair exactly costs about as much as bounding this many pairs.
_MEASURING = 64
# Bytes that a pair takes on the way to the lists, and most pairs measured at a time.
_PAIR_BYTES, _PAIRS = 96, 1 << 16


@dataclass(frozen=True, eq=False)
class Lookup:
    """What is looked for.

    Attributes
    ----------
    queries : ndarray or CSR of shape (n_queries, d)
    k : int or None
        At most how many rows a query; None for all within the limits.
    limits : float64 array of shape (n_queries,) or None
        Largest key of each query; the caller cuts off what is a little beyond.
    mask : bool array of shape (n_rows,) or None
        Which rows may be found by any query.
    pair_mask : PairMask or None
        Which pairs may be found.
    rule : Admission or None
        Another rule on pairs.
    progress : Progress or None
        Hears how many queries are answered.
    """

    queries: Rows
    k: int | None
    limits: FloatArray | None = None
    mask: BoolArray | None = None
    pair_mask: PairMask | None = None
    rule: Admission | None = None
    progress: Progress | None = None

    @property
    def n_queries(self) -> int:
        """Number of queries."""
        return int(self.queries.shape[0])

    @property
    def admission(self) -> Admission | None:
        """The rule on pairs, both in one."""
        rules = [rule for rule in (self.pair_mask, self.rule) if rule is not None]
        return AllOf(tuple(rules)) if len(rules) > 1 else next(iter(rules), None)

    def of(self, part: Part, parts: list[Part]) -> "Lookup":
        """Return what is sought in one of several parts."""
        if self.progress is None:
            return self
        share = part.index.n_rows / sum(each.index.n_rows for each in parts)
        return replace(self, progress=self.progress.part(share))


def look_up(store: Store, sought: Lookup, use: Resources) -> Ragged:
    """Return what is found, each list by (key, rank).

    Parameters
    ----------
    store : Store
        Settled.
    sought : Lookup
    use : Resources

    Returns
    -------
    Ragged
        Indices are ranks: positions among all rows of the store. A list is shorter
        than k where fewer rows are admitted or have a finite key.
    """
    store.metric.warn_about_cost(sought.n_queries * store.n_rows)
    parts = store.whole if sought.mask is None else store.parts(sought.mask)
    if sought.mask is not None:
        parts = [_perhaps_narrowed(part, sought.n_queries, use) for part in parts]
    each, mask = [(part, sought.of(part, parts)) for part in parts], sought.pair_mask
    if mask is not None and _are_few(mask, store, sought):
        found = [_measured(part, mine, mask, use) for part, mine in each]
    elif sought.k is None:
        found = [_within(part, mine, use) for part, mine in each]
    else:
        found = [_nearest(part, mine, sought.k, use) for part, mine in each]
    return _joined(found, sought)


def _perhaps_narrowed(part: Part, n_queries: int, use: Resources) -> Part:
    """Copy the open rows where that is cheaper than comparing all, and affordable."""
    rows, n_open = part.index.rows, part.n_open
    share = n_open / max(1, part.index.n_rows)
    stored = rows.data.nbytes + rows.indices.nbytes if sparse.issparse(rows) else None
    n_bytes = share * (rows.nbytes if stored is None else stored)
    embedded = n_open * 4 * rows.shape[1]
    cheaper = n_open * (_PREPARING + n_queries) < part.index.n_rows * n_queries
    affordable = n_bytes + embedded < working_bytes(use.working_memory) / 2
    return part.narrowed() if cheaper and affordable else part


def _rule_for(part: Part, rule: Admission | None) -> Admission | None:
    if rule is None and part.open_rows is None:
        return None
    return OfPart(part.ranks, part.open_rows, rule)


def _nearest(part: Part, sought: Lookup, k: int, use: Resources) -> Ragged:
    keys, indices = nearest(
        part.index.corpus,
        sought.queries,
        min(k, part.index.n_rows),
        admission=_rule_for(part, sought.admission),
        complete=False,
        n_jobs=use.n_jobs,
        working_memory=use.working_memory,
        stats=use.stats,
        progress=sought.progress,
    )
    found = keys < np.inf
    starts = np.concatenate([[0], np.cumsum(found.sum(axis=1))]).astype(np.intp)
    return Ragged(starts, part.ranks[indices[found]], keys[found])


def _within(part: Part, sought: Lookup, use: Resources) -> Ragged:
    found = within(
        part.index.corpus,
        sought.queries,
        _limits(sought),
        admission=_rule_for(part, sought.admission),
        sort_by_key=True,
        n_jobs=use.n_jobs,
        working_memory=use.working_memory,
        stats=use.stats,
        progress=sought.progress,
    )
    return Ragged(found.starts, part.ranks[found.indices], found.keys)


def _limits(sought: Lookup) -> FloatArray:
    if sought.limits is not None:
        return sought.limits
    return np.full(sought.n_queries, np.finfo(np.float64).max)


def _are_few(mask: PairMask, store: Store, sought: Lookup) -> bool:
    all_pairs = sought.n_queries * store.n_rows
    return store.metric.has_pairs and int(mask.counts.sum()) * _MEASURING <= all_pairs


def _measured(part: Part, sought: Lookup, mask: PairMask, use: Resources) -> Ragged:
    """Measure every admitted pair, as many queries at a time as memory allows."""
    most = max(1, working_bytes(use.working_memory) // _PAIR_BYTES)
    ends = np.cumsum(mask.counts)
    found, start = [], 0
    while start < len(ends):
        before = ends[start] - mask.counts[start]
        stop = max(start + 1, int(np.searchsorted(ends, before + most, side="right")))
        found.append(_measured_block(part, sought, mask, slice(start, stop)))
        if sought.progress is not None:
            sought.progress.begin()
            sought.progress.advance(stop - start)
        start = stop
    lengths = np.concatenate([np.diff(block.starts) for block in found])
    return Ragged(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
        np.concatenate([block.indices for block in found]),
        np.concatenate([block.keys for block in found]),
    )


def _measured_block(part: Part, sought: Lookup, mask: PairMask, block: slice) -> Ragged:
    queries, ranks = mask.pairs(block)
    # The part's open rows in order of their ranks, to go from ranks to rows.
    rows = np.arange(part.index.n_rows)
    rows = rows if part.open_rows is None else np.flatnonzero(part.open_rows)
    known = part.ranks[rows]
    at = np.minimum(np.searchsorted(known, ranks), len(known) - 1)
    here = known[at] == ranks
    if sought.rule is not None:
        here &= sought.rule.admits(queries, ranks)
    queries, ranks, rows = queries[here], ranks[here], rows[at[here]]
    keys = _pair_keys(part, sought.queries, queries, rows)
    inside = keys <= _limits(sought)[queries]  # NaN is nowhere
    queries = queries[inside] - block.start
    n_queries = block.stop - block.start
    lists = _sorted(queries, ranks[inside], keys[inside], n_queries)
    return lists if sought.k is None else _first(lists, sought.k)


def _pair_keys(
    part: Part, queries: Rows, owners: IndexArray, rows: IndexArray
) -> FloatArray:
    """Return the exact keys of pairs of a query and a row of the part."""
    metric: Metric = part.index.metric
    keys = np.empty(len(owners))
    for chunk in row_slices(len(owners), _PAIRS):
        asked, local = np.unique(owners[chunk], return_inverse=True)
        x = metric.represent(queries[asked])
        keys[chunk] = metric.pair_keys(x, local, part.index.rows, rows[chunk])
    return metric.settle(keys)


def _joined(found: list[Ragged], sought: Lookup) -> Ragged:
    """Return the lists of several parts as one, cut off after k."""
    joined = found[0] if len(found) == 1 else _interleaved(found, sought.n_queries)
    return joined if sought.k is None else _first(joined, sought.k)


def _interleaved(found: list[Ragged], n_queries: int) -> Ragged:
    nothing = Ragged(
        np.zeros(n_queries + 1, np.intp), np.empty(0, np.intp), np.empty(0)
    )
    parts = [nothing, *found]
    owners = [np.repeat(np.arange(n_queries), np.diff(part.starts)) for part in parts]
    return _sorted(
        np.concatenate(owners),
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.keys for part in parts]),
        n_queries,
    )


def _sorted(
    owners: IndexArray, ranks: IndexArray, keys: FloatArray, n_queries: int
) -> Ragged:
    order = np.lexsort((ranks, keys, owners))
    starts = np.searchsorted(owners[order], np.arange(n_queries + 1))
    return Ragged(starts.astype(np.intp), ranks[order], keys[order])


def _first(lists: Ragged, k: int) -> Ragged:
    lengths = np.diff(lists.starts)
    if not len(lengths) or lengths.max() <= k:
        return lists
    place = np.arange(len(lists.keys)) - np.repeat(lists.starts[:-1], lengths)
    kept = place < k
    starts = np.concatenate([[0], np.cumsum(np.minimum(lengths, k))]).astype(np.intp)
    return Ragged(starts, lists.indices[kept], lists.keys[kept])
