"""Settings for every test."""

from hypothesis import settings

# The same examples on every run and machine, so that a red run means a red change; and
# no deadline, because the first call of a kernel compiles it.
settings.register_profile(
    "sknorms", deadline=None, derandomize=True, max_examples=60, database=None
)
settings.load_profile("sknorms")
