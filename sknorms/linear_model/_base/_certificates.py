"""How good a fit is, as attributes of an estimator."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sknorms._typing import FloatArray

__all__ = ["Certified", "as_typed"]


def as_typed(values: Sequence[Any], dtype: Any) -> Any:
    """Return one number of a type for one value, an array for several."""
    typed = np.array(values, dtype=dtype)
    return typed[0] if len(typed) == 1 else typed


class Certified:
    """Has the certificates of its fits, one a target."""

    dual_gap_: Any
    relative_gap_: Any
    tol_reached_: Any
    dual_coef_: Any
    n_iter_: Any
    n_full_passes_: Any
    gap_history_: Any

    def _keep_certificates(
        self, solutions: Sequence[Any], dtype: np.dtype[Any]
    ) -> None:
        """Keep what solutions say of themselves, as numbers where there is one."""
        self.dual_gap_ = as_typed([one.dual_gap for one in solutions], dtype)
        self.relative_gap_ = as_typed(
            [one.relative_gap for one in solutions], np.float64
        )
        self.tol_reached_ = as_typed([one.converged for one in solutions], np.bool_)
        self.n_iter_ = _plain([int(one.n_iter) for one in solutions])
        self.n_full_passes_ = _plain([int(one.n_full_passes) for one in solutions])
        self.gap_history_ = _plain([_history(one) for one in solutions])
        dual = [np.asarray(one.dual_coef) for one in solutions]
        self.dual_coef_ = dual[0] if len(dual) == 1 else np.stack(dual)


def _plain(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _history(solution: Any) -> dict[str, FloatArray]:
    """Return the gap at each reading of X, and when that was."""
    return {
        "relative_gap": np.array(solution.gaps, dtype=np.float64),
        "seconds": np.array(solution.seconds, dtype=np.float64),
    }
