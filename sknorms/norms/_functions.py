"""Norms as functions: of arrays along any axes, and of the rows of tables."""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, FloatArray, SparseMatrix
from sknorms._validation import output_dtype
from sknorms.norms._layout import Axis, SliceLayout, as_array, as_table
from sknorms.norms._norm import Norm
from sknorms.norms._registry import get_norm, get_vector_norm, named_norm

__all__ = ["dual_norm", "norm", "project", "prox", "row_norms"]


def norm(x: Any, ord: Any = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    """Return the norm of an array, or of its slices.

    Right from the smallest subnormal to the largest finite number, where plain
    formulas over- or underflow; integers never wrap.

    Parameters
    ----------
    x : array-like or sparse matrix
        Real or complex (by modulus). NaN anywhere in a slice gives NaN, else infinity
        gives infinity; an empty slice has norm 0.
    ord : float, str or Norm, default=2
        A p > 0, infinity, a name or a record as for `get_norm`; also 0, the number of
        non-zero elements, and -infinity, the smallest magnitude.
    axis : int, tuple of int or None, default=None
        The axes that make up one vector: all of them by default, also for a matrix,
        whose 2-norm is "spectral". Matrix norms take the last two by default.
    keepdims : bool, default=False
        Whether reduced axes stay with length one.

    Returns
    -------
    scalar or array
        float32 for float32 and float16 input (float64 inside), else float64. It can be
        infinite for finite ``x`` only if the true norm exceeds that type.

    Raises
    ------
    ValueError
        If ``ord`` is unknown or negative, or an axis does not exist.
    TypeError
        If ``x`` does not hold numbers, or is sparse and ``ord`` needs it dense.

    See Also
    --------
    row_norms : Norms of the rows of a table, dense or sparse.

    Notes
    -----
    Doubling every element doubles the norm, to the bit. Elements are summed in
    float64, pairwise, after scaling by a power of two where that is needed.

    Examples
    --------
    >>> from sknorms.norms import norm
    >>> norm([3e300, 4e300])
    np.float64(5e+300)
    >>> norm([[3.0, 4.0], [5.0, 12.0]], axis=1)
    array([ 5., 13.])
    >>> norm([2.0, 2.0], ord=2000)
    np.float64(2.0006932673076907)
    >>> norm([], ord=-float("inf"))
    np.float64(0.0)
    """
    if sparse.issparse(x):
        return _sparse_norm(as_table(x, name="x"), ord, axis, keepdims)
    count = _COUNTS.get(ord) if isinstance(ord, int | float | np.number) else None
    if count is None:
        return named_norm("ord", ord).value(x, axis, keepdims)
    array = as_array(x, complex_ok=True)
    layout = SliceLayout.of(array.shape, axis, 1)
    dtype = output_dtype(array.real)
    return layout.reduced(count(layout.gather(array)).astype(dtype), keepdims)


def row_norms(X: Any, norm: Any = "l2") -> AnyArray:
    """Return the norm of every row of a table.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_rows, n_features)
        Any real dtype; never widened beyond a block, never made dense beyond a block.
    norm : float, str or Norm, default="l2"
        As for `get_norm`.

    Returns
    -------
    array of shape (n_rows,)
        float32 for float32 and float16 input (float64 inside), else float64. The same
        bits for any memory layout, dense or sparse, however rows are batched.

    Raises
    ------
    ValueError
        If ``X`` is not 2-D or ``norm`` is unknown.

    Examples
    --------
    >>> from sknorms.norms import row_norms
    >>> row_norms([[3.0, -4.0], [0.0, 0.0]])
    array([5., 0.])
    >>> row_norms([[3.0, -4.0], [0.0, 0.0]], norm="l1")
    array([7., 0.])
    """
    return get_norm(norm).rows(X)


def dual_norm(norm: Any, x: Any, *, axis: Axis = None, keepdims: bool = False) -> Any:
    r"""Return the dual norm, :math:`\max \{\langle x, z \rangle : \|z\| \le 1\}`.

    Parameters
    ----------
    norm : float, str or Norm
        The norm whose dual is taken, as for `get_norm`.
    x : array-like
        Real or complex numbers.
    axis : int, tuple of int or None, default=None
        The axes of one slice, as for `norm`.
    keepdims : bool, default=False
        Whether reduced axes stay with length one.

    Returns
    -------
    scalar or array
        float32 for float32 and float16 input, else float64.

    Raises
    ------
    ValueError
        If ``norm`` is unknown, or p < 1.

    Examples
    --------
    >>> from sknorms.norms import dual_norm
    >>> dual_norm("l1", [3.0, -4.0])
    np.float64(4.0)
    """
    return get_norm(norm).dual_value(x, axis, keepdims)


def prox(
    norm: Any, x: Any, step: Any, *, axis: Axis = None, out: AnyArray | None = None
) -> Any:
    r"""Return :math:`\arg\min_z \tfrac12 \|z - x\|_2^2 + t \|z\|`, t being the step.

    Parameters
    ----------
    norm : float, str or Norm
        The norm, as for `get_norm`; p >= 1.
    x : array-like or sparse matrix
        Real numbers. Sparse input takes p-norms, of the whole matrix or its rows
        (``axis=1``), and stays sparse.
    step : float or array-like
        At least 0; infinity gives 0. One number a slice (the shape of ``x`` without
        the axes, or with them of length one); for "l1" also one an element.
    axis : int, tuple of int or None, default=None
        The axes of one slice; None is all of ``x`` (the last two axes for matrix
        norms).
    out : array of the shape of x, optional
        Where to write the result; may be ``x`` itself.

    Returns
    -------
    array or sparse matrix of the shape of x
        float32 for float32 and float16 input (float64 inside), else float64.

    Raises
    ------
    ValueError
        If a step is negative or NaN, or its shape does not fit.

    Examples
    --------
    >>> from sknorms.norms import prox
    >>> prox("l1", [3.0, -1.0, 0.2], step=0.5)
    array([ 2.5, -0.5,  0. ])
    >>> prox("l2", [[3.0, 4.0], [0.3, 0.4]], step=[2.5, 1.0], axis=1)
    array([[1.5, 2. ],
           [0. , 0. ]])
    """
    if sparse.issparse(x):
        record = get_vector_norm(norm)
        return _on_stored(x, record.shrink, "step", step, axis)
    return _deliver(get_norm(norm).prox(x, step, axis), out)


def project(
    norm: Any, x: Any, radius: Any, *, axis: Axis = None, out: AnyArray | None = None
) -> Any:
    """Return the nearest point of the ball of the given radius.

    Parameters
    ----------
    norm : float, str or Norm
        The norm whose ball it is, as for `get_norm`; p >= 1.
    x : array-like or sparse matrix
        Real numbers. Sparse input takes p-norms, of the whole matrix or its rows
        (``axis=1``), and stays sparse.
    radius : float or array-like
        At least 0; 0 gives 0, infinity gives ``x``. One number a slice (the shape of
        ``x`` without the axes, or with them of length one).
    axis : int, tuple of int or None, default=None
        The axes of one slice; None is all of ``x`` (the last two axes for matrix
        norms).
    out : array of the shape of x, optional
        Where to write the result; may be ``x`` itself.

    Returns
    -------
    array or sparse matrix of the shape of x
        float32 for float32 and float16 input (float64 inside), else float64. A point
        inside the ball, to within the rounding of its norm, comes back bit for bit.

    Raises
    ------
    ValueError
        If a radius is negative or NaN, or its shape does not fit.

    See Also
    --------
    project_simplex : The nearest point with non-negative elements of a given sum.
    clip_by_norm : Scales onto the ball instead, keeping the direction.

    Examples
    --------
    >>> from sknorms.norms import project
    >>> project("l1", [3.0, -4.0], radius=5.0)
    array([ 2., -3.])
    >>> project("l1", [0.1, 0.2], radius=5.0)
    array([0.1, 0.2])
    """
    if sparse.issparse(x):
        record = get_vector_norm(norm)
        eps = float(np.finfo(output_dtype(x)).eps)
        pull = functools.partial(record.pull, eps=eps)
        return _on_stored(x, pull, "radius", radius, axis)
    return _deliver(get_norm(norm).project(x, radius, axis), out)


def _count_nonzero(slices: AnyArray) -> AnyArray:
    counts: AnyArray = np.count_nonzero(slices, axis=-1).astype(np.float64)
    return counts


def _smallest_magnitude(slices: AnyArray) -> AnyArray:
    if slices.shape[-1] == 0:
        return np.zeros(len(slices))
    dtype = np.complex128 if slices.dtype.kind == "c" else np.float64
    smallest: AnyArray = np.minimum.reduce(np.abs(slices.astype(dtype)), axis=-1)
    return smallest


# The limits of sum(|x|^p) and of the p-norm for p -> 0 and p -> -inf; no norms.
_COUNTS: dict[Any, Callable[[AnyArray], AnyArray]] = {
    0: _count_nonzero,
    -math.inf: _smallest_magnitude,
}


def _sparse_norm(X: SparseMatrix, ord: Any, axis: Axis, keepdims: bool) -> Any:
    """Return norms of a CSR matrix, of its rows, or of its columns."""
    record: Norm = get_vector_norm(ord, name="ord")
    if axis is None:
        value = record.value(X.data)
        return value.reshape(1, 1) if keepdims else value
    along = SliceLayout.of(X.shape, axis, 1)
    if len(along.axes) == 2:
        return _sparse_norm(X, ord, None, keepdims)
    rows: Any = X if along.axes == (1,) else X.T
    return along.reduced(record.rows(rows), keepdims)


def _deliver(result: AnyArray, out: AnyArray | None) -> AnyArray:
    if out is None:
        return result
    np.copyto(out, result, casting="same_kind")
    return out


def _on_stored(
    x: Any,
    change: Callable[[FloatArray, FloatArray], FloatArray],
    name: str,
    size: Any,
    axis: Axis,
) -> SparseMatrix:
    """Apply ``change`` to the stored values of a CSR matrix, or of each of its rows.

    Zeros stay zeros under the prox and projection of every p-norm, and do not count.
    """
    X = as_table(x, name="x")
    layout = SliceLayout.of(X.shape, axis, 1)
    if layout.axes == (0,):
        raise ValueError(f"axis must be None or 1 for a sparse matrix; got {axis!r}.")
    sizes = layout.per_slice(name, size)
    ends = X.indptr if len(layout.axes) == 1 else np.array([0, len(X.data)])
    values = X.data.astype(np.float64)
    counts = np.diff(ends)
    # Rows with equally many entries are one rectangular block.
    for count in np.unique(counts[counts > 0]):
        which = np.flatnonzero(counts == count)
        places = ends[which, np.newaxis] + np.arange(count)
        values[places] = change(values[places], sizes[which])
    changed: Any = X.copy()
    changed.data = values.astype(output_dtype(X), copy=False)
    changed.eliminate_zeros()
    result: SparseMatrix = changed
    return result
