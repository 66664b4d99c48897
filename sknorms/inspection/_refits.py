"""Fits of one estimator with many strengths of its penalty."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from sknorms import linear_model
from sknorms._typing import FloatArray

__all__ = ["Refits"]

# Steps of ten in the search of the smallest strength that leaves no coefficient, and
# how near to it is near enough.
_MOST_STEPS = 12
_NEAR = 1.02
_FINER = 1e-2


def _itself(value: float) -> float:
    return value


def _inverse(value: float) -> float:
    return 1.0 / value


@dataclass(frozen=True)
class _Strength:
    """How an estimator is told the strength of its penalty.

    Attributes
    ----------
    parameter : str
    label : str
        What an axis says.
    convert : callable
        From a strength to the parameter, and back.
    """

    parameter: str
    label: str
    convert: Callable[[float], float]


_STRENGTHS = (_Strength("alpha", "alpha", _itself), _Strength("C", "1 / C", _inverse))


@dataclass(frozen=True, eq=False)
class Refits:
    """An estimator to be fitted with many strengths.

    Attributes
    ----------
    estimator : estimator
        Not fitted.
    strength : _Strength
    chosen : float
        The strength that the fitted estimator has, or has chosen.
    finer : bool
        Whether it can be solved to any tolerance, so that curves become smooth.
    alphas : ndarray or None
        The strengths that it has tried.
    """

    estimator: Any
    strength: _Strength
    chosen: float
    finer: bool
    alphas: FloatArray | None = None

    @classmethod
    def of(cls, estimator: Any) -> "Refits":
        """Return what a fitted estimator asks for.

        Raises
        ------
        ValueError
            If it has no strength of a penalty.
        """
        if hasattr(estimator, "alpha_") and hasattr(estimator, "alphas_"):
            return cls._of_cross_validated(estimator)
        params = estimator.get_params(deep=False)
        for strength in _STRENGTHS:
            value = params.get(strength.parameter)
            if value is not None and value > 0:
                chosen = strength.convert(float(value))
                finer = hasattr(estimator, "gap_history_")
                return cls(clone(estimator), strength, chosen, finer)
        raise ValueError(
            "estimator must have a strength above 0, as alpha or C, or have chosen one "
            f"as alpha_; got {estimator!r}. Give alpha a number, or draw "
            "CoefficientPathDisplay(alphas=..., coefs=...) from a path of your own."
        )

    @classmethod
    def _of_cross_validated(cls, estimator: Any) -> "Refits":
        plain = _without_search(estimator)
        known = plain().get_params(deep=False)
        params = estimator.get_params(deep=False)
        taken = {name: params[name] for name in params if name in known}
        # Gram matrices of the search are those of other rows or of none at all.
        taken.pop("precompute", None)
        ratio = getattr(estimator, "l1_ratio_", None)
        if ratio is not None and "l1_ratio" in known:
            taken["l1_ratio"] = float(ratio)
        chosen = float(estimator.alpha_)
        alphas = np.asarray(estimator.alphas_, dtype=np.float64)
        if alphas.ndim == 2:  # a grid for each l1_ratio
            alphas = alphas[int(np.argmin(np.abs(alphas - chosen).min(axis=1)))]
        return cls(plain(**taken), _STRENGTHS[0], chosen, True, alphas)

    def path(
        self, X: Any, y: Any, weights: Any, alphas: Any, target: int | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return strengths, the largest first, and coefficients (n_features, n)."""
        fits = _Fits(self, X, y, weights, target)
        if alphas is None:
            alphas = self.alphas
        if alphas is None or np.ndim(alphas) == 0:
            n_alphas = 100 if alphas is None else int(alphas)
            alphas = fits.grid(self.chosen, n_alphas)
        ordered = np.sort(np.asarray(alphas, dtype=np.float64))[::-1]
        return ordered, np.array([fits.coef(alpha) for alpha in ordered]).T


def _without_search(estimator: Any) -> Any:
    """Return the class of sknorms that fits one strength as an estimator does many."""
    for base in type(estimator).__mro__:
        name = base.__name__.removesuffix("CV")
        if name != base.__name__ and name in linear_model.__all__:
            return getattr(linear_model, name)
    raise ValueError(
        "estimator must be a cross-validated model of sknorms.linear_model, or a model "
        f"with a strength; got {estimator!r}. Fit that model with alpha_ instead."
    )


class _Fits:
    """Fits, each starting from the one before it."""

    def __init__(
        self, refits: Refits, X: Any, y: Any, weights: Any, target: int | None
    ) -> None:
        self.strength = refits.strength
        self.model = refits.estimator
        params = self.model.get_params(deep=False)
        if "warm_start" in params:
            self.model.set_params(warm_start=True)
        if refits.finer:
            # Models that are good enough alone need not make a smooth curve.
            self.model.set_params(tol=_FINER * self.model.tol)
        self.X, self.y, self.target = X, y, target
        self.weights = {} if weights is None else {"sample_weight": weights}

    def coef(self, alpha: float) -> FloatArray:
        """Return the coefficients of one strength."""
        value = self.strength.convert(float(alpha))
        self.model.set_params(**{self.strength.parameter: value})
        self.model.fit(self.X, self.y, **self.weights)
        coef = np.array(self.model.coef_, dtype=np.float64, ndmin=2)
        if len(coef) == 1:
            return np.ravel(coef)
        if self.target is None or not 0 <= self.target < len(coef):
            raise ValueError(
                "target must say which row of coef_ to draw, from 0 to "
                f"{len(coef) - 1}; got {self.target!r}."
            )
        return np.ravel(coef[self.target])

    def grid(self, chosen: float, n_alphas: int) -> FloatArray:
        """Return strengths from where coefficients begin to well below the chosen."""
        largest = self._largest(chosen)
        smallest = min(largest / 1e3, chosen / 10.0)
        return np.geomspace(largest, smallest, n_alphas)

    def _largest(self, chosen: float) -> float:
        """Return about the smallest strength that leaves all coefficients zero."""
        alpha, used = chosen, bool(self.coef(chosen).any())
        factor = 10.0 if used else 0.1
        for _ in range(_MOST_STEPS):
            last, alpha = alpha, factor * alpha
            if bool(self.coef(alpha).any()) != used:
                return self._between(min(last, alpha), max(last, alpha))
        # Some penalties make no coefficient exactly zero; some targets need none.
        return 100.0 * chosen

    def _between(self, low: float, high: float) -> float:
        while high > _NEAR * low:
            middle = float(np.sqrt(low * high))
            if self.coef(middle).any():
                low = middle
            else:
                high = middle
        return high
