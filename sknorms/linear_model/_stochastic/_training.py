"""Epochs: shuffle, learn, and stop when nothing gets better, or when it gets worse."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._stochastic._batches import Sample
from sknorms.linear_model._stochastic._stochastic import Learner

__all__ = ["MOST_RETURNS", "Outcome", "Stopping", "one_epoch", "train"]

# How often a learner may go back before it is left to diverge.
MOST_RETURNS = 5

# Standing still above so many times the loss of a constant is no success: go on until
# something gets better, or it is known why not.
_FAILED = 1.2


@dataclass(frozen=True)
class Stopping:
    """When to stop.

    Parameters
    ----------
    max_iter : int
        Most epochs.
    tol : float
        Least improvement, as a share of the loss of the best constant; -inf for any.
    n_iter_no_change : int
        Epochs in a row without it that are the end.
    shuffle : bool
        Whether every epoch has an order of its own.
    """

    max_iter: int
    tol: float
    n_iter_no_change: int
    shuffle: bool


class Outcome(NamedTuple):
    """How training ended."""

    n_iter: int
    converged: bool
    objectives: list[float]
    theta: FloatArray


class _Progress:
    """The best value so far, and for how long there has been none much better."""

    def __init__(self, learner: Learner, stopping: Stopping) -> None:
        unit = learner.constant.loss
        self.least = stopping.tol * unit if unit > 0.0 else stopping.tol
        self.patience = stopping.n_iter_no_change
        self.failed = _FAILED * unit
        self.start_again()

    def start_again(self) -> None:
        self.best, self.waiting = math.inf, 0

    def note(self, value: float) -> bool:
        """Take in one value; return whether patience has ended."""
        self.waiting = 0 if value < self.best - self.least else self.waiting + 1
        self.best = min(self.best, value)
        if self.waiting < self.patience:
            return False
        self.waiting = 0
        return True


class _Judge:
    """What decides when to stop, and which weights are the answer."""

    def __init__(self, learner: Learner, held_out: Sample | None) -> None:
        self.learner, self.held_out = learner, held_out
        self.best, self.lowest = learner.weights.average(), math.inf

    def value(self, objective: float) -> float:
        """Return the value that is to fall: that of rows held out, if there are any."""
        if self.held_out is None:
            return objective
        value = _held_out_loss(self.learner, self.held_out)
        if value < self.lowest:
            self.best, self.lowest = self.learner.weights.average(), value
        return value

    def answer(self) -> FloatArray:
        """Return the weights: the last ones, or the best for rows held out."""
        return self.learner.weights.average() if self.held_out is None else self.best


def train(
    learner: Learner,
    sample: Sample,
    held_out: Sample | None,
    batch_size: int,
    stopping: Stopping,
    random: np.random.RandomState,
    *,
    backtrack: bool,
) -> Outcome:
    """Learn from a sample, epoch by epoch.

    With rows held out, their loss decides when to stop, and the weights of the epoch
    where it is lowest are returned.
    """
    progress, judge = _Progress(learner, stopping), _Judge(learner, held_out)
    returns = MOST_RETURNS if backtrack else 0
    objectives: list[float] = []
    for epoch in range(1, stopping.max_iter + 1):
        order = np.arange(sample.n_rows)
        if stopping.shuffle:
            random.shuffle(order)
        taken_back = one_epoch(learner, sample, order, batch_size, returns)
        if taken_back:
            returns -= taken_back
            progress.start_again()
        objectives.append(_objective(learner))
        if not _can_go_on(learner):
            # Nothing can be learnt from here.
            learner.weights = learner.sound
            return Outcome(epoch, False, objectives, learner.sound.average())
        learner.keep(objectives[-1])
        value = judge.value(objectives[-1])
        patient = not progress.note(value) or learner.recipe.rule.goes_on(
            learner.weights
        )
        if not patient and objectives[-1] <= progress.failed:
            return Outcome(epoch, True, objectives, judge.answer())
    done = stopping.tol == -math.inf
    return Outcome(stopping.max_iter, done, objectives, judge.answer())


def one_epoch(
    learner: Learner,
    sample: Sample,
    order: IndexArray,
    batch_size: int,
    returns: int = 0,
) -> int:
    """Learn from every row once; return how often the weights were taken back."""
    learner.begin_epoch()
    taken_back = 0
    with np.errstate(over="ignore", invalid="ignore", under="ignore", divide="ignore"):
        for batch in sample.batches(order, batch_size):
            verdict = learner.step(batch)
            if verdict != "ok" and taken_back < returns:
                learner.go_back()
                taken_back += 1
    return taken_back


def _objective(learner: Learner) -> float:
    """Return the mean loss while learning, plus the penalty at the end."""
    if not learner.loss_weight:
        return math.inf
    with np.errstate(over="ignore", invalid="ignore"):
        mean = learner.loss_sum / learner.loss_weight
        penalty = learner.recipe.penalty.value(learner.weights.theta[:-1])
    total = mean + penalty
    return total if math.isfinite(total) else math.inf


def _held_out_loss(learner: Learner, sample: Sample) -> float:
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        scores = learner.scores(sample.rows, learner.weights.average())
        losses = learner.recipe.loss.value(scores, sample.target)
        mean = float(sample.weight @ losses) / float(sample.weight.sum())
    return mean if math.isfinite(mean) else math.inf


def _can_go_on(learner: Learner) -> bool:
    """Whether weights are finite, and so was the loss of any batch."""
    return learner.loss_weight > 0.0 and bool(np.isfinite(learner.weights.theta).all())
