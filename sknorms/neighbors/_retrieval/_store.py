"""Rows that come and go, in blocks that are rebuilt seldom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._ids import hashable
from sknorms._typing import AnyArray, BoolArray, IndexArray, Rows
from sknorms._validation import STORAGE_DTYPES, ParameterError, output_dtype
from sknorms.metrics import Metric
from sknorms.neighbors._retrieval._admissions import GroupCodes
from sknorms.neighbors._retrieval._labels import Labels, as_labels
from sknorms.neighbors._search import EffectiveMetric, MetricIndex, own_copy

__all__ = ["Block", "Part", "Store"]

# A block is merged into the one before it until that one is this many times as large:
# every row is then copied and prepared O(log n) times over any number of additions.
_GROWTH = 4
# Removed rows are dropped once they are more than this share of a block.
_MOST_REMOVED = 0.25


@dataclass(frozen=True, eq=False)
class Part:
    """Rows to search, and what the store calls them.

    Attributes
    ----------
    index : MetricIndex
    ranks : intp array of shape (n_part,)
        Position of each row among all rows of the store, ascending over open rows.
    open_rows : bool array of shape (n_part,) or None
        Which rows may be found; None for all of them.
    """

    index: MetricIndex
    ranks: IndexArray
    open_rows: BoolArray | None

    @property
    def n_open(self) -> int:
        """How many rows may be found."""
        if self.open_rows is None:
            return self.index.n_rows
        return int(np.count_nonzero(self.open_rows))

    def narrowed(self) -> "Part":
        """Return a part of the open rows alone."""
        if self.open_rows is None:
            return self
        kept = np.flatnonzero(self.open_rows)
        index = MetricIndex(self.index.metric, self.index.rows[kept])
        return Part(index, self.ranks[kept], None)


@dataclass(frozen=True, eq=False)
class Block:
    """Rows that were prepared together, and which of them are still there.

    Attributes
    ----------
    index : MetricIndex
    labels : Labels
    alive : bool array of shape (n,)
    """

    index: MetricIndex
    labels: Labels
    alive: BoolArray

    @classmethod
    def of(cls, metric: Metric, rows: Rows, labels: Labels) -> "Block":
        """Return a block of rows that are all there."""
        return cls(MetricIndex(metric, rows), labels, np.ones(len(labels), np.bool_))

    @property
    def n_rows(self) -> int:
        """Number of stored rows, removed ones included."""
        return len(self.alive)

    @cached_property
    def n_alive(self) -> int:
        """Number of rows that are there."""
        return int(np.count_nonzero(self.alive))

    @property
    def rows(self) -> Rows:
        """The rows that are there."""
        if self.n_alive == self.n_rows:
            return self.index.rows
        return self.index.rows[np.flatnonzero(self.alive)]

    @property
    def kept_labels(self) -> Labels:
        """The labels of the rows that are there."""
        if self.n_alive == self.n_rows:
            return self.labels
        return self.labels.take(np.flatnonzero(self.alive))

    def places(self, label: Any) -> list[int]:
        """Return where rows of an id are."""
        known = self.labels.places.get(label, ())
        return [place for place in known if self.alive[place]]

    def without(self, places: list[int]) -> "Block":
        """Return the block with some rows removed."""
        if not places:
            return self
        alive = self.alive.copy()
        alive[places] = False
        return replace(self, alive=alive)


@dataclass(frozen=True, eq=False)
class Store:
    """All rows, in order of arrival; every change makes a new store.

    Attributes
    ----------
    declared : EffectiveMetric
        As the constructor parameters say it.
    unlearned : EffectiveMetric
        With the labels in the columns of data frames, if it reads such.
    effective : EffectiveMetric
        With what it learnt from the rows when the store was last settled.
    blocks : tuple of Block
    n_added : int
        Rows that ever arrived.
    dtype : dtype
        Storage dtype that holds the values of all rows that ever arrived.
    settled : bool
        Whether blocks are few and the metric has learnt from these very rows.
    """

    declared: EffectiveMetric
    unlearned: EffectiveMetric
    effective: EffectiveMetric
    blocks: tuple[Block, ...]
    n_added: int
    dtype: "np.dtype[Any]"
    settled: bool = False

    @classmethod
    def fit(
        cls,
        declared: EffectiveMetric,
        unlearned: EffectiveMetric,
        rows: Rows,
        labels: Labels,
    ) -> "Store":
        """Start with some rows, and prepare them now."""
        stored = own_copy(unlearned.record.check_rows(rows))
        learned = unlearned.learn(stored)
        block = Block.of(learned.record, stored, labels)
        _ = block.index.corpus
        n_rows, dtype = len(labels), rows.dtype
        return cls(declared, unlearned, learned, (block,), n_rows, dtype, True)

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def n_rows(self) -> int:
        """Number of rows that are there."""
        return sum(block.n_alive for block in self.blocks)

    @property
    def metric(self) -> Metric:
        """The record that rows are compared by."""
        return self.effective.record

    @property
    def output_dtype(self) -> "np.dtype[Any]":
        """The dtype of values between these rows and others like them."""
        return output_dtype(np.empty(0, self.dtype))

    @cached_property
    def labels(self) -> Labels:
        """The labels of the rows that are there."""
        return Labels.join([block.kept_labels for block in self.blocks])

    @cached_property
    def groups(self) -> GroupCodes | None:
        """The groups of the rows that are there, if they have any."""
        groups = self.labels.groups
        return None if groups is None else GroupCodes.read(groups)

    def extended(self, X: Any) -> EffectiveMetric:
        """Return the unlearned metric with the labels in a further data frame."""
        record = self.unlearned.record
        if record is self.declared.record:
            return self.unlearned  # it reads no labels, or was told which there are
        return self.declared.with_record(record.extend_table(X))

    def add(self, unlearned: EffectiveMetric, rows: Rows, labels: Labels) -> "Store":
        """Append rows; nothing is prepared before the next search.

        ``unlearned`` is what `extended` returned for them.
        """
        self.blocks[0].labels.check_same_kind(labels)
        stored = unlearned.record.check_rows(rows)
        stored = _like(stored, self.blocks[0].index.rows)
        learns = _learns(unlearned.record)
        return replace(
            self,
            unlearned=unlearned,
            effective=self.effective if learns else unlearned,
            blocks=(*self.blocks, Block.of(unlearned.record, stored, labels)),
            n_added=self.n_added + len(labels),
            dtype=_common_dtype([self.dtype, rows.dtype]),
            settled=False,
        )

    def remove(self, ids: Any) -> "Store":
        """Remove the row of each id; none if one of them cannot be."""
        wanted = list(dict.fromkeys(hashable(self._requested(ids))))
        found = [[block.places(label) for label in wanted] for block in self.blocks]
        counts = [sum(map(len, places)) for places in zip(*found, strict=True)]
        _require_one_each(wanted, counts)
        blocks = [
            block.without([place for places in mine for place in places])
            for block, mine in zip(self.blocks, found, strict=True)
        ]
        return replace(self, blocks=tuple(blocks), settled=not wanted and self.settled)

    def _requested(self, ids: Any) -> AnyArray:
        known = self.blocks[0].labels.ids
        single = np.ndim(ids) == 0 and not isinstance(ids, set | frozenset | dict)
        asked = as_labels("ids", [ids] if single else ids)
        return asked.astype(known.dtype) if known.dtype.kind in "Mm" else asked

    @property
    def rows(self) -> Rows:
        """All rows that are there, in order."""
        return _stacked([block.rows for block in self.blocks if block.n_alive])

    def settle(self) -> "Store":
        """Return the store ready for a search, learnt parameters included."""
        if self.settled:
            return self
        if not self.n_rows or not _learns(self.unlearned.record):
            return replace(self, blocks=tuple(self._compacted()), settled=True)
        rows = self.rows
        effective = self.unlearned.learn(rows)
        block = Block.of(effective.record, rows, self.labels)
        return replace(self, effective=effective, blocks=(block,), settled=True)

    def _compacted(self) -> Iterator[Block]:
        """Yield blocks that shrink at least by `_GROWTH`, never none."""
        stack: list[list[Block]] = []
        for block in self.blocks:
            if block.n_alive:
                stack.append([block])
            while len(stack) > 1 and _size(stack[-2]) <= _GROWTH * _size(stack[-1]):
                top = stack.pop()
                stack[-1] += top
        for blocks in stack or [list(self.blocks)]:
            yield _merged(blocks, self.effective.record)

    @cached_property
    def whole(self) -> list[Part]:
        """All rows, as `parts`."""
        return self.parts(None)

    def parts(self, mask: BoolArray | None) -> list[Part]:
        """Return what to search.

        Parameters
        ----------
        mask : bool array of shape (n_rows,) or None
            Which rows may be found by any query.
        """
        found, first = [], 0
        for block in self.blocks:
            ranks = first + np.cumsum(block.alive) - 1
            open_rows = block.alive
            if mask is not None:
                open_rows = block.alive.copy()
                open_rows[block.alive] = mask[first : first + block.n_alive]
            first += block.n_alive
            if open_rows.any():
                every = bool(open_rows.all())
                found.append(Part(block.index, ranks, None if every else open_rows))
        return found


def _size(blocks: Sequence[Block]) -> int:
    return sum(block.n_alive for block in blocks)


def _learns(metric: Metric) -> bool:
    """Whether a metric may take parameters from the rows that it is fitted on."""
    params = metric.params
    return any(params[name] is None for name in metric.learned)


def _merged(blocks: Sequence[Block], metric: Metric) -> Block:
    """Return one block of the rows that are there; a single one may stay as it is."""
    first = blocks[0]
    removed = first.n_rows - first.n_alive
    if len(blocks) == 1 and removed <= _MOST_REMOVED * first.n_rows:
        return first
    labels = Labels.join([block.kept_labels for block in blocks])
    return Block.of(metric, _stacked([block.rows for block in blocks]), labels)


def _stacked(parts: list[Rows]) -> Rows:
    if len(parts) == 1:
        return parts[0]
    dtype = _common_dtype([part.dtype for part in parts])
    if sparse.issparse(parts[0]):
        return sparse.vstack([part.astype(dtype) for part in parts], format="csr")
    return np.concatenate(parts, dtype=dtype)


def _common_dtype(dtypes: "list[np.dtype[Any]]") -> "np.dtype[Any]":
    """Return the storage dtype that holds the values of several."""
    common = np.result_type(*dtypes)
    return common if common in STORAGE_DTYPES else np.dtype(np.float64)


def _like(rows: Rows, stored: Rows) -> Rows:
    """Return a copy of rows, dense or CSR as the stored ones are."""
    if sparse.issparse(stored):
        return type(stored)(rows, copy=True)
    dense = rows.toarray() if sparse.issparse(rows) else rows
    return np.array(dense, order="C")


def _require_one_each(ids: list[Any], counts: list[int]) -> None:
    unknown = [label for label, count in zip(ids, counts, strict=True) if not count]
    if unknown:
        raise ParameterError(
            f"ids to remove must belong to a row; got {_some(unknown)}, which no row "
            "has (or none any more). `ids_` lists those there are."
        )
    shared = [label for label, count in zip(ids, counts, strict=True) if count > 1]
    if shared:
        raise ParameterError(
            f"ids to remove must belong to one row each; got {_some(shared)}, which "
            "several rows share. Fit with ids that tell the rows apart."
        )


def _some(labels: list[Any], limit: int = 5) -> str:
    more = f", ... ({len(labels)} in all)" if len(labels) > limit else ""
    return ", ".join(map(repr, labels[:limit])) + more
