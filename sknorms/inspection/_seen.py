"""What an estimator gets to see: its rows, its metric, its graph of neighbours."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknorms.audit._neighbor_pass import NeighborPass
from sknorms.metrics import Metric, get_metric
from sknorms.neighbors import NearestNeighbors
from sknorms.neighbors._search import is_precomputed

__all__ = ["metric_seen", "named_metrics", "pass_of_graph", "rows_seen"]

# What a fitted estimator of neighbours, ours or scikit-learn's, says about its metric.
_METRIC = "effective_metric_"


def rows_seen(estimator: Any, X: Any) -> Any:
    """Return rows as an estimator works on them.

    These are what a transformer makes of them, and what the steps before it make of
    them if a Pipeline ends in something that is fitted to rows, such as a classifier.
    """
    check_is_fitted(estimator)
    last = _last(estimator)
    if hasattr(last, "transform") and not hasattr(last, _METRIC):
        return estimator.transform(X)
    if last is estimator or len(estimator) == 1:
        return X
    return estimator[:-1].transform(X)


def metric_seen(estimator: Any) -> Metric:
    """Return the metric of a fitted estimator of neighbours.

    Raises
    ------
    ValueError
        If it has none, or compares nothing because distances are given to it.
    """
    check_is_fitted(estimator)
    last = _last(estimator)
    metric = getattr(last, _METRIC, None)
    if metric is None:
        raise ValueError(
            "estimator must be a fitted estimator of neighbours, or a Pipeline that "
            f"ends in one; got {last!r}, which has no {_METRIC}. Pass the rows and a "
            "metric to from_data."
        )
    if is_precomputed(metric):
        raise ValueError(
            "estimator must compare rows; got metric='precomputed'. Pass the rows and "
            "a metric to from_data."
        )
    return get_metric(metric, **_params(last))


def _params(last: Any) -> dict[str, Any]:
    return getattr(last, "effective_metric_params_", None) or {}


def _last(estimator: Any) -> Any:
    return estimator[-1] if hasattr(estimator, "named_steps") else estimator


def pass_of_graph(graph: Any, n_neighbors: Any, name: str) -> NeighborPass:
    """Return the nearest rows that a square graph of distances holds for each row.

    The row itself is none of them.
    """
    search = NearestNeighbors(n_neighbors=n_neighbors, metric="precomputed")
    distances, indices = search.fit(graph).kneighbors()
    n_rows = search.n_samples_fit_
    return NeighborPass(
        metric=name,
        indices=indices,
        distances=distances,
        mean_distances=np.full(n_rows, np.nan),
        n_rows=n_rows,
        rows=np.arange(n_rows),
    )


def named_metrics(metrics: Any) -> dict[str, Metric]:
    """Return metrics by what pictures call them.

    Parameters
    ----------
    metrics : str, Metric, callable, sequence of such or dict of label to such

    Raises
    ------
    ValueError
        If there are none, or two have the same name and parameters.
    """
    if isinstance(metrics, Mapping):
        named = {str(name): get_metric(metric) for name, metric in metrics.items()}
    else:
        records = [get_metric(metric) for metric in _each(metrics)]
        named = {_label(record): record for record in records}
        if len(named) < len(records):
            raise ValueError(
                "metrics must differ by name or parameters; got "
                f"{', '.join(map(_label, records))}. Pass a dict of label to metric."
            )
    if not named:
        raise ValueError(f"metrics must hold at least one metric; got {metrics!r}.")
    return named


def _each(metrics: Any) -> Iterable[Any]:
    one = isinstance(metrics, str | Metric | Callable)
    return (metrics,) if one else metrics


def _label(record: Metric) -> str:
    """Return the name, with the numbers and words that are not as by default."""
    told = [
        f"{field.name}={value:g}"
        if isinstance(value, float)
        else f"{field.name}={value}"
        for field in fields(record)
        if isinstance(value := getattr(record, field.name), int | float | str)
        and value != field.default
    ]
    return f"{record.name} ({', '.join(told)})" if told else record.name
