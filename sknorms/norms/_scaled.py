"""Row norms kept apart from their scale, and the one guarded division."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import (
    AnyArray,
    FloatArray,
    Rows,
    SparseMatrix,
)
from sknorms._validation import check_choice, check_real, first_rows, output_dtype
from sknorms.norms._measure import measure_block
from sknorms.norms._rows import DenseRows, RowBlock, SparseRows, row_slices

__all__ = [
    "ScaledNorms",
    "check_zero_rows",
    "combine_norms",
    "divide_rows",
    "last_axis_norm",
    "last_axis_scaled_norm",
    "normalize_rows",
    "rescale_rows",
    "scaled_row_norms",
]

# Below this a factor, or the norm it divides by, may be subnormal and lose digits.
_SMALLEST_SAFE_NORM = 2.0**-960


@dataclass(frozen=True)
class ScaledNorms:
    """Norms of rows, each as a number of ordinary size and a power of two.

    Attributes
    ----------
    scale : float64 array of shape (n_rows,)
        What each row is multiplied by before it is measured; exact powers of two.
    norm : float64 array of shape (n_rows,)
        Norm of the scaled row; 0 for a zero row. The true norm is ``norm / scale``.
    """

    scale: FloatArray
    norm: FloatArray

    @property
    def values(self) -> FloatArray:
        """The true norms; inf only if a true norm exceeds the largest float64."""
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            values: FloatArray = self.norm / self.scale
        return values

    def __getitem__(self, rows: Any) -> "ScaledNorms":
        return ScaledNorms(self.scale[rows], self.norm[rows])


def scaled_row_norms(X: Rows, p: float = 2.0) -> ScaledNorms:
    """Measure the rows of a table, block by block.

    Parameters
    ----------
    X : array or CSR of shape (n_rows, n_features)
        Any real storage dtype; widened to float64 one cache-sized block at a time.
    p : float, default=2.0
        Order of the norm, in (0, inf].

    Returns
    -------
    ScaledNorms
        Bitwise independent of how rows are blocked, ordered in memory, or stored
        (dense or CSR). NaN in a row gives NaN, else infinity gives infinity.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms._scaled import scaled_row_norms
    >>> scaled_row_norms(np.array([[3e200, 4e200], [0.0, 0.0]])).values
    array([5.e+200, 0.e+000])
    """
    p = check_real("p", p, low=0.0, low_open=True)
    scale = np.ones(X.shape[0])
    norm = np.zeros(X.shape[0])
    for rows, block in _row_blocks(X):
        scale[rows], norm[rows] = measure_block(block, p)
    return ScaledNorms(scale, norm)


def last_axis_norm(x: AnyArray, p: float = 2.0) -> FloatArray:
    """Return the p-norm over the last axis of a float64 array of any leading shape.

    Bitwise independent of the leading shape and of what the other rows hold.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms._scaled import last_axis_norm
    >>> last_axis_norm(np.array([3e-320, 4e-320]))
    np.float64(5e-320)
    """
    return last_axis_scaled_norm(x, p).values[()]


def last_axis_scaled_norm(x: AnyArray, p: float = 2.0) -> ScaledNorms:
    """Return `last_axis_norm` with the scale kept apart."""
    x = np.ascontiguousarray(x, dtype=np.float64)
    leading, size = x.shape[:-1], x.shape[-1]
    measured = scaled_row_norms(x.reshape(math.prod(leading), size), p)
    return ScaledNorms(measured.scale.reshape(leading), measured.norm.reshape(leading))


def divide_rows(X: Rows, norms: ScaledNorms, *, out: "Rows | None" = None) -> Rows:
    """Divide every row by its norm; zero rows stay as they are.

    The one guarded division of the package: normalising, cosine and clipping all come
    here. ``(x * scale) / norm`` is computed in float64 and rounded once, so the result
    has norm 1 to within 4 eps of its dtype for every finite non-zero row.

    Parameters
    ----------
    X : array or CSR of shape (n_rows, n_features)
        Any real storage dtype.
    norms : ScaledNorms of length n_rows
        What to divide by, usually from `scaled_row_norms`.
    out : array or CSR of shape (n_rows, n_features), optional
        Where to write; may be ``X`` itself. A new array by default.

    Returns
    -------
    array or CSR of shape (n_rows, n_features)
        float32 for float32 and float16 input, else float64; CSR for CSR.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms._scaled import divide_rows, scaled_row_norms
    >>> X = np.array([[3e-310, 4e-310], [0.0, 0.0]])
    >>> divide_rows(X, scaled_row_norms(X))
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    if out is None:
        out = _empty_like(X)
    target = out.data if sparse.issparse(out) else out
    for rows, block in _row_blocks(X):
        _divide(block, norms[rows], target[_stored(X, rows)])
    return out


def normalize_rows(
    X: Rows, p: float = 2.0, *, out: "Rows | None" = None
) -> tuple[Rows, ScaledNorms]:
    """Measure and divide every row in one pass over the table.

    The same bits as `scaled_row_norms` followed by `divide_rows`, for less memory
    traffic: each block is widened once. Parameters and results are theirs.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms._scaled import normalize_rows
    >>> unit, norms = normalize_rows(np.array([[3.0, 4.0]], dtype=np.float32))
    >>> unit, norms.values
    (array([[0.6, 0.8]], dtype=float32), array([5.]))
    """
    p = check_real("p", p, low=0.0, low_open=True)
    scale = np.ones(X.shape[0])
    norm = np.zeros(X.shape[0])
    if out is None:
        out = _empty_like(X)
    target = out.data if sparse.issparse(out) else out
    for rows, block in _row_blocks(X):
        measured = ScaledNorms(*measure_block(block, p))
        scale[rows], norm[rows] = measured.scale, measured.norm
        _divide(block, measured, target[_stored(X, rows)])
    return out, ScaledNorms(scale, norm)


