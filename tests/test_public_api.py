"""What users import: the names, their documentation, and what importing costs."""

import importlib
import inspect
import os
import pkgutil
import subprocess
import sys
import tomllib
from pathlib import Path

import docstrings
import pytest

import sknorms

REPOSITORY = Path(sknorms.__file__).parents[1]

# The contract: these names at these places, and no others.
PUBLIC = {
    "audit": """
        check_metric Finding MetricAudit MetricMismatchWarning
        anisotropy column_shares hubness intrinsic_dimension metric_agreement
        neighbor_pass norm_statistics relative_contrast shared_scale""",
    "datasets": "load_word_vectors",
    "inspection": """
        CoefficientPathDisplay DistanceConcentrationDisplay DualGapDisplay
        GradientNormDisplay HubnessDisplay MetricAgreementDisplay
        NormDistributionDisplay UnitBallDisplay audit_report""",
    "linear_model": """
        SquaredLoss LogisticLoss MultinomialLoss HuberLoss PoissonLoss SquaredHingeLoss
        get_loss L1Penalty L2Penalty ElasticNetPenalty GroupLassoPenalty
        SparseGroupLassoPenalty BoxConstraint NormBallConstraint get_penalty
        Diagnosis DivergenceError DivergenceWarning GradientMonitor
        ClippedSGDClassifier ClippedSGDRegressor
        ElasticNet ElasticNetCV Lasso LassoCV enet_path lasso_path LogisticRegression
        PenalizedRegressor PenalizedClassifier PenalizedRegressorCV
        PenalizedClassifierCV""",
    "metrics": """
        Metric get_metric register_metric metric_names pairwise_distances
        paired_distances pairwise_distances_chunked pairwise_distances_argmin
        pairwise_distances_argmin_min euclidean_distances manhattan_distances
        cosine_distances cosine_similarity BlockDistance BlockSimilarity recall_at_k
        precision_at_k average_precision_at_k reciprocal_rank ndcg_at_k
        make_retrieval_scorer""",
    "neighbors": """
        NearestNeighbors NearestCentroid KNeighborsClassifier KNeighborsRegressor
        KNeighborsClassifierCV KNeighborsRegressorCV
        RadiusNeighborsClassifier RadiusNeighborsRegressor Retriever SearchResult
        KNeighborsTransformer RadiusNeighborsTransformer kneighbors_graph
        radius_neighbors_graph LocalScaling MutualProximity CSLS ThresholdCalibrator""",
    "norms": """
        L1 L2 LInf Lp GroupNorm NuclearNorm SpectralNorm FrobeniusNorm get_norm norm
        row_norms dual_norm prox project project_simplex clip_by_norm clip_by_value
        clip_by_global_norm clip_per_sample clip_adaptive clip_grad_norm_
        clip_grad_value_ get_total_norm""",
    "preprocessing": """
        Normalizer normalize NormClipper TruncateNormalizer NormFeatures
        DistanceFeatures""",
}
# Importable, and used by the packages above, but no promise to users.
INTERNAL = {"engine"}

NAMES = [(package, name) for package in PUBLIC for name in PUBLIC[package].split()]


def load(package, name):
    return getattr(importlib.import_module(f"sknorms.{package}"), name)


