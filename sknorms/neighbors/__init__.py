"""Exact nearest neighbours: the estimators of scikit-learn, for every metric."""

from sknorms.neighbors._classification import KNeighborsClassifier
from sknorms.neighbors._classification_cv import KNeighborsClassifierCV
from sknorms.neighbors._graph_functions import kneighbors_graph, radius_neighbors_graph
from sknorms.neighbors._hubness import CSLS, LocalScaling, MutualProximity
from sknorms.neighbors._nearest_centroid import NearestCentroid
from sknorms.neighbors._radius_classification import RadiusNeighborsClassifier
from sknorms.neighbors._radius_regression import RadiusNeighborsRegressor
from sknorms.neighbors._regression import KNeighborsRegressor
from sknorms.neighbors._regression_cv import KNeighborsRegressorCV
from sknorms.neighbors._retrieval import SearchResult
from sknorms.neighbors._retriever import Retriever
from sknorms.neighbors._threshold_calibrator import ThresholdCalibrator
from sknorms.neighbors._transformers import (
    KNeighborsTransformer,
    RadiusNeighborsTransformer,
)
from sknorms.neighbors._unsupervised import NearestNeighbors

__all__ = [
    "CSLS",
    "KNeighborsClassifier",
    "KNeighborsClassifierCV",
    "KNeighborsRegressor",
    "KNeighborsRegressorCV",
    "KNeighborsTransformer",
    "LocalScaling",
    "MutualProximity",
    "NearestCentroid",
    "NearestNeighbors",
    "RadiusNeighborsClassifier",
    "RadiusNeighborsRegressor",
    "RadiusNeighborsTransformer",
    "Retriever",
    "SearchResult",
    "ThresholdCalibrator",
    "kneighbors_graph",
    "radius_neighbors_graph",
]
