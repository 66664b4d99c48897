"""From the parameters of an estimator to a metric record, once, in ``fit``."""

import math
import warnings
from dataclasses import dataclass, replace
from typing import Any

from sklearn.metrics import DistanceMetric
from sklearn.neighbors import VALID_METRICS

from sknorms._arrays import widen
from sknorms._typing import FloatArray, Rows
from sknorms._validation import ParameterError
from sknorms.metrics import BlockDistance, Metric, get_metric
from sknorms.metrics._function import BlockMetric

__all__ = [
    "EffectiveMetric",
    "allows_nan",
    "automatic_metric",
    "check_algorithm",
    "resolve_metric",
]

# What the Minkowski distance is called at these powers.
_NAMED_POWERS = {1.0: "manhattan", 2.0: "euclidean", math.inf: "chebyshev"}
# The one metric that the parameter ``p`` of an estimator belongs to.
_MINKOWSKI = type(get_metric("minkowski"))
_TREES = ("ball_tree", "kd_tree")


@dataclass(frozen=True)
class EffectiveMetric:
    """A metric as an estimator uses it.

    Attributes
    ----------
    record : Metric
    name : str, callable, DistanceMetric or Metric
        What the estimator reports as ``effective_metric_``.
    params : dict
        What it reports as ``effective_metric_params_``.
    """

    record: Metric
    name: Any
    params: dict[str, Any]

    def learn_table(self, X: Any) -> "EffectiveMetric":
        """Return the metric with what it learns from a data frame's columns."""
        return self.with_record(self.record.learn_table(X))

    def learn(self, rows: Rows) -> "EffectiveMetric":
        """Return the metric with what it learns from the training rows."""
        return self.with_record(self.record.learn(rows))

    def with_record(self, record: Metric) -> "EffectiveMetric":
        """Return the metric with a record that has learnt something."""
        if isinstance(self.name, Metric):
            return EffectiveMetric(record, record, self.params)
        before = self.record.params
        learned = {
            name: value
            for name, value in record.params.items()
            if value is not None and before[name] is None
        }
        return replace(self, record=record, params={**self.params, **learned})


def resolve_metric(metric: Any, p: Any, metric_params: Any) -> EffectiveMetric:
    """Return the metric that the three parameters stand for.

    Parameters
    ----------
    metric : str, Metric, callable or DistanceMetric
    p : float or None
        Handed to a metric given by a name that has a parameter p.
    metric_params : dict or None

    Raises
    ------
    TypeError
        If ``metric_params`` is not a dict.
    ValueError
        If the metric or one of its parameters is unknown or out of range.
    """
    given = _checked_params(metric_params)
    _warn_about_two_powers(p, given)
    if isinstance(metric, DistanceMetric):
        return EffectiveMetric(_wrapped(metric, given), metric, {})
    record = get_metric(metric, **given)
    if not isinstance(metric, str):
        return EffectiveMetric(record, metric, given)
    if isinstance(record, _MINKOWSKI):
        return _minkowski(metric, p, given)
    return EffectiveMetric(record, metric, given)


def automatic_metric(metric_params: Any) -> EffectiveMetric:
    """Return the metric that stands for one to be chosen until rows are known."""
    if metric_params:
        raise ParameterError(
            "metric_params are those of a metric given by name, and metric='auto' "
            f"takes none; got {metric_params!r}."
        )
    return resolve_metric("euclidean", None, None)


def allows_nan(metric: Any) -> bool:
    """Whether NaN is data to a metric; False for what is no metric at all."""
    try:
        return get_metric(metric).domain.allows_nan
    except (TypeError, ValueError):
        return False


def _checked_params(metric_params: Any) -> dict[str, Any]:
    if metric_params is None:
        return {}
    if not isinstance(metric_params, dict):
        raise ParameterError(
            "metric_params must be a dict of parameters of the metric, or None; got "
            f"{metric_params!r}."
        )
    return dict(metric_params)


def _warn_about_two_powers(p: Any, given: dict[str, Any]) -> None:
    if p is not None and "p" in given:
        warnings.warn(
            "Parameter p is found in metric_params. The corresponding parameter from "
            "__init__ is ignored.",
            SyntaxWarning,
            stacklevel=4,
        )


def _minkowski(name: str, p: Any, given: dict[str, Any]) -> EffectiveMetric:
    power = given.get("p", p)
    params = {**given, "p": 2 if power is None else power}
    record = get_metric(name, **params)
    plain = _NAMED_POWERS.get(float(params["p"]))
    if plain is not None and params.get("w") is None:
        return EffectiveMetric(get_metric(plain), plain, {})
    return EffectiveMetric(record, name, {"w": None, **params})


@dataclass(frozen=True)
class _Pairwise:
    """All distances between two blocks by a DistanceMetric object of scikit-learn."""

    metric: DistanceMetric

    def __call__(self, queries: Rows, corpus: Rows) -> FloatArray:
        distances: FloatArray = self.metric.pairwise(widen(queries), widen(corpus))
        return distances


def _wrapped(metric: DistanceMetric, given: dict[str, Any]) -> Metric:
    if given:
        raise ValueError(
            f"{type(metric).__name__} carries its own parameters; drop metric_params, "
            f"got {given!r}."
        )
    return BlockDistance(_Pairwise(metric))


def check_algorithm(algorithm: Any, metric: Any, effective: EffectiveMetric) -> None:
    """Raise if a tree is asked for and scikit-learn's could not serve the metric.

    The answer is the same exact one whatever is asked for; a combination that would
    fail elsewhere is a mistake worth hearing about.
    """
    if algorithm in _TREES and not isinstance(metric, DistanceMetric):
        _check_tree_metric(algorithm, metric, effective.record)
    power = effective.params.get("p", 1)
    if power < 1:
        _refuse_or_announce_small_power(algorithm)
    if algorithm == "kd_tree" and effective.params.get("w") is not None:
        raise ValueError(
            "algorithm='kd_tree' is not valid for metric='minkowski' with a weight "
            "parameter 'w': try algorithm='ball_tree' or algorithm='brute' instead."
        )


def _check_tree_metric(algorithm: str, metric: Any, record: Metric) -> None:
    if isinstance(record, BlockMetric):
        if algorithm == "kd_tree":
            raise ValueError(
                f"kd_tree does not support callable metric {metric!r}; set "
                'algorithm="auto".'
            )
        return
    name = record.name if isinstance(metric, Metric) else metric
    if name not in VALID_METRICS[algorithm]:
        raise ValueError(
            f"Metric {name!r} not valid for algorithm={algorithm!r}. Use "
            f"sorted(sklearn.neighbors.VALID_METRICS[{algorithm!r}]) to get valid "
            'options, or algorithm="auto" with any metric.'
        )


def _refuse_or_announce_small_power(algorithm: str) -> None:
    if algorithm in _TREES:
        raise ValueError(
            f'algorithm="{algorithm}" does not support 0 < p < 1 for the Minkowski '
            'metric. To resolve this problem either set p >= 1 or algorithm="brute".'
        )
    warnings.warn(
        "Mind that for 0 < p < 1, Minkowski metrics are not distance metrics. "
        "Continuing the execution with `algorithm='brute'`.",
        UserWarning,
        stacklevel=4,
    )
