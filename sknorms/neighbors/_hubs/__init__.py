"""Secondary distances, which take their power from hubs."""

from sknorms.neighbors._hubs._graph_rescaler import GraphRescaler
from sknorms.neighbors._hubs._rescaling import (
    Csls,
    EmpiricalProximity,
    GaussianScaling,
    MeanScaling,
    NormalProximity,
    Rescaling,
    Scaling,
)

__all__ = [
    "Csls",
    "EmpiricalProximity",
    "GaussianScaling",
    "GraphRescaler",
    "MeanScaling",
    "NormalProximity",
    "Rescaling",
    "Scaling",
]
