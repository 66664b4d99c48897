"""What fits that stopped early say: how far they are, why, and what helps."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknorms.linear_model._problem import Design, Solution

__all__ = ["warn_of_no_convergence", "warn_of_no_penalty"]

# Above this, columns differ so much in scale that this is the likely cause.
_UNEVEN = 1e3
# No gap smaller than this can be computed.
_ROUNDING = 4 * float(np.finfo(np.float64).eps)


def warn_of_no_convergence(
    design: Design, solutions: Sequence[Solution], *, centred: bool, stacklevel: int = 2
) -> None:
    """Warn once if some fits have not reached their tolerance, of the worst of them.

    Parameters
    ----------
    design : Design
    solutions : sequence of Solution
    centred : bool
        Whether an intercept was fitted, so that means of columns do not matter.
    stacklevel : int, default=2
        Frames up to the line that is to blame, as in `warnings.warn`, for the caller.
    """
    failed = [one for one in solutions if not one.converged]
    if not failed:
        return
    worst = max(failed, key=lambda one: one.relative_gap)
    which = f" in {len(failed)} of {len(solutions)} fits" if len(solutions) > 1 else ""
    warnings.warn(
        f"Objective did not converge{which}: the relative duality gap is "
        f"{worst.relative_gap:.3g} after {worst.n_iter} iterations, tol asks for "
        f"{worst.target:.3g}. {worst.cause or _advice(design, worst.target, centred)}",
        ConvergenceWarning,
        stacklevel=stacklevel + 1,
    )


def warn_of_no_penalty(alpha: float, *, stacklevel: int = 2) -> None:
    """Warn if a strength is none; ``stacklevel`` is as in `warnings.warn`."""
    if alpha == 0:
        warnings.warn(
            "With alpha=0, this algorithm does not penalise anything: the fit is one "
            "of ordinary least squares. You are advised to use the LinearRegression "
            "estimator.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def _advice(design: Design, tol: float, centred: bool) -> str:
    if tol < _ROUNDING:
        return (
            "Such a gap is below rounding: raise tol (1e-12 can be reached as a rule)."
        )
    sizes = np.sqrt(design.variances() if centred else design.squares)
    sizes = sizes[sizes > 0]
    ratio = sizes.max() / sizes.min() if sizes.size else 1.0
    if ratio > _UNEVEN:
        return (
            f"The columns of X differ in scale by a factor of {ratio:.2g}, which is "
            "the likely cause: scale them (sklearn.preprocessing.StandardScaler), or "
            "raise max_iter."
        )
    return (
        "The penalty is probably weak for columns this correlated: raise max_iter, or "
        "penalise more (larger alpha, smaller C), or accept this gap by a larger tol."
    )
