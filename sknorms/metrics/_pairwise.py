"""Values of a metric between all rows of two tables, or between rows in pairs."""

from collections.abc import Callable
from typing import Any

import numpy as np

from sknorms._typing import AnyArray, Rows
from sknorms._validation import ParameterError, check_choice, check_real
from sknorms.engine import fill_matrix, fill_pairs
from sknorms.metrics._inputs import Sides, check_precomputed, prepare_sides
from sknorms.metrics._metric import Metric
from sknorms.metrics._registry import is_precomputed

__all__ = ["full_matrix", "paired_distances", "pairwise_distances"]


def pairwise_distances(
    X: Any,
    Y: Any = None,
    metric: "str | Metric | Callable[..., Any]" = "euclidean",
    *,
    n_jobs: int | None = None,
    ensure_all_finite: "bool | str" = True,
    working_memory: float | None = None,
    **kwds: Any,
) -> Rows:
    r"""Compute the metric between every row of X and every row of Y.

    A drop-in for scikit-learn's function of the same name, for every registered metric
    and for dense and CSR rows alike. Differences are taken directly and added up in
    float64, so nothing cancels: the diagonal of a distance is exactly 0, the matrix
    exactly symmetric, and an entry depends on its two rows alone, to the last bit.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features) or \
            (n_samples_X, n_samples_Y)
        Rows, of any real dtype; or a matrix of distances with ``metric="precomputed"``.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.
    metric : str, Metric or callable, default="euclidean"
        A registered name (`metric_names`), a record, ``"precomputed"``, or a function
        of two rows, called for every pair with the rows as they were given. A function
        of two blocks (`BlockDistance`) is far faster.
    n_jobs : int, default=None
        Threads. None means what the surrounding ``joblib.parallel_config`` says, else
        all cores; a function given by the user then runs in one thread.
    ensure_all_finite : bool or "allow-nan", default=True
        Whether rows for a function given by the user, or precomputed distances, must
        be finite. Registered metrics know themselves: only those for missing values
        take NaN.
    working_memory : float, default=None
        Budget in MiB for everything but inputs and output; None takes
        ``sklearn.get_config()["working_memory"]``.
    **kwds
        Parameters of the metric. Those that are learnt from data (``V``, ``VI``) are
        learnt from all of ``X`` where ``Y`` is None, and required otherwise.

    Returns
    -------
    ndarray of shape (n_samples_X, n_samples_Y)
        Distances, or similarities for a metric whose larger values mean closer.
        float32 if both sides are float32 or float16, else float64; never NaN or
        infinite. Precomputed distances are returned as the same object.

    Raises
    ------
    ValueError
        If the metric or a parameter is unknown, rows are outside of the metric's
        domain, or a pair has no finite value (rows without a common observed column,
        overflow).

    See Also
    --------
    pairwise_distances_chunked : The same, a chunk of rows at a time.
    pairwise_distances_argmin_min : The closest row only, without the matrix.

    Examples
    --------
    >>> from sknorms.metrics import pairwise_distances
    >>> pairwise_distances([[0, 0], [3, 4]])
    array([[0., 5.],
           [5., 0.]])
    >>> pairwise_distances([[1e8, 1e8 + 1]], [[1e8 + 1, 1e8]], metric="sqeuclidean")
    array([[2.]])
    """
    check_choice("ensure_all_finite", ensure_all_finite, (True, False, "allow-nan"))
    if is_precomputed(metric):
        return check_precomputed(X, Y, ensure_all_finite=ensure_all_finite)
    sides = prepare_sides(X, Y, metric, kwds, ensure_all_finite=ensure_all_finite)
    sides.metric.warn_about_cost(sides.n_pairs)
    return full_matrix(sides, n_jobs=n_jobs, working_memory=working_memory)


def full_matrix(
    sides: Sides,
    *,
    first_row: int = 0,
    n_jobs: int | None = None,
    working_memory: float | None = None,
) -> AnyArray:
    """Return the values of all pairs, shape (n_samples_X, n_samples_Y)."""
    if working_memory is not None:
        working_memory = check_real("working_memory", working_memory, low=0.0)
    out = np.empty(sides.shape, dtype=sides.dtype)
    fill_matrix(
        sides.metric,
        sides.X,
        sides.Y,
        out,
        mirror=sides.same and sides.metric.symmetric,
        first_row=first_row,
        n_jobs=n_jobs,
        working_memory=working_memory,
    )
    return out


def paired_distances(
    X: Any,
    Y: Any,
    *,
    metric: "str | Metric | Callable[..., Any]" = "euclidean",
    **kwds: Any,
) -> AnyArray:
    """Compute the metric between row i of X and row i of Y, for every i.

    A drop-in for scikit-learn's function of the same name, for every registered metric.

    Parameters
    ----------
    X, Y : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows, of any real dtype.
    metric : str, Metric or callable, default="euclidean"
        A registered name, a record, or a function of two rows, called once a pair.
    **kwds
        Parameters of the metric. Those that are learnt from data are required unless
        ``Y`` is ``X``.

    Returns
    -------
    ndarray of shape (n_samples,)
        float32 if both sides are float32 or float16, else float64. The entries are
        those on the diagonal of `pairwise_distances`, to the last bit.

    Raises
    ------
    ValueError
        If ``X`` and ``Y`` differ in shape, and as `pairwise_distances` does.
    TypeError
        If ``Y`` is None.

    Examples
    --------
    >>> from sknorms.metrics import paired_distances
    >>> paired_distances([[0, 1], [1, 1]], [[0, 1], [2, 1]])
    array([0., 1.])
    """
    if Y is None:
        raise ParameterError("Y must be a table of rows like X; got None.")
    sides = prepare_sides(X, Y, metric, kwds)
    if sides.X.shape != sides.Y.shape:
        raise ValueError(
            "X and Y should be of same shape. They were respectively "
            f"{sides.X.shape} and {sides.Y.shape} long."
        )
    out = np.empty(sides.shape[0], dtype=sides.dtype)
    fill_pairs(sides.metric, sides.X, sides.Y, out)
    return out
