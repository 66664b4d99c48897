r"""Row norms that neither overflow nor underflow, and the one guarded division.

A row is measured plainly first. Only where the plain sum left the range in which it is
accurate is the row scaled by a power of two, which is exact, and measured again:

.. math:: \|x\|_p = \|s x\|_p / s, \qquad s = 2^{-e},\ 2^{e-1} \le \max_i |x_i| < 2^e

For p other than 1, 2 and infinity the largest magnitude m is divided out as well,
:math:`\|x\|_p = m (\sum_i (|x_i| / m)^p)^{1/p}`, so that no power overflows at any p.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import (
    AnyArray,
    BoolArray,
    FloatArray,
    IndexArray,
    Rows,
    SparseMatrix,
)
from sknorms._validation import check_choice, check_real, first_rows, output_dtype
from sknorms.norms._rows import DenseRows, RowBlock, SparseRows, row_slices

__all__ = [
    "ScaledNorms",
    "check_zero_rows",
    "divide_rows",
    "last_axis_norm",
    "last_axis_scaled_norm",
    "scaled_row_norms",
]

# Squares below 2^-1022 lose digits. A sum of at least this size does not notice.
_SMALLEST_SAFE_SUM = 2.0**-960
# Powers of two beyond these are not normal float64 numbers.
_EXPONENT_RANGE = (-1022, 1023)
# Roots beyond 2^900 (only for p < 1) move part of their exponent into the scale.
_LARGEST_SAFE_EXPONENT = 900.0
# Exponents beyond this are infinite whatever the scale.
_FAR_OUT = 4000.0


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
        scale[rows], norm[rows] = _measure(block, p)
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
    divisor = np.where(norms.norm == 0.0, 1.0, norms.norm)
    scaled = bool((norms.scale != 1.0).any())
    if out is None:
        out = _empty_like(X)
    target = out.data if sparse.issparse(out) else out
    for rows, block in _row_blocks(X):
        places = _stored(X, rows)
        values = block.values
        with np.errstate(under="ignore", over="ignore", invalid="ignore"):
            if scaled:
                values = np.multiply(
                    values, block.spread(norms.scale[rows]), out=block.scratch
                )
            spread = block.spread(divisor[rows])
            quotient = np.divide(values, spread, out=block.scratch)
            np.copyto(target[places], quotient, casting="same_kind")
    return out


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


def _measure(block: RowBlock, p: float) -> tuple[FloatArray, FloatArray]:
    """Return scale and norm of the rows of one block."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        if p == math.inf:
            # A maximum can neither overflow nor lose digits.
            norm = block.largest(np.abs(block.values, out=block.scratch))
            return np.ones(len(norm)), norm
        if p not in (1.0, 2.0):
            return _measure_scaled(block, p)
        norm, unsafe = _measure_plain(block, p)
        scale = np.ones(len(norm))
        if unsafe.any():
            scale[unsafe], norm[unsafe] = _measure_scaled(block.select(unsafe), p)
        return scale, norm


def _measure_plain(block: RowBlock, p: float) -> tuple[FloatArray, BoolArray]:
    """Return norms for p = 1 or 2, and which of them have to be measured again."""
    if p == 1.0:
        # Sums of subnormals are exact: only overflow is a reason to scale.
        sums = block.total(np.abs(block.values, out=block.scratch))
        return sums, ~(sums < math.inf)
    sums = block.total(np.multiply(block.values, block.values, out=block.scratch))
    safe = (sums >= _SMALLEST_SAFE_SUM) & (sums < math.inf)
    return np.sqrt(sums, out=sums), ~safe


def _measure_scaled(block: RowBlock, p: float) -> tuple[FloatArray, FloatArray]:
    """Return scale and norm, every row being scaled to ordinary size first."""
    largest = block.largest(np.abs(block.values))
    ordinary = (largest > 0.0) & (largest < math.inf)
    exponent = np.frexp(np.where(ordinary, largest, 1.0))[1]
    exponent = np.where(ordinary, np.clip(-exponent, *_EXPONENT_RANGE), 0)
    scale = np.ldexp(1.0, exponent)
    values = block.values * block.spread(scale)
    if p == 1.0:
        norm = block.total(np.abs(values))
    elif p == 2.0:
        norm = np.sqrt(block.total(values * values))
    else:
        norm, shift = _power_norm(block, values, p)
        scale = np.ldexp(scale, -shift)
    # Not ordinary: zero, infinity or NaN, and then the largest magnitude is the norm.
    return np.where(ordinary, scale, 1.0), np.where(ordinary, norm, largest)


def _power_norm(
    block: RowBlock, values: FloatArray, p: float
) -> tuple[FloatArray, IndexArray]:
    """Return norm and shift of scaled rows; their p-norm is ``norm * 2**shift``."""
    largest = block.largest(np.abs(values))
    largest = np.where((largest > 0.0) & (largest < math.inf), largest, 1.0)
    ratios = np.abs(values)
    ratios /= block.spread(largest)
    sums = block.total(np.power(ratios, p, out=ratios))
    norm = largest * np.power(sums, 1.0 / p)
    exponent = np.log2(np.maximum(sums, 1.0)) / p
    huge = exponent > _LARGEST_SAFE_EXPONENT
    whole = np.where(huge, np.floor(np.minimum(exponent, _FAR_OUT)), 0.0)
    norm[huge] = (largest * np.exp2(exponent - whole))[huge]
    return norm, whole.astype(np.intp)
