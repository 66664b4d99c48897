"""Search in rows that have names: the estimator."""

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sknorms._typing import AnyArray
from sknorms.audit._automatic import check_audit, is_automatic, warn_if_wrong
from sknorms.metrics import make_retrieval_scorer
from sknorms.neighbors._retrieval import (
    Labels,
    Lookup,
    PairMask,
    SearchResult,
    Store,
    StoreEstimator,
    check_limit,
    check_where,
    require_yes_or_no,
)
from sknorms.neighbors._search import neighbor_graph

__all__ = ["Retriever"]


class Retriever(StoreEstimator):
    """Exact search in rows that have ids, with filters, additions and removals.

    Parameters
    ----------
    metric : str, Metric or callable, default="cosine"
        A name of `sknorms.metrics.metric_names`, a record with its parameters, or a
        function as `NearestNeighbors` takes it. "auto" is euclidean, or cosine where
        the rows say so (`sknorms.audit.check_metric`).
    n_neighbors : int, default=10
        How many rows `search`, `score` and `transform` find unless told otherwise.
    min_score : float or ThresholdCalibrator, default=None
        Smallest similarity of what they find, unless `search` is told another limit. A
        fitted calibrator stands for what it has learnt. Another one is fitted to the
        rows, and again when rows are added or removed.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt from the rows where it is not given, and again when rows are added or
        removed.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting.
    verbose : int, default=0
        Whether to show on standard error how many queries are answered, how fast, and
        how long the rest will take: 0 never, 1 on a terminal and for work of more than
        half a second, 2 always. tqdm draws the line if it is installed.
    audit : {"warn"} or None, default="warn"
        "warn" looks in `fit` whether the metric suits the rows, as
        `sknorms.audit.check_metric` does, and issues a `MetricMismatchWarning` if not,
        once a process for each cause. It takes a tenth of a second, and nothing for
        fewer than 150 rows. None does not look.

    Attributes
    ----------
    ids_ : ndarray of shape (n_samples_fit_,)
        What the rows are called, in order.
    payload_ : DataFrame or None
        What travels with them.
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    search_stats_ : SearchStats
        Pairs scored (``products``), not ruled out by that (``survivors``) and measured
        exactly (``refinements``) for the last queries.
    metric_ : str
        The metric that was chosen, if ``metric="auto"``.
    metric_audit_ : MetricAudit
        Why.
    n_samples_fit_ : int
        Number of rows, without those removed.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    NearestNeighbors : Neighbors of rows that have no names, as in scikit-learn.

    Notes
    -----
    **Ids.** The id of a row is what a hit is called by. Ids are, first come first
    served: ``y`` if it has one dimension (a list, an array, a pandas or polars Series,
    a pandas Index; any values); the index of ``y`` if that is a pandas DataFrame; the
    index of ``X`` if that is one; else numbers in order of arrival, which stay with
    their rows and are not given again. Several rows may share an id (the passages of a
    document, the members of a class), but `remove` needs an id that belongs to one row.
    A DataFrame as ``y`` is a payload: it travels with the rows and shows up in
    ``to_frame()`` of a result.

    **Positions.** ``indices`` of a result, ``where`` and matrices of relevance count
    rows from 0 in order of arrival without removed ones, as if the rows that are left
    had been fitted anew. All answers are those of such a fit, bit for bit.

    **Zero rows** have no direction: under "cosine" they are at distance 1 from every
    other row, and at distance 0 from each other.

    Rows passed to `fit` are kept, not copied where they are a C-ordered array: changing
    them afterwards makes the answers wrong. `partial_fit` copies.

    Examples
    --------
    >>> from sknorms.neighbors import Retriever
    >>> rows = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> retriever = Retriever(n_neighbors=2).fit(rows, ["east", "north", "both"])
    >>> result = retriever.search([[3.0, 0.5]])
    >>> result.ids
    array([['east', 'both']], dtype='<U5')
    >>> result.similarities.round(2)
    array([[0.99, 0.81]])

    Only some rows, or only good ones; a list may well be shorter then:

    >>> retriever.search([[3.0, 0.5]], where=[False, True, True]).ids
    array([['both', 'north']], dtype='<U5')
    >>> [hit.id for hit in retriever.search([[3.0, 0.5]], min_score=0.9)[0]]
    ['east']

    Rows come and go:

    >>> _ = retriever.partial_fit([[2.0, 0.1]], ["almost east"]).remove(["east"])
    >>> retriever.search([[3.0, 0.5]], k=1)[0][0].id
    'almost east'
    """

    def __init__(
        self,
        metric: Any = "cosine",
        *,
        n_neighbors: Any = 10,
        min_score: Any = None,
        p: Any = 2,
        metric_params: Any = None,
        n_jobs: Any = None,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = "warn",
    ) -> None:
        self.metric = metric
        self.n_neighbors = n_neighbors
        self.min_score = min_score
        self.p = p
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def fit(self, X: Any, y: Any = None, *, groups: Any = None) -> Self:
        """Take the rows to search in, and forget others.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or DataFrame of n_samples rows, \
default=None
            Ids, or a payload; see the notes of the class. None takes the index of a
            pandas DataFrame, or numbers the rows.
        groups : array-like of shape (n_samples,), default=None
            The group of every row (its author, its source), for ``exclude_groups`` of
            `search`. None and NaN are no group.

        Returns
        -------
        Retriever
            The estimator itself.
        """
        self._check_parameters()
        warns = check_audit(self.audit)
        declared = self._declared_metric()
        unlearned = declared.learn_table(X)
        rows = self._validate(X, unlearned.record, reset=True)
        labels = Labels.read(X, y, groups, rows.shape[0], 0)
        if is_automatic(self.metric):
            declared = unlearned = self._choose_metric(rows)
        self._keep(Store.fit(declared, unlearned, rows, labels))
        self._limit_of_all(1)
        if warns:
            warn_if_wrong(unlearned.record, rows, type(self).__name__, stacklevel=2)
        return self

    def partial_fit(self, X: Any, y: Any = None, *, groups: Any = None) -> Self:
        """Add rows after those there are; the first call is a `fit`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            More rows. They are copied, as dense or CSR as the rows there are.
        y : array-like of shape (n_samples,) or DataFrame of n_samples rows, \
default=None
            Ids or payload, if the rows there are have such.
        groups : array-like of shape (n_samples,), default=None
            Groups, if the rows there are have such.

        Returns
        -------
        Retriever
            The estimator itself.

        Notes
        -----
        Adding m rows costs a copy of them. They are prepared by the next search, which
        leaves large blocks of earlier rows alone: over any sequence of additions every
        row is prepared O(log n) times. Only a metric that learns from the rows
        ("seuclidean", "mahalanobis", "gower", without parameters) learns anew from all
        of them and prepares all of them at the first search after a change.
        """
        if not hasattr(self, "_store"):
            return self.fit(X, y, groups=groups)
        unlearned = self._store.extended(X)
        rows = self._validate(X, unlearned.record, reset=False)
        first = self._store.n_added
        labels = Labels.read(X, y, groups, rows.shape[0], first)
        return self._keep(self._store.add(unlearned, rows, labels))

    def remove(self, ids: Any) -> Self:
        """Remove rows.

        Parameters
        ----------
        ids : id or 1-d array-like of ids
            Whose rows to remove. Each id must belong to exactly one row.

        Returns
        -------
        Retriever
            The estimator itself. It may be left without any row, and then finds none.

        Raises
        ------
        ValueError
            If an id belongs to no row, or to several; no row is removed then.

        Notes
        -----
        The cost is that of marking the rows. They are dropped, and memory is freed, by
        the first search after a quarter of their block is gone.
        """
        check_is_fitted(self)
        return self._keep(self._store.remove(ids))

    def search(
        self,
        X: Any,
        k: Any = None,
        *,
        where: Any = None,
        min_score: Any = None,
        radius: Any = None,
        exclude_groups: Any = None,
    ) -> SearchResult:
        """Find the closest rows of every query.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.
        k : int, default=None
            At most how many rows to find. None takes ``n_neighbors``, or, if a limit is
            given here (``min_score`` or ``radius``), finds all rows within it.
        where : bool array-like of shape (n_samples_fit_,) or (n_queries, \
n_samples_fit_), or boolean sparse matrix of the latter, default=None
            Which rows may be found: one mask for all queries, or one for each. Of a
            sparse matrix, stored true entries may be found.
        min_score : float, array-like of shape (n_queries,) or ThresholdCalibrator, \
default=None
            Smallest similarity of a hit, itself included. A fitted calibrator of the
            same metric stands for what it has learnt.
        radius : float, array-like of shape (n_queries,) or ThresholdCalibrator, \
default=None
            Largest distance of a hit, itself included, in the same forms.
        exclude_groups : array-like of shape (n_queries,), default=None
            The group of every query; rows that were fitted with the same one in
            ``groups`` are not found. None and NaN exclude nothing.

        Returns
        -------
        SearchResult
            Hits of every query, closest first, equals by position. A list is shorter
            than k where fewer rows are admitted, within the limit, or comparable to the
            query at all; nothing is ever filled up.

        Raises
        ------
        ValueError
            If a parameter has a wrong shape or value, or a limit is given that means
            nothing to the metric (a similarity has no radius, unless it is one minus a
            distance, as cosine is).
        """
        rows = self._check_queries(X)
        store = self._settled()
        n_queries = int(rows.shape[0])
        given = check_limit(store.metric, min_score, radius, n_queries)
        limit = self._limit_of_all(n_queries) if given is None else given
        masks = None if where is None else check_where(where, n_queries, store.n_rows)
        sought = Lookup(
            rows,
            self._check_k(k, None if given is not None else self.n_neighbors),
            None if limit is None else limit.keys(store.metric),
            mask=masks if isinstance(masks, np.ndarray) else None,
            pair_mask=masks if isinstance(masks, PairMask) else None,
            rule=self._check_groups(exclude_groups, n_queries),
        )
        return self._result(store, sought, limit)

    def score(self, X: Any, y: Any, *, k: Any = None) -> float:
        """Return the recall at k: the mean share of what is relevant that is found.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.
        y : array-like of n_queries ids or collections of ids, or boolean matrix of \
shape (n_queries, n_samples_fit_)
            What is relevant to each query: one id, several, or the rows themselves
            (dense or CSR). Ids that no row has count as not found.
        k : int, default=None
            How many rows to look at; None takes ``n_neighbors``.

        Returns
        -------
        float
            In [0, 1]. Queries that nothing is relevant to are left out. Where rows
            share an id, one of them is enough to have found it: with class labels as
            ids this is the share of queries with one of their class among the k. Where
            rows tie for the last places, this is the mean over which of them come
            first.

        See Also
        --------
        sknorms.metrics.make_retrieval_scorer : Other scores, for cross-validation.
        """
        check_is_fitted(self)
        k = self._check_k(k, self.n_neighbors)
        require_yes_or_no(y)
        return make_retrieval_scorer(f"recall@{k}", distinct=True)(self, X, y)

    def transform(self, X: Any) -> Any:
        """Return the similarity of every query to its nearest rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features)
            The queries.

        Returns
        -------
        CSR of shape (n_queries, n_samples_fit_)
            Up to ``n_neighbors`` stored entries a row, closest first: larger is closer,
            and what is not stored is far. They are the metric's similarities where it
            has such (cosine, dot, jaccard, ...), and ``1 / (1 + distance)`` elsewhere.
        """
        rows = self._check_queries(X)
        store = self._settled()
        limit = self._limit_of_all(int(rows.shape[0]))
        keys = None if limit is None else limit.keys(store.metric)
        sought = Lookup(rows, self._check_k(None, self.n_neighbors), keys)
        found = self._result(store, sought, limit)
        return neighbor_graph(
            _closeness(found), found.all_indices, found.starts, store.n_rows
        )


def _closeness(found: SearchResult) -> AnyArray:
    """Return the similarities of all hits, of distances without such 1 / (1 + d)."""
    if found.higher_is_better:
        return found.all_values
    if found.all_opposites is not None:
        return found.all_opposites
    closeness: AnyArray = 1.0 / (1.0 + found.all_values)
    return closeness
