"""Second derivatives of the loss of several classes, in coefficients and intercepts."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sknorms._arrays import row_slices
from sknorms._typing import FloatArray, IndexArray

__all__ = ["ClassProducts"]

# Elements of a table that are laid out at a time; they stay in a second-level cache.
_PIECE = 2**17


@dataclass(frozen=True, eq=False)
class ClassProducts:
    r"""Products of columns, coefficients in the order of their classes.

    .. math::
        H_{(j,k),(j',k')} = \sum_i s_i x_{ij} x_{ij'} p_{ik} (\delta_{kk'} - p_{ik'})

    An intercept is a column of ones.

    Attributes
    ----------
    rows : ndarray or CSR of shape (n_rows, f)
    roots : array of shape (n_rows, 1)
        Roots of the shares of the rows.
    p : array of shape (n_rows, K)
        Probabilities.
    """

    rows: Any
    roots: FloatArray
    p: FloatArray

    def of(
        self, features: IndexArray, outputs: IndexArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return second derivatives in pairs of coefficients, and with intercepts.

        Parameters
        ----------
        features, outputs : arrays of shape (m,)
            Column and class of each coefficient.

        Returns
        -------
        hessian : array of shape (m, m)
        coupling : array of shape (m, K)
        """
        order = np.argsort(outputs, kind="stable")
        k, m = self.p.shape[1], len(order)
        cuts = np.searchsorted(outputs[order], np.arange(k + 1))
        hessian, coupling = np.zeros((m, m)), np.zeros((m, k))
        for part in row_slices(len(self.p), max(1, _PIECE // max(1, m))):
            piece = self.rows[part]
            piece = piece.toarray() if sparse.issparse(piece) else piece
            columns = np.take(piece, features[order], axis=1)
            self._add(hessian, coupling, columns, cuts, part)
        back = np.empty(m, dtype=np.intp)
        back[order] = np.arange(m)
        return hessian[np.ix_(back, back)], coupling[back]

    def _add(
        self,
        hessian: FloatArray,
        coupling: FloatArray,
        columns: FloatArray,
        cuts: IndexArray,
        part: slice,
    ) -> None:
        p, crossed = self.p[part], columns * self.roots[part]
        scaled = p * self.roots[part]
        for c in range(p.shape[1]):
            own = slice(cuts[c], cuts[c + 1])
            single, each = crossed[:, own], p[:, c : c + 1]
            turned = single * each
            hessian[own, own] += single.T @ turned
            coupling[own, c] += scaled[:, c] @ single
            single[...] = turned
        # A table times itself is half the work: BLAS sees that it is symmetric.
        hessian -= crossed.T @ crossed
        coupling -= crossed.T @ scaled
