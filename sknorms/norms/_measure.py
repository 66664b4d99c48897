r"""The norm of each row of a block, without overflow or underflow.

A row is measured plainly first. Only where the plain sum left the range in which it is
accurate is the row scaled by a power of two, which is exact, and measured again:

.. math:: \|x\|_p = \|s x\|_p / s, \qquad s = 2^{-e},\ 2^{e-1} \le \max_i |x_i| < 2^e

For p other than 1, 2 and infinity the largest magnitude m is divided out as well,
:math:`\|x\|_p = m (\sum_i (|x_i| / m)^p)^{1/p}`, so that no power overflows at any p.
"""

import math

import numpy as np

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.norms._rows import RowBlock

__all__ = ["measure_block", "to_unit_size"]

# Squares below 2^-1022 lose digits. A sum of at least this size does not notice.
_SMALLEST_SAFE_SUM = 2.0**-960
# Powers of two beyond these are not normal float64 numbers.
_EXPONENT_RANGE = (-1022, 1023)
# Roots beyond 2^900 (only for p < 1) move part of their exponent into the scale.
_LARGEST_SAFE_EXPONENT = 900.0
# Exponents beyond this are infinite whatever the scale.
_FAR_OUT = 4000.0


def measure_block(block: RowBlock, p: float) -> tuple[FloatArray, FloatArray]:
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


def to_unit_size(slices: FloatArray) -> tuple[FloatArray, IndexArray]:
    """Scale slices to a largest magnitude in [1/2, 1), which is exact.

    Returns the scaled slices, and e with ``slice == scaled * 2**e`` for each of them
    (0 where the largest magnitude is zero or not finite; subnormal slices stay a little
    smaller, so that 2^-e is a number).
    """
    axes = tuple(range(1, slices.ndim))
    largest = np.maximum.reduce(np.abs(slices), axis=axes, initial=0.0)
    ordinary = (largest > 0.0) & (largest < math.inf)
    exponent = np.frexp(np.where(ordinary, largest, 1.0))[1]
    lowest, _ = _EXPONENT_RANGE
    exponent = np.where(ordinary, np.maximum(exponent, lowest), 0).astype(np.intp)
    return np.ldexp(slices, -np.expand_dims(exponent, axes)), exponent
