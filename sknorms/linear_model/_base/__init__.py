"""What the exact estimators share: checks, fits, predictions, warnings."""

from sknorms.linear_model._base._callbacks import (
    CallbackSupportMixin,
    fit_task,
    with_callbacks,
)
from sknorms.linear_model._base._class_fits import ClassFits, class_targets, starts_from
from sknorms.linear_model._base._classifier import LinearClassifier
from sknorms.linear_model._base._finite_design import finite_design
from sknorms.linear_model._base._fitting import Limits, PathTask, start_from
from sknorms.linear_model._base._gram_check import check_gram
from sknorms.linear_model._base._logistic_options import (
    Strength,
    check_solver,
    strength_of,
)
from sknorms.linear_model._base._moment_path import MomentPath
from sknorms.linear_model._base._named_penalty import mixtures_of, penalty_of
from sknorms.linear_model._base._parameters import (
    check_alphas,
    check_parameters,
    ratio_list,
    warn_of_jobs,
)
from sknorms.linear_model._base._predictor import LinearPredictor
from sknorms.linear_model._base._regression_model import RegressionModel
from sknorms.linear_model._base._sample_weight import (
    check_sample_weight,
    weighted_by_class,
)
from sknorms.linear_model._base._targets import check_targets, regression_loss
from sknorms.linear_model._base._warnings import (
    warn_of_no_convergence,
    warn_of_no_penalty,
)

__all__ = [
    "CallbackSupportMixin",
    "ClassFits",
    "Limits",
    "LinearClassifier",
    "LinearPredictor",
    "MomentPath",
    "PathTask",
    "RegressionModel",
    "Strength",
    "check_alphas",
    "check_gram",
    "check_parameters",
    "check_sample_weight",
    "check_solver",
    "check_targets",
    "class_targets",
    "finite_design",
    "fit_task",
    "mixtures_of",
    "penalty_of",
    "ratio_list",
    "regression_loss",
    "start_from",
    "starts_from",
    "strength_of",
    "warn_of_jobs",
    "warn_of_no_convergence",
    "warn_of_no_penalty",
    "weighted_by_class",
    "with_callbacks",
]
