"""Classification by a vote among the nearest neighbours."""

from typing import Any

from sknorms.neighbors._prediction import Answer, NearestPredictor, VotingClassifier

__all__ = ["KNeighborsClassifier"]


class KNeighborsClassifier(VotingClassifier, NearestPredictor):
    """Vote among the exact nearest neighbors, for every registered metric.

    Parameters
    ----------
    n_neighbors : int, default=5
        How many neighbors vote.
    weights : {"uniform", "distance"}, callable or None, default="uniform"
        What a vote counts: one (also None), one over the distance (neighbors at
        distance zero, if there are any, decide alone), or what a function returns for
        an array of distances of shape (n_queries, n_neighbors).
    algorithm : {"auto", "ball_tree", "kd_tree", "brute", "prefix"}, default="auto"
        How to search; the answer is the same exact one for all of them. "auto"
        estimates what is fastest. "brute" scores all rows, "prefix" by a few leading
        directions alone, and both trees are one k-d tree, where the metric allows it.
    leaf_size : int, default=30
        Checked; no answer depends on it.
    p : float, default=2
        Power of "minkowski"; other metrics ignore it.
    metric : str, Metric or callable, default="minkowski"
        As in `NearestNeighbors`, or "auto": the one of euclidean, cosine and manhattan
        under which the rows of a sample, left out one by one, are predicted best.
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
    effective_metric_ : str, Metric or callable
        The metric used ("euclidean" for "minkowski" with p=2).
    effective_metric_params_ : dict
        Its parameters, learnt ones included.
    effective_algorithm_ : {"brute", "prefix", "kd_tree"}
        How the search is done.
    search_stats_ : SearchStats
        Pairs scored (``products``), not ruled out by that (``survivors``) and measured
        exactly (``refinements``) for the last queries.
    metric_ : str
        The metric that was chosen, if ``metric="auto"``.
    metric_audit_ : MetricAudit
        What it was chosen by (``statistics.scores``), and what else is to be said.
    n_samples_fit_ : int
        Number of training rows.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if they all have one.

    See Also
    --------
    RadiusNeighborsClassifier : Vote among all neighbors within a radius.
    KNeighborsRegressor : Average of the nearest neighbors.
    NearestNeighbors : The neighbors themselves.

    Notes
    -----
    Neighbors at equal distance: the one with the lower row number is nearer.

    A row of sample weight w stands for w copies of itself, in the vote and in
    ``n_neighbors``: the nearest neighbors are taken until their weights add up to
    ``n_neighbors``, the last one for the part that is missing. Whole numbers thus act
    exactly as repeating rows, zero as leaving them out; the weights must add up to at
    least ``n_neighbors``.

    Examples
    --------
    >>> from sknorms.neighbors import KNeighborsClassifier
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
    >>> classifier = KNeighborsClassifier(n_neighbors=3).fit(X, y)
    >>> classifier.predict([[0.4], [2.6]])
    array(['low', 'high'], dtype='<U4')
    >>> classifier.predict_proba([[3.0]])
    array([[0.66666667, 0.33333333]])

    Leave-one-out: every training row is predicted from the others.

    >>> KNeighborsClassifier(n_neighbors=1).fit(X, y).score(None, y)
    0.75
    """

    def __init__(
        self,
        n_neighbors: Any = 5,
        *,
        weights: Any = "uniform",
        algorithm: Any = "auto",
        leaf_size: Any = 30,
        p: Any = 2,
        metric: Any = "minkowski",
        metric_params: Any = None,
        n_jobs: Any = None,
        class_weight: Any = None,
        vote_ties: Any = "lowest",
        random_state: Any = None,
        working_memory: Any = None,
        verbose: Any = 0,
        audit: Any = None,
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
        self.working_memory = working_memory
        self.verbose = verbose
        self.audit = audit

    def _answers_for_empty(self) -> list[Answer] | None:
        return None  # the k nearest are never none
