"""The audit itself: draw, measure, judge, recommend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length, column_or_1d

from sknorms._typing import Rows
from sknorms._validation import check_integer
from sknorms.audit._directions import euclidean_norms, mean_cosine, scale_of, shares_of
from sknorms.audit._facts import RowFacts
from sknorms.audit._finding import SEVERITIES, Finding
from sknorms.audit._neighbor_pass import NeighborPass, passes_over
from sknorms.audit._norm_statistics import norm_statistics
from sknorms.audit._recommend import recommend, weighed
from sknorms.audit._relevance import Relevant, draw_related, recall_scores
from sknorms.audit._report import AuditStatistics, MetricAudit
from sknorms.audit._rule import Examined, rules
from sknorms.audit._sample import Sample, draw_sample, read_table, scaled_alike
from sknorms.audit._scores import MetricScores, Target, label_scores
from sknorms.audit._structure import (
    agreement_of,
    hubness,
    intrinsic_dimension,
    relative_contrast,
)
from sknorms.audit._traits import traits_of
from sknorms.metrics import Metric, get_metric
from sknorms.metrics._function import PairFunction

__all__ = ["audit_rows", "check_metric"]

# What every metric is compared with; one product serves all three.
_COMPARED = ("euclidean", "dot", "cosine")
_NORM_SAMPLE = 100_000
_N_NEIGHBORS = 10
# A function of two rows is called once for every pair of them.
_PAIR_SAMPLE = 200


def check_metric(
    X: Any,
    metric: Any = "euclidean",
    y: Any = None,
    *,
    queries: Any = None,
    relevant: Any = None,
    sample: Any = 2000,
    random_state: Any = 0,
) -> MetricAudit:
    """Look whether a metric suits the data, and say what to do if not.

    The wrong metric raises no error: Euclidean distance on embeddings of different
    lengths, inner products on rows that are not unit vectors, columns in different
    units, unit vectors that were truncated. This function looks for what such mistakes
    leave in the numbers, and weighs it against labels or relevance if there are any.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The rows. NaN and infinity are reported, not refused. Sparse rows stay sparse.
    metric : str, Metric or callable, default="euclidean"
        As `sknorms.metrics.get_metric` takes it.
    y : array-like of shape (n_samples,), default=None
        Labels or numbers of the rows: neighbours should have the same. With ``queries``
        the ids of the rows that ``relevant`` names.
    queries : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
        What is looked up in ``X``, if these are other rows.
    relevant : array-like of n_queries ids or collections of ids, or boolean matrix of \
shape (n_queries, n_samples), default=None
        Which rows each query should find: ids or labels that occur in ``y``, numbers of
        rows if ``y`` is None, or a dense or sparse matrix.
    sample : int or None, default=2000
        At most how many rows, and how many queries, to search among; None for all of
        them. Norms are measured on up to 100,000 rows.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    MetricAudit
        Findings, figures, and a recommendation. With fewer than 50 usable rows nothing
        is said about neighbours.

    Raises
    ------
    ValueError
        If the metric is unknown or not defined on the rows, ``relevant`` comes without
        ``queries``, or the numbers of rows differ.

    See Also
    --------
    MetricAudit : What comes back.

    Notes
    -----
    A "problem" is named only where the figures leave little doubt; see the user guide
    for every limit and what it was tried on. Whether lengths carry meaning is a guess
    from the rows alone: a finding about them becomes a notice where labels or relevance
    show that no other metric does better.

    The cost is that of one product of ``sample`` by ``sample`` rows.

    Examples
    --------
    >>> from sknorms.audit import check_metric
    >>> from sknorms.datasets import load_word_vectors
    >>> audit = check_metric(load_word_vectors().data, "euclidean")
    >>> audit.severity, audit.recommended_metric
    ('problem', 'cosine')

    After normalising all is well:

    >>> from sknorms.preprocessing import normalize
    >>> audit = check_metric(normalize(load_word_vectors().data), "euclidean")
    >>> audit.severity, audit.recommended_metric
    ('ok', 'euclidean')
    """
    record = get_metric(metric).learn_table(X)
    table = read_table(record.encode(X))
    labels = None
    if y is not None:
        labels = column_or_1d(y)
        check_consistent_length(table, labels)
    asked = None
    if queries is not None:
        asked = read_table(record.encode(queries), "queries")
        _check_width(table, asked)
    related = Relevant.read(relevant, asked, table.shape[0], labels)
    if sample is not None:
        sample = check_integer("sample", sample, low=2)
    if isinstance(record, PairFunction):
        sample = min(sample or _PAIR_SAMPLE, _PAIR_SAMPLE)
    drawn = Drawn.of(table, asked, related, sample, random_state)
    target = None if labels is None else Target.of(labels)
    return audit_rows(record, table, drawn, target, norm_sample=_NORM_SAMPLE)


def _check_width(table: Rows, queries: Rows) -> None:
    if queries.shape[1] != table.shape[1]:
        raise ValueError(
            f"queries must have the columns of X: got {queries.shape[1]} and "
            f"{table.shape[1]}."
        )


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows that are searched, and what is looked up among them.

    Attributes
    ----------
    rows : Sample
    queries : Sample or None
    relevant : Relevant or None
        What queries of the sample should find.
    """

    rows: Sample
    queries: Sample | None = None
    relevant: Relevant | None = None

    @classmethod
    def of(
        cls,
        table: Rows,
        queries: Rows | None,
        relevant: Relevant | None,
        sample: Any,
        random_state: Any,
    ) -> "Drawn":
        """Draw rows and queries, with what is relevant to these among the rows."""
        if queries is None:
            return cls(draw_sample(table, sample, random_state))
        if relevant is None:
            rows = draw_sample(table, sample, random_state)
            asked = draw_sample(queries, sample, random_state)
        else:
            rows, asked = draw_related(table, queries, relevant, sample, random_state)
        return cls(*scaled_alike(rows, asked), relevant)


