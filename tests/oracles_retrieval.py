"""Retrieval scores by their definitions, and their means over orders by trying all."""

import math
from itertools import groupby, permutations, product

__all__ = ["SCORES", "distinct_recall", "mean_over_orders"]


def precision(hits, relevant, k, **options):
    return sum(hit in relevant for hit in hits[:k]) / (k or len(hits))


def recall(hits, relevant, k, *, capped=False):
    size = min(len(relevant), k) if capped and k else len(relevant)
    return sum(hit in relevant for hit in hits[:k]) / size


def distinct_recall(hits, relevant, k, *, label_of):
    found = {label_of[hit] for hit in hits[:k]} & set(relevant)
    return len(found) / len(relevant)


def average_precision(hits, relevant, k, *, capped=False):
    size = min(len(relevant), k) if capped and k else len(relevant)
    places = [i for i, hit in enumerate(hits[:k], 1) if hit in relevant]
    return sum(precision(hits, relevant, i) for i in places) / size


def reciprocal_rank(hits, relevant, k):
    places = [i for i, hit in enumerate(hits[:k], 1) if hit in relevant]
    return 1 / places[0] if places else 0.0


def ndcg(hits, relevant, k, *, gain="linear"):
    def worth(grade):
        return grade if gain == "linear" else 2**grade - 1

    def total(grades):
        return sum(worth(g) / math.log2(i + 1) for i, g in enumerate(grades[:k], 1))

    best = sorted(relevant.values(), reverse=True)
    return total([relevant.get(hit, 0) for hit in hits]) / total(best)


SCORES = {
    "recall": recall,
    "precision": precision,
    "average_precision": average_precision,
    "reciprocal_rank": reciprocal_rank,
    "ndcg": ndcg,
}


def mean_over_orders(score, hits, values, *arguments, **options):
    """Return the mean score over all orders of hits with equal values."""
    pairs = zip(hits, values, strict=True)
    ties = [[hit for hit, _ in run] for _, run in groupby(pairs, lambda pair: pair[1])]
    orders = [sum(order, ()) for order in product(*map(list, map(permutations, ties)))]
    scores = [score(list(order), *arguments, **options) for order in orders]
    return sum(scores) / len(scores)
