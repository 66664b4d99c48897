"""Rows in, neighbour graph out: what precomputed estimators start from."""

from abc import abstractmethod
from typing import Any, Self

from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags

from sknorms._validation import check_flag
from sknorms.neighbors._search import (
    KNeighborsMixin,
    NeighborsBase,
    Queries,
    RadiusNeighborsMixin,
    check_mode,
    check_n_neighbors,
    check_radius,
)

__all__ = ["KNeighborsTransformer", "RadiusNeighborsTransformer"]


class _GraphTransformer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, NeighborsBase
):
    """Fits rows, and answers with the graph that a subclass makes."""

    mode: Any
    exclude_self: Any

    def fit(self, X: Any, y: Any = None) -> Self:
        """Prepare the training rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
or (n_samples, n_samples) if metric="precomputed"
            Training rows.
        y : Ignored, default=None
            There for scikit-learn's conventions.

        Returns
        -------
        self
        """
        del y
        check_mode(self.mode)
        check_flag("exclude_self", self.exclude_self)
        self._fit_rows(X)
        self._check_extent()
        self._n_features_out = self.n_samples_fit_
        return self

    def transform(self, X: Any) -> Any:
        """Compute the graph from rows to their neighbors among the training rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed"
            Rows; one that was fitted is no exception, and finds itself.

        Returns
        -------
        graph : CSR of shape (n_queries, n_samples_fit)
            Each row by (distance, index), distances of zero stored.
        """
        return self._graph(self._queries(X))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Prepare the training rows, and compute the graph of these.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
