"""Running statistics of a stream of gradients, in constant time and memory a step.

Steps are gathered in runs of sixteen. Of a run only medians and means are kept, for a
single spike says nothing: gradients of mini-batches have heavy tails, and clipping is
there for spikes. The runs of the whole stream are kept in a list that is halved, by
joining neighbours, when it is full.
"""

import math
from collections import deque
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple, TypeAlias

import numpy as np

from sknorms._typing import FloatArray

__all__ = ["GradientStatistics", "Run", "Step"]

# Steps in a run, and runs that are kept before neighbours are joined.
_RUN = 16
_MOST_RUNS = 64
# A level has to last so many runs to count: at twice the usual spread of gradients,
# three medians of eight in a row are not beyond ten times the median by chance.
_LASTING = 3
# Gradients that grow that much without a single step down in so many steps explode. By
# chance n steps in a row go up once in (n + 1)! steps.
_CLIMB_STEPS, _CLIMB_FACTOR = 10, 1000.0
_UP = b"\1"
# What counts as far beyond the usual, and as still rising.
_FAR, _RISING = 10.0, 3.0
_RISEN, _EXPLODED = 0.5, 10.0


# Norm, loss, share of clipped samples (or 1 for a clipped step) and stability ratio.
Step: TypeAlias = tuple[float, float, float, float]
_SHARE = 2


class Run(NamedTuple):
    """Some steps in a row: medians and means of what is known, NaN where nothing is."""

    norm: float
    loss: float
    clipped: float
    stability: float


