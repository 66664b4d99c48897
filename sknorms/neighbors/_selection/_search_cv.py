"""What `KNeighborsClassifierCV` and `KNeighborsRegressorCV` do."""

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import MultiOutputMixin, clone, is_classifier
from sklearn.model_selection import LeaveOneOut, check_cv
from sklearn.utils import Tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter
from sklearn.utils.validation import check_is_fitted

from sknorms._progress import Progress
from sknorms._typing import AnyArray, IndexArray
from sknorms._validation import ParameterError
from sknorms.neighbors._search import allows_nan, is_precomputed
from sknorms.neighbors._selection._best import (
    best_index,
    check_error_score,
    check_refit,
    deciding_score,
)
from sknorms.neighbors._selection._folds import Data, Split, fewest_rows, score_folds
from sknorms.neighbors._selection._grid import Grid, as_list
from sknorms.neighbors._selection._leave_one_out import (
    OneByOne,
    RowScore,
    row_scores,
    score_left_out,
    serves_all_folds,
)
from sknorms.neighbors._selection._ledger import Ledger
from sknorms.neighbors._selection._results import Trials
from sknorms.neighbors._selection._routing import Routed, router_of, score_parameters
from sknorms.neighbors._selection._scoring import Scoring
from sknorms.neighbors._selection._table import Table

__all__ = ["NeighborsSearchCV"]

_LEAVE_ONE_OUT = "loo"


