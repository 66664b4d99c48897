"""Naive definitions for the row transformers, in exact or 60-digit arithmetic."""

import math
from decimal import Decimal, localcontext

import numpy as np

__all__ = ["ORDERS", "naive_norm", "naive_unit_rows"]

ORDERS = {"l1": 1.0, "l2": 2.0, "max": math.inf}


def naive_norm(row, p):
    """Return (sum |x|^p)^(1/p) as a Decimal, without over- or underflow."""
    with localcontext() as context:
        context.prec = 60
        context.Emax, context.Emin = 10**9, -(10**9)
        magnitudes = [abs(Decimal(float(x))) for x in row]
        if p == math.inf:
            return max(magnitudes, default=Decimal(0))
        power = Decimal(float(p))
        total = sum((m**power for m in magnitudes if m), Decimal(0))
        return total ** (1 / power) if total else total


def naive_unit_rows(rows, p):
    """Return rows over their norms, rounded once to float64; zero rows stay."""
    out = np.array(rows, dtype=np.float64)
    for i, row in enumerate(rows):
        norm = naive_norm(row, p)
        if norm:
            with localcontext() as context:
                context.prec = 60
                out[i] = [float(Decimal(float(x)) / norm) for x in row]
    return out
