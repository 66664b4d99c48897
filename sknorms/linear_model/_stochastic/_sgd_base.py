"""What both stochastic learners do: validate, learn, and tell what was seen."""

import warnings
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from sknorms._parallel import single_threaded_blas
from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms._validation import naming_bad_rows
from sknorms.linear_model._base import LinearPredictor
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._monitor import Diagnosis, GradientMonitor
from sknorms.linear_model._stochastic._batches import Sample, automatic_batch_size
from sknorms.linear_model._stochastic._clipping import get_clip
from sknorms.linear_model._stochastic._constant_model import ConstantModel
from sknorms.linear_model._stochastic._feature_scales import Moments
from sknorms.linear_model._stochastic._sgd_parameters import (
    check_parameters,
    penalty_record,
    stopping_rule,
)
from sknorms.linear_model._stochastic._step_rules import get_step_rule
from sknorms.linear_model._stochastic._stochastic import Learner, Recipe
from sknorms.linear_model._stochastic._training import (
    MOST_RETURNS,
    Outcome,
    one_epoch,
    train,
)

__all__ = ["ClippedSGD", "Task", "weighted_sample"]


class Task(NamedTuple):
    """What is to be learnt, its targets as the loss takes them."""

    loss: Loss
    n_outputs: int | None
    sample: Sample
    # Labels that rows held out are to have in proportion; None for numbers.
    strata: AnyArray | None
    dtype: Any


