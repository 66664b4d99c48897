"""Which candidate is the best, by whatever decides."""

from numbers import Integral
from typing import Any

from sknorms._validation import ParameterError

__all__ = ["best_index", "check_error_score", "check_refit", "deciding_score"]


def check_refit(refit: Any) -> Any:
    """Return what is a flag, a name or a function; raise for anything else."""
    if isinstance(refit, bool | str) or callable(refit):
        return refit
    raise ParameterError(
        "refit must be True, False, the name of a score, or a callable that turns "
        f"cv_results_ into the index of the best; got {refit!r}."
    )


def check_error_score(error_score: Any) -> Any:
    """Return "raise" or a number; raise for anything else."""
    is_number = isinstance(error_score, int | float) and error_score is not True
    if is_number or (isinstance(error_score, str) and error_score == "raise"):
        return error_score
    raise ParameterError(
        f'error_score must be "raise" or a number such as numpy.nan; got '
        f"{error_score!r}."
    )


def deciding_score(refit: Any, names: list[str], *, several: bool) -> str | None:
    """Return the name of the score that decides, None where none does.

    Raises
    ------
    ValueError
        If there are several and ``refit`` does not name one.
    """
    if not several:
        return names[0]
    if refit is False or callable(refit):
        return None
    if isinstance(refit, str) and refit in names:
        return refit
    raise ParameterError(
        "For multi-metric scoring, the parameter refit must be set to the name of the "
        f"score that decides ({', '.join(map(repr, names))}), to a callable, or to "
        f"False; got {refit!r}."
    )


def best_index(refit: Any, results: dict[str, Any], name: str | None) -> int:
    """Return the number of the best candidate, the first of equals."""
    if not callable(refit):
        return int(results[f"rank_test_{name}"].argmin())
    best = refit(results)
    if not isinstance(best, Integral):
        raise TypeError(
            f"refit must return the index of a candidate, an integer; got {best!r}."
        )
    number = int(best)
    if not 0 <= number < len(results["params"]):
        raise IndexError(
            f"refit must return an index below {len(results['params'])}, the number "
            f"of candidates, and not below 0; got {best!r}."
        )
    return number
