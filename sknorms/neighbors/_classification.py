"""Classification by a vote among the nearest neighbours."""

import warnings
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.neighbors._class_weights import class_factors
from sknorms.neighbors._prediction import NearestPredictor, check_sample_weight
from sknorms.neighbors._weights import get_weight_rule, require_some_weight

__all__ = ["KNeighborsClassifier"]


class KNeighborsClassifier(ClassifierMixin, NearestPredictor):
    """Vote among the exact nearest neighbors, for every registered metric.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbors vote.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        What a vote counts: one (also None), one over the distance (neighbors at
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
    class_weight : dict, "balanced", list of these or None, default=None
        What votes for a class are multiplied by: a weight for each label (1 where none
        is given), or n_samples / (n_classes * count of the class). A list has one
        entry for each output.
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of them
        Labels, sorted; a list with one array for each output if ``y`` has several.
    outputs_2d_ : bool
        Whether ``y`` had several outputs.
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
    KNeighborsRegressor : Average of the nearest neighbors.
    NearestNeighbors : The neighbors themselves.

    Notes
    -----
    Classes with equally many votes: the first in ``classes_`` wins. Neighbors at equal
    distance: the one with the lower row number is nearer.

    A row of sample weight w stands for w copies of itself, in the vote and in
    ``n_neighbors``: the nearest neighbors are taken until their weights add up to
    ``n_neighbors``, the last one for the part that is missing. Whole numbers thus act
    exactly as repeating rows, zero as leaving them out; the weights must add up to at
    least ``n_neighbors``.

    Examples
    --------
    >>> from sknorms.neighbors import KNeighborsClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = KNeighborsClassifier(n_neighbors=3).fit(X, y)
    >>> classifier.predict([[0.4], [2.6]])
    array(['low', 'high'], dtype='<U4')
    >>> classifier.predict_proba([[3.0]])
    array([[0.66666667, 0.33333333]])

    Leave-one-out: every training row is predicted from the others.

    >>> KNeighborsClassifier(n_neighbors=1).fit(X, y).score(None, y)
    0.75
    """

    _codes: IndexArray
    _labels: list[AnyArray]
    _class_factors: list[FloatArray] | None

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
        class_weight: Any = None,
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
        self.class_weight = class_weight
        self.working_memory = working_memory

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None) -> Self:
        """Prepare the training rows and their labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
or (n_samples, n_samples) if metric="precomputed"
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels: numbers, strings or booleans.
        sample_weight : array-like of shape (n_samples,), default=None
            How many copies each row stands for; see the notes of the class.

        Returns
        -------
        KNeighborsClassifier
            The estimator itself.
        """
        get_weight_rule(self.weights)
        y = self._as_table(self._fit_rows(X, y))
        self._check_weight_rule()
        self._sample_weight = check_sample_weight(sample_weight, len(y))
        columns = [np.unique(column, return_inverse=True) for column in y.T]
        self._labels = [labels for labels, _ in columns]
        self._codes = np.stack([codes.ravel() for _, codes in columns], axis=1)
        self._class_factors = class_factors(
            self.class_weight, self._labels, self._codes, self._sample_weight
        )
        self.classes_ = self._labels if self.outputs_2d_ else self._labels[0]
        return self

    def _as_table(self, y: AnyArray) -> AnyArray:
        """Return labels of shape (n_samples, n_outputs), and note which they were."""
        check_classification_targets(y)
        self.outputs_2d_ = y.ndim == 2 and y.shape[1] > 1
        if y.ndim == 2 and not self.outputs_2d_:
            warnings.warn(
                "A column-vector y was passed when a 1d array was expected. Please "
                "change the shape of y to (n_samples,), for example using ravel().",
                DataConversionWarning,
                stacklevel=3,
            )
        return y if y.ndim == 2 else y[:, None]

    def predict(self, X: Any) -> AnyArray:
        """Return the label with the most votes for every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Labels, in the type of ``y``.
        """
        check_is_fitted(self)
        winners = [
            labels[shares.argmax(axis=1)]
            for shares, labels in zip(self._vote_shares(X), self._labels, strict=True)
        ]
        return np.stack(winners, axis=1) if self.outputs_2d_ else winners[0]

    def predict_proba(self, X: Any) -> Any:
        """Return the share of the votes that each class has.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), or a list of one for each output
            Rows sum to 1; columns are in the order of ``classes_``.
        """
        check_is_fitted(self)
        shares = self._vote_shares(X)
        return shares if self.outputs_2d_ else shares[0]

    def _vote_shares(self, X: Any) -> list[FloatArray]:
        """Return the shares of the classes, one array an output."""
        n_classes = sum(len(labels) for labels in self._labels)
        blocks = [
            self._block_shares(indices, weights)
            for indices, weights in self._neighborhoods(X, n_classes)
        ]
        return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]

    def _block_shares(
        self, indices: IndexArray, weights: FloatArray | None
    ) -> list[FloatArray]:
        shares = []
        for output, labels in enumerate(self._labels):
            votes = _count_votes(self._codes[indices, output], weights, len(labels))
            if self._class_factors is not None:
                votes *= self._class_factors[output]
            total = votes.sum(axis=1)
            require_some_weight(total)
            shares.append(votes / total[:, None])
        return shares

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _count_votes(
    codes: IndexArray, weights: FloatArray | None, n_classes: int
) -> FloatArray:
    """Return the votes for each class, added nearest neighbour first."""
    n_queries = len(codes)
    cells = codes + n_classes * np.arange(n_queries)[:, None]
    flat = None if weights is None else weights.ravel()
    votes = np.bincount(cells.ravel(), flat, n_queries * n_classes)
    return votes.reshape(n_queries, n_classes).astype(np.float64, copy=False)
