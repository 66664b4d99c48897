"""The blocked core: plan, bound, refine, collect. It knows no metric by name.

For a block of queries and a block of corpus rows, a cheap float32 score bounds every
pair's distance from below; only pairs whose bound could still matter are evaluated, in
float64 and in a fixed order, and offered to an accumulator ordered by (key, index). The
answer is therefore exact and does not depend on how the work was cut up.
"""

from sknorms.engine._admission import Admission, NotSelf
from sknorms.engine._choice import packed_differences
from sknorms.engine._collect import Ragged
from sknorms.engine._coordinate import CoordinateEmbedding
from sknorms.engine._corpus import Corpus
from sknorms.engine._geometry import Embedded, Embedding, Geometry
from sknorms.engine._matrix import fill_matrix, fill_pairs
from sknorms.engine._overlap import OverlapEmbedding
from sknorms.engine._plan import working_bytes
from sknorms.engine._product import ChordEmbedding, DotEmbedding
from sknorms.engine._rounding import (
    EXACT_SLACK,
    UNDERFLOW32,
    UNIT32,
    VANISHING64,
    drop_long,
    gamma32,
    power_of_two_scale,
    round_down32,
    round_up32,
)
from sknorms.engine._search import nearest, within
from sknorms.engine._stats import SearchStats
from sknorms.engine._strategy import AllColumns, Cheapest, KDTree, Prefix, Strategy
from sknorms.engine._tree import CoordinateSpace, TreeSpace

__all__ = [
    "EXACT_SLACK",
    "UNDERFLOW32",
    "UNIT32",
    "VANISHING64",
    "Admission",
    "AllColumns",
    "Cheapest",
    "ChordEmbedding",
    "CoordinateEmbedding",
    "CoordinateSpace",
    "Corpus",
    "DotEmbedding",
    "Embedded",
    "Embedding",
    "Geometry",
    "KDTree",
    "NotSelf",
    "OverlapEmbedding",
    "Prefix",
    "Ragged",
    "SearchStats",
    "Strategy",
    "TreeSpace",
    "drop_long",
    "fill_matrix",
    "fill_pairs",
    "gamma32",
    "nearest",
    "packed_differences",
    "power_of_two_scale",
    "round_down32",
    "round_up32",
    "within",
    "working_bytes",
]
