r"""Newton's method on the support, by the inverse of its Hessian.

A step that leads a coefficient to zero takes a row and a column away from the Hessian.
The inverse of what is left follows from the one there was at the cost of a product,
:math:`B - b_j b_j^T / B_{jj}`, so that many short steps cost little more than one. The
gradient is carried along exactly, and the last step is made with a new inverse.
"""

import numpy as np
from scipy.linalg import lapack

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._solvers._face_kernels import face_steps
from sknorms.linear_model._solvers._ray import Ray, held

__all__ = ["newton_on_matrix", "newton_step"]

# Added to the diagonal, relative to its mean, until the factorisation succeeds.
_RIDGES = (1e-14, 1e-11, 1e-8)
_STEPS_A_COEFFICIENT = 2
_REFINEMENTS = 3
# What may be left of the slopes after a step that solves for them.
_EXACT = 1e-6


def newton_on_matrix(
    hessian: FloatArray, gradient: FloatArray, w: FloatArray, terms: Terms
) -> FloatArray:
    """Return better coefficients of a quadratic model.

    Parameters
    ----------
    hessian : array of shape (a, a)
        Of the smooth part, squares in the penalty included.
    gradient : array of shape (a,)
        Of the same at ``w``.
    w : array of shape (a,)
        Coefficients that are zero stay zero.
    terms : Terms

    Returns
    -------
    array of shape (a,)
    """
    w, gradient = w.copy(), gradient.copy()
    scratch = np.empty((3, len(w)))
    for _ in range(_REFINEMENTS):
        active = np.flatnonzero((w != 0.0) & ~held(w, gradient, terms))
        inverse = _inverse(hessian, active) if active.size else None
        if inverse is None:
            break
        most = _STEPS_A_COEFFICIENT * len(active) + 2
        if kernels_available():
            taken = face_steps(
                hessian, inverse, w, gradient, terms.table, scratch, most
            )
        else:
            taken = _face_steps(hessian, inverse, w, gradient, terms, most)
        if taken == 0:
            break
    return w


def newton_step(
    hessian: FloatArray, gradient: FloatArray, w: FloatArray, terms: Terms
) -> FloatArray | None:
    """Return the best point along a single step, which takes no inverse.

    Parameters are those of `newton_on_matrix`, but that no coefficient is zero. None if
    the equations are too close to singular, or a bound is in the way.
    """
    slope = gradient + terms.l1 * np.sign(w)
    factor, failed = lapack.dpotrf(hessian, lower=1)
    if failed:
        return None
    step, failed = lapack.dpotrs(factor, -slope, lower=1)
    product = hessian @ step
    if failed or not np.abs(product + slope).max() <= _EXACT * np.abs(slope).max():
        return None
    new: FloatArray = w + step
    lower, upper = terms.table[2:]
    if ((new * w > 0.0) & (new > lower) & (new < upper)).all():
        return new
    ray = Ray(w, step, slope, float(step @ product), terms)
    length = ray.search()[0]
    return ray.end(length) if length > 0.0 else None


def _face_steps(
    hessian: FloatArray,
    inverse: FloatArray,
    w: FloatArray,
    gradient: FloatArray,
    terms: Terms,
    n_steps: int,
) -> int:
    """Step to the minimum of a face; w, gradient and inverse are updated.

    Returns how many coefficients were taken out, 0 if the inverse is as good as new.
    """
    taken = 0
    for _ in range(n_steps):
        slope = gradient + terms.l1 * np.sign(w)
        step = -(inverse @ slope)
        if not float(step @ slope) < 0.0:
            break
        product = hessian @ step
        ray = Ray(w, step, slope, float(step @ product), terms)
        length, crossed = ray.search()
        gradient += length * product
        w[:] = ray.end(length)
        if not crossed:
            break
        out = (w == 0.0) | (w == terms.table[2]) | (w == terms.table[3])
        for i in np.flatnonzero(out & (inverse.diagonal() != 0.0)):
            _take_out(inverse, int(i))
            taken += 1
    return taken


def _take_out(inverse: FloatArray, i: int) -> None:
    """Make an inverse that of the matrix without a row and a column."""
    row = inverse[i].copy()
    if row[i] > 0.0:
        inverse -= np.outer(row, row / row[i])
    inverse[i] = 0.0
    inverse[:, i] = 0.0


def _inverse(hessian: FloatArray, active: IndexArray) -> FloatArray | None:
    """Return the inverse on some rows and columns, zeros in the others."""
    everything = len(active) == len(hessian)
    block = hessian if everything else hessian[np.ix_(active, active)]
    diagonal = block.diagonal()
    size = float(diagonal.mean())
    for ridge in _RIDGES:
        # It is symmetric, and LAPACK wants columns that lie together.
        lifted = block.T.copy(order="F")
        lifted.flat[:: len(active) + 1] = diagonal + ridge * size
        factor, failed = lapack.dpotrf(lifted, lower=1, overwrite_a=1)
        if failed:
            continue
        # The upper half of the factor is zero, and stays so.
        lower, failed = lapack.dpotri(factor, lower=1, overwrite_c=1)
        if failed or not np.isfinite(lower).all():
            continue
        inverse: FloatArray = lower + lower.T
        inverse.flat[:: len(active) + 1] = lower.diagonal()
        if everything:
            return inverse
        full = np.zeros_like(hessian)
        full[np.ix_(active, active)] = inverse
        return full
    return None
