"""Which of several paths, and where on it, predicts best."""

import numpy as np

from sknorms._typing import FloatArray

__all__ = ["best_of", "path_table"]


def best_of(losses: FloatArray) -> tuple[int, int]:
    """Return the candidate and the strength of the smallest mean loss over folds.

    Of equal ones the first candidate and, on its path, the strongest penalty.

    Parameters
    ----------
    losses : ndarray of shape (n_candidates, n_folds, n_alphas)
    """
    means = losses.mean(axis=1)
    candidate, alpha = np.unravel_index(int(np.argmin(means)), means.shape)
    return int(candidate), int(alpha)


def path_table(losses: FloatArray) -> FloatArray:
    """Return losses of shape (n_candidates, n_alphas, n_folds), without axes of one."""
    return np.squeeze(np.moveaxis(losses, 2, 1))
