"""How far a hit may be from its query: a largest distance or a smallest similarity."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import BoolArray, FloatArray
from sknorms._validation import ParameterError, check_real
from sknorms.metrics import Metric
from sknorms.neighbors._retrieval._false_matches import (
    CalibratedLimit,
    check_same_metric,
)
from sknorms.neighbors._retrieval._results import SearchResult
from sknorms.neighbors._search import key_limits, reaches

__all__ = ["Limit", "check_limit", "needs_rows"]

# Room for the rounding of one minus a value, and of a cast to float32.
_COMPLEMENT_SLACK = 2.0**-22


@dataclass(frozen=True, eq=False)
class Limit:
    """One limit a query, on distances or on similarities.

    Attributes
    ----------
    values : float64 array of shape (n_queries,)
    similar : bool
        Whether they are smallest similarities rather than largest distances.
    """

    values: FloatArray
    similar: bool

    def keys(self, metric: Metric) -> FloatArray:
        """Return keys that no hit passes, a little beyond the limits."""
        if self.similar is metric.larger_is_closer:
            return key_limits(metric, self.values)
        room = _COMPLEMENT_SLACK * (1.0 + np.abs(self.values))
        own = 1.0 - self.values
        return key_limits(metric, own - room if metric.larger_is_closer else own + room)

    def holds(self, result: SearchResult) -> BoolArray:
        """Return which hits are within their query's limit, as returned."""
        own = self.similar is result.higher_is_better
        values = result.all_values if own else result.all_opposites
        limits = np.repeat(self.values, result.counts)
        if values is None:
            raise ValueError("the metric has no values of the kind that is limited.")
        return reaches(values, limits, self.similar)


def check_limit(
    metric: Metric, min_score: Any, radius: Any, n_queries: int
) -> Limit | None:
    """Return the limit that was asked for, or None.

    Raises
    ------
    ValueError
        If both are given, or one that means nothing to the metric.
    """
    if min_score is None and radius is None:
        return None
    if min_score is not None and radius is not None:
        raise ParameterError(
            f"min_score and radius are two names for one limit; got min_score="
            f"{min_score!r} and radius={radius!r}. Pass one of them."
        )
    similar = min_score is not None
    name = "min_score" if similar else "radius"
    _require_meaning(metric, name, similar)
    given = _calibrated(name, min_score if similar else radius, metric)
    return Limit(_each(name, given, n_queries, -np.inf if similar else 0.0), similar)


def needs_rows(given: Any) -> bool:
    """Whether a limit has to be learnt yet."""
    if not isinstance(given, BaseEstimator):
        return False
    try:
        check_is_fitted(given)
    except NotFittedError:
        return True
    return False


def _calibrated(name: str, given: Any, metric: Metric) -> Any:
    """Return the number that was learnt, if what is given is not one itself."""
    if not isinstance(given, BaseEstimator):
        return given
    check_is_fitted(given)
    if not isinstance(given, CalibratedLimit):
        raise ParameterError(
            f"{name} must be a number, one for each query, or a fitted "
            f"ThresholdCalibrator; got {type(given).__name__}."
        )
    check_same_metric(name, given.metric_, metric)
    return given.limits_[name]


def _require_meaning(metric: Metric, name: str, similar: bool) -> None:
    if similar is metric.larger_is_closer or metric.complementary:
        return
    if similar:
        raise ParameterError(
            f"{name} is a smallest similarity, but metric {metric.name!r} is a "
            "distance that has no similarity of its own. Pass radius, the largest "
            "distance of a hit."
        )
    raise ParameterError(
        f"{name} is a largest distance, but metric {metric.name!r} is a similarity "
        "that has no distance of its own. Pass min_score, the smallest similarity of a "
        "hit."
    )


def _each(name: str, limit: Any, n_queries: int, low: float) -> FloatArray:
    """Return one checked limit a query, from one for all or an array of them."""
    if np.ndim(limit) == 0:
        return np.full(n_queries, check_real(name, limit, low=low))
    if np.shape(limit) != (n_queries,):
        raise ParameterError(
            f"{name} must be a number, or have one for each query, shape "
            f"({n_queries},); got shape {np.shape(limit)}."
        )
    return np.array([check_real(name, one, low=low) for one in limit])
