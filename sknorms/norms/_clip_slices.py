"""The rule that all clipping by norm follows, on float64 rows."""

import math
from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import check_choice, first_rows
from sknorms.norms._scaled import ScaledNorms, rescale_rows

__all__ = [
    "NONFINITE_POLICIES",
    "apply_policy",
    "clip_slices",
    "clipping_slack",
    "without_nans",
]

#: What to do with gradients that are not finite.
NONFINITE_POLICIES = ("raise", "skip", "propagate", "zero_nans")
_SMALL_FACTOR = 2.0**-960


def without_nans(slices: FloatArray, nonfinite: str) -> FloatArray:
    """Check the policy; replace NaN by zero if that is what it says."""
    check_choice("nonfinite", nonfinite, NONFINITE_POLICIES)
    if nonfinite != "zero_nans":
        return slices
    return np.where(np.isnan(slices), 0.0, slices)


def apply_policy(slices: FloatArray, norms: ScaledNorms, nonfinite: str) -> FloatArray:
    """Raise for slices that are not finite, or set them to zero, or let them be."""
    bad = ~np.isfinite(norms.norm)
    if not bad.any() or nonfinite in ("propagate", "zero_nans"):
        return slices
    if nonfinite == "skip":
        return np.where(bad[:, np.newaxis], 0.0, slices)
    raise ValueError(
        "The gradients must be finite to be clipped; got NaN or infinity in "
        f'{first_rows(bad)}. Pass nonfinite="skip" to zero them, "zero_nans" to '
        'replace NaN by 0, or "propagate" to compute on.'
    )


def clipping_slack(dtype: np.dtype[Any], length: int) -> float:
    """Return by what factor rounding may lengthen a row that was clipped before.

    Counting that as inside is what makes clipping twice the same as clipping once. It
    is twice 1/2 eps for rounding the entries, and the error of two pairwise sums
    (Higham, 1993): runs of 16 additions, then log2(d) halvings.
    """
    rounding = 2.0 * float(np.finfo(dtype).eps)
    return 1.0 + rounding + (16.0 + math.log2(max(1, length))) * 2.0**-52


def clip_slices(
    slices: FloatArray,
    norms: ScaledNorms,
    limits: FloatArray,
    *,
    eps: float,
    nonfinite: str,
    dtype: np.dtype[Any],
    length: int | None = None,
) -> FloatArray:
    """Scale float64 rows whose norm exceeds their limit; keep the others bit for bit.

    ``length`` is how many numbers a norm was taken of, if not those of a row.
    """
    slices = apply_policy(slices, norms, nonfinite)
    slack = clipping_slack(dtype, slices.shape[1] if length is None else length)
    with np.errstate(all="ignore"):
        lengths = norms.values
        factor = limits / (lengths + eps)
        inside = norms.norm <= limits * norms.scale * slack
        if eps > 0.0:
            inside = factor >= 1.0
        move = ~inside & np.isfinite(norms.norm) if nonfinite == "skip" else ~inside
        clipped = slices.copy()
        # A factor that small may have lost digits: go by the target length instead.
        exact = move & ((eps == 0.0) | (factor < _SMALL_FACTOR))
        kept = np.where(np.isinf(lengths), 1.0, lengths / (lengths + eps))
        target = limits if eps == 0.0 else limits * kept
        clipped[exact] = rescale_rows(slices[exact], norms[exact], target[exact])
        damped = move & ~exact
        clipped[damped] = slices[damped] * factor[damped, np.newaxis]
    return clipped
