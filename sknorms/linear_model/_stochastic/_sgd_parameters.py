"""Checks of the parameters of stochastic learners, and the records they name."""

import inspect
import math
from collections.abc import Mapping
from typing import Any

from sklearn.utils import check_random_state

from sknorms._validation import (
    ParameterError,
    check_choice,
    check_flag,
    check_integer,
    check_real,
)
from sknorms.linear_model._losses import LOSSES, Loss, get_loss
from sknorms.linear_model._monitor import ON_DIVERGENCE
from sknorms.linear_model._penalties import PENALTIES, Penalty, get_penalty
from sknorms.linear_model._stochastic._clipping import get_clip
from sknorms.linear_model._stochastic._step_rules import get_step_rule
from sknorms.linear_model._stochastic._training import Stopping

__all__ = ["check_parameters", "loss_record", "penalty_record", "stopping_rule"]

_FLAGS = (
    "early_stopping",
    "fit_intercept",
    "monitor",
    "shuffle",
    "warm_start",
)


def check_parameters(params: Mapping[str, Any]) -> None:
    """Raise if a parameter that is not resolved to a record is bad."""
    for name in _FLAGS:
        check_flag(name, params[name])
    check_integer("max_iter", params["max_iter"], low=1)
    check_integer("n_iter_no_change", params["n_iter_no_change"], low=1)
    if params["tol"] is not None:
        check_real("tol", params["tol"], low=0.0)
    share = check_real("momentum", params["momentum"], low=0.0)
    if share >= 1.0:
        raise ParameterError(f"momentum must be below 1; got {params['momentum']!r}.")
    fraction = check_real(
        "validation_fraction", params["validation_fraction"], low=0.0, low_open=True
    )
    if fraction >= 1.0:
        raise ParameterError(
            f"validation_fraction must be below 1; got {fraction!r}: some rows have to "
            "be left to learn from."
        )
    average = params["average"]
    if not isinstance(average, bool):
        check_integer("average", average, low=0)
    size = params["batch_size"]
    if not (isinstance(size, str) and size == "auto"):
        _check_batch_size(size)
    check_choice("on_divergence", params["on_divergence"], list(ON_DIVERGENCE))
    get_clip(params["clip"], params["max_norm"], params["norm_type"])
    get_step_rule(params["learning_rate"], params["eta0"], params["power_t"])
    _check_seed(params["random_state"])


def _check_batch_size(size: Any) -> None:
    try:
        check_integer("batch_size", size, low=1)
    except ParameterError as error:
        raise ParameterError(f'{error} Or pass "auto".') from None


def _check_seed(random_state: Any) -> None:
    try:
        check_random_state(random_state)
    except ValueError as error:
        raise ParameterError(
            "random_state must be None, an integer or a RandomState; got "
            f"{random_state!r}."
        ) from error


def loss_record(loss: Any, *, classifies: bool) -> Loss:
    """Return the record of a loss, if its targets are of the right kind."""
    names = [name for name in LOSSES if LOSSES[name].classifies is classifies]
    if isinstance(loss, str) and loss not in names:
        listed = ", ".join(map(repr, names))
        raise ParameterError(f"loss must be one of {listed} or a record; got {loss!r}.")
    record = get_loss(loss)
    if record.classifies is not classifies:
        kind = "classes" if classifies else "numbers"
        raise ParameterError(
            f"loss must be one of {kind} ({', '.join(map(repr, names))}); got {loss!r}."
        )
    return record


def penalty_record(penalty: Any, alpha: Any, l1_ratio: Any) -> Penalty:
    """Return the record of a penalty; a name takes what it knows of the parameters."""
    given = {
        "alpha": check_real("alpha", alpha, low=0.0),
        "l1_ratio": check_real("l1_ratio", l1_ratio, low=0.0, high=1.0),
    }
    if not isinstance(penalty, str) or penalty not in PENALTIES:
        return get_penalty(penalty)
    known = inspect.signature(PENALTIES[penalty]).parameters
    own = {name: value for name, value in given.items() if name in known}
    return get_penalty(penalty, **own)


def stopping_rule(params: Mapping[str, Any]) -> Stopping:
    """Return when to stop."""
    tol = params["tol"]
    return Stopping(
        int(params["max_iter"]),
        -math.inf if tol is None else float(tol),
        int(params["n_iter_no_change"]),
        bool(params["shuffle"]),
    )
