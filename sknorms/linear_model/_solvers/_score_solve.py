"""Which solver fits a problem with several scores, or a penalty of groups or balls."""

from sknorms.linear_model._penalties import Penalty
from sknorms.linear_model._problem import ScoreProblem, Solution, Start
from sknorms.linear_model._solvers._projected import solve_projected
from sknorms.linear_model._solvers._unit_solve import solve_units
from sknorms.linear_model._solvers._units import CoefficientUnits, GroupUnits, Units

__all__ = ["solve_scores"]


def solve_scores(
    problem: ScoreProblem,
    penalty: Penalty,
    tol: float,
    max_iter: int,
    initial: Start | None,
) -> Solution:
    """Minimise a mean loss plus any penalty; parameters are those of `solve`."""
    units = _units_of(penalty, problem.design.n_columns, problem.n_outputs)
    if units is None:
        return solve_projected(problem, penalty, tol, max_iter, initial)
    return solve_units(problem, units, tol, max_iter, initial)


def _units_of(penalty: Penalty, n_features: int, n_outputs: int) -> Units | None:
    """Return a penalty as a sum over coefficients or groups, None if it is neither."""
    separable = penalty.separable(n_features, n_outputs)
    if separable is not None:
        return CoefficientUnits(separable.flat(n_outputs))
    blocks = penalty.blocks(n_features)
    return None if blocks is None else GroupUnits(blocks.flat(n_outputs))
