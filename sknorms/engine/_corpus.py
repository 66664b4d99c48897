"""A corpus made ready for one geometry, and blocks of queries against it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.engine._geometry import Embedded, Embedding, Geometry
from sknorms.engine._packed import PackedRows
from sknorms.engine._strategy import Cheapest, Strategy, choose_bound
from sknorms.engine._tree import Tree

__all__ = ["Corpus", "QueryBlock", "as_stored"]

# Rows embedded at a time while preparing: their float64 copies stay in cache.
_PREPARE_BYTES = 1 << 20
# How many times the median an offset has to be to be an outlier.
_OUTLIER = 64.0


@dataclass(frozen=True)
class Corpus:
    """Rows to search in, with what a geometry prepares from them once.

    Attributes
    ----------
    geometry : Geometry
        The exact formula.
    rows : ndarray or CSR of shape (n, d)
        The stored values, in their storage dtype. Exact evaluation reads these.
    embedding : Embedding or None
        The bound, if the geometry has one for these rows.
    embedded : Embedded or None
        All rows embedded, or None when a block is embedded each time it is needed.
    tree : Tree or None
        Where rows are looked up first, if they are.
    whole : Embedding or None
        The bound by all columns, where the other one is by a few directions.
    """

    geometry: Geometry
    rows: Rows
    embedding: Embedding | None
    embedded: Embedded | None = field(repr=False)
    tree: Tree | None = field(default=None, repr=False)
    whole: Embedding | None = field(default=None, repr=False)

    @classmethod
    def prepare(
        cls,
        geometry: Geometry,
        rows: Rows,
        *,
        strategy: Strategy | None = None,
        keep: bool = True,
        k: int = 10,
    ) -> "Corpus":
        """Make a corpus ready.

        Parameters
        ----------
        geometry : Geometry
        rows : ndarray or CSR of shape (n, d)
        strategy : Strategy or None
            How to search; None takes the cheapest. Answers do not depend on it.
        keep : bool
            Whether to hold what is prepared in memory; nothing but the bound by all
            columns is prepared otherwise. CSR rows whose embedding is dense are never
            kept: that would densify them all.
        k : int
            Neighbours that are usually asked for.
        """
        whole = embedding = geometry.embedding(rows)
        tree = None
        if keep:
            chosen = Cheapest() if strategy is None else strategy
            embedding, tree = choose_bound(chosen, whole, rows, k)
        embedded = None
        kept = keep and tree is None
        if embedding is not None and kept and _may_keep(embedding, rows):
            embedded = _embed_all(embedding, rows)
        if embedding is None or not embedding.is_prefix:
            whole = None
        return cls(geometry, rows, embedding, embedded, tree, whole)

    def by_all_columns(self) -> "Corpus":
        """Return the corpus with rows that are made ready each time they are needed."""
        return Corpus(self.geometry, self.rows, self.whole, None)

    @property
    def algorithm(self) -> str:
        """How rows are searched: "kd_tree", "prefix" or "brute"."""
        if self.tree is not None:
            return "kd_tree"
        shortened = self.embedding is not None and self.embedding.is_prefix
        return "prefix" if shortened else "brute"

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.rows.shape[0])

    @cached_property
    def largest(self) -> float:
        """The largest finite offset of the embedded rows; infinite if not kept."""
        if self.embedded is None:
            return float(np.inf)
        offsets = self.embedded.numbers
        return float(np.max(offsets, initial=-np.inf, where=np.isfinite(offsets)))

    @cached_property
    def has_outliers(self) -> bool:
        """Whether the largest finite offset is far from the usual positive one."""
        if self.embedded is None:
            return False
        offsets = self.embedded.numbers
        usable = offsets[(offsets > 0) & np.isfinite(offsets)]
        return bool(usable.size and self.largest > _OUTLIER * np.median(usable))

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.rows.shape[1])

    @property
    def width(self) -> int:
        """Columns of an embedded row, or of a stored one where there is no bound."""
        if self.embedding is None:
            return self.n_features
        return self.embedding.width(self.n_features)

    @property
    def stays_sparse(self) -> bool:
        """Whether rows are CSR and are scored as CSR."""
        keeps = self.embedding is not None and self.embedding.keeps_sparse
        return keeps and sparse.issparse(self.rows)

    @property
    def terms(self) -> int:
        """How many terms the score of a pair has, on average at most."""
        if self.stays_sparse:
            return int(self.rows.nnz) // max(1, self.n_rows)
        return self.width

    def embed(self, selection: Any) -> Embedded:
        """Return embedded rows, kept ones if there are."""
        if self.embedded is not None:
            return self.embedded.take(selection)
        if self.embedding is None:
            raise ValueError("this geometry has no bound; nothing to embed.")
        return self.embedding.corpus(self.rows[selection])


@dataclass(frozen=True)
class QueryBlock:
    """Consecutive queries, prepared.

    Attributes
    ----------
    rows : ndarray or CSR of shape (n, d)
        Stored values, of the same kind (dense or CSR) as the corpus.
    represented : float64 array or CSR of shape (n, r) or None
        What the exact formula takes; None for a geometry that has only blocks.
    embedded : Embedded or None
        What the bound takes.
    numbers : intp array of shape (n,)
        The number of each query among all of them.
    """

    rows: Rows
    represented: Rows | None
    embedded: Embedded | None
    numbers: IndexArray

    @classmethod
    def prepare(
        cls, corpus: Corpus, queries: Rows, block: slice, *, offset: int = 0
    ) -> "QueryBlock":
        """Cut a block out of all queries, numbered from ``offset``; make it ready."""
        rows = as_stored(queries[block], corpus.rows)
        geometry, embedding = corpus.geometry, corpus.embedding
        return cls(
            rows=rows,
            represented=geometry.represent_queries(rows)
            if geometry.has_pairs
            else None,
            embedded=None
            if embedding is None
            else embedding.queries(rows).turned_over(),
            numbers=np.arange(block.start, block.start + rows.shape[0]) + offset,
        )

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def by(self, embedding: Embedding | None) -> "QueryBlock":
        """Return these queries for another bound."""
        embedded = None if embedding is None else embedding.queries(self.rows)
        return replace(self, embedded=embedded)

    def take(self, selection: IndexArray) -> "QueryBlock":
        """Return the selected queries."""
        own, bound = self.represented, self.embedded
        return QueryBlock(
            self.rows[selection],
            None if own is None else own[selection],
            None if bound is None else bound.take(selection),
            self.numbers[selection],
        )

    def pair_keys(
        self,
        corpus: Corpus,
        rows: IndexArray,
        indices: IndexArray,
        limits: FloatArray | None = None,
    ) -> FloatArray:
        """Return the exact keys of pairs (row of this block, row of the corpus).

        Infinity may stand for a key beyond the limit of its query.
        """
        if self.represented is None:
            raise ValueError("this geometry evaluates whole blocks, not single pairs.")
        geometry = corpus.geometry
        keys = geometry.pair_keys(self.represented, rows, corpus.rows, indices, limits)
        return geometry.settle(keys)


def as_stored(block: Rows, like: Rows) -> Rows:
    """Return a block of rows dense or CSR, whichever ``like`` is."""
    if sparse.issparse(like):
        return block if sparse.issparse(block) else sparse.csr_array(block)
    return block.toarray() if sparse.issparse(block) else block


def _may_keep(embedding: Embedding, rows: Rows) -> bool:
    return embedding.keeps_sparse or not sparse.issparse(rows)


def _embed_all(embedding: Embedding, rows: Rows) -> Embedded:
    n_rows, n_features = rows.shape
    if sparse.issparse(rows):
        return _embed_all_sparse(embedding, rows)
    vectors = embedding.room(n_rows, n_features)
    offsets = np.empty(n_rows, dtype=np.float32)
    gaps = np.empty(n_rows, dtype=np.float32) if embedding.has_gaps else None
    step = max(1, _PREPARE_BYTES // (8 * max(1, n_features)))
    if isinstance(vectors, PackedRows):
        # Those are written in whole blocks, however wide they are.
        step = max(step - step % vectors.lanes, vectors.lanes)
    for block in row_slices(n_rows, step):
        part = embedding.corpus(rows[block])
        vectors[block] = part.rows
        offsets[block] = part.numbers
        if gaps is not None:
            gaps[block] = part.gaps
    return Embedded(vectors, offsets, gaps)


def _embed_all_sparse(embedding: Embedding, rows: Rows) -> Embedded:
    """Embed CSR rows in blocks: only values change, so the structure is shared."""
    values = np.empty(rows.nnz, dtype=np.float32)
    offsets = np.empty(rows.shape[0], dtype=np.float32)
    row_bytes = 8 * (1 + rows.nnz // max(1, rows.shape[0]))
    for block in row_slices(rows.shape[0], max(1, _PREPARE_BYTES // row_bytes)):
        part = embedding.corpus(rows[block])
        values[rows.indptr[block.start] : rows.indptr[block.stop]] = part.rows.data
        offsets[block] = part.numbers
    structure = (values, rows.indices, rows.indptr)
    return Embedded(sparse.csr_array(structure, shape=rows.shape), offsets)
