"""Pictures of models and of data, with scikit-learn's conventions for displays.

A display holds what it shows and draws it with `plot`, or is made from an estimator or
from data and drawn at once by its `from_estimator` or `from_data`. Both leave the axes
in ``ax_`` and the figure in ``figure_``. matplotlib, which comes with the extra
``plot``, is imported when something is drawn.
"""

from sknorms.inspection._audit_report import audit_report
from sknorms.inspection._coefficient_path import CoefficientPathDisplay
from sknorms.inspection._distance_concentration import DistanceConcentrationDisplay
from sknorms.inspection._dual_gap import DualGapDisplay
from sknorms.inspection._gradient_norm import GradientNormDisplay
from sknorms.inspection._hubness import HubnessDisplay
from sknorms.inspection._metric_agreement import MetricAgreementDisplay
from sknorms.inspection._norm_distribution import NormDistributionDisplay
from sknorms.inspection._unit_ball import UnitBallDisplay

__all__ = [
    "CoefficientPathDisplay",
    "DistanceConcentrationDisplay",
    "DualGapDisplay",
    "GradientNormDisplay",
    "HubnessDisplay",
    "MetricAgreementDisplay",
    "NormDistributionDisplay",
    "UnitBallDisplay",
    "audit_report",
]
