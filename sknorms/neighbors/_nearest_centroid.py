"""Classification by the nearest class centre."""

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms._validation import (
    STORAGE_DTYPES,
    ParameterError,
    check_real,
    naming_bad_rows,
)
from sknorms.engine import working_bytes
from sknorms.metrics import Metric, get_metric, pairwise_distances
from sknorms.neighbors._centroids import Spread, class_priors, get_center_rule
from sknorms.neighbors._search import (
    MetricIndex,
    Queries,
    Resources,
    check_resources,
    is_precomputed,
    resolve_metric,
)

__all__ = ["NearestCentroid"]

_EUCLIDEAN, _MANHATTAN = (type(get_metric(name)) for name in ("euclidean", "manhattan"))


def _has_scores(estimator: "NearestCentroid") -> bool:
    """Whether there are probabilities: they are those of normal distributions."""
    try:
        record = estimator._record()
    except (TypeError, ValueError):
        return False
    return isinstance(record, _EUCLIDEAN)


class NearestCentroid(ClassifierMixin, BaseEstimator):
    """Classify by the nearest centroid of a class, under many metrics.

    Parameters
    ----------
    metric : str, Metric or callable, default="euclidean"
        How far a row is from a centroid, and with it what a centroid is:

        - "manhattan" (and "minkowski" with p=1): the median of every column;
        - "cosine", "angular", "cosine_similarity" and "correlation": the spherical
          mean, that is the mean of the rows at unit length (for "correlation" after
          subtracting from each its own mean), brought to unit length;
        - any other: the mean of the rows, which under "euclidean", "seuclidean" and
          "mahalanobis" has the smallest sum of squared distances to them.

        Metrics under which rows have no sensible mean are refused: those of booleans,
        "hamming", "haversine", and those for missing values ("nan_euclidean", "gower").
    shrink_threshold : float, default=None
        By how many standard deviations of its own each coordinate of a centroid is
        moved towards the mean of all rows, at most up to it: a column in which all
        centroids get there no longer tells the classes apart. None moves nothing.
    priors : {"uniform", "empirical"} or array-like of shape (n_classes,), \
default="uniform"
        How likely each class is before a row is seen: all the same, as in the training
        rows, or as given. Other than equal priors are for the metrics "euclidean" and
        "manhattan".
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    working_memory : float, default=None
        Budget in MiB for what a prediction needs above its inputs and results; None
        takes scikit-learn's setting.

    Attributes
    ----------
    centroids_ : ndarray of shape (n_classes, n_features)
        Centroid of each class, in float64.
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    class_prior_ : ndarray of shape (n_classes,)
        Prior of each class; they sum to one.
    deviations_ : ndarray of shape (n_classes, n_features)
        How far the centroids are from the centroid of all rows, in standard deviations
        and shrunk: zero where a column does not tell the class apart. Infinite where it
        tells it apart and has no spread within classes at all.
    within_class_std_dev_ : ndarray of shape (n_features,)
        Standard deviation of each column around the centroid of the own class, of the
        rows at unit length where centroids are spherical means.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    KNeighborsClassifier : Vote among the nearest neighbors.

    Notes
    -----
    A row that is equally far from several centroids belongs to the first of their
    classes. With unequal priors, and for probabilities, the classes are normal
    distributions around their centroids with ``within_class_std_dev_`` in common, as in
    linear discriminant analysis with a diagonal covariance [1]_. `decision_function`,
    `predict_proba` and `predict_log_proba` are there for ``metric="euclidean"`` alone.

    On tf-idf rows this is Rocchio's classifier; ``metric="cosine"`` is made for them.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, The Elements of Statistical Learning,
       2nd edition, Springer, 2009, section 18.2.

    Examples
    --------
    >>> from sknorms.neighbors import NearestCentroid
    >>> X = [[-1.0, -1.0], [-2.0, -1.0], [-3.0, -2.0], [1.0, 1.0], [2.0, 1.0], [3, 2]]
    >>> y = ["left", "left", "left", "right", "right", "right"]
    >>> model = NearestCentroid().fit(X, y)
    >>> model.predict([[-0.8, -1.0]])
    array(['left'], dtype='<U5')
    >>> model.predict_proba([[0.0, 0.0]])
    array([[0.5, 0.5]])

    Directions, whatever the lengths:

    >>> rows = [[1.0, 0.0], [9.0, 1.0], [0.0, 1.0], [1.0, 9.0]]
    >>> model = NearestCentroid(metric="cosine").fit(rows, [0, 0, 1, 1])
    >>> model.predict([[100.0, 90.0], [0.1, 0.2]])
    array([0, 1])
    """

    centroids_: FloatArray
    classes_: AnyArray
    class_prior_: FloatArray
    n_features_in_: int
    _index: MetricIndex

    def __init__(
        self,
        metric: Any = "euclidean",
        *,
        shrink_threshold: Any = None,
        priors: Any = "uniform",
        metric_params: Any = None,
        n_jobs: Any = None,
        working_memory: Any = None,
    ) -> None:
        self.metric = metric
        self.shrink_threshold = shrink_threshold
        self.priors = priors
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.working_memory = working_memory

    def fit(self, X: Any, y: Any) -> Self:
        """Find the centroids.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,)
            Labels: numbers, strings or booleans.

        Returns
        -------
        NearestCentroid
            The estimator itself.

        Raises
        ------
        ValueError
            If there is only one class, if all rows are the same, or if the directions
            of a class cancel out where its centroid is a direction.
        """
        record, threshold = self._record(), self._threshold()
        check_resources(self.n_jobs, self.working_memory)
        rule = get_center_rule(record)
        rows, codes = self._validated(X, y, record)
        self.class_prior_ = class_priors(self.priors, codes, len(self.classes_))
        self._require_scores_for_priors(record)
        spread = Spread.measure(rule, rows, codes, len(self.classes_))
        self.within_class_std_dev_ = spread.std_dev
        self.deviations_ = spread.deviations(threshold)
        centers = (
            spread.centers if threshold is None else spread.moved(self.deviations_)
        )
        self.centroids_ = rule.settle(centers, self.classes_)
        self._index = MetricIndex.fit(record.learn(rows), self.centroids_)
        return self

    def _record(self) -> Metric:
        if is_precomputed(self.metric):
            raise ParameterError(
                'metric="precomputed" has no rows to take centroids of; pass the rows '
                "and the metric, or use KNeighborsClassifier."
            )
        return resolve_metric(self.metric, None, self.metric_params).record

    def _threshold(self) -> float | None:
        if self.shrink_threshold is None:
            return None
        threshold = self.shrink_threshold
        return check_real("shrink_threshold", threshold, low=0, low_open=True)

    def _validated(self, X: Any, y: Any, record: Metric) -> tuple[Rows, IndexArray]:
        with naming_bad_rows(X):
            rows, y = validate_data(
                self, X, y, accept_sparse="csr", dtype=list(STORAGE_DTYPES)
            )
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "The number of classes has to be greater than one; got "
                f"{len(self.classes_)} class. Pass rows of at least two classes."
            )
        rows = record.check_rows(rows)
        if _all_alike(rows):
            raise ValueError(
                "All features have zero variance. Division by zero. The rows are all "
                "the same; pass rows that differ."
            )
        return rows, codes

    @property
    def _has_equal_priors(self) -> bool:
        return bool(np.isclose(self.class_prior_, 1 / len(self.classes_)).all())

    def _require_scores_for_priors(self, record: Metric) -> None:
        if not self._has_equal_priors and not isinstance(
            record, (_EUCLIDEAN, _MANHATTAN)
        ):
            raise ParameterError(
                f'priors must be "uniform" with metric {self.metric!r}; got '
                f"{self.priors!r}. Unequal priors are weighed against distances by a "
                'model that is there for "euclidean" and "manhattan" only.'
            )

    def predict(self, X: Any) -> AnyArray:
        """Return the class of the nearest centroid, priors considered.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.

        Returns
        -------
        ndarray of shape (n_queries,)
            Labels, in the type of ``y``.
        """
        rows = self._query_rows(X)
        if self._has_equal_priors:
            queries = Queries(rows, np.dtype(np.float64))
            use = Resources(self.n_jobs, self.working_memory)
            best = self._index.nearest(queries, 1, use)[1][:, 0]
        else:
            best = self._scores(rows).argmax(axis=1)
        labels: AnyArray = self.classes_[best]
        return labels

    @available_if(_has_scores)
    def decision_function(self, X: Any) -> FloatArray:
        """Return how much speaks for each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), or (n_queries,) for two classes
            Twice the log-likelihoods of the classes, priors included, up to a constant;
            for two classes that of the second minus that of the first.
        """
        scores = self._scores(self._query_rows(X))
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    @available_if(_has_scores)
    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows sum to 1; columns are in the order of ``classes_``.
        """
        return np.exp(self._log_shares(X))

    @available_if(_has_scores)
    def predict_log_proba(self, X: Any) -> FloatArray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            At most 0; columns are in the order of ``classes_``.
        """
        return self._log_shares(X)

    def _log_shares(self, X: Any) -> FloatArray:
        scores = self._scores(self._query_rows(X))
        behind = scores - scores.max(axis=1, keepdims=True)
        shares: FloatArray = behind - np.log(np.exp(behind).sum(axis=1, keepdims=True))
        return shares

    def _query_rows(self, X: Any) -> Rows:
        check_is_fitted(self)
        with naming_bad_rows(X):
            rows = validate_data(
                self, X, reset=False, accept_sparse="csr", dtype=list(STORAGE_DTYPES)
            )
        return self._index.check_rows(rows)

    def _scores(self, rows: Rows) -> FloatArray:
        """Return -d^2 + 2 log(prior), d measured in standard deviations."""
        scale = np.where(
            self.within_class_std_dev_ > 0, self.within_class_std_dev_, 1.0
        )
        centers = self.centroids_ / scale
        with np.errstate(divide="ignore"):
            log_priors = 2.0 * np.log(self.class_prior_)
        scores = np.empty((rows.shape[0], len(self.classes_)))
        row_bytes = 32 * (rows.shape[1] + len(self.classes_))
        step = max(1, working_bytes(self.working_memory) // (2 * row_bytes))
        for part in row_slices(rows.shape[0], step):
            distances = pairwise_distances(
                _scaled(rows[part], scale), centers, metric=self._index.metric
            )
            scores[part] = log_priors - np.square(distances)
        return scores

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _all_alike(rows: Rows) -> bool:
    if sparse.issparse(rows):
        numbers = rows.astype(np.int8) if rows.dtype == np.bool_ else rows
        ends = numbers.max(axis=0), numbers.min(axis=0)
        return bool((ends[0].toarray() == ends[1].toarray()).all())
    return all((rows[part] == rows[0]).all() for part in row_slices(len(rows), 1024))


def _scaled(rows: Rows, scale: FloatArray) -> Rows:
    if not sparse.issparse(rows):
        return rows / scale
    scaled = rows.astype(np.float64)
    scaled.data /= scale[scaled.indices]
    return scaled
