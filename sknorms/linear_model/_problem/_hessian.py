"""Second derivatives on the support, as products with the table."""

import numpy as np

from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._problem._columns import Model

__all__ = ["ProductHessian"]

# Conjugate gradients go on for so many steps, or until residuals are this part.
_STEPS = 25
_RESIDUAL = 1e-3


class ProductHessian:
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
