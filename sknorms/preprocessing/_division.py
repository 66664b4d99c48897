"""Dividing every row of a table by its norm, block by block, over threads."""

from dataclasses import dataclass

import numpy as np

from sknorms._typing import AnyArray, Rows
from sknorms._validation import first_rows
from sknorms.norms._scaled import ScaledNorms
from sknorms.preprocessing._row_norms import RowNorm, kernels_worthwhile
from sknorms.preprocessing._tables import (
    empty_table,
    for_each_block,
    rows_of,
    writable,
)

__all__ = ["divide_table", "measure_table", "norms_as", "require_nonzero"]


@dataclass(frozen=True)
class _Measure:
    """Measure the rows of one block."""

    rows: Rows
    norms: ScaledNorms
    norm: RowNorm

    def __call__(self, block: slice) -> None:
        measured = self.norm.measure(rows_of(self.rows, block))
        self.norms.scale[block] = measured.scale
        self.norms.norm[block] = measured.norm


@dataclass(frozen=True)
class _Divide:
    """Divide the rows of one block."""

    rows: Rows
    out: Rows
    norms: ScaledNorms
    norm: RowNorm
    compiled: bool

    def __call__(self, block: slice) -> None:
        rows, out = rows_of(self.rows, block), rows_of(self.out, block)
        if isinstance(rows, np.ndarray) and not rows.flags.c_contiguous:
            # Read across the memory once, not once a row.
            rows, target = np.ascontiguousarray(rows), out
            out = np.empty(rows.shape, dtype=out.dtype)
            measured = self.norm.divide(rows, out, compiled=self.compiled)
            target[...] = out
        else:
            measured = self.norm.divide(rows, out, compiled=self.compiled)
        self.norms.scale[block] = measured.scale
        self.norms.norm[block] = measured.norm


def measure_table(rows: Rows, norm: RowNorm, n_jobs: int | None) -> ScaledNorms:
    """Return the norm of each row."""
    norms = _blank_norms(rows)
    for_each_block(_Measure(rows, norms, norm), rows, n_jobs)
    return norms


def divide_table(
    rows: Rows,
    norm: RowNorm,
    *,
    copy: bool = True,
    zero: str = "keep",
    n_jobs: int | None = None,
    side: str = "row",
) -> tuple[Rows, ScaledNorms]:
    """Divide every row by its norm.

    Parameters
    ----------
    rows : array or CSR of shape (n_rows, n_features)
    norm : RowNorm
    copy : bool, default=True
        False writes over ``rows`` where its dtype allows that.
    zero : {"keep", "raise"}, default="keep"
        What to do about zero rows; nothing has been written when it raises.
    n_jobs : int, default=None
    side : {"row", "column"}, default="row"
        What errors call a row.

    Returns
    -------
    table : array or CSR of shape (n_rows, n_features)
        ``rows`` itself if it was written over.
    norms : ScaledNorms
    """
    if zero == "raise":
        require_nonzero(measure_table(rows, norm, n_jobs), side)
    out = empty_table(rows) if copy or not writable(rows) else rows
    norms = _blank_norms(rows)
    compiled = kernels_worthwhile(rows)
    for_each_block(_Divide(rows, out, norms, norm, compiled), rows, n_jobs)
    return out, norms


def require_nonzero(norms: ScaledNorms, side: str = "row") -> None:
    """Raise if a norm is zero."""
    is_zero = norms.norm == 0.0
    if is_zero.any():
        where = first_rows(is_zero).replace("row", side)
        raise ValueError(
            f"X has zero norm in {where}, which cannot be divided by; got "
            f'zero="raise". Drop the zero {side}s or pass zero="keep".'
        )


def norms_as(
    norms: ScaledNorms, dtype: "np.dtype[np.floating]", side: str = "row"
) -> AnyArray:
    """Return the true norms rounded to ``dtype``, or raise where one does not fit."""
    with np.errstate(over="ignore", under="ignore"):
        values = norms.values.astype(dtype)
    beyond = np.isinf(values)
    if beyond.any():
        where = first_rows(beyond).replace("row", side)
        remedy = "Pass float64 data, or scale it down."
        if dtype == np.float64:
            remedy = "Scale the data down."
        raise ValueError(
            f"X has a norm beyond the largest {dtype} in {where}. {remedy}"
        )
    return values


def _blank_norms(rows: Rows) -> ScaledNorms:
    return ScaledNorms(np.ones(rows.shape[0]), np.zeros(rows.shape[0]))
