r"""Least squares by its moments: few rows that stand for many.

With :math:`G = X^T S X` and :math:`c = X^T S y` of centred rows, weights S adding up to
one, and a factor :math:`R^T R = G`,

.. math:: \tfrac12 (y - Xw)^T S (y - Xw)
    = \tfrac12 \lVert t - R w \rVert^2 + \text{const}, \qquad R^T t = c,

so that p rows replace n. Moments of the rows outside of a fold are those of all rows
less those of the fold, and one pass over X serves all folds. Factors of G keep half the
digits that X has: what is found with them has to be checked on X.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from sknorms._arrays import row_slices
from sknorms._typing import AnyArray, FloatArray, IndexArray

__all__ = ["Moments", "Reduced", "moments_of", "reduced"]

# Elements of X that are centred and weighted at a time.
_PIECE = 2**20
# A pivot below this part of the largest is rounding.
_SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over rows, of differences from one common centre.

    Attributes
    ----------
    total : float
        Sum of the weights.
    first : float64 array of shape (p + t,)
        Weighted sums of the columns, t targets last.
    second : float64 array of shape (p + t, p + t)
        Weighted sums of products of columns.
    """

    total: float
    first: FloatArray
    second: FloatArray

    def __sub__(self, other: "Moments") -> "Moments":
        return Moments(
            self.total - other.total,
            self.first - other.first,
            self.second - other.second,
        )

    def covariance(self, centred: bool) -> FloatArray:
        """Return mean products, about the means if ``centred``."""
        if not centred:
            return self.second / self.total
        means = self.first / self.total
        return self.second / self.total - np.outer(means, means)


@dataclass(frozen=True, eq=False)
class Reduced:
    """Rows that have the moments of others.

    Attributes
    ----------
    rows : float64 array of shape (p, p), in F order
    targets : float64 array of shape (t, p)
    shares : float64 array of shape (t,)
        The part of the mean square of each target that they keep.
    squares : float64 array of shape (t,)
        The mean squares.
    """

    rows: FloatArray
    targets: FloatArray
    shares: FloatArray
    squares: FloatArray

    def mean_loss(self, at: int, w: FloatArray) -> float:
        """Return half the mean squared error of coefficients for a target."""
        errors = self.targets[at] - self.rows @ w
        lost = (1.0 - self.shares[at]) * self.squares[at]
        return 0.5 * float(errors @ errors / len(errors) + lost)


def moments_of(
    X: AnyArray,
    targets: FloatArray,
    weights: FloatArray | None,
    center: FloatArray,
    rows: IndexArray | slice = slice(None),
) -> Moments:
    """Return the moments of some rows, about a centre of shape (p + t,).

    ``targets`` has shape (n, t).
    """
    n_columns = len(center)
    total, first = 0.0, np.zeros(n_columns)
    second = np.zeros((n_columns, n_columns))
    chosen = np.arange(X.shape[0])[rows]
    for part in row_slices(len(chosen), max(1, _PIECE // n_columns)):
        piece = chosen[part]
        table = np.hstack([X[piece], targets[piece]]).astype(np.float64, copy=False)
        table -= center
        share = np.ones(len(piece)) if weights is None else weights[piece]
        total += float(share.sum())
        first += share @ table
        table *= np.sqrt(share)[:, np.newaxis]
        second += table.T @ table
    return Moments(total, first, second)


def reduced(moments: Moments, n_targets: int, centred: bool) -> Reduced | None:
    """Return as few rows with these moments, None where they are too close to singular.

    Rows are scaled so that their plain mean of squares is that of the moments.
    """
    covariance = moments.covariance(centred)
    gram, products = (
        covariance[:-n_targets, :-n_targets],
        covariance[:-n_targets, -n_targets:],
    )
    squares = np.diag(covariance)[-n_targets:]
    scale = np.sqrt(np.diag(gram))
    if not (np.isfinite(scale).all() and (scale > 0.0).all() and (squares > 0.0).all()):
        return None
    try:
        factor = linalg.cholesky(gram / np.outer(scale, scale))
    except linalg.LinAlgError:
        return None
    if np.diag(factor).min() ** 2 <= _SINGULAR:
        return None
    kept = linalg.solve_triangular(factor, products / scale[:, np.newaxis], trans="T")
    shares = np.minimum(1.0, (kept**2).sum(axis=0) / squares)
    root = np.sqrt(len(gram))
    rows = np.asfortranarray(factor * scale * root)
    return Reduced(rows, np.ascontiguousarray(kept.T) * root, shares, squares)
