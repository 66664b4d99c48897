"""The scores of all candidates on all folds, laid out as scikit-learn lays them out."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from sknorms._typing import AnyArray, FloatArray, IndexArray
from sknorms.neighbors._selection._grid import Grid

__all__ = ["Trials"]


@dataclass(frozen=True, eq=False)
class Trials:
    """What was measured.

    Attributes
    ----------
    grid : Grid
    scores : dict of float64 arrays of shape (n_candidates, n_splits)
        By the name of the score.
    fit_time, score_time : float64 arrays of shape (n_candidates, n_splits)
        Seconds.
    """

    grid: Grid
    scores: dict[str, FloatArray]
    fit_time: FloatArray
    score_time: FloatArray

    def results(self) -> dict[str, Any]:
        """Return ``cv_results_``."""
        results: dict[str, Any] = {}
        for name, seconds in (
            ("fit_time", self.fit_time),
            ("score_time", self.score_time),
        ):
            _, results[f"mean_{name}"], results[f"std_{name}"] = _moments(seconds)
        results |= self.grid.columns()
        results["params"] = self.grid.candidates
        for name, scores in self.scores.items():
            results |= _of_score(f"test_{name}", scores)
        return results


def _of_score(key: str, scores: FloatArray) -> dict[str, AnyArray]:
    scores, means, deviations = _moments(scores)
    if not np.isfinite(means).all():
        warnings.warn(
            f"One or more of the {key.replace('_', ' ', 1)} values are non-finite: "
            f"{means}",
            UserWarning,
            stacklevel=4,
        )
    splits = {f"split{at}_{key}": column for at, column in enumerate(scores.T)}
    return {
        **splits,
        f"mean_{key}": means,
        f"std_{key}": deviations,
        f"rank_{key}": _ranks(means),
    }


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values, means and deviations over folds."""
    values = np.ascontiguousarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        means = np.average(values, axis=1)
        squares = (values - means[:, np.newaxis]) ** 2
        return values, means, np.sqrt(np.average(squares, axis=1))


def _ranks(means: FloatArray) -> IndexArray:
    """Return 1 for the largest mean; equal ones share a rank, NaN shares the last."""
    missing = np.isnan(means)
    if missing.all():
        return np.ones(len(means), dtype=np.int32)
    filled = np.where(missing, np.nanmin(means) - 1, means)
    ranks: IndexArray = rankdata(-filled, method="min").astype(np.int32)
    return ranks
