"""Losses of classes, by how many there are."""

from typing import Any

from sknorms._validation import ParameterError, check_choice
from sknorms.linear_model._losses._classification_losses import (
    LogisticLoss,
    MultinomialLoss,
)
from sknorms.linear_model._losses._loss import Loss, get_loss

__all__ = ["class_loss", "gives_probabilities"]

# Losses of all scores together, and of one score against the rest.
_JOINT: dict[Loss, Loss] = {LogisticLoss(): MultinomialLoss()}
_SINGLE = {joint: single for single, joint in _JOINT.items()}


def class_loss(loss: Any, multi_class: Any, n_classes: int) -> Loss:
    """Return the loss that is minimised for so many classes.

    Two classes have one score, and so the loss of one, whatever is asked for.
    """
    check_choice("multi_class", multi_class, ["auto", "ovr"])
    record = get_loss(loss)
    if not record.classifies:
        raise ParameterError(
            f"loss={loss!r} is one of numbers; use PenalizedRegressor, or a loss of "
            'classes ("log_loss", "squared_hinge").'
        )
    single = _SINGLE.get(record, record)
    joint = multi_class == "auto" and n_classes > 2
    return _JOINT.get(single, single) if joint else single


def gives_probabilities(model: Any) -> bool:
    """Whether the loss of a model gives probabilities of classes."""
    return get_loss(model.loss).has_probabilities
