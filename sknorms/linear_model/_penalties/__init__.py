"""What a model is charged for its coefficients: one record a penalty."""

from sknorms.linear_model._penalties._blocks import Blocks
from sknorms.linear_model._penalties._group_penalties import (
    GroupLassoPenalty,
    SparseGroupLassoPenalty,
)
from sknorms.linear_model._penalties._norm_ball import NormBallConstraint
from sknorms.linear_model._penalties._penalty import PENALTIES, Penalty, get_penalty
from sknorms.linear_model._penalties._separable import Separable
from sknorms.linear_model._penalties._separable_penalties import (
    BoxConstraint,
    ElasticNetPenalty,
    L1Penalty,
    L2Penalty,
)
from sknorms.linear_model._penalties._terms import Terms

__all__ = [
    "PENALTIES",
    "Blocks",
    "BoxConstraint",
    "ElasticNetPenalty",
    "GroupLassoPenalty",
    "L1Penalty",
    "L2Penalty",
    "NormBallConstraint",
    "Penalty",
    "Separable",
    "SparseGroupLassoPenalty",
    "Terms",
    "get_penalty",
]
