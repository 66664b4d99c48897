"""How good models are on rows that they were not fitted to; less is better."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._problem import Solution

__all__ = ["LeftOut", "MeanLoss", "Measure", "Scored"]

# Scores of rows that are held at a time.
_SCORES = 2**22


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Rows that are left out of fits.

    Attributes
    ----------
    X : ndarray or CSR of shape (n, p)
    targets : list of arrays of shape (n,)
        What was fitted, one array a fit.
    labels : array of shape (n,) or (n, n_targets)
        The target as it was given.
    weights : float64 array of shape (n,) or None
        Of the rows in the loss.
    sample_weight : float64 array of shape (n,) or None
        The same without the weights of classes.
    """

    X: Rows
    targets: list[AnyArray]
    labels: AnyArray
    weights: FloatArray | None
    sample_weight: FloatArray | None


class Measure(ABC):
    """What decides between models."""

    @abstractmethod
    def __call__(
        self, rows: LeftOut, models: Sequence[Sequence[Solution]]
    ) -> FloatArray:
        """Return one number a strength; ``models`` has a path for each target."""


@dataclass(frozen=True)
class MeanLoss(Measure):
    """The weighted mean of the loss that was minimised, averaged over targets.

    Attributes
    ----------
    loss : Loss
    """

    loss: Loss

    def __call__(
        self, rows: LeftOut, models: Sequence[Sequence[Solution]]
    ) -> FloatArray:
        """Return the mean loss for each strength."""
        each = [
            self._of_path(rows, target, path)
            for target, path in zip(rows.targets, models, strict=True)
        ]
        means: FloatArray = np.mean(each, axis=0)
        return means

    def _of_path(
        self, rows: LeftOut, y: AnyArray, path: Sequence[Solution]
    ) -> FloatArray:
        """Return mean losses, a few models at a time."""
        width = int(np.size(path[0].intercept))
        step = max(1, _SCORES // max(1, len(y) * width))
        losses = []
        for part in row_slices(len(path), step):
            some = path[part]
            coef = np.concatenate([_as_columns(one.coef) for one in some], axis=1)
            scores = np.asarray(rows.X @ coef)
            for at, one in enumerate(some):
                z = scores[:, at * width : (at + 1) * width] + one.intercept
                z = z if self.loss.vector_valued else z[:, 0]
                each = self.loss.value(np.ascontiguousarray(z, dtype=np.float64), y)
                losses.append(np.average(each, weights=rows.weights))
        return np.array(losses)


@dataclass(frozen=True, eq=False)
class Scored(Measure):
    """Minus what a scorer of scikit-learn says of models.

    Attributes
    ----------
    scorer : callable
        Called with a fitted model, rows and labels.
    model : object
        A model whose copies can keep solutions.
    """

    scorer: Callable[..., float]
    model: Any

    @classmethod
    def of(cls, scoring: Any, estimator: Any) -> "Scored":
        """Return what scores models of an estimator that has seen its data."""
        model = copy.copy(estimator)
        # Rows of folds are arrays, whatever was passed to ``fit``.
        vars(model).pop("feature_names_in_", None)
        return cls(check_scoring(estimator, scoring), model)

    def __call__(
        self, rows: LeftOut, models: Sequence[Sequence[Solution]]
    ) -> FloatArray:
        """Return minus the score for each strength."""
        weights = rows.sample_weight
        more = {} if weights is None else {"sample_weight": weights}
        losses = []
        for solutions in zip(*models, strict=True):
            model = copy.copy(self.model)
            model._keep(solutions, np.dtype(np.float64))
            losses.append(-self.scorer(model, rows.X, rows.labels, **more))
        return np.array(losses, dtype=np.float64)


def _as_columns(coef: FloatArray) -> FloatArray:
    return coef[:, np.newaxis] if coef.ndim == 1 else coef
