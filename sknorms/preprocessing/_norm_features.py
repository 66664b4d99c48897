"""The norms of rows as features, as a transformer."""

from typing import Any

import numpy as np
from scipy import sparse

from sknorms._typing import AnyArray, Rows
from sknorms._validation import check_flag, output_dtype
from sknorms.preprocessing._division import measure_table, norms_as
from sknorms.preprocessing._row_norms import RowNorm, get_row_norm
from sknorms.preprocessing._stateless import StatelessTransformer
from sknorms.preprocessing._tables import check_table

__all__ = ["NormFeatures"]


class NormFeatures(StatelessTransformer):
    """Append the norms of every row to its features, or give the norms alone.

    The length of a row often means something of its own (how frequent a word is, how
    long a document), and is what scaling to unit norm throws away. Nothing is learnt:
    `transform` works without `fit`.

    Parameters
    ----------
    norms : norm or list of norms, default="l2"
        Each is ``"l1"``, ``"l2"``, ``"max"``, a number p > 0 (the order of the p-norm)
        or a norm record from `sknorms.norms`.
    append : bool, default=True
        Whether the norms follow the input's own columns. False returns the norms alone.
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
    DistanceFeatures : Distances to landmarks as features.

    Notes
    -----
    The new features are called ``norm_l1``, ``norm_l2``, ``norm_max``, ``norm_l3`` and
    so on. float32 stays float32, float16 becomes float32, everything else float64.

    Examples
    --------
    >>> from sknorms.preprocessing import NormFeatures
    >>> features = NormFeatures(["l1", "max"])
    >>> features.fit_transform([[3.0, -4.0], [0.0, 0.0]])
    array([[ 3., -4.,  7.,  4.],
           [ 0.,  0.,  0.,  0.]])
    >>> features.get_feature_names_out()
    array(['x0', 'x1', 'norm_l1', 'norm_max'], dtype=object)
    """

    def __init__(
        self, norms: Any = "l2", *, append: bool = True, n_jobs: int | None = None
    ) -> None:
        self.norms = norms
        self.append = append
        self.n_jobs = n_jobs

    def transform(self, X: Any) -> Rows:
        """Compute the norms of the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Finite numbers of any real dtype.

        Returns
        -------
        {ndarray, CSR} of shape (n_samples, n_features + n_norms)
            CSR for sparse input; with ``append=False`` an ndarray of shape
            (n_samples, n_norms).

        Raises
        ------
        ValueError
            If a norm exceeds the largest number of the output's dtype.
        """
        row_norms = self._check_parameters()
        rows = check_table(X, estimator=self)
        dtype = output_dtype(rows)
        columns = [
            norms_as(measure_table(rows, norm, self.n_jobs), dtype)
            for norm in row_norms
        ]
        norms = np.column_stack(columns)
        if not self.append:
            return norms
        if sparse.issparse(rows):
            stacked = sparse.hstack([rows, type(rows)(norms)], format="csr")
            return stacked.astype(dtype, copy=False)
        return np.concatenate([rows, norms], axis=1, dtype=dtype)

    def get_feature_names_out(self, input_features: Any = None) -> AnyArray:
        """Return the names of the features, the norms last.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns; None takes those seen in `fit`, else
            ``x0, x1, ...``.

        Returns
        -------
        ndarray of str objects

        Raises
        ------
        ValueError
            If an input column has the name of a norm.
        """
        names = np.asarray(super().get_feature_names_out(input_features))
        new = [f"norm_{norm.label}" for norm in self._check_parameters()]
        if not self.append:
            return np.array(new, dtype=object)
        taken = sorted(set(names) & set(new))
        if taken:
            raise ValueError(
                f"input column {taken[0]!r} has the name of a new feature. Rename it, "
                "or pass append=False."
            )
        return np.concatenate([names, np.array(new, dtype=object)])

    def _check_parameters(self) -> list[RowNorm]:
        check_flag("append", self.append)
        several = isinstance(self.norms, list | tuple)
        row_norms = [get_row_norm(n) for n in (self.norms if several else [self.norms])]
        labels = [norm.label for norm in row_norms]
        if not row_norms or len(set(labels)) < len(labels):
            raise ValueError(
                "norms must be one norm or a list of different ones; got "
                f"{self.norms!r}."
            )
        return row_norms
