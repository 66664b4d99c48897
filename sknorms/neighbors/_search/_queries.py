"""Asking a fitted estimator for neighbours: the k nearest, or all within a radius."""

from typing import Any

from sknorms._typing import FloatArray, IndexArray
from sknorms._validation import check_flag
from sknorms.neighbors._search._base import NeighborsBase
from sknorms.neighbors._search._graph import check_mode, nearest_graph, radius_graph
from sknorms.neighbors._search._index import NeighborLists, Queries, Resources, as_dtype
from sknorms.neighbors._search._parameters import check_n_neighbors, check_radii

__all__ = ["KNeighborsMixin", "RadiusNeighborsMixin", "nearest_values"]


def nearest_values(
    estimator: NeighborsBase, queries: Queries, k: int
) -> tuple[FloatArray, IndexArray]:
    """Return float64 values and indices of the k nearest, k being possible."""
    _require_enough_rows(queries, k, estimator.n_samples_fit_)
    return queries.nearest(estimator._index, k, estimator._resources)


def _require_enough_rows(queries: Queries, k: int, n_rows: int) -> None:
    available = n_rows - queries.are_training_rows
    if k > available:
        sign = "<" if queries.are_training_rows else "<="
        raise ValueError(
            f"Expected n_neighbors {sign} n_samples_fit, but n_neighbors = {k}, "
            f"n_samples_fit = {n_rows}, n_samples = {len(queries)}. Ask for at most "
            f"{available} neighbors, or fit more rows."
        )


class KNeighborsMixin(NeighborsBase):
    """The k nearest neighbours, as arrays and as a graph."""

    def kneighbors(
        self, X: Any = None, n_neighbors: Any = None, return_distance: Any = True
    ) -> Any:
        """Find the nearest neighbors of every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", default=None
            The queries. None asks for the neighbors of every training row, which is
            not its own neighbor then; a duplicate of it is.
        n_neighbors : int, default=None
            How many neighbors; None takes the estimator's.
        return_distance : bool, default=True
            Whether to return the distances as well.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            In the units of the metric, closest first; similarities, largest first, for
            a metric that is one. float32 if training rows and queries are float32 (or
            float16), else float64. Left out unless ``return_distance``.
        indices : ndarray of shape (n_queries, n_neighbors)
            Row numbers in the training data. Equal distances are ordered by index, so
            that fewer neighbors are always the first of more.

        Raises
        ------
        ValueError
            If there are fewer rows than neighbors asked for.
        """
        queries = self._queries(X)
        k = check_n_neighbors(self.n_neighbors if n_neighbors is None else n_neighbors)
        wants_distance = check_flag("return_distance", return_distance)
        values, indices = nearest_values(self, queries, k)
        if not wants_distance:
            return indices
        return as_dtype(values, queries.dtype), indices

    def kneighbors_graph(
        self, X: Any = None, n_neighbors: Any = None, mode: Any = "connectivity"
    ) -> Any:
        """Find the nearest neighbors of every query, as a sparse graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", default=None
            The queries. None asks for the neighbors of every training row, which is
            not its own neighbor then.
        n_neighbors : int, default=None
            How many neighbors; None takes the estimator's.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether entries are ones, or the distances (similarities, for a metric that
            is one).

        Returns
        -------
        graph : CSR of shape (n_queries, n_samples_fit)
            Exactly ``n_neighbors`` stored entries a row, closest first; distances of
            zero are stored.
        """
        queries = self._queries(X)
        k = check_n_neighbors(self.n_neighbors if n_neighbors is None else n_neighbors)
        wants_distance = check_mode(mode)
        return self._nearest_graph(queries, k, wants_distance, self._resources)

    def _nearest_graph(
        self, queries: Queries, k: int, wants_distance: bool, use: Resources
    ) -> Any:
        _require_enough_rows(queries, k, self.n_samples_fit_)
        return nearest_graph(
            self._index, queries, k, use, wants_distance=wants_distance
        )


