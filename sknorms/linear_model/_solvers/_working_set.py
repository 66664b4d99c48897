"""Which features can matter, and which to work on next."""

import math

import numpy as np

from sknorms._typing import BoolArray, FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms

__all__ = ["discard", "next_columns"]

# Features to begin with, and the fewest to work on later.
_FIRST = 100
_FEWEST = 20


def discard(
    kept: BoolArray,
    terms: Terms,
    gradient: FloatArray,
    norms: FloatArray,
    gap: float,
    smoothness: float,
) -> None:
    r"""Drop features that are zero in every solution, from a mask that is updated.

    The loss is smooth, so the dual optimum is within :math:`\sqrt{2 L \cdot gap}` of
    any dual point (weighted mean square), and the gradient of a feature within that
    times the norm of its column.

    Parameters
    ----------
    kept : bool array of shape (p,)
    terms : Terms
    gradient : array of shape (p,)
        Of a dual point.
    norms : array of shape (p,)
        Root mean squares of the columns, centred if there is an intercept.
    gap : float
        Between the objective and the value of the dual point.
    smoothness : float
        Lipschitz constant L of the derivative of the loss; inf drops nothing.
    """
    if math.isinf(smoothness) or not math.isfinite(gap):
        return
    radius = math.sqrt(2.0 * smoothness * max(gap, 0.0))
    kept &= terms.slack(gradient) <= radius * norms


def next_columns(
    kept: BoolArray,
    terms: Terms,
    w: FloatArray,
    gradient: FloatArray,
    norms: FloatArray,
    first: bool,
) -> IndexArray:
    """Return features: those not zero or not penalised, and the nearest to that."""
    support = np.union1d(np.flatnonzero(w), terms.free)
    candidates = np.flatnonzero(kept)
    if not terms.l1.any():
        return np.union1d(candidates, support)  # nothing keeps a coefficient at zero
    wanted = max(2 * len(support), _FIRST if first else _FEWEST)
    if wanted >= len(candidates):
        return np.union1d(candidates, support)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = terms.slack(gradient)[candidates] / norms[candidates]
    distance[w[candidates] != 0.0] = -math.inf
    nearest = np.argpartition(distance, wanted - 1)[:wanted]
    return np.union1d(candidates[nearest], support)
