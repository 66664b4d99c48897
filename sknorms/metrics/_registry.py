"""The registry: the one place where a metric's name is looked up."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar, overload

from sknorms._typing import BlockFunction
from sknorms._validation import ParameterError, check_known_parameters
from sknorms.metrics._function import (
    BlockDistance,
    BlockMetric,
    BlockSimilarity,
    PairFunction,
)
from sknorms.metrics._metric import Metric

__all__ = [
    "get_metric",
    "is_precomputed",
    "metric_names",
    "register_metric",
    "registered_metrics",
]

_REGISTRY: dict[str, type[Metric]] = {}
# Metrics that users made out of a function; instances, so that they pickle by value.
_FUNCTIONS: dict[str, BlockMetric] = {}

Record = TypeVar("Record", bound=type[Metric])


@overload
def register_metric(metric: Record) -> Record: ...
@overload
def register_metric(
    metric: str, function: BlockFunction, *, larger_is_closer: bool = False
) -> None: ...
def register_metric(
    metric: Any,
    function: BlockFunction | None = None,
    *,
    larger_is_closer: bool = False,
) -> Any:
    """Make a metric available by name everywhere in the package.

    Parameters
    ----------
    metric : Metric subclass or str
        A record class (usable as a decorator), or the name to give ``function``.
    function : callable, default=None
        With a name: ``function(X_block, Y_block) -> distances``, called once a block
        with arrays of shape (n, d) and (m, d) and returning (n, m).
    larger_is_closer : bool, default=False
        With a name: whether ``function`` is a similarity.

    Returns
    -------
    Metric subclass or None
        The class itself, for use as a decorator.

    Raises
    ------
    ValueError
        If a name is already taken by another metric.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.metrics import pairwise_distances, register_metric
    >>> def largest_gap(X, Y):
    ...     return np.abs(X[:, None, :] - Y[None, :, :]).max(axis=2)
    >>> register_metric("largest_gap", largest_gap)
    >>> pairwise_distances([[0.0, 1.0]], [[3.0, 2.0]], metric="largest_gap")
    array([[3.]])
    """
    if isinstance(metric, str):
        if not callable(function):
            raise TypeError(
                f"function must be callable to register {metric!r}; got {function!r}."
            )
        _require_free([metric], function)
        kind = BlockSimilarity if larger_is_closer else BlockDistance
        _FUNCTIONS[metric] = kind(function)
        return None
    if not (isinstance(metric, type) and issubclass(metric, Metric)):
        raise TypeError(
            "metric must be a Metric subclass, or a name with a function; got "
            f"{metric!r}."
        )
    names = (metric.name, *metric.aliases)
    _require_free(names)
    _REGISTRY.update(dict.fromkeys(names, metric))
    return metric


def _require_free(names: Iterable[str], function: Any = None) -> None:
    """Raise if a name is taken, unless by an earlier run of the same definition."""
    for name in sorted(names):
        owner: Any = _REGISTRY.get(name)
        if owner is None and name in _FUNCTIONS:
            owner = _FUNCTIONS[name].function
            if _origin(owner) == _origin(function):
                continue
        if owner is not None or is_precomputed(name):
            by = getattr(owner, "__name__", "distances that were computed before")
            raise ValueError(
                f"the metric name {name!r} is taken by {by}; choose another."
            )


def _origin(function: Any) -> tuple[Any, Any]:
    """Return where a function was defined; running a notebook cell again keeps it."""
    name = getattr(function, "__qualname__", function)
    return getattr(function, "__module__", None), name


def registered_metrics() -> list[type[Metric]]:
    """Return every built-in record class once, sorted by canonical name."""
    return sorted(set(_REGISTRY.values()), key=lambda record: record.name)


def metric_names(*, aliases: bool = False) -> list[str]:
    """Return the names of all registered metrics, sorted.

    Parameters
    ----------
    aliases : bool, default=False
        Whether to list the other names as well.

    Returns
    -------
    list of str

    Examples
    --------
    >>> from sknorms.metrics import metric_names
    >>> "cosine" in metric_names()
    True
    """
    built_in = _REGISTRY if aliases else (r.name for r in registered_metrics())
    return sorted({*built_in, *_FUNCTIONS})


def is_precomputed(metric: Any) -> bool:
    """Whether a metric is the word for distances that were computed before."""
    return isinstance(metric, str) and metric == "precomputed"


def get_metric(metric: str | Metric | Callable[..., Any], **params: Any) -> Metric:
    """Return the record of a metric.

    Parameters
    ----------
    metric : str, Metric or callable
        A registered name, a record (returned as it is), or a function of two rows, as
        in scikit-learn. A function of two blocks of rows is far faster: wrap it in
        `sknorms.metrics.BlockDistance`, or register it under a name.
    **params
        The metric's parameters, such as ``p`` of ``"minkowski"``.

    Returns
    -------
    Metric

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is not one of the metric's.

    Examples
    --------
    >>> from sknorms.metrics import get_metric
    >>> get_metric("l2")
    Euclidean()
    >>> get_metric("euclidean").larger_is_closer
    False
    """
    if isinstance(metric, Metric):
        if params:
            raise ValueError(
                f"{metric!r} carries its own parameters; drop {sorted(params)} or set "
                "them on the record."
            )
        return metric
    if callable(metric):
        return PairFunction(metric, params)
    return _by_name(metric, params)


def _by_name(name: Any, params: dict[str, Any]) -> Metric:
    if isinstance(name, str) and name in _FUNCTIONS:
        return replace(_FUNCTIONS[name], arguments=params)
    record = _REGISTRY.get(name) if isinstance(name, str) else None
    if record is None:
        near = difflib.get_close_matches(str(name), metric_names(aliases=True), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ParameterError(
            f"metric must be a registered name, a Metric or a callable; got {name!r}."
            f"{hint} Known names: {', '.join(metric_names())}."
        )
    known = [field.name for field in fields(record)]
    check_known_parameters(f"metric {name!r}", params, known)
    return record(**params)
