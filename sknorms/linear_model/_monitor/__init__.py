"""What a stream of gradients says about training."""

from sknorms.linear_model._monitor._diagnosis import Diagnosis
from sknorms.linear_model._monitor._monitor import (
    ON_DIVERGENCE,
    DivergenceError,
    DivergenceWarning,
    GradientMonitor,
    Step,
)

__all__ = [
    "ON_DIVERGENCE",
    "Diagnosis",
    "DivergenceError",
    "DivergenceWarning",
    "GradientMonitor",
    "Step",
]
