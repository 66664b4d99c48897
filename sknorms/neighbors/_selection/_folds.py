"""Every candidate on every fold, from one search a metric and fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from sknorms._progress import Progress
from sknorms._typing import AnyArray, IndexArray
from sknorms.neighbors._selection._grid import Grid
from sknorms.neighbors._selection._known import Prepared
from sknorms.neighbors._selection._ledger import Ledger
from sknorms.neighbors._selection._scoring import Scoring
from sknorms.neighbors._selection._table import Table, take

__all__ = ["Data", "Split", "fewest_rows", "prepared_model", "score_folds"]

Split = tuple[IndexArray, IndexArray]


@dataclass(frozen=True, eq=False)
class Data:
    """What folds are cut from.

    Attributes
    ----------
    model : estimator
        Not fitted, with all settings but those that are tried.
    table : Table
    y : array of shape (n_samples,) or (n_samples, n_outputs)
    sample_weight : array-like of shape (n_samples,) or None
    score_params : dict
        What scorers are handed as well; arrays of one entry a row are cut, too.
    """

    model: Any
    table: Table
    y: AnyArray
    sample_weight: Any
    score_params: dict[str, Any]

    def fitted(self, metric: Any, grid: Grid, train: IndexArray) -> Any:
        """Return a model fitted to some rows, made for the largest number."""
        model = clone(self.model).set_params(
            metric=clone(metric, safe=False), n_neighbors=max(grid.numbers)
        )
        weights = self.sample_weight
        return model.fit(
            self.table.part(train, train),
            self.y[train],
            sample_weight=None if weights is None else take(weights, train),
        )

    def score_params_of(self, rows: IndexArray) -> dict[str, Any]:
        """Return what scorers are handed with some rows."""
        return {
            name: take(value, rows) if _has_length(value, len(self.y)) else value
            for name, value in self.score_params.items()
        }


def _has_length(value: Any, length: int) -> bool:
    if hasattr(value, "shape"):
        return bool(value.shape) and value.shape[0] == length
    return isinstance(value, list | tuple) and len(value) == length


def fewest_rows(data: Data, splits: Sequence[Split]) -> int:
    """Return how many rows, or copies of rows, the smallest fit has."""
    if data.sample_weight is None:
        return min(len(train) for train, _ in splits)
    weights = np.asarray(data.sample_weight, dtype=np.float64)
    return int(min(weights[train].sum() for train, _ in splits))


def prepared_model(
    data: Data, metric: Any, grid: Grid, train: IndexArray, test: IndexArray | None
) -> Prepared:
    """Return a model fitted to some rows, and others with their neighbours.

    ``test`` None stands for the training rows, each among the others.
    """
    model = data.fitted(metric, grid, train)
    rows = None if test is None else data.table.part(test, train)
    return Prepared.of(model, rows)


def score_folds(
    data: Data,
    ledger: Ledger,
    metric: int,
    splits: Sequence[Split],
    scoring: Scoring,
    progress: Progress | None,
) -> None:
    """Write down the scores of all candidates of a metric on all folds.

    For each fold a model is fitted to the training rows, and the test rows are searched
    for once, with the largest number of neighbours. Every number and weighting is a
    copy of the model that knows these lists and predicts from their beginnings, in its
    usual way.
    """
    grid = ledger.grid
    own = grid.of_metric(metric)
    for number, split in enumerate(splits):
        prepared, seconds = ledger.attempt(
            prepared_model, data, grid.metrics[metric], grid, *split
        )
        ledger.fit_time[own, number] = seconds / len(grid.pairs)
        if prepared is not None:
            rows = split[1]
            labels, params = data.y[rows], data.score_params_of(rows)
            for place, pair in zip(range(own.start, own.stop), grid.pairs, strict=True):
                candidate = prepared.with_settings(*pair)
                asked = candidate, prepared.known.asked, labels, params
                scores, seconds = ledger.attempt(scoring, *asked)
                ledger.write((place, number), scores or {}, seconds)
        if progress is not None:
            progress.advance(1)
