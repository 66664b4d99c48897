r"""The stochastic engine: one step on one mini-batch of a linear model.

A step takes two products with the batch, whatever is clipped and watched: the scores
:math:`Z = X_B W + b` and the gradient :math:`G = X_B^T R`, R the derivatives of the
loss.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg.blas import ddot

from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._monitor import GradientMonitor
from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._stochastic._batches import Batch
from sknorms.linear_model._stochastic._clipping import (
    AutomaticLimit,
    Clip,
    row_sizes,
    safe_norm,
)
from sknorms.linear_model._stochastic._constant_model import ConstantModel
from sknorms.linear_model._stochastic._feature_scales import Moments
from sknorms.linear_model._stochastic._step_rules import StepRule, Units
from sknorms.linear_model._stochastic._watch import Watch, watch_over
from sknorms.linear_model._stochastic._weights import PenaltySteps, Weights

__all__ = ["Learner", "Recipe"]

# Steps between two estimates of the stability ratio.
_STABILITY_EVERY = 128
# Rows of a stream by which doubts about scales shrink to a third.
_SURE = 16.0
_POWER_ITERATIONS = 2


@dataclass(frozen=True)
class Recipe:
    """What a learner does: records, resolved from parameters once.

    Parameters
    ----------
    loss, penalty : Loss and Penalty
        The objective.
    rule, clip : StepRule and Clip
        The steps.
    n_outputs : int or None
        How many scores a row has; None for one that is a number, not an array.
    fit_intercept : bool
        Whether there is an intercept.
    momentum : float
        The share of the last direction in the next one.
    average_from : int or None
        The step from which on weights are averaged; None for never.
    """

    loss: Loss
    penalty: Penalty
    rule: StepRule
    clip: Clip
    n_outputs: int | None
    fit_intercept: bool
    momentum: float
    average_from: int | None


class Learner:
    """A linear model that learns from mini-batches; pickles in between.

    Parameters
    ----------
    recipe : Recipe
        What it does.
    moments : Moments
        Moments of the first rows.
    constant : ConstantModel
        The best constant model of them.
    monitor : GradientMonitor or None
        Who watches.
    n_streamed : int, default=0
        How many rows of a stream there are so far; 0 if these are all rows.
    """

    def __init__(
        self,
        recipe: Recipe,
        moments: Moments,
        constant: ConstantModel,
        monitor: GradientMonitor | None,
        n_streamed: int = 0,
    ) -> None:
        self.n_streamed = n_streamed
        self.recipe, self.moments, self.constant = recipe, moments, constant
        n_features = len(moments.mean)
        outputs = () if recipe.n_outputs is None else (recipe.n_outputs,)
        theta = np.zeros((n_features + 1, *outputs))
        theta[-1] = constant.intercept
        self.weights = Weights.starting_from(theta)
        self.limit = AutomaticLimit()
        self.steps = PenaltySteps.of(recipe.penalty, n_features, recipe.n_outputs)
        self.loss_sum = self.loss_weight = 0.0
        # Steps that were taken; weights that are taken back count their own.
        self.n_skipped = self.n_taken = 0
        self._told = 0.0, 0.0
        self.stability = math.nan
        self.watch: Watch | None = None
        if monitor is not None:
            self.watch = watch_over(monitor, theta)
            monitor.expect(constant.loss)
        self._still: IndexArray | None = None
        self._measure()
        self._start()

    # ---- what depends on the rows seen so far ----

    def _measure(self) -> None:
        """Derive units and centre from the moments."""
        self.centre: FloatArray | None = None
        self.units: Units | None = None
        if not self.recipe.rule.scales:
            return
        # Of a few rows of a stream one cannot tell how much features are going to vary.
        doubt = math.exp(-self.n_streamed / _SURE) if self.n_streamed else 0.0
        self.units = Units.of(self.moments, self.constant, self.weights.theta, doubt)
        if self.recipe.fit_intercept:
            self.centre = self.moments.mean
            still = np.flatnonzero(self.moments.constant)
            self._still = still if len(still) else None

    def see(self, moments: Moments, target: AnyArray, weight: FloatArray) -> None:
        """Take further rows into account; the model stays the same function."""
        at = self.constant.intercept
        self.n_streamed += len(target) if self.n_streamed else 0
        more = ConstantModel.measured(self.recipe.loss, target, weight, at)
        self.constant = self.constant.joined(more)
        if self.watch is not None:
            self.watch.monitor.expect(self.constant.loss)
        coef, intercept = self.coefficients(self.weights.theta)
        self.moments = self.moments.joined(moments)
        self._measure()
        self._place(coef, intercept)
        # The intercept has no penalty, so that its dual follows from where it is.
        self.weights.dual[-1] = -self.weights.inverse[-1] * self.weights.theta[-1]
        if self.watch is None or not self.watch.monitor.is_exploding:
            # What was learnt from earlier rows is not given up for that of later ones.
            self.sound, self._lowest = self.weights.copy(), math.inf

    def start_at(self, coef: FloatArray, intercept: FloatArray) -> None:
        """Start from given coefficients, of shape (p,) or (p, K), and intercept."""
        self._place(coef, intercept)
        self._start()

    def _place(self, coef: FloatArray, intercept: FloatArray) -> None:
        theta = self.weights.theta.copy()
        theta[:-1] = coef
        theta[-1] = intercept
        if self.centre is not None:
            theta[-1] += self.centre @ coef
        self.weights.theta = theta
        if self.watch is not None:
            self.watch.start_from(theta)

    def _start(self) -> None:
        first = self.recipe.rule.first_inverse(self.weights, self.units)
        self.weights.restart(first)
        self.sound, self._lowest = self.weights.copy(), self.constant.loss

    def coefficients(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return coefficients and intercept for rows that are not centred."""
        coef, intercept = theta[:-1], theta[-1]
        if self.centre is not None:
            intercept = intercept - self.centre @ coef
        return coef, np.asarray(intercept)

    def scores(self, rows: Rows, theta: FloatArray) -> FloatArray:
        """Return the scores of rows under given weights."""
        coef, intercept = self.coefficients(theta)
        scores: FloatArray = rows @ coef + intercept
        return scores

    def begin_epoch(self) -> None:
        """Forget the losses of the epoch before."""
        self.loss_sum = self.loss_weight = 0.0
        self._told = 0.0, 0.0

    # ---- one step ----

    def step(self, batch: Batch) -> str:
        """Learn from one batch; return what the monitor says of it.

        To be called where NumPy ignores overflow, which is seen in the gradient.
        """
        recipe, weights = self.recipe, self.weights
        scores = self.scores(batch.rows, weights.theta)
        loss = self._mean_loss(scores, batch)
        slopes = recipe.loss.gradient(scores, batch.target)
        share, sizes = math.nan, None
        if recipe.clip.by_row or recipe.rule.needs_curvature:
            order = recipe.clip.norm_type if recipe.clip.by_row else 2.0
            sizes = row_sizes(batch.rows, order, fit_intercept=recipe.fit_intercept)
            share = recipe.clip.clip_rows(slopes, sizes, self.limit)
        gradient = self._gradient(slopes, batch)
        size = safe_norm(gradient)
        if not math.isfinite(size):
            return self._skip(gradient, size, share, loss)
        watch = self.watch
        self.n_taken += 1
        if watch is not None:
            watch.before(gradient)
        clipped = recipe.clip.clip(gradient, size, weights.theta, self.limit)
        self._descend(gradient, self._curvature(scores, batch, sizes))
        if watch is None:
            return "ok"
        if self.n_taken % _STABILITY_EVERY == 1:
            self.stability = self._stability(batch, scores)
        said = watch.after(weights.theta, size, clipped, share, self.stability, loss)
        if said is None:
            return "ok"
        self._keep_if_sound(said)
        return said

    def keep(self, loss: float) -> None:
        """Keep the weights, to come back to, if the loss was never lower."""
        if loss < self._lowest:
            self._lowest, self.sound = loss, self.weights.copy()

    def _keep_if_sound(self, said: str) -> None:
        """Keep the weights if the mean loss of the last steps was never lower."""
        loss, weight = (
            self.loss_sum - self._told[0],
            self.loss_weight - self._told[1],
        )
        self._told = self.loss_sum, self.loss_weight
        if said == "ok" and weight > 0.0:
            self.keep(loss / weight)

    def _mean_loss(self, scores: FloatArray, batch: Batch) -> float:
        losses = self.recipe.loss.value(scores, batch.target)
        if isinstance(batch.share, float):
            total, weight = float(losses.sum()) * batch.share, len(losses) * batch.share
        else:
            total, weight = float(batch.share @ losses), float(batch.share.sum())
        if math.isfinite(total):
            self.loss_sum += total * len(losses)
            self.loss_weight += weight * len(losses)
        return total / weight

    def _gradient(self, slopes: FloatArray, batch: Batch) -> FloatArray:
        if isinstance(batch.share, float) or slopes.ndim == 1:
            slopes = slopes * batch.share
        else:
            slopes = slopes * batch.share[:, np.newaxis]
        gradient = np.empty(self.weights.theta.shape)
        gradient[:-1] = batch.rows.T @ slopes
        gradient[-1] = slopes.sum(axis=0) if self.recipe.fit_intercept else 0.0
        return gradient

    def _descend(self, gradient: FloatArray, curvature: float) -> None:
        recipe, weights = self.recipe, self.weights
        if self.centre is not None:
            gradient[:-1] -= (
                self.centre * gradient[-1]
                if gradient.ndim == 1
                else np.multiply.outer(self.centre, gradient[-1])
            )
            if self._still is not None:
                # What centring leaves of a constant feature is rounding.
                gradient[self._still] = 0.0
        if recipe.momentum:
            weights.velocity *= recipe.momentum
            weights.velocity += (1.0 - recipe.momentum) * gradient
            gradient = weights.velocity.copy()
        recipe.rule.move(weights, gradient, self.steps, self.units, curvature)
        if recipe.average_from is not None and weights.n_steps >= recipe.average_from:
            weights.total += weights.theta
            weights.n_averaged += 1

    def _curvature(
        self, scores: FloatArray, batch: Batch, sizes: FloatArray | None
    ) -> float:
        """Return an upper bound of the curvature of the batch's loss, if needed."""
        if not self.recipe.rule.needs_curvature or sizes is None:
            return math.nan
        if self.recipe.clip.by_row:
            intercept = self.recipe.fit_intercept
            sizes = row_sizes(batch.rows, 2.0, fit_intercept=intercept)
        bend = self.recipe.loss.smoothness
        if math.isinf(bend):
            bend = float(self.recipe.loss.curvature(scores, batch.target).max())
        return bend * float((np.square(sizes) * batch.share).sum())

    # ---- watching ----

    def flush(self) -> str:
        """Tell the monitor of all steps; return what it says."""
        return "ok" if self.watch is None else self.watch.flush()

    def _skip(
        self, gradient: FloatArray, size: float, share: float, loss: float
    ) -> str:
        """Leave the weights alone: a gradient that is not finite has no direction."""
        self.n_skipped += 1
        if self.watch is None:
            return "nonfinite"
        return self.watch.skip(gradient, size, share, loss)

    def _stability(self, batch: Batch, scores: FloatArray) -> float:
        """Return half the largest curvature in units of the reciprocal steps.

        The power method on the batch's second derivative: a Rayleigh quotient, so it
        never claims too much. Scores of several outputs count by the steepest one.
        """
        bend = self.recipe.loss.curvature(scores, batch.target)
        inverse = self.weights.inverse
        if bend.ndim == 2:
            bend, inverse = bend.max(axis=1), inverse.min(axis=1)
        bend = bend * batch.share
        mean = self.centre
        v, ratio = np.ones(len(inverse)), 0.0
        # The derivative by the intercept, where there is one.
        own = 1.0 if self.recipe.fit_intercept else 0.0
        v[-1] = own
        for _ in range(_POWER_ITERATIONS):
            norm = math.sqrt(ddot(v, inverse * v))
            if not 0.0 < norm < math.inf:
                return math.nan
            v /= norm
            coef, at = v[:-1], v.item(-1)
            u = batch.rows @ coef + (at if mean is None else at - ddot(mean, coef))
            slopes = bend * u
            ratio = ddot(slopes, u)
            v[-1] = total = own * slopes.sum()
            coef[:] = batch.rows.T @ slopes
            if mean is not None:
                coef -= mean * total
            v /= inverse
        return 0.5 * ratio

    def go_back(self) -> None:
        """Take the weights back to where the loss was lowest, and halve the steps."""
        shrink = 0.5 * self.weights.shrink
        self.weights = self.sound.copy()
        self.weights.shrink = shrink
        if self.watch is not None:
            self.watch.monitor.restart()
            self.watch.start_from(self.weights.theta)
