"""Leave-one-out from one search of all rows among themselves.

The neighbours of a row in a fit of all others are those that it has among the others in
a fit of all rows, in the same order. So one fit serves all folds, provided that nothing
else of it depends on the row left out, and that a score of one row is known without
asking a scorer row by row.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import (
    mean_absolute_error,
    mean_squared_error,
    root_mean_squared_error,
)

from sknorms._progress import Progress
from sknorms._typing import AnyArray, FloatArray
from sknorms.neighbors._selection._folds import Data, Split, prepared_model
from sknorms.neighbors._selection._grid import Grid
from sknorms.neighbors._selection._ledger import Ledger

__all__ = ["OneByOne", "RowScore", "row_scores", "score_left_out", "serves_all_folds"]

RowScore = Callable[[AnyArray, AnyArray], FloatArray]


@dataclass(frozen=True)
class OneByOne(Sequence[Split]):
    """The folds of leave-one-out, made when they are asked for.

    All of them together have the square of the number of rows.

    Attributes
    ----------
    n_rows : int
    """

    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    def __getitem__(self, fold: Any) -> Any:
        everyone = np.arange(self.n_rows)
        return np.delete(everyone, fold), everyone[fold : fold + 1]

    def __iter__(self) -> Iterator[Split]:
        return map(self.__getitem__, range(self.n_rows))


def _hits(y: AnyArray, predicted: AnyArray) -> FloatArray:
    hits: FloatArray = (y == predicted).astype(np.float64)
    return hits


@dataclass(frozen=True)
class _NegativeError:
    """Minus an error of scikit-learn, row by row.

    Attributes
    ----------
    function : callable
        What it returns for one row: the mean over the outputs.
    """

    function: Callable[..., Any]

    def __call__(self, y: AnyArray, predicted: AnyArray) -> FloatArray:
        """Return one number a row."""
        # A row is shown as an output of its own, so that nothing is averaged over rows.
        each = self.function(
            y.reshape(1, -1), predicted.reshape(1, -1), multioutput="raw_values"
        )
        errors: FloatArray = np.average(each.reshape(len(y), -1), axis=1)
        return -errors


_CLASSIFICATION: dict[Any, RowScore] = {"accuracy": _hits}
_REGRESSION: dict[Any, RowScore] = {
    "neg_mean_absolute_error": _NegativeError(mean_absolute_error),
    "neg_mean_squared_error": _NegativeError(mean_squared_error),
    "neg_root_mean_squared_error": _NegativeError(root_mean_squared_error),
}


def row_scores(scoring: Any, y: AnyArray, *, classifier: bool) -> dict[str, RowScore]:
    """Return functions for scores of single rows by name, none if one is not known."""
    known = _CLASSIFICATION if classifier else _REGRESSION
    if classifier and y.ndim > 1:
        return {}
    if scoring is None and classifier:
        return {"score": known["accuracy"]}
    if isinstance(scoring, str):
        return {"score": known[scoring]} if scoring in known else {}
    names = scoring if isinstance(scoring, list | tuple) else ()
    if not all(isinstance(name, str) and name in known for name in names):
        return {}
    return {name: known[name] for name in names}


def serves_all_folds(data: Data, grid: Grid, metric: int) -> bool:
    """Whether a fit of all rows has all that fits without one row have.

    Weights of classes and some metrics are learnt from the rows; lots are drawn from
    row numbers; a user's function of weights is shown one row at a time.
    """
    params = data.model.get_params(deep=False)
    return (
        data.sample_weight is None
        and params.get("class_weight") is None
        and params.get("vote_ties") in (None, "lowest", "nearest")
        and not any(map(callable, grid.weights))
        and not grid.learns[metric]
    )


def score_left_out(
    data: Data,
    ledger: Ledger,
    metric: int,
    scores: dict[str, RowScore],
    progress: Progress | None,
) -> None:
    """Write down the scores of all candidates of a metric on all rows.

    Parameters
    ----------
    data : Data
    ledger : Ledger
        Its folds are the rows, in order.
    metric : int
        Number of the metric in the grid.
    scores : dict of callables
        As `row_scores` returns them.
    progress : Progress or None
        Hears of every row.
    """
    grid, everyone = ledger.grid, np.arange(len(data.y))
    own = grid.of_metric(metric)
    prepared, seconds = ledger.attempt(
        prepared_model, data, grid.metrics[metric], grid, everyone, None
    )
    ledger.fit_time[own] = seconds / (len(grid.pairs) * len(everyone))
    if prepared is not None:
        for place, pair in zip(range(own.start, own.stop), grid.pairs, strict=True):
            candidate = prepared.with_settings(*pair)
            found, seconds = ledger.attempt(_predicted_scores, candidate, data, scores)
            ledger.write((place, slice(None)), found or {}, seconds / len(everyone))
    if progress is not None:
        progress.advance(len(everyone))


def _predicted_scores(
    candidate: Any, data: Data, scores: dict[str, RowScore]
) -> dict[str, FloatArray]:
    predicted = candidate.predict(None)
    return {name: score(data.y, predicted) for name, score in scores.items()}
