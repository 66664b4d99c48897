"""Centres of classes, and how far rows spread around them."""

from sknorms.neighbors._centroids._centers import get_center_rule
from sknorms.neighbors._centroids._priors import class_priors
from sknorms.neighbors._centroids._shrinkage import Spread

__all__ = [
    "Spread",
    "class_priors",
    "get_center_rule",
]
