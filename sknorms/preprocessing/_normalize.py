"""Rows (or columns) scaled to unit norm, as a function."""

from typing import Any

import numpy as np

from sknorms._typing import AnyArray, Rows
from sknorms._validation import check_choice, check_flag
from sknorms.preprocessing._division import divide_table, norms_as
from sknorms.preprocessing._row_norms import get_row_norm
from sknorms.preprocessing._tables import check_table

__all__ = ["normalize"]


def normalize(
    X: Any,
    norm: Any = "l2",
    *,
    axis: int = 1,
    copy: bool = True,
    return_norm: bool = False,
    zero: str = "keep",
    n_jobs: int | None = None,
) -> "Rows | tuple[Rows, AnyArray]":
    r"""Scale every row (or column) to unit norm.

    A drop-in for `sklearn.preprocessing.normalize` that is right for every magnitude:
    each row :math:`x` becomes :math:`x / \|x\|`, computed in float64 without overflow
    or underflow and rounded once, so that its norm is 1 to within 4 eps of its dtype.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Finite numbers of any real dtype.
    norm : {"l1", "l2", "max"}, float or norm record, default="l2"
        ``"max"`` is the largest absolute value. A number p > 0 is the order of the
        p-norm, :math:`(\sum_i |x_i|^p)^{1/p}`; a record is one from `sknorms.norms`.
    axis : {0, 1}, default=1
        1 scales each row, 0 each column.
    copy : bool, default=True
        False writes over ``X`` and returns the same object if it is a writable float32
        or float64 array, or CSR (CSC if ``axis=0``) of these. Other input is copied.
    return_norm : bool, default=False
        Whether to return the norms as well.
    zero : {"keep", "raise"}, default="keep"
        Whether a zero row stays zero, or is an error that names it.
    n_jobs : int, default=None
        Threads for large input. None means what the surrounding
        ``joblib.parallel_config`` says, else all cores. The result does not depend
        on it, to the last bit.

    Returns
    -------
    X_normalized : {ndarray, CSR, CSC} of shape (n_samples, n_features)
        float32 for float32 and float16 input, else float64. Sparse input stays sparse,
        as CSR (CSC if ``axis=0``).
    norms : ndarray of shape (n_samples,) or (n_features,)
        The norms, of the dtype of the result; 0 for a zero row. Only with
        ``return_norm=True``, dense and sparse alike.

    Raises
    ------
    ValueError
        If ``X`` has NaN or infinity, a parameter is not one of the above,
        ``zero="raise"`` meets a zero row, or a norm to return exceeds the largest
        number of its dtype.

    See Also
    --------
    Normalizer : The same as a transformer; it can undo itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sknorms.preprocessing import normalize
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    >>> unit, norms = normalize([[3e200, -4e200]], norm="max", return_norm=True)
    >>> unit, norms
    (array([[ 0.75, -1.  ]]), array([4.e+200]))
    >>> normalize(np.array([[1e30, 1e30]], dtype=np.float32), norm=1)
    array([[0.5, 0.5]], dtype=float32)
    """
    row_norm = get_row_norm(norm)
    axis = check_choice("axis", axis, (0, 1))
    copy = check_flag("copy", copy)
    check_choice("zero", zero, ("keep", "raise"))
    return_norm = check_flag("return_norm", return_norm)
    side, sparse_format = ("row", "csr") if axis == 1 else ("column", "csc")
    # Norms tell whether a row is finite; in place, that would be too late.
    rows = check_table(X, copy=copy, finite=not copy, sparse_format=sparse_format)
    table = rows if axis == 1 else rows.T
    out, norms = divide_table(
        table, row_norm, copy=copy, zero=zero, n_jobs=n_jobs, side=side
    )
    if not np.isfinite(norms.norm).all():
        check_table(X, sparse_format=sparse_format)
    if out is table:
        unit = rows  # written over, perhaps through its transpose
    else:
        unit = out if axis == 1 else out.T
    return (unit, norms_as(norms, unit.dtype, side)) if return_norm else unit
