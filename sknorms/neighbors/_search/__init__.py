"""From rows and a query to neighbours: checks, indexes, graphs."""

from sknorms.neighbors._search._base import NeighborsBase
from sknorms.neighbors._search._graph import check_mode, neighbor_graph, regular_starts
from sknorms.neighbors._search._index import (
    Index,
    MetricIndex,
    NeighborLists,
    Queries,
    Resources,
    as_dtype,
    key_limits,
    own_copy,
    reaches,
)
from sknorms.neighbors._search._lists import Layout, Neighborhoods, Ragged, Regular
from sknorms.neighbors._search._parameters import (
    check_n_neighbors,
    check_parameters,
    check_radii,
    check_radius,
    check_resources,
)
from sknorms.neighbors._search._precomputed import is_precomputed
from sknorms.neighbors._search._queries import (
    KNeighborsMixin,
    RadiusNeighborsMixin,
    nearest_values,
)
from sknorms.neighbors._search._resolution import (
    EffectiveMetric,
    allows_nan,
    automatic_metric,
    resolve_metric,
)

__all__ = [
    "EffectiveMetric",
    "Index",
    "KNeighborsMixin",
    "Layout",
    "MetricIndex",
    "NeighborLists",
    "Neighborhoods",
    "NeighborsBase",
    "Queries",
    "RadiusNeighborsMixin",
    "Ragged",
    "Regular",
    "Resources",
    "allows_nan",
    "as_dtype",
    "automatic_metric",
    "check_mode",
    "check_n_neighbors",
    "check_parameters",
    "check_radii",
    "check_radius",
    "check_resources",
    "is_precomputed",
    "key_limits",
    "nearest_values",
    "neighbor_graph",
    "own_copy",
    "reaches",
    "regular_starts",
    "resolve_metric",
]