def audit_rows(
    record: Metric,
    table: Rows,
    drawn: Drawn,
    target: Target | None = None,
    *,
    norm_sample: int,
    others: Sequence[str] = (),
) -> MetricAudit:
    """Measure a sample of a table under a metric and ``others``, and judge."""
    traits = traits_of(record)
    stand_in = get_metric(traits.ranks_as) if traits.ranks_as else record
    names = [
        name for name in dict.fromkeys((*_COMPARED, *others)) if name != stand_in.name
    ]
    passes = _passes(drawn, [stand_in, *map(get_metric, names)])
    scores = _scores(drawn, target, passes)
    seen = Examined(
        record=record,
        traits=traits,
        pass_name=stand_in.name,
        statistics=_statistics(table, drawn, passes, scores, norm_sample),
        facts=RowFacts.of(drawn.rows),
        beaten=_beaten(drawn, passes),
    )
    judged = [finding for rule in rules() if (finding := rule.judge(seen)) is not None]
    findings = sorted(weighed(seen, judged), key=_rank)
    metric, reason = recommend(seen, findings)
    return MetricAudit(record.name, tuple(findings), seen.statistics, metric, reason)


def _rank(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _passes(drawn: Drawn, records: list[Metric]) -> list[NeighborPass]:
    n_others = len(drawn.rows) - (drawn.queries is None)
    if n_others < 2 or (drawn.queries is not None and not len(drawn.queries)):
        return []
    return passes_over(drawn.rows, records, min(_N_NEIGHBORS, n_others), drawn.queries)


def _statistics(
    table: Rows,
    drawn: Drawn,
    passes: list[NeighborPass],
    scores: MetricScores | None,
    norm_sample: int,
) -> AuditStatistics:
    rows = drawn.rows
    euclidean = [found for found in passes if found.metric == _COMPARED[0]]
    return AuditStatistics(
        n_features=int(table.shape[1]),
        n_sampled=len(rows),
        norms=norm_statistics(table, sample=norm_sample),
        columns=shares_of(rows.rows, of_lengths=False),
        length_columns=shares_of(rows.rows, of_lengths=True),
        anisotropy=mean_cosine(rows.rows),
        scale=scale_of(rows),
        agreement=agreement_of(passes) if passes else None,
        hubness={found.metric: hubness(found) for found in passes},
        contrast={found.metric: relative_contrast(found) for found in passes},
        dimension={
            method: intrinsic_dimension(found, method)
            for found in euclidean
            for method in ("two_nn", "mle")
        },
        scores=scores,
    )


def _scores(
    drawn: Drawn, target: Target | None, passes: list[NeighborPass]
) -> MetricScores | None:
    if not passes:
        return None
    if drawn.relevant is not None and drawn.queries is not None:
        return recall_scores(drawn.relevant, drawn.queries, drawn.rows, passes)
    if target is None or drawn.queries is not None:
        return None
    return label_scores(target.take(drawn.rows.indices), passes)


def _beaten(drawn: Drawn, passes: list[NeighborPass]) -> float:
    """Return the share of rows that are not their own best match by inner product."""
    products = [found for found in passes if found.metric == _COMPARED[1]]
    if not products or drawn.queries is not None:
        return float("nan")
    scale = drawn.rows.scale
    best = -products[0].distances[:, 0] * scale * scale
    own = euclidean_norms(drawn.rows.rows) ** 2
    return float(np.mean(best > own * (1 + 1e-9)))
