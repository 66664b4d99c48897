"""Distances to landmarks as features, as a transformer."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, IndexArray, Rows
from sknorms._validation import check_choice, check_integer, output_dtype
from sknorms.engine import fill_matrix
from sknorms.metrics import Metric, get_metric
from sknorms.metrics._domain import Boolean, Missing
from sknorms.preprocessing._tables import check_table

__all__ = ["DistanceFeatures"]


class DistanceFeatures(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Replace every row by its distances to a few landmarks.

    With landmarks, a linear model sees what a neighbour method sees: how near a row is
    to typical ones, under any metric. The distances are exact, taken from differences
    in float64.

    Parameters
    ----------
    landmarks : int or array-like of shape (n_landmarks, n_features), default=10
        The landmarks themselves, dense or sparse, or how many of them `fit` chooses.
    selection : {"sample", "kmeans"}, default="sample"
        How `fit` chooses landmarks: rows of the training data, drawn without
        replacement, or the centres of k-means clusters. Centres are means of rows,
        which suits Euclidean-like metrics; they need complete data that are not
        boolean. Not used if the landmarks are given.
    metric : str, Metric or callable, default="euclidean"
        A name from `sknorms.metrics.metric_names`, a metric record, or a function of
        two rows (slow: it is called once for each pair). A similarity gives
        similarities.
    metric_params : dict, default=None
        Parameters of the metric given by name. Those that are learnt from data, such
        as the variances of ``"seuclidean"``, are learnt from what `fit` sees.
    random_state : int, RandomState or None, default=None
        Makes the choice of landmarks reproducible.
    n_jobs : int, default=None
        Threads. None means what the surrounding ``joblib.parallel_config`` says, else
        all cores. The result does not depend on it, to the last bit.

    Attributes
    ----------
    landmarks_ : {ndarray, CSR} of shape (n_landmarks, n_features)
        The landmarks.
    landmark_indices_ : intp ndarray of shape (n_landmarks,)
        Which training rows they are, ascending. Only if they were drawn by `fit`.
    metric_ : Metric
        The metric, its parameters complete.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in `fit`, if they are all strings.

    See Also
    --------
    sknorms.metrics.pairwise_distances : The same as a function.
    NormFeatures : Norms of rows as features.

    Examples
    --------
    >>> from sknorms.preprocessing import DistanceFeatures
    >>> X = [[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]
    >>> features = DistanceFeatures(landmarks=[[0.0, 0.0], [3.0, 0.0]])
    >>> features.fit_transform(X).round(3)
    array([[ 0.   ,  3.   ],
           [ 5.   ,  4.   ],
           [10.   ,  8.544]])
    >>> features.get_feature_names_out()
    array(['distancefeatures0', 'distancefeatures1'], dtype=object)
    >>> drawn = DistanceFeatures(2, metric="manhattan", random_state=0).fit(X)
    >>> drawn.landmarks_[:, 0] / 3 == drawn.landmark_indices_
    array([ True,  True])
    """

    landmarks_: Rows
    landmark_indices_: IndexArray
    metric_: Metric

    def __init__(
        self,
        landmarks: Any = 10,
        *,
        selection: str = "sample",
        metric: Any = "euclidean",
        metric_params: Mapping[str, Any] | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.landmarks = landmarks
        self.selection = selection
        self.metric = metric
        self.metric_params = metric_params
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Choose the landmarks and learn the metric's data-dependent parameters.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows in the metric's domain, of any real dtype.
        y : object, default=None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not one of the above, more landmarks are asked for than
            there are rows, or given ones do not fit the columns of X.
        """
        metric = self._resolve_metric().learn_table(X)
        check_choice("selection", self.selection, ("sample", "kmeans"))
        rows = self._check_rows(X, metric, reset=True)
        self.metric_ = metric.learn(rows)
        self._forget_indices()
        chosen = self._choose_landmarks(rows)
        self.landmarks_ = self.metric_.check_rows(chosen, name="landmarks")
        self._n_features_out = self.landmarks_.shape[0]
        return self

    def transform(self, X: Any) -> AnyArray:
        """Compute the distance from every row of X to every landmark.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows in the metric's domain, of any real dtype.

        Returns
        -------
        ndarray of shape (n_samples, n_landmarks)
            float32 if rows and landmarks are float32 or float16, else float64.

        Raises
        ------
        ValueError
            If a row and a landmark have no finite distance.
        """
        check_is_fitted(self)
        rows = self._check_rows(X, self.metric_, reset=False)
        shape = (rows.shape[0], self.landmarks_.shape[0])
        self.metric_.warn_about_cost(shape[0] * shape[1])
        out = np.empty(shape, dtype=output_dtype(rows, self.landmarks_))
        fill_matrix(self.metric_, rows, self.landmarks_, out, n_jobs=self.n_jobs)
        return out

    def _resolve_metric(self) -> Metric:
        params = {} if self.metric_params is None else dict(self.metric_params)
        return get_metric(self.metric, **params)

    def _check_rows(self, X: Any, metric: Metric, *, reset: bool) -> Rows:
        finite: bool | str = "allow-nan" if metric.domain.allows_nan else True
        rows = check_table(metric.encode(X), estimator=self, reset=reset, finite=finite)
        return metric.domain.admit(rows, metric=metric.name, name="X")

    def _choose_landmarks(self, rows: Rows) -> Any:
        if np.ndim(self.landmarks) or sparse.issparse(self.landmarks):
            return self._given_landmarks(rows.shape[1])
        count = check_integer("landmarks", self.landmarks, low=1)
        if count > rows.shape[0]:
            raise ValueError(
                f"landmarks must be at most the number of rows to choose from; got "
                f"{count} for n_samples = {rows.shape[0]}. Choose fewer, or pass the "
                "landmarks themselves."
            )
        random_state = check_random_state(self.random_state)
        if self.selection == "kmeans":
            return self._cluster_centers(rows, count, random_state)
        drawn = random_state.choice(rows.shape[0], size=count, replace=False)
        self.landmark_indices_ = np.sort(drawn).astype(np.intp)
        return rows[self.landmark_indices_]

    def _forget_indices(self) -> None:
        """Drop what only some fits set, so that an earlier one leaves no trace."""
        if hasattr(self, "landmark_indices_"):
            del self.landmark_indices_

    def _given_landmarks(self, n_features: int) -> Rows:
        finite: bool | str = "allow-nan" if self.metric_.domain.allows_nan else True
        given = check_table(self.metric_.encode(self.landmarks), finite=finite).copy()
        if given.shape[1] != n_features:
            raise ValueError(
                f"landmarks must have the columns of X, {n_features}; got an array of "
                f"shape {given.shape}."
            )
        return given

    def _cluster_centers(self, rows: Rows, count: int, random_state: Any) -> AnyArray:
        if isinstance(self.metric_.domain, Boolean | Missing):
            raise ValueError(
                'selection="kmeans" takes means of rows, but those of metric '
                f"{self.metric_.name!r} are {self.metric_.domain.summary}. Use "
                'selection="sample", or pass the landmarks themselves.'
            )
        # Here, because it brings half of scikit-learn along and few need it.
        from sklearn.cluster import KMeans

        model = KMeans(count, random_state=random_state, n_init="auto").fit(rows)
        centers: AnyArray = model.cluster_centers_
        return centers.astype(output_dtype(rows), copy=False)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
