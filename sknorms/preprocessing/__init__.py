"""Row transformers: unit norms, clipping, truncation, norms and distances."""

from sknorms.preprocessing._clipper import NormClipper
from sknorms.preprocessing._distance_features import DistanceFeatures
from sknorms.preprocessing._norm_features import NormFeatures
from sknorms.preprocessing._normalize import normalize
from sknorms.preprocessing._normalizer import Normalizer
from sknorms.preprocessing._truncate import TruncateNormalizer

__all__ = [
    "DistanceFeatures",
    "NormClipper",
    "NormFeatures",
    "Normalizer",
    "TruncateNormalizer",
    "normalize",
]
