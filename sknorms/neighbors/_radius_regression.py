"""Regression by the average of all neighbours within a radius."""

from typing import Any

from sknorms.neighbors._prediction import (
    AveragingRegressor,
    EmptyRule,
    RadiusPredictor,
    get_empty_rule,
)

__all__ = ["RadiusNeighborsRegressor"]


class RadiusNeighborsRegressor(AveragingRegressor, RadiusPredictor):
    """Average of all neighbors within a radius, exact for every registered metric.

    Parameters
    ----------
    radius : float, default=1.0
        Largest distance of a neighbor, itself included; for a similarity the smallest
        value.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        What a neighbor counts: one (also None), one over the distance (neighbors at
        distance zero, if there are any, decide alone), or what a function returns for
        the distances. The function is given an array of arrays, one a query, as in
        scikit-learn; a function that cannot work on these (``numpy.exp`` cannot) is
        called with the array of one query after the other.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    aggregate : {"mean", "median"} or callable, default="mean"
        What is made of the targets of the neighbors: their weighted mean, their
        weighted median (the 0.5-quantile of `predict_quantiles`), or what a function
        returns for them, one number for an array of shape (n,). The function is called
        once a query and output; where not all neighbors weigh the same it is handed
        their weights too, as ``aggregate(targets, weights=weights)``.
    fallback : {"mean", "median", "nearest", "raise"}, float or None, default=None
        What is predicted for a query without any neighbor: the mean or median of all
        training targets (all of their quantiles, where these are asked for); the target
        of the one nearest row, however far; a number; or nothing but an error. None
        predicts NaN with a warning, as scikit-learn does.
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
    KNeighborsRegressor : Average of the k nearest neighbors.
    RadiusNeighborsClassifier : Vote among all neighbors within a radius.
    NearestNeighbors : The neighbors themselves.

    Notes
    -----
    A row of sample weight w stands for w copies of itself; one of weight zero is left
    out, and no neighbor of anybody. Whole numbers thus act exactly as repeating rows.

    Examples
    --------
    >>> from sknorms.neighbors import RadiusNeighborsRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [4.0]], [0.0, 10.0, 20.0, 40.0]
    >>> regressor = RadiusNeighborsRegressor(radius=1.0, fallback="median").fit(X, y)
    >>> regressor.predict([[0.4], [3.0]])
    array([ 5., 30.])

    Far from everything, the median of all targets:

    >>> regressor.predict([[9.0]])
    array([15.])
    """

    def __init__(
        self,
        radius: Any = 1.0,
        *,
        weights: Any = "uniform",
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        p: Any = 2,
        metric: Any = "minkowski",
        metric_params: Any = None,
        n_jobs: Any = None,
        aggregate: Any = "mean",
        fallback: Any = None,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
    ) -> None:
        self.radius = radius
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.aggregate = aggregate
        self.fallback = fallback
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def _rule_for_empty(self) -> EmptyRule:
        self._check_reach()
        return get_empty_rule(self.fallback)
