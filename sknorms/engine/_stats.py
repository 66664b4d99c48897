"""How much work a search did."""

from dataclasses import dataclass

__all__ = ["SearchStats"]


@dataclass
class SearchStats:
    """Counters of a search, to see by what it was fast or slow.

    Attributes
    ----------
    products : int
        Pairs whose lower bound was computed, most often as a product of two rows; all
        pairs but for a tree, which looks at few, and metrics that have no bound.
    survivors : int
        Pairs that the bound could not rule out.
    refinements : int
        Pairs measured exactly, first thresholds included.
    """

    products: int = 0
    survivors: int = 0
    refinements: int = 0

    def reset(self) -> None:
        """Count from zero again."""
        self.products = self.survivors = self.refinements = 0

    def add(self, other: "SearchStats") -> None:
        """Add the counters of another part of the search."""
        self.products += other.products
        self.survivors += other.survivors
        self.refinements += other.refinements
