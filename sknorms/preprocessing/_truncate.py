"""The leading columns of every row at unit norm, as a transformer."""

from typing import Any

import numpy as np

from sknorms._typing import AnyArray, Rows
from sknorms._validation import check_choice, check_integer
from sknorms.preprocessing._division import divide_table
from sknorms.preprocessing._row_norms import RowNorm, get_row_norm
from sknorms.preprocessing._stateless import StatelessTransformer
from sknorms.preprocessing._tables import check_table

__all__ = ["TruncateNormalizer"]


class TruncateNormalizer(StatelessTransformer):
    r"""Keep the first columns and scale every row to unit norm again.

    For embeddings whose leading components carry most of the meaning, as those trained
    by Matryoshka representation learning (Kusupati et al., 2022): shorter rows need
    less memory and time, but are only comparable by dot product or Euclidean distance
    after being scaled to unit norm once more. Nothing is learnt: `transform` works
    without `fit`.

    Parameters
    ----------
    n_components : int, default=None
        How many columns to keep, at least 1 and at most as many as there are. None
        keeps all.
    norm : {"l1", "l2", "max"}, float or norm record, default="l2"
        ``"max"`` is the largest absolute value. A number p > 0 is the order of the
        p-norm; a record is one from `sknorms.norms`.
    zero : {"keep", "raise"}, default="keep"
        Whether a row that is zero in the columns kept stays zero, or is an error that
        names it.
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
    Normalizer : Keeps all columns.

    Notes
    -----
    float32 stays float32, float16 becomes float32, everything else float64; sparse
    input stays sparse, as CSR. The input is never written over.

    Examples
    --------
    >>> from sknorms.preprocessing import TruncateNormalizer
    >>> truncate = TruncateNormalizer(n_components=2)
    >>> truncate.fit_transform([[3.0, 4.0, 5.0], [0.0, -2.0, 7.0]])
    array([[ 0.6,  0.8],
           [ 0. , -1. ]])
    >>> truncate.get_feature_names_out()
    array(['x0', 'x1'], dtype=object)
    """

    def __init__(
        self,
        n_components: int | None = None,
        norm: Any = "l2",
        *,
        zero: str = "keep",
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.norm = norm
        self.zero = zero
        self.n_jobs = n_jobs

    def transform(self, X: Any) -> Rows:
        """Keep the first columns of X and scale its rows to unit norm.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Finite numbers of any real dtype.

        Returns
        -------
        {ndarray, CSR} of shape (n_samples, n_components)
        """
        row_norm = self._check_parameters()
        rows = check_table(X, estimator=self)
        kept = rows[:, : self._count(rows.shape[1])]
        return divide_table(kept, row_norm, zero=self.zero, n_jobs=self.n_jobs)[0]

    def get_feature_names_out(self, input_features: Any = None) -> AnyArray:
        """Return the names of the columns kept.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of all input columns; None takes those seen in `fit`, else
            ``x0, x1, ...``.

        Returns
        -------
        ndarray of str objects
        """
        names = np.asarray(super().get_feature_names_out(input_features))
        return names[: self._count(len(names))]

    def _check_parameters(self) -> RowNorm:
        check_choice("zero", self.zero, ("keep", "raise"))
        return get_row_norm(self.norm)

    def _check_columns(self, n_features: int) -> None:
        self._count(n_features)

    def _count(self, n_features: int) -> int:
        if self.n_components is None:
            return n_features
        count = check_integer("n_components", self.n_components, low=1)
        if count > n_features:
            raise ValueError(
                f"n_components must be at most the number of columns, {n_features}; "
                f"got {count}. Choose fewer, or None to keep all."
            )
        return count
