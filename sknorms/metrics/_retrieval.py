"""Retrieval scores as functions of what is relevant and what was found."""

from dataclasses import dataclass
from typing import Any

from sknorms._ids import as_objects
from sknorms._typing import AnyArray
from sknorms._validation import ParameterError, check_integer
from sknorms.metrics._hit_lists import read_hit_lists
from sknorms.metrics._judged import judge
from sknorms.metrics._relevance import RowNames, is_matrix, read_relevance
from sknorms.metrics._retrieval_scores import (
    NDCG,
    AveragePrecision,
    Precision,
    Recall,
    ReciprocalRank,
    RetrievalScore,
)
from sknorms.metrics._score_summary import Summary

__all__ = [
    "average_precision_at_k",
    "ndcg_at_k",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank",
]


def recall_at_k(
    relevant: Any,
    found: Any,
    k: int | None = None,
    *,
    labels: Any = None,
    distances: Any = None,
    similarities: Any = None,
    average: str | None = "mean",
    empty: str | float = "skip",
    capped: bool = False,
    distinct: bool = False,
) -> Any:
    """Return the share of what is relevant that is among the first k found.

    Parameters
    ----------
    relevant : array-like of shape (n_queries,), list of n_queries collections, or \
matrix of shape (n_queries, n_rows)
        What is relevant to each query: one id, a collection of ids, or a mapping of ids
        to grades >= 0; ids are those in ``found``, or in ``labels`` if these are given.
        Or the rows themselves, in a sparse matrix or a 2-d array of bool or float, to
        which ``found`` refers by number. A grade above 0 is relevant. A 2-d array of
        another type is a collection of ids a row.
    found : search result, array-like of shape (n_queries, k) or list of n_queries lists
        What was found, closest first: the result of `sknorms.neighbors.Retriever`, ids,
        or numbers of rows. Lists may differ in length; a hit comes once in a list.
    k : int, default=None
        How many of each list to look at, more than it has too; None takes all.
    labels : array-like of shape (n_rows,), default=None
        What rows are called, for lists of row numbers: a row is relevant to a query if
        its label is. Rows may share labels, such as classes.
    distances, similarities : as found, default=None
        The values of hits. Hits of a query with equal values are in no order: the
        score is its mean over all orders of them. A search result has its own values;
        plain lists without either have no ties. Ties at place k are averaged right only
        if the lists go on to the last of them.
    average : {"mean"} or None, default="mean"
        Whether to return the mean over queries, or one score a query.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        What queries count as that nothing is relevant to. "skip" leaves them out of the
        mean; with ``average=None`` they need a number.
    capped : bool, default=False
        Whether to divide by k, instead of by all that is relevant, where that is more
        than k: then a list of k relevant rows scores 1.
    distinct : bool, default=False
        With ``labels``: whether a label counts once, as found where any of its rows is.
        With one class a query, this is the share of queries for which some row of the
        class is among the first k, the recall of work on metric learning. Labels that
        no row has are not found.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        In [0, 1].

    Raises
    ------
    ValueError
        If lists and relevance do not fit, a list has a hit twice, values are out of
        order, no row has any relevant label, or nothing is relevant to any query.

    See Also
    --------
    precision_at_k : The share of places, not of what is relevant.
    make_retrieval_scorer : The same for cross-validation.

    Examples
    --------
    >>> from sknorms.metrics import recall_at_k
    >>> recall_at_k([["a", "b"], ["c"]], [["a", "x", "b"], ["x", "y", "z"]], k=2)
    0.25

    Rows of a class, by number, where the last two tie:

    >>> recall_at_k(
    ...     ["cat"], [[0, 2, 1]], k=2, labels=["cat", "cat", "dog"],
    ...     distances=[[0.1, 0.5, 0.5]],
    ... )
    0.75
    """
    lists = _Lists(found, labels, distances, similarities)
    return _evaluate(Recall(capped, distinct), relevant, lists, k, average, empty)


def precision_at_k(
    relevant: Any,
    found: Any,
    k: int | None = None,
    *,
    labels: Any = None,
    distances: Any = None,
    similarities: Any = None,
    average: str | None = "mean",
    empty: str | float = "skip",
) -> Any:
    """Return the share of the first k places that hold something relevant.

    Parameters
    ----------
    relevant, found : array-like
        What is relevant and what was found, as `recall_at_k` takes them.
    k : int, default=None
        How many places to look at; one that a list does not have holds nothing
        relevant. None divides by the length of the list.
    labels, distances, similarities : array-like, default=None
        As in `recall_at_k`.
    average : {"mean"} or None, default="mean"
        Whether to return the mean over queries, or one score a query.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        As in `recall_at_k`.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        In [0, 1].

    See Also
    --------
    recall_at_k : The share of what is relevant. Says more about the parameters.

    Examples
    --------
    >>> from sknorms.metrics import precision_at_k
    >>> precision_at_k([["a", "b"], ["c"]], [["a", "b"], ["x", "c"]], k=2)
    0.75
    """
    lists = _Lists(found, labels, distances, similarities)
    return _evaluate(Precision(), relevant, lists, k, average, empty)


