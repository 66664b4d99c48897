"""Neighbour graphs of rows, or of a fitted estimator's rows, in one call."""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sknorms._validation import ParameterError, check_choice, check_flag
from sknorms.neighbors._search import (
    KNeighborsMixin,
    NeighborsBase,
    Queries,
    RadiusNeighborsMixin,
    Resources,
    check_mode,
    check_n_neighbors,
    check_parameters,
    check_radii,
)
from sknorms.neighbors._unsupervised import NearestNeighbors

__all__ = ["kneighbors_graph", "radius_neighbors_graph"]


def kneighbors_graph(
    X: Any,
    n_neighbors: Any,
    *,
    mode: Any = "connectivity",
    metric: Any = "minkowski",
    p: Any = 2,
    metric_params: Any = None,
    include_self: Any = False,
    n_jobs: Any = None,
    exclude_self: Any = None,
    working_memory: Any = None,
) -> Any:
    """Compute the graph of the k nearest neighbors of every row.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features), or estimator
        The rows; with ``metric="precomputed"`` their distances, (n_samples, n_samples).
        A fitted estimator of `sknorms.neighbors` that finds the k nearest is asked for
        the neighbors of its training rows.
    n_neighbors : int
        How many neighbors each row has.
    mode : {"connectivity", "distance"}, default="connectivity"
        Whether entries are ones, or the distances (similarities, for a metric that is
        one).
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`. This, ``p`` and ``metric_params`` have to be those of
        the estimator if X is one.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name.
    include_self : bool or "auto", default=False
        Whether a row may be a neighbor of itself. "auto" means that it may in a graph
        of ones, and may not in one of distances.
    n_jobs : int, default=None
        Threads; None takes the estimator's if X is one, else what
        ``joblib.parallel_config`` says, outside of any as many as BLAS uses.
    exclude_self : bool, default=None
        The same question the other way round: True leaves row i out of its own list,
        and never a duplicate of it instead. If given, it decides.
    working_memory : float, default=None
        Budget in MiB for what is needed above X and the graph; None takes the
        estimator's if X is one, else scikit-learn's setting.

    Returns
    -------
    graph : CSR of shape (n_samples, n_samples)
        Exactly ``n_neighbors`` stored entries a row, by (distance, index); distances of
        zero are stored. float32 if the rows are float32 (or float16), else float64.

    Raises
    ------
    ValueError
        If there are fewer rows than neighbors asked for, X is an estimator that cannot
        be asked, or a parameter is not one of the above, or not the estimator's.

    See Also
    --------
    radius_neighbors_graph : All neighbors within a radius.
    KNeighborsTransformer : The same as a step of a pipeline.

    Notes
    -----
    A row that may be its own neighbor is at distance zero, as its duplicates are; of
    equal distances the lower index comes first. With more than ``n_neighbors``
    duplicates before it, it is not in its own list.

    Examples
    --------
    >>> from sknorms.neighbors import kneighbors_graph
    >>> X = [[0.0], [3.0], [1.0], [1.0]]
    >>> kneighbors_graph(X, 2, include_self=True).toarray()
    array([[1., 0., 1., 0.],
           [0., 1., 1., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]])

    Distances to other rows; the one between the duplicates is stored:

    >>> graph = kneighbors_graph(X, 1, mode="distance")
    >>> graph.indices, graph.data
    (array([2, 2, 3, 2], dtype=int32), array([1., 2., 0., 0.]))
    """
    k, wants_distance = check_n_neighbors(n_neighbors), check_mode(mode)
    with_self = _with_self(include_self, exclude_self, wants_distance)
    model = _fitted(X, KNeighborsMixin, metric, p, metric_params)
    use = _resources(model, n_jobs, working_memory)
    queries = _training_queries(model, with_self)
    return model._nearest_graph(queries, k, wants_distance, use)


