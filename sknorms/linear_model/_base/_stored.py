"""Models as a type of fewer digits holds them, with the certificate of what is held.

Solvers work in float64. Coefficients that are handed out as float32 are others than
those that were certified: by so little that their objective hardly changes, but where
columns are much alike, gradients may change by more than a tolerance allows.
"""

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms.linear_model._base._nearest_floats import Lattice, rounded_within
from sknorms.linear_model._losses import Loss
from sknorms.linear_model._penalties import Penalty, Separable
from sknorms.linear_model._problem import Design, ScoreProblem, Solution, Start
from sknorms.linear_model._solvers import solve

__all__ = ["Storage"]

# Matching more coefficients takes too long: they are rounded one by one.
_MOST_COLUMNS = 512


@dataclass(frozen=True, eq=False)
class Storage:
    """What a model minimises, and in which type it is stored.

    Parameters
    ----------
    design : Design
    y : ndarray of shape (n_samples,)
    loss : Loss
    penalty : Penalty
        A sum over coefficients or groups of them.
    fit_intercept : bool
    tol : float
        The relative gap that was asked for.
    dtype : type
        Of coefficients and intercepts.
    """

    design: Design
    y: AnyArray
    loss: Loss
    penalty: Penalty
    fit_intercept: bool
    tol: float
    dtype: Any

    def stored(self, found: Solution) -> Solution:
        """Return a model of numbers that the type holds, and how good that model is.

        Each number is rounded to the nearest one. Where that would leave too large a
        gap, they are rounded so that they make up for each other.
        """
        plain = self._held(found, self._rounded(found.coef))
        if self._hardly_moved(found, plain):
            return plain
        own, plain = self._examined(plain)
        if own <= self.tol and plain.converged:
            return plain
        other, matched = self._examined(self._held(found, self._nearest(found)))
        return matched if other < own else plain

    @functools.cached_property
    def problem(self) -> ScoreProblem:
        """What the gap is about."""
        rows = self.y if self.design.kept is None else self.y[self.design.kept]
        n_outputs = self.loss.n_outputs(self.y)
        return ScoreProblem(self.design, rows, self.loss, self.fit_intercept, n_outputs)

    @functools.cached_property
    def null(self) -> float:
        """The objective without coefficients, the intercepts at their best."""
        origin = np.zeros((self.design.n_rows, self.problem.n_outputs))
        return self.problem.value(self.problem.balanced(origin)[0])

    def _rounded(self, coef: FloatArray) -> FloatArray:
        _, _, lower, upper = self._parts(coef.ndim)
        return rounded_within(coef, lower, upper, self.dtype)

    def _parts(self, ndim: int = 1) -> list[FloatArray]:
        """Return l1, l2 and bounds of features, of shape (p,) or (p, 1)."""
        found = self.penalty.separable(self.design.n_columns, self.problem.n_outputs)
        if found is None:
            none = np.zeros(self.design.n_columns)
            found = Separable(none, none, none - math.inf, none + math.inf)
        parts = [found.l1, found.l2, found.lower, found.upper]
        return parts if ndim == 1 else [part[:, np.newaxis] for part in parts]

    def _held(self, found: Solution, coef: FloatArray) -> Solution:
        """Return a model with other coefficients, its intercept and gap in keeping."""
        problem = self.problem
        z = problem.scores(coef.reshape(len(coef), -1))
        at = np.atleast_1d(found.intercept)
        at = at + problem.balanced(z + at)[1]
        at = at.astype(self.dtype).astype(np.float64)
        objective = problem.value(z + at) + self.penalty.value(coef)
        model = replace(
            found,
            coef=coef,
            intercept=at if self.loss.vector_valued else at.item(),
            objective=objective,
        )
        return self._certified(model, found.objective - found.dual_gap)

    def _certified(self, model: Solution, dual: float) -> Solution:
        """Return a model with the gap that a dual objective leaves."""
        gap = max(model.objective - dual, 0.0)
        relative = gap / self.null if self.null > 0.0 else math.inf if gap else 0.0
        good = relative <= self.tol
        # Rounding may be most of a gap that was too large already.
        worse = model.converged or relative > 2.0 * model.relative_gap
        failed = worse and not good
        return replace(
            model,
            dual_gap=gap,
            relative_gap=relative,
            converged=model.converged and good,
            target=self.tol if failed else model.target,
            cause=self._cause() if failed else model.cause,
        )

    def _cause(self) -> str:
        name = np.dtype(self.dtype).name
        return (
            f"It was smaller before coefficients were rounded to {name}, the type of "
            "X: pass X in float64, or accept this gap by a larger tol."
        )

    def _hardly_moved(self, found: Solution, plain: Solution) -> bool:
        """Whether rounding leaves the gap, and gradients, as good as they were."""
        if not plain.converged:
            return False
        norms = self.problem.norms()
        columns = norms if plain.coef.ndim == 1 else norms[:, np.newaxis]
        moved = float((columns * np.abs(plain.coef - found.coef)).sum())
        bend = self.loss.smoothness * moved
        reach = norms.max(initial=0.0) * float(np.abs(plain.coef).sum())
        worse = plain.dual_gap + bend * (0.5 * moved + reach)
        return bool(worse <= self.tol * self.null)

    def _examined(self, model: Solution) -> tuple[float, Solution]:
        """Return the gap that a model proves by itself, and the model.

        It is certified by its own dual point where that is the better one.
        """
        own = solve(
            self.design,
            self.y,
            self.loss,
            self.penalty,
            fit_intercept=self.fit_intercept,
            tol=self.tol,
            max_iter=0,
            initial=Start(model.coef, model.intercept),
        )
        dual = own.objective - own.dual_gap
        gap = max(model.objective - dual, 0.0)
        if gap < model.dual_gap:
            model = self._certified(replace(model, dual_coef=own.dual_coef), dual)
        return (gap / self.null if self.null > 0.0 else 0.0), model

    def _nearest(self, found: Solution) -> FloatArray:
        """Return coefficients rounded so that scores stay nearly what they are."""
        coef = found.coef.reshape(len(found.coef), -1)
        rounded = self._rounded(coef)
        l1, l2, lower, upper = self._parts()
        at = np.atleast_1d(found.intercept)
        problem, z = self.problem, self.problem.scores(coef) + at
        bends = np.reshape(
            self.loss.curvature(z if self.loss.vector_valued else z[:, 0], problem.y),
            z.shape,
        )
        for k, w in enumerate(coef.T):
            if np.count_nonzero(w) > _MOST_COLUMNS:
                continue
            kept = l1 > 0.0
            lattice = Lattice(
                self.design.X,
                problem.share * bends[:, k],
                l2,
                np.where(kept & (w > 0.0), np.maximum(lower, 0.0), lower),
                np.where(kept & (w < 0.0), np.minimum(upper, 0.0), upper),
                self.dtype,
                self.fit_intercept,
            )
            rounded[:, k] = lattice.nearest(w)
        return rounded.reshape(found.coef.shape)
