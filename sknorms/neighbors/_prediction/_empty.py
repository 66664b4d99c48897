"""What queries without any neighbour are answered."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Number, Real
from typing import Any, NoReturn

import numpy as np

from sknorms._typing import AnyArray, BoolArray, FloatArray
from sknorms._validation import ParameterError, check_real, first_rows
from sknorms.neighbors._prediction._aggregates import Aggregate, Mean, Quantiles
from sknorms.neighbors._search import Neighborhoods

__all__ = [
    "NEAREST",
    "Answer",
    "EmptyRule",
    "Refuse",
    "get_empty_rule",
    "label_answers",
    "most_frequent_answers",
    "prior_answers",
    "raise_no_neighbors",
]

# The fallback to the one nearest row, however far away, which then is a neighbour.
NEAREST = "nearest"
Labels = Sequence[AnyArray]
# A label may be of a simpler kind than the classes: an integer among floats.
_NUMBERS = {"b": 0, "i": 1, "u": 1, "f": 2}


def raise_no_neighbors(empty: BoolArray, remedy: str) -> NoReturn:
    """Raise naming the queries without neighbours."""
    raise ValueError(
        f"No neighbors found for test samples in {first_rows(empty)}, you can try "
        f"using larger radius, {remedy}, or considering removing them from your "
        "dataset."
    )


# ---- classes ----


@dataclass(frozen=True, eq=False)
class Answer:
    """One output's answer to a query without neighbours.

    Attributes
    ----------
    label : scalar
    shares : float64 array of shape (n_classes,)
        All zero for a label that is not among the classes.
    """

    label: Any
    shares: FloatArray

    def warn_if_unknown(self) -> None:
        """Say so where the label is not among the classes."""
        if not self.shares.any():
            warnings.warn(
                f"Outlier label {self.label} is not in training classes. All class "
                "probabilities of outliers will be assigned with 0.",
                UserWarning,
                stacklevel=4,
            )


def prior_answers(labels: Labels, priors: Sequence[FloatArray]) -> list[Answer]:
    """Return the shares of the classes among all training rows as answers."""
    return [
        Answer(classes[shares.argmax()], shares)
        for classes, shares in zip(labels, priors, strict=True)
    ]


def most_frequent_answers(labels: Labels, counts: Sequence[FloatArray]) -> list[Answer]:
    """Return the most frequent label of each output as an answer, the first of equals.

    ``counts`` has the number of training rows of each class, one array an output.
    """
    best = [int(count.argmax()) for count in counts]
    return [
        Answer(classes[code], np.eye(len(classes))[code])
        for classes, code in zip(labels, best, strict=True)
    ]


def label_answers(
    name: str, given: Any, labels: Labels, *, must_be_known: bool = False
) -> list[Answer]:
    """Return given labels as answers.

    Parameters
    ----------
    name : str
        The parameter, for messages.
    given : scalar or list of them
        One label for all outputs, or one an output.
    labels : sequence of arrays
        The classes of each output.
    must_be_known : bool
        Whether a label has to be one of the classes.

    Raises
    ------
    ParameterError
        If a label is no scalar, or not of the type of the classes, or has to be known
        and is not, or if there is not one for each output.
    """
    one = not isinstance(given, list | tuple) and np.ndim(given) == 0
    each = [given] * len(labels) if one else list(given)
    if len(each) != len(labels):
        raise ParameterError(
            f"The length of {name}: {given!r} is inconsistent with the output length: "
            f"{len(labels)}. Give one label, or one for each output."
        )
    answers = []
    for classes, label in zip(labels, each, strict=True):
        value = _of_type(name, label, classes)
        shares = (classes == value).astype(np.float64)
        if must_be_known and not shares.any():
            raise ParameterError(
                f"{name} must name a label of y; got {label!r}, and the labels are "
                f"{', '.join(map(repr, classes.tolist()[:20]))}."
            )
        answers.append(Answer(value, shares))
    return answers


def _of_type(name: str, label: Any, classes: AnyArray) -> Any:
    """Return a label in the type of the classes."""
    if not isinstance(label, str | Number | np.generic):
        raise ParameterError(
            f"The {name} of classes {classes} is supposed to be a scalar, got "
            f"{label!r}."
        )
    if classes.dtype == object:
        return label
    given = np.asarray(label)
    if _fits(given, classes) and given.astype(classes.dtype) == given:
        return given.astype(classes.dtype)[()]
    raise ParameterError(
        f"The dtype of {name} {label!r} is inconsistent with classes {classes} in y, "
        f"whose dtype is {classes.dtype}. Give a label of that type, or labels of "
        "dtype object."
    )


def _fits(given: AnyArray, classes: AnyArray) -> bool:
    kinds = given.dtype.kind, classes.dtype.kind
    if all(kind in _NUMBERS for kind in kinds):
        return _NUMBERS[kinds[0]] <= _NUMBERS[kinds[1]]
    return kinds[0] == kinds[1]


# ---- targets ----


@dataclass(frozen=True)
class EmptyRule(ABC):
    """What a regressor answers to a query without neighbours."""

    @abstractmethod
    def answers(
        self,
        empty: BoolArray,
        everyone: Neighborhoods,
        targets: AnyArray,
        quantiles: Aggregate | None,
    ) -> AnyArray:
        """Return the answer for every output, or raise.

        Parameters
        ----------
        empty : bool array of shape (n_queries,)
            Which queries have no neighbour.
        everyone : Neighborhoods
            One list with all training rows.
        targets : array of shape (n_training_rows, n_outputs)
        quantiles : Aggregate or None
            The quantiles that are asked for instead of one number.

        Returns
        -------
        float64 array that broadcasts to (n_outputs, n_numbers)
        """


@dataclass(frozen=True)
class Missing(EmptyRule):
    """NaN and a warning, which is what scikit-learn does."""

    def answers(
        self,
        empty: BoolArray,
        everyone: Neighborhoods,
        targets: AnyArray,
        quantiles: Aggregate | None,
    ) -> AnyArray:
        """Warn, and return NaN."""
        del everyone, targets, quantiles
        warnings.warn(
            "One or more samples have no neighbors within specified radius; predicting "
            f"NaN. It happens to {first_rows(empty)} of the queries; set fallback to "
            "predict something else.",
            UserWarning,
            stacklevel=4,
        )
        return np.array(np.nan)


@dataclass(frozen=True)
class Refuse(EmptyRule):
    """An error."""

    def answers(
        self,
        empty: BoolArray,
        everyone: Neighborhoods,
        targets: AnyArray,
        quantiles: Aggregate | None,
    ) -> AnyArray:
        """Raise naming the queries."""
        raise_no_neighbors(empty, "setting fallback")


@dataclass(frozen=True)
class Constant(EmptyRule):
    """A number of the user's.

    Attributes
    ----------
    value : float
    """

    value: float

    def answers(
        self,
        empty: BoolArray,
        everyone: Neighborhoods,
        targets: AnyArray,
        quantiles: Aggregate | None,
    ) -> AnyArray:
        """Return the number."""
        del empty, everyone, targets, quantiles
        return np.array(self.value)


@dataclass(frozen=True)
class Overall(EmptyRule):
    """An average of all training targets.

    Attributes
    ----------
    aggregate : Aggregate
    """

    aggregate: Aggregate

    def answers(
        self,
        empty: BoolArray,
        everyone: Neighborhoods,
        targets: AnyArray,
        quantiles: Aggregate | None,
    ) -> AnyArray:
        """Return the average, or the quantiles, of all training targets."""
        del empty
        aggregate = quantiles or self.aggregate
        return np.concatenate([aggregate(everyone, column) for column in targets.T])


def get_empty_rule(fallback: Any) -> EmptyRule:
    """Return the rule that a regressor's parameter ``fallback`` stands for."""
    if fallback is None:
        return Missing()
    if isinstance(fallback, str) and fallback in _RULES:
        return _RULES[fallback]
    if isinstance(fallback, str) or not isinstance(fallback, Real):
        raise ParameterError(
            f"fallback must be {', '.join(map(repr, _RULES))}, a number or None; got "
            f"{fallback!r}."
        )
    value = check_real("fallback", fallback)
    if not np.isfinite(value):
        raise ParameterError(
            f"fallback must be a finite number; got {fallback!r}. None predicts NaN, "
            "with a warning."
        )
    return Constant(value)


_RULES: dict[str, EmptyRule] = {
    "mean": Overall(Mean()),
    "median": Overall(Quantiles((0.5,))),
    # Where there is a nearest row, it was made a neighbour before.
    NEAREST: Refuse(),
    "raise": Refuse(),
}
