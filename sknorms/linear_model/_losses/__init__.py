"""What a model is blamed for: one record a loss."""

from sknorms.linear_model._losses._class_losses import class_loss, gives_probabilities
from sknorms.linear_model._losses._classification_losses import (
    LogisticLoss,
    MultinomialLoss,
    SquaredHingeLoss,
)
from sknorms.linear_model._losses._loss import LOSSES, Loss, get_loss
from sknorms.linear_model._losses._one_vs_rest import OneVsRest
from sknorms.linear_model._losses._regression_losses import (
    HuberLoss,
    PoissonLoss,
    SquaredLoss,
)

__all__ = [
    "LOSSES",
    "HuberLoss",
    "LogisticLoss",
    "Loss",
    "MultinomialLoss",
    "OneVsRest",
    "PoissonLoss",
    "SquaredHingeLoss",
    "SquaredLoss",
    "class_loss",
    "get_loss",
    "gives_probabilities",
]
