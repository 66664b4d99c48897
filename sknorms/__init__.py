"""Norms, distances, exact nearest neighbours and row transformers for scikit-learn.

The package answers two questions: *how large is this vector?* (`sknorms.norms`) and
*how far apart are these two?* (`sknorms.metrics`). On top of them stand estimators that
behave as scikit-learn's do: `sknorms.preprocessing`, `sknorms.neighbors` and
`sknorms.linear_model`. Small real data to try them on is in `sknorms.datasets`.

The subpackages are imported when they are first used.

Examples
--------
>>> import sknorms
>>> sknorms.norms.norm([3.0, 4.0]).item()
5.0
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sknorms import (
        audit,
        datasets,
        inspection,
        linear_model,
        metrics,
        neighbors,
        norms,
        preprocessing,
    )

__all__ = [
    "__version__",
    "audit",
    "datasets",
    "inspection",
    "linear_model",
    "metrics",
    "neighbors",
    "norms",
    "preprocessing",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import a subpackage at its first use (PEP 562)."""
    if name in __all__:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Name what is public, whether imported yet or not."""
    return sorted(__all__)
