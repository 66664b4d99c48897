"""From neighbours to an answer: votes, averages, and what to say without any."""

from sknorms.neighbors._prediction._averaging import AveragingRegressor
from sknorms.neighbors._prediction._empty import (
    Answer,
    EmptyRule,
    Refuse,
    get_empty_rule,
    label_answers,
    most_frequent_answers,
    prior_answers,
)
from sknorms.neighbors._prediction._prediction import NearestPredictor
from sknorms.neighbors._prediction._radius_prediction import RadiusPredictor
from sknorms.neighbors._prediction._voting import VotingClassifier
from sknorms.neighbors._prediction._weights import get_weight_rule

__all__ = [
    "Answer",
    "AveragingRegressor",
    "EmptyRule",
    "NearestPredictor",
    "RadiusPredictor",
    "Refuse",
    "VotingClassifier",
    "get_empty_rule",
    "get_weight_rule",
    "label_answers",
    "most_frequent_answers",
    "prior_answers",
]
