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
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar

__all__ = [
    "Instruction",
    "Kernel",
    "MachineCode",
    "kernel",
    "kernels_available",
    "processor_has",
]

P = ParamSpec("P")
R = TypeVar("R")


@functools.cache
def kernels_available() -> bool:
    """Whether compiled kernels can be used (numba is there and not switched off)."""
    if os.environ.get("SKNORMS_NUMBA", "1").strip().lower() in {"0", "false", "no"}:
        return False
    return importlib.util.find_spec("numba") is not None


@functools.cache
def processor_has(*features: str) -> bool:
    """Whether kernels are compiled for a processor with these features (LLVM's names).

    No where numba was told which processor to compile for: it may be another one.
    """
    if not kernels_available():
        return False
    import llvmlite.binding
    import numba

    told: Any = numba.config
    if told.CPU_NAME or told.CPU_FEATURES:
        return False
    found = llvmlite.binding.get_host_cpu_features()
    return all(found.get(feature, False) for feature in features)


class Kernel(Generic[P, R]):
    """A function that numba compiles when it is first called.

    The plain Python function stays reachable as ``python`` for tests. Kernels that call
    other kernels must use their compiled form, so `compiled` resolves those names
    first. Without kernels the plain function runs, or ``plain``, which may do the same
    in NumPy.
    """

    def __init__(
        self,
        python: Callable[P, R],
        plain: Callable[P, R] | None = None,
        **options: Any,
    ) -> None:
        self.python: Any = python
        self._plain = python if plain is None else plain
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
            if isinstance(inner, Kernel | Instruction):
                scope[name] = inner.compiled
        # A function of its own, so that the plain one keeps calling plain ones.
        resolved = types.FunctionType(source.__code__, scope, source.__name__)
        compiled: Callable[P, R] = numba.njit(**self._options)(resolved)
        return compiled

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled function, or without kernels the plain one."""
        if not kernels_available():
            return self._plain(*args, **kwargs)
        return self.compiled(*args, **kwargs)


@dataclass(frozen=True)
class MachineCode:
    """Where an `Instruction` writes its code.

    Attributes
    ----------
    ir : module
        ``llvmlite.ir``: types and constants.
    builder : llvmlite.ir.IRBuilder
        Writes instructions, one after the other.
    loop : callable
        ``loop(builder, count)`` is a context with an ``index``: its body is repeated.
    variable : callable
        ``variable(builder, value)`` returns a pointer to a local variable.
    """

    ir: Any
    builder: Any
    loop: Callable[..., Any]
    variable: Callable[..., Any]

    def array(self, context: Any, kind: Any, value: Any) -> tuple[Any, list[Any]]:
        """Return the address of an array, as an integer, and its shape."""
        array = context.make_array(kind)(context, self.builder, value)
        address = self.builder.ptrtoint(array.data, self.ir.IntType(64))
        shape = self.builder.extract_value
        return address, [shape(array.shape, axis) for axis in range(kind.ndim)]


class Instruction:
    """Code that kernels call by name, and that the compiler would not choose by itself.

    Called as ``(array, row, array, row, array, place, stride)``, all arrays
    C-contiguous, it returns nothing; the last array is written to.

    Parameters
    ----------
    write : callable
        ``write(code, itemsize, arrays, places)`` writes the code for `MachineCode`: of
        the item size of the first array, the addresses and shapes of the three, and the
        four other numbers.
    """

    def __init__(self, write: Callable[..., None]) -> None:
        self._write = write

    @functools.cached_property
    def compiled(self) -> Any:
        """What numba takes for the call."""
        from llvmlite import ir
        from numba.core import cgutils, types
        from numba.extending import intrinsic

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            code = MachineCode(
                ir, builder, cgutils.for_range, cgutils.alloca_once_value
            )
            kinds = signature.args
            arrays = [code.array(context, kinds[i], args[i]) for i in (0, 2, 4)]
            itemsize = kinds[0].dtype.bitwidth // 8
            self._write(code, itemsize, arrays, [args[i] for i in (1, 3, 5, 6)])
            return context.get_dummy_value()

        def typed(
            context: Any, a: Any, i: Any, b: Any, j: Any, c: Any, k: Any, stride: Any
        ) -> Any:
            del context, i, j, k, stride
            at = types.intp
            return types.void(a, at, b, at, c, at, at), generate

        return intrinsic(typed)

    def __call__(self, *args: Any) -> None:
        """Raise TypeError: only compiled code can hold an instruction."""
        # Kernels name it, so it has to look callable to readers and type checkers.
        raise TypeError(
            "an instruction of the processor has no Python form; call the kernel that "
            "names it."
        )


def kernel(**options: Any) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Mark a function as a kernel, compiled at its first call (never at import)."""

    def mark(python: Callable[P, R]) -> Kernel[P, R]:
        return Kernel(python, **options)

    return mark
