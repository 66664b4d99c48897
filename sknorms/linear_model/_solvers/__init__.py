"""How it is minimised: working sets, descent, Newton steps."""

from sknorms.linear_model._solvers._product_path import solve_products
from sknorms.linear_model._solvers._smooth_start import smooth_start
from sknorms.linear_model._solvers._solve import Solver, solve

__all__ = [
    "Solver",
    "smooth_start",
    "solve",
    "solve_products",
]
