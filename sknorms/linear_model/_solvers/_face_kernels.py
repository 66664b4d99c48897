"""Compiled Newton steps with an inverse that shrinks. `_face` has the twin in NumPy."""

from typing import Any

from sknorms._compile import kernel
from sknorms._typing import FloatArray

__all__ = ["face_steps"]

_FAST = {"reassoc", "contract", "nsz", "arcp"}


@kernel(fastmath=_FAST)
def _add_product(
    matrix: FloatArray, vector: FloatArray, factor: float, out: FloatArray
) -> None:
    """Write factor times a symmetric matrix times a vector."""
    for i in range(out.shape[0]):
        out[i] = 0.0
    for k in range(vector.shape[0]):
        size = factor * vector[k]
        if size != 0.0:
            for i in range(out.shape[0]):
                out[i] += size * matrix[k, i]


@kernel(fastmath=_FAST)
def _dot(left: FloatArray, right: FloatArray) -> Any:
    total = 0.0
    for i in range(left.shape[0]):
        total += left[i] * right[i]
    return total


@kernel(fastmath=_FAST)
def _take_out(inverse: FloatArray, i: int, row: FloatArray) -> None:
    """Make an inverse that of the matrix without a row and a column."""
    n = row.shape[0]
    pivot = inverse[i, i]
    for k in range(n):
        row[k] = inverse[i, k]
    for k in range(n):
        if pivot > 0.0 and row[k] != 0.0:
            size = row[k] / pivot
            for j in range(n):
                inverse[k, j] -= size * row[j]
    for k in range(n):
        inverse[i, k] = 0.0
        inverse[k, i] = 0.0


@kernel(inline="always")
def _breakpoint(
    w: FloatArray, step: FloatArray, terms: FloatArray, low: float, last: float
) -> tuple[int, Any]:
    """Return the first coefficient that reaches zero beyond a length, and where."""
    first = -1
    for i in range(w.shape[0]):
        if w[i] * step[i] < 0.0 and terms[0, i] > 0.0:
            at = -w[i] / step[i]
            if low < at < last:
                first, last = i, at
    return first, last


@kernel(inline="always")
def _furthest(w: FloatArray, step: FloatArray, terms: FloatArray) -> Any:
    """Return the length up to 1 at which the first bound is reached."""
    last = 1.0
    for i in range(w.shape[0]):
        if step[i] > 0.0:
            last = min(last, (terms[3, i] - w[i]) / step[i])
        elif step[i] < 0.0:
            last = min(last, (terms[2, i] - w[i]) / step[i])
    return last


@kernel(error_model="numpy")
def _best_length(
    w: FloatArray,
    step: FloatArray,
    terms: FloatArray,
    slope: float,
    bend: float,
    last: float,
) -> tuple[Any, int]:
    """Return the best length, and the coefficient that is zero there or -1.

    The derivative along the step rises by bend, and jumps where a sign changes.
    """
    low = 0.0
    while True:
        i, high = _breakpoint(w, step, terms, low, last)
        if slope + bend * high >= 0.0:
            return min(max(-slope / bend if bend > 0.0 else low, low), high), -1
        if i < 0:
            return last, -1
        slope += 2.0 * terms[0, i] * abs(step[i])
        if slope + bend * high >= 0.0:
            return high, i
        low = high


@kernel(inline="always")
def _stop_at_bounds(
    inverse: FloatArray, w: FloatArray, terms: FloatArray, scratch: FloatArray
) -> int:
    """Take out the coefficients that reached a bound; return how many did."""
    taken = 0
    for i in range(w.shape[0]):
        w[i] = min(max(w[i], terms[2, i]), terms[3, i])
        reached = w[i] == terms[2, i] or w[i] == terms[3, i]
        if reached and inverse[i, i] != 0.0:
            _take_out(inverse, i, scratch)
            taken += 1
    return taken


@kernel(error_model="numpy")
def face_steps(
    hessian: FloatArray,
    inverse: FloatArray,
    w: FloatArray,
    gradient: FloatArray,
    terms: FloatArray,
    scratch: FloatArray,
    n_steps: int,
) -> int:
    """Step to the minimum of a face; w, gradient and inverse are updated.

    ``scratch`` has shape (3, a).

    Returns how many coefficients were taken out, 0 if the inverse is as good as new.
    """
    slopes, step, product = scratch[0], scratch[1], scratch[2]
    taken = 0
    for _ in range(n_steps):
        for i in range(w.shape[0]):
            slopes[i] = gradient[i] + terms[0, i] * ((w[i] > 0.0) - (w[i] < 0.0))
        _add_product(inverse, slopes, -1.0, step)
        slope = _dot(slopes, step)
        if not slope < 0.0:
            break
        _add_product(hessian, step, 1.0, product)
        last = _furthest(w, step, terms)
        bend = _dot(step, product)
        length, at_zero = _best_length(w, step, terms, slope, bend, last)
        turned = False
        for i in range(w.shape[0]):
            old = w[i]
            w[i] += length * step[i]
            gradient[i] += length * product[i]
            turned = turned or w[i] * old < 0.0
        if at_zero >= 0:
            w[at_zero] = 0.0
            _take_out(inverse, at_zero, slopes)
            taken += 1
        if length == last and last < 1.0:
            taken += _stop_at_bounds(inverse, w, terms, slopes)
        elif length == 1.0 and not turned:
            break
    return taken
