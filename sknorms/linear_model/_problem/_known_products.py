"""Second derivatives that were computed before and are of use again."""

from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray, IndexArray

__all__ = ["KnownProducts"]


@dataclass(frozen=True, eq=False)
class KnownProducts:
    """Second derivatives of a quadratic loss in some coefficients.

    Attributes
    ----------
    coordinates : array of shape (k,)
        The coefficients, each by its place among all.
    gram : array of shape (k, k)
    """

    coordinates: IndexArray
    gram: FloatArray

    def find(self, coordinates: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Return which of some coefficients are known, and where they are here."""
        order = np.argsort(self.coordinates)
        at = np.searchsorted(self.coordinates, coordinates, sorter=order)
        places = order[np.minimum(at, len(order) - 1)]
        found = np.flatnonzero(self.coordinates[places] == coordinates)
        return found, places[found]
