"""The cases of the neighbour benchmark: which rows, which question, which aims."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from data import (
    gaussian,
    image_like,
    sentence_vectors,
    tfidf_sentences,
    uniform,
    word_vectors,
)
from peers import BARE

__all__ = ["CASES", "Case"]

ALL_ROWS = 10**9


@dataclass(frozen=True)
class Case:
    """One comparison.

    Attributes
    ----------
    title : str
    load : callable
        From (rows, queries, cache folder) to a `data.Table`.
    rows, queries : int
    metric : str
    k : int
    kind : {"batch", "single", "radius", "predict"}
        All queries in one call, one call a query, all within a radius, or labels.
    aims : dict of str to float
        For a peer, the least ratio of its time to ours that we want; for the bare
        product, the greatest ratio of our time to its own.
    """

    title: str
    load: Callable
    rows: int
    queries: int = 2_000
    metric: str = "euclidean"
    k: int = 10
    kind: str = "batch"
    aims: dict = field(default_factory=dict)


def images(n, m, _cache):
    return image_like(n, m)


def images64(n, m, _cache):
    return image_like(n, m, np.float64)


def words(n, m, _cache):
    return word_vectors(n, m)


def raw_words(n, m, _cache):
    return word_vectors(n, m, normalize=False)


def gaussian32(n, m, _cache):
    return gaussian(n, m, 32)


def gaussian100(n, m, _cache):
    return gaussian(n, m, 100)


def gaussian128(n, m, _cache):
    return gaussian(n, m, 128)


def gaussian128_float64(n, m, _cache):
    return gaussian(n, m, 128, np.float64)


def points(n, m, _cache):
    return uniform(n, m, 3)


def tfidf(n, m, _cache):
    return tfidf_sentences(n, m)


def aims(sklearn, faiss=None, bare=None):
    """Return the aims that are given, by peer."""
    named = {"scikit-learn": sklearn, "faiss flat": faiss, BARE: bare}
    return {name: aim for name, aim in named.items() if aim is not None}


CASES = {
    "images": Case("image-like, float32", images, 60_000, aims=aims(8, 3, 0.4)),
    "images-float64": Case("image-like, float64", images64, 60_000, aims=aims(8)),
    "words": Case(
        "word vectors, cosine",
        words,
        400_000,
        metric="cosine",
        aims=aims(6, 3, 1.35),
    ),
    "sentences": Case(
        "sentence vectors, cosine",
        sentence_vectors,
        ALL_ROWS,
        metric="cosine",
        aims=aims(4, 1.5, 0.8),
    ),
    "gaussian": Case("gaussian", gaussian32, 200_000, aims=aims(3, 1, 1.6)),
    "gaussian-k100": Case(
        "gaussian, k=100", gaussian32, 200_000, k=100, aims=aims(3, 1, 1.6)
    ),
    "manhattan": Case(
        "manhattan", gaussian100, 40_000, metric="manhattan", aims=aims(15, 2.5)
    ),
    "points": Case(
        "three dimensions, float64",
        points,
        500_000,
        queries=50_000,
        k=5,
        aims={"scikit-learn kd_tree": 1},
    ),
    "tfidf": Case(
        "tf-idf (CSR), cosine",
        tfidf,
        ALL_ROWS,
        queries=1_000,
        metric="cosine",
        aims=aims(3),
    ),
    "single": Case(
        "one query a call, cosine",
        words,
        400_000,
        queries=100,
        metric="cosine",
        kind="single",
        aims=aims(2, 1),
    ),
    "single-euclidean": Case(
        "one query a call, euclidean",
        words,
        400_000,
        queries=100,
        kind="single",
        aims=aims(2, 1),
    ),
    "radius": Case(
        "radius of about 20 rows", gaussian32, 200_000, queries=1_000, kind="radius"
    ),
    "dot": Case("inner product, raw word vectors", raw_words, 400_000, metric="dot"),
    "predict": Case("classifier.predict", images, 60_000, k=5, kind="predict"),
    "gaussian-128": Case("gaussian, wide", gaussian128, 200_000),
    "gaussian-128-float64": Case(
        "gaussian, wide, float64", gaussian128_float64, 200_000
    ),
}
