"""Checks of parameters and arrays, with one style of error.

Every message names the parameter, the value received and what to do about it.
"""

import math
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from sknorms._typing import AnyArray, Rows

__all__ = [
    "STORAGE_DTYPES",
    "ParameterError",
    "check_choice",
    "check_flag",
    "check_integer",
    "check_known_parameters",
    "check_real",
    "check_rows",
    "first_rows",
    "naming_bad_rows",
    "output_dtype",
]


class ParameterError(ValueError, TypeError):
    """A parameter has the wrong type or value.

    It is both errors, as scikit-learn's for parameters is: code that catches either
    one goes on working.
    """


# Kept as they are and widened block by block; anything else becomes float64.
STORAGE_DTYPES = (np.float64, np.float32, np.float16, np.int8, np.uint8, np.bool_)


def check_choice(name: str, value: Any, choices: Collection[Any]) -> Any:
    """Return ``value`` if it is one of ``choices``."""
    if not any(value is choice or value == choice for choice in choices):
        listed = ", ".join(repr(choice) for choice in choices)
        raise ParameterError(f"{name} must be one of {listed}; got {value!r}.")
    return value


def check_flag(name: str, value: Any) -> bool:
    """Return ``value`` as a bool if it is one."""
    if not isinstance(value, bool | np.bool_):
        raise ParameterError(f"{name} must be True or False; got {value!r}.")
    return bool(value)


def check_integer(name: str, value: Any, *, low: int, high: int | None = None) -> int:
    """Return ``value`` as an int within ``[low, high]``."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise ParameterError(
            f"{name} must be an integer; got {value!r} of type {type(value).__name__}."
        )
    number = int(value)
    if number < low or (high is not None and number > high):
        bounds = f">= {low}" if high is None else f"between {low} and {high}"
        raise ParameterError(f"{name} must be {bounds}; got {value!r}.")
    return number


def check_real(
    name: str,
    value: Any,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    low_open: bool = False,
) -> float:
    """Return ``value`` as a float in ``[low, high]`` (``(low, high]`` if low_open)."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise ParameterError(
            f"{name} must be a real number; got {value!r} of type "
            f"{type(value).__name__}."
        )
    number = float(value)
    too_low = number <= low if low_open else number < low
    if math.isnan(number) or too_low or number > high:
        upper = "" if high == math.inf else f" and <= {high:g}"
        bound = f"{'>' if low_open else '>='} {low:g}{upper}"
        raise ParameterError(f"{name} must be a number {bound}; got {value!r}.")
    return number


def check_known_parameters(
    owner: str, given: Iterable[str], known: Collection[str]
) -> None:
    """Raise if ``given`` has a name that ``owner`` does not know."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        takes = ", ".join(sorted(known)) if known else "no parameters"
        raise ParameterError(
            f"{owner} got unknown parameter(s) {', '.join(map(repr, unknown))}; "
            f"it takes {takes}."
        )


def check_rows(
    X: Any,
    *,
    name: str = "X",
    allow_nan: bool = False,
    accept_sparse: bool = True,
    dtypes: Collection[Any] = STORAGE_DTYPES,
) -> Rows:
    """Validate a table of rows without widening its storage type.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        The input; lists, F-order, strided and read-only arrays are fine.
    name : str
        What error messages call it.
    allow_nan : bool
        Whether NaN is data (infinity never is).
    accept_sparse : bool
        Whether sparse input is allowed; it comes back as CSR.
    dtypes : collection of dtype
        Storage types that are kept; the first one is used for anything else.

    Returns
    -------
    ndarray or CSR of shape (n_samples, n_features)
        ``X`` itself where nothing had to change.
    """
    rows: Rows
    with naming_bad_rows(X, allow_nan=allow_nan):
        rows = check_array(
            X,
            accept_sparse="csr" if accept_sparse else False,
            dtype=list(dtypes),
            ensure_all_finite="allow-nan" if allow_nan else True,
            input_name=name,
            accept_large_sparse=True,
        )
    if sparse.issparse(rows) and not rows.has_canonical_format:
        # Row sums over unsorted or repeated entries would depend on their order.
        rows = rows.copy()
        rows.sum_duplicates()
    return rows


@contextmanager
def naming_bad_rows(
    X: Any, *, allow_nan: bool = False, allow_negative: bool = True
) -> Iterator[None]:
    """Add to scikit-learn's error about numbers that must not be which rows hold them.

    These are NaN and infinity, and negative numbers where they are not allowed.
    """
    try:
        yield
    except ValueError as error:
        if type(error) is not ValueError:
            raise
        bad = _bad_rows(X, _Refused(allow_nan, allow_negative))
        if bad is None:
            raise
        raise ValueError(f"{error}\nLook at {first_rows(bad)}.") from error


@dataclass(frozen=True)
class _Refused:
    """Which numbers are not allowed."""

    allow_nan: bool
    allow_negative: bool

    def __call__(self, values: AnyArray) -> AnyArray:
        refused = np.isinf(values) if self.allow_nan else ~np.isfinite(values)
        return refused if self.allow_negative else refused | (values < 0)


def _bad_rows(X: Any, refused: _Refused) -> AnyArray | None:
    """Return a mask of the rows with refused numbers, None where there are none."""
    if sparse.issparse(X):
        rows = X.tocsr()
        entries = np.flatnonzero(refused(rows.data))
        mask: AnyArray = np.zeros(rows.shape[0], dtype=np.bool_)
        mask[np.searchsorted(rows.indptr, entries, side="right") - 1] = True
    else:
        table = _as_floats(X)
        if table is None:
            return None
        mask = np.logical_or.reduce(refused(table), axis=1)
    return mask if mask.any() else None


def _as_floats(X: Any) -> AnyArray | None:
    """Return a table of floats, None for what is no table or cannot be one."""
    try:
        table = np.asarray(X)
        if table.ndim != 2 or table.dtype.kind not in "fOi":
            return None
        return table.astype(np.float64)
    except (TypeError, ValueError):
        return None


def output_dtype(*arrays: Any) -> np.dtype[Any]:
    """Return float32 if every array is float32 or float16, else float64."""
    small = all(array.dtype in (np.float32, np.float16) for array in arrays)
    return np.dtype(np.float32 if small else np.float64)


def first_rows(mask: AnyArray, limit: int = 5, *, start: int = 0) -> str:
    """Name the rows where ``mask`` holds, for an error message; row 0 is ``start``."""
    where = np.flatnonzero(mask) + start
    listed = ", ".join(str(row) for row in where[:limit])
    more = f", ... ({len(where)} in all)" if len(where) > limit else ""
    return f"row{'s' if len(where) > 1 else ''} {listed}{more}"
