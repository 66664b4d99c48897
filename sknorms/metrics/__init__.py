"""How far apart two rows are: metric records, the registry, pairwise functions."""

import importlib
import pkgutil

from sknorms.metrics._argmin import (
    pairwise_distances_argmin,
    pairwise_distances_argmin_min,
)
from sknorms.metrics._chunked import pairwise_distances_chunked
from sknorms.metrics._function import BlockDistance, BlockSimilarity
from sknorms.metrics._metric import Metric
from sknorms.metrics._named import (
    cosine_distances,
    cosine_similarity,
    euclidean_distances,
    manhattan_distances,
)
from sknorms.metrics._pairwise import paired_distances, pairwise_distances
from sknorms.metrics._registry import get_metric, metric_names, register_metric
from sknorms.metrics._retrieval import (
    average_precision_at_k,
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
)
from sknorms.metrics._retrieval_scorer import make_retrieval_scorer

__all__ = [
    "BlockDistance",
    "BlockSimilarity",
    "Metric",
    "average_precision_at_k",
    "cosine_distances",
    "cosine_similarity",
    "euclidean_distances",
    "get_metric",
    "make_retrieval_scorer",
    "manhattan_distances",
    "metric_names",
    "ndcg_at_k",
    "paired_distances",
    "pairwise_distances",
    "pairwise_distances_argmin",
    "pairwise_distances_argmin_min",
    "pairwise_distances_chunked",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank",
    "register_metric",
]

# Importing a record registers it. All modules are imported, so that a new file of
# records needs no entry in any list.
for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
del _module
