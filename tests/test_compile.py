"""Kernels: compiled when first called, reachable as plain functions, and optional."""

import os
import subprocess
import sys

import numpy as np
import pytest

from sknorms._compile import Kernel, kernel, processor_has

SEARCH = """
import sys
import numpy as np
from sknorms.neighbors import NearestNeighbors
from sknorms._compile import kernels_available
rows = np.random.default_rng(0).normal(size=(50, 3))
before = sys.modules.get("numba") is not None
model = NearestNeighbors(n_neighbors=2, metric="manhattan").fit(rows)
indices = model.kneighbors(return_distance=False)
after = sys.modules.get("numba") is not None
print(kernels_available(), before, after, indices.sum())
"""


def fresh(code, **environment):
    """Run code in a new interpreter and return what it prints, in words."""
    inherited = {k: v for k, v in os.environ.items() if k != "SKNORMS_NUMBA"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@kernel()
def double(values):
    for i in range(len(values)):
        values[i] = 2 * values[i]


@kernel()
def double_twice(values):
    double(values)
    double(values)


@pytest.fixture(scope="module")
def searched():
    """Return what a search prints without numba, the switch aside."""
    return fresh('import sys; sys.modules["numba"] = None\n' + SEARCH)


def test_numba_is_imported_by_the_first_call_of_a_kernel():
    assert fresh(SEARCH)[:3] == ["True", "False", "True"]


@pytest.mark.parametrize("value", ["0", "false", "No", " 0 "])
def test_the_switch_turns_kernels_off(value, searched):
    found = fresh(SEARCH, SKNORMS_NUMBA=value)
    assert found[:3] == ["False", "False", "False"]
    assert found[3] == searched[3]


@pytest.mark.parametrize("value", ["1", "true", ""])
def test_any_other_value_leaves_kernels_on(value, searched):
    found = fresh(SEARCH, SKNORMS_NUMBA=value)
    assert found[0] == "True"
    assert found[3] == searched[3]


def test_without_numba_everything_is_plain(searched):
    assert searched[:3] == ["False", "False", "False"]


def test_a_kernel_keeps_its_name_and_its_source():
    assert isinstance(double, Kernel)
    assert double.__name__ == "double"
    values = [1.0, 2.0]
    double.python(values)
    assert values == [2.0, 4.0]


def test_the_source_of_a_kernel_calls_kernels_that_it_names():
    values = np.array([1.0, 2.0])
    double_twice.python(values)
    np.testing.assert_array_equal(values, [4.0, 8.0])


def test_a_kernel_computes_what_its_source_says():
    values = np.array([1.0, 2.0])
    double(values)
    double_twice(values)
    np.testing.assert_array_equal(values, [8.0, 16.0])


FIT = """
import sys
import numpy as np
from sknorms.linear_model import GroupLassoPenalty, PenalizedRegressor
X = np.random.default_rng(0).normal(size=(30, 8))
penalty = GroupLassoPenalty(0.01, np.arange(8) // 2)
model = PenalizedRegressor(penalty=penalty).fit(X, X @ np.arange(8.0))
print(sys.modules.get("numba") is not None, np.count_nonzero(model.coef_))
"""


def test_kernels_that_call_kernels_need_no_compiler():
    assert fresh(FIT) == ["True", "8"]
    assert fresh('import sys; sys.modules["numba"] = None\n' + FIT) == ["False", "8"]
    assert fresh(FIT, SKNORMS_NUMBA="0") == ["False", "8"]


def test_without_kernels_a_form_for_numpy_runs(monkeypatch):
    @kernel(plain=lambda x: ["plain", x])
    def same(x):
        return x

    assert same(1) == 1
    monkeypatch.setattr("sknorms._compile.kernels_available", lambda: False)
    assert same(1) == ["plain", 1]
    assert double([1, 2]) is None


def test_a_kernel_is_compiled_once():
    assert double.compiled is double.compiled


def test_options_are_those_of_the_compiler():
    @kernel(cache=False, error_model="python")
    def divide(a, b):
        return a / b

    with pytest.raises(ZeroDivisionError):
        divide(1.0, 0.0)


def test_a_processor_without_a_feature_is_known():
    assert not processor_has("no such feature")


@pytest.mark.parametrize("switch", ["SKNORMS_NUMBA", "NUMBA_CPU_NAME"])
def test_features_count_only_if_kernels_are_compiled_for_this_processor(switch):
    value = {"SKNORMS_NUMBA": "0", "NUMBA_CPU_NAME": "x86-64"}[switch]
    code = "from sknorms._compile import processor_has; print(processor_has())"
    assert fresh(code) == ["True"]
    assert fresh(code, **{switch: value}) == ["False"]
