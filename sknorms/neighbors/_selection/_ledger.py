"""What was measured of every candidate on every fold, and what failed."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.exceptions import FitFailedWarning

from sknorms._typing import FloatArray
from sknorms.neighbors._selection._grid import Grid
from sknorms.neighbors._selection._results import Trials

__all__ = ["Ledger"]


@dataclass(eq=False)
class Ledger:
    """Where scores and times are written down.

    Attributes
    ----------
    grid : Grid
    n_splits : int
    error_score : float or "raise"
        What a candidate gets on a fold where it fails.
    failures : list of Exception
    fit_time, score_time : float64 arrays of shape (n_candidates, n_splits)
    """

    grid: Grid
    n_splits: int
    error_score: Any
    failures: list[Exception] = field(default_factory=list)
    fit_time: FloatArray = field(init=False)
    score_time: FloatArray = field(init=False)
    _scores: dict[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fit_time, self.score_time = self._table(0.0), self._table(0.0)

    def attempt(self, function: Callable[..., Any], *args: Any) -> tuple[Any, float]:
        """Return what a function returns, None if it may fail and does, and seconds."""
        start = time.perf_counter()
        try:
            made = function(*args)
        except Exception as error:
            if isinstance(self.error_score, str):
                raise
            self.failures.append(error)
            made = None
        return made, time.perf_counter() - start

    def write(
        self, place: tuple[Any, Any], scores: dict[str, Any], seconds: float
    ) -> None:
        """Keep the scores of a candidate on a fold, or on all of them.

        Parameters
        ----------
        place : tuple
            Number of the candidate and number of the fold, or a slice of folds.
        scores : dict of float or float64 array
        seconds : float
            What the scores took, on each fold.
        """
        for name, score in scores.items():
            if name not in self._scores:
                self._scores[name] = self._table(self._failed)
            self._scores[name][place] = score
        self.score_time[place] = seconds

    def trials(self, names: list[str]) -> Trials:
        """Return everything that is written; ``names`` serve where nothing is."""
        if self.failures:
            self._report()
        scores = self._scores or {name: self._table(self._failed) for name in names}
        return Trials(self.grid, scores, self.fit_time, self.score_time)

    def _table(self, value: float) -> FloatArray:
        return np.full((len(self.grid.candidates), self.n_splits), value)

    @property
    def _failed(self) -> float:
        return np.nan if isinstance(self.error_score, str) else float(self.error_score)

    def _report(self) -> None:
        if not self._scores:
            raise ValueError(
                "Nothing that was to be tried worked on any fold. Set "
                'error_score="raise" to see where each error comes from; the first is '
                f"{self.failures[0]!r}"
            ) from self.failures[0]
        kinds = dict.fromkeys(map(repr, self.failures))
        warnings.warn(
            f"{len(self.failures)} fits or scores failed, and got a score of "
            f"{self.error_score}. Set error_score='raise' to see where. What was "
            f"raised: {'; '.join(list(kinds)[:3])}",
            FitFailedWarning,
            stacklevel=5,
        )
