"""A limit on scores that unrelated pairs seldom pass: the estimator."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import (
    Tags,
    check_consistent_length,
    check_random_state,
    column_or_1d,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from sknorms._typing import BoolArray, FloatArray, Rows
from sknorms._validation import (
    STORAGE_DTYPES,
    ParameterError,
    check_choice,
    check_integer,
    check_real,
    naming_bad_rows,
    output_dtype,
)
from sknorms.metrics import Metric
from sknorms.neighbors._retrieval import (
    SAMPLING,
    Cut,
    Pairs,
    false_match_cut,
    fewest_pairs,
)
from sknorms.neighbors._search import (
    allows_nan,
    as_dtype,
    is_precomputed,
    reaches,
    resolve_metric,
)

__all__ = ["ThresholdCalibrator"]


class ThresholdCalibrator(BaseEstimator):
    """The score from which on pairs match, learnt from pairs that should not.

    How similar two rows are that have nothing to do with each other depends on the data
    and the metric: 0.35 may be far above all such pairs, or below most of them. This
    estimator looks at such pairs and sets the limit where at most a stated share of
    further ones would pass it.

    Parameters
    ----------
    metric : str, Metric or callable, default="cosine"
        Distance or similarity, as `Retriever` takes it.
    false_match_rate : float in (0, 1), default=0.01
        The share of unrelated pairs that may pass at most.
    confidence : float in (0, 1), default=0.95
        How sure to be of that, over the choice of the pairs learnt from.
    n_pairs : int, default=100_000
        How many unrelated pairs `fit` looks at, at most.
    sampling : {"disjoint", "random"}, default="disjoint"
        How `fit` draws pairs. "disjoint" takes every row once, so pairs are
        independent, and what is promised holds for new rows of the same kind; it gives
        half as many pairs as there are rows. "random" draws ``n_pairs`` of all pairs of
        rows, with replacement; what is promised then holds for pairs of these rows.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric_params : dict, default=None
        Parameters of a metric given by name. What a metric can learn from data is
        learnt from the rows where it is not given.
    random_state : int, RandomState instance or None, default=None
        Draws the pairs; an integer draws the same ones each time.

    Attributes
    ----------
    threshold_ : float
        Pairs match whose value is this or closer, in the units of the metric.
    higher_is_better_ : bool
        Whether closer means larger.
    limits_ : dict
        The threshold by the names that `Retriever.search` has for it: "min_score" for
        a similarity, "radius" for a distance, both for a metric that is both, such as
        "cosine".
    false_match_rate_ : float
        The share of the unrelated pairs learnt from that match.
    false_match_bound_ : float
        What the share of all such pairs that match is below, with the ``confidence``
        asked for; at most ``false_match_rate``.
    confidence_ : float
        How sure it is that no more than ``false_match_rate`` match, at least what was
        asked for.
    match_rate_ : float or None
        The share of related pairs that match, None if none are known.
    n_pairs_ : int
        Number of unrelated pairs learnt from.
    n_related_pairs_ : int
        Number of related pairs.
    metric_ : Metric
        The metric, with what it has learnt.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    Retriever : Takes a fitted calibrator as ``min_score`` or ``radius`` of a search.

    Notes
    -----
    The threshold is an order statistic: of n unrelated pairs, the j closest less one
    match, where j is as large as the upper confidence limit of Clopper and Pearson [1]_
    for j - 1 of n allows. This needs no assumption about the distribution of scores, as
    Wilks' tolerance limits do not [2]_, and errs to the safe side where scores tie. It
    takes log(1 - confidence) / log(1 - false_match_rate) pairs at least, 299 for the
    defaults.

    The rate is that of a single pair. A search compares a query with all n rows, of
    which ``n * false_match_rate`` may match though unrelated.

    Random pairs are unrelated except for the few that are not, which make the threshold
    stricter than need be. Labels sort them out: see `fit`.

    References
    ----------
    .. [1] C. J. Clopper, E. S. Pearson, "The use of confidence or fiducial limits
       illustrated in the case of the binomial", Biometrika 26(4), 1934.
    .. [2] S. S. Wilks, "Determination of sample sizes for setting tolerance limits",
       Annals of Mathematical Statistics 12(1), 1941.

    Examples
    --------
    >>> from sknorms.datasets import load_word_vectors
    >>> from sknorms.neighbors import Retriever, ThresholdCalibrator
    >>> glove = load_word_vectors()
    >>> calibrator = ThresholdCalibrator(random_state=0).fit(glove.data)
    >>> calibrator.n_pairs_, round(calibrator.limits_["min_score"], 2)
    (5000, 0.67)
    >>> retriever = Retriever().fit(glove.data, glove.words)
    >>> hits = retriever.search(glove.data[[10]], k=5, min_score=calibrator)
    >>> bool((hits.similarities >= calibrator.limits_["min_score"]).all())
    True
    """

    def __init__(
        self,
        metric: Any = "cosine",
        *,
        false_match_rate: Any = 0.01,
        confidence: Any = 0.95,
        n_pairs: Any = 100_000,
        sampling: Any = "disjoint",
        p: Any = 2,
        metric_params: Any = None,
        random_state: Any = None,
    ) -> None:
        self.metric = metric
        self.false_match_rate = false_match_rate
        self.confidence = confidence
        self.n_pairs = n_pairs
        self.sampling = sampling
        self.p = p
        self.metric_params = metric_params
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from random pairs of rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows, such as those to search in.
        y : array-like of shape (n_samples,), default=None
            Labels: only pairs of rows with different ones are unrelated then, and
            pairs of rows with the same one are related. None takes all random pairs as
            unrelated.

        Returns
        -------
        ThresholdCalibrator
            The estimator itself.

        Raises
        ------
        ValueError
            If there are too few pairs for the rate and the confidence, or no threshold
            keeps the rate.
        """
        task = self._task()
        metric = self._record().learn_table(X)
        rows, dtype = self._validate(X, metric, reset=True, least=2)
        metric = metric.learn(rows)
        rng = check_random_state(self.random_state)
        drawn = SAMPLING[self.sampling](rng, int(rows.shape[0]), self.n_pairs)
        pairs = Pairs(rows, rows, *drawn)
        return self._learn(task, metric, pairs, _same(y, rows, pairs), dtype)

    def fit_pairs(self, A: Any, B: Any, related: Any = None) -> Self:
        """Learn from given pairs of rows.

        Parameters
        ----------
        A, B : {array-like, sparse matrix} of shape (n_pairs, n_features)
            Row i of ``A`` and row i of ``B`` are a pair, such as a query and a random
            row. What is promised holds if pairs are independent of each other; the more
            of them share a row, the less it does.
        related : array-like of bool of shape (n_pairs,), default=None
            Which pairs belong together; None for none of them.

        Returns
        -------
        ThresholdCalibrator
            The estimator itself.

        Raises
        ------
        ValueError
            As `fit`, and if the shapes differ.
        """
        task = self._task()
        metric = self._record().learn_table(A)
        pairs, dtype = self._pairs(A, B, metric, reset=True)
        marks = _check_related(related, len(pairs))
        return self._learn(task, pairs.learn(metric), pairs, marks, dtype)

    def matches(self, A: Any, B: Any) -> BoolArray:
        """Return which pairs of rows match.

        Parameters
        ----------
        A, B : {array-like, sparse matrix} of shape (n_pairs, n_features)
            Row i of ``A`` and row i of ``B`` are a pair.

        Returns
        -------
        bool ndarray of shape (n_pairs,)
            Where the value of the pair is ``threshold_`` or closer.
        """
        check_is_fitted(self)
        pairs, dtype = self._pairs(A, B, self.metric_, reset=False)
        return self._passed(pairs.values(self.metric_), dtype)

    def _passed(self, values: FloatArray, dtype: "np.dtype[Any]") -> BoolArray:
        limit = np.array(self.threshold_)
        return reaches(as_dtype(values, dtype), limit, self.higher_is_better_)

    def _task(self) -> "_Task":
        rate = _check_share("false_match_rate", self.false_match_rate)
        confidence = _check_share("confidence", self.confidence)
        check_integer("n_pairs", self.n_pairs, low=1)
        check_choice("sampling", self.sampling, tuple(SAMPLING))
        return _Task(rate, confidence)

    def _record(self) -> Metric:
        if is_precomputed(self.metric):
            raise ParameterError(
                "metric='precomputed' is not for a ThresholdCalibrator, which draws "
                "pairs of rows and compares them; pass the rows and the metric."
            )
        return resolve_metric(self.metric, self.p, self.metric_params).record

    def _pairs(
        self, A: Any, B: Any, metric: Metric, *, reset: bool
    ) -> "tuple[Pairs, np.dtype[Any]]":
        one, dtype = self._validate(A, metric, reset=reset)
        other, other_dtype = self._validate(B, metric, reset=False)
        pairs = Pairs.row_by_row(one, other)
        return pairs, np.promote_types(dtype, other_dtype)

    def _validate(
        self, X: Any, metric: Metric, *, reset: bool, least: int = 1
    ) -> "tuple[Rows, np.dtype[Any]]":
        """Return rows in the metric's domain, and the dtype of values between them."""
        X, nan = metric.encode(X), metric.domain.allows_nan
        with naming_bad_rows(X, allow_nan=nan):
            rows = validate_data(
                self,
                X,
                accept_sparse="csr",
                dtype=list(STORAGE_DTYPES),
                ensure_all_finite="allow-nan" if nan else True,
                ensure_min_samples=least,
                reset=reset,
            )
        return metric.check_rows(rows), output_dtype(rows)

    def _learn(
        self,
        task: "_Task",
        metric: Metric,
        pairs: Pairs,
        related: BoolArray,
        dtype: "np.dtype[Any]",
    ) -> Self:
        values = pairs.values(metric)
        cut = task.cut(values[~related], metric)
        self.metric_ = metric
        self.higher_is_better_ = metric.larger_is_closer
        self.threshold_ = cut.limit(dtype)
        self.limits_ = _limits(cut, metric, dtype)
        _require_reach(task, self.limits_, self.n_features_in_)
        passed = self._passed(values, dtype)
        self.n_related_pairs_ = int(related.sum())
        self.n_pairs_ = len(pairs) - self.n_related_pairs_
        self.false_match_rate_ = float(passed[~related].mean())
        self.match_rate_ = float(passed[related].mean()) if related.any() else None
        self.false_match_bound_, self.confidence_ = cut.bound, cut.confidence
        return self

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = allows_nan(self.metric)
        return tags


