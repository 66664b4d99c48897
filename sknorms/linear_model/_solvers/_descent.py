"""Ways to go down on a quadratic model of the loss plus a penalty."""

from dataclasses import dataclass

from sknorms._compile import kernels_available
from sknorms._typing import FloatArray, IndexArray
from sknorms.linear_model._penalties import Terms
from sknorms.linear_model._problem import Model, ProductHessian, sweep_gram
from sknorms.linear_model._solvers._face import newton_on_matrix
from sknorms.linear_model._solvers._polish import newton_on_support
from sknorms.linear_model._solvers._proximal import proximal_steps

__all__ = ["Descent", "is_small", "polish", "sweep"]

# Up to so many columns, products of all with each other are worth their time: of a
# model that lasts, and of one that changes with every step.
_GRAM_COLUMNS = 400
_GRAM_COLUMNS_ONCE = 40
# The same without kernels, where each product with columns takes longer.
_PRODUCT_COLUMNS = 1000
_STEPS_A_SWEEP = 6
_MATRIX_SUPPORT = 800


@dataclass(frozen=True, eq=False)
class Descent:
    """Where a descent ended.

    Attributes
    ----------
    coef : array of shape (k,)
    shift : float
        By how much the intercept moved.
    sweeps : int
        The work that was done.
    """

    coef: FloatArray
    shift: float
    sweeps: int


def sweep(
    model: Model,
    terms: Terms,
    w: FloatArray,
    slopes: FloatArray,
    gradient: FloatArray,
    n_sweeps: int,
    reduction: float,
) -> Descent:
    """Sweep over all coefficients, or do as much without compiled kernels.

    Parameters
    ----------
    model : Model
    terms : Terms
    w : array of shape (k,)
        Where to begin; it is not changed.
    slopes : array of shape (n_rows,)
        Derivatives of the mean loss there.
    gradient : array of shape (k,)
        The same in the coefficients.
    n_sweeps : int
    reduction : float
        Stop once the largest step of a sweep is this part of that of the first.
    """
    if not kernels_available():
        return _without_kernels(model, terms, w, gradient, n_sweeps)
    new = w.copy()
    if _gram_pays(model):
        g = gradient.copy()
        done = sweep_gram(
            model.gram, new, terms.table, model.curvature, g, n_sweeps, reduction
        )
        return Descent(new, model.shift(new - w), done)
    rest = (model.curvature, model.slopes, model.total, model.d, slopes.copy())
    block = model.block
    done, shift = block.table.sweep(
        block.columns, new, terms.table, *rest, n_sweeps, reduction
    )
    return Descent(new, shift, done)


def _gram_pays(model: Model) -> bool:
    block = model.block
    most = _GRAM_COLUMNS if block.problem.loss.quadratic else _GRAM_COLUMNS_ONCE
    return block.table.can_centre and len(block.columns) <= min(
        most, block.table.n_rows
    )


def _without_kernels(
    model: Model, terms: Terms, w: FloatArray, gradient: FloatArray, n_sweeps: int
) -> Descent:
    if len(w) <= _PRODUCT_COLUMNS:
        model = model.with_gram()
    new = proximal_steps(model, gradient, w, terms, _STEPS_A_SWEEP * n_sweeps)
    return Descent(new, model.shift(new - w), n_sweeps)


def is_small(support: IndexArray) -> bool:
    """Whether second derivatives on the support are taken as a matrix."""
    return len(support) <= _MATRIX_SUPPORT


def polish(
    model: Model, terms: Terms, w: FloatArray, gradient: FloatArray, support: IndexArray
) -> Descent:
    """Make Newton steps on the support; `sweep` says what the parameters are."""
    part = terms.take(support)
    smooth = gradient[support] + part.l2 * w[support]
    new = w.copy()
    if not is_small(support):
        products = ProductHessian(model, support, part.l2)
        new[support] = newton_on_support(products, smooth, w[support], part)
    else:
        matrix = model.hessian(support)
        matrix.flat[:: len(support) + 1] += part.l2
        new[support] = newton_on_matrix(matrix, smooth, w[support], part)
    return Descent(new, model.shift(new - w), 1)
