"""How much each neighbour counts in a prediction."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import ParameterError, first_rows
from sknorms.neighbors._search import Layout

__all__ = ["WeightRule", "get_weight_rule", "require_some_weight", "share_of_copies"]


@dataclass(frozen=True)
class WeightRule(ABC):
    """Turns distances into weights."""

    # Whether the rule looks at the distances, and whether they must be distances.
    needs_values: ClassVar[bool] = True
    needs_distances: ClassVar[bool] = False

    @abstractmethod
    def __call__(
        self, values: FloatArray, layout: Layout, first: int = 0
    ) -> FloatArray:
        """Return the weights of lists of neighbours.

        Parameters
        ----------
        values : float64 array of shape (n_entries,)
            Distances or similarities.
        layout : Layout
            The lists.
        first : int
            Number of the first list's query among all, for messages.

        Returns
        -------
        float64 array of shape (n_entries,)
        """


@dataclass(frozen=True)
class Uniform(WeightRule):
    """All neighbours count the same."""

    needs_values: ClassVar[bool] = False

    def __call__(
        self, values: FloatArray, layout: Layout, first: int = 0
    ) -> FloatArray:
        """Return ones."""
        del layout, first
        return np.ones(values.shape)


@dataclass(frozen=True)
class InverseDistance(WeightRule):
    """Neighbours count as one over their distance; distance zero takes it all."""

    needs_distances: ClassVar[bool] = True

    def __call__(
        self, values: FloatArray, layout: Layout, first: int = 0
    ) -> FloatArray:
        """Return inverse distances, scaled list by list by a power of two.

        The scale is exact and leaves shares as they are, but keeps subnormal distances
        from overflowing.
        """
        del first
        smallest = layout.reduce(np.minimum, values, 0.0)
        if (smallest < 0).any():
            raise ValueError(
                'weights="distance" needs distances of at least zero, but the metric '
                f"gave {smallest.min():g}. Pass a callable as weights."
            )
        exponents = np.repeat(np.frexp(smallest)[1], layout.lengths)
        with np.errstate(divide="ignore", over="ignore"):
            weights = 1.0 / np.ldexp(values, -exponents)
        return infinite_takes_all(weights, layout)


@dataclass(frozen=True)
class CustomWeights(WeightRule):
    """A user's function of the distances.

    Attributes
    ----------
    function : callable
    """

    function: Callable[[AnyArray], Any]

    def __call__(
        self, values: FloatArray, layout: Layout, first: int = 0
    ) -> FloatArray:
        """Call the function on a copy and check what it returns."""
        weights = layout.flatten(self._answer(layout.present(values)))
        wrong = ~(layout.reduce(np.minimum, weights, 0.0) >= 0)
        if wrong.any():
            raise ValueError(
                "weights must return numbers of at least zero; got NaN or negative "
                f"ones in {first_rows(wrong, start=first)} of the queries."
            )
        return infinite_takes_all(weights, layout)

    def _answer(self, shown: AnyArray) -> Any:
        try:
            return self.function(shown)
        except (AttributeError, TypeError, ValueError):
            # Much of NumPy, such as np.exp and comparisons, does not work on arrays of
            # arrays; one list after the other is fine.
            if shown.dtype != object:
                raise
            return [self.function(distances) for distances in shown]


_RULES = {"uniform": Uniform(), "distance": InverseDistance()}


def get_weight_rule(weights: Any) -> WeightRule:
    """Return the rule that the parameter ``weights`` stands for."""
    if weights is None:
        return Uniform()
    if callable(weights):
        return CustomWeights(weights)
    if isinstance(weights, str) and weights in _RULES:
        return _RULES[weights]
    raise ParameterError(
        'weights must be "uniform", "distance", None or a callable that turns an array '
        f"of distances into one of weights; got {weights!r}."
    )


def infinite_takes_all(weights: FloatArray, layout: Layout) -> FloatArray:
    """Return weights where infinite ones became 1 and others in their list 0."""
    infinite = np.isinf(weights)
    if not infinite.any():
        return weights
    decided = np.repeat(layout.reduce(np.logical_or, infinite, False), layout.lengths)
    return np.where(decided, infinite, weights)


def share_of_copies(copies: AnyArray, k: int) -> FloatArray:
    """Return how much of each neighbour is among the k nearest copies.

    Parameters
    ----------
    copies : float64 array of shape (n_queries, m)
        How many copies each neighbour stands for, nearest neighbour first.
    k : int
        How many copies count.

    Returns
    -------
    float64 array of shape (n_queries, m)
        At most ``copies``; a row sums to k, or less if there are not that many.
    """
    before = np.cumsum(copies, axis=1) - copies
    share: FloatArray = np.clip(k - before, 0.0, copies)
    return share


def require_some_weight(total: FloatArray, first: int = 0) -> None:
    """Raise if the neighbours of a query have no weight at all."""
    nothing = ~(total > 0)
    if nothing.any():
        raise ValueError(
            "All neighbors of some sample is getting zero weights. Please modify "
            "'weights' to avoid this case if you are using a user-defined function, or "
            "class_weight if one is zero. It happens to "
            f"{first_rows(nothing, start=first)} of the queries."
        )
