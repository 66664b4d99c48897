"""Where to cut off scores so that pairs which do not belong together seldom pass."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from scipy import special

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError
from sknorms.metrics import Metric

__all__ = [
    "CalibratedLimit",
    "Cut",
    "check_same_metric",
    "false_match_cut",
    "fewest_pairs",
]


@runtime_checkable
class CalibratedLimit(Protocol):
    """What has learnt a limit for a metric, as `ThresholdCalibrator` has."""

    @property
    def metric_(self) -> Metric:
        """The metric that the limit is for."""

    @property
    def limits_(self) -> dict[str, float]:
        """The limit as ``min_score``, as ``radius`` or as both."""


@dataclass(frozen=True)
class Cut:
    """A value which few pairs that do not belong together come beyond.

    Attributes
    ----------
    value : float
        The closest value that does not pass.
    larger_is_closer : bool
    confidence : float
        How sure it is that no more than the rate pass, at least what was asked for.
    bound : float
        What the rate of those that pass is below, with the confidence asked for.
    """

    value: float
    larger_is_closer: bool
    confidence: float
    bound: float

    def limit(self, dtype: "np.dtype[Any]") -> float:
        """Return the first number of a dtype that passes; numbers beyond pass too."""
        return _beyond(self.value, dtype, self.larger_is_closer)

    def opposite_limit(self, dtype: "np.dtype[Any]") -> float:
        """Return the same for one minus the values."""
        return _beyond(1.0 - self.value, dtype, not self.larger_is_closer)


def _beyond(value: float, dtype: "np.dtype[Any]", upwards: bool) -> float:
    toward = dtype.type(np.inf if upwards else -np.inf)
    # The step from zero is a number too small for what follows to stay silent about.
    with np.errstate(under="ignore"):
        return float(np.nextafter(dtype.type(value), toward))


def fewest_pairs(rate: float, confidence: float) -> int:
    """Return how many pairs at least a rate and a confidence ask for."""
    return int(np.ceil(np.log1p(-confidence) / np.log1p(-rate) * (1 - 1e-12)))


def false_match_cut(
    values: FloatArray, rate: float, confidence: float, larger_is_closer: bool
) -> Cut | None:
    """Return the cut that at most ``rate`` of further such values pass.

    The j-th closest of n values is passed by more than the rate only if fewer than j of
    the values are among the closest ``rate`` of all there could be, which has the
    probability P(Bin(n, rate) < j) at most, for any distribution. The largest j for
    which this is at most 1 - confidence is taken: where the upper limit of Clopper and
    Pearson for j - 1 of n is at most the rate.

    Returns
    -------
    Cut or None
        None if there are too few values even for j = 1.
    """
    n = len(values)
    j = _rank(n, rate, 1.0 - confidence)
    if j == 0:
        return None
    ordered = np.sort(-values if larger_is_closer else values)
    closest = float(ordered[j - 1])
    return Cut(
        -closest if larger_is_closer else closest,
        larger_is_closer,
        1.0 - float(special.bdtr(j - 1, n, rate)),
        float(special.betaincinv(j, n - j + 1, confidence)),
    )


def _rank(n: int, rate: float, risk: float) -> int:
    """Return the largest j <= n with P(Bin(n, rate) < j) <= risk, 0 without one."""
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if special.bdtr(middle - 1, n, rate) <= risk:
            low = middle
        else:
            high = middle - 1
    return low


def check_same_metric(name: str, calibrated: Metric, metric: Metric) -> None:
    """Raise if a limit was learnt for another metric than the one it is used with."""
    if type(calibrated) is not type(metric) or not _same_params(calibrated, metric):
        raise ParameterError(
            f"{name} was calibrated for {calibrated!r}, but rows are compared by "
            f"{metric!r}, whose values mean something else. Calibrate it with the "
            "metric of the Retriever."
        )


def _same_params(one: Metric, other: Metric) -> bool:
    theirs = other.params
    return all(
        name in one.learned or np.array_equal(value, theirs[name])
        for name, value in one.params.items()
    )
