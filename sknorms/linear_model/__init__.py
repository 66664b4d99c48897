"""Linear models: losses, penalties, and solvers that certify their answers.

A model minimises the weighted mean of a loss over the scores ``X @ w + b``, plus a
penalty of ``w``; the intercept ``b`` is never penalised. Losses and penalties are
records that can be named, configured and compared.
"""

from sknorms.linear_model._clipped_sgd_classification import ClippedSGDClassifier
from sknorms.linear_model._clipped_sgd_regression import ClippedSGDRegressor
from sknorms.linear_model._elastic_net import ElasticNet
from sknorms.linear_model._elastic_net_cv import ElasticNetCV
from sknorms.linear_model._lasso import Lasso
from sknorms.linear_model._lasso_cv import LassoCV
from sknorms.linear_model._logistic import LogisticRegression
from sknorms.linear_model._losses import (
    HuberLoss,
    LogisticLoss,
    MultinomialLoss,
    PoissonLoss,
    SquaredHingeLoss,
    SquaredLoss,
    get_loss,
)
from sknorms.linear_model._monitor import (
    Diagnosis,
    DivergenceError,
    DivergenceWarning,
    GradientMonitor,
)
from sknorms.linear_model._path import enet_path, lasso_path
from sknorms.linear_model._penalized_classifier import PenalizedClassifier
from sknorms.linear_model._penalized_classifier_cv import PenalizedClassifierCV
from sknorms.linear_model._penalized_regressor import PenalizedRegressor
from sknorms.linear_model._penalized_regressor_cv import PenalizedRegressorCV
from sknorms.linear_model._penalties import (
    BoxConstraint,
    ElasticNetPenalty,
    GroupLassoPenalty,
    L1Penalty,
    L2Penalty,
    NormBallConstraint,
    SparseGroupLassoPenalty,
    get_penalty,
)

__all__ = [
    "BoxConstraint",
    "ClippedSGDClassifier",
    "ClippedSGDRegressor",
    "Diagnosis",
    "DivergenceError",
    "DivergenceWarning",
    "ElasticNet",
    "ElasticNetCV",
    "ElasticNetPenalty",
    "GradientMonitor",
    "GroupLassoPenalty",
    "HuberLoss",
    "L1Penalty",
    "L2Penalty",
    "Lasso",
    "LassoCV",
    "LogisticLoss",
    "LogisticRegression",
    "MultinomialLoss",
    "NormBallConstraint",
    "PenalizedClassifier",
    "PenalizedClassifierCV",
    "PenalizedRegressor",
    "PenalizedRegressorCV",
    "PoissonLoss",
    "SparseGroupLassoPenalty",
    "SquaredHingeLoss",
    "SquaredLoss",
    "enet_path",
    "get_loss",
    "get_penalty",
    "lasso_path",
]