def rescale_rows(
    values: FloatArray, norms: ScaledNorms, target: FloatArray
) -> FloatArray:
    """Return float64 rows scaled to norm ``target``: ``values * (target / norm)``.

    Where that factor would over- or underflow, rows are divided by their norm first.
    Zero rows stay as they are.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms._scaled import rescale_rows, scaled_row_norms
    >>> x = np.array([[3e200, 4e200]])
    >>> rescale_rows(x, scaled_row_norms(x), np.array([5e-200]))
    array([[3.e-200, 4.e-200]])
    """
    true = norms.values
    with np.errstate(all="ignore"):
        factor = np.where(true == 0.0, 1.0, target / true)
        plain = (true >= _SMALLEST_SAFE_NORM) & (factor >= _SMALLEST_SAFE_NORM)
        plain &= factor < math.inf
        plain |= true == 0.0
        scaled: FloatArray = values * factor[:, np.newaxis]
        if not plain.all():
            hard = ~plain
            unit = np.asarray(divide_rows(values[hard], norms[hard]))
            scaled[hard] = unit * target[hard, np.newaxis]
    return scaled


def combine_norms(parts: Sequence[ScaledNorms], p: float) -> ScaledNorms:
    """Return the p-norms of rows of which each part holds a piece.

    The order of the parts does not matter, to the bit.
    """
    scale = np.minimum.reduce([part.scale for part in parts])
    with np.errstate(under="ignore", over="ignore"):
        pieces = [part.norm * (scale / part.scale) for part in parts]
        total = last_axis_scaled_norm(np.sort(np.stack(pieces, axis=-1), axis=-1), p)
        norm = total.values
        # Only the sum of huge unscaled norms needs a scale of its own.
        over = np.isinf(norm) & np.isfinite(total.norm)
    return ScaledNorms(
        np.where(over, scale * total.scale, scale), np.where(over, total.norm, norm)
    )


def check_zero_rows(norms: ScaledNorms, zero: str) -> None:
    """Apply the policy for rows whose norm is zero.

    Parameters
    ----------
    norms : ScaledNorms
        The norms of the rows.
    zero : {"keep", "raise"}
        Whether zero rows are left as they are, or are an error.

    Raises
    ------
    ValueError
        If ``zero="raise"`` and there is a zero row, or ``zero`` is unknown.
    """
    check_choice("zero", zero, ("keep", "raise"))
    is_zero = norms.norm == 0.0
    if zero == "raise" and is_zero.any():
        raise ValueError(
            f"X has zero norm in {first_rows(is_zero)}, which cannot be divided by; "
            'got zero="raise". Drop these rows or pass zero="keep".'
        )


def _row_blocks(X: Rows) -> Iterator[tuple[slice, RowBlock]]:
    """Yield blocks of rows as float64; the next block may reuse the memory."""
    if sparse.issparse(X):
        yield from _sparse_blocks(X)
        return
    slices = list(row_slices(*X.shape))
    if not slices:
        return
    scratch = np.empty((slices[0].stop, X.shape[1]))
    direct = X.dtype == np.float64 and X.flags.c_contiguous and X.flags.aligned
    page = None if direct else np.empty_like(scratch)
    for rows in slices:
        length = rows.stop - rows.start
        values = X[rows]
        if page is not None:
            np.copyto(page[:length], values)
            values = page[:length]
        yield rows, DenseRows(values, scratch[:length])


def _sparse_blocks(X: SparseMatrix) -> Iterator[tuple[slice, SparseRows]]:
    """Yield blocks of CSR rows; the row length is what they hold on average."""
    n_rows = X.shape[0]
    for rows in row_slices(n_rows, X.nnz // max(1, n_rows)):
        stored = _stored(X, rows)
        yield (
            rows,
            SparseRows(
                X.data[stored].astype(np.float64, copy=False),
                X.indices[stored],
                X.indptr[rows.start : rows.stop + 1] - X.indptr[rows.start],
                X.shape[1],
            ),
        )


def _divide(block: RowBlock, norms: ScaledNorms, out: AnyArray) -> None:
    """Write the rows of one block, divided by their norms, to ``out``."""
    values = block.values
    norm = np.where(norms.norm == 0.0, 1.0, norms.norm)
    with np.errstate(under="ignore", over="ignore", invalid="ignore"):
        if (norms.scale != 1.0).any():
            scale = block.spread(norms.scale)
            values = np.multiply(values, scale, out=block.scratch)
        if out.dtype == np.float64:
            np.divide(values, block.spread(norm), out=out)
            return
        # The reciprocal's rounding, 2^-53, is lost in that to float32; multiplying is
        # several times faster than dividing.
        quotient = np.multiply(values, block.spread(1.0 / norm), out=block.scratch)
        np.copyto(out, quotient, casting="same_kind")


def _stored(X: Rows, rows: slice) -> slice:
    """Return where the values of ``rows`` are: in the array, or in the CSR data."""
    if not sparse.issparse(X):
        return rows
    return slice(int(X.indptr[rows.start]), int(X.indptr[rows.stop]))


def _empty_like(X: Rows) -> Rows:
    """Return a table like ``X`` of the output dtype, CSR with its own structure."""
    dtype = output_dtype(X)
    if not sparse.issparse(X):
        return np.empty(X.shape, dtype=dtype)
    data = np.empty(len(X.data), dtype=dtype)
    structure = (data, X.indices.copy(), X.indptr.copy())
    empty: SparseMatrix = type(X)(structure, shape=X.shape)
    return empty
