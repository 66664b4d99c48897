"""Rows that each metric is defined on, with ties and duplicates among them."""

import numpy as np

from sknorms.metrics import get_metric
from sknorms.metrics._domain import Boolean, LatitudeLongitude, Missing, NonNegative

__all__ = ["rows_for"]


def rows_for(metric, n_rows, n_features=6, *, seed=0, whole=False):
    """Return float64 rows in the domain of a metric.

    With ``whole`` they hold small integers only, so that many distances are equal.
    About a tenth of the rows are copies of others.
    """
    domain = get_metric(metric).domain
    rng = np.random.default_rng(seed)
    if isinstance(domain, LatitudeLongitude):
        half = np.array([domain.quarter, 2 * domain.quarter])
        rows = rng.uniform(-half, half, (n_rows, 2))
        return np.trunc(10 * rows) / 10 if whole else rows
    if isinstance(domain, Boolean):
        return (rng.random((n_rows, n_features)) < 0.4).astype(np.float64)
    rows = rng.normal(0, 2, (n_rows, n_features))
    if whole:
        rows = np.round(rows)
    if isinstance(domain, NonNegative):
        rows = np.abs(rows)
    copies = rng.integers(0, n_rows, (2, n_rows // 10))
    rows[copies[0]] = rows[copies[1]]
    if isinstance(domain, Missing):
        rows[rng.random(rows.shape) < 0.05] = np.nan
        rows[:, 0] = np.nan_to_num(rows[:, 0])  # every pair shares a column
    return rows
