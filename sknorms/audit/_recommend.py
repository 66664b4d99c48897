"""From findings to one metric, and the reason for it."""

from collections.abc import Sequence
from dataclasses import replace

from sknorms.audit._finding import NOTICE, PROBLEM, Finding
from sknorms.audit._length_rules import Lengths, Truncated, looks_directional
from sknorms.audit._neighbor_rules import Labels, Offset, clearly_worse, harmless
from sknorms.audit._row_rules import Columns
from sknorms.audit._rule import Examined
from sknorms.audit._thresholds import LIMITS

__all__ = ["recommend", "weighed"]

_ABOUT_LENGTHS = (Lengths.kind, Truncated.kind)


def weighed(seen: Examined, findings: Sequence[Finding]) -> list[Finding]:
    """Return findings about lengths as notices where labels show that no harm is done.

    What lengths mean is a guess from the rows alone; labels and relevance know.
    """
    scores = seen.statistics.scores
    if scores is None or scores.n_scored < LIMITS.contrast_rows:
        return list(findings)
    if not harmless(scores, seen.pass_name):
        return list(findings)
    said = f" {scores.score} shows no harm, though."
    return [
        replace(finding, severity=NOTICE, message=finding.message + said)
        if finding.kind in _ABOUT_LENGTHS and finding.severity == PROBLEM
        else finding
        for finding in findings
    ]


def recommend(seen: Examined, findings: Sequence[Finding]) -> tuple[str, str]:
    """Return a metric and why."""
    problems = {f.kind for f in findings if f.severity == PROBLEM}
    scores = seen.statistics.scores
    if scores is not None and clearly_worse(scores, seen.pass_name):
        return scores.best, f"{scores.score} is best, {scores.values[scores.best]:.3f}"
    if Labels.kind not in problems and Columns.kind in problems:
        return _kept(seen), "after the columns are scaled"
    if problems.intersection(_ABOUT_LENGTHS):
        return _without_lengths(seen)
    if Offset.kind in problems:
        return "euclidean", "an offset that all rows share does not change differences"
    if problems:
        return seen.record.name, "after the data are mended"
    return seen.record.name, _why_not_another(seen)


def _kept(seen: Examined) -> str:
    """Return the metric, or Euclidean distance in the place of an inner product."""
    return "euclidean" if seen.traits.products else seen.record.name


def _without_lengths(seen: Examined) -> tuple[str, str]:
    if looks_directional(seen) or not seen.traits.products:
        return "cosine", "it takes no notice of lengths"
    if seen.statistics.anisotropy >= LIMITS.offset_notice:
        return "euclidean", "rows are no directions: they all point about the same way"
    return "cosine", "it is the inner product without the lengths"


def _why_not_another(seen: Examined) -> str:
    if seen.all_unit and (seen.traits.directions or seen.traits.ranks_as):
        return "on unit vectors euclidean, cosine and dot find the same neighbours"
    if seen.traits.directions:
        return "nothing speaks against it, and lengths do not matter to it"
    return "nothing in the data speaks against it"