def fresh(script):
    """Run a script in an interpreter of its own and return what it prints."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


# ---- the names ----


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_name_is_importable_and_exported(package, name):
    module = importlib.import_module(f"sknorms.{package}")
    assert callable(getattr(module, name))
    assert name in module.__all__


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_package_exports_what_is_agreed_only(package):
    module = importlib.import_module(f"sknorms.{package}")
    assert set(module.__all__) - set(PUBLIC[package].split()) == set()


def test_every_package_is_in_the_contract():
    found = {module.name for module in pkgutil.iter_modules(sknorms.__path__)}
    packages = {name for name in found if not name.startswith("_")}
    assert packages - INTERNAL == set(PUBLIC)
    assert set(sknorms.__all__) - {"__version__"} == set(PUBLIC)


def test_packages_are_reachable_from_the_top():
    for package in PUBLIC:
        assert getattr(sknorms, package).__name__ == f"sknorms.{package}"
    assert set(sknorms.__all__) <= set(dir(sknorms))


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'sknorms' has no attribute 'nroms'"):
        _ = sknorms.nroms


def test_version_is_read_from_the_package():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["hatch"]["version"]["path"] == "sknorms/__init__.py"
    assert [part.isdigit() for part in sknorms.__version__.split(".")] == [True] * 3


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_objects_say_where_they_come_from(package, name):
    subject = load(package, name)
    assert subject.__module__.startswith(f"sknorms.{package}")
    assert subject.__name__ == name


# ---- the documentation ----


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_docstring_has_its_sections(package, name):
    assert docstrings.missing_sections(load(package, name)) == []


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_docstring_says_what_the_signature_says(package, name):
    assert docstrings.parameter_faults(load(package, name)) == []


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_public_methods_are_documented(package, name):
    subject = load(package, name)
    methods = docstrings.public_methods(subject) if inspect.isclass(subject) else {}
    undocumented = [name for name, method in methods.items() if not method.__doc__]
    assert undocumented == []
    faults = {
        name: docstrings.parameter_faults(method)
        for name, method in methods.items()
        if "Parameters" in docstrings.sections(method.__doc__)
    }
    assert {name: fault for name, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_packages_have_a_docstring(package):
    assert importlib.import_module(f"sknorms.{package}").__doc__


# ---- importing ----


def test_importing_sknorms_imports_no_subpackage():
    loaded = fresh(
        "import sys, sknorms\n"
        "print(*[m for m in sys.modules if m.split('.')[0] in {'sknorms', 'sklearn'}])"
    )
    assert loaded == ["sknorms"]


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_importing_a_subpackage_imports_neither_numba_nor_matplotlib(package):
    loaded = fresh(
        f"import sys, sknorms.{package}\n"
        "print('sklearn', *{'numba', 'matplotlib'} & set(sys.modules))"
    )
    assert loaded == ["sklearn"]


def test_packages_are_imported_when_first_used():
    loaded = fresh(
        "import sys, sknorms\n"
        "before = 'sknorms.datasets' in sys.modules\n"
        "sknorms.datasets.load_word_vectors\n"
        "print(before, 'sknorms.datasets' in sys.modules)"
    )
    assert loaded == ["False", "True"]


# ---- the checks themselves ----


def good(X, p=2.0, *, axis=None, mode="keep", limit=float("inf"), **options):
    """Do something.

    Parameters
    ----------
    X : array-like of shape (n, d)
        Rows.
    p : float or {'a', 'b'}, \
default=2.0
        The default=5 here is prose.
    axis : int, optional
        Axis.
    mode : {"keep", "raise"}, default="keep"
        Mode.
    limit : float, default=inf
        Limit.
    **options
        More.

    Returns
    -------
    X : ndarray
        The same.

    Examples
    --------
    >>> 1 + 1
    2
    """
    return X


def wrong_default(a=1):
    """Do something.

    Parameters
    ----------
    a : int, default=2
    """


def hidden_default(a=1):
    """Do something.

    Parameters
    ----------
    a : int, optional
    """


def stale(a, c):
    """Do something.

    Parameters
    ----------
    a, b : int
    """


def invented_default(a):
    """Do something.

    Parameters
    ----------
    a : int, default=None
    """


def test_a_good_docstring_has_no_faults():
    assert docstrings.parameter_faults(good) == []
    assert docstrings.missing_sections(good) == []


@pytest.mark.parametrize(
    ("subject", "faults"),
    [
        (wrong_default, ["a: documented default=2, the signature has 1"]),
        (hidden_default, ["a: default=1 is not documented"]),
        (stale, ["b is documented, but no parameter", "c is not documented"]),
        (invented_default, ["a has no default, documented None"]),
    ],
)
def test_parameter_faults_are_seen(subject, faults):
    assert docstrings.parameter_faults(subject) == faults


@pytest.mark.parametrize(
    ("documented", "default", "same"),
    [
        ("None", None, True),
        ("'l2'", "l2", True),
        ('"l2"', "l2", True),
        ("l2", "l2", False),
        ("2", 2.0, False),
        ("1e-6", 1e-6, True),
        ("inf", float("inf"), True),
        ("True", 1, False),
        ("(0, 1)", (0, 1), True),
        ("len", len, True),
        ("max(", 3, False),
    ],
)
def test_same_default(documented, default, same):
    assert docstrings.same_default(documented, default) is same


def test_missing_sections_are_seen():
    assert docstrings.missing_sections(wrong_default) == ["Examples", "Returns"]

    def undocumented(a):
        return a

    missing = docstrings.missing_sections(undocumented)
    assert missing == ["Examples", "Parameters", "Returns", "a summary"]

    def dead_example() -> None:
        """Do something.

        Examples
        --------
        Call it.
        """

    assert docstrings.missing_sections(dead_example) == ["an example that runs"]


def test_public_methods_are_those_of_the_same_package():
    class Base(dict):
        def fit(self):
            return self

        def _hidden(self):
            return self

    class Child(Base):
        @classmethod
        def load(cls):
            return cls()

    assert set(docstrings.public_methods(Child)) == {"fit", "load"}
