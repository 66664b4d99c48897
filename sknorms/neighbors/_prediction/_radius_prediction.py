"""Predictions that listen to all rows within a radius."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, BoolArray, FloatArray, IndexArray
from sknorms.engine import working_bytes
from sknorms.neighbors._prediction._empty import NEAREST
from sknorms.neighbors._prediction._prediction import (
    BYTES_PER_NEIGHBOR,
    BYTES_PER_OUTPUT,
    Predictor,
)
from sknorms.neighbors._prediction._weights import WeightRule
from sknorms.neighbors._search import (
    Neighborhoods,
    NeighborLists,
    Queries,
    RadiusNeighborsMixin,
    Ragged,
    as_dtype,
    check_radius,
)

__all__ = ["RadiusPredictor"]

# How much longer the lists of the next block may be than those seen so far.
_ROOM_FOR_LONGER = 4


class RadiusPredictor(RadiusNeighborsMixin, Predictor):
    """Listens to all within a radius."""

    fallback: Any
    _adds_nearest: bool

    def _check_reach(self) -> None:
        """Check the radius, and whether the nearest row stands in for nobody."""
        check_radius(self.radius, larger_is_closer=self._index.larger_is_closer)
        self._adds_nearest = isinstance(self.fallback, str) and self.fallback == NEAREST

    def _neighborhoods(
        self, queries: Queries, n_outputs: int, *, closest_first: bool = False
    ) -> Iterator[Neighborhoods]:
        """Yield all within the radius of blocks of queries.

        How long the lists are shows only when they are there. The first block would fit
        if every row were a neighbour; later ones are up to twice as large each, as long
        as lists like those before would leave most of the room free.
        """
        rule = self._check_weight_rule()
        budget = working_bytes(self.working_memory) // 2
        output_bytes = BYTES_PER_OUTPUT * n_outputs
        longest, start = self.n_samples_fit_, 0
        step = max(1, budget // (BYTES_PER_NEIGHBOR * longest + output_bytes))
        seen = 1
        while start < len(queries):
            part = slice(start, min(start + step, len(queries)))
            block = replace(queries, rows=queries.rows[part], first=start)
            near = self._within_radius(block, rule, closest_first=closest_first)
            start = part.stop
            seen = max(seen, int(near.layout.lengths.max()))
            likely = min(_ROOM_FOR_LONGER * seen, longest)
            room = budget // (BYTES_PER_NEIGHBOR * likely + output_bytes)
            step = max(1, min(2 * step, room))
            yield near

    def _within_radius(
        self, queries: Queries, rule: WeightRule, *, closest_first: bool
    ) -> Neighborhoods:
        found = self._eligible(queries, closest_first=closest_first)
        if self._adds_nearest:
            found = self._with_nearest(queries, found)
        layout = Ragged(found.starts)
        weights = None
        if rule.needs_values:
            weights = rule(found.values.astype(np.float64), layout, queries.first)
        if self._sample_weight is not None:
            copies = self._sample_weight[found.indices]
            weights = copies if weights is None else copies * weights
        return Neighborhoods(layout, found.indices, weights, queries.first)

    def _eligible(self, queries: Queries, *, closest_first: bool) -> NeighborLists:
        """Return who is within the radius, but for weightless rows.

        These are left out before any rule sees them: their zero distance is none.
        """
        found = self._within(queries, None, by_value=closest_first)
        if self._sample_weight is None:
            return found
        return found.keep(self._sample_weight[found.indices] > 0)

    def _counts(
        self, indices: IndexArray, owners: IndexArray, queries: Queries
    ) -> BoolArray:
        """Return which rows may be neighbours of which queries."""
        counts = np.ones(indices.shape, dtype=np.bool_)
        if queries.are_training_rows:
            counts &= indices != owners + queries.first
        if self._sample_weight is not None:
            counts &= self._sample_weight[indices] > 0
        return counts

    def _with_nearest(self, queries: Queries, found: NeighborLists) -> NeighborLists:
        """Return lists in which the nearest row stands where nobody stood."""
        empty = np.flatnonzero(np.diff(found.starts) == 0)
        if not len(empty):
            return found
        values, indices, counts = self._nearest_that_count(queries, empty)
        lonely, place = counts.any(axis=1), counts.argmax(axis=1)[:, None]
        who = np.take_along_axis(indices, place, axis=1)[lonely, 0]
        how_far = np.take_along_axis(values, place, axis=1)[lonely, 0]
        at = found.starts[empty[lonely]]
        lengths = np.diff(found.starts)
        lengths[empty[lonely]] = 1
        return NeighborLists(
            np.concatenate([[0], np.cumsum(lengths)]).astype(np.intp),
            np.insert(found.indices, at, who),
            np.insert(found.values, at, as_dtype(how_far, queries.dtype)),
        )

    def _nearest_that_count(
        self, queries: Queries, chosen: IndexArray
    ) -> tuple[FloatArray, IndexArray, AnyArray]:
        """Return so many nearest rows that one may be a neighbour, and which may."""
        rows = queries.rows[chosen]
        # They were counted as answered when nobody was found within their radius.
        asked = replace(queries, rows=rows, are_training_rows=False, progress=None)
        k = 1
        while True:
            values, indices = self._index.nearest(asked, k, self._resources)
            counts = self._counts(indices, chosen[:, None], queries)
            if counts.any(axis=1).all() or k == self.n_samples_fit_:
                return values, indices, counts
            k = min(2 * k, self.n_samples_fit_)
