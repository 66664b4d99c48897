"""Read numpydoc docstrings, and find where they differ from the signature.

The checks are tried on bad examples in `test_public_api.py`.
"""

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

NO_DEFAULT = inspect.Parameter.empty
_VARIADIC = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_KNOWN_NUMBERS = {"inf": float("inf"), "np.inf": float("inf"), "np.nan": float("nan")}


def sections(docstring: str | None) -> dict[str, str]:
    """Split a numpydoc docstring into its sections, the summary under ``""``."""
    text = inspect.cleandoc(docstring or "")
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\s*$", text, flags=re.MULTILINE)
    names = ["", *parts[1::2]]
    return {n: part.strip("\n") for n, part in zip(names, parts[::2], strict=True)}


def documented_parameters(docstring: str | None) -> dict[str, str]:
    """Return each documented parameter with its type line, stars removed."""
    found = {}
    # A type line may be continued with a backslash, as in scikit-learn.
    text = sections(docstring).get("Parameters", "").replace("\\\n", " ")
    for line in text.splitlines():
        match = re.match(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: ?: ?(.*))?$", line)
        if match:
            names, described = match.groups()
            for name in names.split(", "):
                found[name.lstrip("*")] = described or ""
    return found


def documented_default(described: str) -> Any:
    """Return the text after ``default=`` in a type line, or NO_DEFAULT."""
    match = re.search(r"\bdefault\s*[=:]?\s*(.+?)\s*$", described)
    return match.group(1).strip("`") if match else NO_DEFAULT


def same_default(documented: str, default: Any) -> bool:
    """Whether the text after ``default=`` says the value that the signature has."""
    if documented in {repr(default), str(getattr(default, "__name__", ""))}:
        return True
    try:
        value = _KNOWN_NUMBERS.get(documented) or ast.literal_eval(documented)
    except (ValueError, SyntaxError):
        return False
    return type(value) is type(default) and repr(value) == repr(default)


def signature_parameters(subject: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return the parameters a caller can set."""
    parameters = inspect.signature(subject).parameters
    return {n: p for n, p in parameters.items() if n not in {"self", "cls"}}


def parameter_faults(subject: Callable[..., Any]) -> list[str]:
    """List where the Parameters section differs from the signature."""
    documented = documented_parameters(subject.__doc__)
    actual = signature_parameters(subject)
    faults = [
        f"{name} is documented, but no parameter"
        for name in documented
        if name not in actual
    ]
    for name, parameter in actual.items():
        if name not in documented:
            faults.append(f"{name} is not documented")
        elif parameter.kind not in _VARIADIC:
            faults.extend(_default_faults(name, documented[name], parameter.default))
    return faults


def _default_faults(name: str, described: str, default: Any) -> list[str]:
    text = documented_default(described)
    if default is NO_DEFAULT:
        return (
            [] if text is NO_DEFAULT else [f"{name} has no default, documented {text}"]
        )
    if text is NO_DEFAULT:
        # numpydoc's other spelling of a default of None.
        if default is None and "optional" in described:
            return []
        return [f"{name}: default={default!r} is not documented"]
    if same_default(text, default):
        return []
    return [f"{name}: documented default={text}, the signature has {default!r}"]


def missing_sections(subject: Any) -> list[str]:
    """List the sections that the docstring of a public class or function lacks."""
    found = sections(subject.__doc__)
    needed = ["Examples"]
    if signature_parameters(subject):
        needed.append("Parameters")
    if not inspect.isclass(subject) and not _returns_nothing(subject):
        needed.append("Yields" if inspect.isgeneratorfunction(subject) else "Returns")
    missing = [name for name in needed if not found.get(name, "").strip()]
    if "Examples" not in missing and ">>>" not in found["Examples"]:
        missing.append("an example that runs")
    return missing + ([] if found[""].strip() else ["a summary"])


def _returns_nothing(subject: Callable[..., Any]) -> bool:
    return inspect.signature(subject).return_annotation in {None, "None"}


def public_methods(subject: type) -> dict[str, Callable[..., Any]]:
    """Return the public methods that a class has from sknorms, not from elsewhere."""
    methods = {}
    for owner in reversed(subject.__mro__):
        if owner.__module__.split(".")[0] == subject.__module__.split(".")[0]:
            for name, member in vars(owner).items():
                function = getattr(member, "__func__", member)
                if not name.startswith("_") and inspect.isfunction(function):
                    methods[name] = function
    return methods
