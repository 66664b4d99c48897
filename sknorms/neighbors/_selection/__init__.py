"""How numbers of neighbours, weights and metrics are compared on rows left out."""

from sknorms.neighbors._selection._search_cv import NeighborsSearchCV

__all__ = ["NeighborsSearchCV"]