class ClippedSGD(LinearPredictor):
    """Validation, learning and attributes; subclasses know their targets."""

    alpha: Any
    average: Any
    batch_size: Any
    clip: Any
    early_stopping: Any
    eta0: Any
    fit_intercept: Any
    l1_ratio: Any
    learning_rate: Any
    loss: Any
    max_iter: Any
    max_norm: Any
    momentum: Any
    monitor: Any
    n_iter_no_change: Any
    norm_type: Any
    on_divergence: Any
    penalty: Any
    power_t: Any
    random_state: Any
    shuffle: Any
    tol: Any
    validation_fraction: Any
    warm_start: Any

    _learner: Learner
    batch_size_: int
    diagnosis_: Diagnosis | None
    loss_curve_: list[float]
    monitor_: GradientMonitor | None
    n_iter_: int
    n_steps_: int
    tol_reached_: bool

    @property
    def grad_history_(self) -> dict[str, AnyArray]:
        """What the monitor recorded, one array a field."""
        return {} if self.monitor_ is None else self.monitor_.history

    def _rows(self, X: Any, y: Any, *, reset: bool, **rules: Any) -> Any:
        check_parameters(self.get_params(deep=False))
        with naming_bad_rows(X):
            return validate_data(
                self,
                X,
                y,
                reset=reset,
                accept_sparse="csr",
                dtype=[np.float64, np.float32],
                **rules,
            )

    def _fit(self, task: Task) -> Self:
        """Learn until nothing gets better, in one thread whatever BLAS is set to.

        Batches are too small for several, and sums must not depend on their number.
        """
        with single_threaded_blas():
            return self._fit_in_one_thread(task)

    def _fit_in_one_thread(self, task: Task) -> Self:
        random = check_random_state(self.random_state)
        learner = self._new_learner(task)
        if self.warm_start and hasattr(self, "coef_"):
            self._resume(learner)
        training, held_out = self._split(task, random)
        size = self._batch_size(training.rows)
        outcome = train(
            learner,
            training,
            held_out,
            size,
            stopping_rule(self.get_params(deep=False)),
            random,
            backtrack=_may_go_back(self.on_divergence),
        )
        learner.flush()
        self._learner = learner
        self._tell_of(outcome)
        self.loss_curve_ = outcome.objectives
        self.n_iter_ = outcome.n_iter
        self.tol_reached_ = outcome.converged
        self._publish(outcome.theta, size, task.dtype)
        return self

    def _partial_fit(self, task: Task) -> Self:
        """Learn from every row once, going on from where learning was."""
        with single_threaded_blas():
            return self._partial_fit_in_one_thread(task)

    def _partial_fit_in_one_thread(self, task: Task) -> Self:
        sample = task.sample
        if hasattr(self, "_learner"):
            learner = self._learner
            learner.see(self._moments(sample), sample.target, sample.weight)
        else:
            learner = self._learner = self._new_learner(task, sample.n_rows)
            if hasattr(self, "coef_"):
                self._resume(learner)
            self.n_iter_, self.loss_curve_, self.tol_reached_ = 0, [], False
        order = np.arange(sample.n_rows)
        if self.shuffle:
            check_random_state(self.random_state).shuffle(order)
        size = self._batch_size(sample.rows)
        returns = MOST_RETURNS if _may_go_back(self.on_divergence) else 0
        one_epoch(learner, sample, order, size, returns)
        learner.flush()
        self.n_iter_ += 1
        self._publish(learner.weights.average(), size, task.dtype)
        return self

    def _new_learner(self, task: Task, n_streamed: int = 0) -> Learner:
        sample = task.sample
        average = None if self.average is False else max(1, int(self.average))
        recipe = Recipe(
            task.loss,
            penalty_record(self.penalty, self.alpha, self.l1_ratio),
            get_step_rule(self.learning_rate, self.eta0, self.power_t),
            get_clip(self.clip, self.max_norm, self.norm_type),
            task.n_outputs,
            bool(self.fit_intercept),
            float(self.momentum),
            average,
        )
        constant = ConstantModel.fit(
            task.loss,
            sample.target,
            sample.weight,
            task.n_outputs,
            fit_intercept=self.fit_intercept,
        )
        monitor = None
        if self.monitor:
            monitor = GradientMonitor(on_divergence=self.on_divergence)
        return Learner(recipe, self._moments(sample), constant, monitor, n_streamed)

    def _moments(self, sample: Sample) -> Moments:
        moments = Moments.of(sample.rows, sample.weight, centred=self.fit_intercept)
        if not np.isfinite(moments.squares).all():
            column = int(np.flatnonzero(~np.isfinite(moments.squares))[0])
            raise ValueError(
                f"X is too large to be squared in float64; look at column {column}. "
                "Scale the features."
            )
        return moments

    def _resume(self, learner: Learner) -> None:
        """Start from the coefficients of an earlier fit."""
        shape = learner.weights.theta.shape
        coef = np.asarray(self.coef_, dtype=np.float64)
        coef = coef.reshape(-1) if len(shape) == 1 else coef.T
        if coef.shape != (shape[0] - 1, *shape[1:]):
            raise ValueError(
                f"warm_start goes on from coef_ of shape {np.shape(self.coef_)}, which "
                f"does not fit {shape[0] - 1} features and these targets; fit a new "
                "estimator, or set warm_start=False."
            )
        intercept = np.asarray(self.intercept_, dtype=np.float64)
        learner.start_at(coef, intercept.reshape(shape[1:]))

    def _split(
        self, task: Task, random: np.random.RandomState
    ) -> tuple[Sample, Sample | None]:
        """Hold some rows out, if they are to say when to stop."""
        if not self.early_stopping:
            return task.sample, None
        parts: list[IndexArray] = train_test_split(
            np.arange(task.sample.n_rows),
            test_size=self.validation_fraction,
            random_state=random,
            stratify=task.strata,
        )
        return task.sample.take(parts[0]), task.sample.take(parts[1])

    def _batch_size(self, rows: Rows) -> int:
        if isinstance(self.batch_size, str):
            return automatic_batch_size(rows)
        return min(int(self.batch_size), int(rows.shape[0]))

    def _tell_of(self, outcome: Outcome) -> None:
        if outcome.n_iter == self.max_iter and not outcome.converged:
            warnings.warn(
                f"The objective has not settled in max_iter={self.max_iter} epochs. "
                "Raise max_iter or tol, or change the learning rate.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _publish(self, theta: FloatArray, batch_size: int, dtype: Any) -> None:
        coef, intercept = self._learner.coefficients(theta)
        self.coef_ = self._shaped(coef).astype(dtype)
        self.intercept_ = intercept.reshape(-1).astype(dtype)
        self.batch_size_ = batch_size
        self.n_steps_ = self._learner.n_taken
        watch = self._learner.watch
        self.monitor_ = None if watch is None else watch.monitor
        self.diagnosis_ = None if self.monitor_ is None else self.monitor_.diagnosis

    def _shaped(self, coef: FloatArray) -> FloatArray:
        """Return coefficients in the shape that users see."""
        return coef


def _may_go_back(on_divergence: str) -> bool:
    return on_divergence == "backtrack"


def weighted_sample(rows: Rows, target: AnyArray, weight: FloatArray | None) -> Sample:
    """Return the rows that exist: those whose weight is not zero."""
    if weight is None:
        return Sample(rows, target, np.ones(rows.shape[0]))
    some = weight > 0.0
    if not some.all():
        rows, target, weight = rows[some], target[some], weight[some]
    if (weight == weight[:1]).all():
        # Only ratios count, and those of ones are exact.
        weight = np.ones_like(weight)
    return Sample(rows, target, weight)
