"""What the pairwise functions are given, checked once: two tables and a metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array

from sknorms._typing import Rows
from sknorms._validation import check_flag, naming_bad_rows, output_dtype
from sknorms.metrics._euclidean import Euclidean, SquaredEuclidean
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import get_metric

__all__ = ["Sides", "check_norms_squared", "check_precomputed", "prepare_sides"]

# What scikit-learn's Euclidean distances take beside the rows.
_EUCLIDEAN_OPTIONS = ("squared", "X_norm_squared", "Y_norm_squared")
_FLOATS = (np.float64, np.float32, np.float16)


@dataclass(frozen=True)
class Sides:
    """Two tables of rows and the metric between them, its parameters complete.

    Attributes
    ----------
    metric : Metric
    X, Y : ndarray or CSR
        Rows in the metric's domain; as they were given for a user's function.
    same : bool
        Whether the rows were given once for both sides.
    dtype : dtype
        float32 if both sides were float32 or float16, else float64.
    """

    metric: Metric
    X: Rows
    Y: Rows
    same: bool
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the matrix of all pairs."""
        return int(self.X.shape[0]), int(self.Y.shape[0])

    @property
    def n_pairs(self) -> int:
        """Number of all pairs."""
        return self.shape[0] * self.shape[1]


def prepare_sides(
    X: Any,
    Y: Any,
    metric: Any,
    params: Mapping[str, Any],
    *,
    ensure_all_finite: Any = True,
) -> Sides:
    """Check both tables for a metric and learn what it learns from data.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples_X, n_features)
    Y : array-like or sparse matrix of shape (n_samples_Y, n_features), or None
        None, or ``X`` itself, stands for the rows of ``X``.
    metric : str, Metric or callable
    params : mapping
        The metric's parameters, and the options of scikit-learn's Euclidean distances.
    ensure_all_finite : bool or "allow-nan"
        Whether rows for a user's function must be finite.

    Raises
    ------
    ValueError
        If the tables do not fit each other or the metric, or a parameter that is learnt
        from data is missing while both tables are given.
    """
    record, options = _resolve(metric, params)
    record = record.learn_table(X)
    same = Y is None or Y is X
    rows_X = _check_side(record, X, "X", ensure_all_finite)
    rows_Y = rows_X if same else _check_side(record, Y, "Y", ensure_all_finite)
    if record.has_pairs and rows_X.shape[1] != rows_Y.shape[1]:
        raise ValueError(
            "Incompatible dimension for X and Y matrices: "
            f"X.shape[1] == {rows_X.shape[1]} while Y.shape[1] == {rows_Y.shape[1]}. "
            "Both must have the same columns."
        )
    if not same:
        _require_learned(record)
    check_norms_squared("X", options.get("X_norm_squared"), rows_X)
    check_norms_squared("Y", options.get("Y_norm_squared"), rows_Y)
    dtype = output_dtype(_as_given(X, rows_X), _as_given(X if same else Y, rows_Y))
    return Sides(record.learn(rows_X), rows_X, rows_Y, same, dtype)


def _as_given(rows: Any, checked: Rows) -> Any:
    """Return what has the dtype that the user passed: truth values were cast to."""
    return rows if isinstance(getattr(rows, "dtype", None), np.dtype) else checked


def _resolve(
    metric: Any, params: Mapping[str, Any]
) -> tuple[Metric, Mapping[str, Any]]:
    options = {name: params[name] for name in _EUCLIDEAN_OPTIONS if name in params}
    if options:
        others = {name: params[name] for name in params if name not in options}
        record = get_metric(metric, **others)
        if isinstance(record, Euclidean):
            squared = check_flag("squared", options.get("squared", False))
            return (SquaredEuclidean() if squared else record), options
    return get_metric(metric, **params), {}


def _check_side(metric: Metric, rows: Any, name: str, ensure_all_finite: Any) -> Rows:
    if metric.has_pairs:
        return metric.check_rows(rows, name=name)
    checked: Rows
    with naming_bad_rows(rows, allow_nan=ensure_all_finite == "allow-nan"):
        # A user's function gets what the user passed: strings, booleans, integers.
        checked = check_array(
            rows,
            accept_sparse="csr",
            dtype=None,
            ensure_2d=False,
            ensure_all_finite=ensure_all_finite,
            input_name=name,
        )
    return checked


def _require_learned(metric: Metric) -> None:
    given = metric.params
    if metric.learned and all(given[name] is None for name in metric.learned):
        first, *others = (repr(name) for name in metric.learned)
        instead = "".join(f", or {name} instead" for name in others)
        raise ValueError(
            f"The {first} parameter is required for the {metric.name} metric when Y is "
            "passed: what is learnt from X alone need not fit Y. Pass it, computed "
            f"from the data you mean{instead}."
        )


def check_norms_squared(side: str, norms: Any, rows: Rows) -> None:
    """Check precomputed squared norms; exact differences then do not need them."""
    if norms is None:
        return
    array = check_array(norms, ensure_2d=False, input_name=f"{side}_norm_squared")
    n_rows = rows.shape[0]
    if array.shape not in {(n_rows,), (n_rows, 1), (1, n_rows)}:
        raise ValueError(
            f"Incompatible dimensions for {side} of shape {rows.shape} and "
            f"{side}_norm_squared of shape {array.shape}. Pass one squared norm a row, "
            "or leave it out."
        )


def check_precomputed(X: Any, Y: Any, *, ensure_all_finite: Any = True) -> Rows:
    """Return a matrix of distances, the same object if it holds floats.

    Raises
    ------
    ValueError
        If it is not square (or as wide as ``Y`` is long), or has negative values.
    """
    distances: Rows
    with naming_bad_rows(X, allow_nan=ensure_all_finite == "allow-nan"):
        distances = check_array(
            X,
            accept_sparse="csr",
            dtype=list(_FLOATS),
            ensure_all_finite=ensure_all_finite,
            input_name="X",
        )
    n_indexed = distances.shape[0]
    if Y is not None:
        n_indexed = check_array(Y, accept_sparse="csr", input_name="Y").shape[0]
    if distances.shape[1] != n_indexed:
        raise ValueError(
            "Precomputed metric requires shape (n_queries, n_indexed). Got "
            f"{distances.shape} for {n_indexed} indexed."
        )
    entries = distances.data if sparse.issparse(distances) else distances
    # fmin passes over NaN, which is let through only where the caller said so.
    if entries.size and np.fmin.reduce(entries, axis=None) < 0:
        raise ValueError(
            "Negative values in data passed to `pairwise_distances`. Precomputed "
            "distances need to have non-negative values."
        )
    return distances
