"""What a metric looks at: differences, directions, products, or something else."""

from dataclasses import dataclass

from sknorms.metrics import Metric, get_metric

__all__ = ["Traits", "traits_of"]


@dataclass(frozen=True)
class Traits:
    """What about rows changes the neighbours that a metric finds.

    Attributes
    ----------
    differences : bool
        The metric is made of the differences of columns: the unit of each counts.
    directions : bool
        The metric is made of directions from the origin: lengths do not count.
    products : bool
        The metric is the inner product: long rows win.
    ranks_as : str or None
        A metric that finds the same neighbours and follows from the shared product.
    """

    differences: bool = False
    directions: bool = False
    products: bool = False
    ranks_as: str | None = None

    @property
    def uses_columns(self) -> bool:
        """Whether a column of large numbers outweighs the others."""
        return self.differences or self.directions or self.products


_EUCLIDEAN = Traits(differences=True, ranks_as="euclidean")
_COORDINATES = Traits(differences=True)
_COSINE = Traits(directions=True, ranks_as="cosine")
_DOT = Traits(products=True, ranks_as="dot")
_OTHER = Traits()
_BY_NAME = {
    "euclidean": _EUCLIDEAN,
    "sqeuclidean": _EUCLIDEAN,
    "manhattan": _COORDINATES,
    "chebyshev": _COORDINATES,
    "minkowski": _COORDINATES,
    "cosine": _COSINE,
    "cosine_similarity": _COSINE,
    "angular": _COSINE,
    "correlation": Traits(directions=True),
    "dot": _DOT,
}
_BY_RECORD = {type(get_metric(name)): traits for name, traits in _BY_NAME.items()}


def traits_of(record: Metric) -> Traits:
    """Return what a metric looks at; nothing in particular for most of them."""
    return _BY_RECORD.get(type(record), _OTHER)
