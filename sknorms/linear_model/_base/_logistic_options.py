"""What scikit-learn's spellings of a logistic penalty mean, and its warnings."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

from sknorms._validation import ParameterError, check_choice, check_real

__all__ = ["Strength", "check_solver", "strength_of"]

_SOLVERS = ["lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"]
_LEFT_OUT = "deprecated"
_RATIOS = {"l1": 1.0, "l2": 0.0}


@dataclass(frozen=True)
class Strength:
    """How a sum of logistic losses is penalised.

    Attributes
    ----------
    C : float
        What multiplies the sum; inf for no penalty.
    l1_ratio : float
    """

    C: float
    l1_ratio: float

    def alpha(self, total_weight: float) -> float:
        """Return what multiplies the penalty where the loss is a weighted mean."""
        return 0.0 if math.isinf(self.C) else 1.0 / (self.C * total_weight)


def check_solver(solver: Any, dual: bool) -> None:
    """Raise if a solver is none of scikit-learn's, or cannot be dual there."""
    check_choice("solver", solver, _SOLVERS)
    if dual and solver != "liblinear":
        raise ValueError(
            f"Solver {solver} supports only dual=False, got dual={dual}. Leave dual at "
            "False: the one solver here takes any number of rows and columns."
        )


def strength_of(penalty: Any, C: Any, l1_ratio: Any) -> Strength:
    """Return what three parameters of scikit-learn mean together.

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet"}, None or "deprecated"
        Anything but "deprecated" warns.
    C : float
    l1_ratio : float or None
        None warns, and means 0.
    """
    check_choice("penalty", penalty, [*_RATIOS, "elasticnet", None, _LEFT_OUT])
    if l1_ratio is not None:
        check_real("l1_ratio", l1_ratio, low=0.0, high=1.0)
    if penalty == _LEFT_OUT:
        strength = Strength(float(C), _ratio_or_none(l1_ratio))
        if math.isinf(strength.C):
            _warn_of_no_mixture(None, l1_ratio)
        return strength
    warnings.warn(
        "'penalty' was deprecated in version 1.8 and will be removed in 1.10 of "
        "scikit-learn, whose interface this is. Leave it out, and set l1_ratio=0 for "
        "'l2', l1_ratio=1 for 'l1', anything between for 'elasticnet', and C=np.inf "
        "for None.",
        FutureWarning,
        stacklevel=4,
    )
    if penalty != "elasticnet":
        _warn_of_no_mixture(penalty, l1_ratio)
    if penalty is None:
        _warn_of_ignored(C, l1_ratio)
        return Strength(math.inf, 0.0)
    if penalty == "elasticnet":
        return Strength(float(C), _given_ratio(l1_ratio))
    _warn_of_contradiction(penalty, l1_ratio)
    return Strength(float(C), _RATIOS[penalty])


def _ratio_or_none(l1_ratio: Any) -> float:
    if l1_ratio is not None:
        return float(l1_ratio)
    warnings.warn(
        "'l1_ratio=None' was deprecated in version 1.8 and will trigger an error in "
        "1.10 of scikit-learn, whose interface this is. Pass l1_ratio=0, which means "
        "the same.",
        FutureWarning,
        stacklevel=5,
    )
    return 0.0


def _given_ratio(l1_ratio: Any) -> float:
    if l1_ratio is None:
        raise ParameterError(
            "l1_ratio must be specified when penalty is elasticnet; got None. Pass a "
            "number between 0 and 1."
        )
    return float(l1_ratio)


def _warn_of_ignored(C: Any, l1_ratio: Any) -> None:
    if C != 1.0:
        warnings.warn(
            f"Setting penalty=None will ignore the C and l1_ratio parameters; got "
            f"C={C!r}, l1_ratio={l1_ratio!r}.",
            UserWarning,
            stacklevel=5,
        )


def _warn_of_no_mixture(penalty: str | None, l1_ratio: Any) -> None:
    if l1_ratio is not None and 0 < l1_ratio < 1:
        warnings.warn(
            "l1_ratio parameter is only used when penalty is 'elasticnet'. Got "
            f"(penalty={penalty}), l1_ratio={l1_ratio!r}.",
            UserWarning,
            stacklevel=5,
        )


def _warn_of_contradiction(penalty: str, l1_ratio: Any) -> None:
    if l1_ratio != _RATIOS[penalty]:
        warnings.warn(
            f"Inconsistent values: penalty={penalty} with l1_ratio={l1_ratio}. The "
            "penalty wins; leave it out and set l1_ratio alone.",
            UserWarning,
            stacklevel=5,
        )
