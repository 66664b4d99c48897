"""What the data say about a metric: statistics, findings, a recommendation."""

from sknorms.audit._directions import anisotropy, column_shares, shared_scale
from sknorms.audit._neighbor_pass import neighbor_pass
from sknorms.audit._norm_statistics import norm_statistics
from sknorms.audit._structure import (
    hubness,
    intrinsic_dimension,
    metric_agreement,
    relative_contrast,
)

__all__ = [
    "anisotropy",
    "column_shares",
    "hubness",
    "intrinsic_dimension",
    "metric_agreement",
    "neighbor_pass",
    "norm_statistics",
    "relative_contrast",
    "shared_scale",
]
