"""Sums of sparse rows in the order in which NumPy sums dense ones.

``np.add.reduce`` halves a long row until at most 128 elements are left (the first half
rounded down to a multiple of eight), adds those in eight interleaved lanes, joins the
lanes in pairs, and adds the few elements left over one by one. Zeros change nothing, so
following that tree for the stored elements alone gives the bits of the dense sum at the
cost of the stored elements. NumPy does not promise its order: `follows_numpy` checks it
on dense rows, once a row length, and where it differs rows are laid out instead.
"""

import functools
from dataclasses import dataclass

import numpy as np

from sknorms._typing import AnyArray, FloatArray, IndexArray

__all__ = ["follows_numpy", "sparse_row_sums"]

_LEAF = 128
_LANES = 8
# Rows by which NumPy's order is tried, and how many columns of each.
_TRIED_ROWS, _TRIED_COLUMNS = 4, 1 << 15


def sparse_row_sums(
    terms: FloatArray, columns: AnyArray, indptr: AnyArray, n_columns: int
) -> FloatArray:
    """Return the sum of non-negative terms of every CSR row with sorted columns."""
    tree = _Tree.of(n_columns)
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    leaf = np.searchsorted(tree.starts, columns, side="right") - 1
    group, first = _runs(rows, leaf)
    sums = tree.leaf_sums(terms, columns, leaf, group, len(first))
    row, leaf = rows[first], leaf[first]
    path, depth = tree.paths[leaf], tree.depths[leaf]
    # Join siblings level by level, the deepest first; a sum of two has no order.
    for level in range(tree.depths.max(), 0, -1):
        deep = depth == level
        path = np.where(deep, path >> 1, path)
        depth = np.where(deep, level - 1, depth)
        group, first = _runs(row, path)
        sums = _sum_groups(group, sums, len(first))
        row, path, depth = row[first], path[first], depth[first]
    total = np.zeros(len(indptr) - 1)
    total[row] = sums
    return total


@functools.lru_cache(maxsize=256)
def follows_numpy(n_columns: int) -> bool:
    """Whether NumPy sums rows of this length in the order described above."""
    generator = np.random.default_rng(n_columns)
    for _ in range(_TRIED_ROWS):
        columns = np.arange(n_columns)
        if n_columns > _TRIED_COLUMNS:
            # Of long rows the ends, and a few columns of most leaves: all would do no
            # more than take long.
            columns = np.sort(generator.choice(n_columns - 512, _TRIED_COLUMNS - 512))
            columns = np.r_[
                0:256, np.unique(columns) + 256, n_columns - 256 : n_columns
            ]
        # Elements of very different size, so that any other order shows.
        terms = np.exp2(generator.uniform(-60.0, 0.0, size=len(columns)))
        dense = np.zeros((2, n_columns))
        dense[:, columns] = terms
        indptr = np.array([0, len(columns)])
        ours = sparse_row_sums(terms, columns, indptr, n_columns)[0]
        if (np.add.reduce(dense, axis=-1) != ours).any():
            return False
    return True


def _runs(major: AnyArray, minor: AnyArray) -> tuple[IndexArray, IndexArray]:
    """Return the number of the run of equal pairs that each is in, and run starts."""
    starts = np.ones(len(major), dtype=bool)
    starts[1:] = (major[1:] != major[:-1]) | (minor[1:] != minor[:-1])
    return np.cumsum(starts) - 1, np.flatnonzero(starts)


def _sum_groups(group: AnyArray, terms: FloatArray, n_groups: int) -> FloatArray:
    """Add up the terms of every group, one by one in the order in which they come."""
    sums: FloatArray = np.bincount(group, terms, n_groups).astype(np.float64)
    return sums


@dataclass(frozen=True)
class _Tree:
    """How a row of some length is halved: leaves from left to right.

    A leaf's path is a one followed by its turns (0 left, 1 right) from the root.
    """

    starts: IndexArray
    sizes: IndexArray
    paths: IndexArray
    depths: IndexArray

    @classmethod
    @functools.lru_cache(maxsize=16)
    def of(cls, n_columns: int) -> "_Tree":
        """Halve all segments that are too long until none is."""
        starts, sizes = np.array([0]), np.array([n_columns])
        paths, depths = np.array([1]), np.array([0])
        while (long := sizes > _LEAF).any():
            left = sizes[long] // 2
            left -= left % _LANES
            repeats = np.where(long, 2, 1)
            right_half = np.flatnonzero(np.repeat(long, repeats))[1::2]
            left_half = right_half - 1
            starts, sizes = np.repeat(starts, repeats), np.repeat(sizes, repeats)
            paths, depths = np.repeat(paths, repeats), np.repeat(depths, repeats)
            starts[right_half] += left
            sizes[right_half] -= left
            sizes[left_half] = left
            paths[left_half] *= 2
            paths[right_half] = paths[left_half] + 1
            depths[left_half] += 1
            depths[right_half] += 1
        return cls(starts, sizes, paths, depths)

    def leaf_sums(
        self,
        terms: FloatArray,
        columns: AnyArray,
        leaf: IndexArray,
        group: IndexArray,
        n_groups: int,
    ) -> FloatArray:
        """Sum the terms of every group, the stored elements of one row and leaf."""
        place = columns - self.starts[leaf]
        whole = self.sizes - self.sizes % _LANES
        in_lane = place < whole[leaf]
        lane = group * _LANES + place % _LANES
        lanes = _sum_groups(lane[in_lane], terms[in_lane], n_groups * _LANES)
        r = lanes.reshape(n_groups, _LANES).T
        joined: FloatArray = ((r[0] + r[1]) + (r[2] + r[3])) + (
            (r[4] + r[5]) + (r[6] + r[7])
        )
        if in_lane.all():
            return joined
        over = np.concatenate([np.arange(n_groups), group[~in_lane]])
        return _sum_groups(over, np.concatenate([joined, terms[~in_lane]]), n_groups)
