"""Regression by the average of the nearest neighbours."""

from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import output_dtype
from sknorms.neighbors._prediction import NearestPredictor, check_sample_weight
from sknorms.neighbors._weights import get_weight_rule, require_some_weight

__all__ = ["KNeighborsRegressor"]


class KNeighborsRegressor(RegressorMixin, NearestPredictor):
    """Average of the exact nearest neighbors, for every registered metric.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbors are averaged.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        What a neighbor counts: one (also None), one over the distance (neighbors at
        distance zero, if there are any, decide alone), or what a function returns for
        an array of distances of shape (n_queries, n_neighbors).
    algorithm : {"auto", "ball_tree", "kd_tree", "brute"}, default="auto"
        Checked against the metric as in scikit-learn; the answer is the same exact one
        for all of them.
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
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting.

    Attributes
    ----------
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    effective_algorithm_ : str
        How the search is done.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    KNeighborsClassifier : Vote among the nearest neighbors.
    NearestNeighbors : The neighbors themselves.

    Notes
    -----
    A row of sample weight w stands for w copies of itself, in the average and in
    ``n_neighbors``: the nearest neighbors are taken until their weights add up to
    ``n_neighbors``, the last one for the part that is missing. Whole numbers thus act
    exactly as repeating rows, zero as leaving them out; the weights must add up to at
    least ``n_neighbors``.

    Examples
    --------
    >>> from sknorms.neighbors import KNeighborsRegressor
    >>> X, y = [[0.0], [1.0], [2.0], [4.0]], [0.0, 10.0, 20.0, 40.0]
    >>> regressor = KNeighborsRegressor(n_neighbors=2).fit(X, y)
    >>> regressor.predict([[0.4], [2.9]])
    array([ 5., 30.])

    Manhattan distance, near neighbors counting more:

    >>> regressor = KNeighborsRegressor(2, weights="distance", metric="manhattan")
    >>> regressor.fit(X, y).predict([[3.5]])
    array([35.])
    """

    def __init__(
        self,
        n_neighbors: Any = 5,
        *,
        weights: Any = "uniform",
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        p: Any = 2,
        metric: Any = "minkowski",
        metric_params: Any = None,
        n_jobs: Any = None,
        working_memory: Any = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.working_memory = working_memory

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None) -> Self:
        """Prepare the training rows and their targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
or (n_samples, n_samples) if metric="precomputed"
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target values.
        sample_weight : array-like of shape (n_samples,), default=None
            How many copies each row stands for; see the notes of the class.

        Returns
        -------
        KNeighborsRegressor
            The estimator itself.
        """
        get_weight_rule(self.weights)
        y = self._fit_rows(X, y)
        self._check_weight_rule()
        self._sample_weight = check_sample_weight(sample_weight, len(y))
        dtypes = [np.float64, np.float32]
        self._y: AnyArray = check_array(
            y, ensure_2d=False, dtype=dtypes, input_name="y"
        )
        return self

    def predict(self, X: Any) -> AnyArray:
        """Return the average target of the neighbors of every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Averages, computed in float64; float32 if ``y`` is.
        """
        check_is_fitted(self)
        targets = self._y if self._y.ndim == 2 else self._y[:, None]
        blocks = [
            np.stack([_average(column[indices], weights) for column in targets.T], 1)
            for indices, weights in self._neighborhoods(X, targets.shape[1])
        ]
        predicted = np.concatenate(blocks).astype(output_dtype(self._y), copy=False)
        return predicted if self._y.ndim == 2 else predicted[:, 0]


def _average(targets: AnyArray, weights: FloatArray | None) -> FloatArray:
    """Return the weighted mean of each row of targets, shape (n_queries,)."""
    if weights is None:
        mean: FloatArray = row_sum(targets) / targets.shape[1]
        return mean
    total = row_sum(weights)
    require_some_weight(total)
    average: FloatArray = row_sum(weights * targets) / total
    return average
