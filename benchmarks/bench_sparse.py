"""CSR rows beside scikit-learn and the bare product: neighbours and pairwise tables.

The rows are tf-idf of real sentences, and of made texts that follow Zipf's law. The
bare product is SciPy's ``Q @ X.T``, CSR by CSR, with nothing done to its result. All
candidates take turns in one process; neighbours are checked against those of dense
float64 differences for some of the queries.

    python benchmarks/bench_sparse.py [--queries 2000] [--rounds 3]
"""

import argparse

import numpy as np
from data import Table, tfidf_sentences
from harness import describe_machine, peak_memory, print_ratios, take_turns
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import pairwise_distances as sklearn_distances
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors

from sknorms.metrics import pairwise_distances
from sknorms.neighbors import NearestNeighbors

K = 10
CHECKED = 10
N_REAL, N_MADE, N_WORDS = 20_000, 100_000, 200_000
# Queries of a table that are compared with that many rows.
N_PAIRWISE = 500


def made_texts(n_rows, n_queries):
    """Return tf-idf rows of texts whose words are drawn by Zipf's law."""
    rng = np.random.default_rng(0)
    chances = 1.0 / (np.arange(N_WORDS) + 2.7) ** 1.05
    lengths = np.maximum(3, rng.lognormal(4.0, 0.6, n_rows + n_queries).astype(int))
    words = rng.choice(N_WORDS, size=lengths.sum(), p=chances / chances.sum())
    texts = np.repeat(np.arange(len(lengths)), lengths)
    counts = sparse.csr_array((np.ones(len(words)), (texts, words)))
    counts.resize((len(lengths), N_WORDS))
    table = sparse.csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(counts))
    return Table(table[n_queries:], table[:n_queries], "Zipf's law")


def check(table, distances, indices):
    """Compare some answers with dense float64 differences of unit rows."""
    rows = sparse.csr_array(table.rows).astype(np.float64)
    norms = np.sqrt(rows.multiply(rows).sum(axis=1))
    for i in range(CHECKED):
        query = table.queries[[i]].astype(np.float64).toarray()[0]
        query /= np.linalg.norm(query) or 1.0
        near = np.argsort(-(rows @ query) / np.where(norms > 0, norms, 1.0))[:100]
        near = np.union1d(near, indices[i])
        unit = (
            rows[near].toarray() / np.where(norms[near] > 0, norms[near], 1.0)[:, None]
        )
        exact = 0.5 * np.square(unit - query).sum(axis=1)
        np.testing.assert_allclose(np.sort(exact)[:K], distances[i], atol=1e-14)


def neighbors(name, table, rounds):
    """Time the k nearest, and all within a radius."""
    X, Q = sparse.csr_array(table.rows), sparse.csr_array(table.queries)
    ours = NearestNeighbors(n_neighbors=K, metric="cosine").fit(X)
    peer = SklearnNeighbors(
        n_neighbors=K, metric="cosine", algorithm="brute", n_jobs=-1
    ).fit(X)
    check(table, *ours.kneighbors(Q))
    title = f"{name}: {X.shape[0]} x {X.shape[1]}, {len(range(Q.shape[0]))} queries"
    seconds = take_turns(
        {
            "sknorms": lambda: ours.kneighbors(Q),
            "scikit-learn brute": lambda: peer.kneighbors(Q),
            "bare SciPy product": lambda: Q @ X.T,
        },
        rounds,
    )
    print_ratios(f"{title}, cosine, k={K}", seconds)
    _, used = peak_memory(lambda: ours.kneighbors(Q))
    if used is not None:
        print(f"  peak memory of sknorms: {used:.0f} MiB")
    seconds = take_turns(
        {
            "sknorms": lambda: ours.radius_neighbors(Q, 0.5),
            "scikit-learn brute": lambda: peer.radius_neighbors(Q, 0.5),
        },
        rounds,
    )
    print_ratios(f"{title}, cosine, radius=0.5", seconds)


def euclidean_and_dense(name, table, rounds):
    """Time Euclidean distance, and dense queries of a CSR corpus."""
    X, Q = sparse.csr_array(table.rows), sparse.csr_array(table.queries)[:200]
    for metric in ("euclidean", "cosine"):
        queries = Q.toarray() if metric == "cosine" else Q
        kind = "dense" if metric == "cosine" else "CSR"
        options = {"n_neighbors": K, "metric": metric, "algorithm": "brute"}
        ours = NearestNeighbors(**options).fit(X)
        peer = SklearnNeighbors(**options).fit(X)
        seconds = take_turns(
            {
                "sknorms": lambda: ours.kneighbors(queries),  # noqa: B023
                "scikit-learn brute": lambda: peer.kneighbors(queries),  # noqa: B023
            },
            rounds,
        )
        print_ratios(f"{name}, {metric}, 200 {kind} queries", seconds)


def tables(name, table, rounds):
    """Time whole tables of distances."""
    X = sparse.csr_array(table.rows)[:5000]
    Q = sparse.csr_array(table.queries)[:N_PAIRWISE]
    for metric in ("cosine", "euclidean"):
        seconds = take_turns(
            {
                "sknorms": lambda: pairwise_distances(Q, X, metric),  # noqa: B023
                "scikit-learn": lambda: sklearn_distances(Q, X, metric),  # noqa: B023
            },
            rounds,
        )
        print_ratios(f"{name}: table of {N_PAIRWISE} x 5000, {metric}", seconds)


def main():
    """Print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(describe_machine())
    cases = {
        "real sentences": tfidf_sentences(N_REAL, options.queries),
        "made texts": made_texts(N_MADE, options.queries),
    }
    for name, table in cases.items():
        neighbors(name, table, options.rounds)
        euclidean_and_dense(name, table, options.rounds)
        tables(name, table, options.rounds)


if __name__ == "__main__":
    main()
