"""How far apart two rows are: metric records, their registry, and pairwise functions."""

from sknorms.metrics._angular import Angular, Correlation, Cosine, CosineSimilarity, Dot
from sknorms.metrics._euclidean import (
    Euclidean,
    SquaredEuclidean,
    StandardizedEuclidean,
)
from sknorms.metrics._function import BlockDistance, BlockSimilarity, PairFunction
from sknorms.metrics._metric import Metric
from sknorms.metrics._minkowski import Manhattan
from sknorms.metrics._registry import get_metric, metric_names, register_metric

__all__ = [
    "Angular",
    "BlockDistance",
    "BlockSimilarity",
    "Correlation",
    "Cosine",
    "CosineSimilarity",
    "Dot",
    "Euclidean",
    "Manhattan",
    "Metric",
    "PairFunction",
    "SquaredEuclidean",
    "StandardizedEuclidean",
    "get_metric",
    "metric_names",
    "register_metric",
]
