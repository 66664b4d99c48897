r"""Fits within a ball, or with any penalty that is known by its prox alone.

Accelerated proximal gradient steps, started anew where they overshoot (Beck and
Teboulle, 2009; O'Donoghue and Candes, 2015), with step lengths found by trying. For a
ball the duality gap is that of Frank and Wolfe, :math:`\langle g, w \rangle + r\|g\|_*`
with the gradient g, plus what rounding adds (Jaggi, 2013).
"""

import math
from dataclasses import dataclass

import numpy as np

from sknorms._typing import FloatArray
from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._problem import GapRecord, ScoreProblem, Solution, Start

__all__ = ["solve_projected"]

# Steps between two looks at the gap.
_EVERY = 5
_LONGER = 1.1
_SHORTER = 0.5
_HALVINGS = 60
_ROUNDING = 2.0**-48
# Looks at the gap without progress, after which there is no use in going on.
_STALLED = 40


def solve_projected(
    problem: ScoreProblem,
    penalty: Penalty,
    tol: float,
    max_iter: int,
    initial: Start | None,
) -> Solution:
    """Minimise a mean loss plus a penalty by proximal gradient steps.

    Parameters are those of `solve`; ``max_iter`` counts steps.
    """
    return _Descent(problem, penalty, tol).run(max_iter, initial)


@dataclass(frozen=True, eq=False)
class _Point:
    """Coefficients, and their scores without and with the best intercepts."""

    w: FloatArray
    raw: FloatArray
    z: FloatArray
    shift: FloatArray
    loss: float

    def ahead(self, other: "_Point", share: float) -> tuple[FloatArray, FloatArray]:
        """Return coefficients and scores on the line from another point through it."""
        return (
            self.w + share * (self.w - other.w),
            self.raw + share * (self.raw - other.raw),
        )


class _Descent:
    def __init__(self, problem: ScoreProblem, penalty: Penalty, tol: float) -> None:
        self.problem = problem
        self.penalty = penalty
        self.scalar = not problem.loss.vector_valued
        nothing = np.zeros((problem.design.n_columns, problem.n_outputs))
        self.record = GapRecord(problem, self._point(nothing).loss, tol)

    def run(self, max_iter: int, initial: Start | None) -> Solution:
        """Return the solution."""
        point = self._begin(initial)
        past, momentum, step = point, 1.0, self._first_step()
        lowest, stalled = math.inf, 0
        for done in range(max_iter + 1):
            if done % _EVERY == 0 or done == max_iter:
                objective = self._look(point)
                stalled = 0 if self.record.gap < lowest else stalled + 1
                lowest = min(lowest, self.record.gap)
                if self.record.converged or stalled >= _STALLED:
                    break
            following = 0.5 + math.sqrt(0.25 + momentum**2)
            start = self._at(*point.ahead(past, (momentum - 1.0) / following))
            new, step = self._step(start, step)
            turned = float(np.vdot(start.w - new.w, new.w - point.w)) > 0.0
            past, momentum = (new, 1.0) if turned else (point, following)
            point = new
        return self.record.solution(point.w, point.shift, objective, done)

    def _begin(self, initial: Start | None) -> _Point:
        shape = (self.problem.design.n_columns, self.problem.n_outputs)
        w = np.zeros(shape) if initial is None else np.reshape(initial.coef, shape)
        return self._point(self._prox(w, 1.0))

    def _first_step(self) -> float:
        """Return one over a bound of the curvature, or a guess where there is none."""
        squares = float((self.problem.norms() ** 2).sum())
        smoothness = self.problem.loss.smoothness
        bound = squares * (smoothness if math.isfinite(smoothness) else 1.0)
        return 4.0 / bound if bound > 0.0 else 1.0

    def _step(self, start: _Point, step: float) -> tuple[_Point, float]:
        """Return the next point, and a step length that is good there."""
        gradient = self._gradient(start)
        step *= _LONGER
        for _ in range(_HALVINGS):
            new = self._point(self._prox(start.w - step * gradient, step))
            change = new.w - start.w
            model = float(np.vdot(gradient, change)) + 0.5 / step * float(
                np.vdot(change, change)
            )
            if new.loss <= start.loss + model + _ROUNDING * abs(start.loss):
                break
            step *= _SHORTER
        return new, step

    def _look(self, point: _Point) -> float:
        """Note the gap, and return the objective."""
        problem, penalty = self.problem, self.penalty
        u = problem.derivatives(point.z)
        gradient = self._outer(problem.gradient(problem.weigh(u)))
        objective = point.loss + penalty.value(self._outer(point.w))
        limit = penalty.feasible_scale(-gradient, math.inf)
        best, best_scale = -math.inf, 0.0
        for scale in {problem.dual_scale(u, limit), min(1.0, limit)}:
            dual = -problem.conjugate(scale * u) - penalty.conjugate(-scale * gradient)
            if dual > best:
                best, best_scale = dual, scale
        self.record.look(objective, best, best_scale * u)
        return objective

    def _gradient(self, point: _Point) -> FloatArray:
        problem = self.problem
        return problem.gradient(problem.weigh(problem.derivatives(point.z)))

    def _point(self, w: FloatArray) -> _Point:
        return self._at(w, self.problem.scores(w))

    def _at(self, w: FloatArray, raw: FloatArray) -> _Point:
        z, shift = self.problem.balanced(raw)
        return _Point(w, raw, z, shift, self.problem.value(z))

    def _prox(self, w: FloatArray, step: float) -> FloatArray:
        return self.penalty.prox(self._outer(w), step).reshape(w.shape)

    def _outer(self, w: FloatArray) -> FloatArray:
        """Return coefficients in the shape that penalties take."""
        return w[:, 0] if self.scalar else w