def radius_neighbors_graph(
    X: Any,
    radius: Any,
    *,
    mode: Any = "connectivity",
    metric: Any = "minkowski",
    p: Any = 2,
    metric_params: Any = None,
    include_self: Any = False,
    n_jobs: Any = None,
    exclude_self: Any = None,
    working_memory: Any = None,
    sort_results: Any = False,
) -> Any:
    """Compute the graph of all neighbors within a radius of every row.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features), or estimator
        The rows; with ``metric="precomputed"`` their distances, (n_samples, n_samples).
        A fitted estimator of `sknorms.neighbors` that finds neighbors within a radius
        is asked for those of its training rows.
    radius : float or array-like of shape (n_samples,)
        Largest distance of a neighbor, itself included; for a similarity the smallest
        value.
    mode : {"connectivity", "distance"}, default="connectivity"
        Whether entries are ones, or the distances (similarities, for a metric that is
        one).
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`. This, ``p`` and ``metric_params`` have to be those of
        the estimator if X is one.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name.
    include_self : bool or "auto", default=False
        Whether a row may be a neighbor of itself. "auto" means that it may in a graph
        of ones, and may not in one of distances.
    n_jobs : int, default=None
        Threads; None takes the estimator's if X is one, else what
        ``joblib.parallel_config`` says, outside of any as many as BLAS uses.
    exclude_self : bool, default=None
        The same question the other way round: True leaves row i out of its own list,
        and never a duplicate of it instead. If given, it decides.
    working_memory : float, default=None
        Budget in MiB for what is needed above X and the graph; None takes the
        estimator's if X is one, else scikit-learn's setting.
    sort_results : bool, default=False
        Whether each row is stored by (distance, index) instead of by index. Only used
        with ``mode="distance"``.

    Returns
    -------
    graph : CSR of shape (n_samples, n_samples)
        Distances of zero are stored. float32 if the rows are float32 (or float16), else
        float64.

    Raises
    ------
    ValueError
        If the radius is NaN or, for a distance, negative, X is an estimator that cannot
        be asked, or a parameter is not one of the above, or not the estimator's.

    See Also
    --------
    kneighbors_graph : The k nearest neighbors.
    RadiusNeighborsTransformer : The same as a step of a pipeline.

    Examples
    --------
    >>> from sknorms.neighbors import radius_neighbors_graph
    >>> X = [[0.0], [3.0], [1.0], [1.0]]
    >>> radius_neighbors_graph(X, 1.5, mode="distance", include_self=True).toarray()
    array([[0., 0., 1., 1.],
           [0., 0., 0., 0.],
           [1., 0., 0., 0.],
           [1., 0., 0., 0.]])
    >>> radius_neighbors_graph(X, 1.5).nnz
    6
    """
    wants_distance = check_mode(mode)
    by_value = check_flag("sort_results", sort_results) and wants_distance
    with_self = _with_self(include_self, exclude_self, wants_distance)
    model = _fitted(X, RadiusNeighborsMixin, metric, p, metric_params)
    use = _resources(model, n_jobs, working_memory)
    queries = _training_queries(model, with_self)
    closest = model._index.larger_is_closer
    limits = check_radii(radius, len(queries), larger_is_closer=closest)
    return model._radius_graph(queries, limits, wants_distance, by_value, use)


def _with_self(include_self: Any, exclude_self: Any, wants_distance: bool) -> bool:
    """Return whether rows may be their own neighbours."""
    if not isinstance(include_self, bool | np.bool_):
        check_choice("include_self", include_self, (True, False, "auto"))
    if exclude_self is None:
        if isinstance(include_self, bool | np.bool_):
            return bool(include_self)
        return not wants_distance
    excluded = check_flag("exclude_self", exclude_self)
    if excluded and include_self is True:
        raise ParameterError(
            "include_self=True and exclude_self=True say the opposite of each other; "
            "leave one of them out."
        )
    return not excluded


def _fitted(
    X: Any, kind: type[NeighborsBase], metric: Any, p: Any, metric_params: Any
) -> Any:
    """Return a fitted estimator: X itself, or one of its rows."""
    given = {"metric": metric, "p": p, "metric_params": metric_params}
    if not isinstance(X, BaseEstimator):
        return NearestNeighbors(**given).fit(X)
    if not isinstance(X, kind):
        needed = "kneighbors" if kind is KNeighborsMixin else "radius_neighbors"
        raise ParameterError(
            f"X must be rows, or a fitted estimator of sknorms.neighbors with "
            f"{needed}; got {X!r}. Pass the rows themselves."
        )
    check_is_fitted(X)
    own = X.get_params(deep=False)
    for name, value in given.items():
        if not _same(value, own[name]):
            raise ValueError(
                f"Got {value} for {name}, while the estimator has {own[name]} for the "
                "same parameter. Pass the estimator's, or the rows instead of it."
            )
    return X


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, dict) and isinstance(other, dict):
        # Parameters may be arrays, whose equality is no truth value.
        return value.keys() == other.keys() and all(
            np.array_equal(value[name], other[name]) for name in value
        )
    return bool(value is other or value == other)


def _resources(model: NeighborsBase, n_jobs: Any, working_memory: Any) -> Resources:
    given = {"n_jobs": n_jobs, "working_memory": working_memory}
    given = {name: value for name, value in given.items() if value is not None}
    check_parameters({**model.get_params(deep=False), **given})
    return replace(model._resources, **given)


def _training_queries(model: NeighborsBase, with_self: bool) -> Queries:
    queries = model._queries(None)
    return replace(queries, are_training_rows=not with_self)
