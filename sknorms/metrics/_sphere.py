"""Distance on the globe."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sknorms._arrays import widen
from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_choice
from sknorms.engine import ChordEmbedding, Embedding
from sknorms.metrics._domain import Domain, LatitudeLongitude
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import register_metric

__all__ = ["Haversine"]

# Quarter turns by unit.
_QUARTERS = {"rad": math.pi / 2, "deg": 90.0}


@register_metric
@dataclass(frozen=True, eq=False)
class Haversine(Metric):
    """Angle between two points on the globe, seen from its centre, in [0, pi].

    Always in radians, whatever the unit of the coordinates: times the radius (6371 km
    for the Earth) it is the length of the shortest way.

    Parameters
    ----------
    units : {"rad", "deg"}, default="rad"
        Unit of the two columns, latitude and longitude.
    """

    units: str = "rad"

    name: ClassVar[str] = "haversine"
    formula: ClassVar[str] = (
        r"2 \arcsin \sqrt{\sin^2(\Delta\phi / 2)"
        r" + \cos\phi_x \cos\phi_y \sin^2(\Delta\lambda / 2)}"
    )

    def __post_init__(self) -> None:
        check_choice("units", self.units, tuple(_QUARTERS))

    @property
    def domain(self) -> Domain:
        """Latitude and longitude in the chosen unit."""
        return LatitudeLongitude(_QUARTERS[self.units])

    @property
    def _radian(self) -> float:
        """One unit in radians; exactly 1 for radians."""
        return (math.pi / 2) / _QUARTERS[self.units]

    def represented_width(self, n_features: int) -> int:
        """Return the number of columns of represented rows."""
        del n_features
        return 3

    def represent(self, rows: Rows) -> FloatArray:
        """Return latitude, longitude and the cosine of the latitude."""
        points = widen(rows)
        return np.column_stack([points, np.cos(points[:, 0] * self._radian)])

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the haversines of the angles, in [0, 1]."""
        # The difference comes first: it is exact, or rounded once, in either unit.
        half = (x[..., :2] - y[..., :2]) * (0.5 * self._radian)
        squares = np.square(np.sin(half))
        keys: FloatArray = squares[..., 0] + x[..., 2] * y[..., 2] * squares[..., 1]
        return np.minimum(keys, 1.0)

    def finish(self, keys: FloatArray) -> FloatArray:
        """Turn haversines into angles."""
        return 2.0 * np.arcsin(np.sqrt(keys))

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Turn angles into haversines."""
        within = np.clip(values, 0.0, np.pi)
        # A radius outside [0, pi] admits nothing, or everything.
        return np.where(
            values == within, np.square(np.sin(within / 2)), values * np.inf
        )

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of points in space."""
        del rows
        return GlobeChord(self._radian)


@dataclass(frozen=True)
class GlobeChord(ChordEmbedding):
    """Points on the unit sphere: a quarter of a squared chord is the haversine.

    Attributes
    ----------
    radian : float
        One unit of the columns in radians.
    """

    radian: float

    def width(self, n_features: int) -> int:
        """Return the number of dimensions of space."""
        del n_features
        return 3

    def vectors(self, rows: Rows) -> tuple[FloatArray, float]:
        """Return the points; angles up to a full turn are rounded to 2^-50."""
        latitude, longitude = (widen(rows) * self.radian).T
        around = np.cos(latitude)
        points = [
            around * np.cos(longitude),
            around * np.sin(longitude),
            np.sin(latitude),
        ]
        return np.column_stack(points), 2.0**-47

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared chord that a haversine allows."""
        return 4.0 * keys
