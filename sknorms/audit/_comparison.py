"""The metrics that an audit has compared, side by side."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from sknorms.audit._report import MetricAudit

__all__ = ["comparison"]


def comparison(audit: "MetricAudit") -> list[list[str]]:
    """Return a table of metrics, header first; without rows if none were compared.

    Columns are the share of neighbours in common with the metric that was asked about
    (or the one it ranks like), the skewness of k-occurrences, the relative contrast,
    and the score if there is one.
    """
    found, scores = audit.statistics, audit.statistics.scores
    header = ["metric", "same neighbours", "hubness", "contrast"]
    if scores is not None:
        header.append(scores.score)
    agreement = found.agreement
    if agreement is None:
        return [header]
    rows = [header]
    for name, share in zip(agreement.metrics, agreement.overlap[0], strict=True):
        row = [name, f"{share:.0%}", _short(found.hubness[name].skewness)]
        row.append(_short(found.contrast[name]))
        if scores is not None:
            row.append(_short(scores.values[name]))
        rows.append(row)
    return rows


def _short(value: float) -> str:
    return f"{value:.2f}" if np.isfinite(value) else "-"
