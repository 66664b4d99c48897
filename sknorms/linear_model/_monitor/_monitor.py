"""The monitor of gradients: a bounded history, and a verdict at any time."""

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import check_choice, check_integer, check_real
from sknorms.linear_model._monitor._diagnosis import Diagnosis, diagnose
from sknorms.linear_model._monitor._gradient_arrays import (
    GradientSize,
    measure_gradient,
)
from sknorms.linear_model._monitor._gradient_statistics import GradientStatistics
from sknorms.linear_model._monitor._history import History

__all__ = [
    "ON_DIVERGENCE",
    "DivergenceError",
    "DivergenceWarning",
    "GradientMonitor",
    "Step",
]


_PACKAGE = __name__.split(".")[0] + "."


class DivergenceWarning(ConvergenceWarning):
    """Gradients explode, or are not finite.

    Parameters
    ----------
    message : str
        The diagnosis.

    Examples
    --------
    >>> import warnings
    >>> from sknorms.linear_model import DivergenceWarning, GradientMonitor
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always", DivergenceWarning)
    ...     print(GradientMonitor().record(float("inf")))
    nonfinite
    >>> caught[0].category.__name__
    'DivergenceWarning'
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


class DivergenceError(ValueError, ArithmeticError):
    """Gradients explode, or are not finite, and that was to be an error.

    Parameters
    ----------
    message : str
        The diagnosis.

    Examples
    --------
    >>> from sknorms.linear_model import DivergenceError, GradientMonitor
    >>> try:
    ...     GradientMonitor(on_divergence="raise").record(float("inf"))
    ... except DivergenceError as error:
    ...     print(str(error)[:9])
    nonfinite
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


def _warn(diagnosis: Diagnosis) -> None:
    warnings.warn(str(diagnosis), DivergenceWarning, stacklevel=_depth())


