"""What a stream of gradients says about training: one verdict, and what to do.

Each verdict is one record that looks for its sign in the statistics of the stream. The
first one that finds it is the diagnosis. All of them ask for signs that last, because
an alarm on a good run is worse than none: gradients of mini-batches are noisy, early
ones are large, and a single spike is what clipping is for.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from sknorms.linear_model._monitor._gradient_statistics import GradientStatistics, Run

__all__ = ["VERDICTS", "Diagnosis", "Verdict", "diagnose"]

# Steps below which nothing is said about trends.
_FEW, _PLATEAU_STEPS = 40, 200
# Share of late steps above which the threshold acts as the learning rate.
_SATURATED = 0.5
# A gradient that small beside the first ones has vanished: if the loss is as high as it
# was; or whatever the loss is, below the resolution of float32.
_VANISHED, _BELOW_FLOAT32 = 1e-3, 1e-7
# The loss counts as unchanged within these shares of its first value.
_STUCK, _FLAT = 0.1, 0.05
# The gradient is as large as it was: what tells a plateau from convergence.
_STILL_LARGE = 0.3


@dataclass(frozen=True)
class Diagnosis:
    """A verdict on training, with a sentence that says what to do.

    Parameters
    ----------
    verdict : {"ok", "exploding", "nonfinite", "clip_saturated", "vanishing", "plateau"}
        What is the matter.
    message : str
        The evidence, and what to do.
    step : int or None
        The step from which on it shows, if it is a matter of one step.
    evidence : dict
        The numbers behind it.

    Examples
    --------
    >>> from sknorms.linear_model import GradientMonitor
    >>> monitor = GradientMonitor(on_divergence="ignore")
    >>> for norm in (1.0, 0.8, float("nan"), 0.7):
    ...     _ = monitor.record(norm)
    >>> diagnosis = monitor.diagnosis
    >>> diagnosis.verdict, diagnosis.step
    ('nonfinite', 2)
    """

    verdict: str
    message: str
    step: int | None
    evidence: dict[str, float]

    def __str__(self) -> str:
        return f"{self.verdict}: {self.message}"


class Verdict(ABC):
    """One thing that can be the matter."""

    name: ClassVar[str]

    @abstractmethod
    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if the stream shows it."""


@dataclass(frozen=True)
class Exploding(Verdict):
    """Gradients, or the loss, grow without end."""

    name: ClassVar[str] = "exploding"

    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if growth was found while recording."""
        if seen.exploding_since is None:
            return None
        what = f"from step {seen.exploding_since} on"
        if seen.growth >= 2.0:
            what += f" gradients are {seen.growth:.3g} times what was usual before"
        else:
            what += " the loss is far above what it was, at bounded gradients"
        return Diagnosis(
            self.name,
            f"{what}. Lower the learning rate, scale the features, or clip gradients.",
            seen.exploding_since,
            {"growth": seen.growth},
        )


@dataclass(frozen=True)
class NonFinite(Verdict):
    """There are gradients with NaN or infinity."""

    name: ClassVar[str] = "nonfinite"

    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if any step was not finite."""
        if not seen.n_nonfinite_steps:
            return None
        return Diagnosis(
            self.name,
            f"gradients or losses of {seen.n_nonfinite_steps} of {seen.n_steps} steps "
            f"hold NaN or infinity, the first at step {seen.first_nonfinite}. Look for "
            "overflow, a division by zero or bad rows there; skip such steps, and "
            "lower the learning rate if they come after growth.",
            seen.first_nonfinite,
            {"n_steps": seen.n_nonfinite_steps, "n_elements": seen.n_nonfinite},
        )


