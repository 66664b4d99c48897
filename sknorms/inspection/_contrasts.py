"""Relative contrast of a sample in fewer dimensions than it has."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms._validation import check_choice, check_integer
from sknorms.audit import relative_contrast
from sknorms.audit._neighbor_pass import passes_over
from sknorms.audit._sample import Sample, draw_sample, read_table, sample_at
from sknorms.metrics import Metric

__all__ = ["Draws"]

_N_DIMENSIONS = 8


@dataclass(frozen=True, eq=False)
class _Columns:
    """The first columns of a table, in an order."""

    table: Rows
    order: AnyArray

    def first(self, dimension: int) -> Rows:
        """Return a table of so many columns."""
        return self.table[:, np.sort(self.order[:dimension])]


def _some_columns(table: Rows, most: int, generator: Any) -> _Columns:
    return _Columns(table, generator.permutation(table.shape[1])[:most])


def _random_directions(table: Rows, most: int, generator: Any) -> _Columns:
    directions = generator.normal(size=(table.shape[1], most))
    return _Columns(np.asarray(table @ directions), np.arange(most))


@dataclass(frozen=True)
class _Way:
    """A way to make rows of fewer dimensions.

    Attributes
    ----------
    label : str
        What the axis says.
    draw : callable
        From rows, the largest dimension and a generator to rows of any dimension.
    usual : int
        The largest dimension unless others are asked for.
    """

    label: str
    draw: Callable[[Rows, int, Any], _Columns]
    usual: int


_WAYS = {
    "columns": _Way("number of columns, drawn at random", _some_columns, sys.maxsize),
    # So many are nearly as good as all, and take memory in wide tables.
    "projections": _Way("number of random projections", _random_directions, 256),
}


@dataclass(frozen=True, eq=False)
class Draws:
    """Dimensions to be drawn from a sample.

    Attributes
    ----------
    drawn : Sample
    sizes : int array of shape (n_dimensions,)
        How many dimensions, ascending.
    way : _Way
    generator : RandomState
    """

    drawn: Sample
    sizes: AnyArray
    way: _Way
    generator: Any

    @classmethod
    def of(
        cls, X: Any, by: Any, dimensions: Any, sample: Any, random_state: Any
    ) -> "Draws":
        """Draw the rows, and check what is asked for."""
        way = _WAYS[check_choice("by", by, list(_WAYS))]
        table = read_table(X)
        sizes = _sizes(dimensions, table.shape[1], way.usual)
        generator = check_random_state(random_state)
        return cls(draw_sample(table, sample, generator), sizes, way, generator)

    def contrasts(self, named: dict[str, Metric], n_repeats: Any) -> FloatArray:
        """Return contrasts of shape (n_metrics, n_dimensions, n_repeats)."""
        n_repeats = check_integer("n_repeats", n_repeats, low=1)
        _check_distances(named)
        records = list(named.values())
        drawn = [list(self._once(records)) for _ in range(n_repeats)]
        return np.array(drawn, dtype=np.float64).T

    def _once(self, records: list[Metric]) -> Iterator[list[float]]:
        """Yield the contrast of every metric at each of the sizes."""
        most = int(self.sizes[-1])
        columns = self.way.draw(self.drawn.raw, most, self.generator)
        for size in self.sizes:
            rows = columns.first(int(size))
            kept = sample_at(rows, np.arange(rows.shape[0]), distinct=True)
            if len(kept) < 2:
                yield [float("nan")] * len(records)
            else:
                passes = passes_over(kept, records, 1)
                yield [relative_contrast(found) for found in passes]


def _check_distances(named: dict[str, Metric]) -> None:
    similar = [name for name, record in named.items() if record.larger_is_closer]
    if similar:
        raise ValueError(
            "metrics must be distances, whose values have a ratio; got "
            f"{', '.join(similar)}. Use a distance such as 'cosine'."
        )


def _sizes(dimensions: Any, n_features: int, usual: int) -> AnyArray:
    """Return the numbers of dimensions, ascending and each once."""
    if dimensions is None:
        most = min(n_features, usual)
        spaced = np.geomspace(min(2, most), most, _N_DIMENSIONS)
        return np.unique(np.round(spaced).astype(int))
    given = np.atleast_1d(np.asarray(dimensions, dtype=object)).ravel()
    if not len(given):
        raise ValueError(
            f"dimensions must hold at least one number; got {dimensions!r}."
        )
    checked = [check_integer("dimensions", d, low=1, high=n_features) for d in given]
    return np.unique(checked)
