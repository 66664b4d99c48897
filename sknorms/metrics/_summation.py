"""The order in which NumPy adds up a contiguous row."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sknorms._typing import IndexArray
from sknorms.metrics._table_kernels import LANES

__all__ = ["SummationTree"]

# NumPy adds up to this many terms without splitting them in two.
_LEAF = 128


@dataclass(frozen=True)
class SummationTree:
    """The order in which NumPy adds up a contiguous row of n terms.

    More than 128 terms are split in two at a multiple of eight; up to 128 are a leaf.

    Attributes
    ----------
    leaves : int64 array of shape (n_leaves + 1,)
        Where the leaves begin, and n.
    merges : int64 array of shape (n_leaves,)
        How many subtrees are complete after each leaf.
    owners : int64 array of shape (ceil(n / 8),)
        The leaf of every run of eight terms.
    paths : int64 array of shape (n_leaves,)
        The way from the root, left 0 and right 1, one bit a level from the top.
    height : int
        Levels of the tree.
    tail : int
        The terms from here on are left over of eights.
    """

    leaves: IndexArray
    merges: IndexArray
    owners: IndexArray
    paths: IndexArray
    height: int
    tail: int

    @classmethod
    def of(cls, n_terms: int) -> "SummationTree":
        """Return the tree of rows of a given length."""
        return _summation_tree(n_terms)


@functools.lru_cache(maxsize=8)
def _summation_tree(n_terms: int) -> SummationTree:
    split = list(_split(0, n_terms, ""))
    starts = np.array([start for start, _ in split], dtype=np.int64)
    height = max(len(path) for _, path in split)
    # A leaf completes one subtree for every step to the right at the end of its path.
    merges = [len(path) - len(path.rstrip("1")) for _, path in split]
    paths = [int(path.ljust(height, "0") or "0", 2) for _, path in split]
    owners = np.searchsorted(starts, np.arange(0, n_terms, LANES), side="right") - 1
    return SummationTree(
        leaves=np.append(starts, n_terms),
        merges=np.array(merges, dtype=np.int64),
        owners=owners.astype(np.int64),
        paths=np.array(paths, dtype=np.int64),
        height=height,
        tail=n_terms - n_terms % LANES,
    )


def _split(start: int, n_terms: int, path: str) -> Iterator[tuple[int, str]]:
    if n_terms <= _LEAF:
        yield start, path
        return
    half = n_terms // 2
    half -= half % LANES
    yield from _split(start, half, path + "0")
    yield from _split(start + half, n_terms - half, path + "1")
