"""Gradients in several arrays as one vector: its norm, and clipping by it."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from sknorms._typing import AnyArray
from sknorms._validation import check_real, output_dtype
from sknorms.norms._clip_slices import clip_slices, without_nans
from sknorms.norms._functions import norm
from sknorms.norms._layout import as_array, narrow
from sknorms.norms._registry import get_vector_norm
from sknorms.norms._rows import BLOCK_ELEMENTS
from sknorms.norms._scaled import ScaledNorms, combine_norms

__all__ = [
    "NonFiniteGradientError",
    "clip_by_global_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "get_total_norm",
]

# What deep learning libraries add to the norm before they divide by it.
_EPS = 1e-6
_CAST: Any = "same_kind"


class NonFiniteGradientError(ValueError, RuntimeError):
    """The total norm is NaN or infinite, and the caller asked to be told.

    It is a RuntimeError too, because that is what code written for other libraries
    catches.
    """


def get_total_norm(
    grads: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False
) -> Any:
    """Return the norm of several arrays as if they were one vector.

    Parameters
    ----------
    grads : array or iterable of arrays
        Real or complex arrays of any shapes; None is skipped, a generator is consumed
        once. Their order does not matter, to the bit.
    norm_type : float, default=2.0
        A p > 0 or infinity; also 0, the number of non-zero elements, and -infinity,
        the smallest magnitude.
    error_if_nonfinite : bool, default=False
        Whether a norm that is NaN or infinite is an error.

    Returns
    -------
    float32 or float64 scalar
        0.0 without arrays. float32 if all arrays are float32 or float16 and the norm
        fits (float64 inside), else float64.

    Raises
    ------
    NonFiniteGradientError
        A ValueError, also a RuntimeError: the norm is not finite and
        ``error_if_nonfinite`` is True.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms import get_total_norm
    >>> get_total_norm([np.array([3.0]), None, np.array([[0.0, 4.0]])])
    np.float64(5.0)
    >>> get_total_norm([np.full(100, 1e38, dtype=np.float32)])
    np.float64(9.999999680285691e+38)
    """
    arrays, _ = _arrays(grads)
    norm_type = float(norm_type)
    if norm_type in (0.0, -math.inf):
        each = [norm(array, norm_type) for array in arrays if array.size]
        total = sum(each) if norm_type == 0.0 else min(each, default=0.0)
    else:
        total = _scaled_total(arrays, norm_type).values[0]
    if error_if_nonfinite and not math.isfinite(total):
        raise NonFiniteGradientError(
            f"The total norm of order {norm_type:g} must be finite; got {total}. Look "
            "for NaN or infinite gradients, or pass error_if_nonfinite=False."
        )
    return _fitting(float(total), arrays)


def clip_by_global_norm(
    grads: Any,
    max_norm: float,
    norm_type: float = 2.0,
    *,
    eps: float = 0.0,
    nonfinite: str = "raise",
    monitor: Any = None,
) -> tuple[Any, Any]:
    r"""Scale several arrays by one factor so that their joint norm is in bounds.

    Every array becomes :math:`g \min(1, c / (n + \epsilon))` with n the norm of all of
    them together; nothing passed in is modified.

    Parameters
    ----------
    grads : array or iterable of array-like
        Real arrays of any shapes; None stays None.
    max_norm : float
        c, at least 0: 0 gives zeros, infinity gives ``grads``.
    norm_type : float, default=2.0
        A p > 0 or infinity.
    eps : float, default=0.0
        Added to the norm. 0 is exact; deep learning libraries add 1e-6.
    nonfinite : {"raise", "skip", "propagate", "zero_nans"}, default="raise"
        What to do if the norm is not finite: raise, return zeros (and the norm, by
        which to count such steps), compute on (finite elements become 0, the others
        NaN; NaN makes everything NaN), or replace NaN by 0 before anything else.
    monitor : GradientMonitor or None, default=None
        Is told of the norm and of the factor, before anything else is done about them:
        anything with a ``record(norm, clip_factor=...)``.

    Returns
    -------
    clipped : list of array, or array
        New arrays, a list unless ``grads`` is one array. float32 for float32 and
        float16, else float64. Bit for bit the same within bounds.
    total_norm : float32 or float64 scalar
        The norm before clipping, as from `get_total_norm`.

    Raises
    ------
    ValueError
        If ``max_norm`` is negative or NaN, or the norm is not finite and ``nonfinite``
        is "raise".

    See Also
    --------
    clip_grad_norm_ : In place, with eps=1e-6.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms import clip_by_global_norm
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], max_norm=1.0)
    ([array([0.6]), array([0.8])], np.float64(5.0))
    """
    max_norm = check_real("max_norm", max_norm, low=0.0)
    eps = check_real("eps", eps, low=0.0)
    given = grads if isinstance(grads, np.ndarray) else list(grads)
    arrays, single = _arrays(given, complex_ok=False)
    rows = [
        without_nans(array.astype(np.float64).reshape(1, -1), nonfinite)
        for array in arrays
    ]
    total = _scaled_total(rows, norm_type)
    _tell(monitor, float(total.values[0]), max_norm, eps)
    limits = np.array([max_norm])
    clipped = iter(
        narrow(
            clip_slices(
                row,
                total,
                limits,
                eps=eps,
                nonfinite=nonfinite,
                dtype=output_dtype(array),
            ).reshape(array.shape),
            array,
        )
        for row, array in zip(rows, arrays, strict=True)
    )
    total_norm = _fitting(float(total.values[0]), arrays)
    if single:
        return next(clipped), total_norm
    return [None if grad is None else next(clipped) for grad in given], total_norm


def clip_grad_norm_(
    grads: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    *,
    monitor: Any = None,
) -> Any:
    r"""Clip the joint norm of several arrays in place, the way training loops do.

    Every array is multiplied by :math:`\min(1, c / (n + 10^{-6}))`, the reciprocal
    being taken first, in the type of the norm.

    Parameters
    ----------
    grads : array or iterable of arrays
        Writable floating-point (or complex) arrays, changed in place; None is skipped.
    max_norm : float
        c, at least 0.
    norm_type : float, default=2.0
        As for `get_total_norm`.
    error_if_nonfinite : bool, default=False
        Whether a norm that is NaN or infinite is an error, raised before anything is
        changed. If not: with an infinite element finite ones become 0, infinite ones
        NaN; with NaN everything becomes NaN.
    monitor : GradientMonitor or None, default=None
        Is told of the norm and of the factor, as by `clip_by_global_norm`.

    Returns
    -------
    float32 or float64 scalar
        The norm before clipping.

    Raises
    ------
    ValueError
        If ``max_norm`` is negative or NaN, or an array is read-only.
    TypeError
        If something is not an array, or holds integers.
    NonFiniteGradientError
        A ValueError, also a RuntimeError; see ``error_if_nonfinite``.

    See Also
    --------
    clip_by_global_norm : Exact, and leaves its input alone.

    Notes
    -----
    Unlike elsewhere a norm that overflows the type of the gradients does not turn
    finite gradients into zeros: the factor is then computed in float64.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms import clip_grad_norm_
    >>> grads = [np.array([3.0, 4.0])]
    >>> clip_grad_norm_(grads, max_norm=1.0)
    np.float64(5.0)
    >>> grads
    [array([0.59999988, 0.79999984])]
    """
    max_norm = check_real("max_norm", max_norm, low=0.0)
    arrays, _ = _arrays(grads, writable=True)
    total = get_total_norm(arrays, norm_type)
    _tell(monitor, float(total), max_norm, _EPS)
    if error_if_nonfinite and not math.isfinite(total):
        get_total_norm(arrays, norm_type, error_if_nonfinite)
    number = total.dtype.type
    with np.errstate(all="ignore"):
        factor = number(1.0) / (total + number(_EPS)) * number(max_norm)
        factor = np.minimum(factor, number(1.0))
        if max_norm > 0.0 and factor < np.finfo(total.dtype).tiny:
            _scale_with_care(arrays, max_norm, norm_type)
            return total
        for array in arrays:
            own = factor.astype(np.result_type(array.real, np.float32))
            np.multiply(array, own, out=array, casting=_CAST)
    return total


def clip_grad_value_(grads: Any, clip_value: float) -> None:
    """Clip every element of several arrays to [-clip_value, clip_value], in place.

    Parameters
    ----------
    grads : array or iterable of arrays
        Writable floating-point arrays, changed in place; None is skipped.
    clip_value : float
        At least 0. NaN elements stay NaN.

    Raises
    ------
    ValueError
        If ``clip_value`` is negative or NaN, or an array is read-only.
    TypeError
        If something is not an array, or holds integers or complex numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.norms import clip_grad_value_
    >>> grads = [np.array([3.0, -0.5]), np.array([-7.0])]
    >>> clip_grad_value_(grads, 1.0)
    >>> grads
    [array([ 1. , -0.5]), array([-1.])]
    """
    clip_value = check_real("clip_value", clip_value, low=0.0)
    arrays, _ = _arrays(grads, writable=True)
    for array in arrays:
        if array.dtype.kind == "c":
            raise TypeError("grads must be real to be clipped by value; got complex.")
    for array in arrays:
        np.clip(array, -clip_value, clip_value, out=array)


def _tell(monitor: Any, total: float, max_norm: float, eps: float) -> None:
    """Report a norm, and by what it is going to be multiplied."""
    if monitor is not None:
        inside = total + eps <= max_norm
        monitor.record(total, clip_factor=1.0 if inside else max_norm / (total + eps))


def _arrays(
    grads: Any, *, writable: bool = False, complex_ok: bool = True
) -> tuple[list[AnyArray], bool]:
    """Return the arrays that are there, and whether one was given by itself."""
    if isinstance(grads, np.ndarray):
        given: list[Any] = [grads]
    elif isinstance(grads, Iterable) and not isinstance(grads, str | bytes | dict):
        given = [grad for grad in grads if grad is not None]
    else:
        raise TypeError(
            "grads must be an array or an iterable of arrays; got "
            f"{type(grads).__name__}."
        )
    if writable:
        for number, grad in enumerate(given):
            _check_writable(number, grad)
    arrays = [as_array(grad, name="grads", complex_ok=complex_ok) for grad in given]
    return arrays, isinstance(grads, np.ndarray)


def _check_writable(number: int, grad: Any) -> None:
    kind = grad.dtype.kind if isinstance(grad, np.ndarray) else type(grad).__name__
    if kind not in ("f", "c"):
        raise TypeError(
            "grads must be NumPy arrays of floating-point numbers to be changed in "
            f"place; got {getattr(grad, 'dtype', kind)} at position {number}. Use "
            "clip_by_global_norm, which returns new arrays."
        )
    if not grad.flags.writeable:
        raise ValueError(
            f"grads must be writable; the array at position {number} is read-only. "
            "Pass a copy, or use clip_by_global_norm, which returns new arrays."
        )


def _scaled_total(arrays: list[AnyArray], norm_type: float) -> ScaledNorms:
    """Return the joint norm, with its scale kept apart, as one row."""
    record = get_vector_norm(norm_type, name="norm_type")
    parts = [ScaledNorms(np.ones(1), np.zeros(1))]
    for array in arrays:
        flat, shrunk = _magnitudes(array.reshape(-1))
        for rows in _pieces(flat):
            measured = record.scaled_slices(rows)
            measured = ScaledNorms(measured.scale * shrunk, measured.norm)
            parts.extend(measured[i : i + 1] for i in range(len(rows)))
    return combine_norms(parts, record.order)


def _magnitudes(flat: AnyArray) -> tuple[AnyArray, float]:
    """Return moduli of complex numbers (others as they are), and their scale."""
    if flat.dtype.kind != "c":
        return flat, 1.0
    wide = flat.astype(np.complex128)
    with np.errstate(over="ignore"):
        modulus = np.abs(wide)
    if not np.isinf(modulus).any() or not np.isfinite(wide).all():
        return modulus, 1.0
    # Both parts are finite and their modulus is not.
    return np.abs(wide * 0.25), 0.25


def _pieces(flat: AnyArray) -> list[AnyArray]:
    """Cut a long vector into rows, so that it is never widened as a whole."""
    whole = len(flat) - len(flat) % BLOCK_ELEMENTS
    return [flat[:whole].reshape(-1, BLOCK_ELEMENTS), flat[np.newaxis, whole:]]


def _fitting(total: float, arrays: list[AnyArray]) -> Any:
    """Return the norm in the type of the arrays, or in float64 if it overflows that."""
    if not arrays or any(output_dtype(a.real) == np.float64 for a in arrays):
        return np.float64(total)
    with np.errstate(over="ignore"):
        narrow_total = np.float32(total)
    overflows = math.isinf(narrow_total) and not math.isinf(total)
    return np.float64(total) if overflows else narrow_total


def _scale_with_care(arrays: list[AnyArray], max_norm: float, norm_type: float) -> None:
    """Scale in place by a factor too small for its own type: in float64, in steps."""
    total = _scaled_total(arrays, norm_type)
    for array in arrays:
        parts = (array.real, array.imag) if array.dtype.kind == "c" else (array,)
        for part in parts:
            scaled = clip_slices(
                part.astype(np.float64).reshape(1, -1),
                total,
                np.array([max_norm]),
                eps=_EPS,
                nonfinite="propagate",
                dtype=output_dtype(part),
            )
            np.copyto(part, scaled.reshape(part.shape), casting=_CAST)
