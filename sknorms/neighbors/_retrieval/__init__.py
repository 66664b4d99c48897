"""Rows that have names: what is kept, admitted, found and called relevant."""

from sknorms.neighbors._retrieval._admissions import PairMask, check_where
from sknorms.neighbors._retrieval._labels import Labels
from sknorms.neighbors._retrieval._limits import check_limit
from sknorms.neighbors._retrieval._lookup import Lookup
from sknorms.neighbors._retrieval._results import SearchResult
from sknorms.neighbors._retrieval._retrieval import StoreEstimator
from sknorms.neighbors._retrieval._store import Store

__all__ = [
    "Labels",
    "Lookup",
    "PairMask",
    "SearchResult",
    "Store",
    "StoreEstimator",
    "check_limit",
    "check_where",
]
