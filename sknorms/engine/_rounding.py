"""Rigorous float32 rounding bounds, and numbers rounded to the safe side.

The bound on a computed inner product, ``|fl(x.y) - x.y| <= gamma_d |x||y|`` with
``gamma_d = d u / (1 - d u)``, holds for every order of summation, with and without
fused operations (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed.,
section 3.1).
"""

import numpy as np

from sknorms._typing import Float32Array, FloatArray

__all__ = [
    "EXACT_SLACK",
    "UNIT32",
    "gamma32",
    "power_of_two_scale",
    "round_down32",
    "round_up32",
]

# Unit roundoff of float32: half the distance between 1 and the next number.
UNIT32 = 2.0**-24
# Relative room for the float64 rounding of exact values and thresholds. It is far above
# d * 2**-53 for any d that fits in memory, and far below the float32 terms it joins.
EXACT_SLACK = 2.0**-30


def gamma32(n_terms: int) -> float:
    """Return ``gamma_n`` for float32; infinite where the bound says nothing."""
    product = n_terms * UNIT32
    return product / (1.0 - product) if product < 0.5 else np.inf


def round_up32(values: FloatArray) -> Float32Array:
    """Return float32 numbers that are not smaller than ``values``."""
    with np.errstate(over="ignore", under="ignore"):
        nearest = np.asarray(values, dtype=np.float64).astype(np.float32)
        up: Float32Array = np.nextafter(nearest, np.float32(np.inf))
    return up


def round_down32(values: FloatArray) -> Float32Array:
    """Return float32 numbers that are not larger than ``values``."""
    return -round_up32(-np.asarray(values, dtype=np.float64))


def power_of_two_scale(sizes: FloatArray) -> float:
    """Return a power of two that brings the median positive size near one.

    Multiplying by it is exact, so scaled rows keep every digit; the median keeps one
    enormous row from pushing all the others into the subnormal range.
    """
    usable = sizes[(sizes > 0) & np.isfinite(sizes)]
    if usable.size == 0:
        return 1.0
    exponent = int(np.frexp(np.median(usable))[1])
    return float(np.ldexp(1.0, min(max(-exponent, -1000), 1000)))
