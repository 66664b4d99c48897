"""Rows that have names: what is kept, admitted, found and called relevant."""

from sknorms.neighbors._retrieval._admissions import (
    PairMask,
    check_where,
    require_yes_or_no,
)
from sknorms.neighbors._retrieval._false_matches import (
    Cut,
    false_match_cut,
    fewest_pairs,
)
from sknorms.neighbors._retrieval._labels import Labels
from sknorms.neighbors._retrieval._limits import check_limit
from sknorms.neighbors._retrieval._lookup import Lookup
from sknorms.neighbors._retrieval._pairs import SAMPLING, Pairs
from sknorms.neighbors._retrieval._results import SearchResult
from sknorms.neighbors._retrieval._retrieval import StoreEstimator
from sknorms.neighbors._retrieval._store import Store

__all__ = [
    "SAMPLING",
    "Cut",
    "Labels",
    "Lookup",
    "PairMask",
    "Pairs",
    "SearchResult",
    "Store",
    "StoreEstimator",
    "check_limit",
    "check_where",
    "false_match_cut",
    "fewest_pairs",
    "require_yes_or_no",
]
