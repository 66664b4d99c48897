r"""Ways of clipping the gradient of a batch of a linear model.

The gradient of one row is the outer product of :math:`(x_i, 1)` and the derivative
:math:`r_i` of its loss, whose p-norm is the product of both p-norms. So the gradients
of all rows are measured, and clipped through :math:`r_i`, without forming any.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from scipy.linalg.blas import ddot

from sknorms._typing import FloatArray, Rows
from sknorms._validation import ParameterError, check_real
from sknorms.norms import clip_adaptive, norm, row_norms

__all__ = [
    "CLIPS",
    "SAFE_HIGH",
    "SAFE_LOW",
    "AutomaticLimit",
    "Clip",
    "Clipped",
    "get_clip",
    "row_sizes",
    "safe_norm",
]

# The threshold that follows the gradients: this many deviations above the mean of their
# logarithms, which are remembered for about fifty steps.
_DEVIATIONS, _MEMORY, _WARM_UP = 4.0, 0.98, 10
_LEAST_DEVIATION = 0.25
# Squares sum up without overflow or loss of digits in between.
SAFE_LOW, SAFE_HIGH = 1e-280, 1e300


class Clipped(NamedTuple):
    """What clipping a whole gradient did."""

    factor: float
    norm: float


class AutomaticLimit:
    """A threshold for outliers, from the logarithms of the sizes seen so far.

    A size far above the usual ones counts as the threshold it exceeds, so that one
    outlier does not let the next one pass.
    """

    def __init__(self) -> None:
        self.mean = self.square = 0.0
        self.n_steps = 0

    @property
    def value(self) -> float:
        """The threshold; infinity until enough has been seen."""
        if self.n_steps < _WARM_UP:
            return math.inf
        deviation = math.sqrt(max(self.square - self.mean**2, 0.0))
        size = self.mean + _DEVIATIONS * max(deviation, _LEAST_DEVIATION)
        return math.exp(min(size, 700.0))

    def see(self, sizes: FloatArray | float) -> None:
        """Take in the size of a gradient, or those of a batch of rows."""
        if isinstance(sizes, float):
            if not 0.0 < sizes < math.inf:
                return
            log = math.log(min(sizes, self.value))
            mean, square = log, log * log
        else:
            known = sizes[(sizes > 0.0) & (sizes < math.inf)]
            if not len(known):
                return
            logs = np.log(np.minimum(known, self.value))
            mean, square = float(logs.mean()), float(np.square(logs).mean())
        self.n_steps += 1
        keep = min(_MEMORY, 1.0 - 1.0 / self.n_steps)
        self.mean += (1.0 - keep) * (mean - self.mean)
        self.square += (1.0 - keep) * (square - self.square)


@dataclass(frozen=True)
class Clip(ABC):
    """One way of clipping.

    Parameters
    ----------
    max_norm : float or None
        The threshold; None is one that follows the gradients.
    norm_type : float
        The p of the norm.
    follows : bool
        Whether the threshold follows the gradients, at most ``max_norm``.
    """

    max_norm: float | None = None
    norm_type: float = 2.0
    follows: bool = False

    #: Whether rows are clipped one by one.
    by_row: ClassVar[bool] = False
    default: ClassVar[float | None] = None

    def limit(self, automatic: AutomaticLimit) -> float:
        """Return the threshold of this step."""
        if self.max_norm is not None and not self.follows:
            return self.max_norm
        most = math.inf if self.max_norm is None else self.max_norm
        return min(automatic.value, most)

    def clip_rows(
        self, slopes: FloatArray, sizes: FloatArray, automatic: AutomaticLimit
    ) -> float:
        """Clip the derivatives of rows in place; return the share that was clipped."""
        return math.nan

    @abstractmethod
    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Clip a gradient of Euclidean norm ``size`` in place."""


@dataclass(frozen=True)
class NoClip(Clip):
    """Leave gradients as they are."""

    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Do nothing."""
        return Clipped(math.nan, size)


@dataclass(frozen=True)
class GlobalClip(Clip):
    """Scale the gradient down to the threshold."""

    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Multiply the gradient by one factor, if it is too long."""
        own = size if self.norm_type == 2.0 else float(norm(gradient, self.norm_type))
        limit = self.limit(automatic)
        if self.follows or self.max_norm is None:
            automatic.see(own)
        if own <= limit:
            return Clipped(1.0, size)
        factor = limit / own
        gradient *= factor
        return Clipped(factor, factor * size)


