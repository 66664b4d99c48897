"""The closest row of another table, without the matrix of all pairs."""

from collections.abc import Callable, Mapping
from typing import Any

from sknorms._typing import AnyArray, FloatArray, IndexArray, Rows
from sknorms._validation import ParameterError, check_choice
from sknorms.engine import AllColumns, Cheapest, Corpus, nearest, working_bytes
from sknorms.metrics._inputs import Sides, prepare_sides
from sknorms.metrics._metric import Metric

__all__ = ["pairwise_distances_argmin", "pairwise_distances_argmin_min"]

# Embedded rows are at most this many times as wide as stored ones.
_WIDEST = 4
# Fewer queries than this do not earn back what it takes to choose how to search.
_MANY_QUERIES = 256


def pairwise_distances_argmin(
    X: Any,
    Y: Any,
    *,
    axis: int = 1,
    metric: "str | Metric | Callable[..., Any]" = "euclidean",
    metric_kwargs: Mapping[str, Any] | None = None,
) -> IndexArray:
    """Find the row of Y that is closest to each row of X.

    A drop-in for scikit-learn's function of the same name; see
    `pairwise_distances_argmin_min`, which returns the distances as well.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features)
        Rows to choose from.
    axis : {0, 1}, default=1
        1 finds a row of ``Y`` for each row of ``X``, 0 the other way round.
    metric : str, Metric or callable, default="euclidean"
        As for `pairwise_distances`, but not ``"precomputed"``.
    metric_kwargs : dict, default=None
        Parameters of the metric.

    Returns
    -------
    ndarray of shape (n_samples_X,) if axis is 1, else (n_samples_Y,)
        Row numbers; among equally close rows the first.

    Raises
    ------
    ValueError
        As `pairwise_distances` does, or if ``axis`` is neither 0 nor 1.

    Examples
    --------
    >>> from sknorms.metrics import pairwise_distances_argmin
    >>> pairwise_distances_argmin([[0, 0, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 0]])
    array([0, 1])
    """
    sides = _sides(X, Y, axis, metric, metric_kwargs)
    sides.metric.warn_about_cost(sides.n_pairs)
    return _closest(sides)[0]


def pairwise_distances_argmin_min(
    X: Any,
    Y: Any,
    *,
    axis: int = 1,
    metric: "str | Metric | Callable[..., Any]" = "euclidean",
    metric_kwargs: Mapping[str, Any] | None = None,
) -> tuple[IndexArray, AnyArray]:
    """Find the row of Y that is closest to each row of X, and how far it is.

    A drop-in for scikit-learn's function of the same name. The blocked exact search
    answers it: most pairs are only bounded, and the matrix never exists.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features)
        Rows, of any real dtype.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features)
        Rows to choose from.
    axis : {0, 1}, default=1
        1 finds a row of ``Y`` for each row of ``X``, 0 the other way round.
    metric : str, Metric or callable, default="euclidean"
        As for `pairwise_distances`, but not ``"precomputed"``. For a similarity the
        closest row is the one of the largest value.
    metric_kwargs : dict, default=None
        Parameters of the metric.

    Returns
    -------
    argmin : ndarray of shape (n_samples_X,) if axis is 1, else (n_samples_Y,)
        Row numbers; among equally close rows the first.
    distances : ndarray of the same shape
        The entries of `pairwise_distances` at these rows, to the last bit.

    Raises
    ------
    ValueError
        As `pairwise_distances` does, or if ``axis`` is neither 0 nor 1.

    Examples
    --------
    >>> from sknorms.metrics import pairwise_distances_argmin_min
    >>> X, Y = [[0, 0, 0], [1, 1, 1]], [[1, 0, 0], [1, 1, 0]]
    >>> argmin, distances = pairwise_distances_argmin_min(X, Y)
    >>> argmin
    array([0, 1])
    >>> distances
    array([1., 1.])
    """
    sides = _sides(X, Y, axis, metric, metric_kwargs)
    sides.metric.warn_about_cost(sides.n_pairs)
    indices, keys = _closest(sides)
    return indices, sides.metric.finish(keys).astype(sides.dtype)


def _sides(
    X: Any,
    Y: Any,
    axis: int,
    metric: "str | Metric | Callable[..., Any]",
    metric_kwargs: Mapping[str, Any] | None,
) -> Sides:
    if Y is None:
        raise ParameterError("Y must be a table of rows to choose from; got None.")
    if metric_kwargs is not None and not isinstance(metric_kwargs, Mapping):
        raise ParameterError(
            f"metric_kwargs must be a dict or None; got {metric_kwargs!r}."
        )
    if check_choice("axis", axis, (0, 1)) == 0:
        X, Y = Y, X
    return prepare_sides(X, Y, metric, metric_kwargs or {})


def _closest(sides: Sides) -> tuple[IndexArray, FloatArray]:
    budget = working_bytes(None)
    keep = _kept_bytes(sides.Y) <= budget // 2
    few = sides.X.shape[0] < _MANY_QUERIES
    strategy = AllColumns() if few else Cheapest()
    corpus = Corpus.prepare(sides.metric, sides.Y, strategy=strategy, keep=keep)
    memory = (budget / 2 if keep else budget) / (1 << 20)
    keys, indices = nearest(corpus, sides.X, 1, working_memory=memory)
    return indices[:, 0], keys[:, 0]


def _kept_bytes(rows: Rows) -> int:
    """Return what float32 copies of embedded rows take, at most."""
    return 4 * (_WIDEST * int(rows.shape[0]) * int(rows.shape[1]) + int(rows.shape[0]))
