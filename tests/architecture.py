"""The rules of the house, each a function from a parsed module to what breaks it.

Every function returns a list of sentences, empty when the rule is kept. The rules are
tried on bad snippets in `test_architecture.py`, so that none of them passes for want of
looking.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = "root"
TOP = "sknorms"

# Who may import whom: downwards only, siblings never each other. "root" are the private
# files beside `__init__.py`.
_BELOW_METRICS = {ROOT, "norms", "engine"}
_BELOW_AUDIT = {*_BELOW_METRICS, "metrics"}
_BELOW_ESTIMATORS = {*_BELOW_AUDIT, "audit"}
_ESTIMATORS = {"preprocessing", "neighbors", "linear_model"}
MAY_IMPORT: dict[str, set[str]] = {
    ROOT: set(),
    "norms": {ROOT},
    "engine": {ROOT, "norms"},
    "metrics": _BELOW_METRICS,
    "audit": _BELOW_AUDIT,
    "preprocessing": _BELOW_ESTIMATORS,
    "neighbors": _BELOW_ESTIMATORS,
    "linear_model": {ROOT, "norms"},
    "datasets": {ROOT, "norms"},
    "inspection": {*_BELOW_ESTIMATORS, *_ESTIMATORS},
    "__main__": {*_BELOW_ESTIMATORS, *_ESTIMATORS, "inspection", "datasets", TOP},
    # The package's own `__init__` only names the subpackages, lazily.
    TOP: {*_BELOW_ESTIMATORS, *_ESTIMATORS, "inspection", "datasets"},
}

# The rooms within a wing, private folders, and which other rooms each may enter. The
# files beside them are the estimators; they enter any room, and no room imports them.
ROOMS: dict[str, dict[str, set[str]]] = {
    "neighbors": {
        "_search": set(),
        "_prediction": {"_search"},
        "_selection": {"_search", "_prediction"},
        "_centroids": set(),
        "_hubs": {"_search"},
        "_retrieval": {"_search"},
    },
    "linear_model": {
        "_losses": set(),
        "_penalties": set(),
        "_problem": {"_losses", "_penalties"},
        "_solvers": {"_losses", "_penalties", "_problem"},
        "_base": {"_losses", "_penalties", "_problem", "_solvers"},
        "_selection": {"_losses", "_penalties", "_problem", "_base"},
        "_monitor": set(),
        "_stochastic": {"_losses", "_penalties", "_base", "_monitor"},
    },
}

# Where a third-party module may be imported at all (paths relative to the package).
ONLY_IN = {
    "numba": ("_compile.py",),
    "joblib": ("_parallel.py",),
    "threadpoolctl": ("_parallel.py",),
    "matplotlib": ("inspection/",),
    "pyarrow": ("_parquet_files.py",),
    "tqdm": ("_progress.py",),
}
# Heavy or optional: never imported while `sknorms` itself is being imported.
LAZY = {
    "dask",
    "faiss",
    "matplotlib",
    "numba",
    "pandas",
    "polars",
    "pyarrow",
    "torch",
    "tqdm",
}

MAX_FILE_LINES = 400
MAX_BODY_LINES = 40
USUAL_BODY_LINES = 25

Function = ast.FunctionDef | ast.AsyncFunctionDef


def layer_of(relative: str) -> str:
    """Return the layer of a file given by its path within the package."""
    first, *rest = Path(relative).parts
    if rest:
        return first
    return {"__init__.py": TOP, "__main__.py": "__main__"}.get(first, ROOT)


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) for everything a module imports, at any depth.

    ``from a.b import c`` yields ``a.b.c``: c may be a module as well as a name.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def _target_layer(dotted: str) -> str:
    """Return the layer that an import of ``sknorms...`` reaches into."""
    parts = dotted.split(".")[1:]
    if not parts or parts[0] == "__version__":
        return TOP
    if parts[0] != "__main__" and parts[0].startswith("_"):
        return ROOT
    return parts[0]


def upward_imports(tree: ast.AST, relative: str) -> list[str]:
    """List imports from a layer that this file's layer may not use."""
    layer = layer_of(relative)
    if layer not in MAY_IMPORT:
        return [f"{layer!r} has no place in the house; add it to MAY_IMPORT"]
    allowed = MAY_IMPORT[layer] | {layer}
    wrong = []
    for line, dotted in imported_modules(tree):
        if dotted.startswith("."):
            wrong.append(f"line {line}: relative import {dotted}")
        elif dotted.split(".")[0] == "sknorms":
            target = _target_layer(dotted)
            if target not in allowed:
                wrong.append(f"line {line}: {layer} imports {dotted} ({target})")
    return wrong


def private_sklearn_imports(tree: ast.AST) -> list[str]:
    """List imports of, and reaches into, private parts of scikit-learn."""
    wrong = [
        f"line {line}: {dotted} is private to scikit-learn"
        for line, dotted in imported_modules(tree)
        if dotted.split(".")[0] == "sklearn" and _has_private_part(dotted)
    ]
    for node in ast.walk(tree):
        dotted = _dotted(node)
        if dotted.startswith("sklearn.") and _has_private_part(dotted):
            wrong.append(f"line {node.lineno}: {dotted} is private to scikit-learn")
    return wrong


