"""Whom a prediction listens to, and how much: the k nearest, or all within a radius."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import check_array

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray
from sknorms._validation import first_rows
from sknorms.engine import working_bytes
from sknorms.neighbors._prediction._weights import (
    WeightRule,
    get_weight_rule,
    share_of_copies,
)
from sknorms.neighbors._search import (
    KNeighborsMixin,
    Neighborhoods,
    NeighborsBase,
    Queries,
    Ragged,
    Regular,
    check_n_neighbors,
    nearest_values,
)

__all__ = [
    "BYTES_PER_NEIGHBOR",
    "BYTES_PER_OUTPUT",
    "NearestPredictor",
    "Predictor",
    "check_sample_weight",
]

# Sums of weights such as 0.1 miss a whole number by their rounding.
_ROUNDING = 1e-12
# Values, indices, weights and what is made of them on the way to a prediction.
BYTES_PER_NEIGHBOR = 160
# What a query is to get, and up to three tables like it on the way there.
BYTES_PER_OUTPUT = 32


def check_sample_weight(sample_weight: Any, n_rows: int) -> FloatArray | None:
    """Return one finite weight of at least zero a row, or None for equal weights."""
    if sample_weight is None:
        return None
    weights: FloatArray = check_array(
        np.atleast_1d(np.asarray(sample_weight)),
        ensure_2d=False,
        allow_nd=True,
        dtype=np.float64,
        input_name="sample_weight",
    )
    if weights.shape != (n_rows,):
        raise ValueError(
            f"sample_weight must have one weight a row, shape ({n_rows},); got shape "
            f"{weights.shape}."
        )
    if (weights < 0).any():
        raise ValueError(
            "sample_weight must be at least zero; got negative weights in "
            f"{first_rows(weights < 0)}. A row is left out by weight zero."
        )
    if not weights.any():
        raise ValueError(
            "sample_weight is zero for every row; leave at least one row in."
        )
    return weights.copy()


class Predictor(NeighborsBase, ABC):
    """What every predictor has: a weight rule, sample weights, neighbourhoods."""

    weights: Any
    _sample_weight: FloatArray | None

    def _check_weight_rule(self) -> WeightRule:
        rule = get_weight_rule(self.weights)
        if rule.needs_distances and self._index.larger_is_closer:
            raise ValueError(
                'weights="distance" is one over the distance, but metric '
                f"{self.effective_metric_!r} is a similarity. Pass a callable that "
                "turns similarities into weights, such as weights=lambda s: "
                "numpy.maximum(s, 0)."
            )
        return rule

    @abstractmethod
    def _neighborhoods(
        self, queries: Queries, n_outputs: int, *, closest_first: bool = False
    ) -> Iterator[Neighborhoods]:
        """Yield neighbours and weights of blocks of queries, in order.

        A block is as large as the memory budget allows when each query is to get
        ``n_outputs`` numbers. Whoever needs the neighbours ordered by (closeness,
        index) asks for ``closest_first``.
        """


class NearestPredictor(KNeighborsMixin, Predictor):
    """Listens to the k nearest."""

    _chooses_metric = True

    def _neighborhoods(
        self, queries: Queries, n_outputs: int, *, closest_first: bool = False
    ) -> Iterator[Neighborhoods]:
        """Yield the k nearest of blocks of queries; they always come closest first."""
        del closest_first
        rule = self._check_weight_rule()
        k = check_n_neighbors(self.n_neighbors)
        query_bytes = BYTES_PER_NEIGHBOR * k + BYTES_PER_OUTPUT * n_outputs
        step = max(1, working_bytes(self.working_memory) // (2 * query_bytes))
        for part in row_slices(len(queries), step):
            block = replace(queries, rows=queries.rows[part], first=part.start)
            if self._sample_weight is not None:
                yield self._nearest_copies(block, k, rule, self._sample_weight)
            else:
                values, indices = nearest_values(self, block, k)
                layout = Regular(*indices.shape)
                weights = (
                    rule(values.ravel(), layout, block.first)
                    if rule.needs_values
                    else None
                )
                yield Neighborhoods(layout, indices.ravel(), weights, block.first)

    def _nearest_copies(
        self, queries: Queries, k: int, rule: WeightRule, sample_weight: FloatArray
    ) -> Neighborhoods:
        """Return enough neighbours to hold k copies, each weighted by its share."""
        available = self.n_samples_fit_ - queries.are_training_rows
        wanted = k
        while True:
            found = min(wanted, available)
            values, indices = queries.nearest(self._index, found, self._resources)
            copies = sample_weight[indices]
            enough = copies.sum(axis=1) >= k * (1 - _ROUNDING)
            if enough.all() or found == available:
                break
            wanted *= 2
            queries = replace(queries, progress=None)  # answered already
        _require_enough_copies(enough, copies, k)
        share = share_of_copies(copies, k)
        counts = share > 0
        # The rule must not see who does not count: a zero distance there is none.
        first = counts.argmax(axis=1)[:, None]
        seen = np.where(counts, values, np.take_along_axis(values, first, axis=1))
        layout = Regular(*indices.shape)
        weights = share * rule(seen.ravel(), layout, queries.first).reshape(share.shape)
        # How many more were looked at depends on the other queries of the block.
        starts = np.concatenate([[0], np.cumsum(counts.sum(axis=1))]).astype(np.intp)
        return Neighborhoods(
            Ragged(starts), indices[counts], weights[counts], queries.first
        )


def _require_enough_copies(enough: Any, copies: FloatArray, k: int) -> None:
    if not enough.all():
        total = copies.sum(axis=1).min()
        raise ValueError(
            f"Expected n_neighbors <= the total of sample_weight, but n_neighbors = "
            f"{k} and the weights add up to {total:.6g}. A row of weight w counts as w "
            "copies of it: scale the weights to an average of one, or ask for fewer "
            "neighbors."
        )
