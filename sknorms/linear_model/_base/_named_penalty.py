"""The penalty that parameters of an estimator name together."""

from typing import Any

from sknorms._validation import ParameterError, check_real
from sknorms.linear_model._base._parameters import ratio_list
from sknorms.linear_model._penalties import PENALTIES, Penalty, get_penalty

__all__ = ["mixtures_of", "penalty_of"]

# Parameters of estimators, by the fields of records that they fill.
_FIELDS = {
    "alpha": "alpha",
    "l1_ratio": "l1_ratio",
    "positive": "positive",
    "groups": "groups",
    "weights": "feature_weights",
}


def penalty_of(params: dict[str, Any], usual_alpha: float = 1.0) -> Penalty:
    """Return the penalty that an estimator's parameters describe.

    Parameters
    ----------
    params : dict
        ``penalty``, a name, a record or None, and ``alpha``, ``l1_ratio``,
        ``positive``, ``groups`` and ``feature_weights`` where the estimator has them;
        None (or False) leaves what the record says.
    usual_alpha : float, default=1.0
        The strength of a penalty given by its name alone.

    Raises
    ------
    ValueError
        If a parameter is given that the penalty does not have, or is out of range.
    """
    penalty = params["penalty"]
    given = {
        field: params[name]
        for field, name in _FIELDS.items()
        if params.get(name) is not None and params.get(name) is not False
    }
    if not isinstance(penalty, str):
        return _with_alpha(get_penalty(penalty), given)
    record = PENALTIES.get(penalty)
    if record is not None:
        _refuse_unused(penalty, given, getattr(record, "__dataclass_fields__", {}))
        if record.has_alpha:
            given.setdefault("alpha", usual_alpha)
    return get_penalty(penalty, **given)


def mixtures_of(params: dict[str, Any]) -> tuple[list[Any], list[Penalty]]:
    """Return the mixtures to choose from, None where none is given, and penalties.

    Parameters
    ----------
    params : dict
        As for `penalty_of`, ``l1_ratio`` being one number or a list.

    Raises
    ------
    ValueError
        If the penalty has no strength to choose.
    """
    given = params["l1_ratio"]
    ratios = [None] if given is None else ratio_list(given)
    penalties = [penalty_of({**params, "l1_ratio": ratio}) for ratio in ratios]
    if not penalties[0].has_alpha:
        raise ParameterError(
            f"penalty={params['penalty']!r} has no strength to choose; fit it by the "
            "estimator without CV."
        )
    return ratios, penalties


def _with_alpha(penalty: Penalty, given: dict[str, Any]) -> Penalty:
    known = {"alpha"} if penalty.has_alpha else set()
    _refuse_unused(penalty, given, known)
    if "alpha" not in given:
        return penalty
    return penalty.with_alpha(check_real("alpha", given["alpha"], low=0.0))


def _refuse_unused(penalty: Any, given: dict[str, Any], known: Any) -> None:
    unused = [_FIELDS[field] for field in given if field not in known]
    if unused:
        raise ParameterError(
            f"penalty={penalty!r} does not take {', '.join(unused)} here; leave it "
            "out, or pass a record of sknorms.linear_model that has it."
        )
