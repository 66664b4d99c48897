"""Retrieval scores of fitted estimators, for cross-validation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._ids import as_objects, hashable
from sknorms._typing import FloatArray, IndexArray
from sknorms._validation import (
    ParameterError,
    check_integer,
    check_known_parameters,
)
from sknorms.engine import working_bytes
from sknorms.metrics._hit_lists import HitLists, read_hit_lists
from sknorms.metrics._judged import judge
from sknorms.metrics._relevance import Relevance, RowNames, read_relevance
from sknorms.metrics._retrieval_scores import RetrievalScore, retrieval_scores
from sknorms.metrics._score_summary import Summary

__all__ = ["RetrievalScorer", "make_retrieval_scorer"]

# Bytes that a hit takes while a score is computed from it, about.
_HIT_BYTES = 128


def make_retrieval_scorer(
    score: str,
    *,
    relevant: Mapping[Any, Any] | None = None,
    empty: str | float = "skip",
    **options: Any,
) -> "RetrievalScorer":
    """Make a scorer of searches, for ``scoring=`` of scikit-learn.

    Parameters
    ----------
    score : str
        "recall@10", "precision@10", "average_precision@10" or "map@10",
        "reciprocal_rank@10" or "mrr@10", "ndcg@10", with any number; without one, k is
        the ``n_neighbors`` of the estimator that searches.
    relevant : mapping, default=None
        What is relevant to a query that goes by an id: a collection of ids, or a
        mapping of ids to grades. Then ``y`` are the ids of queries, and to one that is
        not in here nothing is relevant. None takes what is relevant from ``y``.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        What queries count as that nothing is relevant to. "skip" leaves them out.
    **options
        Those of the score: ``capped`` and ``distinct`` of `recall_at_k`, ``capped`` of
        `average_precision_at_k`, ``gain`` of `ndcg_at_k`.

    Returns
    -------
    callable
        ``scorer(estimator, X, y) -> float``, in [0, 1]; it can be pickled.

    Raises
    ------
    ValueError
        If there is no score of that name, or it has no such option.

    See Also
    --------
    recall_at_k : The scores as functions.

    Notes
    -----
    The estimator is one with ``search``, such as `sknorms.neighbors.Retriever`, or a
    `sklearn.pipeline.Pipeline` that ends in one; ``X`` are queries, and the rows that
    were fitted are searched. ``y`` says what is relevant: an id a query, in
    cross-validation a label, to which all rows fitted with that id are relevant; or, if
    the scorer is called by hand, collections of ids, or a matrix of queries by rows.
    Where `Retriever` takes ids from the index of a pandas frame, ``y`` or ``X``, so
    does this. In cross-validation, what is relevant but not among the rows of the
    training folds is no row, and does not count (with ``distinct``: is not found).

    Hits with equal values are in no order: a score is its mean over all orders. All
    rows that tie with the k-th hit are searched for, so this mean is exact.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sknorms.metrics import make_retrieval_scorer
    >>> from sknorms.neighbors import Retriever
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(
    ...     make_pipeline(StandardScaler(), Retriever()),
    ...     {"retriever__metric": ["euclidean", "cosine"]},
    ...     scoring=make_retrieval_scorer("precision@5"),
    ... )
    >>> search.fit(X, y).best_params_
    {'retriever__metric': 'euclidean'}
    """
    name, k = _read_name(score)
    record = retrieval_scores()[name]
    check_known_parameters(f"score {name!r}", options, record.options())
    if relevant is not None and not isinstance(relevant, Mapping):
        raise ParameterError(
            "relevant must map ids of queries to what is relevant to them; got "
            f"{type(relevant).__name__}. Pass what is relevant as y instead, where "
            "queries have no ids."
        )
    return RetrievalScorer(record(**options), k, Summary("mean", empty, "y"), relevant)


def _read_name(score: Any) -> tuple[str, int | None]:
    known = retrieval_scores()
    name, at, number = str(score).partition("@")
    digits = number.isascii() and number.isdigit() and int(number) > 0
    if not isinstance(score, str) or name not in known or (at and not digits):
        raise ParameterError(
            'score must be a name, or a name and a number >= 1 as in "recall@10"; got '
            f"{score!r}. Names: {', '.join(sorted(known))}."
        )
    return name, int(number) if at else None


@dataclass(frozen=True, eq=False, repr=False)
class RetrievalScorer:
    """A score of what an estimator finds; call it with estimator, queries and y.

    Attributes
    ----------
    score : RetrievalScore
    k : int or None
    summary : Summary
    relevant : mapping or None
    """

    score: RetrievalScore
    k: int | None
    summary: Summary
    relevant: Mapping[Any, Any] | None

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Return the mean score of queries, as `make_retrieval_scorer` says."""
        searcher, queries = _reach(estimator, X)
        k = self.k
        if k is None:
            k = check_integer("n_neighbors", searcher.n_neighbors, low=1)
        result = searcher.search(queries, k=k + 1)
        lists = read_hit_lists(result)
        names = RowNames(searcher.ids_, self.summary.name)
        relevance = read_relevance(self._relevant(X, y), lists.n_queries, names)
        judged = judge(lists, relevance)
        values = self.score.values(judged, k)
        asked = np.asarray(self.score.is_asked(judged))
        cut = _cut_ties(lists, k)
        if len(cut):
            limited = _Limited(searcher, queries, result.higher_is_better)
            for which, more in limited.lists(cut, lists, k):
                values[which] = self._values(more, relevance.take(which), k)
        return float(self.summary.of(values, asked))

    def _values(self, lists: HitLists, relevance: Relevance, k: int) -> FloatArray:
        return self.score.values(judge(lists, relevance), k)

    def _relevant(self, X: Any, y: Any) -> Any:
        ids = _index_of(X if y is None else y, y)
        if ids is None:
            raise ParameterError(
                "y must say what is relevant to each query, an id or a label each; got "
                "None, and X has no index that could."
            )
        if self.relevant is None:
            return ids
        if not hasattr(ids, "__iter__") or isinstance(ids, str | bytes):
            raise ParameterError(
                "y must hold the ids of queries, because relevant says what is "
                f"relevant to each; got {type(y).__name__}."
            )
        return [self.relevant.get(label, ()) for label in hashable(as_objects(ids))]

    def __repr__(self) -> str:
        name = self.score.name if self.k is None else f"{self.score.name}@{self.k}"
        return f"make_retrieval_scorer({name!r})"


