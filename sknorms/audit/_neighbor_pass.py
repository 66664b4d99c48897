"""The nearest rows of a sample under several metrics, from one product."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray
from sknorms._validation import check_integer
from sknorms.audit._products import ProductView, SharedProduct, view_of
from sknorms.audit._sample import Sample, draw_sample, read_table
from sknorms.metrics import Metric, get_metric, pairwise_distances

__all__ = [
    "NeighborPass",
    "neighbor_pass",
    "neighbor_passes",
    "passes_over",
]

_BLOCK = 256


@dataclass(frozen=True, eq=False)
class NeighborPass:
    """The nearest rows of every row (or query) within a sample.

    Attributes
    ----------
    metric : str
        Name of the metric.
    indices : intp array of shape (n_queries, n_neighbors)
        Positions within the sample, closest first; a row is no neighbour of itself.
    distances : float64 array of shape (n_queries, n_neighbors)
        Ascending. Negated similarities for a similarity such as "dot".
    mean_distances : float64 array of shape (n_queries,)
        Mean over all rows of the sample but the query itself.
    n_rows : int
        Rows that could be found.
    rows : intp array of shape (n_rows,)
        Which rows of the data the sample is made of.
    """

    metric: str
    indices: IndexArray
    distances: FloatArray
    mean_distances: FloatArray
    n_rows: int
    rows: IndexArray = field(repr=False)


def neighbor_pass(
    X: Any,
    metric: Any = "euclidean",
    *,
    n_neighbors: Any = 10,
    sample: Any = 2000,
    random_state: Any = 0,
) -> NeighborPass:
    """Find the nearest rows within a random sample of a table.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        The data. Rows that are not finite, zero, or equal to an earlier row of the
        sample are left out.
    metric : str, Metric or callable, default="euclidean"
        As `sknorms.metrics.get_metric` takes it.
    n_neighbors : int, default=10
        How many neighbours; fewer if the sample has fewer.
    sample : int or None, default=2000
        At most how many rows to draw; None for all of them.
    random_state : int, RandomState instance or None, default=0
        Which rows those are.

    Returns
    -------
    NeighborPass
        What `hubness`, `relative_contrast` and `intrinsic_dimension` are made from.

    Raises
    ------
    ValueError
        If fewer than two rows are left, or the metric is not defined on them.

    Examples
    --------
    >>> from sknorms.audit import neighbor_pass
    >>> found = neighbor_pass([[0.0, 1.0], [0.0, 2.0], [0.0, 4.0]], n_neighbors=1)
    >>> found.indices.ravel(), found.distances.ravel()
    (array([1, 0, 1]), array([1., 1., 2.]))
    """
    return neighbor_passes(
        X, (metric,), n_neighbors=n_neighbors, sample=sample, random_state=random_state
    )[0]


def neighbor_passes(
    X: Any,
    metrics: Iterable[Any],
    *,
    n_neighbors: Any,
    sample: Any,
    random_state: Any,
) -> list[NeighborPass]:
    """Find the nearest rows under several metrics, in one and the same sample."""
    records = [get_metric(metric).learn_table(X) for metric in metrics]
    k = check_integer("n_neighbors", n_neighbors, low=1)
    table = read_table(records[0].encode(X)) if records else read_table(X)
    drawn = draw_sample(table, sample, random_state)
    if len(drawn) < 2:
        raise ValueError(
            f"X must have at least two distinct rows that are finite and not zero; "
            f"got {len(drawn)} among {table.shape[0]} rows."
        )
    return passes_over(drawn, records, min(k, len(drawn) - 1))


def passes_over(
    drawn: Sample, records: Iterable[Metric], k: int, queries: Sample | None = None
) -> list[NeighborPass]:
    """Find the k nearest rows of each row of a sample under each metric.

    Metrics that follow from inner products share one. With ``queries``, scaled as the
    sample is, theirs are found instead.
    """
    records = list(records)
    asked = _Asked(drawn, drawn if queries is None else queries, k)
    views = [view for view in map(view_of, records) if view is not None]
    shared = _from_products(asked, views)
    found = []
    for record in records:
        view = view_of(record)
        tops = _from_pairs(asked, record) if view is None else shared[view.name]
        found.append(tops.finish(record.name, drawn))
    return found


@dataclass(frozen=True)
class _Asked:
    """The sample, what is looked up in it, and how many neighbours."""

    drawn: Sample
    queries: Sample
    k: int

    def blocks(self) -> list[slice]:
        return row_slices(len(self.queries), _BLOCK)

    def own(self, where: slice) -> IndexArray | None:
        """Return which rows the queries of a block are; None for rows apart."""
        if self.queries is not self.drawn:
            return None
        return np.arange(where.start, where.stop)


@dataclass
class _Tops:
    """Parts of a pass, one for each block of queries."""

    indices: list[IndexArray] = field(default_factory=list)
    distances: list[FloatArray] = field(default_factory=list)
    means: list[FloatArray] = field(default_factory=list)

    def add(self, table: FloatArray, own: IndexArray | None, k: int) -> None:
        """Take the distances of a block of queries, row ``own[i]`` being query i."""
        total, n_others = table.sum(axis=1), table.shape[1]
        if own is not None:
            here = np.arange(len(table))
            total, n_others = total - table[here, own], n_others - 1
            table[here, own] = np.inf
        self.means.append(total / n_others)
        indices, distances = _smallest(table, k)
        self.indices.append(indices)
        self.distances.append(distances)

    def unscale(self, view: ProductView, scale: float) -> None:
        """Return to the units of the data, values beyond float64 to its largest."""
        for parts in (self.distances, self.means):
            parts[:] = [np.nan_to_num(view.unscaled(part, scale)) for part in parts]

    def finish(self, name: str, drawn: Sample) -> NeighborPass:
        return NeighborPass(
            metric=name,
            indices=np.concatenate(self.indices),
            distances=np.concatenate(self.distances),
            mean_distances=np.concatenate(self.means),
            n_rows=len(drawn),
            rows=drawn.indices,
        )


def _smallest(table: FloatArray, k: int) -> tuple[IndexArray, FloatArray]:
    """Return the k smallest entries of each row, by (value, column)."""
    near = np.argpartition(table, k - 1, axis=1)[:, :k]
    near.sort(axis=1)
    values = np.take_along_axis(table, near, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(near, order, 1), np.take_along_axis(values, order, 1)


def _from_products(asked: _Asked, views: list[ProductView]) -> dict[str, _Tops]:
    distinct = set(views)
    tops = {view.name: _Tops() for view in distinct}
    if not tops:
        return tops
    drawn = asked.drawn
    product = SharedProduct(asked.queries.rows, drawn.rows).prepared()
    for where in asked.blocks():
        block = product.block(where)
        for view in distinct:
            tops[view.name].add(view.distances(block), asked.own(where), asked.k)
    for view in distinct:
        tops[view.name].unscale(view, drawn.scale)
    return tops


def _from_pairs(asked: _Asked, record: Metric) -> _Tops:
    """Measure all pairs, for a metric that does not follow from products."""
    tops = _Tops()
    rows = record.check_rows(asked.drawn.raw)
    queries = record.check_rows(asked.queries.raw, name="queries")
    learned = record.learn(rows)
    sign = -1.0 if record.larger_is_closer else 1.0
    for where in asked.blocks():
        table = pairwise_distances(queries[where], rows, metric=learned)
        signed = sign * np.asarray(table, dtype=np.float64)
        tops.add(signed, asked.own(where), asked.k)
    return tops
