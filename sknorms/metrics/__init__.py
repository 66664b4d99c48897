"""How far apart two rows are: metric records, the registry, pairwise functions."""

from sknorms.metrics._angular import Angular, Correlation, Cosine, CosineSimilarity, Dot
from sknorms.metrics._argmin import (
    pairwise_distances_argmin,
    pairwise_distances_argmin_min,
)
from sknorms.metrics._chunked import pairwise_distances_chunked
from sknorms.metrics._distribution import Hellinger, JensenShannon
from sknorms.metrics._euclidean import (
    Euclidean,
    SquaredEuclidean,
    StandardizedEuclidean,
)
from sknorms.metrics._function import BlockDistance, BlockSimilarity, PairFunction
from sknorms.metrics._mahalanobis import Mahalanobis
from sknorms.metrics._matching import (
    Dice,
    Hamming,
    Jaccard,
    RogersTanimoto,
    RussellRao,
    SokalSneath,
    Yule,
)
from sknorms.metrics._metric import Metric
from sknorms.metrics._minkowski import Chebyshev, Manhattan, Minkowski
from sknorms.metrics._missing import NanEuclidean
from sknorms.metrics._mixed import Gower
from sknorms.metrics._named import (
    cosine_distances,
    cosine_similarity,
    euclidean_distances,
    manhattan_distances,
)
from sknorms.metrics._pairwise import paired_distances, pairwise_distances
from sknorms.metrics._registry import get_metric, metric_names, register_metric
from sknorms.metrics._relative import BrayCurtis, Canberra, Tanimoto
from sknorms.metrics._sphere import Haversine

__all__ = [
    "Angular",
    "BlockDistance",
    "BlockSimilarity",
    "BrayCurtis",
    "Canberra",
    "Chebyshev",
    "Correlation",
    "Cosine",
    "CosineSimilarity",
    "Dice",
    "Dot",
    "Euclidean",
    "Gower",
    "Hamming",
    "Haversine",
    "Hellinger",
    "Jaccard",
    "JensenShannon",
    "Mahalanobis",
    "Manhattan",
    "Metric",
    "Minkowski",
    "NanEuclidean",
    "PairFunction",
    "RogersTanimoto",
    "RussellRao",
    "SokalSneath",
    "SquaredEuclidean",
    "StandardizedEuclidean",
    "Tanimoto",
    "Yule",
    "cosine_distances",
    "cosine_similarity",
    "euclidean_distances",
    "get_metric",
    "manhattan_distances",
    "metric_names",
    "paired_distances",
    "pairwise_distances",
    "pairwise_distances_argmin",
    "pairwise_distances_argmin_min",
    "pairwise_distances_chunked",
    "register_metric",
]