or (n_samples, n_samples) if metric="precomputed"
            Training rows.
        y : Ignored, default=None
            There for scikit-learn's conventions.

        Returns
        -------
        graph : CSR of shape (n_samples, n_samples)
            What ``fit(X).transform(X)`` returns; with ``exclude_self`` without each
            row itself.
        """
        self.fit(X, y)
        return self._graph(self._queries(None if self.exclude_self else X))

    @abstractmethod
    def _check_extent(self) -> None:
        """Raise where no graph could be made."""

    @abstractmethod
    def _graph(self, queries: Queries) -> Any:
        """Return the graph from queries to their neighbours."""

    def __sklearn_tags__(self) -> Tags:
        """Say what the transformer takes and keeps (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class KNeighborsTransformer(KNeighborsMixin, _GraphTransformer):
    """Turn rows into the graph of their k nearest neighbors among the training rows.

    Parameters
    ----------
    mode : {"distance", "connectivity"}, default="distance"
        Whether entries are the distances (similarities, for a metric that is one), or
        ones.
    n_neighbors : int, default=5
        Neighbors of each row. With ``mode="distance"`` one more is stored, because a
        training row finds itself first and most estimators that take a graph do not
        count it.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    exclude_self : bool, default=False
        Whether `fit_transform` leaves every training row, and never a duplicate of it,
        out of its own list. Each row of a graph then has exactly ``n_neighbors``
        entries, in both modes and in `transform` too, whose rows are new ones.
    working_memory : float, default=None
        Budget in MiB for what is needed above the rows and the graph; None takes
        scikit-learn's setting.
    verbose : int, default=0
        Whether to show on standard error how many rows are answered, how fast, and how
        long the rest will take: 0 never, 1 on a terminal and for work of more than half
        a second, 2 always.
    audit : {"warn"} or None, default=None
        "warn" looks in `fit` whether the metric suits the rows, as
        `sknorms.audit.check_metric` does, and issues a `MetricMismatchWarning` if not,
        once for each cause.

    Attributes
    ----------
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    effective_algorithm_ : {"brute", "prefix", "kd_tree"}
        How the search is done.
    search_stats_ : SearchStats
        Pairs scored (``products``), not ruled out by that (``survivors``) and measured
        exactly (``refinements``) for the last queries.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    RadiusNeighborsTransformer : All neighbors within a radius.
    kneighbors_graph : The same as a function.
    LocalScaling, MutualProximity, CSLS : Steps that make hubs of such a graph harmless.

    Notes
    -----
    Estimators with ``metric="precomputed"`` take the graph and find the same as by
    their own search, if they need no more neighbors than it stores.

    Those of scikit-learn that leave training rows out themselves (LocalOutlierFactor,
    Isomap, TSNE) need the rows stored: without, they leave out the nearest neighbor
    instead, so keep ``exclude_self=False`` for them. Those of this package look for
    the row itself and take either graph.

    A training row is at distance zero from itself, as its duplicates are; of equal
    distances the lower index comes first. Where more than ``n_neighbors`` duplicates
    come before it, a row's own entry is not stored. No estimator misses it: whom they
    ask for, without the row itself, is there.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.manifold import Isomap
    >>> from sknorms.neighbors import KNeighborsTransformer
    >>> X = [[0.0, 0.0], [1.0, 0.0], [3.0, 0.0], [6.0, 0.0]]
    >>> graph = KNeighborsTransformer(n_neighbors=1).fit_transform(X)
    >>> graph.toarray()
    array([[0., 1., 0., 0.],
           [1., 0., 0., 0.],
           [0., 2., 0., 0.],
           [0., 0., 3., 0.]])
    >>> graph.nnz
    8

    Found once, by any metric, and used by an estimator that may not know it:

    >>> path = make_pipeline(
    ...     KNeighborsTransformer(n_neighbors=2, metric="braycurtis"),
    ...     Isomap(n_neighbors=2, n_components=1, metric="precomputed"),
    ... )
    >>> path.fit_transform([[1.0, 2.0], [1.0, 3.0], [2.0, 3.0], [3.0, 3.0]]).shape
    (4, 1)
    """

    def __init__(
        self,
        *,
        mode: Any = "distance",
        n_neighbors: Any = 5,
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        metric: Any = "minkowski",
        p: Any = 2,
        metric_params: Any = None,
        n_jobs: Any = None,
        exclude_self: Any = False,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
    ) -> None:
        self.mode = mode
        self.n_neighbors = n_neighbors
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.exclude_self = exclude_self
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def _check_extent(self) -> None:
        check_n_neighbors(self.n_neighbors)

    def _graph(self, queries: Queries) -> Any:
        wants_distance = check_mode(self.mode)
        extra = wants_distance and not self.exclude_self
        k = check_n_neighbors(self.n_neighbors) + extra
        return self._nearest_graph(queries, k, wants_distance, self._resources)


class RadiusNeighborsTransformer(RadiusNeighborsMixin, _GraphTransformer):
    """Turn rows into the graph of all training rows within a radius of them.

    Parameters
    ----------
    mode : {"distance", "connectivity"}, default="distance"
        Whether entries are the distances (similarities, for a metric that is one), or
        ones.
    radius : float, default=1.0
        Largest distance of a neighbor, itself included; for a similarity the smallest
        value.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    exclude_self : bool, default=False
        Whether `fit_transform` leaves every training row, and never a duplicate of it,
        out of its own list. `transform` leaves out nothing: its rows are new ones.
    working_memory : float, default=None
        Budget in MiB for what is needed above the rows and the graph; None takes
        scikit-learn's setting.
    verbose : int, default=0
        Whether to show on standard error how many rows are answered, how fast, and how
        long the rest will take: 0 never, 1 on a terminal and for work of more than half
        a second, 2 always.
    audit : {"warn"} or None, default=None
        "warn" looks in `fit` whether the metric suits the rows, as
        `sknorms.audit.check_metric` does, and issues a `MetricMismatchWarning` if not,
        once for each cause.

    Attributes
    ----------
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    effective_algorithm_ : {"brute", "prefix", "kd_tree"}
        How the search is done.
    search_stats_ : SearchStats
        Pairs scored (``products``), not ruled out by that (``survivors``) and measured
        exactly (``refinements``) for the last queries.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    KNeighborsTransformer : The k nearest neighbors.
    radius_neighbors_graph : The same as a function.

    Examples
    --------
    >>> from sklearn.cluster import DBSCAN
    >>> from sklearn.pipeline import make_pipeline
    >>> from sknorms.neighbors import RadiusNeighborsTransformer
    >>> X = [[0.0], [0.5], [0.9], [5.0], [5.2]]
    >>> clusters = make_pipeline(
    ...     RadiusNeighborsTransformer(radius=0.6),
    ...     DBSCAN(eps=0.6, min_samples=2, metric="precomputed"),
    ... )
    >>> clusters.fit_predict(X)
    array([0, 0, 0, 1, 1])
    """

    def __init__(
        self,
        *,
        mode: Any = "distance",
        radius: Any = 1.0,
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        metric: Any = "minkowski",
        p: Any = 2,
        metric_params: Any = None,
        n_jobs: Any = None,
        exclude_self: Any = False,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
    ) -> None:
        self.mode = mode
        self.radius = radius
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.exclude_self = exclude_self
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def _check_extent(self) -> None:
        check_radius(self.radius, larger_is_closer=self._index.larger_is_closer)

    def _graph(self, queries: Queries) -> Any:
        limits = self._limits(queries, self.radius)
        wants_distance = check_mode(self.mode)
        return self._radius_graph(queries, limits, wants_distance, wants_distance)
