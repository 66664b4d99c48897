"""How it is minimised: working sets, descent, Newton steps."""

from sknorms.linear_model._solvers._smooth_start import smooth_start
from sknorms.linear_model._solvers._solve import solve

__all__ = [
    "smooth_start",
    "solve",
]
