"""Settings for every test and every example in a docstring."""

import pytest
from hypothesis import settings

from sknorms.metrics import _registry

# The same examples on every run and machine, so that a red run means a red change; and
# no deadline, because the first call of a kernel compiles it.
settings.register_profile(
    "sknorms", deadline=None, derandomize=True, max_examples=60, database=None
)
settings.load_profile("sknorms")


@pytest.fixture(autouse=True)
def registered_metrics(monkeypatch):
    """Forget the metrics that a test or an example registers."""
    monkeypatch.setattr(_registry, "_REGISTRY", dict(_registry._REGISTRY))
    monkeypatch.setattr(_registry, "_FUNCTIONS", dict(_registry._FUNCTIONS))
