"""What is made of the targets of the neighbours: a mean, quantiles, a user's number."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._arrays import row_sum
from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms._validation import ParameterError, check_real, first_rows
from sknorms.neighbors._prediction._weights import require_some_weight
from sknorms.neighbors._search import Neighborhoods

__all__ = ["Aggregate", "Mean", "Quantiles", "check_quantiles", "get_aggregate"]

# Sums of weights miss the quantile's share of their total by their rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Aggregate(ABC):
    """Turns the targets and weights of each neighbourhood into numbers."""

    @abstractmethod
    def __call__(self, near: Neighborhoods, targets: AnyArray) -> FloatArray:
        """Return the numbers of every query.

        Parameters
        ----------
        near : Neighborhoods
        targets : array of shape (n_training_rows,)

        Returns
        -------
        float64 array of shape (n_queries, n_numbers)
            NaN for a query without neighbours.
        """


@dataclass(frozen=True)
class Mean(Aggregate):
    """The weighted mean."""

    def __call__(self, near: Neighborhoods, targets: AnyArray) -> FloatArray:
        """Return the mean of each list, shape (n_queries, 1)."""
        values = targets[near.indices].astype(np.float64)
        if near.weights is None:
            total = near.layout.lengths.astype(np.float64)
        else:
            total = near.layout.reduce(np.add, near.weights, 0.0)
            values *= near.weights
        total = np.where(near.empty, np.nan, total)
        require_some_weight(np.where(near.empty, 1.0, total), near.first)
        mean: FloatArray = near.layout.reduce(np.add, values, np.nan) / total
        return mean[:, None]


@dataclass(frozen=True)
class Quantiles(Aggregate):
    """Weighted quantiles: the inverse of the distribution function, averaged at steps.

    The q-quantile of sorted values is the first one up to which the weights add up to
    at least the share q of their total; where they add up to exactly that, the mean of
    it and the next one (Hyndman and Fan, 1996, definition 2). Weights count by their
    proportions only, and a weight of two is a value that is there twice.

    Attributes
    ----------
    levels : tuple of float
        Each q, within [0, 1].
    """

    levels: tuple[float, ...]

    def __call__(self, near: Neighborhoods, targets: AnyArray) -> FloatArray:
        """Return the quantiles of each list, shape (n_queries, n_levels)."""
        found = np.full((len(near), len(self.levels)), np.nan)
        for lists, entries, inside in near.layout.buckets():
            weights = inside.astype(np.float64)
            if near.weights is not None:
                weights *= near.weights[entries]
                total = np.ones(len(near))
                total[lists] = row_sum(weights)
                require_some_weight(total, near.first)
            # Whatever weighs nothing goes to the end, where no sum ever reaches it.
            values = np.where(weights > 0, targets[near.indices[entries]], np.inf)
            found[lists] = self._of_rows(values, weights)
        return found

    def _of_rows(self, values: FloatArray, weights: FloatArray) -> FloatArray:
        order = np.argsort(values, axis=1, kind="stable")
        values = np.take_along_axis(values, order, axis=1)
        reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        last = np.count_nonzero(weights, axis=1) - 1
        columns = []
        for level in self.levels:
            total = reached[:, -1:]
            share = level * total
            # No room at either end: the smallest and the largest value are just that.
            room = _ROUNDING * np.minimum(share, total - share)
            low = _at(values, np.minimum((reached < share - room).sum(axis=1), last))
            high = _at(values, np.minimum((reached <= share + room).sum(axis=1), last))
            columns.append(np.where(low == high, low, 0.5 * low + 0.5 * high))
        return np.stack(columns, axis=1)


def _at(values: FloatArray, columns: IndexArray) -> FloatArray:
    """Return one value a row."""
    taken: FloatArray = np.take_along_axis(values, columns[:, None], axis=1)
    return taken[:, 0]


@dataclass(frozen=True)
class CustomAggregate(Aggregate):
    """A user's function of the targets of one query's neighbours.

    Attributes
    ----------
    function : callable
    """

    function: Callable[..., Any]

    def __call__(self, near: Neighborhoods, targets: AnyArray) -> FloatArray:
        """Call the function once a query, shape (n_queries, 1)."""
        values = targets[near.indices].astype(np.float64)
        made = np.full((len(near), 1), np.nan)
        starts = near.layout.starts
        for query in np.flatnonzero(~near.empty):
            part = slice(starts[query], starts[query + 1])
            made[query, 0] = self._number(values[part], near.weights, part)
        wrong = ~(np.isfinite(made[:, 0]) | near.empty)
        if wrong.any():
            raise ValueError(
                "aggregate must return a finite number; it did not for "
                f"{first_rows(wrong, start=near.first)} of the queries."
            )
        return made

    def _number(
        self, values: FloatArray, weights: FloatArray | None, part: slice
    ) -> float:
        if weights is None:
            number = self.function(values.copy())
        else:
            number = self.function(values.copy(), weights=weights[part].copy())
        if np.ndim(number) != 0:
            raise ValueError(
                "aggregate must return one number for the targets of a query's "
                f"neighbors; got an array of shape {np.shape(number)}."
            )
        return float(number)


_AGGREGATES = {"mean": Mean(), "median": Quantiles((0.5,))}


def get_aggregate(aggregate: Any) -> Aggregate:
    """Return the record that the parameter ``aggregate`` stands for."""
    if isinstance(aggregate, str) and aggregate in _AGGREGATES:
        return _AGGREGATES[aggregate]
    if callable(aggregate):
        return CustomAggregate(aggregate)
    raise ParameterError(
        'aggregate must be "mean", "median" or a callable that turns an array of '
        f"targets into a number; got {aggregate!r}."
    )


def check_quantiles(quantiles: Any) -> Quantiles:
    """Return the record of one quantile or several, each within [0, 1]."""
    if np.ndim(quantiles) > 1 or np.size(quantiles) == 0:
        raise ParameterError(
            "quantiles must be a number or a list of them, such as (0.05, 0.5, 0.95); "
            f"got {quantiles!r}."
        )
    given = np.atleast_1d(quantiles).tolist()
    return Quantiles(
        tuple(check_real("quantiles", level, low=0.0, high=1.0) for level in given)
    )
