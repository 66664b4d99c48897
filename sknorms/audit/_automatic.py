"""The audit within estimators: a warning from ``fit``, and a metric that is chosen."""

from typing import Any

from sknorms._typing import Rows
from sknorms._validation import check_choice
from sknorms.audit._check import Drawn, audit_rows
from sknorms.audit._report import MetricAudit
from sknorms.audit._sample import draw_positions, draw_sample
from sknorms.audit._scores import Target
from sknorms.audit._traits import traits_of
from sknorms.audit._warning import warn_about
from sknorms.metrics import Metric, get_metric

__all__ = [
    "AUTOMATIC",
    "Target",
    "check_audit",
    "choose_metric",
    "is_automatic",
    "warn_if_wrong",
]

# The word that stands for a metric to be chosen.
AUTOMATIC = "auto"
# Distances only: what predictors weight votes by. The first one wins a tie.
_CANDIDATES = ("euclidean", "cosine", "manhattan")
# Fewer rows than this say too little to bother anybody with a warning.
_FEWEST_ROWS = 150
# What `fit` may cost: a tenth of a second.
_NORM_SAMPLE, _SAMPLE = 4000, 1000


def check_audit(audit: Any) -> bool:
    """Return whether a switch says to warn."""
    return bool(check_choice("audit", audit, ("warn", None)))


def is_automatic(metric: Any) -> bool:
    """Whether a metric is the word for one to be chosen."""
    return isinstance(metric, str) and metric in {AUTOMATIC}


def warn_if_wrong(
    record: Metric, rows: Rows, owner: str, *, stacklevel: int = 3
) -> None:
    """Look at some of the rows, and warn if the metric does not suit them.

    Parameters
    ----------
    record : Metric
    rows : ndarray or CSR of shape (n, d)
        Validated rows.
    owner : str
        What the warning calls the estimator.
    stacklevel : int
        As of `warnings.warn`, counted from the caller.
    """
    # Of other metrics the rules that estimators warn about say nothing.
    if rows.shape[0] >= _FEWEST_ROWS and traits_of(record).uses_columns:
        warn_about(_quick(record, rows, None), owner, stacklevel=stacklevel + 1)


def choose_metric(rows: Rows, y: Target | None = None) -> MetricAudit:
    """Choose a metric for some rows, and say why.

    With labels it is the distance under which neighbours predict them best, left out
    one by one in a sample: Euclidean, cosine or Manhattan, in this order if they are
    equal. Without labels it is cosine where `check_metric` recommends it over Euclidean
    distance, else that.

    Parameters
    ----------
    rows : ndarray or CSR of shape (n, d)
        Validated finite rows.
    y : Target or None
        Of the rows.

    Returns
    -------
    MetricAudit
        Of the metric that was chosen.
    """
    first, *others = _CANDIDATES
    audit = _quick(get_metric(first), rows, y)
    scores = audit.statistics.scores
    if scores is not None:
        chosen = max(_CANDIDATES, key=scores.values.__getitem__)
    else:
        chosen = next((n for n in others if audit.recommended_metric in {n}), first)
    return audit if chosen in {first} else _quick(get_metric(chosen), rows, y)


def _quick(record: Metric, rows: Rows, y: Target | None) -> MetricAudit:
    positions = draw_positions(rows.shape[0], _NORM_SAMPLE, 0)
    table = rows[positions]
    drawn = Drawn(draw_sample(table, _SAMPLE, 0))
    target = None if y is None else y.take(positions)
    others = () if y is None else _CANDIDATES
    return audit_rows(
        record, table, drawn, target, norm_sample=_NORM_SAMPLE, others=others
    )
