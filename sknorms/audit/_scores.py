"""How well the neighbours under each metric predict what is known, and a paired test.

Every row (or query) gets a score under each metric; the metrics are then compared row
by row, which takes out how hard the rows are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import binomtest

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.audit._finding import plain
from sknorms.audit._neighbor_pass import NeighborPass

__all__ = [
    "MetricScores",
    "PairedDifference",
    "Target",
    "label_scores",
    "paired_difference",
]

_N_BOOTSTRAP = 500
_N_VOTERS = 5
# Whole numbers are labels, unless there are more than so many of them and few of each.
_MOST_LABELS, _ROWS_PER_LABEL = 20, 5


@dataclass(frozen=True)
class PairedDifference:
    """How two metrics differ on the same rows.

    Attributes
    ----------
    difference : float
        Mean of first minus second.
    low, high : float
        Its 95 % interval, by bootstrap over the rows.
    p_value : float
        Of the sign test: the chance of rows being split as unevenly if neither metric
        were better. On right or wrong answers this is McNemar's exact test.
    n_differing : int
        Rows on which the two differ.
    """

    difference: float
    low: float
    high: float
    p_value: float
    n_differing: int


@dataclass(frozen=True, eq=False)
class MetricScores:
    """What neighbours are worth under each metric.

    Attributes
    ----------
    score : str
        What was measured, "leave-one-out accuracy", "leave-one-out R2" or "recall@10".
    values : dict of str to float
        Mean score by metric; larger is better.
    differences : dict of str to PairedDifference
        The metric asked about minus each other one, by the other's name.
    n_scored : int
        Rows or queries that were scored.
    best : str
        The metric with the best score; among equals the one asked about.
    """

    score: str
    values: dict[str, float]
    differences: dict[str, PairedDifference]
    n_scored: int
    best: str
    by_row: dict[str, FloatArray] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as a dict that `json` can write.

        Returns
        -------
        dict
            The attributes, without the score of each row.
        """
        return {
            "score": self.score,
            "values": {name: plain(value) for name, value in self.values.items()},
            "differences": {
                name: {key: plain(value) for key, value in vars(found).items()}
                for name, found in self.differences.items()
            },
            "n_scored": self.n_scored,
            "best": self.best,
        }


def paired_difference(first: FloatArray, second: FloatArray) -> PairedDifference:
    """Compare two scores of the same rows."""
    change = first - second
    up, down = int((change > 0).sum()), int((change < 0).sum())
    p_value = binomtest(up, up + down).pvalue if up + down else 1.0
    draws = np.random.default_rng(0).integers(
        len(change), size=(_N_BOOTSTRAP, len(change))
    )
    low, high = np.quantile(change[draws].mean(axis=1), (0.025, 0.975))
    return PairedDifference(
        float(change.mean()), float(low), float(high), float(p_value), up + down
    )


def compare(score: str, by_row: dict[str, FloatArray]) -> MetricScores:
    """Compare the first metric of ``by_row`` with all others."""
    asked, *others = by_row
    values = {name: float(scores.mean()) for name, scores in by_row.items()}
    return MetricScores(
        score=score,
        values=values,
        differences={
            name: paired_difference(by_row[asked], by_row[name]) for name in others
        },
        n_scored=len(by_row[asked]),
        best=max(values, key=values.__getitem__),
        by_row=by_row,
    )


@dataclass(frozen=True, eq=False)
class Target:
    """What neighbours should have in common.

    Attributes
    ----------
    values : array of shape (n,)
    is_number : bool
        Whether values are to be estimated, rather than labels to be guessed.
    """

    values: AnyArray
    is_number: bool

    @classmethod
    def of(cls, y: AnyArray) -> "Target":
        """Tell numbers from labels by how they look."""
        return cls(y, _look_like_numbers(y))

    def take(self, rows: IndexArray) -> "Target":
        """Return the target of some rows."""
        return Target(self.values[rows], self.is_number)


def _look_like_numbers(y: AnyArray) -> bool:
    if y.dtype.kind not in "iuf":
        return False
    if y.dtype.kind == "f" and (y != np.floor(y)).any():
        return True
    n_values = len(np.unique(y))
    often_enough = len(y) >= _ROWS_PER_LABEL * n_values
    return _MOST_LABELS < n_values < len(y) and not often_enough


def label_scores(y: Target, passes: Sequence[NeighborPass]) -> MetricScores | None:
    """Predict each row of a sample from its neighbours, under each metric.

    Parameters
    ----------
    y : Target
        Of the rows of the sample.
    passes : sequence of NeighborPass
        The first one is of the metric asked about.

    Returns
    -------
    MetricScores or None
        None if no label is that of two rows, so that nothing can be predicted.
    """
    if y.is_number:
        values = np.asarray(y.values, dtype=np.float64)
        if not np.ptp(values) > 0:
            return None
        return compare(
            "leave-one-out R2",
            {p.metric: _shares_explained(values, p.indices) for p in passes},
        )
    codes = np.unique(y.values, return_inverse=True)[1].ravel()
    predictable = np.bincount(codes)[codes] > 1
    if not predictable.any() or codes.max() == 0:
        return None
    return compare(
        "leave-one-out accuracy",
        {p.metric: _hits(codes, p.indices)[predictable] for p in passes},
    )


def _hits(codes: IndexArray, indices: IndexArray) -> FloatArray:
    """Return 1.0 where the vote of the neighbours is right; ties go to the nearest."""
    votes = codes[indices[:, :_N_VOTERS]]
    agreeing = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    winner = votes[np.arange(len(votes)), agreeing.argmax(axis=1)]
    return np.asarray(winner == codes, dtype=np.float64)


def _shares_explained(values: FloatArray, indices: IndexArray) -> FloatArray:
    """Return what each row adds to R2, so that their mean is R2."""
    errors = values - values[indices[:, :_N_VOTERS]].mean(axis=1)
    return np.asarray(1.0 - errors**2 / values.var())