@dataclass(frozen=True)
class ClipSaturated(Verdict):
    """Most steps are clipped, so that the threshold sets their length."""

    name: ClassVar[str] = "clip_saturated"

    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if most of the late half of steps were clipped."""
        runs = seen.all_runs()
        clipped = [run.clipped for run in runs[len(runs) // 2 :]]
        known = [share for share in clipped if not math.isnan(share)]
        if seen.n_steps < _FEW or not known:
            return None
        share = sum(known) / len(known)
        if share <= _SATURATED:
            return None
        return Diagnosis(
            self.name,
            f"{share:.0%} of the gradients in the second half of {seen.n_steps} steps "
            "were clipped: the threshold acts as a learning rate, not as a guard. "
            f"Raise it above {_late(runs):.3g}, the usual norm, or scale the features.",
            None,
            {"clipped_fraction": share, "usual_norm": _late(runs)},
        )


@dataclass(frozen=True)
class Vanishing(Verdict):
    """Gradients are next to nothing, though there is something left to learn."""

    name: ClassVar[str] = "vanishing"

    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if late gradients are tiny and the loss did not fall."""
        runs = seen.all_runs()
        if seen.n_steps < _FEW:
            return None
        early, late = max(run.norm for run in _quarter(runs, 0)), _late(runs)
        fell = _fall(seen, runs)
        unknown = math.isnan(fell)
        ratio = late / early if early > 0.0 else 0.0
        if ratio > (_BELOW_FLOAT32 if unknown else _VANISHED):
            return None
        if fell > _STUCK or (not unknown and _late_loss(runs) == 0.0):
            return None
        advice = (
            "If training is done, stop; if not, raise the learning rate or look for "
            "units that saturate."
        )
        return Diagnosis(
            self.name,
            f"gradients have fallen to {ratio:.3g} of what they were"
            f"{'' if unknown else ', and the loss has not'}. {advice}",
            None,
            {"norm_ratio": ratio, "loss_fall": fell},
        )


@dataclass(frozen=True)
class Plateau(Verdict):
    """The loss does not fall, and gradients are as large as they were."""

    name: ClassVar[str] = "plateau"

    def look(self, seen: GradientStatistics) -> Diagnosis | None:
        """Return a diagnosis if the loss is flat from the beginning to the end."""
        runs = seen.all_runs()
        if seen.n_steps < _PLATEAU_STEPS:
            return None
        fell, early = _fall(seen, runs), median(run.norm for run in _quarter(runs, 0))
        if not abs(fell) < _FLAT or not _late(runs) > _STILL_LARGE * early > 0.0:
            return None
        return Diagnosis(
            self.name,
            f"the loss fell by {fell:.1%} in {seen.n_steps} steps, while gradients "
            "stay as large as they were. Change the learning rate (up if the loss "
            "creeps, down if it jumps) or scale the features; if the loss cannot be "
            "lower, stop.",
            None,
            {"loss_fall": fell, "usual_norm": _late(runs)},
        )


#: Every verdict but "ok", the gravest first.
VERDICTS: tuple[Verdict, ...] = (
    Exploding(),
    NonFinite(),
    ClipSaturated(),
    Vanishing(),
    Plateau(),
)


def diagnose(seen: GradientStatistics) -> Diagnosis:
    """Return the gravest verdict that the stream shows."""
    for verdict in VERDICTS:
        found = verdict.look(seen)
        if found is not None:
            return found
    if seen.n_steps < _FEW:
        message = f"nothing to see in {seen.n_steps} steps, too few for a trend."
    else:
        message = f"{seen.n_steps} steps look healthy. Nothing to do."
    return Diagnosis("ok", message, None, {})


def _quarter(runs: Sequence[Run], number: int) -> Sequence[Run]:
    size = max(1, len(runs) // 4)
    return runs[-size:] if number == 3 else runs[number * size : (number + 1) * size]


def _late(runs: Sequence[Run]) -> float:
    return median(run.norm for run in _quarter(runs, 3))


def _late_loss(runs: Sequence[Run]) -> float:
    losses = [run.loss for run in _quarter(runs, 3) if not math.isnan(run.loss)]
    return median(losses) if losses else math.nan


def _fall(seen: GradientStatistics, runs: Sequence[Run]) -> float:
    """Return the share of its first value that the loss lost; NaN if unknown.

    The first value is that of the first step, because the first run may be all that it
    takes to learn, or that of the first run, because the first step may be lucky.
    """
    late = _late_loss(runs)
    known = [loss for loss in (seen.start_loss, runs[0].loss) if not math.isnan(loss)]
    if not known or math.isnan(late):
        return math.nan
    first = max(known)
    return (first - late) / abs(first) if first else (0.0 if late == first else -1.0)
