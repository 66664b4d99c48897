"""What has the name of something of scikit-learn is called as that is."""

import importlib
import inspect

import numpy as np
import pandas as pd
import pytest

PAIRS = [
    ("metrics", "metrics.pairwise"),
    ("metrics", "metrics"),
    ("linear_model", "linear_model"),
    ("neighbors", "neighbors"),
    ("preprocessing", "preprocessing"),
]
# What scikit-learn adds to every estimator, by its own means.
INHERITED = set(dir(importlib.import_module("sklearn.base").BaseEstimator))


def callables():
    """Return ours and theirs for every function and method that both have."""
    found = {}
    for mine, other in PAIRS:
        ours = importlib.import_module(f"sknorms.{mine}")
        theirs = importlib.import_module(f"sklearn.{other}")
        for name in sorted({*ours.__all__} & {*dir(theirs)}):
            found[name] = getattr(ours, name), getattr(theirs, name)
            if inspect.isclass(getattr(ours, name)):
                found.update(methods(name, *found[name]))
    return found


def methods(name, ours, theirs):
    public = {one for one in dir(theirs) if not one.startswith("_")} - INHERITED
    return {
        f"{name}.{method}": (getattr(ours, method), getattr(theirs, method))
        for method in sorted(public)
        if callable(getattr(theirs, method))
    }


CALLABLES = callables()


def test_there_is_much_to_compare():
    assert {"pairwise_distances", "normalize", "Normalizer.transform"} <= {*CALLABLES}
    assert {"NearestNeighbors", "KNeighborsClassifier.predict_proba"} <= {*CALLABLES}


@pytest.mark.parametrize("name", CALLABLES)
def test_parameters_come_in_the_same_order_with_the_same_defaults(name):
    mine, other = (
        list(inspect.signature(one).parameters.values()) for one in CALLABLES[name]
    )
    by_name = {parameter.name: parameter for parameter in mine}
    for parameter in other:
        ours = by_name.pop(parameter.name)
        assert ours.default == parameter.default, parameter.name
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            assert ours.kind is parameter.POSITIONAL_OR_KEYWORD, parameter.name
            assert mine.index(ours) == other.index(parameter), parameter.name
    for added in by_name.values():
        assert added.kind in (added.KEYWORD_ONLY, added.VAR_KEYWORD), added.name


# What says how an answer was found, and how exact one is that is found by steps.
HOW = {"effective_algorithm_", "n_iter_"}
SOLVED = {"rtol": 1e-2, "atol": 1e-3}
ESTIMATORS = [name for name, pair in CALLABLES.items() if hasattr(pair[0], "fit")]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_fitted_attributes_are_there(name):
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 3)), columns=[*"abc"])
    mine, other = (one().fit(rows, np.arange(20) % 3) for one in CALLABLES[name])
    public = {
        one for one in vars(other) if one.endswith("_") and not one.startswith("_")
    }
    assert {"n_features_in_", "feature_names_in_"} <= public
    rules = {"rtol": 1e-12} if not hasattr(mine, "dual_gap_") else SOLVED
    for attribute in sorted(public - HOW):
        ours, theirs = getattr(mine, attribute), getattr(other, attribute)
        assert type(ours) is type(theirs), attribute
        if np.asarray(theirs).dtype.kind == "f":
            np.testing.assert_allclose(ours, theirs, **rules)
        else:
            np.testing.assert_array_equal(ours, theirs)