def _has_private_part(dotted: str) -> bool:
    parts = dotted.split(".")
    return any(part.startswith("_") and not part.endswith("__") for part in parts)


def _dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for such an attribute chain, else an empty string."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not names or not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(names)])


def private_sknorms_imports(tree: ast.AST) -> list[str]:
    """List imports of private parts of sknorms, which are no example to users."""
    return [
        f"line {line}: {dotted} is private"
        for line, dotted in imported_modules(tree)
        if dotted.split(".")[0] == "sknorms" and _has_private_part(dotted)
    ]


def engine_internals(tree: ast.AST, relative: str) -> list[str]:
    """List imports of the engine's private modules from outside of the engine."""
    if layer_of(relative) == "engine":
        return []
    return [
        f"line {line}: {dotted} is private to sknorms.engine, which exports it or not"
        for line, dotted in imported_modules(tree)
        if dotted.startswith("sknorms.engine._")
    ]


def room_of(relative: str) -> tuple[str, str]:
    """Return the wing and the room of a file: ``("", "")`` outside of all rooms."""
    wing, *rest = Path(relative).parts
    room = rest[0] if len(rest) > 1 else ""
    return (wing, room) if room else ("", "")


def wrong_doors(tree: ast.AST, relative: str) -> list[str]:
    """List imports that enter a room by its window, or one that is not below."""
    wing, room = room_of(relative)
    below = {room, *ROOMS.get(wing, {}).get(room, ())}
    wrong = []
    for line, dotted in imported_modules(tree):
        top, target_wing, target, inside, *_ = [*dotted.split("."), "", "", ""]
        if top != TOP:
            continue
        if wing == target_wing and target not in below:
            wrong.append(f"line {line}: {dotted} is not below {room}")
        is_room = target in ROOMS.get(target_wing, {})
        if is_room and (target_wing, target) != (wing, room) and inside[:1] == "_":
            wrong.append(f"line {line}: {dotted} is private to {target}")
    return wrong


def misplaced_imports(tree: ast.AST, relative: str) -> list[str]:
    """List imports of a third-party module outside of the one file that may do so."""
    wrong = []
    for line, dotted in imported_modules(tree):
        homes = ONLY_IN.get(dotted.split(".")[0])
        if homes and not any(
            relative == home or (home.endswith("/") and relative.startswith(home))
            for home in homes
        ):
            wrong.append(f"line {line}: {dotted} outside of {', '.join(homes)}")
    return wrong


def eager_imports(tree: ast.Module) -> list[str]:
    """List imports of heavy or optional modules that run at import."""
    return [
        f"line {line}: {dotted} is imported at module level"
        for statement in _run_at_import(tree)
        for line, dotted in imported_modules(statement)
        if dotted.split(".")[0] in LAZY
    ]


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the import statements outside functions and type-checking blocks."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        else:
            yield from _run_at_import(child)


_METRIC_WORD = re.compile(r"(^|_)metrics?(_|$)")


def metric_comparisons(tree: ast.AST) -> list[str]:
    """List comparisons of something called a metric with a string."""
    return [
        f"line {node.lineno}: {ast.unparse(node).splitlines()[0]}"
        for node in ast.walk(tree)
        if _compares_metric(node)
    ]


def _compares_metric(node: ast.AST) -> bool:
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(map(_names_metric, sides)) and any(map(_holds_string, sides))
    if isinstance(node, ast.Match):
        patterns = [case.pattern for case in node.cases]
        return _names_metric(node.subject) and any(map(_holds_string, patterns))
    return False


def _names_metric(node: ast.AST) -> bool:
    """Whether an operand is a name or attribute (chain) with "metric" as a word."""
    names = [
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Name | ast.Attribute)
    ]
    return any(_METRIC_WORD.search(name) for name in names)


def _holds_string(node: ast.AST) -> bool:
    """Whether an operand (or pattern) is a string or a literal collection of them."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(_holds_string, node.elts))
    if isinstance(node, ast.MatchOr):
        return any(map(_holds_string, node.patterns))
    if isinstance(node, ast.MatchValue):
        return _holds_string(node.value)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def prints(tree: ast.AST) -> list[str]:
    """List calls of print."""
    return [
        f"line {node.lineno}: print"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]


def body_lines(function: Function) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if not body:
        return 0
    decorators = getattr(body[0], "decorator_list", [])
    first = min([body[0].lineno, *(node.lineno for node in decorators)])
    return (function.end_lineno or first) - first + 1


def function_lengths(tree: ast.AST) -> dict[str, int]:
    """Return the body lines of every function, keyed by name and line."""
    return {
        f"{node.name} (line {node.lineno})": body_lines(node)
        for node in ast.walk(tree)
        if isinstance(node, Function)
    }


def dunder_all(tree: ast.Module) -> list[str] | None:
    """Return ``__all__`` if it is one literal list of strings, else None."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
            try:
                names = ast.literal_eval(node.value)
            except ValueError:
                return None
            if isinstance(names, list) and all(isinstance(name, str) for name in names):
                return names
    return None


def export_order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Return the sorting key of ``__all__`` (ruff's RUF022).

    Constants come first, then classes, then the rest, numbers within names in numeric
    order.
    """
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2
    parts = re.findall(r"\d+|\D+", name)
    return kind, [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts]
