"""Classification by a vote, its metric and number of neighbours by cross-validation."""

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags

from sknorms.neighbors._classification import KNeighborsClassifier
from sknorms.neighbors._selection import NeighborsSearchCV

__all__ = ["KNeighborsClassifierCV"]


class KNeighborsClassifierCV(NeighborsSearchCV, ClassifierMixin, BaseEstimator):
    """`KNeighborsClassifier`, its metric, number and weights by cross-validation.

    Every metric is tried with every number of neighbors and every weighting, and scores
    are those of scikit-learn's ``GridSearchCV`` to the last digit. There is one search
    for each metric and fold, with the largest number of neighbors, from whose lists all
    others are predicted.

    Parameters
    ----------
    n_neighbors : int or list of int, default=None
        How many neighbors vote, or several numbers to choose from. None stands for 1,
        3, 5, 7, 9, 11, 15, 21, 31 and 51, as far as folds have that many training rows.
    weights : {"uniform", "distance"}, callable, None or list of these, \
default=("uniform", "distance")
        What a neighbor counts, as in `KNeighborsClassifier`, or several to choose from.
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric : str, Metric, callable or list of these, \
default=("euclidean", "cosine", "manhattan")
        What a metric of `NearestNeighbors` may be, or several to choose from. Those
        with parameters of their own are given as records, such as
        ``get_metric("minkowski", p=3)``. "precomputed" stands alone.
    metric_params : dict, default=None
        Parameters of all metrics given by name.
    n_jobs : int, default=None
        Threads of each search; None takes what ``joblib.parallel_config`` says, outside
        of any as many as BLAS uses. Results do not depend on it.
    class_weight : dict, "balanced", list of these or None, default=None
        What votes for a class are multiplied by, as in `KNeighborsClassifier`.
    vote_ties : {"lowest", "nearest", "random"}, default="lowest"
        Who wins if classes have equally many votes, as in `KNeighborsClassifier`.
    random_state : int, RandomState instance or None, default=None
        Seed of the lots of ``vote_ties="random"``, the same for all candidates.
    cv : int, "loo", splitter or iterable, default=None
        Folds: how many (None is 5, with the classes spread evenly over them), "loo" for
        leave-one-out, an object with a ``split``, or the splits themselves, pairs of
        training and test row numbers.
    scoring : str, callable, list, tuple, dict or None, default=None
        What is best: a scorer of scikit-learn, larger being better, or a function of an
        estimator, X and y. None is the estimator's ``score``, the accuracy. Several
        are given by a list of names, a dict, or a function that returns a dict.
    refit : bool, str or callable, default=True
        Whether the best is fitted to all rows. The name of the score that decides, if
        there are several; or a function that turns ``cv_results_`` into the index of
        the best.
    error_score : "raise" or float, default="raise"
        What a candidate that fails on a fold gets, with a warning; "raise" raises.
    working_memory : float, default=None
        Budget in MiB for what a search needs above its inputs and results; None takes
        scikit-learn's setting. Lists of neighbors that would not fit are not kept, and
        searched for again by every candidate.
    verbose : int, default=0
        Whether to show on standard error how many folds of metrics are done, how fast,
        and how long the rest will take: 0 never, 1 on a terminal and for work of more
        than half a second, 2 always. tqdm draws the line if it is installed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of them
        Labels, sorted; a list with one array for each output if ``y`` has several.
    cv_results_ : dict of str to array
        As ``GridSearchCV`` has it, one entry a candidate: ``params``,
        ``param_metric``, ``param_n_neighbors``, ``param_weights``; for each score
        ``split0_test_score`` and so on, ``mean_test_score``, ``std_test_score`` and
        ``rank_test_score`` (of several, ``_accuracy`` in place of ``_score``); and
        means and deviations of ``fit_time`` (the fit and the search of a metric and
        fold, in equal parts) and ``score_time``.
    best_estimator_ : KNeighborsClassifier
        Fitted to all rows with the best settings, unless ``refit=False``.
    best_params_ : dict
        The settings with the largest mean score, the first of equals.
    best_score_ : float
        Their mean score; not there if ``refit`` is a function.
    best_index_ : int
        Their place in ``cv_results_``.
    scorer_ : callable or dict of callables
        What scores.
    n_splits_ : int
        Number of folds.
    multimetric_ : bool
        Whether there are several scores.
    refit_time_ : float
        Seconds that the last fit took.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    KNeighborsRegressorCV : The same for numbers.
    KNeighborsClassifier : What is fitted in the end.
    sklearn.model_selection.GridSearchCV : The same for any estimator, fit by fit.

    Notes
    -----
    Whatever a metric learns from data, such as variances, it learns from the training
    rows of each fold.

    Leave-one-out has a fold for each row. For the accuracy one search of all rows among
    themselves serves all of them, unless the metric learns from data, ``sample_weight``
    or ``class_weight`` is given, weights are a function, or lots are drawn. These
    cases, and other scorers, cost a fit and a score for each row.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sknorms.neighbors import KNeighborsClassifierCV
    >>> X, y = load_wine(return_X_y=True)
    >>> search = KNeighborsClassifierCV(metric=["euclidean", "canberra"], cv=5)
    >>> search.fit(X, y).best_params_
    {'metric': 'canberra', 'n_neighbors': 3, 'weights': 'uniform'}
    >>> search.cv_results_["mean_test_score"].shape
    (40,)
    >>> search.predict(X[:3])
    array([0, 0, 0])

    Leave-one-out, from one search of all rows among themselves:

    >>> search = KNeighborsClassifierCV([1, 5], metric="canberra", cv="loo")
    >>> search = search.fit(X, y)
    >>> search.n_splits_, round(float(search.best_score_), 3)
    (178, 0.972)
    """

    def __init__(
        self,
        n_neighbors: Any = None,
        *,
        weights: Any = ("uniform", "distance"),
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        p: Any = 2,
        metric: Any = ("euclidean", "cosine", "manhattan"),
        metric_params: Any = None,
        n_jobs: Any = None,
        class_weight: Any = None,
        vote_ties: Any = "lowest",
        random_state: Any = None,
        cv: Any = None,
        scoring: Any = None,
        refit: Any = True,
        error_score: Any = "raise",
        working_memory: Any = None,
        verbose: Any = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.weights = weights
        self.algorithm = algorithm
        self.leaf_size = leaf_size
        self.p = p
        self.metric = metric
        self.metric_params = metric_params
        self.n_jobs = n_jobs
        self.class_weight = class_weight
        self.vote_ties = vote_ties
        self.random_state = random_state
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.error_score = error_score
        self.working_memory = working_memory
        self.verbose = verbose

    def _model(self) -> KNeighborsClassifier:
        return KNeighborsClassifier(
            algorithm=self.algorithm,
            leaf_size=self.leaf_size,
            p=self.p,
            metric_params=self.metric_params,
            n_jobs=self.n_jobs,
            class_weight=self.class_weight,
            vote_ties=self.vote_ties,
            random_state=self.random_state,
            working_memory=self.working_memory,
        )

    def predict_proba(self, X: Any) -> Any:
        """Return the share of the votes that each class has, by the best estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries, n_classes), or a list of one for each output
            Rows sum to 1; columns are in the order of ``classes_``.
        """
        return self._best("predict_proba").predict_proba(X)

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
