"""One thing that an audit found."""

import math
from dataclasses import dataclass
from typing import Any

__all__ = ["NOTICE", "OK", "PROBLEM", "SEVERITIES", "Finding", "plain"]


# Worst first.
PROBLEM, NOTICE, OK = SEVERITIES = ("problem", "notice", "ok")


@dataclass(frozen=True)
class Finding:
    """What an audit found about one question.

    Parameters
    ----------
    kind : str
        The question, the name of the rule: "lengths", "columns", "zero_rows", ...
    severity : {"problem", "notice", "ok"}
        "problem": results under this metric are wrong or worthless, change it or the
        data. "notice": worth knowing. "ok": looked at, and fine.
    message : str
        One sentence or two in plain words, with the figures that matter.
    evidence : dict of str to float or str
        The figures, by name.
    remedy : str, default=""
        One line of code, "" if nothing has to be done.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.audit import check_metric
    >>> X = np.random.default_rng(0).normal(size=(200, 3)) * [1.0, 1000.0, 1.0]
    >>> finding = check_metric(X, "euclidean").findings[0]
    >>> finding.kind, finding.severity, finding.evidence["column"]
    ('columns', 'problem', 1)
    >>> finding.remedy
    'make_pipeline(StandardScaler(), estimator)'
    """

    kind: str
    severity: str
    message: str
    evidence: dict[str, Any]
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as a dict that `json` can write.

        Returns
        -------
        dict
            The attributes by name; numbers that are not finite are None.
        """
        return {
            "kind": self.kind,
            "severity": self.severity,
            "message": self.message,
            "evidence": {name: plain(value) for name, value in self.evidence.items()},
            "remedy": self.remedy,
        }


def plain(value: Any) -> Any:
    """Return what JSON can hold: no NaN, no infinity, no NumPy scalars."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
