"""The best intercepts of several classes."""

import numpy as np

from sknorms._typing import FloatArray, IndexArray

__all__ = ["balanced_classes"]

# Newton steps, and when the sums of slopes are as good as zero.
_STEPS = 50
_BALANCED = 2.0**-47
# Bends below this part of the largest are rounding.
_FLAT = 1e-13
# Beyond such steps a probability that was rounded to zero might matter.
_SHORT = 1.0


def balanced_classes(
    z: FloatArray, y: IndexArray, share: FloatArray, p: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return probabilities with the classes' shares of weight, and the shift to them.

    Newton's method on the intercepts, steps shortened until the sums of slopes fall.

    Parameters
    ----------
    z : array of shape (n_rows, K)
        Scores.
    y : array of shape (n_rows,)
        Classes.
    share : array of shape (n_rows,)
        Weights of the rows, with a sum of 1.
    p : array of shape (n_rows, K)
        Probabilities at the scores.

    Returns
    -------
    p : array of shape (n_rows, K)
    shift : array of shape (K,)
        To be added to the scores; its mean is 0.
    """
    k = z.shape[1]
    wanted = np.bincount(y, weights=share, minlength=k)
    shift, total = np.zeros(k), share @ p - wanted
    for _ in range(_STEPS):
        size = float(np.abs(total).max())
        if size <= _BALANCED:
            break
        step = _newton_step(p, share, total)
        # Close to the end only rounding can keep a step from being better.
        shortest = 1e-10 if size > 1e-8 else 0.5
        length, left = 1.0, size
        while length >= shortest and not left < size:
            trial = _shifted(z, p, shift, length * step)
            sums = share @ trial - wanted
            left, length = float(np.abs(sums).max()), 0.5 * length
        if not left < size:
            break
        shift, p, total = shift + 2.0 * length * step, trial, sums
    return p, shift - shift.mean()


def _newton_step(p: FloatArray, share: FloatArray, total: FloatArray) -> FloatArray:
    """Return the least solution; the bends have no inverse, as one class is spare."""
    bends = np.diag(share @ p) - (p.T * share) @ p
    values, vectors = np.linalg.eigh(bends)
    along = total @ vectors
    kept = values > _FLAT * values[-1]
    along[~kept] = 0.0
    along[kept] /= values[kept]
    return np.asarray(-(vectors @ along))


def _shifted(
    z: FloatArray, p: FloatArray, shift: FloatArray, step: FloatArray
) -> FloatArray:
    """Return the probabilities at ``z + shift + step``, given those at the former."""
    if np.abs(step).max() <= _SHORT:
        trial = p * np.exp(step)
    else:
        scores = z + (shift + step)
        with np.errstate(under="ignore"):
            trial = np.exp(scores - scores.max(axis=1, keepdims=True))
    trial /= (trial @ np.ones(len(step)))[:, np.newaxis]
    return trial
