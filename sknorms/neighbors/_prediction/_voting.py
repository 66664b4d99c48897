"""Classification by a vote, whoever the neighbours are."""

import warnings
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray, BoolArray, FloatArray, IndexArray
from sknorms.neighbors._prediction._class_weights import class_factors
from sknorms.neighbors._prediction._empty import Answer, raise_no_neighbors
from sknorms.neighbors._prediction._prediction import Predictor, check_sample_weight
from sknorms.neighbors._prediction._votes import TieRule, count_votes, get_tie_rules
from sknorms.neighbors._prediction._weights import get_weight_rule, require_some_weight
from sknorms.neighbors._search import Neighborhoods

__all__ = ["VotingClassifier"]


class VotingClassifier(ClassifierMixin, Predictor):
    """Fits labels and counts votes; subclasses say who votes."""

    class_weight: Any
    vote_ties: Any
    random_state: Any

    classes_: Any
    outputs_2d_: bool
    _codes: IndexArray
    _labels: list[AnyArray]
    _class_factors: list[FloatArray] | None
    _tie_rules: list[TieRule]
    # What a query without neighbours is answered; None raises.
    _answers: list[Answer] | None

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
        object
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
        self._tie_rules = get_tie_rules(
            self.vote_ties, self.random_state, len(self._labels)
        )
        self.classes_ = self._labels if self.outputs_2d_ else self._labels[0]
        self._answers = self._answers_for_empty()
        return self

    @abstractmethod
    def _answers_for_empty(self) -> list[Answer] | None:
        """Return what queries without neighbours are answered; None raises."""

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
        in_order = self._tie_rules[0].needs_order
        blocks, empty = self._in_blocks(X, self._winners, closest_first=in_order)
        winners = [
            labels[codes] for labels, codes in zip(self._labels, blocks, strict=True)
        ]
        self._label_empty(winners, empty)
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
        shares, empty = self._in_blocks(X, self._shares)
        self._share_empty(shares, empty)
        return shares if self.outputs_2d_ else shares[0]

    def _in_blocks(
        self,
        X: Any,
        evaluate: Callable[[Neighborhoods], list[AnyArray]],
        *,
        closest_first: bool = False,
    ) -> tuple[list[AnyArray], BoolArray]:
        """Return what ``evaluate`` makes of all queries, and which have no neighbour.

        ``evaluate`` turns the neighbourhoods of a block into one array an output.
        """
        queries = self._queries(X)
        n_classes = sum(len(labels) for labels in self._labels)
        found, empty = [], []
        for near in self._neighborhoods(
            queries, n_classes, closest_first=closest_first
        ):
            found.append(evaluate(near))
            empty.append(near.empty)
        outputs = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        return outputs, np.concatenate(empty)

    def _winners(self, near: Neighborhoods) -> list[IndexArray]:
        return [
            rule.winners(self._votes(near, output), near, self._codes[:, output])
            for output, rule in enumerate(self._tie_rules)
        ]

    def _shares(self, near: Neighborhoods) -> list[FloatArray]:
        shares = []
        for output in range(len(self._labels)):
            votes = self._votes(near, output)
            total = np.where(near.empty, 1.0, votes.sum(axis=1))
            shares.append(votes / total[:, None])
        return shares

    def _votes(self, near: Neighborhoods, output: int) -> FloatArray:
        """Return the votes for the classes of an output; every query has one."""
        factors = None if self._class_factors is None else self._class_factors[output]
        n_classes = len(self._labels[output])
        votes = count_votes(near, self._codes[:, output], factors, n_classes)
        total = np.where(near.empty, 1.0, votes.sum(axis=1))
        require_some_weight(total, near.first)
        return votes

    def _label_empty(self, winners: list[AnyArray], empty: BoolArray) -> None:
        if empty.any():
            for column, answer in zip(
                winners, self._checked_answers(empty), strict=True
            ):
                answer.warn_if_unknown()
                column[empty] = answer.label

    def _share_empty(self, shares: list[FloatArray], empty: BoolArray) -> None:
        if empty.any():
            answers = self._checked_answers(empty)
            for table, answer in zip(shares, answers, strict=True):
                answer.warn_if_unknown()
                table[empty] = answer.shares

    def _checked_answers(self, empty: BoolArray) -> list[Answer]:
        if self._answers is None:
            raise_no_neighbors(empty, "giving a label for outliers")
        return self._answers

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
