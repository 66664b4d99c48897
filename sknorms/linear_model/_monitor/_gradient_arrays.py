"""The size of a gradient, in whatever form a training loop has it."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray
from sknorms.norms import get_total_norm

__all__ = ["GradientSize", "measure_gradient"]


class GradientSize(NamedTuple):
    """What a gradient measures."""

    norm: float
    norm_inf: float
    n_nonfinite: int


def measure_gradient(gradient: Any) -> GradientSize:
    """Measure a gradient: a number is its norm; arrays are measured together.

    Parameters
    ----------
    gradient : float, array-like or iterable of array-like
        Anything that NumPy can read, tensors of other libraries included. None among
        several is skipped, a generator is consumed once. Nothing measures 0.

    Returns
    -------
    GradientSize
        Its Euclidean norm, its largest magnitude (NaN where only a norm is known), and
        how many of its elements are not finite (1 for a norm that is not).
    """
    if isinstance(gradient, str | bytes | dict) or gradient is None:
        raise TypeError(
            "gradient must be a number, an array or an iterable of arrays; got "
            f"{gradient!r}."
        )
    if _ndim(gradient) == 0:
        norm = float(_as_numpy(gradient))
        return GradientSize(norm, math.nan, int(not math.isfinite(norm)))
    arrays = [_as_numpy(part) for part in _parts(gradient) if part is not None]
    arrays = [array for array in arrays if array.size]
    if not arrays:
        return GradientSize(0.0, 0.0, 0)
    bad = sum(int(array.size - np.isfinite(array).sum()) for array in arrays)
    norm = float(get_total_norm(arrays, 2.0))
    return GradientSize(norm, float(get_total_norm(arrays, math.inf)), bad)


def _ndim(gradient: Any) -> int | None:
    """Return the number of dimensions of a number or an array, None for others."""
    if isinstance(gradient, int | float | complex):
        return 0
    return getattr(gradient, "ndim", None)


def _parts(gradient: Any) -> Iterable[Any]:
    """Return the arrays that a gradient consists of."""
    if _ndim(gradient) is not None:
        return [gradient]
    if not isinstance(gradient, Iterable):
        raise TypeError(
            "gradient must be a number, an array or an iterable of arrays; got "
            f"{type(gradient).__name__}."
        )
    parts = list(gradient)
    if parts and all(isinstance(part, int | float) for part in parts):
        return [np.asarray(parts)]
    return parts


def _as_numpy(part: Any) -> AnyArray:
    """Return an array of numbers with the elements of an array or a tensor."""
    if sparse.issparse(part):
        part = part.tocsr()
        part.sum_duplicates()
        return np.asarray(part.data)
    # Tensors that carry a graph, or live on a device, have to be told to let go.
    for release in ("detach", "cpu"):
        method = getattr(part, release, None)
        part = method() if callable(method) else part
    try:
        array = np.asarray(part)
    except (TypeError, RuntimeError):
        # Types that NumPy does not have, such as bfloat16.
        array = np.asarray(part.float())
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"gradient must consist of numbers; got {type(part).__name__} with dtype "
            f"{array.dtype}."
        )
    return array
