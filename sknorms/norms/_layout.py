"""Where the vectors are in an array: the slices along chosen axes, as rows."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, Rows, SparseMatrix
from sknorms._validation import output_dtype

__all__ = ["Axis", "SliceLayout", "as_array", "as_table", "narrow"]

Axis: TypeAlias = int | tuple[int, ...] | None


def as_array(x: Any, *, name: str = "x", complex_ok: bool = False) -> AnyArray:
    """Return ``x`` as an array of real (or complex) numbers, without widening it."""
    array = np.asarray(x)
    if array.dtype.kind in "fiub" or (array.dtype.kind == "c" and complex_ok):
        return array
    if array.dtype.kind == "O" and array.size:
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    if array.size == 0 and array.dtype.kind in "OUS":
        return array.astype(np.float64)
    raise TypeError(
        f"{name} must be an array of real numbers; got dtype {array.dtype}. "
        "Convert it first, e.g. with numpy.asarray(x, dtype=float)."
    )


def as_table(X: Any, *, name: str = "X") -> Rows:
    """Return ``X`` as a 2-D array or canonical CSR, without widening it."""
    if sparse.issparse(X):
        return _as_csr(X, name)
    table = as_array(X, name=name)
    if table.ndim != 2:
        raise ValueError(
            f"{name} must be 2-D, one row a vector; got {table.ndim}-D with shape "
            f"{table.shape}. A single vector is X.reshape(1, -1)."
        )
    return table


def _as_csr(X: Any, name: str) -> SparseMatrix:
    """Return a sparse table as CSR with sorted, distinct entries."""
    if X.ndim != 2 or X.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} must be a 2-D sparse matrix of real numbers; got {X.ndim}-D of "
            f"dtype {X.dtype}."
        )
    rows: SparseMatrix = X.tocsr()
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


def narrow(values: AnyArray, like: Any) -> Any:
    """Round float64 results to the output dtype for input ``like``."""
    with np.errstate(over="ignore", under="ignore"):
        return values.astype(output_dtype(like), copy=False)


@dataclass(frozen=True)
class SliceLayout:
    """How an array falls into slices along ``axes``.

    Slices come as an array of shape (n_slices, *core): core is one axis for vectors
    (several axes are flattened, the last one varying fastest) and two for matrices.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    core_ndim: int

    @classmethod
    def of(cls, shape: tuple[int, ...], axis: Axis, core_ndim: int) -> "SliceLayout":
        """Resolve ``axis``: None is all axes for vectors, the last two for matrices."""
        ndim = len(shape)
        if core_ndim == 2 and ndim < 2:
            raise ValueError(
                f"x must have at least two axes to be a matrix; got shape {shape}."
            )
        if axis is None:
            axes: Iterable[int] = range(0 if core_ndim == 1 else ndim - 2, ndim)
        else:
            axes = (axis,) if isinstance(axis, int | np.integer) else axis
        return cls(shape, _normalized(axes, axis, ndim, core_ndim), core_ndim)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The axes that are not reduced."""
        return tuple(n for i, n in enumerate(self.shape) if i not in self.axes)

    @property
    def _axis_shape(self) -> tuple[int, ...]:
        return tuple(self.shape[i] for i in self.axes)

    def gather(self, x: AnyArray) -> AnyArray:
        """Return the slices of ``x``, a view where that is possible."""
        last = range(-len(self.axes), 0)
        core = self._axis_shape
        if self.core_ndim == 1:
            core = (math.prod(core),)
        batch = math.prod(self.batch_shape)
        return np.moveaxis(x, self.axes, last).reshape(batch, *core)

    def widen(self, x: AnyArray) -> FloatArray:
        """Return the slices of ``x`` as C-contiguous float64."""
        return np.ascontiguousarray(self.gather(x), dtype=np.float64)

    def restore(self, slices: AnyArray) -> AnyArray:
        """Return slices to the shape they were gathered from."""
        moved = slices.reshape(self.batch_shape + self._axis_shape)
        return np.moveaxis(moved, range(-len(self.axes), 0), self.axes)

    def reduced(self, per_slice: AnyArray, keepdims: bool) -> Any:
        """Shape one number a slice as a reduction over the axes returns it."""
        if keepdims:
            ones = (1 if i in self.axes else n for i, n in enumerate(self.shape))
            return per_slice.reshape(tuple(ones))
        return per_slice.reshape(self.batch_shape)[()]

    def per_slice(self, name: str, value: Any) -> FloatArray:
        """Return one number >= 0 a slice, shape (n_slices,)."""
        number = _non_negative(name, value)
        keepdims = len(self.shape) > 0 and number.ndim == len(self.shape)
        target = self.batch_shape
        if keepdims:
            target = tuple(1 if i in self.axes else n for i, n in enumerate(self.shape))
        return _broadcast(name, number, target).reshape(-1)

    def per_element(self, name: str, value: Any) -> FloatArray:
        """Return numbers >= 0 that broadcast against the slices."""
        number = _non_negative(name, value)
        batched = 0 < number.ndim < len(self.shape) and number.shape == self.batch_shape
        if number.ndim == 0 or batched:
            return self.per_slice(name, value)[:, np.newaxis]
        whole = _broadcast(name, number, self.shape)
        return self.widen(whole)


def _normalized(
    axes: Iterable[int], axis: Axis, ndim: int, core_ndim: int
) -> tuple[int, ...]:
    """Return ``axes`` as distinct non-negative numbers."""
    axes = tuple(axes)
    normal = tuple(i + ndim if i < 0 else int(i) for i in axes)
    in_range = all(0 <= i < ndim for i in normal)
    if not in_range or len(set(normal)) != len(normal):
        raise ValueError(
            f"axis must name distinct axes of an array with {ndim} axes; got {axis!r}."
        )
    if core_ndim == 2 and len(normal) != 2:
        raise ValueError(f"axis must name two axes for a matrix norm; got {axis!r}.")
    return normal


def _non_negative(name: str, value: Any) -> FloatArray:
    """Return ``value`` as float64 if it is >= 0 everywhere."""
    number = as_array(value, name=name).astype(np.float64)
    wrong = ~(number >= 0.0)
    if wrong.any():
        raise ValueError(
            f"{name} must be >= 0 and not NaN; got {number[wrong].flat[0]:g}."
        )
    return number


def _broadcast(name: str, number: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Broadcast ``number`` to ``shape``, or say which shapes there are."""
    try:
        return np.broadcast_to(number, shape)
    except ValueError:
        raise ValueError(
            f"{name} must be a number or broadcast to shape {shape}; got shape "
            f"{number.shape}."
        ) from None