@dataclass(frozen=True)
class PerSampleClip(Clip):
    """Scale the gradient of every row down to the threshold."""

    by_row: ClassVar[bool] = True

    def clip_rows(
        self, slopes: FloatArray, sizes: FloatArray, automatic: AutomaticLimit
    ) -> float:
        """Multiply the derivatives of rows by factors of their own."""
        own = np.abs(slopes) if slopes.ndim == 1 else row_norms(slopes, self.norm_type)
        with np.errstate(over="ignore"):
            sizes = own * sizes
        limit = self.limit(automatic)
        if self.follows or self.max_norm is None:
            automatic.see(sizes)
        far = sizes > limit
        if not far.any():
            return 0.0
        factor = np.ones_like(sizes)
        factor[far] = limit / sizes[far]
        slopes *= factor if slopes.ndim == 1 else factor[:, np.newaxis]
        return float(far.mean())

    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Do nothing more: rows have been clipped."""
        return Clipped(math.nan, size)


@dataclass(frozen=True)
class AdaptiveClip(Clip):
    """Scale the gradient of each class down to a share of its weights' norm."""

    default: ClassVar[float | None] = 0.01

    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Clip the gradient of the coefficients unit by unit, the intercept with it."""
        limit = self.limit(automatic)
        clipped = clip_adaptive(gradient.T, weights.T, limit).T
        if np.array_equal(clipped, gradient):
            return Clipped(1.0, size)
        gradient[...] = clipped
        after = safe_norm(gradient)
        return Clipped(after / size if size else 1.0, after)


@dataclass(frozen=True)
class ValueClip(Clip):
    """Limit every element to the threshold."""

    def clip(
        self,
        gradient: FloatArray,
        size: float,
        weights: FloatArray,
        automatic: AutomaticLimit,
    ) -> Clipped:
        """Clip the elements."""
        largest = float(np.abs(gradient).max())
        limit = self.limit(automatic)
        if self.follows or self.max_norm is None:
            automatic.see(largest)
        if largest <= limit:
            return Clipped(1.0, size)
        np.clip(gradient, -limit, limit, out=gradient)
        after = safe_norm(gradient)
        return Clipped(after / size if size else 1.0, after)


#: Name to record. "auto" is "global" with a threshold that follows the gradients.
CLIPS: dict[str | None, Clip] = {
    "global": GlobalClip(),
    "per_sample": PerSampleClip(),
    "adaptive": AdaptiveClip(),
    "value": ValueClip(),
    "auto": GlobalClip(follows=True),
    None: NoClip(),
}


def get_clip(clip: Any, max_norm: Any, norm_type: Any) -> Clip:
    """Return the record of a way of clipping, by its name and parameters."""
    if not (clip is None or isinstance(clip, str)) or clip not in CLIPS:
        names = ", ".join(map(repr, CLIPS))
        raise ParameterError(f"clip must be one of {names}; got {clip!r}.")
    record = CLIPS[clip]
    limit = record.default
    if max_norm is not None:
        limit = check_real("max_norm", max_norm, low=0.0)
    order = check_real("norm_type", norm_type, low=1.0)
    return type(record)(limit, order, record.follows)


def row_sizes(rows: Rows, norm_type: float, *, fit_intercept: bool) -> FloatArray:
    """Return the p-norm of every row, with a 1 for the intercept appended."""
    if norm_type != 2.0:
        sizes = row_norms(rows, norm_type)
        if not fit_intercept:
            return sizes
        both = np.stack([sizes, np.ones_like(sizes)], axis=1)
        return row_norms(both, norm_type)
    if sparse.issparse(rows):
        squares = np.asarray(rows.multiply(rows).sum(axis=1)).reshape(-1)
    else:
        squares = np.einsum("ij,ij->i", rows, rows)
    if fit_intercept:
        squares = squares + 1.0
    if squares.max(initial=0.0) < SAFE_HIGH:
        roots: FloatArray = np.sqrt(squares)
        return roots
    sizes = np.hypot(row_norms(rows), 1.0 if fit_intercept else 0.0)
    return sizes.astype(np.float64)


def safe_norm(values: FloatArray) -> float:
    """Return the Euclidean norm of a contiguous array, whatever its size."""
    flat = values.reshape(-1)
    # A product by NumPy takes several times as long to start.
    square = ddot(flat, flat)
    if SAFE_LOW < square < SAFE_HIGH:
        return math.sqrt(square)
    return float(norm(flat)) if flat.any() else 0.0
