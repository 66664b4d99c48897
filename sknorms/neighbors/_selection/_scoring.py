"""Scorers of scikit-learn and plain functions, one or several, called alike."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from numbers import Real
from typing import Any

from sklearn import get_config
from sklearn.metrics import check_scoring

__all__ = ["Scoring"]

# What scikit-learn calls the only score.
_ONLY = "score"
_SEVERAL = (dict, list, tuple, set)


@dataclass(frozen=True, eq=False)
class Scoring:
    """What decides between candidates.

    Attributes
    ----------
    scorer : callable or dict of callables
        What an estimator reports as ``scorer_``.
    requested : callable or None
        One scorer of scikit-learn that calls all those that say which metadata they
        take, and hands each what it takes.
    plain : dict of callables
        The others, by name.
    """

    scorer: Any
    requested: Any
    plain: dict[str, Callable[..., Any]]

    @classmethod
    def of(cls, scoring: Any, model: Any) -> "Scoring":
        """Return what the parameter ``scoring`` stands for.

        Parameters
        ----------
        scoring : str, callable, list, tuple, set, dict or None
        model : estimator
            Its ``score`` is what None stands for.
        """
        scorers = _scorers_by_name(scoring, model)
        plain = {
            name: one
            for name, one in scorers.items()
            if not hasattr(one, "get_metadata_routing")
        }
        asked = {name: one for name, one in scorers.items() if name not in plain}
        requested = check_scoring(model, asked) if asked else None
        several = isinstance(scoring, _SEVERAL)
        return cls(scorers if several else scorers[_ONLY], requested, plain)

    @property
    def names(self) -> list[str]:
        """The names that are known before anything is scored."""
        return list(self.scorer) if self.several else [_ONLY]

    @property
    def several(self) -> bool:
        """Whether several scores are asked for by name."""
        return isinstance(self.scorer, dict)

    def __call__(
        self, model: Any, X: Any, y: Any, params: dict[str, Any]
    ) -> dict[str, float]:
        """Return the scores of a fitted model by name."""
        found: dict[str, Any] = {}
        if self.requested is not None:
            found.update(self.requested(model, X, y, **params))
        for name, function in self.plain.items():
            score = function(model, X, y, **_accepted(function, params))
            by_name = isinstance(score, dict) and not self.several
            found.update(score if by_name else {name: score})
        return {name: _as_number(name, score) for name, score in found.items()}


def _scorers_by_name(scoring: Any, model: Any) -> dict[str, Any]:
    if isinstance(scoring, _SEVERAL):
        check_scoring(model, scoring)  # has the words for everything wrong with it
        pairs = (
            scoring.items()
            if isinstance(scoring, dict)
            else zip(scoring, scoring, strict=True)
        )
        return {name: check_scoring(model, one) for name, one in pairs}
    return {_ONLY: check_scoring(model, scoring)}


def _accepted(function: Callable[..., Any], params: dict[str, Any]) -> dict[str, Any]:
    """Return what a plain function is handed: weights, if it has a name for them."""
    if get_config().get("enable_metadata_routing", False):
        return {}
    takes = signature(function).parameters
    return {name: value for name, value in params.items() if name in takes}


def _as_number(name: str, score: Any) -> float:
    number = score.item() if hasattr(score, "item") else score
    if isinstance(number, Real):
        return float(number)
    raise ValueError(
        f"scoring must return a number, or a dict of numbers; for {name!r} got "
        f"{score!r} of type {type(score).__name__}."
    )
