"""The warning that a metric does not suit the data, once a process and cause."""

import threading
import warnings

from sknorms.audit._report import MetricAudit
from sknorms.audit._rule import rules

__all__ = ["MetricMismatchWarning", "warn_about"]


class MetricMismatchWarning(UserWarning):
    """The metric does not suit the data, by what `check_metric` found.

    Estimators issue it from `fit`, once a process for each kind of problem, estimator
    and number of columns, so that a search over parameters does not repeat it.

    Parameters
    ----------
    message : str
        The first problem, in a sentence, and its remedy.

    Examples
    --------
    Where the metric is meant as it is:

    >>> import warnings
    >>> from sknorms.audit import MetricMismatchWarning
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", MetricMismatchWarning)
    ...     warnings.warn("an example", MetricMismatchWarning)
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


# Estimator, kind of problem and width of the table: other metrics that a search tries
# on the same table have the same cause.
_SEEN: set[tuple[str, str, int]] = set()
_LOCK = threading.Lock()


def warn_about(audit: MetricAudit, owner: str, *, stacklevel: int = 3) -> None:
    """Warn about what an audit has against the metric, unless that was said before.

    Parameters
    ----------
    audit : MetricAudit
    owner : str
        The estimator's class.
    stacklevel : int
        As of `warnings.warn`, counted from the caller.
    """
    kinds = {rule.kind for rule in rules() if rule.of_metric}
    n_features = audit.statistics.n_features
    found = [problem for problem in audit.problems if problem.kind in kinds]
    with _LOCK:
        fresh = [p for p in found if (owner, p.kind, n_features) not in _SEEN]
        _SEEN.update((owner, p.kind, n_features) for p in fresh)
    if not fresh:
        return
    first = fresh[0]
    remedy = f" Remedy: {first.remedy}" if first.remedy else ""
    warnings.warn(
        f"{owner}: {first.message}{remedy} (sknorms.audit.check_metric(X, "
        f"{audit.metric!r}) tells more; audit=None switches this off.)",
        MetricMismatchWarning,
        stacklevel=stacklevel + 1,
    )


def forget_warnings() -> None:
    """Let every warning be issued anew (for tests)."""
    with _LOCK:
        _SEEN.clear()
