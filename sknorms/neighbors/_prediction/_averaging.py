"""Regression from the targets of the neighbours, whoever they are."""

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray
from sknorms._validation import output_dtype
from sknorms.neighbors._prediction._aggregates import (
    Aggregate,
    check_quantiles,
    get_aggregate,
)
from sknorms.neighbors._prediction._empty import EmptyRule
from sknorms.neighbors._prediction._prediction import Predictor, check_sample_weight
from sknorms.neighbors._prediction._weights import get_weight_rule
from sknorms.neighbors._search import Neighborhoods, Regular

__all__ = ["AveragingRegressor"]


class AveragingRegressor(RegressorMixin, Predictor):
    """Fits targets and aggregates them; subclasses say whose."""

    aggregate: Any

    _y: AnyArray
    _aggregate: Aggregate
    _empty_rule: EmptyRule

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
        object
            The estimator itself.
        """
        get_weight_rule(self.weights)
        self._aggregate = get_aggregate(self.aggregate)
        y = self._fit_rows(X, y)
        self._check_weight_rule()
        self._sample_weight = check_sample_weight(sample_weight, len(y))
        dtypes = [np.float64, np.float32]
        self._y = check_array(y, ensure_2d=False, dtype=dtypes, input_name="y")
        self._empty_rule = self._rule_for_empty()
        return self

    @abstractmethod
    def _rule_for_empty(self) -> EmptyRule:
        """Return what queries without neighbours are answered."""

    def predict(self, X: Any) -> AnyArray:
        """Return the aggregated target of the neighbors of every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Computed in float64; float32 if ``y`` is.
        """
        check_is_fitted(self)
        return self._aggregated(X, self._aggregate, None)[..., 0]

    def predict_quantiles(self, X: Any, quantiles: Any = (0.05, 0.5, 0.95)) -> AnyArray:
        """Return quantiles of the targets of the neighbors of every query.

        The q-quantile is the first target, in ascending order, up to which the weights
        of the neighbors add up to at least the share q of all of them; where they add
        up to exactly that, it is the mean of this target and the next (Hyndman and
        Fan's second definition, ``method="averaged_inverted_cdf"`` in NumPy). The
        weights are those that `predict` uses, and the median of ``aggregate="median"``
        is the 0.5-quantile.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.
        quantiles : float or array-like of shape (n_quantiles,), \
default=(0.05, 0.5, 0.95)
            Each within [0, 1].

        Returns
        -------
        ndarray of shape (n_queries, n_quantiles) or (n_queries, n_outputs, n_quantiles)
            One column for each quantile, in the order asked for; without this last
            axis if ``quantiles`` is a number. float32 if ``y`` is, else float64.

        Raises
        ------
        ValueError
            If a quantile is not within [0, 1].
        """
        check_is_fitted(self)
        levels = check_quantiles(quantiles)
        found = self._aggregated(X, levels, levels)
        return found[..., 0] if np.ndim(quantiles) == 0 else found

    def _aggregated(
        self, X: Any, aggregate: Aggregate, quantiles: Aggregate | None
    ) -> AnyArray:
        """Return an array of shape (n_queries[, n_outputs], n_numbers)."""
        queries = self._queries(X)
        targets = self._y if self._y.ndim == 2 else self._y[:, None]
        blocks, empties = [], []
        for near in self._neighborhoods(queries, targets.shape[1]):
            blocks.append(np.stack([aggregate(near, y) for y in targets.T], axis=1))
            empties.append(near.empty)
        made, empty = np.concatenate(blocks), np.concatenate(empties)
        if empty.any():
            made[empty] = self._empty_rule.answers(
                empty, self._everyone(), targets, quantiles
            )
        made = made.astype(output_dtype(self._y), copy=False)
        return made if self._y.ndim == 2 else made[:, 0]

    def _everyone(self) -> Neighborhoods:
        """Return one list with all training rows."""
        n_rows = self.n_samples_fit_
        return Neighborhoods(Regular(1, n_rows), np.arange(n_rows), self._sample_weight)
