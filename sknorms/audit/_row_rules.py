"""Rules about single rows and columns: bad numbers, copies, units."""

import numpy as np

from sknorms.audit._directions import ColumnShares
from sknorms.audit._finding import NOTICE, OK, PROBLEM, Finding
from sknorms.audit._rule import Examined, Rule, as_rule
from sknorms.audit._thresholds import LIMITS

__all__ = ["Columns", "Duplicates", "NonFinite", "ZeroRows"]


@as_rule
class NonFinite(Rule):
    """Rows with NaN or infinity have no distance to anything."""

    kind = "non_finite"

    def judge(self, seen: Examined) -> Finding | None:
        norms = seen.statistics.norms
        if not norms.n_nonfinite:
            return None
        allowed = seen.record.domain.allows_nan
        return Finding(
            self.kind,
            NOTICE if allowed else PROBLEM,
            f"{norms.n_nonfinite} of {norms.n_rows} rows hold NaN or infinity; the "
            "figures below leave them out.",
            {"rows": norms.n_nonfinite, "share": norms.n_nonfinite / norms.n_rows},
            "" if allowed else "X = X[numpy.isfinite(X).all(axis=1)]",
        )


@as_rule
class ZeroRows(Rule):
    """Rows without a direction, such as those of empty texts."""

    kind = "zero_rows"

    def judge(self, seen: Examined) -> Finding | None:
        norms = seen.statistics.norms
        share = norms.n_zero / max(norms.n_sampled, 1)
        if not norms.n_zero or not (seen.traits.directions or seen.traits.products):
            return None
        many = share >= LIMITS.zero_problem
        return Finding(
            self.kind,
            PROBLEM if many else NOTICE,
            f"{share:.1%} of the rows are zero. They have no direction: under "
            f"{seen.record.name} they are equally far from every other row.",
            {"rows": norms.n_zero, "share": share},
            "X = X[sknorms.norms.row_norms(X) > 0]",
        )


@as_rule
class Duplicates(Rule):
    """Copies of rows fill the lists of neighbours, and leak between folds."""

    kind = "duplicates"

    def judge(self, seen: Examined) -> Finding | None:
        norms = seen.statistics.norms
        copies = max(norms.n_duplicates - max(norms.n_zero - 1, 0), 0)
        share = copies / max(norms.n_sampled, 1)
        # Rows of a few whole numbers, scaled or not, coincide by nature.
        if seen.facts.discrete or share < LIMITS.duplicate_notice:
            return None
        return Finding(
            self.kind,
            PROBLEM if share >= LIMITS.duplicate_problem else NOTICE,
            f"{share:.0%} of the rows are exact copies of others. They take the first "
            "places in lists of neighbours, and leave-one-out and cross-validation "
            "find them again.",
            {"rows": copies, "share": share},
            "X = numpy.unique(X, axis=0)",
        )


@as_rule
class Columns(Rule):
    """A column of large numbers decides, and the others do not count."""

    kind = "columns"
    of_metric = True

    def judge(self, seen: Examined) -> Finding | None:
        traits, facts = seen.traits, seen.facts
        if not traits.uses_columns or facts.varying < 2 or not _enough_rows(seen):
            return None
        statistics = seen.statistics
        shares = statistics.columns if traits.differences else statistics.length_columns
        what = "squared differences" if traits.differences else "squared lengths"
        evidence = {
            "column": shares.top,
            "share": shares.top_share,
            "effective_columns": shares.effective,
            "columns": facts.n_columns,
        }
        if facts.principal:
            message = "Principal components differ in size on purpose."
            return Finding(self.kind, OK, message, evidence)
        few = _deciding_columns(shares)
        large = facts.n_columns >= 4 and shares.top_share >= LIMITS.column_notice
        if few or large:
            severity = PROBLEM if few else NOTICE
            message = _message(few or 1, shares, what)
            return Finding(self.kind, severity, message, evidence, _FIX)
        message = f"No column dominates: the largest makes up {shares.top_share:.0%}."
        return Finding(self.kind, OK, message, evidence)


_FIX = "make_pipeline(StandardScaler(), estimator)"


def _enough_rows(seen: Examined) -> bool:
    return seen.statistics.n_sampled >= LIMITS.rows


def _deciding_columns(shares: ColumnShares) -> int:
    """Return how many columns decide everything, 0 if that is no fault."""
    ordered = np.sort(shares.shares)[::-1]
    few = int(np.searchsorted(np.cumsum(ordered), LIMITS.column_problem)) + 1
    if few == 1:
        return 1
    among_many = few <= LIMITS.few_columns * len(ordered)
    others_vanish = np.median(ordered) < LIMITS.small_column * ordered[0]
    return few if among_many and others_vanish else 0


def _message(few: int, shares: ColumnShares, what: str) -> str:
    n_columns = len(shares.shares)
    if few == 1:
        who = f"Column {shares.top} alone makes up {shares.top_share:.1%}"
    else:
        who = f"{few} columns make up {LIMITS.column_problem:.0%}"
    return f"{who} of all {what}; the others of {n_columns} hardly count."
