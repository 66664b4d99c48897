"""scikit-learn's callbacks around a fit, where its version has them (1.9)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

try:
    from sklearn import callback
except ImportError:  # before scikit-learn 1.9
    callback = None


__all__ = ["CallbackSupportMixin", "fit_task", "with_callbacks"]


class _NoCallbacks:
    """Stands for nothing where there are no callbacks."""


def _as_it_is(method: Any) -> Any:
    """Return a method as it is."""
    return method


CallbackSupportMixin: Any = getattr(callback, "CallbackSupportMixin", _NoCallbacks)
with_callbacks: Any = getattr(callback, "with_callbacks", _as_it_is)


@contextmanager
def fit_task(estimator: Any, X: Any, y: Any, sample_weight: Any) -> Iterator[None]:
    """Tell callbacks that a fit begins and, unless it fails, that it has ended."""
    # For estimators to call, as the documentation of the mixin says.
    begin = getattr(estimator, "_init_callback_context", None)
    if begin is None:
        yield
        return
    context = begin()
    metadata = None if sample_weight is None else {"sample_weight": sample_weight}
    given = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    context.call_on_fit_task_begin(**given)
    yield
    context.call_on_fit_task_end(**given, reconstruction_attributes={})
