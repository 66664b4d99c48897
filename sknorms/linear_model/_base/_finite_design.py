"""Designs of users' tables, refused where their squares overflow."""

import numpy as np

from sknorms._typing import FloatArray, Rows
from sknorms.linear_model._problem import Design, make_design

__all__ = ["finite_design"]


def finite_design(X: Rows, sample_weight: FloatArray | None) -> Design:
    """Return a design of validated rows.

    Raises
    ------
    ValueError
        If squares of a column have no finite mean: no fit could be anything but NaN.
    """
    design = make_design(X, sample_weight)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = design.squares
    overflown = np.flatnonzero(~np.isfinite(squares))
    if overflown.size:
        raise ValueError(
            f"X holds numbers too large to be squared in column {overflown[0]}"
            f"{' and others' if overflown.size > 1 else ''}; coefficients would be "
            "non-finite. Scale the columns (sklearn.preprocessing.MaxAbsScaler)."
        )
    return design
