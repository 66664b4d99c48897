"""The warning that a metric does not suit the data, once a process and cause."""

import threading
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sknorms.audit._report import MetricAudit

__all__ = ["MetricMismatchWarning", "warn_about"]


class MetricMismatchWarning(UserWarning):
    """The metric does not suit the data, by what `check_metric` found.

    Estimators issue it from `fit`, once a process for each kind of problem, estimator
    and metric, so that a search over parameters does not repeat it.

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


_SEEN: set[tuple[str, str, str]] = set()
_LOCK = threading.Lock()


def warn_about(audit: "MetricAudit", owner: str, *, stacklevel: int = 3) -> None:
    """Warn about the problems of an audit, if there are any that are new.

    Parameters
    ----------
    audit : MetricAudit
    owner : str
        The estimator's class.
    stacklevel : int
        As of `warnings.warn`, counted from the caller.
    """
    with _LOCK:
        fresh = [
            problem
            for problem in audit.problems
            if (owner, audit.metric, problem.kind) not in _SEEN
        ]
        _SEEN.update((owner, audit.metric, problem.kind) for problem in fresh)
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
