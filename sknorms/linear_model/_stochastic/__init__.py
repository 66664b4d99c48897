"""Learning from mini-batches: steps, clipping, epochs."""

from sknorms.linear_model._stochastic._class_predictor import ClassPredictor
from sknorms.linear_model._stochastic._sgd_base import ClippedSGD, Task, weighted_sample
from sknorms.linear_model._stochastic._sgd_parameters import loss_record

__all__ = [
    "ClassPredictor",
    "ClippedSGD",
    "Task",
    "loss_record",
    "weighted_sample",
]
