"""What linear classifiers share: scores, labels, probabilities, sparse coefficients."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy import sparse, special
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, IndexArray, Rows
from sknorms.linear_model._base._certificates import Certified
from sknorms.linear_model._base._class_fits import stacked_coef, stacked_intercept
from sknorms.linear_model._base._predictor import LinearPredictor, sparse_rows
from sknorms.linear_model._losses import gives_probabilities
from sknorms.linear_model._problem import Solution

__all__ = ["LinearClassifier", "log_probabilities"]


class LinearClassifier(ClassifierMixin, Certified, LinearPredictor):
    """Turns scores into labels; subclasses fit the coefficients."""

    # What the scores were fitted by: a name or a record.
    loss: Any
    classes_: AnyArray
    # Whether the scores of more than two classes come from one fit.
    _joint: bool

    def _keep(self, solutions: Sequence[Solution], dtype: np.dtype[Any]) -> None:
        """Keep one solution for all classes, or one for each against the rest."""
        self._joint = len(solutions) == 1
        self.coef_ = stacked_coef(solutions, dtype)
        self.intercept_ = stacked_intercept(solutions, dtype)
        self._keep_certificates(solutions, dtype)

    def _log_probabilities(self, X: Any) -> AnyArray:
        scores = self.decision_function(X)
        return log_probabilities(scores if self._joint else special.log_expit(scores))

    def _validated_classes(self, X: Any, y: Any) -> tuple[Rows, IndexArray]:
        """Return rows and the positions of labels in ``classes_``, which is kept."""
        rows, labels = self._validated(X, y)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the "
                f"data contains only one class: {self.classes_[0]!r}"
            )
        return rows, codes.ravel()

    def decision_function(self, X: Any) -> AnyArray:
        """Return the score of each class, of the second one where there are two.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_classes)
            X coef_' + intercept_. With two classes, scores above 0 are for the second.
        """
        scores = self._scores(X)
        return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> AnyArray:
        """Return the label with the highest score for each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries,)
            Labels, in the type of ``y``.
        """
        scores = self.decision_function(X)
        codes = scores.argmax(axis=1) if scores.ndim == 2 else (scores > 0).astype(int)
        labels: AnyArray = self.classes_[codes]
        return labels

    @available_if(gives_probabilities)
    def predict_proba(self, X: Any) -> AnyArray:
        """Return the probability of each class, for losses that have some.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Rows add up to 1; columns are in the order of ``classes_``.
        """
        return np.exp(self._log_probabilities(X))

    @available_if(gives_probabilities)
    def predict_log_proba(self, X: Any) -> AnyArray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_queries, n_classes)
            Finite, where probabilities that round to zero are not.
        """
        return self._log_probabilities(X)

    def sparsify(self) -> Self:
        """Turn ``coef_`` into CSR format, for models with few coefficients.

        Returns
        -------
        object
            The estimator itself.
        """
        check_is_fitted(self)
        if not sparse.issparse(self.coef_):
            self.coef_ = sparse_rows(self.coef_)
        return self

    def densify(self) -> Self:
        """Turn ``coef_`` back into an array.

        Returns
        -------
        object
            The estimator itself.
        """
        check_is_fitted(self)
        if sparse.issparse(self.coef_):
            self.coef_ = self.coef_.toarray()
        return self


def log_probabilities(scores: AnyArray) -> AnyArray:
    """Return logarithms of probabilities, finite where those round to zero.

    Scores of shape (n,) are log-odds of the second of two classes; others are
    logarithms of what is proportional to probabilities.
    """
    if scores.ndim == 1:
        logs = [special.log_expit(-scores), special.log_expit(scores)]
        return np.stack(logs, axis=1)
    shares: AnyArray = special.log_softmax(scores, axis=1)
    return shares
