"""The record of a metric: its facts, its parameters, its exact formula, its bound."""

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_rows
from sknorms.engine import Geometry
from sknorms.metrics._domain import Domain, Real

__all__ = ["Metric", "frozen_array"]

# Digits that a key is moved by at most, and what lies between values that are equal:
# many times what rounding does.
_MOST_STEPS, _SETTLING = 64, 2.0**-46


@dataclass(frozen=True, eq=False)
class Metric(Geometry):
    """A distance or similarity between rows; the base of every record.

    A record is a frozen dataclass whose fields are the metric's parameters. It states
    facts as class variables and the formula as ``keys``; names, error texts, tables and
    tests are derived from it.

    A metric of one's own is a subclass with a ``name`` and ``keys(x, y)``: float64 rows
    go in, whose last axis are the features and whose other axes broadcast, and one
    number for each pair comes out, the smaller the closer. These are the distances
    unless ``finish`` turns them into such, and ``unfinish`` back; a similarity negates
    in all three. A pair without a distance has NaN, and is never found. A pair's number
    is to depend on its two rows alone, as NumPy's reductions over the last axis do.
    Parameters are checked in ``__post_init__``; those that data determine are filled in
    by ``learn(X)``, which returns a new record. `register_metric` makes the metric
    known by its name to functions and estimators.

    Attributes
    ----------
    name : str
        Canonical name, the one thing that has to be given.
    aliases : tuple of str
        Other names it is registered under.
    larger_is_closer : bool
        True for a similarity: neighbours are the rows with the largest values.
    triangle_inequality : bool
        Whether d(x, z) <= d(x, y) + d(y, z) always holds; True unless set.
    symmetric : bool
        Whether d(x, y) and d(y, x) are always the same bits; True unless set.
    domain_ : Domain
        What rows it is defined on; any finite numbers unless set. Take it from a metric
        that has it: ``domain_ = get_metric("hellinger").domain``.
    learned : tuple of str
        Parameters that, left at None, are learnt from the data in `learn`.
    complementary : bool
        Whether one minus a value is the similarity to this distance, or the distance to
        this similarity, that goes by the same name.
    formula : str
        The definition, for documentation.

    See Also
    --------
    get_metric : The record of a metric by name.
    register_metric : Make a metric of your own available by name.

    Examples
    --------
    A record is its name's parameters, checked, together with what is known about it.

    >>> from sknorms.metrics import get_metric
    >>> metric = get_metric("minkowski", p=3)
    >>> metric.params["p"], metric.larger_is_closer, metric.triangle_inequality
    (3.0, False, True)

    A metric of one's own: the largest difference, in units of each column's spread.

    >>> from dataclasses import dataclass
    >>> from typing import ClassVar
    >>> import numpy as np
    >>> from sknorms.metrics import Metric, pairwise_distances, register_metric
    >>> @register_metric
    ... @dataclass(frozen=True, eq=False)
    ... class LargestGap(Metric):
    ...     spread: tuple[float, ...] | None = None
    ...     name: ClassVar[str] = "largest_gap"
    ...     learned: ClassVar[tuple[str, ...]] = ("spread",)
    ...
    ...     def learn(self, X):
    ...         return self if self.spread else LargestGap(tuple(np.ptp(X, axis=0)))
    ...
    ...     def keys(self, x, y):
    ...         return (np.abs(x - y) / self.spread).max(axis=-1)
    >>> pairwise_distances([[0.0, 1.0], [2.0, 5.0], [4.0, 1.0]], metric="largest_gap")
    array([[0., 1., 1.],
           [1., 0., 1.],
           [1., 1., 0.]])
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    larger_is_closer: ClassVar[bool] = False
    symmetric: ClassVar[bool] = True
    domain_: ClassVar[Domain] = Real()
    learned: ClassVar[tuple[str, ...]] = ()
    complementary: ClassVar[bool] = False
    formula: ClassVar[str] = ""
    # Whether `finish` rounds, so that different keys may have the same value.
    finish_rounds: ClassVar[bool] = False

    @property
    def triangle_inequality(self) -> bool:
        """Whether the triangle inequality holds."""
        return True

    @property
    def domain(self) -> Domain:
        """What rows the metric is defined on."""
        return self.domain_

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def learn(self, X: Rows) -> Self:
        """Return a record with the data-dependent parameters filled in from ``X``."""
        del X
        return self

    def learn_table(self, X: Any) -> Self:
        """Return a record that knows the labels in the columns of a data frame."""
        del X
        return self

    def extend_table(self, X: Any) -> Self:
        """Return a record that also knows the labels of a further data frame."""
        del X
        return self

    def encode(self, X: Any) -> Any:
        """Return a table of numbers in the place of one with labels."""
        return X

    def check_rows(self, X: Any, *, name: str = "X") -> Rows:
        """Validate rows for this metric: finite, in the domain, storage dtype kept."""
        rows = check_rows(self.encode(X), name=name, allow_nan=self.domain.allows_nan)
        return self.domain.admit(rows, metric=self.name, name=name)

    def settle(self, keys: FloatArray) -> FloatArray:
        """Return keys among which those of equal values are equal.

        What `unfinish` makes of a value may finish as another one. It is moved, digit
        by digit, to a key of that very value; there is one, the key it came from.
        """
        if not self.finish_rounds:
            return keys
        values = self.finish(keys)
        settled = self.unfinish(values)
        for _ in range(_MOST_STEPS):
            found = self.finish(settled)
            off = (found != values) & ~np.isnan(values)
            if not off.any():
                break
            raised = (found < values) != self.larger_is_closer
            toward = np.where(raised, np.inf, -np.inf)
            settled = np.where(off, np.nextafter(settled, toward), settled)
        return settled

    def unsettle(self, keys: FloatArray) -> FloatArray:
        """Return keys that none of equal values is beyond."""
        if not self.finish_rounds:
            return keys
        sign = -1.0 if self.larger_is_closer else 1.0
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            values = self.finish(keys)
            room = sign * _SETTLING * (1.0 + np.abs(values))
            beyond: FloatArray = np.fmax(keys, self.unfinish(values + room))
        return beyond

    def warn_about_cost(self, n_pairs: int) -> None:
        """Warn where evaluating ``n_pairs`` pairs costs more than a user expects."""

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Metric):
            return NotImplemented
        mine, theirs = self.params, other.params
        return all(np.array_equal(mine[key], theirs[key]) for key in mine)

    def __hash__(self) -> int:
        return hash((type(self), *(repr(value) for value in self.params.values())))


def frozen_array(values: Any) -> Any:
    """Return a read-only float64 copy, so that nobody can change a record."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
