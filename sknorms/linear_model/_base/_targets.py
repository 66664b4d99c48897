"""Targets of regression, and the losses that take them."""

from typing import Any

import numpy as np

from sknorms._typing import AnyArray
from sknorms._validation import ParameterError
from sknorms.linear_model._losses import Loss, get_loss

__all__ = ["check_targets", "regression_loss"]


def regression_loss(loss: Any) -> Loss:
    """Return the record of a loss of numbers."""
    record = get_loss(loss)
    if record.classifies:
        raise ParameterError(
            f"loss={loss!r} is one of classes; use PenalizedClassifier, or a loss of "
            'numbers ("squared_error", "huber", "poisson").'
        )
    return record


def check_targets(loss: Loss, y: AnyArray) -> list[AnyArray]:
    """Return the targets as a loss takes them, one array a column of y."""
    columns = np.ascontiguousarray(np.atleast_2d(np.asarray(y).T))
    return [loss.check_target(column) for column in columns]