def _index_of(table: Any, otherwise: Any) -> Any:
    """Return the index of a pandas frame, where a retriever finds ids as well."""
    is_frame = hasattr(table, "iloc") and hasattr(table, "columns")
    return table.index if is_frame else otherwise


def _reach(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Return the estimator that searches, and what queries are by then."""
    while hasattr(estimator, "steps"):
        if len(estimator.steps) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator[-1]
    if not callable(getattr(estimator, "search", None)):
        raise ParameterError(
            "a retrieval score needs an estimator that searches, such as a Retriever "
            f"or a Pipeline that ends in one; got {type(estimator).__name__}."
        )
    return estimator, X


def _cut_ties(lists: HitLists, k: int) -> IndexArray:
    """Return the queries whose k-th hit has the value of the next one."""
    next_hit = lists.starts[:-1] + k
    longer = np.flatnonzero(next_hit < lists.starts[1:])
    cut: IndexArray = longer[~lists.opens[next_hit[longer]]]
    return cut


@dataclass(frozen=True, eq=False)
class _Limited:
    """Searches for everything that is not farther than a hit.

    Attributes
    ----------
    searcher : estimator
    queries : array-like
    similar : bool
        Whether hits have similarities rather than distances.
    """

    searcher: Any
    queries: Any
    similar: bool

    def lists(
        self, which: IndexArray, lists: HitLists, k: int
    ) -> Iterator[tuple[IndexArray, HitLists]]:
        """Yield some queries at a time and their lists, up to all that tie with hit k.

        As many as memory allows, should all rows tie.
        """
        budget = working_bytes(getattr(self.searcher, "working_memory", None))
        most = max(1, budget // (_HIT_BYTES * len(self.searcher.ids_)))
        name = "min_score" if self.similar else "radius"
        for block in row_slices(len(which), most):
            some = which[block]
            limits = np.asarray(lists.values, np.float64)[lists.starts[some] + k]
            found = self.searcher.search(_take(self.queries, some), **{name: limits})
            yield some, read_hit_lists(found)


def _take(queries: Any, which: IndexArray) -> Any:
    """Return some rows of a table of any kind."""
    if hasattr(queries, "iloc"):
        return queries.iloc[which]
    if sparse.issparse(queries):
        return queries.tocsr()[which]
    if isinstance(queries, list | tuple):
        return [queries[row] for row in which]
    return queries[which]
