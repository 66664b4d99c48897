"""What is tried: every metric with every number of neighbours and every weighting."""

import warnings
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from sknorms._typing import AnyArray
from sknorms._validation import ParameterError
from sknorms.neighbors._prediction import get_weight_rule
from sknorms.neighbors._search import check_n_neighbors, is_precomputed, resolve_metric

__all__ = ["Grid", "as_list"]

# Tried where nobody says which, as far as there are that many rows.
_USUAL_NUMBERS = (1, 3, 5, 7, 9, 11, 15, 21, 31, 51)


@dataclass(frozen=True, eq=False)
class Grid:
    """Metrics, numbers of neighbours and weightings, each with each.

    Attributes
    ----------
    metrics : tuple
        What ``metric`` of an estimator may be.
    learns : tuple of bool
        Whether each metric may learn something from the rows it is fitted to.
    numbers : tuple of int
    weights : tuple
        What ``weights`` of an estimator may be.
    """

    metrics: tuple[Any, ...]
    learns: tuple[bool, ...]
    numbers: tuple[int, ...]
    weights: tuple[Any, ...]

    @classmethod
    def of(cls, params: dict[str, Any], n_rows: int) -> "Grid":
        """Return what the parameters of an estimator ask for.

        Parameters
        ----------
        params : dict
            As ``get_params(deep=False)`` returns them.
        n_rows : int
            How many rows the smallest fit has, copies included.

        Raises
        ------
        ValueError
            If one of the values is none that an estimator takes.
        """
        metrics, weights = as_list(params, "metric"), as_list(params, "weights")
        learns = _learns(metrics, params["p"], params["metric_params"])
        for rule in weights:
            get_weight_rule(rule)
        if params["n_neighbors"] is None:
            usual = [k for k in _USUAL_NUMBERS if k <= n_rows]
            numbers = usual or list(_USUAL_NUMBERS[:1])
        else:
            numbers = [check_n_neighbors(k) for k in as_list(params, "n_neighbors")]
        return cls(tuple(metrics), tuple(learns), tuple(numbers), tuple(weights))

    @property
    def pairs(self) -> list[tuple[int, Any]]:
        """Numbers and weightings that are tried with every metric, in order."""
        return list(product(self.numbers, self.weights))

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """All settings, in the order of scikit-learn's ``ParameterGrid``."""
        return [
            {"metric": metric, "n_neighbors": number, "weights": weights}
            for metric in self.metrics
            for number, weights in self.pairs
        ]

    def of_metric(self, metric: int) -> slice:
        """Return which candidates have a metric, given by its number."""
        width = len(self.pairs)
        return slice(metric * width, (metric + 1) * width)

    def columns(self) -> dict[str, AnyArray]:
        """Return masked arrays of the values of each parameter, nothing masked."""
        candidates = self.candidates
        columns: dict[str, AnyArray] = {}
        for name in candidates[0]:
            values = [candidate[name] for candidate in candidates]
            dtype = np.dtype(np.intp if name == "n_neighbors" else object)
            column = np.ma.MaskedArray(np.empty(len(values), dtype), mask=True)
            for place, value in enumerate(values):
                column[place] = value  # unmasks
            columns[f"param_{name}"] = column
        return columns


def as_list(params: dict[str, Any], name: str) -> list[Any]:
    """Return the values of a parameter that may be one or several."""
    value = params[name]
    if not isinstance(value, list | tuple | range | np.ndarray):
        return [value]
    if len(value) == 0:
        raise ParameterError(
            f"{name} must be one value or a list of some; got {value!r}, which leaves "
            "nothing to try."
        )
    return list(value)


def _learns(metrics: list[Any], p: Any, metric_params: Any) -> list[bool]:
    """Return which metrics may learn from rows, after checking all of them."""
    if any(map(is_precomputed, metrics)):
        if len(metrics) > 1:
            raise ParameterError(
                'metric="precomputed" says that X holds distances, to which no other '
                f"metric can be applied; got {metrics!r}. Pass it alone."
            )
        return [False]
    with warnings.catch_warnings():
        # What there is to say about a metric is said when it is fitted.
        warnings.simplefilter("ignore")
        resolved = [resolve_metric(metric, p, metric_params) for metric in metrics]
    return [bool(one.record.learned) for one in resolved]
