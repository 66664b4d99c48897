"""How strengths and mixtures of a penalty are compared on rows left out."""

from sknorms.linear_model._selection._alpha_grid import (
    alpha_grid,
    descending,
    requested_alphas,
)
from sknorms.linear_model._selection._coordinate_cv import CoordinateRegressorCV
from sknorms.linear_model._selection._folds import FoldData
from sknorms.linear_model._selection._measures import MeanLoss, Measure, Scored
from sknorms.linear_model._selection._routing import (
    splitter_parameters,
    splitter_routing,
)
from sknorms.linear_model._selection._search import Found, Search

__all__ = [
    "CoordinateRegressorCV",
    "FoldData",
    "Found",
    "MeanLoss",
    "Measure",
    "Scored",
    "Search",
    "alpha_grid",
    "descending",
    "requested_alphas",
    "splitter_parameters",
    "splitter_routing",
]
