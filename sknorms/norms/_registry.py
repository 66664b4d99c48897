"""Names of norms: every list of norms in the package is derived from this one."""

from numbers import Real
from typing import Any

import numpy as np

from sknorms._validation import ParameterError
from sknorms.norms._lp import p_norm
from sknorms.norms._matrix import FrobeniusNorm, NuclearNorm, SpectralNorm
from sknorms.norms._norm import Norm
from sknorms.norms._vector import L1, L2, LInf, VectorNorm

__all__ = ["NORMS", "get_norm", "get_vector_norm", "named_norm"]

#: Name to record. "max" is what scikit-learn calls the l-infinity norm.
NORMS: dict[str, Norm] = {
    "l1": L1(),
    "l2": L2(),
    "max": LInf(),
    "linf": LInf(),
    "inf": LInf(),
    "nuclear": NuclearNorm(),
    "spectral": SpectralNorm(),
    "frobenius": FrobeniusNorm(),
    "nuc": NuclearNorm(),
    "fro": FrobeniusNorm(),
}


def get_norm(norm: Any) -> Norm:
    """Return the record of a norm.

    Parameters
    ----------
    norm : str, float or Norm
        A name ("l1", "l2", "max" or "linf" or "inf", "nuclear" or "nuc", "spectral",
        "frobenius" or "fro"), a number p > 0 for the p-norm, or a record, which is
        returned as it is.

    Returns
    -------
    Norm
        `L1`, `L2`, `LInf`, `Lp`, `GroupNorm`, `NuclearNorm`, `SpectralNorm` or
        `FrobeniusNorm`.

    Raises
    ------
    ValueError
        If the name is unknown, or p is not positive.
    TypeError
        If ``norm`` is none of these.

    Examples
    --------
    >>> from sknorms.norms import get_norm
    >>> get_norm("l2"), get_norm(2), get_norm(float("inf")), get_norm(3)
    (L2(), L2(), LInf(), Lp(p=3.0))
    """
    return named_norm("norm", norm)


def named_norm(name: str, norm: Any) -> Norm:
    """Return what `get_norm` returns; errors say what the caller calls it, ``name``."""
    if isinstance(norm, Norm):
        return norm
    if isinstance(norm, str):
        if norm not in NORMS:
            names = ", ".join(map(repr, NORMS))
            raise ParameterError(
                f"{name} must be one of {names}, a number p > 0 or a norm record; got "
                f"{norm!r}."
            )
        return NORMS[norm]
    is_flag = isinstance(norm, bool | np.bool_)
    if isinstance(norm, Real) and not is_flag:
        return p_norm(norm, name=name)
    raise ParameterError(
        f"{name} must be a name, a number p > 0 or a norm record; got "
        f"{norm!r} of type {type(norm).__name__}."
    )


def get_vector_norm(norm: Any, *, name: str = "norm") -> VectorNorm:
    """Return the record of a p-norm, for uses that need nothing else."""
    record = named_norm(name, norm)
    if not isinstance(record, VectorNorm):
        raise ParameterError(
            f'{name} must be a p-norm ("l1", "l2", "max", a number or its record) '
            f"here; got {norm!r}."
        )
    return record
