"""Minimising a quadratic model plus a sum over groups of coefficients."""

import functools
import math
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.linear_model._penalties import Blocks
from sknorms.linear_model._problem import ScoreModel
from sknorms.linear_model._solvers._block_kernels import (
    sweep_blocks,
    sweep_dense_blocks,
    sweep_sparse_blocks,
)
from sknorms.linear_model._solvers._steps import Steps

__all__ = ["GroupSteps"]

# Up to as many coefficients, all products of their columns are made at once.
_MOST_IN_GRAM = 400
# What a product with a block of columns costs beside one with as much of a matrix.
_SPARSE = 4
# Columns whose products are made together, to keep a few of them, and elements.
_AT_ONCE = 64
_PIECE = 2**17
_MOST_IN_NEWTON = 800
# Points that are combined to extrapolate from.
_POINTS = 6


class GroupSteps(Steps):
    """Block coordinate descent, and Newton's method on the groups that are not zero.

    Coefficients are in the order of their groups.
    """

    def __init__(self, model: ScoreModel, penalty: Blocks) -> None:
        super().__init__(model, penalty)
        self._labels = np.repeat(np.arange(len(penalty.strength)), penalty.sizes)

    @functools.cached_property
    def _in_gram(self) -> bool:
        m, table = len(self._labels), self.model.patch.table
        if self.model.probabilities is not None:
            return True
        if sparse.issparse(table):
            return bool(m * m <= _SPARSE * table.nnz)
        return m <= max(_MOST_IN_GRAM, len(self.slopes) // 2)

    @functools.cached_property
    def _spectra(self) -> tuple[FloatArray, FloatArray, IndexArray]:
        """Eigenvalues and vectors of the diagonal blocks, and where vectors start."""
        starts, sizes = self.penalty.starts, self.penalty.sizes
        offsets = np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(sizes**2)])
        values, vectors = np.empty(starts[-1]), np.empty(offsets[-1])
        for size in np.unique(sizes):
            which = np.flatnonzero(sizes == size)
            members = starts[which, np.newaxis] + np.arange(size)
            found, turned = np.linalg.eigh(self._diagonal_blocks(members))
            values[members] = np.maximum(found, 0.0)
            places = offsets[which, np.newaxis] + np.arange(size**2)
            rows = np.ascontiguousarray(turned.transpose(0, 2, 1))
            vectors[places] = rows.reshape(len(which), size**2)
        return values, vectors, offsets.astype(np.intp)

    def _diagonal_blocks(self, members: IndexArray) -> FloatArray:
        if self._in_gram:
            gram = self.model.gram
            return gram[members[:, :, np.newaxis], members[:, np.newaxis, :]]
        table = self.model.patch.by_coefficient
        if not sparse.issparse(table):
            return self._products_of_rows(table.T, members)
        size = members.shape[1]
        blocks = []
        for part in row_slices(len(members), max(1, _AT_ONCE // size)):
            own = members[part]
            products = self.model.hessian(own.reshape(-1))
            whole = products.reshape(len(own), size, len(own), size)
            each = np.arange(len(own))
            blocks.append(whole[each, :, each, :])
        return np.concatenate(blocks)

    def _products_of_rows(self, rows: FloatArray, members: IndexArray) -> FloatArray:
        """Return products of columns that lie together in memory, as rows here."""
        model = self.model
        blocks = np.empty((*members.shape, members.shape[1]))
        roots = np.sqrt(model.bends[:, 0])
        step = max(1, _PIECE // (len(roots) * members.shape[1]))
        for part in row_slices(len(members), step):
            own = rows[members[part]] * roots
            np.matmul(own, own.transpose(0, 2, 1), out=blocks[part])
        along, follow = model.coupling[members, 0], model.follow[0, members]
        blocks += along[:, :, np.newaxis] * follow[:, np.newaxis, :]
        return blocks

    def sweep(self, n_sweeps: int, reduction: float) -> int:
        """Sweep over all groups; return how often."""
        part = self.penalty
        rest: Any = (part.starts, part.l1, part.strength, *self._spectra)
        if self._in_gram:
            start = (self.model.gram, self.w, self.g)
            rest = (*start, *rest, n_sweeps, reduction)
            return sweep_blocks(*rest)
        self._sweep_columns(rest, n_sweeps)
        self.g = self.model.patch.rmatvec(self.slopes)
        return n_sweeps

    @property
    def needs_slopes(self) -> bool:
        """Whether sweeps go over columns, and need the slopes of the scores."""
        return not self._in_gram

    def _sweep_columns(self, rest: tuple[Any, ...], n_sweeps: int) -> None:
        """Sweep over columns, and extrapolate from the points on the way."""
        model, table = self.model, self.model.patch.by_coefficient
        d = model.bends[:, 0] + np.zeros(len(self.slopes))
        if sparse.issparse(table):
            run: Any = sweep_sparse_blocks
            columns: tuple[Any, ...] = (table.data, table.indices, table.indptr)
        else:
            run, columns = sweep_dense_blocks, (table.T,)
        points = [self._point()]
        for _ in range(n_sweeps):
            w, q = self.w.copy(), self.slopes[:, 0].copy()
            ends = (model.coupling[:, 0], model.total, d, q, 1, 0.0)
            _, shift = run(*columns, w, *rest, *ends)
            self.w, self.slopes = w, (q + shift * d)[:, np.newaxis]
            points.append(self._point())
            if len(points) == _POINTS:
                self._extrapolate(np.stack(points), d)
                points = [self._point()]

    def _point(self) -> FloatArray:
        """Return coefficients and slopes in one row: both are affine in a point."""
        return np.concatenate([self.w, self.slopes[:, 0]])

    def _extrapolate(self, points: FloatArray, d: FloatArray) -> None:
        """Take Anderson's combination of points, if its objective is lower."""
        steps = np.diff(points[:, : len(self.w)], axis=0)
        products = steps @ steps.T
        products.flat[:: len(steps) + 1] += 1e-12 * np.trace(products)
        try:
            share = np.linalg.solve(products, np.ones(len(steps)))
        except np.linalg.LinAlgError:
            return
        if share.sum() == 0.0 or not np.isfinite(share).all():
            return
        mixed = (share / share.sum()) @ points[1:]
        w, q = mixed[: len(self.w)], mixed[len(self.w) :]
        if self._objective(w, q, d) < self._objective(self.w, self.slopes[:, 0], d):
            self.w, self.slopes = w, q[:, np.newaxis]

    def _objective(self, w: FloatArray, q: FloatArray, d: FloatArray) -> float:
        """Return the objective of the model but for a constant."""
        penalty: float = self.penalty.value(w)
        return 0.5 * float((q / d) @ q) + penalty

    @property
    def most_in_newton(self) -> float:
        """Where all products are not at hand, fewer coefficients than rows."""
        return math.inf if self._in_gram else _MOST_IN_NEWTON

    def smooth(self) -> BoolArray:
        """Tell which coefficients are in groups that are not zero."""
        norms = self.penalty.norms(self.w)
        inside: BoolArray = ((norms > 0.0) | (self.penalty.strength == 0.0))[
            self._labels
        ]
        return inside & (self.w != 0.0) if self.penalty.l1 else inside

    def slope(self, support: IndexArray) -> FloatArray:
        """Return the derivative of the penalty in some of them."""
        labels, unit, _ = self._directions(support)
        slope: FloatArray = self.penalty.l1 * np.sign(self.w[support])
        slope += self.penalty.strength[labels] * unit
        return slope

    def add_bend(self, support: IndexArray, hessian: FloatArray) -> None:
        """Add b / ||w|| (I - u u') of every group, u its direction, to a matrix."""
        labels, unit, ratio = self._directions(support)
        hessian.flat[:: len(support) + 1] += ratio
        first, counts = np.unique(labels, return_index=True, return_counts=True)[1:]
        for count in np.unique(counts):
            members = first[counts == count, np.newaxis] + np.arange(count)
            own = unit[members]
            across = members[:, :, np.newaxis], members[:, np.newaxis, :]
            hessian[across] -= (
                ratio[members, np.newaxis] * own[:, :, np.newaxis] * own[:, np.newaxis]
            )

    def bend(self, support: IndexArray, v: FloatArray) -> FloatArray:
        """Return b / ||w|| (v - u u'v) of every group."""
        labels, unit, ratio = self._directions(support)
        along = np.bincount(labels, unit * v, minlength=len(self.penalty.strength))
        return ratio * (v - unit * along[labels])

    def stop(self, old: FloatArray, new: FloatArray, support: IndexArray) -> None:
        """Stop groups at zero that turn round, and with an l1 part coefficients too."""
        if self.penalty.l1:
            new[new * old < 0.0] = 0.0
        labels, strength = self._labels[support], self.penalty.strength
        along = np.bincount(labels, new * old, minlength=len(strength))
        new[((along <= 0.0) & (strength > 0.0))[labels]] = 0.0

    def _directions(
        self, support: IndexArray
    ) -> tuple[IndexArray, FloatArray, FloatArray]:
        """Return labels, the directions of groups, and strengths over norms."""
        labels = self._labels[support]
        norms = self.penalty.norms(self.w)
        norms = np.where(norms > 0.0, norms, 1.0)
        return (
            labels,
            self.w[support] / norms[labels],
            (self.penalty.strength / norms)[labels],
        )
