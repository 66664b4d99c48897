"""Compiled kernels: the only module that imports numba.

`sknorms` runs without a compiler. Where numba is installed, a few small functions are
compiled at their first real use and cached on disk; ``SKNORMS_NUMBA=0`` switches that
off. Importing `sknorms` imports no numba.
"""

import functools
import importlib.util
import os
import types
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = ["Kernel", "kernel", "kernels_available"]

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def kernels_available() -> bool:
    """Whether compiled kernels can be used (numba is there and not switched off)."""
    if os.environ.get("SKNORMS_NUMBA", "1").strip().lower() in {"0", "false", "no"}:
        return False
    return importlib.util.find_spec("numba") is not None


class Kernel(Generic[P, R]):
    """A function that numba compiles when it is first called.

    The plain Python function stays reachable as ``python`` for tests. Kernels that call
    other kernels must use their compiled form, so `compiled` resolves those names
    first.
    """

    def __init__(self, python: Callable[P, R], **options: Any) -> None:
        self.python: Any = python
        self._options = {"cache": True, "nogil": True, **options}
        functools.update_wrapper(self, python)

    @functools.cached_property
    def compiled(self) -> Callable[P, R]:
        """The compiled function; compiling happens here, once a process."""
        import numba

        source = self.python
        scope = dict(source.__globals__)
        for name in source.__code__.co_names:
            inner = scope.get(name)
            if isinstance(inner, Kernel):
                scope[name] = inner.compiled
        # A function of its own, so that the plain one keeps calling plain ones.
        resolved = types.FunctionType(source.__code__, scope, source.__name__)
        compiled: Callable[P, R] = numba.njit(**self._options)(resolved)
        return compiled

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function."""
        return self.compiled(*args, **kwargs)


def kernel(**options: Any) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Mark a function as a kernel, compiled at its first call (never at import)."""

    def mark(python: Callable[P, R]) -> Kernel[P, R]:
        return Kernel(python, **options)

    return mark
