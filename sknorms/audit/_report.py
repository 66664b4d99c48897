"""The result of an audit: findings, figures and a recommendation."""

import json
from dataclasses import dataclass, field
from typing import Any

from sknorms.audit._directions import ColumnShares, SharedScale
from sknorms.audit._finding import OK, PROBLEM, SEVERITIES, Finding, plain
from sknorms.audit._html import to_html
from sknorms.audit._norm_statistics import NormStatistics
from sknorms.audit._scores import MetricScores
from sknorms.audit._structure import Hubness, MetricAgreement

__all__ = ["AuditStatistics", "MetricAudit"]


@dataclass(frozen=True, eq=False)
class AuditStatistics:
    """What was measured.

    Attributes
    ----------
    n_features : int
        Columns.
    n_sampled : int
        Rows among which neighbours were searched.
    norms : NormStatistics
        Norms of rows, and counts of bad ones.
    columns : ColumnShares
        Shares of the columns in squared differences.
    length_columns : ColumnShares
        Shares of the columns in squared lengths.
    anisotropy : float
        Mean cosine of two rows.
    scale : SharedScale
        The part of lengths that is common to all directions of a row.
    agreement : MetricAgreement or None
        Common neighbours under euclidean, dot, cosine and the metric; None if fewer
        than three rows are usable, like all that follows.
    hubness : dict of str to Hubness
        By metric.
    contrast : dict of str to float
        Relative contrast by metric; NaN for similarities.
    dimension : dict of str to float
        Intrinsic dimension by method, "two_nn" and "mle", from Euclidean distances.
    scores : MetricScores or None
        How well each metric's neighbours predict the labels, or find what is relevant.
    """

    n_features: int
    n_sampled: int
    norms: NormStatistics
    columns: ColumnShares
    length_columns: ColumnShares
    anisotropy: float
    scale: SharedScale
    agreement: MetricAgreement | None = None
    hubness: dict[str, Hubness] = field(default_factory=dict)
    contrast: dict[str, float] = field(default_factory=dict)
    dimension: dict[str, float] = field(default_factory=dict)
    scores: MetricScores | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as a dict that `json` can write.

        Returns
        -------
        dict
            Nested, without the arrays that have an entry for each row.
        """
        agreement = self.agreement
        return {
            "n_features": self.n_features,
            "n_sampled": self.n_sampled,
            "norms": _fields(self.norms),
            "columns": _fields(self.columns),
            "length_columns": _fields(self.length_columns),
            "anisotropy": plain(self.anisotropy),
            "scale": _fields(self.scale),
            "agreement": None
            if agreement is None
            else {
                "metrics": list(agreement.metrics),
                "n_neighbors": agreement.n_neighbors,
                "overlap": agreement.overlap.tolist(),
                "low": agreement.low.tolist(),
                "high": agreement.high.tolist(),
            },
            "hubness": {name: _fields(hubs) for name, hubs in self.hubness.items()},
            "contrast": {name: plain(value) for name, value in self.contrast.items()},
            "dimension": {name: plain(value) for name, value in self.dimension.items()},
            "scores": None if self.scores is None else self.scores.to_dict(),
        }


def _fields(record: Any) -> dict[str, Any]:
    """Return the fields that are shown, those with an entry for each row left out."""
    return {
        name: {str(key): plain(entry) for key, entry in value.items()}
        if isinstance(value, dict)
        else plain(value)
        for name, value in vars(record).items()
        if record.__dataclass_fields__[name].repr
    }


@dataclass(frozen=True, eq=False, repr=False)
class MetricAudit:
    """What the data say about a metric: the result of `check_metric`.

    Printed it is a table; in a notebook it shows as HTML.

    Parameters
    ----------
    metric : str
        Name of the metric that was asked about.
    findings : tuple of Finding
        Problems first, then notices, then what is fine.
    statistics : AuditStatistics
        All figures.
    recommended_metric : str
        The metric to use, possibly the same one.
    reason : str
        Why.

    See Also
    --------
    check_metric : Make one.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.audit import check_metric
    >>> generator = np.random.default_rng(0)
    >>> lengths = np.exp(0.4 * generator.normal(size=(500, 1)))
    >>> audit = check_metric(generator.normal(size=(500, 40)) * lengths, "dot")
    >>> audit.severity, audit.recommended_metric
    ('problem', 'cosine')
    >>> [problem.kind for problem in audit.problems]
    ['lengths']
    """

    metric: str
    findings: tuple[Finding, ...]
    statistics: AuditStatistics
    recommended_metric: str
    reason: str

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that are problems."""
        return tuple(f for f in self.findings if f.severity == PROBLEM)

    @property
    def severity(self) -> str:
        """The worst severity among the findings."""
        found = {finding.severity for finding in self.findings}
        return next((level for level in SEVERITIES if level in found), OK)

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as a dict that `json` can write.

        Returns
        -------
        dict
            Keys ``metric``, ``severity``, ``recommended_metric``, ``reason``,
            ``findings`` (list of dicts) and ``statistics`` (nested dict).
        """
        return {
            "metric": self.metric,
            "severity": self.severity,
            "recommended_metric": self.recommended_metric,
            "reason": self.reason,
            "findings": [finding.to_dict() for finding in self.findings],
            "statistics": self.statistics.to_dict(),
        }

    def to_json(self, *, indent: int | None = 2) -> str:
        """Return the audit as JSON text.

        Parameters
        ----------
        indent : int or None, default=2
            As of `json.dumps`.

        Returns
        -------
        str
            Valid JSON: numbers that are not finite are null.
        """
        return json.dumps(self.to_dict(), indent=indent, allow_nan=False)

    def __repr__(self) -> str:
        head = f"Metric audit: {self.metric}: {self.severity}"
        lines = [head, "=" * len(head)]
        for finding in self.findings:
            lines.append(f"[{finding.severity:^7}] {finding.kind}: {finding.message}")
            if finding.remedy:
                lines.append(f"{'':10}-> {finding.remedy}")
        lines.append(f"Use: {self.recommended_metric} ({self.reason})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return to_html(self)
