"""Norms of the difference other than the Euclidean."""

from dataclasses import dataclass
from typing import ClassVar

from sknorms._typing import FloatArray, Rows
from sknorms.engine import Embedding
from sknorms.metrics._coordinate_bounds import ManhattanBound
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import register_metric
from sknorms.norms._scaled import last_axis_norm

__all__ = ["Manhattan"]


@register_metric
@dataclass(frozen=True, eq=False)
class Manhattan(Metric):
    """Sum of the absolute differences."""

    name: ClassVar[str] = "manhattan"
    aliases: ClassVar[tuple[str, ...]] = ("cityblock", "l1")
    formula: ClassVar[str] = r"\sum_i |x_i - y_i|"

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the distances."""
        return last_axis_norm(x - y, 1.0)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by float32 sums."""
        return ManhattanBound.fit(rows)
