"""Rows no longer than a limit, as a transformer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import BoolArray, FloatArray, Rows
from sknorms._validation import check_flag, check_real
from sknorms.norms._clip_slices import clipping_slack
from sknorms.norms._scaled import ScaledNorms, rescale_rows
from sknorms.preprocessing._row_norms import RowNorm, get_row_norm
from sknorms.preprocessing._stateless import StatelessTransformer
from sknorms.preprocessing._tables import (
    check_table,
    empty_table,
    for_each_block,
    rows_of,
    writable,
)

__all__ = ["NormClipper"]


class NormClipper(StatelessTransformer):
    r"""Scale rows that are longer than a limit onto the ball of that radius.

    Each row :math:`x` becomes :math:`x \min(1, r / \|x\|)`. A row within the limit
    comes back bit for bit, so that clipping twice is clipping once. Nothing is learnt:
    `transform` works without `fit`.

    Parameters
    ----------
    max_norm : float, default=1.0
        The radius r, at least 0. 0 makes every row zero, infinity leaves all alone.
    norm : {"l1", "l2", "max"}, float or norm record, default="l2"
        ``"max"`` is the largest absolute value. A number p > 0 is the order of the
        p-norm; a record is one from `sknorms.norms`.
    copy : bool, default=True
        False writes over the input and returns the same object if it is a writable
        float32 or float64 array or CSR matrix. Other input is copied.
    n_jobs : int, default=None
        Threads for large input. None means what the surrounding
        ``joblib.parallel_config`` says, else all cores. The result does not depend
        on it, to the last bit.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features seen in `fit`, if they are all strings.

    See Also
    --------
    Normalizer : Scales the short rows as well.
    sknorms.norms.clip_by_norm : The same as a function, to the last bit.

    Notes
    -----
    A row counts as within the limit if its norm exceeds it by no more than rounding.
    For norms other than the Euclidean this is not the nearest point of the ball, but
    the one in the same direction. float32 stays float32, float16 becomes float32,
    everything else float64; sparse input stays sparse, as CSR.

    Examples
    --------
    >>> from sknorms.preprocessing import NormClipper
    >>> NormClipper(max_norm=5.0).fit_transform([[6.0, 8.0], [0.1, 0.2]])
    array([[3. , 4. ],
           [0.1, 0.2]])
    """

    def __init__(
        self,
        max_norm: float = 1.0,
        norm: Any = "l2",
        *,
        copy: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        self.max_norm = max_norm
        self.norm = norm
        self.copy = copy
        self.n_jobs = n_jobs

    def transform(self, X: Any, copy: bool | None = None) -> Rows:
        """Clip the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Finite numbers of any real dtype.
        copy : bool, default=None
            Overrides the parameter of the same name unless None.

        Returns
        -------
        {ndarray, CSR} of shape (n_samples, n_features)
        """
        row_norm, max_norm = self._check_parameters()
        copy = check_flag("copy", self.copy if copy is None else copy)
        rows = check_table(X, estimator=self, copy=copy)
        out = rows
        if copy or not writable(rows):
            out = empty_table(rows)
            _stored(out)[...] = _stored(rows)
        for_each_block(_Clip(rows, out, row_norm, max_norm), rows, self.n_jobs)
        return out

    def _check_parameters(self) -> tuple[RowNorm, float]:
        check_flag("copy", self.copy)
        return get_row_norm(self.norm), check_real("max_norm", self.max_norm, low=0.0)


@dataclass(frozen=True)
class _Clip:
    """Clip the rows of one block of ``out``, which holds them already."""

    rows: Rows
    out: Rows
    norm: RowNorm
    max_norm: float

    def __call__(self, block: slice) -> None:
        rows, out = rows_of(self.rows, block), rows_of(self.out, block)
        norms = self.norm.measure(rows)
        slack = clipping_slack(out.dtype, rows.shape[1])
        with np.errstate(over="ignore", under="ignore"):
            outside = norms.norm > self.max_norm * norms.scale * slack
            if outside.any():
                self._shorten(out, outside, rows, norms)

    def _shorten(
        self, out: Rows, outside: BoolArray, rows: Rows, norms: ScaledNorms
    ) -> None:
        if sparse.issparse(rows):
            # Every stored number is a row of length one that has its row's norm.
            owners = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
            chosen = outside[owners]
            long = rows.data[chosen, np.newaxis].astype(np.float64)
            shortened = self._rescaled(long, norms[owners[chosen]])
            out.data[chosen] = shortened[:, 0]
        else:
            long = rows[outside].astype(np.float64)
            out[outside] = self._rescaled(long, norms[outside])

    def _rescaled(self, rows: FloatArray, norms: ScaledNorms) -> FloatArray:
        return rescale_rows(rows, norms, np.full(len(rows), self.max_norm))


def _stored(rows: Rows) -> Any:
    return rows.data if sparse.issparse(rows) else rows
