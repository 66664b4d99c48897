"""What arguments of ``fit`` are for the splitter of rows."""

from typing import Any

from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

__all__ = ["splitter_parameters", "splitter_routing"]


def splitter_parameters(
    estimator: Any, sample_weight: Any, params: dict[str, Any]
) -> dict[str, Any]:
    """Return what ``cv.split`` of an estimator is to be handed.

    Raises
    ------
    ValueError
        If there are arguments, and scikit-learn is not configured to route any.
    """
    if get_config().get("enable_metadata_routing", False):
        routed = process_routing(
            estimator, "fit", sample_weight=sample_weight, **params
        )
        return dict(routed["splitter"]["split"])
    if params:
        raise ValueError(
            f"Passing {', '.join(sorted(params))} to {type(estimator).__name__}.fit is "
            "only supported if enable_metadata_routing=True, which is set by "
            "sklearn.set_config. Or pass cv a list of the splits themselves."
        )
    return {}


def splitter_routing(estimator: Any) -> MetadataRouter:
    """Return that ``fit`` of an estimator hands arguments on to ``cv.split``."""
    mapping = MethodMapping().add(caller="fit", callee="split")
    router = MetadataRouter(owner=estimator).add_self_request(estimator)
    return router.add(splitter=check_cv(estimator.cv), method_mapping=mapping)
