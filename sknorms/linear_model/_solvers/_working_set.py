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
    cheap: int = 0,
    scale: float = 1.0,
    growth: float = 2.0,
) -> IndexArray:
    """Return features: those not zero or not penalised, and the nearest to that.

    Parameters
    ----------
    kept : bool array of shape (p,)
        Features that can matter.
    terms : Terms
    w : array of shape (p,)
    gradient : array of shape (p,)
        Of a dual point.
    norms : array of shape (p,)
        Root mean squares of the columns.
    first : bool
        Whether nothing has been worked on.
    cheap : int, default=0
        Up to so many features are no work: all that would leave zero are taken.
    scale : float, default=1.0
        The gradient of the dual point as a part of that of the scores.
    growth : float, default=2.0
        How many features are taken for each that is not zero, if they are not few.
    """
    support = _united(len(kept), np.flatnonzero(w), terms.free)
    candidates = np.flatnonzero(kept)
    if not terms.l1.any():
        # Nothing keeps a coefficient at zero.
        return _united(len(kept), candidates, support)
    slack = terms.slack(gradient)[candidates]
    wanted = max(int(growth * len(support)), _FIRST if first else _FEWEST)
    if wanted < cheap and scale > 0.0:
        moving = int(np.count_nonzero(_of_scores(terms, gradient, scale)[candidates]))
        wanted = max(wanted, min(cheap, len(support) + moving))
    if wanted >= len(candidates):
        return _united(len(kept), candidates, support)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = slack / norms[candidates]
    distance[w[candidates] != 0.0] = -math.inf
    nearest = np.argpartition(distance, wanted - 1)[:wanted]
    return _united(len(kept), candidates[nearest], support)


def _of_scores(terms: Terms, gradient: FloatArray, scale: float) -> BoolArray:
    """Tell which zero coefficients the gradient of the scores would move."""
    moves: BoolArray = terms.slack(gradient / scale) < 0.0
    return moves


def _united(n_features: int, *parts: IndexArray) -> IndexArray:
    """Return the features that are in any of some lists, in order."""
    among = np.zeros(n_features, dtype=bool)
    for part in parts:
        among[part] = True
    return np.flatnonzero(among)
