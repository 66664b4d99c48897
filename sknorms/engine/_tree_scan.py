"""Searches that look rows up in a tree first, and make sure that nothing is missed."""

from dataclasses import dataclass

import numpy as np

from sknorms._arrays import row_slices
from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.engine._collect import TopK, WithinRadius
from sknorms.engine._corpus import QueryBlock
from sknorms.engine._plan import Task
from sknorms.engine._scan import Answer, NearestScan, RadiusScan
from sknorms.engine._stats import SearchStats
from sknorms.engine._tree import Tree

__all__ = ["NearestTreeScan", "RadiusTreeScan"]

# Where that does not tell enough, so many times more neighbours are looked up, until it
# is that many; what is still in doubt is scanned.
_MORE, _MOST = 4, 512


@dataclass(frozen=True)
class NearestTreeScan(NearestScan):
    """The k nearest of a block of queries, by a tree where it can tell.

    The tree's own order is never relied on. Its candidates are measured exactly; they
    are all there is if the last of them is farther away than any row may be whose key
    is at most the k-th smallest.
    """

    def __call__(self, task: Task) -> Answer[TopK]:
        """Answer one task."""
        block, tree = self.block(task.queries), _tree_of(self)
        points, errors = tree.queries(block.rows)
        top, stats = TopK(len(block), self.k), SearchStats()
        pending = np.arange(len(block))
        count = self.kept + Tree.EXTRA
        most = max(_MOST, 2 * count)
        while len(pending) and count <= most:
            sure = self._look_up(block, points, errors, pending, count, top, stats)
            pending = pending[~sure]
            count *= _MORE
        self._scan(block, pending, top, stats)
        top.sort()
        return Answer(task.queries, top, stats)

    def _scan(
        self, block: QueryBlock, pending: IndexArray, top: TopK, stats: SearchStats
    ) -> None:
        """Answer the queries that the tree leaves in doubt by scoring all rows."""
        if not len(pending):
            return
        scan, whole = self.prepared(), slice(0, self.corpus.n_rows)
        for part in row_slices(len(pending), self.plan.query_rows):
            found, work = scan.search(block.take(pending[part]), whole)
            top.replace(pending[part], found)
            stats.add(work)

    def _look_up(
        self,
        block: QueryBlock,
        points: FloatArray,
        errors: FloatArray,
        pending: IndexArray,
        count: int,
        top: TopK,
        stats: SearchStats,
    ) -> BoolArray:
        """Collect what is nearest to some queries; return which have all they need."""
        tree = _tree_of(self)
        count = min(count, tree.n_rows)
        distances, found = tree.nearest(points[pending], count, self.plan.n_jobs)
        rows, indices = np.repeat(pending, count), found.ravel()
        if self.admission is not None:
            admitted = self.admission.admits(block.numbers[rows], indices)
            rows, indices = rows[admitted], indices[admitted]
        top.clear(pending)
        top.add(rows, indices, block.pair_keys(self.corpus, rows, indices))
        stats.survivors += found.size
        stats.refinements += len(rows)
        thresholds = self.corpus.geometry.unsettle(top.thresholds[pending])
        radii = tree.radii(thresholds, errors[pending])
        # Infinite thresholds and what is not a number are never sure.
        beyond = distances[:, -1] > radii
        return beyond | (count == tree.n_rows)


@dataclass(frozen=True)
class RadiusTreeScan(RadiusScan):
    """All rows within the limits of a block of queries, among those the tree finds."""

    def __call__(self, task: Task) -> Answer[WithinRadius]:
        """Answer one task."""
        block, tree = self.block(task.queries), _tree_of(self)
        limits = self.limits[task.queries]
        inside, stats = WithinRadius(limits), SearchStats()
        points, errors = tree.queries(block.rows)
        radii = np.where(limits < 0, -1.0, tree.radii(limits, errors))
        counts = tree.counts(points, radii, self.plan.n_jobs)
        for part in _chunks(counts, self.plan.capacity):
            indices = tree.within(points[part], radii[part], self.plan.n_jobs)
            rows = np.repeat(np.arange(part.start, part.stop), counts[part])
            stats.survivors += len(rows)
            if self.admission is not None:
                admitted = self.admission.admits(block.numbers[rows], indices)
                rows, indices = rows[admitted], indices[admitted]
            stats.refinements += len(rows)
            inside.add(rows, indices, block.pair_keys(self.corpus, rows, indices))
        return Answer(task.queries, inside, stats)


def _tree_of(scan: "NearestScan | RadiusScan") -> Tree:
    if scan.corpus.tree is None:
        raise ValueError("this corpus has no tree.")
    return scan.corpus.tree


def _chunks(counts: IndexArray, capacity: int) -> list[slice]:
    """Cut queries into runs with about ``capacity`` entries in all, one at least."""
    ends = np.cumsum(counts)
    chunks, start = [], 0
    while start < len(counts):
        before = ends[start - 1] if start else 0
        stop = int(np.searchsorted(ends, before + capacity, side="right"))
        chunks.append(slice(start, max(stop, start + 1)))
        start = chunks[-1].stop
    return chunks
