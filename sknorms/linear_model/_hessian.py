"""Second derivatives on the support, as a matrix or as products with the table."""

from abc import ABC, abstractmethod

import numpy as np
from scipy import linalg

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._columns import Model

__all__ = ["Hessian", "MatrixHessian", "ProductHessian"]

# Added to the diagonal, relative to its mean, until the factorisation succeeds.
_RIDGES = (1e-14, 1e-11, 1e-8)
# Conjugate gradients go on for so many steps, or until residuals are this part.
_STEPS = 50
_RESIDUAL = 1e-5


class Hessian(ABC):
    """A symmetric, positive semi-definite matrix of shape (a, a)."""

    @abstractmethod
    def solve(self, active: IndexArray, right: FloatArray) -> FloatArray | None:
        """Solve the rows and columns of some coefficients, None where that fails."""

    @abstractmethod
    def times(self, active: IndexArray, step: FloatArray) -> FloatArray:
        """Return the columns of some coefficients times a step, shape (a,)."""


class MatrixHessian(Hessian):
    """A matrix that is there, solved by Cholesky's factorisation."""

    def __init__(self, matrix: FloatArray) -> None:
        self._matrix = matrix

    def solve(self, active: IndexArray, right: FloatArray) -> FloatArray | None:
        """Solve the rows and columns of some coefficients, None where that fails."""
        block = self._matrix[np.ix_(active, active)]
        diagonal = block.diagonal()
        size = float(diagonal.mean()) if len(active) else 0.0
        for ridge in _RIDGES:
            lifted = block.copy()
            lifted.flat[:: len(active) + 1] = diagonal + ridge * size
            try:
                factor = linalg.cho_factor(
                    lifted, lower=True, overwrite_a=True, check_finite=False
                )
            except linalg.LinAlgError:
                continue
            step = np.asarray(linalg.cho_solve(factor, right, check_finite=False))
            if np.isfinite(step).all():
                return step
        return None

    def times(self, active: IndexArray, step: FloatArray) -> FloatArray:
        """Return the columns of some coefficients times a step, shape (a,)."""
        return np.asarray(self._matrix[:, active] @ step)


class ProductHessian(Hessian):
    """Products with the table of a model, solved by conjugate gradients."""

    def __init__(self, model: Model, support: IndexArray, l2: FloatArray) -> None:
        self._model = model
        self._support = support
        self._l2 = l2
        self._diagonal = model.curvature[support] + l2

    def times(self, active: IndexArray, step: FloatArray) -> FloatArray:
        """Return the columns of some coefficients times a step, shape (a,)."""
        change = np.zeros(len(self._model.curvature))
        change[self._support[active]] = step
        product = self._model.times(change)[self._support]
        product[active] += self._l2[active] * step
        return product

    def solve(self, active: IndexArray, right: FloatArray) -> FloatArray | None:
        """Solve the rows and columns of some coefficients, None where that fails."""
        scale = self._diagonal[active]
        if not (scale > 0.0).all():
            return None
        step, residual = np.zeros(len(active)), right.copy()
        direction = residual / scale
        size = float(residual @ direction)
        enough = _RESIDUAL**2 * size
        for _ in range(_STEPS):
            product = self.times(active, direction)[active]
            bend = float(direction @ product)
            if bend <= 0.0 or size <= enough:
                break
            length = size / bend
            step += length * direction
            residual -= length * product
            scaled = residual / scale
            new = float(residual @ scaled)
            direction = scaled + (new / size) * direction
            size = new
        return step
