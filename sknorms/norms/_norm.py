"""What a norm is: one record with its value, dual, prox and projection."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import output_dtype
from sknorms.norms._layout import Axis, SliceLayout, as_array, as_table, narrow
from sknorms.norms._scaled import ScaledNorms

__all__ = ["Norm"]


class Norm(ABC):
    r"""A norm: immutable, hashable, picklable.

    A subclass says how to measure, shrink (prox) and project a batch of slices in
    float64; axes, dtypes, points inside the ball and zero steps are handled here.
    Everything is right from the smallest subnormal to the largest finite number.

    Notes
    -----
    With :math:`B = \{z : \|z\| \le 1\}` the unit ball and :math:`t, r \ge 0`,

    .. math::
        \|y\|_* = \max_{z \in B} \langle y, z \rangle, \qquad
        \operatorname{prox}_{t\|\cdot\|}(x) = \arg\min_z
        \tfrac12 \|z - x\|_2^2 + t \|z\|, \qquad
        P_{rB}(x) = \arg\min_{z \in rB} \tfrac12 \|z - x\|_2^2,

    tied together by :math:`x = \operatorname{prox}_{t\|\cdot\|}(x) + P_{tB_*}(x)`
    (Moreau, 1965).
    """

    #: How many axes one slice has: 1 for vectors, 2 for matrices.
    core_ndim: ClassVar[int] = 1
    #: Whether the prox step may differ from element to element.
    elementwise_step: ClassVar[bool] = False
    #: By how many eps of the dtype a projected point may exceed the radius, and by how
    #: many float64 eps more for each of its elements.
    slack: ClassVar[tuple[float, float]] = (2.0, 0.0)

    @abstractmethod
    def dual(self) -> "Norm":
        """Return the dual norm."""

    @abstractmethod
    def scaled_slices(self, slices: AnyArray) -> ScaledNorms:
        """Return the norm of each slice, as a number of ordinary size and a scale."""

    @abstractmethod
    def prox_slices(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Return the prox of slices whose dual norm exceeds their positive step."""

    @abstractmethod
    def project_slices(self, slices: FloatArray, radius: FloatArray) -> FloatArray:
        """Return the projection of slices outside the ball of positive radius."""

    @abstractmethod
    def measure_table(self, table: Any) -> FloatArray:
        """Return the norm of each row of a 2-D array or CSR, float64."""

    def measure_slices(self, slices: AnyArray) -> FloatArray:
        """Return the norm of each slice, float64 of shape (n_slices,)."""
        return self.scaled_slices(slices).values

    def value(self, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the norm of ``x``, or of its slices along ``axis``.

        Parameters
        ----------
        x : array-like
            Real or complex (measured by modulus), any dtype. NaN anywhere in a slice
            gives NaN; else infinity gives infinity. An empty slice has norm 0.
        axis : int, tuple of int or None, default=None
            The axes that make up one vector (all by default) or matrix (the last two).
        keepdims : bool, default=False
            Whether reduced axes stay with length one.

        Returns
        -------
        scalar or array
            float32 for float32 and float16 input, else float64.
        """
        array = as_array(x, complex_ok=True)
        layout = SliceLayout.of(array.shape, axis, self.core_ndim)
        slices = layout.gather(array)
        if array.dtype.kind == "c":
            slices = self._real_slices(slices)
        measured = narrow(self.measure_slices(slices), _real_part(array))
        return layout.reduced(measured, keepdims)

    def rows(self, X: Any) -> AnyArray:
        """Return the norm of every row of a table.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_rows, n_features)
            One vector a row.

        Returns
        -------
        array of shape (n_rows,)
            float32 for float32 and float16 input, else float64.
        """
        table = as_table(X)
        norms: AnyArray = narrow(self.measure_table(table), table)
        return norms

    def dual_value(self, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        """Return the dual norm of ``x``; parameters are those of `value`."""
        return self.dual().value(x, axis, keepdims)

    def prox(self, x: Any, step: Any, axis: Axis = None) -> AnyArray:
        """Return the proximal point of ``step`` times the norm.

        Parameters
        ----------
        x : array-like
            Real numbers.
        step : float or array-like
            At least 0; infinity gives 0. One number a slice (the shape of ``x`` without
            the axes, or with them of length one); for the l1 norm also one an element.
        axis : int, tuple of int or None, default=None
            The axes of one slice, as in `value`.

        Returns
        -------
        array of the shape of x
            float32 for float32 and float16 input, else float64.

        Raises
        ------
        ValueError
            If a step is negative or NaN, or its shape does not fit.
        """
        array = as_array(x)
        layout = SliceLayout.of(array.shape, axis, self.core_ndim)
        slices = layout.widen(array)
        if self.elementwise_step:
            moved = self.prox_slices(slices, layout.per_element("step", step))
        else:
            moved = self.shrink(slices, layout.per_slice("step", step))
        restored: AnyArray = narrow(layout.restore(moved), array)
        return restored

    def project(self, x: Any, radius: Any, axis: Axis = None) -> AnyArray:
        """Return the nearest point of the ball of the given radius.

        A point whose norm is at most the radius, to within the rounding of the norm
        itself, comes back bit for bit.

        Parameters
        ----------
        x : array-like
            Real numbers.
        radius : float or array-like
            At least 0; 0 gives 0, infinity gives ``x``. One number a slice.
        axis : int, tuple of int or None, default=None
            The axes of one slice, as in `value`.

        Returns
        -------
        array of the shape of x
            A new array; float32 for float32 and float16 input, else float64.

        Raises
        ------
        ValueError
            If a radius is negative or NaN, or its shape does not fit.
        """
        array = as_array(x)
        layout = SliceLayout.of(array.shape, axis, self.core_ndim)
        slices = layout.widen(array)
        eps = float(np.finfo(output_dtype(array)).eps)
        moved = self.pull(slices, layout.per_slice("radius", radius), eps)
        restored: AnyArray = narrow(layout.restore(moved), array)
        return restored

    def shrink(self, slices: FloatArray, step: FloatArray) -> FloatArray:
        """Return the prox of slices, one step each, of any size."""
        dual = self.dual().measure_slices(slices)
        zero = (dual <= step) & (step > 0.0)
        move = (step > 0.0) & ~zero
        out = slices.copy()
        out[zero] = 0.0
        if move.any():
            out[move] = self.prox_slices(slices[move], step[move])
        return out

    def pull(
        self, slices: FloatArray, radius: FloatArray, eps: float = 2.0**-52
    ) -> FloatArray:
        """Return the projection of slices, one radius each, of any size."""
        # A projected point has the radius as its norm only up to rounding. Taking it as
        # inside makes projecting twice the same as projecting once, to the bit.
        per_point, per_element = self.slack
        size = math.prod(slices.shape[1:])
        slack = 1.0 + per_point * eps + per_element * size * 2.0**-52
        with np.errstate(over="ignore"):
            inside = self.measure_slices(slices) <= radius * slack
        out = slices.copy()
        out[(radius == 0.0) & ~inside] = 0.0
        move = (radius > 0.0) & ~inside
        if move.any():
            out[move] = self.project_slices(slices[move], radius[move])
        return out

    def _real_slices(self, slices: AnyArray) -> FloatArray:
        # In double precision first: the modulus of complex64 can overflow float32.
        if self.core_ndim > 1:
            raise TypeError("x must be real for a matrix norm; got complex numbers.")
        with np.errstate(over="ignore"):
            modulus: FloatArray = np.abs(slices.astype(np.complex128))
        return modulus


def _real_part(array: AnyArray) -> AnyArray:
    # Only its dtype is used: complex64 has float32 parts.
    return array.real[:0] if array.ndim else array.real
