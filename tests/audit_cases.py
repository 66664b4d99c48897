"""Forty data sets for the audit: twenty sound ones, and twenty with one planted fault.

Every set comes with the metric that is asked about. The faults are of known kinds; a
sound set has none, though many of them look like one: long tails, clusters of different
spread, principal components, pixels with a common background.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_blobs,
    make_classification,
    make_swiss_roll,
)
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler, normalize

from sknorms.datasets import load_word_vectors

N = 1500


@dataclass(frozen=True)
class Case:
    """Rows, the metric asked about, and the kind of fault, "" for none."""

    name: str
    metric: str
    make: Callable[[np.random.Generator], Any]
    fault: str = ""

    def rows(self, seed: int = 0) -> Any:
        return self.make(np.random.default_rng(seed))


def clusters(rng, n=N, d=64, groups=15, noise=0.7):
    centers = rng.normal(size=(groups, d))
    return centers[rng.integers(groups, size=n)] + noise * rng.normal(size=(n, d))


def directions(rng, n=N, d=64):
    """Return unit vectors in clusters, as embeddings are."""
    return normalize(clusters(rng, n, d))


def lengths(rng, spread, n=N):
    return np.exp(spread * rng.normal(size=(n, 1)))


def words(rng):
    return load_word_vectors().data[rng.permutation(10_000)[:N]]


def counts(rng, spread, n=N, d=800):
    """Words of texts on eight subjects, texts being of different lengths."""
    rates = np.exp(rng.normal(-4.0, 1.2, size=(8, d)))[rng.integers(8, size=n)]
    return sparse.csr_array(
        rng.poisson(rates * lengths(rng, spread, n)).astype(np.float64)
    )


def table(rng, n=N):
    """Eight columns in comparable units, two groups."""
    return StandardScaler().fit_transform(
        make_classification(n, 8, n_informative=6, random_state=rng.integers(1000))[0]
    )


def with_rows(rows, where, values):
    changed = np.array(rows)
    changed[where] = values
    return changed


def some(rng, share, n=N):
    return rng.permutation(n)[: int(share * n)]


def copied(rng, share):
    rows = clusters(rng)
    where = some(rng, share)
    rows[where] = rows[np.setdiff1d(np.arange(N), where)[: len(where)]]
    return rows


def truncated(rng, d=384, kept=64):
    """Leading columns of unit vectors that have most of their length there."""
    scale = 1.0 / np.sqrt(1.0 + np.arange(d))
    return normalize(clusters(rng, d=d) * scale)[:, :kept]


SOUND = (
    Case("iris", "euclidean", lambda _: load_iris().data),
    Case("digits", "euclidean", lambda _: load_digits().data),
    Case("digits, cosine", "cosine", lambda _: load_digits().data),
    Case(
        "standardised wine",
        "euclidean",
        lambda _: StandardScaler().fit_transform(load_wine().data),
    ),
    Case(
        "standardised cancer",
        "euclidean",
        lambda _: StandardScaler().fit_transform(load_breast_cancer().data),
    ),
    Case("diabetes", "manhattan", lambda _: load_diabetes().data),
    Case(
        "cancer between 0 and 1",
        "euclidean",
        lambda _: MinMaxScaler().fit_transform(load_breast_cancer().data),
    ),
    Case(
        "components of iris",
        "euclidean",
        lambda _: PCA().fit_transform(load_iris().data),
    ),
    Case("normal, 64 columns", "euclidean", lambda rng: rng.normal(size=(N, 64))),
    Case("normal, far from 0", "euclidean", lambda rng: 1e4 + rng.normal(size=(N, 20))),
    Case(
        "blobs",
        "euclidean",
        lambda rng: make_blobs(N, 32, centers=8, random_state=rng.integers(1000))[0],
    ),
    Case(
        "blobs of different spread",
        "euclidean",
        lambda rng: make_blobs(
            N,
            32,
            centers=6,
            cluster_std=[0.5, 1.0, 2.0, 4.0, 1.0, 2.0],
            random_state=rng.integers(1000),
        )[0],
    ),
    Case(
        "swiss roll",
        "euclidean",
        lambda rng: make_swiss_roll(N, random_state=rng.integers(1000))[0],
    ),
    Case("long tails", "euclidean", lambda rng: rng.standard_t(5, size=(N, 40))),
    Case(
        "grid of whole numbers", "manhattan", lambda rng: rng.integers(4, size=(N, 5))
    ),
    Case("word vectors", "cosine", words),
    Case("unit word vectors", "dot", lambda rng: normalize(words(rng))),
    Case("unit embeddings", "euclidean", directions),
    Case("word counts", "cosine", lambda rng: counts(rng, 0.5)),
    Case("unit word counts", "euclidean", lambda rng: normalize(counts(rng, 0.5))),
)

FAULTY = (
    Case("word vectors", "euclidean", words, "lengths"),
    Case("word vectors", "dot", words, "lengths"),
    Case(
        "embeddings times lengths",
        "euclidean",
        lambda rng: directions(rng) * lengths(rng, 0.25),
        "lengths",
    ),
    Case(
        "embeddings about one direction",
        "sqeuclidean",
        lambda rng: normalize(directions(rng) + 0.15) * lengths(rng, 0.3),
        "lengths",
    ),
    Case(
        "wide embeddings times lengths",
        "euclidean",
        lambda rng: (directions(rng, d=384) * lengths(rng, 0.3)).astype(np.float32),
        "lengths",
    ),
    Case(
        "embeddings of nearly one length",
        "dot",
        lambda rng: directions(rng) * lengths(rng, 0.05),
        "lengths",
    ),
    Case("word counts", "euclidean", lambda rng: counts(rng, 0.5), "lengths"),
    Case("word counts", "dot", lambda rng: counts(rng, 0.5), "lengths"),
    Case("truncated unit vectors", "dot", truncated, "truncated"),
    Case("truncated unit vectors", "euclidean", truncated, "truncated"),
    Case("raw wine", "euclidean", lambda _: load_wine().data, "columns"),
    Case("raw cancer", "manhattan", lambda _: load_breast_cancer().data, "columns"),
    Case(
        "one column in other units",
        "euclidean",
        lambda rng: table(rng) * np.array([1, 1, 1, 1000, 1, 1, 1, 1]),
        "columns",
    ),
    Case(
        "one column in other units",
        "cosine",
        lambda rng: table(rng) * np.array([1, 1, 1, 1, 1, 1, 50, 1]),
        "columns",
    ),
    Case("offset", "cosine", lambda rng: clusters(rng) + 30.0, "offset"),
    Case(
        "empty texts",
        "cosine",
        lambda rng: with_rows(directions(rng), some(rng, 0.04), 0.0),
        "zero_rows",
    ),
    Case(
        "missing numbers",
        "euclidean",
        lambda rng: with_rows(clusters(rng), some(rng, 0.01), np.nan),
        "non_finite",
    ),
    Case(
        "infinite numbers",
        "cosine",
        lambda rng: with_rows(clusters(rng), some(rng, 0.01), np.inf),
        "non_finite",
    ),
    Case("copies", "euclidean", lambda rng: copied(rng, 0.4), "duplicates"),
    Case(
        "noise in 4,000 columns",
        "euclidean",
        lambda rng: rng.normal(size=(600, 4000)).astype(np.float32),
        "concentration",
    ),
)
