r"""What a loss is: one record with its value, derivatives and convex conjugate.

A linear model minimises the weighted mean of :math:`f(z_i, y_i)` over its scores
:math:`z = X w + b`, plus a penalty. Everything a solver asks of f is here: the gradient
and curvature for its steps, and the conjugate

.. math:: f^*(u, y) = \sup_z\, u z - f(z, y)

for the duality gap that says how good its answer is. Whatever the scores,
:math:`u = f'(z)` is in the domain of :math:`f^*`, and so is :math:`c u` for c in
[0, 1], because 0 is in the domain of each of these losses, which are bounded below.
"""

import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from sknorms._typing import AnyArray, FloatArray
from sknorms._validation import (
    ParameterError,
    check_known_parameters,
    first_rows,
)

__all__ = [
    "LOSSES",
    "Loss",
    "get_loss",
    "named_loss",
    "parabola_peak",
    "real_targets",
    "refuse_targets",
]


class Loss(ABC):
    """A convex loss of one score and one target: immutable, hashable, picklable.

    Methods take float64 scores ``z`` and the targets ``y`` that `check_target` returns,
    row by row, and return float64. They are right for finite scores of any size; a
    true value beyond the largest float is infinity, without a warning.
    """

    #: Whether targets are classes.
    classifies: ClassVar[bool] = False
    #: Whether a score is a vector, one number a class.
    vector_valued: ClassVar[bool] = False
    #: Whether the curvature is 1 everywhere.
    quadratic: ClassVar[bool] = False

    @property
    def has_probabilities(self) -> bool:
        """Whether `predict` returns probabilities."""
        return False

    @property
    def smoothness(self) -> float:
        """Lipschitz constant of the gradient, infinity where there is none."""
        return 1.0

    @abstractmethod
    def value(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the loss of each row, shape (n,)."""

    @abstractmethod
    def gradient(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the derivative with respect to the scores, shape of ``z``."""

    @abstractmethod
    def curvature(self, z: FloatArray, y: AnyArray) -> FloatArray:
        """Return the diagonal of the second derivative, shape of ``z``."""

    @abstractmethod
    def conjugate(self, u: FloatArray, y: AnyArray) -> FloatArray:
        """Return the convex conjugate of each row, inf outside its domain."""

    def predict(self, z: FloatArray) -> FloatArray:
        """Return the mean of the target at these scores, or else the scores."""
        return z

    def check_target(self, y: Any) -> AnyArray:
        """Return targets as the other methods take them; ValueError for bad ones."""
        return real_targets(y)

    def n_outputs(self, y: AnyArray) -> int:
        """Return how many numbers the score of one row has."""
        return 1

    def dual_scale(
        self, u: FloatArray, y: AnyArray, sample_weight: FloatArray, limit: float
    ) -> float:
        """Return the c in [0, limit] for which c u is a good dual point.

        It maximises ``-sum(sample_weight * conjugate(c * u, y))`` where there is a
        closed form, and is otherwise the largest that is known to be in the domain.
        """
        return min(1.0, limit)


Record = TypeVar("Record", bound=type[Loss])

#: Name to class of record; the first name of a record is its canonical one.
LOSSES: dict[str, type[Loss]] = {}


def named_loss(*names: str) -> Callable[[Record], Record]:
    """Enter a record under its names."""

    def enter(record: Record) -> Record:
        LOSSES.update(dict.fromkeys(names, record))
        return record

    return enter


def get_loss(loss: Any, **parameters: Any) -> Loss:
    """Return the record of a loss.

    Parameters
    ----------
    loss : str or Loss
        A name ("squared_error" or "squared", "log_loss" or "logistic", "multinomial",
        "huber", "poisson", "squared_hinge"), or a record, which is returned as it is.
    **parameters : dict
        Parameters of the record, where a name is given: ``delta`` of "huber".

    Returns
    -------
    Loss
        A `SquaredLoss`, `LogisticLoss`, `MultinomialLoss`, `HuberLoss`, `PoissonLoss`
        or `SquaredHingeLoss`.

    Raises
    ------
    ValueError
        If the name is unknown, or a parameter is unknown or bad.

    Examples
    --------
    >>> from sknorms.linear_model import get_loss
    >>> get_loss("log_loss"), get_loss("huber", delta=2.0)
    (LogisticLoss(), HuberLoss(delta=2.0))
    """
    if isinstance(loss, Loss):
        check_known_parameters(f"loss={loss!r}", parameters, ())
        return loss
    if not isinstance(loss, str) or loss not in LOSSES:
        names = ", ".join(map(repr, LOSSES))
        raise ParameterError(
            f"loss must be one of {names} or a loss record; got {loss!r}."
        )
    record = LOSSES[loss]
    known = inspect.signature(record).parameters
    check_known_parameters(f"loss={loss!r}", parameters, known)
    return record(**parameters)


def parabola_peak(
    u: FloatArray, y: AnyArray, weight: FloatArray, limit: float, *, curvature: float
) -> float:
    """Maximise -sum(weight * (c u y + curvature c^2 u^2 / 2)) over c in [0, limit]."""
    weighted = weight * u
    with np.errstate(over="ignore"):
        rise, bend = -float(weighted @ y), curvature * float(weighted @ u)
    if not 0.0 < bend < math.inf or not math.isfinite(rise):
        return min(1.0, limit)
    return min(max(rise / bend, 0.0), limit)


def real_targets(y: Any) -> FloatArray:
    targets = np.asarray(y, dtype=np.float64)
    if targets.ndim != 1:
        raise ValueError(
            f"y must have one dimension, one target a row; got shape {targets.shape}."
        )
    bad = ~np.isfinite(targets)
    if bad.any():
        raise ValueError(f"y must be finite; look at {first_rows(bad)}.")
    return targets


def refuse_targets(loss: str, bad: AnyArray, y: FloatArray, wanted: str) -> None:
    if bad.any():
        raise ValueError(
            f"y must be {wanted} for the {loss} loss; got {y[bad][0]:g}. Look at "
            f"{first_rows(bad)}."
        )
