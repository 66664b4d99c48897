"""Predictions of a linear model of classes that was learnt from mini-batches."""

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if

from sknorms._typing import AnyArray
from sknorms.linear_model._losses import LogisticLoss, Loss, MultinomialLoss, OneVsRest
from sknorms.linear_model._stochastic._sgd_base import ClippedSGD
from sknorms.linear_model._stochastic._sgd_parameters import loss_record

__all__ = ["ClassPredictor"]


def _has_probabilities(estimator: Any) -> bool:
    return loss_record(estimator.loss, classifies=True).has_probabilities


class ClassPredictor(ClippedSGD):
    """Scores, labels and probabilities."""

    classes_: AnyArray

    def decision_function(self, X: Any) -> AnyArray:
        """Return the scores of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Of two classes the score of the second one.
        """
        scores = self._scores(X)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> AnyArray:
        """Return the class of the highest score.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels, in the type of ``y``.
        """
        scores = self.decision_function(X)
        two = scores.ndim == 1
        codes = (scores > 0.0).astype(np.intp) if two else scores.argmax(axis=1)
        labels: AnyArray = self.classes_[codes]
        return labels

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> AnyArray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows add up to 1; columns are in the order of ``classes_``.
        """
        scores = self.decision_function(X)
        loss, _ = self._resolved_loss()
        probabilities = loss.predict(scores)
        if scores.ndim == 2:
            return probabilities
        return np.stack([1.0 - probabilities, probabilities], axis=1)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> AnyArray:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            At most 0; columns are in the order of ``classes_``.
        """
        probabilities = self.predict_proba(X)
        tiny = np.finfo(probabilities.dtype).tiny
        logs: AnyArray = np.log(np.maximum(probabilities, tiny))
        return logs

    def _resolved_loss(self) -> tuple[Loss, int | None]:
        """Return the loss for the number of classes there are, and its outputs."""
        loss = loss_record(self.loss, classifies=True)
        n_classes = len(self.classes_)
        if n_classes == 2:
            return (LogisticLoss() if loss.vector_valued else loss), None
        if loss.vector_valued:
            return loss, n_classes
        if isinstance(self.loss, str) and loss.has_probabilities:
            return MultinomialLoss(), n_classes
        return OneVsRest(loss), n_classes
