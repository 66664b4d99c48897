"""How far class centres are from the common one, measured by the spread in classes."""

import warnings
from dataclasses import dataclass
from typing import Self

import numpy as np

from sknorms._typing import FloatArray, IndexArray, Rows
from sknorms.neighbors._centroids._centers import CenterRule

__all__ = ["Spread"]


@dataclass(frozen=True, eq=False)
class Spread:
    """Class centres, the mean of all rows, and standard deviations within classes.

    The names in brackets are those of Hastie, Tibshirani and Friedman, The Elements of
    Statistical Learning, section 18.2.

    Attributes
    ----------
    centers : float64 array of shape (n_classes, n_features)
    overall : float64 array of shape (n_features,)
        Mean of all rows.
    std_dev : float64 array of shape (n_features,)
        Pooled standard deviation within the classes [s_j].
    units : float64 array of shape (n_classes, n_features)
        What deviations are measured in [m_k (s_j + s_0)], where s_0 is the median
        of the s_j, which keeps columns of hardly any spread from deviating most.
    """

    centers: FloatArray
    overall: FloatArray
    std_dev: FloatArray
    units: FloatArray

    @classmethod
    def measure(
        cls, rule: CenterRule, rows: Rows, codes: IndexArray, n_classes: int
    ) -> Self:
        """Measure training rows; warn where a column has no spread within classes."""
        n_rows = rows.shape[0]
        with np.errstate(over="ignore", invalid="ignore"):
            centers = rule.centers(rows, codes, n_classes)
            squares = rule.squares(rows, codes, centers)
            overall = rule.means(rows, np.zeros(n_rows, dtype=np.intp), 1)[0]
        # The squares are not finite either if a mean is not.
        if not np.isfinite(squares).all():
            raise ValueError(
                "X has numbers so large that sums of squared differences from the "
                "centroids are beyond the range of float64; scale the rows down."
            )
        # With one row a class there is nothing to estimate a spread from.
        std_dev = np.sqrt(squares / max(1, n_rows - n_classes))
        if not std_dev.all():
            warnings.warn(
                "self.within_class_std_dev_ has at least 1 zero standard deviation. "
                "Inputs within the same classes for at least 1 feature are identical.",
                UserWarning,
                stacklevel=3,
            )
        counts = np.bincount(codes, minlength=n_classes)
        share = np.sqrt(1.0 / counts - 1.0 / n_rows)
        units = share[:, None] * (std_dev + np.median(std_dev))
        return cls(centers, overall, std_dev, units)

    def deviations(self, threshold: float | None) -> FloatArray:
        """Return the deviations of the centres [d_kj], moved to zero by a threshold.

        Where there is no spread at all, a centre that differs is infinitely far.
        """
        apart = self.centers - self.overall
        with np.errstate(divide="ignore", invalid="ignore"):
            deviations = np.where(apart == 0, 0.0, apart / self.units)
        if threshold is None:
            return deviations
        return np.sign(deviations) * np.maximum(np.abs(deviations) - threshold, 0.0)

    def moved(self, deviations: FloatArray) -> FloatArray:
        """Return the centres that have these deviations."""
        with np.errstate(invalid="ignore"):
            moved = self.overall + self.units * deviations
        return np.where(np.isfinite(deviations), moved, self.centers)