def _depth() -> int:
    """Return how many calls up the code is that is not of this package."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    return depth


def _raise(diagnosis: Diagnosis) -> None:
    raise DivergenceError(str(diagnosis))


def _say_nothing(diagnosis: Diagnosis) -> None:
    del diagnosis


#: What a monitor does the first time that it sees training diverge.
ON_DIVERGENCE: dict[str, Callable[[Diagnosis], None]] = {
    "warn": _warn,
    "raise": _raise,
    "backtrack": _say_nothing,
    "ignore": _say_nothing,
}


# Those for which it matters how soon.
_ACTED_UPON = ("raise", "backtrack")


class Step(NamedTuple):
    """What is known of one step; NaN is what is not."""

    norm: float
    norm_inf: float = math.nan
    clipped_norm: float = math.nan
    clip_factor: float = math.nan
    clipped_fraction: float = math.nan
    update_norm: float = math.nan
    weight_norm: float = math.nan
    stability: float = math.nan
    loss: float = math.nan
    n_nonfinite: float = 0.0


# Columns of what statistics are made of, and of the factor that clipping has.
_WATCHED = [
    Step._fields.index(name)
    for name in ("norm", "loss", "clipped_fraction", "stability")
]
_FACTOR = Step._fields.index("clip_factor")


class GradientMonitor:
    """Watch the gradients of any training loop: history, verdict, advice.

    Parameters
    ----------
    on_divergence : {"warn", "raise", "backtrack", "ignore"}, default="warn"
        What to do the first time that gradients explode or are not finite: a
        `DivergenceWarning`, a `DivergenceError`, or nothing. "backtrack" says nothing
        either, because weights are not the monitor's: a loop (as that of
        `ClippedSGDClassifier`) takes them back when `record` returns something else
        than "ok", and calls `restart`.
    capacity : int, default=4096
        How many steps `history` holds. A longer run is thinned out evenly; the first
        and last step, the largest gradient and the first non-finite one are kept.

    Attributes
    ----------
    diagnosis : Diagnosis
        The verdict, a sentence that says what to do, and the evidence.
    history : dict of ndarray
        One array a field, with the numbers of their steps as "step".
    n_steps : int
        Steps recorded.
    n_nonfinite_steps : int
        Steps with NaN or infinity.

    See Also
    --------
    ClippedSGDRegressor : A learner that is watched by one.
    sknorms.norms.clip_by_global_norm : Reports to a monitor, if it is given one.

    Notes
    -----
    A step costs a few microseconds, in constant memory. What is recorded decides what
    is found: norms alone show explosions and NaN; a loss beside them tells growth that
    is an explosion from growth that is not, and shows plateaus; a threshold shows
    clipping that acts as a learning rate. The same stream gives the same verdict.

    Examples
    --------
    From a loop that is not ours, here steepest descent with too long steps:

    >>> import numpy as np
    >>> from sknorms.linear_model import GradientMonitor
    >>> monitor = GradientMonitor(on_divergence="ignore")
    >>> w, curvature = np.ones(2), np.array([1.0, 30.0])
    >>> for _ in range(50):
    ...     gradient = curvature * w
    ...     verdict = monitor.record([gradient], loss=0.5 * gradient @ w)
    ...     w -= 0.1 * gradient
    >>> verdict
    'exploding'
    >>> monitor.diagnosis.message.split(". ")[1]
    'Lower the learning rate, scale the features, or clip gradients.'
    >>> monitor.history["norm"].shape
    (50,)

    A model of another library is watched by ``monitor.record(p.grad for p in
    model.parameters())``.
    """

    def __init__(self, *, on_divergence: str = "warn", capacity: int = 4096) -> None:
        self.on_divergence = check_choice(
            "on_divergence", on_divergence, list(ON_DIVERGENCE)
        )
        self.capacity = check_integer("capacity", capacity, low=2)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._history = History(Step._fields, self.capacity)
        self._statistics = GradientStatistics()
        self._told = False

    def restart(self) -> None:
        """Go on after the weights were taken back to where gradients were sound.

        The history stays; that gradients exploded is forgotten, so that they can be
        found to explode again.
        """
        self._statistics.restart()

    def expect(self, loss: float) -> None:
        """Say what the loss was before the first step.

        Losses are compared with it from then on; without it they are compared with
        those of the first eight steps, which may be large already.

        Parameters
        ----------
        loss : float
            The loss of the model that training starts with; of a constant, say. It is
            ignored if it is not positive, or not above one that was said before.
        """
        self._statistics.expect(float(loss))

    def record(
        self,
        gradient: Any,
        *,
        max_norm: float | None = None,
        clip_factor: float | None = None,
        clipped_fraction: float | None = None,
        update_norm: float | None = None,
        weight_norm: float | None = None,
        stability: float | None = None,
        loss: Any = None,
    ) -> str:
        """Record one step, before its gradient is clipped.

        Parameters
        ----------
        gradient : float, array-like or iterable of array-like
            The norm, or the gradient of each parameter: anything that NumPy can read,
            tensors of other libraries included. None is skipped.
        max_norm : float or None, default=None
            The threshold to which the Euclidean norm is clipped, if it is.
        clip_factor : float or None, default=None
            What the gradient is multiplied by, where ``max_norm`` does not say it.
        clipped_fraction : float or None, default=None
            The share of samples whose gradients were clipped one by one.
        update_norm, weight_norm : float or None, default=None
            How long the step was, and the weights are.
        stability : float or None, default=None
            Half the learning rate times the largest curvature; steps are too long for
            the loss to fall where it is above 1.
        loss : float or None, default=None
            The loss of the step.

        Returns
        -------
        str
            "ok", or "exploding" or "nonfinite" for a step that is, at once.

        Raises
        ------
        DivergenceError
            If the step is the first one that is not "ok", and ``on_divergence`` is
            "raise".
        """
        size = measure_gradient(gradient)
        factor = _number(clip_factor)
        if max_norm is not None:
            factor = _clip_factor(size, max_norm)
        n_nonfinite = size.n_nonfinite
        lost = math.nan if loss is None else float(loss)
        if loss is not None and not math.isfinite(lost):
            n_nonfinite += 1
        return self.record_step(
            Step(
                size.norm,
                size.norm_inf,
                size.norm if math.isnan(factor) else factor * size.norm,
                factor,
                _number(clipped_fraction),
                _number(update_norm),
                _number(weight_norm),
                _number(stability),
                lost,
                n_nonfinite,
            )
        )

    def record_step(self, step: Step) -> str:
        """Record one step that has been measured.

        Parameters
        ----------
        step : Step
            What is known of it.

        Returns
        -------
        str
            As from `record`.
        """
        self._history.append(step)
        _, _, _, factor, share, _, _, stability, loss, bad = step
        if share != share and factor == factor:
            share = 1.0 if factor < 1.0 else 0.0
        seen = self._statistics
        if not seen.add((step[0], loss, share, stability), int(bad)):
            return "ok"
        self._react()
        return "nonfinite" if bad or not step[0] < math.inf else "exploding"

    def record_steps(self, steps: FloatArray) -> str:
        """Record several measured steps at once.

        Parameters
        ----------
        steps : ndarray of shape (n_steps, n_fields)
            What is known of each, in the order of the fields of a `Step`.

        Returns
        -------
        str
            As from `record`, of the last of them that is not "ok".
        """
        if (steps[:, -1] > 0.0).any() or not np.isfinite(steps[:, 0]).all():
            said = [self.record_step(Step(*step)) for step in steps.tolist()]
            return next((verdict for verdict in said[::-1] if verdict != "ok"), "ok")
        self._history.extend(steps)
        told = steps[:, _WATCHED]
        whole = steps[:, _FACTOR]
        told[:, 2] = np.where(
            np.isnan(told[:, 2]) & ~np.isnan(whole), whole < 1.0, told[:, 2]
        )
        if not self._statistics.extend(told):
            return "ok"
        self._react()
        return "exploding"

    @property
    def is_acted_upon(self) -> bool:
        """Whether divergence is to be heard of at once, because it ends something."""
        return self.on_divergence in _ACTED_UPON

    @property
    def is_exploding(self) -> bool:
        """Whether gradients are growing without end now."""
        return self._statistics.exploding_since is not None

    @property
    def diagnosis(self) -> Diagnosis:
        """The verdict on what was recorded so far."""
        return diagnose(self._statistics)

    def _react(self) -> None:
        if not self._told:
            self._told = True
            ON_DIVERGENCE[self.on_divergence](diagnose(self._statistics))

    @property
    def history(self) -> dict[str, AnyArray]:
        """What was recorded, one array a field."""
        return self._history.arrays()

    @property
    def n_steps(self) -> int:
        """How many steps were recorded."""
        return self._statistics.n_steps

    @property
    def n_nonfinite_steps(self) -> int:
        """How many steps held NaN or infinity."""
        return self._statistics.n_nonfinite_steps

    def __repr__(self) -> str:
        return f"GradientMonitor(n_steps={self.n_steps}, {self.diagnosis.verdict!r})"


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _clip_factor(size: GradientSize, max_norm: float) -> float:
    limit = check_real("max_norm", max_norm, low=0.0)
    return 1.0 if size.norm <= limit else limit / size.norm
