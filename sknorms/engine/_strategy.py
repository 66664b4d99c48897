"""How a corpus is searched: by all columns, by a prefix, by a tree, or what is best."""

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from scipy import sparse

from sknorms._arrays import some_rows
from sknorms._typing import Rows
from sknorms.engine._choice import scoring_work, shortest_work
from sknorms.engine._geometry import Embedding
from sknorms.engine._product import ProductEmbedding
from sknorms.engine._tree import Tree

__all__ = ["AllColumns", "Cheapest", "KDTree", "Prefix", "Strategy", "choose_bound"]

# Trees are tried for tables of at most so many columns and at least so many rows.
_MOST_TREE_COLUMNS, _FEWEST_TREE_ROWS = 12, 1 << 11
# Corpus rows that are looked for to see how long it takes.
_TRIED = 32


class Strategy(ABC):
    """What is prepared from a corpus; the answers are the same whatever it is."""

    @abstractmethod
    def choose(
        self, embedding: Embedding, rows: Rows, k: int
    ) -> tuple[Embedding, Tree | None]:
        """Return the bound to use, and a tree if there is to be one.

        Parameters
        ----------
        embedding : Embedding
            The bound by all columns.
        rows : ndarray of shape (n, d)
        k : int
            Neighbours that are usually asked for.
        """


@dataclass(frozen=True)
class AllColumns(Strategy):
    """Score all pairs by all columns."""

    def choose(
        self, embedding: Embedding, rows: Rows, k: int
    ) -> tuple[Embedding, Tree | None]:
        """Return the best bound by all columns."""
        if isinstance(embedding, ProductEmbedding):
            return shortest_work(embedding, rows, k, prefix=False), None
        return embedding.pack(rows, k), None


@dataclass(frozen=True)
class Prefix(Strategy):
    """Score all pairs by a few directions, where the bound is a product."""

    def choose(
        self, embedding: Embedding, rows: Rows, k: int
    ) -> tuple[Embedding, Tree | None]:
        """Return the best bound by a prefix."""
        if not isinstance(embedding, ProductEmbedding):
            raise _no_prefix()
        return shortest_work(embedding, rows, k, whole=False), None


@dataclass(frozen=True)
class KDTree(Strategy):
    """Look rows up in a k-d tree, where the bound has a space for one."""

    def choose(
        self, embedding: Embedding, rows: Rows, k: int
    ) -> tuple[Embedding, Tree | None]:
        """Return a tree if there can be one."""
        del k
        space = embedding.tree_space()
        return embedding, None if space is None else Tree.plant(space, rows)


@dataclass(frozen=True)
class Cheapest(Strategy):
    """Estimate which of the others is fastest."""

    def choose(
        self, embedding: Embedding, rows: Rows, k: int
    ) -> tuple[Embedding, Tree | None]:
        """Return a tree if it is faster than scores, else the least work in scores."""
        width = embedding.width(rows.shape[1])
        if width <= _MOST_TREE_COLUMNS and rows.shape[0] >= _FEWEST_TREE_ROWS:
            _, tree = KDTree().choose(embedding, rows, k)
            scores = scoring_work(width) * rows.shape[0]
            if tree is not None and _tree_work(tree, rows, k) < scores:
                return embedding, tree
        if isinstance(embedding, ProductEmbedding):
            return shortest_work(embedding, rows, k), None
        return embedding.pack(rows, k), None


def _tree_work(tree: Tree, rows: Rows, k: int) -> float:
    """Return how many nanoseconds a query takes in a tree, the better of two tries."""
    points, _ = tree.queries(rows[some_rows(rows.shape[0], _TRIED)])
    count = min(k + Tree.EXTRA, tree.n_rows)
    tries = []
    for _ in range(2):
        start = time.perf_counter_ns()
        tree.nearest(points, count, 1)
        tries.append(time.perf_counter_ns() - start)
    return min(tries) / _TRIED


def choose_bound(
    strategy: Strategy, embedding: Embedding | None, rows: Rows, k: int
) -> tuple[Embedding | None, Tree | None]:
    """Return what a strategy chooses; CSR rows are always scored by all columns."""
    if embedding is None or sparse.issparse(rows):
        return embedding, None
    return strategy.choose(embedding, rows, k)


def _no_prefix() -> ValueError:
    return ValueError(
        "algorithm='prefix' shortens products of rows, and no product bounds this "
        "metric; set algorithm='auto'."
    )
