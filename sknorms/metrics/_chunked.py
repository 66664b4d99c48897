"""The matrix of all pairs, a chunk of rows at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import Rows
from sknorms._validation import ParameterError, check_real
from sknorms.engine import working_bytes
from sknorms.metrics._inputs import Sides, check_precomputed, prepare_sides
from sknorms.metrics._metric import Metric
from sknorms.metrics._pairwise import full_matrix
from sknorms.metrics._registry import is_precomputed

__all__ = ["pairwise_distances_chunked"]

Reduce = Callable[[Any, int], Any]


def pairwise_distances_chunked(
    X: Any,
    Y: Any = None,
    *,
    reduce_func: "Reduce | None" = None,
    metric: "str | Metric | Callable[..., Any]" = "euclidean",
    n_jobs: int | None = None,
    working_memory: float | None = None,
    **kwds: Any,
) -> Iterator[Any]:
    """Generate the matrix of `pairwise_distances`, a chunk of rows at a time.

    A drop-in for scikit-learn's function of the same name. The chunks laid on top of
    each other are the matrix of `pairwise_distances`, to the last bit, however large
    they are. Input is checked at the call, values are computed when they are asked for.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples_X, n_features) or \
            (n_samples_X, n_samples_Y)
        Rows, of any real dtype; or a matrix of distances with ``metric="precomputed"``.
    Y : {array-like, sparse matrix} of shape (n_samples_Y, n_features), default=None
        Rows to compare with; None compares the rows of ``X`` with each other.
    reduce_func : callable, default=None
        ``reduce_func(D_chunk, start)`` is called for each chunk with the number of its
        first row, and what it returns is generated instead: None, a list, array or
        sparse matrix with one entry a row of the chunk, or a tuple of such.
    metric : str, Metric or callable, default="euclidean"
        As for `pairwise_distances`.
    n_jobs : int, default=None
        Threads, as for `pairwise_distances`.
    working_memory : float, default=None
        Budget in MiB for one chunk and what computing it takes; at least one row is
        computed. None takes ``sklearn.get_config()["working_memory"]``.
    **kwds
        Parameters of the metric, learnt from all of ``X`` where they can be.

    Returns
    -------
    generator of ndarray
        Chunks of shape (n_rows, n_samples_Y), or what ``reduce_func`` makes of them.
        Precomputed distances come as one chunk.

    Raises
    ------
    TypeError
        While generating, if ``reduce_func`` returns anything but sequences.
    ValueError
        While generating, if they differ from the chunk in length; and as
        `pairwise_distances` does.

    Examples
    --------
    >>> from sknorms.metrics import pairwise_distances_chunked
    >>> X = [[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]]
    >>> for chunk in pairwise_distances_chunked(X, working_memory=0):
    ...     print(chunk)
    [[ 0.  5. 10.]]
    [[5. 0. 5.]]
    [[10.  5.  0.]]
    >>> def close(D_chunk, start):
    ...     return [(row < 6).sum() for row in D_chunk]
    >>> [count.tolist() for count in next(
    ...     pairwise_distances_chunked(X, reduce_func=close))]
    [2, 3, 2]
    """
    if working_memory is not None:
        working_memory = check_real("working_memory", working_memory, low=0.0)
    if reduce_func is not None and not callable(reduce_func):
        raise ParameterError(
            f"reduce_func must be callable or None; got {reduce_func!r}."
        )
    if is_precomputed(metric):
        return _reduced(iter([(0, check_precomputed(X, Y))]), reduce_func)
    sides = prepare_sides(X, Y, metric, kwds)
    sides.metric.warn_about_cost(sides.n_pairs)
    budget = working_bytes(working_memory)
    return _reduced(_chunks(sides, n_jobs, budget), reduce_func)


def _chunks(sides: Sides, n_jobs: int | None, budget: int) -> Iterator[tuple[int, Any]]:
    """Yield the first row and the values of each chunk."""
    n_rows, n_columns = sides.shape
    # A third of the budget is the chunk's and a third for computing it; the last third
    # is for the chunk before, which a loop over the chunks still holds by then.
    step = max(1, budget // 3 // (sides.dtype.itemsize * n_columns))
    share = budget / 3 / (1 << 20)
    for block in row_slices(n_rows, step):
        part = replace(sides, X=sides.X[block], same=sides.same and step >= n_rows)
        first = block.start
        yield (
            first,
            full_matrix(part, first_row=first, n_jobs=n_jobs, working_memory=share),
        )


def _reduced(
    chunks: Iterator[tuple[int, Rows]], reduce_func: "Reduce | None"
) -> Iterator[Any]:
    for start, chunk in chunks:
        length = int(chunk.shape[0])
        if reduce_func is not None:
            chunk = reduce_func(chunk, start)
            if chunk is not None:
                _check_reduced(chunk, length)
        yield chunk
        del chunk  # not to be held while the next one is computed


def _check_reduced(reduced: Any, length: int) -> None:
    parts = reduced if isinstance(reduced, tuple) else (reduced,)
    if not all(_is_sequence(part) for part in parts):
        raise TypeError(
            f"reduce_func returned {reduced!r}. Expected sequence(s) of length "
            f"{length}. None is fine too, where there is nothing to return."
        )
    lengths = tuple(_length(part) for part in parts)
    if any(found != length for found in lengths):
        shown = lengths if isinstance(reduced, tuple) else lengths[0]
        raise ValueError(
            f"reduce_func returned object of length {shown}. Expected same length as "
            f"input: {length}."
        )


def _is_sequence(part: Any) -> bool:
    if isinstance(part, tuple):
        return False
    shape = getattr(part, "shape", None)
    return len(shape) > 0 if shape is not None else hasattr(part, "__len__")


def _length(part: Any) -> int:
    return int(part.shape[0]) if sparse.issparse(part) else len(part)
