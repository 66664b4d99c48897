"""A rule: one question about a metric and some rows, and where rules are listed."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from sknorms.audit._facts import RowFacts
from sknorms.audit._finding import Finding
from sknorms.audit._report import AuditStatistics
from sknorms.audit._thresholds import LIMITS
from sknorms.audit._traits import Traits
from sknorms.metrics import Metric

__all__ = ["Examined", "Rule", "as_rule", "rules"]


@dataclass(frozen=True, eq=False)
class Examined:
    """All that a rule may look at.

    Attributes
    ----------
    record : Metric
        The metric that was asked about.
    traits : Traits
        What it looks at.
    pass_name : str
        The metric that stands for it in statistics of neighbours.
    statistics : AuditStatistics
    facts : RowFacts
    beaten : float
        Share of rows to which another row has a larger inner product than the row
        itself; NaN if queries were given.
    """

    record: Metric
    traits: Traits
    pass_name: str
    statistics: AuditStatistics
    facts: RowFacts
    beaten: float

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to say something about neighbours."""
        agreement = self.statistics.agreement
        return agreement is not None and self.statistics.n_sampled >= LIMITS.rows

    @property
    def all_unit(self) -> bool:
        """Whether all rows that have a direction have norm 1."""
        norms = self.statistics.norms.norms
        directed = norms[norms > 0]
        return bool(len(directed)) and bool(
            (np.abs(directed - 1.0) <= LIMITS.unit).all()
        )

    def overlap(self) -> tuple[float, float, float]:
        """Share of neighbours in common with cosine, and its interval."""
        agreement = self.statistics.agreement
        if agreement is None:
            return float("nan"), float("nan"), float("nan")
        return agreement.between(self.pass_name, "cosine")


class Rule(ABC):
    """One question; ``kind`` names it in findings.

    ``of_metric`` says whether another metric, or rows brought into another form, is the
    answer: estimators warn about such problems only.
    """

    kind: ClassVar[str]
    of_metric: ClassVar[bool] = False

    @abstractmethod
    def judge(self, seen: Examined) -> Finding | None:
        """Return what there is to say; None if the question does not arise."""


_RULES: list[Rule] = []
_RuleClass = TypeVar("_RuleClass", bound=type[Rule])


def as_rule(rule: _RuleClass) -> _RuleClass:
    """Put a rule on the list that every audit goes through."""
    _RULES.append(rule())
    return rule


def rules() -> tuple[Rule, ...]:
    """Return all rules, in the order in which they were registered."""
    return tuple(_RULES)
