"""Classification by a vote among all neighbours within a radius."""

from typing import Any

import numpy as np

from sknorms._typing import FloatArray
from sknorms._validation import ParameterError
from sknorms.neighbors._prediction import (
    Answer,
    RadiusPredictor,
    VotingClassifier,
    label_answers,
    most_frequent_answers,
    prior_answers,
)

__all__ = ["RadiusNeighborsClassifier"]

_MOST_FREQUENT, _PRIOR = "most_frequent", "prior"
# Fallbacks that leave no query without an answer: by an error, or by a neighbour.
_NO_ANSWER = ("raise", "nearest")


class RadiusNeighborsClassifier(VotingClassifier, RadiusPredictor):
    """Vote among all neighbors within a radius, exact for every registered metric.

    Parameters
    ----------
    radius : float, default=1.0
        Largest distance of a neighbor, itself included; for a similarity the smallest
        value.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        What a vote counts: one (also None), one over the distance (neighbors at
        distance zero, if there are any, decide alone), or what a function returns for
        the distances. The function is given an array of arrays, one a query, as in
        scikit-learn; a function that cannot work on these (``numpy.exp`` cannot) is
        called with the array of one query after the other.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`.
    outlier_label : label, list of labels, "most_frequent" or None, default=None
        What a query without any neighbor is labeled: a label, one for each output, or
        the most frequent one of ``y``. None raises an error. A label that is not in
        ``y`` is predicted with a warning, and the probabilities are all zero then.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt in `fit` where it is not given.
    n_jobs : int, default=None
        Threads; None takes what ``joblib.parallel_config`` says, outside of any as many
        as BLAS uses.
    class_weight : dict, "balanced", list of these or None, default=None
        What votes for a class are multiplied by: a weight for each label (1 where none
        is given), or n_samples / (n_classes * count of the class). A list has one
        entry for each output.
    fallback : "prior", "nearest", "raise", label, list of labels or None, default=None
        Instead of ``outlier_label``, an answer to queries without any neighbor whose
        probabilities always sum to one: the shares of the votes that all training rows
        together would give; the class of the one nearest row, however far; an error; or
        a label of ``y`` (a label that is one of these words is given as
        ``outlier_label``). None leaves it to ``outlier_label``.
    vote_ties : {"lowest", "nearest", "random"}, default="lowest"
        Who wins if classes have equally many votes: the one that comes first in
        ``classes_``, as in scikit-learn; the one of the nearest neighbor among them; or
        one drawn by lot, the same one for a query in whatever batch it comes. "nearest"
        and "random" take votes for equal that differ by rounding only (1e-12).
    random_state : int, RandomState instance or None, default=None
        Seed of the lots, taken in `fit`; used by ``vote_ties="random"`` only.
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting.
    verbose : int, default=0
        Whether to show on standard error how many queries are answered, how fast, and
        how long the rest will take: 0 never, 1 on a terminal and for work of more than
        half a second, 2 always. tqdm draws the line if it is installed.
    audit : {"warn"} or None, default=None
        "warn" looks in `fit` whether the metric suits the rows, as
        `sknorms.audit.check_metric` does, and issues a `MetricMismatchWarning` if not,
        once for each cause.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of them
        Labels, sorted; a list with one array for each output if ``y`` has several.
    outputs_2d_ : bool
        Whether ``y`` had several outputs.
    outlier_label_ : list or None
        Label of queries without any neighbor, one for each output.
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    effective_algorithm_ : {"brute", "prefix", "kd_tree"}
        How the search is done.
    search_stats_ : SearchStats
        Pairs scored (``products``), not ruled out by that (``survivors``) and measured
        exactly (``refinements``) for the last queries.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    KNeighborsClassifier : Vote among the k nearest neighbors.
    RadiusNeighborsRegressor : Average of all neighbors within a radius.
    NearestNeighbors : The neighbors themselves.

    Notes
    -----
    A row of sample weight w has w votes; one of weight zero is left out, and no
    neighbor of anybody. Whole numbers thus act exactly as repeating rows.

    Examples
    --------
    >>> from sknorms.neighbors import RadiusNeighborsClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = RadiusNeighborsClassifier(radius=1.0).fit(X, y)
    >>> classifier.predict([[0.4], [2.6]])
    array(['low', 'high'], dtype='<U4')
    >>> classifier.predict_proba([[1.0]])
    array([[0.33333333, 0.66666667]])

    Far from everything, where there is no neighbor:

    >>> classifier.predict([[9.0]])
    Traceback (most recent call last):
        ...
    ValueError: No neighbors found for test samples in row 0, you can try ...
    >>> classifier.set_params(fallback="prior").fit(X, y).predict_proba([[9.0]])
    array([[0.5, 0.5]])
    """

    outlier_label_: list[Any] | None

    def __init__(
        self,
        radius: Any = 1.0,
        *,
        weights: Any = "uniform",
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        p: Any = 2,
        metric: Any = "minkowski",
        outlier_label: Any = None,
        metric_params: Any = None,
        n_jobs: Any = None,
        class_weight: Any = None,
        fallback: Any = None,
        vote_ties: Any = "lowest",
        random_state: Any = None,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
    ) -> None:
        self.radius = radius
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.outlier_label = outlier_label
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.class_weight = class_weight
        self.fallback = fallback
        self.vote_ties = vote_ties
        self.random_state = random_state
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def _answers_for_empty(self) -> list[Answer] | None:
        self._check_reach()
        answers = self._outlier_answers() if self.fallback is None else self._fallback()
        self.outlier_label_ = None if answers is None else [a.label for a in answers]
        return answers

    def _outlier_answers(self) -> list[Answer] | None:
        if self.outlier_label is None:
            return None
        if _is_word(self.outlier_label, (_MOST_FREQUENT,)):
            return most_frequent_answers(self._labels, self._class_counts())
        return label_answers("outlier_label", self.outlier_label, self._labels)

    def _fallback(self) -> list[Answer] | None:
        if self.outlier_label is not None:
            raise ParameterError(
                "fallback and outlier_label both say what a query without neighbors is "
                f"answered; got fallback={self.fallback!r} and outlier_label="
                f"{self.outlier_label!r}. Set one of them to None."
            )
        if _is_word(self.fallback, _NO_ANSWER):
            return None
        if _is_word(self.fallback, (_PRIOR,)):
            return prior_answers(self._labels, self._priors())
        return label_answers(
            "fallback", self.fallback, self._labels, must_be_known=True
        )

    def _class_counts(self) -> list[FloatArray]:
        """Return the weight of the training rows of each class, one array an output."""
        return [
            np.bincount(codes, self._sample_weight, len(labels)).astype(np.float64)
            for codes, labels in zip(self._codes.T, self._labels, strict=True)
        ]

    def _priors(self) -> list[FloatArray]:
        votes = self._class_counts()
        if self._class_factors is not None:
            votes = [v * f for v, f in zip(votes, self._class_factors, strict=True)]
        if not all(count.any() for count in votes):
            raise ParameterError(
                'fallback="prior" is the share of all votes, but class_weight leaves '
                "none; give a label of y some weight."
            )
        return [count / count.sum() for count in votes]


def _is_word(value: Any, words: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in words