class GradientStatistics:
    """What there is to know about a stream of gradients, step by step."""

    def __init__(self) -> None:
        self.n_steps = 0
        self.n_nonfinite_steps = 0
        self.n_nonfinite = 0
        self.first_nonfinite: int | None = None
        self.exploding_since: int | None = None
        self.growth = 1.0
        self.runs: list[Run] = []
        self.recent: deque[Run] = deque(maxlen=_LASTING)
        self.start_loss = self.first_loss = self.best_loss = math.nan
        self._usual, self._lowest = 0.0, math.inf
        self._risen = self._exploded = math.nan
        self._open: list[Step] = []
        # As the digits of a binary counter: of how many runs each one is made.
        self._joining: list[tuple[int, Run]] = []
        self._runs_in_one = 1
        self._last, self._climb, self._foot = math.inf, 0, (math.inf, math.nan)

    def add(self, step: Step, n_nonfinite: int) -> bool:
        """Take in one step; return whether it is bad: not finite, or exploding."""
        self.n_steps += 1
        norm = step[0]
        if self.n_steps == 1 and math.isnan(self.start_loss):
            self.start_loss = step[1]
        if n_nonfinite or not norm < math.inf:
            self._count_nonfinite(n_nonfinite)
            return True
        self._go_up_or_down(norm, step[1])
        self._open.append(step)
        if len(self._open) == _RUN:
            run = _summary(self._open)
            self._open.clear()
            self._close(run)
        return self.exploding_since is not None

    def extend(self, steps: FloatArray) -> bool:
        """Take in several finite steps, rows of the numbers of a `Step`, at once.

        It is the same as taking them in one by one, and faster.
        """
        first = 0
        if not self.n_steps and math.isnan(self.start_loss):
            self.start_loss = float(steps[0, 1])
        while first < len(steps) and self._open:
            self.add(tuple(steps[first].tolist()), 0)
            first += 1
        last = first + (len(steps) - first) // _RUN * _RUN
        whole = steps[first:last]
        step_by_step = not self._pass_without_climbing(*whole[:, :2].T)
        for at, run in enumerate(_summaries(whole)):
            if step_by_step:
                own = slice(at * _RUN, (at + 1) * _RUN)
                for norm, loss in whole[own, :2].tolist():
                    self.n_steps += 1
                    self._go_up_or_down(norm, loss)
            else:
                self.n_steps += _RUN
            self._close(run)
        for step in steps[last:].tolist():
            self.add(tuple(step), 0)
        return self.exploding_since is not None

    def expect(self, loss: float) -> None:
        """Take a loss for the one before the first step."""
        if not 0.0 < loss < math.inf or loss <= self.first_loss:
            return
        if math.isnan(self.best_loss):
            self.best_loss = loss
        self.start_loss = self.first_loss = loss
        self._note_loss()

    def restart(self) -> None:
        """Forget that gradients exploded, because the weights were taken back."""
        self.exploding_since = None
        self._open.clear()
        self.recent.clear()
        self._last, self._climb, self._foot = math.inf, 0, (math.inf, math.nan)

    def all_runs(self) -> list[Run]:
        """Return the runs of the whole stream, the unfinished one included."""
        rest = [_summary(self._open)] if self._open else []
        return [*self.runs, *(run for _, run in self._joining), *rest]

    def _count_nonfinite(self, n_nonfinite: int) -> None:
        self.n_nonfinite_steps += 1
        self.n_nonfinite += max(1, n_nonfinite)
        if self.first_nonfinite is None:
            self.first_nonfinite = self.n_steps - 1

    def _go_up_or_down(self, norm: float, loss: float) -> None:
        if norm > self._last:
            self._climb_on(norm, loss)
        else:
            self._climb, self._foot = 0, (norm, loss)
        self._last = norm

    def _pass_without_climbing(self, norms: FloatArray, losses: FloatArray) -> bool:
        """Pass steps none of which ends a climb, and return whether they are such."""
        if not (len(norms) and self._foot[0] > 0.0 and norms.min() > 0.0):
            return False
        # A byte a step, 1 for those that go up, searched as text is.
        first = bytes([norms.item(0) > self._last])
        way = _UP * self._climb + first + (norms[1:] > norms[:-1]).tobytes()
        if _UP * _CLIMB_STEPS in way:
            return False
        foot = way.rfind(b"\0") - self._climb
        self._climb = len(norms) - 1 - foot if foot >= 0 else self._climb + len(norms)
        if foot >= 0:
            self._foot = float(norms[foot]), float(losses[foot])
        self._last = float(norms[-1])
        return True

    def _climb_on(self, norm: float, loss: float) -> None:
        if self._foot[0] > 0.0:
            self._climb += 1
            if self._climb >= _CLIMB_STEPS:
                self._judge_climb(norm, loss)
        else:
            self._climb, self._foot = 0, (norm, loss)

    def _close(self, run: Run) -> None:
        self.recent.append(run)
        if math.isnan(self.first_loss):
            self.first_loss = self.best_loss = run.loss
            self._note_loss()
        if run.norm < self._lowest:
            self._lowest = run.norm
        suspicious = run.norm > _FAR * self._lowest or run.loss > self._risen
        if suspicious or self.exploding_since is not None:
            self._judge_level()
        if run.loss < self.best_loss:
            self.best_loss = run.loss
            self._note_loss()
        self._keep(run)

    def _note_loss(self) -> None:
        """Note from where on the loss counts as risen, and as exploded."""
        best = self.best_loss
        span = max(abs(best), abs(self.first_loss - best))
        self._risen, self._exploded = best + _RISEN * span, best + _EXPLODED * span

    def _keep(self, run: Run) -> None:
        joining = self._joining
        joining.append((1, run))
        while len(joining) > 1 and joining[-1][0] == joining[-2][0]:
            (count, later), (_, earlier) = joining.pop(), joining.pop()
            joining.append((2 * count, _joined(earlier, later)))
        if joining[-1][0] == self._runs_in_one:
            self.runs.append(joining.pop()[1])
        if len(self.runs) == _MOST_RUNS:
            pairs = zip(self.runs[::2], self.runs[1::2], strict=True)
            self.runs = [_joined(*pair) for pair in pairs]
            self._runs_in_one *= 2

    def _judge_level(self) -> None:
        """Compare the last runs with the stream: far above it, and still rising."""
        if len(self.recent) < _LASTING:
            return
        if self.exploding_since is not None:
            self._judge_recovery()
            return
        before = self.runs[: 1 - _LASTING] if self._runs_in_one == 1 else self.runs
        if len(before) < _LASTING:
            return
        low = min(run.norm for run in self.recent)
        # Medians are dear: most runs that look suspicious are cleared without any.
        beyond = low > _FAR * self._lowest and self._loss_rose()
        exploded = self._loss_exploded()
        if not (beyond or exploded):
            return
        usual = median(run.norm for run in before)
        lately = median(run.norm for run in before[len(before) // 2 :])
        far = low > _FAR * usual and low > _RISING * lately
        if exploded or (far and beyond):
            self._explode(usual, low)

    def _judge_recovery(self) -> None:
        back = max(run.norm for run in self.recent) <= _RISING * self._usual
        if back and not self._loss_exploded():
            self.exploding_since = None

    def _judge_climb(self, norm: float, loss: float) -> None:
        foot, loss_then = self._foot
        if self.exploding_since is not None or norm < _CLIMB_FACTOR * foot:
            return
        usual = median(run.norm for run in self.runs) if self.runs else foot
        if norm > _FAR * usual and not loss < loss_then:
            self._explode(min(usual, foot), norm)

    def _explode(self, usual: float, now: float) -> None:
        self.exploding_since = self.n_steps - 1
        self._usual = usual
        self.growth = now / usual if usual > 0.0 else math.inf

    def _loss_rose(self) -> bool:
        """Whether the loss has stayed above its best; yes if it is unknown."""
        return not any(run.loss <= self._risen for run in self.recent)

    def _loss_exploded(self) -> bool:
        """Whether the loss alone shows it, as where gradients are bounded."""
        unstable = all(run.stability > 1.0 for run in self.recent)
        limit = self._risen if unstable else self._exploded
        return all(run.loss > limit for run in self.recent)


def _summary(steps: Sequence[Step]) -> Run:
    """Return the medians of norm, loss and stability, and the share clipped."""
    norms, losses, clipped, stability = zip(*steps, strict=True)
    return Run(_middle(norms), _middle(losses), _mean(clipped), _middle(stability))


def _summaries(steps: FloatArray) -> list[Run]:
    """Return the summary of each of several runs, all steps of which are rows."""
    # Field by field, run by run.
    values = steps.T.reshape(steps.shape[1], -1, _RUN)
    # What is unknown comes last where sorted: of a run, nothing or all of it.
    ordered = np.sort(values, axis=2)
    unknown = np.isnan(ordered[..., :: _RUN - 1])
    if (unknown[..., 0] != unknown[..., 1]).any():
        return [
            _summary([*map(tuple, run.T.tolist())]) for run in values.swapaxes(0, 1)
        ]
    middle = 0.5 * (ordered[..., _RUN // 2 - 1] + ordered[..., _RUN // 2])
    # In the order in which Python's sum adds.
    middle[_SHARE] = np.cumsum(values[_SHARE], axis=1)[:, -1] / _RUN
    return [Run(*run) for run in middle.T.tolist()]


def _joined(one: Run, other: Run) -> Run:
    """Return one run for two neighbours."""
    norm, loss = 0.5 * one[0] + 0.5 * other[0], 0.5 * one[1] + 0.5 * other[1]
    clipped, stability = 0.5 * (one[2] + other[2]), 0.5 * (one[3] + other[3])
    if loss == loss and clipped == clipped and stability == stability:
        return Run(norm, loss, clipped, stability)
    return Run(*map(_mean, zip(one, other, strict=True)))


def _middle(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return median(known) if known else math.nan


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return sum(known) / len(known) if known else math.nan
