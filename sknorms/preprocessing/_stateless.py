"""What all transformers share that learn nothing from the data."""

from abc import abstractmethod
from typing import Any, Self

from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from sknorms.preprocessing._tables import check_table

__all__ = ["StatelessTransformer"]


class StatelessTransformer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """A transformer of rows, dense or CSR, whose `fit` only checks."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the input; nothing is learnt.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Finite numbers of any real dtype.
        y : object, default=None
            Ignored.

        Returns
        -------
        self
        """
        self._check_parameters()
        rows = check_table(X, estimator=self, reset=True)
        self._check_columns(rows.shape[1])
        return self

    def _check_columns(self, n_features: int) -> None:
        """Raise where the parameters do not fit this many columns."""

    @abstractmethod
    def _check_parameters(self) -> Any:
        """Resolve the parameters, or raise."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
