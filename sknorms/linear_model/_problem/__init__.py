"""What is minimised: tables, objectives, quadratic models and their certificates."""

from sknorms.linear_model._problem._certificate import (
    DualPoint,
    best_dual_point,
    best_of_squares,
)
from sknorms.linear_model._problem._collinearity import suspected_cause
from sknorms.linear_model._problem._columns import ColumnBlock, Model, gather
from sknorms.linear_model._problem._coordinate_kernels import sweep_gram
from sknorms.linear_model._problem._design import Design, make_design
from sknorms.linear_model._problem._dual_kernels import best_multiple
from sknorms.linear_model._problem._grown_block import GrownBlock, Known
from sknorms.linear_model._problem._hessian import ProductHessian
from sknorms.linear_model._problem._known_products import KnownProducts
from sknorms.linear_model._problem._moments import Moments, moments_of, reduced
from sknorms.linear_model._problem._patch import Patch, ScoreModel
from sknorms.linear_model._problem._problem import Problem
from sknorms.linear_model._problem._score_problem import ScoreProblem
from sknorms.linear_model._problem._score_solution import GapRecord
from sknorms.linear_model._problem._solution import Solution, Start
from sknorms.linear_model._problem._unpenalized import balanced_slopes

__all__ = [
    "ColumnBlock",
    "Design",
    "DualPoint",
    "GapRecord",
    "GrownBlock",
    "Known",
    "KnownProducts",
    "Model",
    "Moments",
    "Patch",
    "Problem",
    "ProductHessian",
    "ScoreModel",
    "ScoreProblem",
    "Solution",
    "Start",
    "balanced_slopes",
    "best_dual_point",
    "best_multiple",
    "best_of_squares",
    "gather",
    "make_design",
    "moments_of",
    "reduced",
    "suspected_cause",
    "sweep_gram",
]
