"""From scores of queries to what is returned: all of them, or their mean."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from sknorms._typing import BoolArray, FloatArray
from sknorms._validation import ParameterError, check_choice, check_real, first_rows

__all__ = ["Summary"]


@dataclass(frozen=True)
class Summary:
    """How scores of queries become an answer.

    Attributes
    ----------
    average : {"mean"} or None
    empty : {"skip", "raise"} or float in [0, 1]
        What becomes of queries that nothing is relevant to.
    name : str
        The parameter that says what is relevant.
    """

    average: Any = "mean"
    empty: Any = "skip"
    name: str = "relevant"

    def __post_init__(self) -> None:
        check_choice("average", self.average, ("mean", None))
        if isinstance(self.empty, str):
            check_choice("empty", self.empty, ("skip", "raise"))
        else:
            check_real("empty", self.empty, low=0.0, high=1.0)

    def of(self, values: FloatArray, asked: BoolArray) -> Any:
        """Return one number, or one for each query."""
        if not isinstance(self.empty, str):
            values = np.where(asked, values, float(self.empty))
        else:
            self._require_asked(asked)
        if self.average is None:
            return values
        counted = values[asked] if isinstance(self.empty, str) else values
        return float(counted.mean())

    def _require_asked(self, asked: BoolArray) -> None:
        if not asked.any():
            raise ParameterError(
                f"{self.name} says that nothing is relevant to any query; a score "
                "needs one query at least that something is relevant to."
            )
        if asked.all() or (self.empty == "skip" and self.average is not None):
            return
        raise ParameterError(
            f"{self.name} says that nothing is relevant to the queries of "
            f"{first_rows(~asked)}, which therefore have no score of their own. Leave "
            "them out, or say what they count as: empty=0.0 or empty=1.0."
        )