def average_precision_at_k(
    relevant: Any,
    found: Any,
    k: int | None = None,
    *,
    labels: Any = None,
    distances: Any = None,
    similarities: Any = None,
    average: str | None = "mean",
    empty: str | float = "skip",
    capped: bool = False,
) -> Any:
    """Return the mean of the precisions at the places of what is relevant.

    What is not among the first k adds a precision of 0. The mean over queries is known
    as MAP.

    Parameters
    ----------
    relevant, found : array-like
        What is relevant and what was found, as `recall_at_k` takes them.
    k : int, default=None
        How many of each list to look at, more than it has too; None takes all.
    labels, distances, similarities : array-like, default=None
        As in `recall_at_k`.
    average : {"mean"} or None, default="mean"
        Whether to return the mean over queries, or one score a query.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        As in `recall_at_k`.
    capped : bool, default=False
        Whether to divide by k, instead of by all that is relevant, where that is more
        than k. trec_eval ("map_cut") does not.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        In [0, 1].

    See Also
    --------
    recall_at_k : Says more about the parameters.
    sklearn.metrics.average_precision_score : The same of a full ranking with a score
        for every row, where rows that tie share one place.

    Examples
    --------
    Relevant hits at places 1 and 3: (1/1 + 2/3) / 2.

    >>> from sknorms.metrics import average_precision_at_k
    >>> round(average_precision_at_k([["a", "b"]], [["a", "x", "b"]]), 4)
    0.8333
    """
    lists = _Lists(found, labels, distances, similarities)
    return _evaluate(AveragePrecision(capped), relevant, lists, k, average, empty)


def reciprocal_rank(
    relevant: Any,
    found: Any,
    k: int | None = None,
    *,
    labels: Any = None,
    distances: Any = None,
    similarities: Any = None,
    average: str | None = "mean",
    empty: str | float = "skip",
) -> Any:
    """Return one over the place of the first relevant hit, or 0 without one.

    The mean over queries is known as MRR.

    Parameters
    ----------
    relevant, found : array-like
        What is relevant and what was found, as `recall_at_k` takes them.
    k : int, default=None
        How many of each list to look at, more than it has too; None takes all.
    labels, distances, similarities : array-like, default=None
        As in `recall_at_k`.
    average : {"mean"} or None, default="mean"
        Whether to return the mean over queries, or one score a query.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        As in `recall_at_k`.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        In [0, 1].

    See Also
    --------
    recall_at_k : Says more about the parameters.

    Examples
    --------
    >>> from sknorms.metrics import reciprocal_rank
    >>> reciprocal_rank(["a", "b"], [["x", "a", "y"], ["b", "x", "y"]])
    0.75
    """
    lists = _Lists(found, labels, distances, similarities)
    return _evaluate(ReciprocalRank(), relevant, lists, k, average, empty)


def ndcg_at_k(
    relevant: Any,
    found: Any,
    k: int | None = None,
    *,
    labels: Any = None,
    distances: Any = None,
    similarities: Any = None,
    average: str | None = "mean",
    empty: str | float = "skip",
    gain: str = "linear",
) -> Any:
    """Return the discounted gain of the first k hits, over the best there could be.

    A hit at place i adds its gain divided by log2(i + 1).

    Parameters
    ----------
    relevant, found : array-like
        What is relevant and what was found, as `recall_at_k` takes them. Grades come
        from a matrix or from mappings of ids to grades; otherwise all are 1.
    k : int, default=None
        How many of each list to look at, more than it has too; None takes all, and
        compares with the best list of everything relevant.
    labels, distances, similarities : array-like, default=None
        As in `recall_at_k`.
    average : {"mean"} or None, default="mean"
        Whether to return the mean over queries, or one score a query.
    empty : {"skip", "raise"} or float in [0, 1], default="skip"
        As in `recall_at_k`.
    gain : {"linear", "exponential"}, default="linear"
        What a grade is worth: itself, or 2 ** grade - 1.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        In [0, 1].

    See Also
    --------
    recall_at_k : Says more about the parameters.
    sklearn.metrics.ndcg_score : The same of a full ranking with a score for every row.

    References
    ----------
    .. [1] K. Järvelin, J. Kekäläinen, "Cumulated gain-based evaluation of IR
       techniques", ACM Transactions on Information Systems 20(4), 2002.
    .. [2] F. McSherry, M. Najork, "Computing information retrieval performance measures
       efficiently in the presence of tied scores", ECIR 2008.

    Examples
    --------
    >>> from sknorms.metrics import ndcg_at_k
    >>> grades = [{"good": 3, "fair": 1}]
    >>> ndcg_at_k(grades, [["good", "fair"]])
    1.0
    >>> round(ndcg_at_k(grades, [["fair", "good"]]), 3)
    0.797
    """
    lists = _Lists(found, labels, distances, similarities)
    return _evaluate(NDCG(gain), relevant, lists, k, average, empty)


@dataclass(frozen=True, eq=False)
class _Lists:
    """What was found, as it was passed."""

    found: Any
    labels: Any
    distances: Any
    similarities: Any

    def names(self, relevant: Any) -> RowNames:
        """Return what is known about the rows."""
        if self.labels is None:
            return RowNames()
        if is_matrix(relevant):
            raise ParameterError(
                "labels are not used where relevant is a matrix, whose columns are the "
                "rows themselves. Drop labels, or pass the relevant labels."
            )
        return RowNames(_labels(self.labels))


def _labels(labels: Any) -> AnyArray:
    if isinstance(labels, str | bytes) or not hasattr(labels, "__len__"):
        raise ParameterError(
            "labels must have one label a row, in the order of the rows; got "
            f"{type(labels).__name__}."
        )
    return as_objects(labels)


def _evaluate(
    score: RetrievalScore,
    relevant: Any,
    passed: _Lists,
    k: int | None,
    average: str | None,
    empty: str | float,
) -> Any:
    summary = Summary(average, empty)
    k = None if k is None else check_integer("k", k, low=1)
    lists = read_hit_lists(passed.found, passed.distances, passed.similarities)
    relevance = read_relevance(relevant, lists.n_queries, passed.names(relevant))
    judged = judge(lists, relevance)
    return summary.of(score.values(judged, k), score.is_asked(judged))
