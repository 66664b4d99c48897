"""Rows scaled to unit norm, as a transformer that can undo itself."""

from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import FloatArray, Rows
from sknorms._validation import check_choice, check_flag, first_rows
from sknorms.norms._scaled import ScaledNorms
from sknorms.preprocessing._division import divide_table
from sknorms.preprocessing._row_norms import RowNorm, get_row_norm
from sknorms.preprocessing._stateless import StatelessTransformer
from sknorms.preprocessing._tables import check_table, empty_table

__all__ = ["Normalizer"]


class Normalizer(StatelessTransformer):
    r"""Scale every row to unit norm.

    A drop-in for `sklearn.preprocessing.Normalizer`. Each row :math:`x` becomes
    :math:`x / \|x\|`, computed in float64 without overflow or underflow and rounded
    once, so that its norm is 1 to within 4 eps of its dtype for every finite row that
    is not zero. Nothing is learnt: `transform` works without `fit`.

    Parameters
    ----------
    norm : {"l1", "l2", "max"}, float or norm record, default="l2"
        ``"max"`` is the largest absolute value. A number p > 0 is the order of the
        p-norm, :math:`(\sum_i |x_i|^p)^{1/p}`; a record is one from `sknorms.norms`.
    copy : bool, default=True
        False writes over the input and returns the same object if it is a writable
        float32 or float64 array or CSR matrix. Other input is copied.
    zero : {"keep", "raise"}, default="keep"
        Whether a zero row stays zero, or is an error that names it.
    keep_norms : bool, default=False
        Whether `transform` keeps the norms of its rows, for `inverse_transform`.
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
    norms_ : float64 ndarray of shape (n_samples,)
        Norms of the rows last transformed, 0 for a zero row; infinity for a norm
        beyond the largest float64, which `inverse_transform` undoes all the same.
        Only with ``keep_norms=True``.

    See Also
    --------
    normalize : The same as a function.
    NormClipper : Leaves rows alone that are short enough.

    Notes
    -----
    What is float16, integer or boolean is widened block by block. float32 stays
    float32, float16 becomes float32, everything else float64. Sparse input stays
    sparse, as CSR.

    Examples
    --------
    >>> from sknorms.preprocessing import Normalizer
    >>> X = [[3.0, 4.0], [0.0, 0.0], [3e-310, 4e-310]]
    >>> Normalizer().transform(X)
    array([[0.6, 0.8],
           [0. , 0. ],
           [0.6, 0.8]])
    >>> normalizer = Normalizer(norm=1, keep_norms=True)
    >>> unit = normalizer.fit_transform([[3.0, 5.0], [1.0, 3.0]])
    >>> normalizer.norms_
    array([8., 4.])
    >>> normalizer.inverse_transform(unit)
    array([[3., 5.],
           [1., 3.]])
    """

    norms_: FloatArray

    def __init__(
        self,
        norm: Any = "l2",
        *,
        copy: bool = True,
        zero: str = "keep",
        keep_norms: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.norm = norm
        self.copy = copy
        self.zero = zero
        self.keep_norms = keep_norms
        self.n_jobs = n_jobs

    def transform(self, X: Any, copy: bool | None = None) -> Rows:
        """Scale every row of X to unit norm.

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
        row_norm = self._check_parameters()
        copy = check_flag("copy", self.copy if copy is None else copy)
        # Norms tell whether a row is finite; in place, that would be too late.
        rows = check_table(X, estimator=self, copy=copy, finite=not copy)
        unit, norms = divide_table(
            rows, row_norm, copy=copy, zero=self.zero, n_jobs=self.n_jobs
        )
        if not np.isfinite(norms.norm).all():
            check_table(X, estimator=self)
        if self.keep_norms:
            self._scaled_norms = norms
            self.norms_ = norms.values
        return unit

    def inverse_transform(self, X: Any, norms: Any = None) -> Rows:
        """Scale unit rows back to the norms they had.

        Restores what was transformed to within 4 eps of its dtype, relative to the
        norm of its row. X itself is never written over.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows as `transform` returned them, in the same order.
        norms : array-like of shape (n_samples,), default=None
            The norms to give the rows. None takes those of the rows last transformed,
            which ``keep_norms=True`` keeps.

        Returns
        -------
        {ndarray, CSR} of shape (n_samples, n_features)

        Raises
        ------
        ValueError
            If no norms are at hand, or they are not one a row, finite and >= 0.
        """
        self._check_parameters()
        rows = check_table(X, estimator=self)
        scaled = self._kept_norms() if norms is None else _given_norms(norms)
        if len(scaled.norm) != rows.shape[0]:
            source = "kept from the last transform" if norms is None else "given"
            raise ValueError(
                f"norms must be one for each row: got X with {rows.shape[0]} rows and "
                f"{len(scaled.norm)} norms {source}. Pass norms=, as returned by "
                "normalize(..., return_norm=True), for these rows."
            )
        return _multiply_rows(rows, scaled)

    def _check_parameters(self) -> RowNorm:
        check_flag("copy", self.copy)
        check_flag("keep_norms", self.keep_norms)
        check_choice("zero", self.zero, ("keep", "raise"))
        return get_row_norm(self.norm)

    def _kept_norms(self) -> ScaledNorms:
        if not hasattr(self, "norms_"):
            raise ValueError(
                "norms must be given, since none were kept: got norms=None. Pass them, "
                "or set keep_norms=True before transform."
            )
        return self._scaled_norms


def _given_norms(norms: Any) -> ScaledNorms:
    values = np.asarray(norms, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError(f"norms must be one-dimensional; got shape {values.shape}.")
    wrong = ~(np.isfinite(values) & (values >= 0.0))
    if wrong.any():
        raise ValueError(
            f"norms must be finite and >= 0; got {values[wrong][0]:g} for "
            f"{first_rows(wrong)}."
        )
    return ScaledNorms(np.ones(len(values)), values)


def _multiply_rows(rows: Rows, norms: ScaledNorms) -> Rows:
    """Return rows times their norms, in float64 and rounded once."""
    out = empty_table(rows)
    with np.errstate(over="ignore", under="ignore"):
        if sparse.issparse(rows):
            counts = np.diff(rows.indptr)
            norm, scale = np.repeat(norms.norm, counts), np.repeat(norms.scale, counts)
            out.data[...] = rows.data.astype(np.float64) * norm / scale
            return out
        wide = rows.astype(np.float64)
        wide *= norms.norm[:, np.newaxis]
        wide /= norms.scale[:, np.newaxis]
    out[...] = wide
    return out
