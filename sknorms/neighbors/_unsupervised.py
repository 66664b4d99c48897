"""Nearest neighbours without a target."""

from typing import Any, Self

from sknorms.neighbors._search import (
    KNeighborsMixin,
    RadiusNeighborsMixin,
    check_radius,
)

__all__ = ["NearestNeighbors"]


class NearestNeighbors(KNeighborsMixin, RadiusNeighborsMixin):
    """Exact nearest neighbors, for every registered metric.

    The neighbors are those of the metric's formula on the stored values, ordered by
    (distance, index): the same ones for any batch of queries, number of threads and
    memory budget.

    Parameters
    ----------
    n_neighbors : int, default=5
        Neighbors that `kneighbors` finds unless told otherwise.
    radius : float, default=1.0
        Radius that `radius_neighbors` uses unless told otherwise.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    metric : str, Metric or callable, default="minkowski"
        A name of `sknorms.metrics.metric_names`, a record with its parameters, a
        ``sklearn.metrics.DistanceMetric``, a function of two rows (slow: called for
        every pair), a function of two blocks wrapped in
        `sknorms.metrics.BlockDistance`, or "precomputed".
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting.
    verbose : int, default=0
        Whether to show on standard error how many queries are answered, how fast, and
        how long the rest will take: 0 never, 1 on a terminal and for work of more than
        half a second, 2 always. tqdm draws the line if it is installed.
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
    KNeighborsClassifier : Vote among the nearest neighbors.
    KNeighborsRegressor : Average of the nearest neighbors.

    Notes
    -----
    With a similarity ("dot", "cosine_similarity") all methods return similarities,
    largest first, and a radius is the smallest similarity of a neighbor.

    The training rows are kept, not copied where they are a C-ordered array: changing
    them after `fit` makes the answers wrong.

    Examples
    --------
    >>> from sknorms.neighbors import NearestNeighbors
    >>> rows = [[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]]
    >>> neighbors = NearestNeighbors(n_neighbors=2).fit(rows)
    >>> distances, indices = neighbors.kneighbors([[0.0, 0.0]])
    >>> distances
    array([[0., 1.]])
    >>> indices
    array([[0, 2]])

    Without queries, no row is its own neighbor:

    >>> neighbors.kneighbors(n_neighbors=1, return_distance=False).ravel()
    array([2, 2, 0])

    Cosine distance, as a graph:

    >>> neighbors = NearestNeighbors(metric="cosine").fit([[1, 0], [0, 1], [5, 0]])
    >>> neighbors.radius_neighbors_graph(radius=0.5, mode="connectivity").toarray()
    array([[0., 0., 1.],
           [0., 0., 0.],
           [1., 0., 0.]])
    """

    def __init__(
        self,
        *,
        n_neighbors: Any = 5,
        radius: Any = 1.0,
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        metric: Any = "minkowski",
        p: Any = 2,
        metric_params: Any = None,
        n_jobs: Any = None,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.metric = metric
        self.p = p
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

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
        NearestNeighbors
            The estimator itself.
        """
        del y
        self._fit_rows(X)
        if self.radius is not None:
            check_radius(self.radius, larger_is_closer=self._index.larger_is_closer)
        return self