@dataclass(frozen=True)
class _Task:
    """What is asked for."""

    rate: float
    confidence: float

    def cut(self, unrelated: FloatArray, metric: Metric) -> Cut:
        """Return the cut, or say why there is none."""
        larger = metric.larger_is_closer
        cut = false_match_cut(unrelated, self.rate, self.confidence, larger)
        if cut is None:
            raise ParameterError(
                f"false_match_rate={self.rate:g} with confidence={self.confidence:g} "
                f"takes {fewest_pairs(self.rate, self.confidence)} unrelated pairs at "
                f"least; got {len(unrelated)}. Pass more rows (a pair takes two of "
                "them) or pairs, allow a larger false_match_rate, or draw "
                'sampling="random" pairs, which promises less.'
            )
        return cut


def _require_reach(task: _Task, limits: dict[str, float], n_features: int) -> None:
    if limits.get("radius", 0.0) < 0:
        raise ParameterError(
            f"false_match_rate={task.rate:g} is out of reach: more than that of the "
            f"unrelated pairs are at distance 0, with n_features = {n_features}. Drop "
            "duplicates and zero rows, or say with y or related which pairs belong "
            "together."
        )


def _limits(cut: Cut, metric: Metric, dtype: "np.dtype[Any]") -> dict[str, float]:
    own, other = "radius", "min_score"
    if cut.larger_is_closer:
        own, other = other, own
    limits = {own: cut.limit(dtype)}
    if metric.complementary:
        limits[other] = cut.opposite_limit(dtype)
    return limits


def _check_share(name: str, value: Any) -> float:
    share = check_real(name, value, low=0.0, low_open=True, high=1.0)
    if share == 1.0:
        raise ParameterError(f"{name} must be less than 1; got {value!r}.")
    return share


def _same(y: Any, rows: Rows, pairs: Pairs) -> BoolArray:
    """Return which pairs of rows have the same label."""
    if y is None:
        return np.zeros(len(pairs), dtype=np.bool_)
    labels = column_or_1d(y)
    check_consistent_length(rows, labels)
    same = labels[pairs.left_at] == labels[pairs.right_at]
    return np.asarray(same, dtype=np.bool_)


def _check_related(related: Any, n_pairs: int) -> BoolArray:
    if related is None:
        return np.zeros(n_pairs, dtype=np.bool_)
    marks = np.asarray(related)
    if marks.shape != (n_pairs,) or marks.dtype != np.bool_:
        raise ParameterError(
            "related must say True or False of each pair, a boolean array of shape "
            f"({n_pairs},); got {marks.dtype} of shape {marks.shape}."
        )
    return marks
