"""What a retriever keeps, checks and asks, apart from what it offers."""

from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._progress import Progress
from sknorms._typing import AnyArray, FloatArray, Rows
from sknorms._validation import (
    STORAGE_DTYPES,
    ParameterError,
    check_integer,
    naming_bad_rows,
    output_dtype,
)
from sknorms.audit import MetricAudit
from sknorms.audit._automatic import choose_metric, is_automatic
from sknorms.engine import Admission, SearchStats
from sknorms.metrics import Metric
from sknorms.neighbors._retrieval._labels import as_labels
from sknorms.neighbors._retrieval._limits import Limit, check_limit, needs_rows
from sknorms.neighbors._retrieval._lookup import Lookup, look_up
from sknorms.neighbors._retrieval._results import SearchResult
from sknorms.neighbors._retrieval._store import Store
from sknorms.neighbors._search import (
    EffectiveMetric,
    Resources,
    allows_nan,
    as_dtype,
    automatic_metric,
    check_n_neighbors,
    check_parameters,
    is_precomputed,
    resolve_metric,
)

__all__ = ["StoreEstimator"]

# Parameters of scikit-learn's neighbour estimators that a retriever does not have.
_DEFAULTS = {"algorithm": "auto", "leaf_size": 30}


class StoreEstimator(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """An estimator whose rows are in a `Store`."""

    metric: Any
    n_neighbors: Any
    min_score: Any
    n_jobs: Any
    working_memory: Any
    verbose: Any

    metric_: str
    metric_audit_: MetricAudit
    n_features_in_: int
    n_samples_fit_: int
    search_stats_: SearchStats

    _store: Store
    _learnt: Any

    @property
    def ids_(self) -> AnyArray:
        """What the rows are called, in order."""
        return self._fitted("ids_").labels.ids

    @property
    def payload_(self) -> Any:
        """What travels with the rows: a DataFrame, or None."""
        return self._fitted("payload_").labels.payload

    @property
    def effective_metric_(self) -> Any:
        """The metric used."""
        self._fitted("effective_metric_")
        return self._settled().effective.name

    @property
    def effective_metric_params_(self) -> dict[str, Any]:
        """Its parameters, learnt ones included."""
        self._fitted("effective_metric_params_")
        return self._settled().effective.params

    def _fitted(self, attribute: str) -> Store:
        if not hasattr(self, "_store"):
            raise AttributeError(
                f"{type(self).__name__} has no {attribute} before fit is called."
            )
        return self._store

    @property
    def _n_features_out(self) -> int:
        return self.n_samples_fit_

    def _check_parameters(self) -> None:
        check_parameters({**_DEFAULTS, **self.get_params(deep=False)})
        check_n_neighbors(self.n_neighbors)
        if is_precomputed(self.metric):
            raise ParameterError(
                "metric='precomputed' is not for a Retriever, which compares rows that "
                "come and go; use NearestNeighbors with a matrix of distances."
            )

    def _declared_metric(self) -> EffectiveMetric:
        """Return what the parameters say, forgetting what an earlier fit chose."""
        for name in ("metric_", "metric_audit_"):
            self.__dict__.pop(name, None)
        if is_automatic(self.metric):
            return automatic_metric(self.metric_params)
        return resolve_metric(self.metric, self.p, self.metric_params)

    def _choose_metric(self, rows: Rows) -> EffectiveMetric:
        """Choose a metric for rows that have no labels, and keep the reason."""
        audit = choose_metric(rows)
        self.metric_, self.metric_audit_ = audit.metric, audit
        return resolve_metric(audit.metric, None, None)

    def _validate(self, X: Any, metric: Metric, *, reset: bool) -> Rows:
        X, nan = metric.encode(X), metric.domain.allows_nan
        with naming_bad_rows(X, allow_nan=nan):
            return validate_data(
                self,
                X,
                accept_sparse="csr",
                dtype=list(STORAGE_DTYPES),
                ensure_all_finite="allow-nan" if nan else True,
                reset=reset,
            )

    def _check_queries(self, X: Any) -> Rows:
        check_is_fitted(self)
        return self._validate(X, self._settled().metric, reset=False)

    def _check_k(self, k: Any, default: Any) -> int | None:
        if k is not None:
            return check_integer("k", k, low=1)
        return None if default is None else check_n_neighbors(default)

    def _check_groups(self, exclude_groups: Any, n_queries: int) -> Admission | None:
        if exclude_groups is None:
            return None
        groups = self._store.groups
        if groups is None:
            raise ParameterError(
                "exclude_groups needs the groups of the rows as well: pass groups= to "
                "fit, one group a row."
            )
        return groups.others(as_labels("exclude_groups", exclude_groups, n_queries))

    def _limit_of_all(self, n_queries: int) -> Limit | None:
        """Return the limit of every search that is told no other."""
        given = self.min_score
        if needs_rows(given):
            # Where there are no rows there is nothing to learn, and nothing to find.
            if self._learnt is None and self._store.n_rows:
                self._learnt = clone(given).fit(self._store.rows)
            given = self._learnt
        return check_limit(self._settled().metric, given, None, n_queries)

    def _keep(self, store: Store) -> Self:
        self._store, self._learnt = store, None
        self.search_stats_ = SearchStats()
        self.n_samples_fit_ = store.n_rows
        return self

    def _settled(self) -> Store:
        """Return the store, ready for a search, and keep it that way."""
        if not self._store.settled:
            self._store = self._store.settle()
        return self._store

    def _result(
        self, store: Store, sought: Lookup, limit: Limit | None
    ) -> SearchResult:
        dtype = np.promote_types(store.output_dtype, output_dtype(sought.queries))
        queries = store.metric.check_rows(sought.queries)
        self.search_stats_.reset()
        use = Resources(self.n_jobs, self.working_memory, self.search_stats_)
        progress = Progress.of(self.verbose, sought.n_queries)
        sought = replace(sought, queries=queries, progress=progress)
        found = look_up(store, sought, use)
        values = store.metric.finish(found.keys)
        _require_finite(values)
        opposites = 1.0 - values if store.metric.complementary else None
        result = SearchResult(
            starts=found.starts,
            all_indices=found.indices,
            all_ids=store.labels.ids[found.indices],
            all_values=as_dtype(values, dtype),
            all_opposites=None if opposites is None else as_dtype(opposites, dtype),
            metric=store.effective.name,
            higher_is_better=store.metric.larger_is_closer,
            payload=store.labels.payload,
        )
        return result if limit is None else result.keep(limit.holds(result))

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = allows_nan(self.metric)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _require_finite(values: FloatArray) -> None:
    if not np.isfinite(values).all():
        raise ValueError(
            "X has queries whose similarity to some row is beyond the range of "
            "float64; scale queries or rows down."
        )
