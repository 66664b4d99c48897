"""Every public estimator keeps scikit-learn's contract, by scikit-learn's own checks.

No failure is expected. What scikit-learn itself does not run (array API input without
its switch, a method that an estimator does not have) it reports as skipped.
"""

import importlib
import inspect
from dataclasses import dataclass

from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import parametrize_with_checks

import sknorms


def public_estimators():
    packages = [name for name in sknorms.__all__ if not name.startswith("_")]
    found = []
    for package in packages:
        module = importlib.import_module(f"sknorms.{package}")
        members = [getattr(module, name) for name in module.__all__]
        found += [
            member
            for member in members
            if inspect.isclass(member) and issubclass(member, BaseEstimator)
        ]
    return found


@dataclass(frozen=True)
class AccuracyOfWeightedClasses:
    """A scorer in which a row counts what its class does in votes."""

    def __call__(self, estimator, X, y, sample_weight=None):
        if estimator.class_weight is None:
            return estimator.score(X, y, sample_weight)
        weights = compute_sample_weight(estimator.class_weight, y)
        return estimator.score(X, y, weights)


ESTIMATORS = public_estimators()
# Fits with weights and of repeated rows take different steps to the same minimum: they
# are compared more closely than the default tolerances ask for.
# Who gives weights to classes means them in the score as well: by plain accuracy one
# neighbor may be best, which decides whatever its class weighs.
# The checks ask about rows that have no neighbour within the default radius, to which
# the default answer is an error or, in scikit-learn's way, NaN with a warning.
# From the few rows of the checks no small rate of false matches can be learnt.
PARAMETERS = {
    "KNeighborsClassifierCV": {
        "metric": ["euclidean", "manhattan"],
        "weights": "uniform",
        "cv": 3,
        "scoring": AccuracyOfWeightedClasses(),
    },
    "KNeighborsRegressorCV": {"metric": ["euclidean", "manhattan"], "cv": 3},
    "PenalizedClassifier": {"tol": 1e-11},
    # Rows that weigh next to nothing, in 1000 sweeps: for one score at a time only.
    "PenalizedClassifierCV": {"tol": 1e-9, "alphas": 5, "cv": 3, "multi_class": "ovr"},
    "RadiusNeighborsClassifier": {"fallback": "prior"},
    "RadiusNeighborsRegressor": {"fallback": "mean"},
    "ThresholdCalibrator": {"false_match_rate": 0.6, "confidence": 0.5},
}


def ready(estimator):
    return estimator(**PARAMETERS.get(estimator.__name__, {}))


def test_estimators_are_found():
    names = {estimator.__name__ for estimator in ESTIMATORS}
    assert {"NearestNeighbors", "KNeighborsClassifier", "KNeighborsRegressor"} <= names
    assert {"Normalizer", "NormClipper", "DistanceFeatures"} <= names


@parametrize_with_checks([ready(estimator) for estimator in ESTIMATORS])
def test_scikit_learn_contract(estimator, check):
    check(estimator)
