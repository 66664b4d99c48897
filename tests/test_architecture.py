"""The house keeps its rules, and the rules can tell when it does not."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import architecture as house
import pytest

import sknorms

PACKAGE = Path(sknorms.__file__).parent
REPOSITORY = PACKAGE.parent
FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
# Examples and benchmarks show what users can do, so they use what users can.
OUTSIDE = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("examples", "benchmarks")
    for path in (REPOSITORY / folder).glob("*.py")
)


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def module_name(relative):
    parts = ("sknorms", *Path(relative).with_suffix("").parts)
    return ".".join(part for part in parts if part != "__init__")


@pytest.fixture(params=FILES)
def relative(request):
    return request.param


@pytest.fixture
def tree(relative):
    return parsed(PACKAGE / relative)


# ---- the package ----


def test_the_package_is_found():
    assert {"__init__.py", "_validation.py", "norms/__init__.py"} <= set(FILES)
    assert any(path.startswith("benchmarks/") for path in OUTSIDE)


def test_imports_go_down_only(relative, tree):
    assert house.upward_imports(tree, relative) == []


def test_the_engine_is_imported_as_a_whole(relative, tree):
    assert house.engine_internals(tree, relative) == []


def test_third_party_modules_stay_in_their_room(relative, tree):
    assert house.misplaced_imports(tree, relative) == []


def test_heavy_modules_are_imported_when_used(tree):
    assert house.eager_imports(tree) == []


def test_only_public_scikit_learn(tree):
    assert house.private_sklearn_imports(tree) == []


def test_no_metric_is_compared_with_a_string(relative, tree):
    if relative != "metrics/_registry.py":
        assert house.metric_comparisons(tree) == []


def test_nothing_is_printed(relative, tree):
    if relative != "__main__.py":
        assert house.prints(tree) == []


def test_files_are_short(relative):
    lines = len((PACKAGE / relative).read_text(encoding="utf-8").splitlines())
    assert lines <= house.MAX_FILE_LINES


def test_no_function_is_long(tree):
    lengths = house.function_lengths(tree)
    assert {n: k for n, k in lengths.items() if k > house.MAX_BODY_LINES} == {}


def test_nine_functions_of_ten_are_short():
    lengths = {
        f"{relative}: {name}": length
        for relative in FILES
        for name, length in house.function_lengths(parsed(PACKAGE / relative)).items()
    }
    long = {n: k for n, k in lengths.items() if k > house.USUAL_BODY_LINES}
    assert lengths
    assert len(long) <= 0.1 * len(lengths), long


def test_every_module_says_what_it_exports(relative, tree):
    if relative == "__main__.py":
        return
    names = house.dunder_all(tree)
    assert names is not None, "no __all__ that is a literal list of strings"
    assert names == sorted(set(names), key=house.export_order)
    module = importlib.import_module(module_name(relative))
    assert [name for name in names if not hasattr(module, name)] == []


def test_files_are_private_and_packages_public(relative):
    *folders, file = Path(relative).parts
    assert file.startswith("_")
    wing, *rooms = folders or [""]
    assert not wing.startswith("_")
    assert all(room in house.ROOMS.get(wing, {}) for room in rooms)


def test_rooms_are_entered_by_their_doors(relative, tree):
    assert house.wrong_doors(tree, relative) == []


@pytest.mark.parametrize("wing", house.ROOMS)
def test_a_door_shows_what_others_need(wing):
    needed = {room: set() for room in house.ROOMS[wing]}
    shown = {}
    for relative in FILES:
        tree = parsed(PACKAGE / relative)
        for _, dotted in house.imported_modules(tree):
            _, target_wing, room, name, *_ = [*dotted.split("."), "", "", ""]
            other = house.room_of(relative) != (wing, room)
            if target_wing == wing and room in needed and other:
                needed[room].add(name)
        if Path(relative).name == "__init__.py" and house.room_of(relative)[0] == wing:
            shown[house.room_of(relative)[1]] = set(house.dunder_all(tree))
    assert shown == needed


@pytest.mark.parametrize("path", OUTSIDE)
def test_examples_and_benchmarks_use_the_public_interface(path):
    tree = parsed(REPOSITORY / path)
    assert house.private_sknorms_imports(tree) == []
    assert house.private_sklearn_imports(tree) == []


def test_importing_every_module_imports_nothing_heavy():
    modules = [module_name(name) for name in FILES if name != "__main__.py"]
    script = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print(sorted(set(sys.modules) & {house.LAZY!r} - {{'pandas', 'pyarrow'}}))\n"
    )
    # pandas, and pyarrow with it, is left to scikit-learn and scipy, which may import
    # it themselves.
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert (run.stdout.strip(), run.returncode) == ("[]", 0), run.stderr


# ---- the rules themselves ----


@pytest.mark.parametrize(
    ("relative", "layer"),
    [
        ("__init__.py", house.TOP),
        ("__main__.py", "__main__"),
        ("_validation.py", house.ROOT),
        ("norms/__init__.py", "norms"),
        ("metrics/_registry.py", "metrics"),
    ],
)
def test_layer_of_a_file(relative, layer):
    assert house.layer_of(relative) == layer


@pytest.mark.parametrize(
    "table",
    [house.MAY_IMPORT, *house.ROOMS.values()],
    ids=["layers", *house.ROOMS],
)
def test_the_tables_have_no_cycle(table):
    done: set[str] = set()
    while len(done) < len(table):
        free = [k for k, v in table.items() if k not in done and v <= done]
        assert free, "a cycle"
        done.update(free)


GOOD_IMPORTS = [
    ("norms/_a.py", "from sknorms._validation import check_rows"),
    ("norms/_a.py", "from sknorms.norms._b import c"),
    ("metrics/_a.py", "import sknorms.engine"),
    ("neighbors/_a.py", "from sknorms.metrics import get_metric"),
    ("inspection/_a.py", "from sknorms.neighbors import Retriever"),
    ("__main__.py", "from sknorms import __version__, inspection"),
    ("__init__.py", "from sknorms import norms"),
    ("norms/_a.py", "import numpy.linalg"),
]
BAD_IMPORTS = [
    ("_validation.py", "from sknorms.norms import norm"),
    ("norms/_a.py", "from sknorms.engine import plan"),
    ("norms/_a.py", "import sknorms"),
    ("norms/_a.py", "from sknorms import metrics"),
    ("engine/_a.py", "def f():\n    import sknorms.metrics._registry"),
    ("neighbors/_a.py", "from sknorms.preprocessing import Normalizer"),
    ("preprocessing/_a.py", "import sknorms.linear_model as lm"),
    ("linear_model/_a.py", "from sknorms.engine import plan"),
    ("datasets/_a.py", "from sknorms.metrics import get_metric"),
    ("neighbors/_a.py", "from sknorms.inspection import Display"),
    ("neighbors/_a.py", "from sknorms.datasets import load_word_vectors"),
    ("inspection/_a.py", "from sknorms.__main__ import main"),
    ("norms/_a.py", "from . import _b"),
    ("norms/_a.py", "from ..metrics import get_metric"),
    ("attic/_a.py", "import numpy"),
]


@pytest.mark.parametrize(("relative", "source"), GOOD_IMPORTS)
def test_upward_imports_lets_pass(relative, source):
    assert house.upward_imports(ast.parse(source), relative) == []


@pytest.mark.parametrize(("relative", "source"), BAD_IMPORTS)
def test_upward_imports_sees(relative, source):
    assert len(house.upward_imports(ast.parse(source), relative)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn.utils._param_validation import Interval",
        "import sklearn.metrics._dist_metrics",
        "from sklearn.base import _fit_context",
        "from sklearn import _config",
        "import sklearn\nsklearn.utils._tags.get_tags",
        "def f():\n    from sklearn.neighbors import _base",
    ],
)
def test_private_sklearn_imports_sees(source):
    assert house.private_sklearn_imports(ast.parse(source)) != []


@pytest.mark.parametrize(
    "source",
    [
        "from sklearn.utils import check_array",
        "import sklearn\nsklearn.__version__",
        "from scipy._lib import doccer",
        "self._sklearn._x",
    ],
)
def test_private_sklearn_imports_lets_pass(source):
    assert house.private_sklearn_imports(ast.parse(source)) == []


@pytest.mark.parametrize(
    ("relative", "source", "kept"),
    [
        ("engine/_a.py", "from sknorms.engine._rounding import gamma32", True),
        ("metrics/_a.py", "from sknorms.engine import gamma32", True),
        ("metrics/_a.py", "from sknorms.norms._scaled import divide_rows", True),
        ("metrics/_a.py", "from sknorms.engine._rounding import gamma32", False),
        ("neighbors/_a.py", "def f():\n    import sknorms.engine._plan", False),
        ("metrics/_a.py", "from sknorms.engine import _plan", False),
    ],
)
def test_engine_internals(relative, source, kept):
    assert (house.engine_internals(ast.parse(source), relative) == []) is kept


@pytest.mark.parametrize(
    ("relative", "source", "kept"),
    [
        ("neighbors/_a.py", "from sknorms.neighbors._hubs import b", True),
        ("neighbors/_hubs/_a.py", "from sknorms.neighbors._hubs._c import b", True),
        ("neighbors/_hubs/_a.py", "from sknorms.neighbors._search import b", True),
        ("inspection/_a.py", "from sknorms.neighbors import B", True),
        ("neighbors/_a.py", "from sknorms.neighbors._hubs._c import b", False),
        ("neighbors/_search/_a.py", "from sknorms.neighbors._hubs import b", False),
        (
            "neighbors/_hubs/_a.py",
            "from sknorms.neighbors._unsupervised import B",
            False,
        ),
        ("inspection/_a.py", "from sknorms.neighbors._hubs._c import b", False),
    ],
)
def test_wrong_doors(relative, source, kept):
    assert (house.wrong_doors(ast.parse(source), relative) == []) is kept


def test_private_sknorms_imports():
    assert house.private_sknorms_imports(ast.parse("import sknorms.norms._rows"))
    assert house.private_sknorms_imports(ast.parse("from sknorms import _compile"))
    assert not house.private_sknorms_imports(ast.parse("from sknorms.norms import L1"))


@pytest.mark.parametrize(
    ("relative", "source", "kept"),
    [
        ("_compile.py", "import numba", True),
        ("engine/_compile.py", "import numba", False),
        ("engine/_kernels.py", "from numba import njit", False),
        ("_parallel.py", "from joblib.parallel import get_active_backend", True),
        ("neighbors/_base.py", "def f():\n    import joblib", False),
        ("_compile.py", "import threadpoolctl", False),
        ("inspection/_plot.py", "def f():\n    import matplotlib.pyplot", True),
        ("audit/_plot.py", "def f():\n    import matplotlib.pyplot", False),
    ],
)
def test_misplaced_imports(relative, source, kept):
    assert (house.misplaced_imports(ast.parse(source), relative) == []) is kept


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("import numba", False),
        (
            "try:\n    import matplotlib.pyplot as plt\nexcept ImportError: plt = 0",
            False,
        ),
        ("class A:\n    from pandas import DataFrame", False),
        ("if True:\n    import numba", False),
        ("def f():\n    import numba", True),
        ("class A:\n    def f(self):\n        import numba", True),
        ("if TYPE_CHECKING:\n    from matplotlib.axes import Axes", True),
        ("import numpy", True),
    ],
)
def test_eager_imports(source, kept):
    assert (house.eager_imports(ast.parse(source)) == []) is kept


@pytest.mark.parametrize(
    "source",
    [
        "metric == 'cosine'",
        "'cosine' == self.metric",
        "metric != 'cosine'",
        "metric in ('cosine', 'dot')",
        "self.effective_metric_ not in ['cosine']",
        "self.metric.name in {'cosine'}",
        "metric_name == 'dot'",
        "'cosine' in metrics",
        "a if metric == 'dot' else b",
        "match metric:\n    case 'cosine' | 'dot':\n        pass",
        "match self.metric:\n    case 'cosine':\n        pass",
    ],
)
def test_metric_comparisons_sees(source):
    assert len(house.metric_comparisons(ast.parse(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "metric == other",
        "metric is None",
        "metric in names",
        "weights == 'distance'",
        "isinstance(metric, str)",
        "symmetric == 'yes'",
        "match weights:\n    case 'uniform':\n        pass",
        "match metric:\n    case str():\n        pass",
    ],
)
def test_metric_comparisons_lets_pass(source):
    assert house.metric_comparisons(ast.parse(source)) == []


def test_prints():
    assert house.prints(ast.parse("def f():\n    print('x')")) == ["line 2: print"]
    assert house.prints(ast.parse("logger.print('x'); pprint(1)")) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f():\n    return 1", 1),
        ("def f(): return 1", 1),
        ('def f():\n    """Long.\n\n    Text."""\n    a = 1\n\n    return a', 3),
        ('def f():\n    """Only."""', 0),
        ("def f(\n    a,\n    b,\n):\n    return (\n        a\n    )", 3),
        ("def f():\n    @g\n    def h():\n        pass\n    return h", 4),
        ("async def f():\n    a\n    b", 2),
    ],
)
def test_body_lines(source, lines):
    assert house.body_lines(ast.parse(source).body[0]) == lines


def test_function_lengths_looks_everywhere():
    source = "class A:\n    def f(self):\n        def g():\n            pass\n"
    lengths = house.function_lengths(ast.parse(source))
    assert lengths == {"f (line 2)": 2, "g (line 3)": 1}


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("__all__ = ['a', 'b']", ["a", "b"]),
        ("__all__ = []", []),
        ("__all__ = [a]", None),
        ("__all__ = ['a', 1]", None),
        ("__all__ = ('a',)", None),
        ("a = ['b']", None),
        ("def f():\n    __all__ = ['a']", None),
    ],
)
def test_dunder_all(source, names):
    assert house.dunder_all(ast.parse(source)) == names


def test_export_order_is_constants_classes_rest():
    names = ["L1", "L2", "L10", "MAX_SIZE", "LInf", "Lp", "__version__", "clip", "norm"]
    backwards = names[::-1]
    assert sorted(backwards, key=house.export_order) == names
