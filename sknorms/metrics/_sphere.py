"""Distance on the globe."""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from sknorms._arrays import widen
from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_choice
from sknorms.engine import ChordEmbedding, Embedding, power_of_two_scale
from sknorms.metrics._domain import Domain, LatitudeLongitude
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import register_metric
from sknorms.metrics._statistics import typical_rows
from sknorms.norms._scaled import scaled_row_norms

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

    Examples
    --------
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> paris, sydney = [48.8566, 2.3522], [-33.8688, 151.2093]
    >>> angle = pairwise_distances(
    ...     [paris], [sydney], metric=get_metric("haversine", units="deg")
    ... )
    >>> (6371 * angle).round()
    array([[16960.]])
    """

    units: str = "rad"

    name: ClassVar[str] = "haversine"
    finish_rounds: ClassVar[bool] = True
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
        keys = np.square(np.sin(within / 2))
        # A radius outside [0, pi] admits nothing, or everything.
        return np.where(values == within, keys, np.copysign(np.inf, values))

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of points in space."""
        return GlobeChord.fit(rows, self._radian)


@dataclass(frozen=True, eq=False)
class GlobeChord(ChordEmbedding):
    """Points on the unit sphere: a quarter of a squared chord is the haversine.

    Points are centred, so that those of one city are told apart as well as those of the
    whole globe.

    Attributes
    ----------
    radian : float
        One unit of the columns in radians.
    center : float64 array of shape (3,)
        Subtracted from points.
    scale : float
        Power of two applied last.
    """

    radian: float
    center: FloatArray
    scale: float

    @classmethod
    def fit(cls, rows: Rows, radian: float) -> Self:
        """Choose centre and scale from a sample of the corpus."""
        typical = typical_rows(rows)
        points, _ = cls(radian, np.zeros(3), 1.0).vectors(typical)
        center = points.mean(axis=0)
        scale = power_of_two_scale(scaled_row_norms(points - center).values)
        return cls(radian, center, scale)

    def width(self, n_features: int) -> int:
        """Return the number of dimensions of space."""
        del n_features
        return 3

    def vectors(self, rows: Rows) -> tuple[FloatArray, float]:
        """Return the points; angles up to a full turn are rounded by up to 2^-51."""
        latitude, longitude = (widen(rows) * self.radian).T
        around = np.cos(latitude)
        points = [
            around * np.cos(longitude),
            around * np.sin(longitude),
            np.sin(latitude),
        ]
        vectors = (np.column_stack(points) - self.center) * self.scale
        return vectors, 2.0**-48 * self.scale

    def squared_reach(self, keys: FloatArray) -> FloatArray:
        """Return the squared chord that a haversine allows."""
        return 4.0 * self.scale * self.scale * keys
