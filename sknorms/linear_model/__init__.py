"""Linear models: losses, penalties, and solvers that certify their answers.

A model minimises the weighted mean of a loss over the scores ``X @ w + b``, plus a
penalty of ``w``; the intercept ``b`` is never penalised. Losses and penalties are
records that can be named, configured and compared.
"""

from sknorms.linear_model._classification_losses import (
    LogisticLoss,
    MultinomialLoss,
    SquaredHingeLoss,
)
from sknorms.linear_model._diagnosis import Diagnosis
from sknorms.linear_model._group_penalties import (
    GroupLassoPenalty,
    SparseGroupLassoPenalty,
)
from sknorms.linear_model._loss import get_loss
from sknorms.linear_model._monitor import (
    DivergenceError,
    DivergenceWarning,
    GradientMonitor,
)
from sknorms.linear_model._norm_ball import NormBallConstraint
from sknorms.linear_model._penalty import get_penalty
from sknorms.linear_model._regression_losses import HuberLoss, PoissonLoss, SquaredLoss
from sknorms.linear_model._separable_penalties import (
    BoxConstraint,
    ElasticNetPenalty,
    L1Penalty,
    L2Penalty,
)

__all__ = [
    "BoxConstraint",
    "Diagnosis",
    "DivergenceError",
    "DivergenceWarning",
    "ElasticNetPenalty",
    "GradientMonitor",
    "GroupLassoPenalty",
    "HuberLoss",
    "L1Penalty",
    "L2Penalty",
    "LogisticLoss",
    "MultinomialLoss",
    "NormBallConstraint",
    "PoissonLoss",
    "SparseGroupLassoPenalty",
    "SquaredHingeLoss",
    "SquaredLoss",
    "get_loss",
    "get_penalty",
]
