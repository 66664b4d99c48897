"""Distances between distributions: rows of at least zero, divided by their sums.

A zero row is no distribution. It is at distance 0 from other zero rows and, as if it
shared nothing with them, at the largest distance from all others.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy import special

from sknorms._arrays import row_sum, widen
from sknorms._typing import FloatArray, Rows, SparseMatrix
from sknorms._validation import check_real
from sknorms.engine import Embedding
from sknorms.metrics._domain import Domain, NonNegative
from sknorms.metrics._embeddings import SparseRowChord, most_terms
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import register_metric
from sknorms.metrics._sparse_pairs import SparsePairs, StoredPairs
from sknorms.norms._scaled import divide_rows, scaled_row_norms

__all__ = ["Hellinger", "JensenShannon"]

_LOG_2 = math.log(2.0)


@register_metric
@dataclass(frozen=True, eq=False)
class Hellinger(SparsePairs, Metric):
    """Length of the difference of square roots of two distributions, in [0, 1]."""

    name: ClassVar[str] = "hellinger"
    finish_rounds: ClassVar[bool] = True
    domain_: ClassVar[Domain] = NonNegative()
    formula: ClassVar[str] = r"\|\sqrt{p} - \sqrt{q}\| / \sqrt 2, p = x / \sum_i x_i"

    def represent(self, rows: Rows) -> FloatArray:
        """Return the roots of distributions, unit rows; zero rows stay zero."""
        roots: FloatArray = np.sqrt(_distributions(widen(rows)))
        return roots

    def represent_sparse(self, rows: SparseMatrix) -> SparseMatrix:
        """Return the same as CSR."""
        roots: SparseMatrix = _distributions(rows.astype(np.float64))
        roots.data = np.sqrt(roots.data)
        return roots

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the squared distances."""
        difference = x - y
        half = 0.5 * row_sum(np.square(difference, out=difference))
        keys: FloatArray = np.where(_one_empty(x, y), 1.0, np.minimum(half, 1.0))
        return keys

    def sparse_pair_keys(self, pairs: StoredPairs) -> FloatArray:
        """Return the squared distances of pairs of CSR rows."""
        return np.minimum(0.5 * pairs.represented_chords(), 1.0)

    def finish(self, keys: FloatArray) -> FloatArray:
        """Take the root."""
        return np.sqrt(keys)

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Square; a negative radius admits nothing."""
        return np.where(np.asarray(values) < 0, -np.inf, np.square(values))

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by the product of roots."""
        return SparseRowChord(self, factor=0.5, terms=most_terms(rows))


@register_metric
@dataclass(frozen=True, eq=False)
class JensenShannon(Metric):
    """Root of the Jensen-Shannon divergence of two distributions.

    Parameters
    ----------
    base : float, default=None
        Base of the logarithm; None is e. With base 2 the distance is within [0, 1].

    Examples
    --------
    >>> from sknorms.metrics import get_metric, pairwise_distances
    >>> pairwise_distances(
    ...     [[2, 0]], [[5, 0], [0, 3]], metric=get_metric("jensenshannon", base=2)
    ... )
    array([[0., 1.]])
    """

    base: float | None = None

    name: ClassVar[str] = "jensenshannon"
    finish_rounds: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ("js",)
    domain_: ClassVar[Domain] = NonNegative()
    formula: ClassVar[str] = (
        r"\sqrt{(D(p \| m) + D(q \| m)) / 2}, m = (p + q) / 2, p = x / \sum_i x_i"
    )

    def __post_init__(self) -> None:
        if self.base is not None:
            check_real("base", self.base, low=1.0, low_open=True)

    @property
    def _unit(self) -> float:
        return 1.0 if self.base is None else math.log(self.base)

    def represent(self, rows: Rows) -> FloatArray:
        """Return distributions; zero rows stay zero."""
        distributions: FloatArray = _distributions(widen(rows))
        return distributions

    def keys(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the divergences in nats."""
        total = row_sum(_divergence_terms(x, y))
        keys: FloatArray = np.where(_one_empty(x, y), _LOG_2, np.minimum(total, _LOG_2))
        return keys

    def finish(self, keys: FloatArray) -> FloatArray:
        """Change the base and take the root."""
        return np.sqrt(keys / self._unit)

    def unfinish(self, values: FloatArray) -> FloatArray:
        """Undo both; a negative radius admits nothing."""
        squares = np.square(values) * self._unit
        return np.where(np.asarray(values) < 0, -np.inf, squares)

    def embedding(self, rows: Rows) -> Embedding:
        """Bound by Hellinger's product: the divergence is at least log 2 times H^2."""
        terms = most_terms(rows)
        return SparseRowChord(Hellinger(), 0.5 * _LOG_2, tight=False, terms=terms)


def _distributions(rows: Rows) -> Any:
    return divide_rows(rows, scaled_row_norms(rows, 1.0))


def _one_empty(x: FloatArray, y: FloatArray) -> Any:
    return x.any(axis=-1) ^ y.any(axis=-1)


def _divergence_terms(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return the terms of the divergence, none negative.

    With s = (p + q) / 2 and r = |p - q| / (p + q), a term is ``s f(r)``, where
    ``f(r) = ((1 + r) log(1 + r) + (1 - r) log(1 - r)) / 2``. For small r that cancels,
    but ``r atanh(r) + log(1 - r^2) / 2`` does not; for large r it is the other way.
    """
    total = x + y
    larger, smaller = np.maximum(x, y), np.minimum(x, y)
    whole = np.where(total > 0, total, 1.0)
    r = (larger - smaller) / whole
    small = np.minimum(r, 0.5)
    f = small * np.arctanh(small) + 0.5 * np.log1p(-small * small)
    far = r > 0.5
    high, low = (larger[far] / whole[far], smaller[far] / whole[far])
    f[far] = special.xlogy(high, 2 * high) + special.xlogy(low, 2 * low)
    terms: FloatArray = 0.5 * total * f
    return terms