class NeighborsSearchCV(MultiOutputMixin):
    """Scores every candidate on every fold, and fits all rows with the best.

    Subclasses store the constructor parameters and say what is fitted. They name this
    class before scikit-learn's mixins, whose ``score`` is another.
    """

    metric: Any
    scoring: Any
    cv: Any
    refit: Any
    error_score: Any
    verbose: Any

    best_estimator_: Any
    best_index_: int
    best_params_: dict[str, Any]
    best_score_: float
    cv_results_: dict[str, Any]
    multimetric_: bool
    n_splits_: int
    refit_time_: float
    scorer_: Any
    n_features_in_: int

    @abstractmethod
    def _model(self) -> Any:
        """Return an estimator with all settings but those that are tried."""

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, **params: Any) -> Self:
        """Score all candidates by cross-validation and fit all rows with the best.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features), \
or (n_samples, n_samples) if metric="precomputed"
            Rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels or target values.
        sample_weight : array-like of shape (n_samples,), default=None
            How many copies each row stands for in fits, and what it counts in scores
            that take weights.
        **params : dict
            ``groups`` for the splitter; with scikit-learn's metadata routing enabled,
            whatever the splitter and the scorers request.

        Returns
        -------
        object
            The estimator itself.
        """
        refit, scoring = check_refit(self.refit), self._scoring()
        check_error_score(self.error_score)
        if not scoring.plain:
            deciding_score(refit, scoring.names, several=scoring.several)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        routed = Routed.of(self, sample_weight, params)
        X, y = indexable(X, y)
        data = self._validated(X, y, sample_weight, routed)
        trials = self._trials(data, scoring, routed.split)
        self._choose(trials, scoring, refit)
        if refit is not False:
            start = time.perf_counter()
            # Of a copy: a fit draws from a random_state that has one.
            best = clone(self._model()).set_params(
                **clone(self.best_params_, safe=False)
            )
            self.best_estimator_ = best.fit(X, data.y, sample_weight=sample_weight)
            self.refit_time_ = time.perf_counter() - start
        return self

    def _scoring(self) -> Scoring:
        return Scoring.of(self.scoring, self._model())

    def _validated(self, X: Any, y: Any, sample_weight: Any, routed: Routed) -> Data:
        """Fit all rows by the first metric, which has the words for bad input."""
        metric = as_list(self.get_params(deep=False), "metric")[0]
        model = self._model()
        whole = clone(model).set_params(metric=clone(metric, safe=False))
        whole.fit(X, y, sample_weight=sample_weight)
        for name in ("n_features_in_", "feature_names_in_", "classes_"):
            if hasattr(whole, name):
                setattr(self, name, getattr(whole, name))
        table = Table.of(X, pairwise=is_precomputed(metric))
        labels = y.toarray() if sparse.issparse(y) else np.asarray(y)
        if is_classifier(self) and labels.shape[1:] == (1,):
            labels = labels.ravel()
        return Data(model, table, labels, sample_weight, routed.score)

    def _trials(self, data: Data, scoring: Scoring, split: dict[str, Any]) -> Trials:
        """Score all candidates on all folds."""
        splitter = self._splitter(data.y)
        splits = _row_numbers(splitter, data, split)
        self.n_splits_ = len(splits)
        grid = Grid.of(self.get_params(deep=False), fewest_rows(data, splits))
        ledger = Ledger(grid, len(splits), self.error_score)
        total = len(splits) * len(grid.metrics)
        progress = Progress.of(self.verbose, total, "folds")
        if progress is not None:
            progress.begin()
        by_row = self._row_scores(splitter, data)
        for metric in range(len(grid.metrics)):
            if by_row and serves_all_folds(data, grid, metric):
                score_left_out(data, ledger, metric, by_row, progress)
            else:
                score_folds(data, ledger, metric, splits, scoring, progress)
        return ledger.trials(scoring.names)

    def _splitter(self, y: AnyArray | None = None) -> Any:
        leave_one_out = isinstance(self.cv, str) and self.cv == _LEAVE_ONE_OUT
        cv = LeaveOneOut() if leave_one_out else self.cv
        if isinstance(cv, str):
            raise ParameterError(
                'cv must be a number of folds, "loo", an object with a split method, '
                f"or an iterable of pairs of row numbers; got {cv!r}."
            )
        return check_cv(cv, y, classifier=is_classifier(self))

    def _row_scores(self, splitter: Any, data: Data) -> dict[str, RowScore]:
        """Return scores of single rows, none if folds are to be scored."""
        if type(splitter) is not LeaveOneOut:
            return {}
        classifier = is_classifier(self)
        if not classifier and self.scoring in (None, "r2"):
            raise ParameterError(
                f"scoring={self.scoring!r} is the coefficient of determination, which "
                "one row does not have, and leave-one-out has folds of one row. Pass "
                'scoring="neg_mean_squared_error", or a cv with larger folds.'
            )
        return row_scores(self.scoring, data.y, classifier=classifier)

    def _choose(self, trials: Trials, scoring: Scoring, refit: Any) -> None:
        """Keep what was measured, and which candidate is the best."""
        results, names = trials.results(), list(trials.scores)
        self.scorer_, self.cv_results_ = scoring.scorer, results
        self.multimetric_ = scoring.several or names != scoring.names
        decides = deciding_score(refit, names, several=self.multimetric_)
        if decides is None and not callable(refit):
            return
        best = best_index(refit, results, decides)
        self.best_index_, self.best_params_ = best, results["params"][best]
        if not callable(refit):
            self.best_score_ = results[f"mean_test_{decides}"][best]

    def _best(self, method: str) -> Any:
        """Return the estimator that was fitted to all rows."""
        check_is_fitted(self)
        if not hasattr(self, "best_estimator_"):
            raise AttributeError(
                f"{method} needs the estimator that is fitted to all rows in the end, "
                "and refit=False asked for none. Set refit=True, or fit one with the "
                "params of cv_results_."
            )
        return self.best_estimator_

    def predict(self, X: Any) -> AnyArray:
        """Predict with the best estimator.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", or None
            The queries. None predicts every training row from the others.

        Returns
        -------
        ndarray of shape (n_queries,) or (n_queries, n_outputs)
            Labels in the type of ``y``, or numbers.
        """
        predicted: AnyArray = self._best("predict").predict(X)
        return predicted

    def score(self, X: Any, y: Any = None, **params: Any) -> float:
        """Score the best estimator by what decided.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed"
            The queries.
        y : array-like of shape (n_queries,) or (n_queries, n_outputs), default=None
            What they should be.
        **params : dict
            ``sample_weight`` for the scorer; with scikit-learn's metadata routing
            enabled, whatever the scorer requests.

        Returns
        -------
        float
            The score that ``scoring`` names; of several, the one that ``refit`` names.
        """
        best, scoring = self._best("score"), self._scoring()
        found = scoring(best, X, y, score_parameters(self, params))
        decides = deciding_score(self.refit, list(found), several=self.multimetric_)
        if decides is None:
            raise ValueError(
                f"score is one number, and refit={self.refit!r} does not say which of "
                f"{', '.join(map(repr, found))}; name one as refit."
            )
        return found[decides]

    def kneighbors(
        self, X: Any = None, n_neighbors: Any = None, return_distance: Any = True
    ) -> Any:
        """Find the neighbors of every query that the best estimator listens to.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), \
or (n_queries, n_samples_fit) if metric="precomputed", default=None
            The queries. None asks for the neighbors of every training row, which is
            not its own neighbor then.
        n_neighbors : int, default=None
            How many neighbors; None takes the number chosen.
        return_distance : bool, default=True
            Whether to return the distances as well.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            In the units of the metric chosen, closest first; left out unless
            ``return_distance``.
        indices : ndarray of shape (n_queries, n_neighbors)
            Row numbers in the training data.
        """
        best = self._best("kneighbors")
        return best.kneighbors(X, n_neighbors, return_distance)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return what arguments of ``fit`` and ``score`` go where.

        Returns
        -------
        MetadataRouter
            scikit-learn's description of it.
        """
        return router_of(self, self._splitter(), self._scoring())

    def __sklearn_tags__(self) -> Tags:
        """Say what the estimator takes (scikit-learn's protocol)."""
        tags = super().__sklearn_tags__()
        metrics = (
            self.metric if isinstance(self.metric, list | tuple) else [self.metric]
        )
        tags.input_tags.sparse = True
        tags.input_tags.pairwise = any(map(is_precomputed, metrics))
        tags.input_tags.positive_only = tags.input_tags.pairwise
        tags.input_tags.allow_nan = bool(metrics) and all(map(allows_nan, metrics))
        return tags


def _row_numbers(splitter: Any, data: Data, params: dict[str, Any]) -> Sequence[Split]:
    """Return row numbers of training and test rows, given as such or as masks."""
    splits = splitter.split(data.table.data, data.y, **params)
    if type(splitter) is LeaveOneOut:
        next(splits)  # raises for a single row
        return OneByOne(len(data.y))
    everyone = np.arange(len(data.y))
    rows = [(_taken(everyone, train), _taken(everyone, test)) for train, test in splits]
    if not rows:
        raise ValueError("cv gives no folds; pass a number of at least 2, or pairs.")
    for at, (train, test) in enumerate(rows):
        if not train.size or not test.size:
            raise ValueError(
                f"cv gives a fold without {'test' if train.size else 'training'} rows, "
                f"number {at}; use fewer folds."
            )
    return rows


def _taken(everyone: IndexArray, rows: Any) -> IndexArray:
    given = np.asarray(rows)
    taken: IndexArray = everyone[given if given.size else given.astype(np.intp)]
    return taken