class RadiusNeighborsMixin(NeighborsBase):
    """All neighbours within a radius, as arrays and as a graph."""

    radius: Any

    def radius_neighbors(
        self,
        X: Any = None,
        radius: Any = None,
        return_distance: Any = True,
        sort_results: Any = False,
        *,
        as_csr: Any = False,
    ) -> Any:
        """Find all neighbors within a radius of every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", default=None
            The queries. None asks for the neighbors of every training row, which is
            not its own neighbor then; a duplicate of it is.
        radius : float or array-like of shape (n_queries,), default=None
            Largest distance of a neighbor, itself included; for a similarity the
            smallest value. None takes the estimator's.
        return_distance : bool, default=True
            Whether to return the distances as well.
        sort_results : bool, default=False
            Whether each list is ordered by (distance, index) instead of by index.
        as_csr : bool, default=False
            Whether to return one CSR matrix instead of arrays of arrays: the same
            lists, several times smaller when there are many queries.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of arrays
            What each neighbor's distance is. A neighbor is within the radius if the
            value returned here is. Left out unless ``return_distance``.
        indices : ndarray of shape (n_queries,) of arrays
            Row numbers in the training data; empty where there is no neighbor.
        graph : CSR of shape (n_queries, n_samples_fit)
            With ``as_csr``, instead of the two: distances, or ones without
            ``return_distance``.

        Raises
        ------
        ValueError
            If ``sort_results`` is asked for without distances, or the radius is NaN
            or, for a distance, negative.
        """
        queries = self._queries(X)
        wants_distance = check_flag("return_distance", return_distance)
        by_value = check_flag("sort_results", sort_results)
        if by_value and not wants_distance:
            raise ValueError("return_distance must be True if sort_results is True.")
        if check_flag("as_csr", as_csr):
            limits = self._limits(queries, radius)
            return self._radius_graph(queries, limits, wants_distance, by_value)
        found = self._within(queries, radius, by_value=by_value)
        indices = found.split(found.indices)
        return (found.split(found.values), indices) if wants_distance else indices

    def radius_neighbors_graph(
        self,
        X: Any = None,
        radius: Any = None,
        mode: Any = "connectivity",
        sort_results: Any = False,
    ) -> Any:
        """Find all neighbors within a radius of every query, as a sparse graph.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", default=None
            The queries. None asks for the neighbors of every training row, which is
            not its own neighbor then.
        radius : float or array-like of shape (n_queries,), default=None
            Largest distance of a neighbor, itself included; for a similarity the
            smallest value. None takes the estimator's.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether entries are ones, or the distances (similarities, for a metric that
            is one).
        sort_results : bool, default=False
            Whether each row is stored by (distance, index) instead of by index. Only
            used with ``mode="distance"``.

        Returns
        -------
        graph : CSR of shape (n_queries, n_samples_fit)
            Distances of zero are stored.
        """
        queries = self._queries(X)
        wants_distance = check_mode(mode)
        by_value = check_flag("sort_results", sort_results) and wants_distance
        limits = self._limits(queries, radius)
        return self._radius_graph(queries, limits, wants_distance, by_value)

    def _within(
        self, queries: Queries, radius: Any, *, by_value: bool
    ) -> NeighborLists:
        limits = self._limits(queries, radius)
        return self._index.within(queries, limits, self._resources, by_value=by_value)

    def _limits(self, queries: Queries, radius: Any) -> FloatArray:
        return check_radii(
            self.radius if radius is None else radius,
            len(queries),
            larger_is_closer=self._index.larger_is_closer,
        )

    def _radius_graph(
        self,
        queries: Queries,
        limits: FloatArray,
        wants_distance: bool,
        by_value: bool,
        use: Resources | None = None,
    ) -> Any:
        return radius_graph(
            self._index,
            queries,
            limits,
            use or self._resources,
            wants_distance=wants_distance,
            by_value=by_value,
        )
