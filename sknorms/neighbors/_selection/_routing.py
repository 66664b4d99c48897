"""What arguments of ``fit`` are for the splitter and what for the scorers."""

from dataclasses import dataclass
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sknorms.neighbors._selection._scoring import Scoring

__all__ = ["Routed", "router_of", "score_parameters"]


@dataclass(frozen=True, eq=False)
class Routed:
    """Arguments by who takes them.

    Attributes
    ----------
    split, score : dict
    """

    split: dict[str, Any]
    score: dict[str, Any]

    @classmethod
    def of(cls, owner: Any, sample_weight: Any, params: dict[str, Any]) -> "Routed":
        """Return what ``fit`` of an estimator hands on.

        Raises
        ------
        ValueError
            If there are arguments other than ``groups``, and scikit-learn is not
            configured to route any.
        """
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        if _is_enabled():
            routed = process_routing(owner, "fit", **weights, **params)
            return cls(dict(routed["splitter"]["split"]), _scores(routed))
        split = dict(params)
        groups = split.pop("groups", None)
        _refuse(owner, "fit", split)
        return cls({"groups": groups}, weights)


def score_parameters(owner: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return what ``score`` of an estimator hands on to scorers."""
    if _is_enabled():
        return _scores(process_routing(owner, "score", **params))
    others = {name: value for name, value in params.items() if name != "sample_weight"}
    _refuse(owner, "score", others)
    return {name: value for name, value in params.items() if value is not None}


def router_of(owner: Any, splitter: Any, scoring: Scoring) -> MetadataRouter:
    """Return that an estimator hands arguments on to a splitter and to scorers."""
    router = MetadataRouter(owner=owner).add_self_request(owner)
    split = MethodMapping().add(caller="fit", callee="split")
    router.add(splitter=splitter, method_mapping=split)
    if scoring.requested is not None:
        both = MethodMapping().add(caller="fit", callee="score")
        both.add(caller="score", callee="score")
        router.add(scorer=scoring.requested, method_mapping=both)
    return router


def _is_enabled() -> bool:
    return bool(get_config().get("enable_metadata_routing", False))


def _scores(routed: Any) -> dict[str, Any]:
    return dict(routed["scorer"]["score"]) if "scorer" in routed else {}


def _refuse(owner: Any, method: str, params: dict[str, Any]) -> None:
    if params:
        raise ValueError(
            f"Passing {', '.join(sorted(params))} to {type(owner).__name__}.{method} "
            "is only supported if enable_metadata_routing=True, which is set by "
            "sklearn.set_config."
        )
