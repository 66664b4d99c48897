"""What every neighbour estimator does: validate, resolve the metric, index the rows."""

import warnings
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, MultiOutputMixin, is_regressor
from sklearn.neighbors import BallTree, KDTree
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._progress import Progress
from sknorms._typing import Rows
from sknorms._validation import STORAGE_DTYPES, naming_bad_rows, output_dtype
from sknorms.audit import MetricAudit
from sknorms.audit._automatic import (
    Target,
    check_audit,
    choose_metric,
    is_automatic,
    warn_if_wrong,
)
from sknorms.engine import SearchStats
from sknorms.metrics import Metric
from sknorms.neighbors._search._index import (
    Index,
    MetricIndex,
    Queries,
    Resources,
    own_copy,
)
from sknorms.neighbors._search._parameters import check_parameters, get_strategy
from sknorms.neighbors._search._precomputed import (
    PrecomputedIndex,
    check_distances,
    is_precomputed,
)
from sknorms.neighbors._search._resolution import (
    EffectiveMetric,
    allows_nan,
    automatic_metric,
    check_algorithm,
    resolve_metric,
)

__all__ = ["NeighborsBase"]


class NeighborsBase(MultiOutputMixin, BaseEstimator):
    """Validation, metric and index; subclasses store the constructor parameters.

    A subclass calls `_fit_rows` in ``fit`` and asks `_index` with `_queries`.
    """

    n_neighbors: Any = None
    algorithm: Any
    leaf_size: Any
    metric: Any
    p: Any
    metric_params: Any
    n_jobs: Any
    working_memory: Any
    verbose: Any = 0
    audit: Any = None
    # Whether ``metric="auto"`` is a choice to make in `fit`.
    _chooses_metric: ClassVar[bool] = False

    _index: Index
    # Queries whose neighbours are known already, and what is passed for them.
    _known: Any = None
    metric_: str
    metric_audit_: MetricAudit
    n_features_in_: int
    n_samples_fit_: int
    effective_metric_: Any
    effective_metric_params_: dict[str, Any]
    effective_algorithm_: str
    search_stats_: SearchStats

    def _fit_rows(self, X: Any, *target: Any) -> Any:
        """Validate X (and y, if given), index the rows, and return the checked y."""
        check_parameters(self.get_params(deep=False))
        self._known = None
        warns = check_audit(self.audit)
        for name in ("metric_", "metric_audit_"):  # of an earlier fit
            self.__dict__.pop(name, None)
        X, effective = _rows_held(X), self._resolve_metric()
        if effective is not None:
            effective = effective.learn_table(X)
            X = effective.record.encode(X)
        rows, y = self._validate_training(X, target, effective)
        if effective is None:
            self._index = PrecomputedIndex.fit(rows)
            self.effective_metric_, self.effective_metric_params_ = self.metric, {}
        else:
            if self._is_automatic:
                effective = self._choose_metric(rows, y)
            record = self._fit_metric(effective, rows)
            if warns:
                warn_if_wrong(record, rows, type(self).__name__, stacklevel=3)
        self._output_dtype = output_dtype(rows)
        self.n_samples_fit_ = int(rows.shape[0])
        self.effective_algorithm_ = self._index.algorithm
        self.search_stats_ = SearchStats()
        return y

    def _fit_metric(self, effective: EffectiveMetric, rows: Rows) -> Metric:
        if sparse.issparse(rows) and self.algorithm not in ("auto", "brute"):
            warnings.warn(
                f"cannot use tree with sparse input, nor any algorithm but 'brute'; "
                f"got algorithm={self.algorithm!r}: using brute force",
                UserWarning,
                stacklevel=4,
            )
        stored = own_copy(effective.record.check_rows(rows))
        learned = effective.learn(stored)
        strategy = get_strategy(self.algorithm)
        self._index = MetricIndex.fit(
            learned.record, stored, strategy, self.n_neighbors
        )
        self.effective_metric_ = learned.name
        self.effective_metric_params_ = learned.params
        return learned.record

    @property
    def _is_automatic(self) -> bool:
        return self._chooses_metric and is_automatic(self.metric)

    def _choose_metric(self, rows: Rows, y: Any) -> EffectiveMetric:
        """Choose by labels that have one column, else by the rows alone."""
        single = y is not None and np.size(y) == rows.shape[0]
        target = Target(np.ravel(y), is_regressor(self)) if single else None
        audit = choose_metric(rows, target)
        self.metric_, self.metric_audit_ = audit.metric, audit
        return resolve_metric(audit.metric, None, None)

    def _resolve_metric(self) -> EffectiveMetric | None:
        if self._is_automatic:
            return automatic_metric(self.metric_params)
        if is_precomputed(self.metric):
            if self.algorithm not in ("auto", "brute"):
                raise ValueError(
                    f"Metric 'precomputed' not valid for algorithm={self.algorithm!r}; "
                    'set algorithm="auto".'
                )
            return None
        effective = resolve_metric(self.metric, self.p, self.metric_params)
        check_algorithm(self.algorithm, self.metric, effective)
        return effective

    def _validate_training(
        self, X: Any, target: tuple[Any, ...], effective: EffectiveMetric | None
    ) -> tuple[Rows, Any]:
        if effective is None:
            X = check_distances(X)
        nan = effective is not None and effective.record.domain.allows_nan
        with naming_bad_rows(X, allow_nan=nan):
            if not target:
                return validate_data(self, X, **_row_rules(nan)), None
            rules = {**_row_rules(nan), "multi_output": True}
            rows, y = validate_data(self, X, *target, **rules)
        return rows, y.toarray() if sparse.issparse(y) else y

    def _queries(self, X: Any) -> Queries:
        """Validate queries; None stands for the training rows."""
        check_is_fitted(self)
        self.search_stats_.reset()
        if self._known is not None and X is self._known.asked:
            known: Queries = self._known
            return known
        index = self._index
        if X is None:
            own = Queries(index.training_rows, self._output_dtype, True)
            return self._announced(own)
        rules = _row_rules(index.allows_nan)
        X = index.admit(X)
        with naming_bad_rows(X, allow_nan=index.allows_nan):
            rows = validate_data(self, X, reset=False, **rules)
        # float32 only if both sides are.
        dtype = np.promote_types(self._output_dtype, output_dtype(rows))
        return self._announced(Queries(index.check_rows(rows), dtype))

    def _announced(self, queries: Queries) -> Queries:
        """Return queries whose progress is shown, if that is asked for."""
        return replace(queries, progress=Progress.of(self.verbose, len(queries)))

    @property
    def _resources(self) -> Resources:
        return Resources(self.n_jobs, self.working_memory, self.search_stats_)

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = is_precomputed(self.metric)
        tags.input_tags.positive_only = tags.input_tags.pairwise
        tags.input_tags.allow_nan = allows_nan(self.metric)
        return tags


def _rows_held(X: Any) -> Any:
    """Return the rows that a tree or a fitted estimator holds, as scikit-learn does."""
    if isinstance(X, BallTree | KDTree):
        return np.asarray(X.data)
    if isinstance(X, NeighborsBase):
        check_is_fitted(X)
        return X._index.training_rows
    return X


def _row_rules(nan: bool) -> dict[str, Any]:
    """Return what `validate_data` is to check and keep."""
    return {
        "accept_sparse": "csr",
        "dtype": list(STORAGE_DTYPES),
        "ensure_all_finite": "allow-nan" if nan else True,
    }
