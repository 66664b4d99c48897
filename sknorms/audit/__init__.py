"""What the data say about a metric: statistics, findings, a recommendation."""

from sknorms.audit._check import check_metric
from sknorms.audit._directions import anisotropy, column_shares, shared_scale
from sknorms.audit._finding import Finding
from sknorms.audit._neighbor_pass import neighbor_pass
from sknorms.audit._norm_statistics import norm_statistics
from sknorms.audit._report import MetricAudit
from sknorms.audit._structure import (
    hubness,
    intrinsic_dimension,
    metric_agreement,
    relative_contrast,
)
from sknorms.audit._warning import MetricMismatchWarning

__all__ = [
    "Finding",
    "MetricAudit",
    "MetricMismatchWarning",
    "anisotropy",
    "check_metric",
    "column_shares",
    "hubness",
    "intrinsic_dimension",
    "metric_agreement",
    "neighbor_pass",
    "norm_statistics",
    "relative_contrast",
    "shared_scale",
]
