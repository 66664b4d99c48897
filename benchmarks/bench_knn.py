"""Exact k nearest neighbours beside scikit-learn, faiss and the bare matrix product.

All candidates take turns in one process on the same data and the same number of
threads, over several rounds. The bare product (float32, the flops of the full distance
matrix and nothing else) is the floor of any search that computes every product. Answers
are checked against float64 direct differences for some of the queries.

    python benchmarks/bench_knn.py [--rows 200000] [--queries 2000] [--threads 2]
"""

import argparse
import os
import subprocess
import sys

import numpy as np
from harness import describe_machine, print_ratios, take_turns
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors
from threadpoolctl import threadpool_limits

from sknorms.neighbors import NearestNeighbors

CHECKED = 20
CASES = {
    "euclidean float32": ("euclidean", np.float32),
    "cosine float32": ("cosine", np.float32),
    "euclidean float64": ("euclidean", np.float64),
    "manhattan float32": ("manhattan", np.float32),
}


def bare_product(X, Q, threads):
    """Return the float32 product of all queries with all rows, block by block."""
    X, Q = X.astype(np.float32), Q.astype(np.float32)
    out = np.empty((min(500, len(Q)), len(X)), np.float32)

    def run():
        with threadpool_limits(threads):
            for start in range(0, len(Q), len(out)):
                block = Q[start : start + len(out)]
                np.matmul(block, X.T, out=out[: len(block)])

    return run


def faiss_search(X, Q, metric, k, threads):
    """Return faiss's flat search, or None where it is absent or has no such index."""
    try:
        import faiss
    except ImportError:
        return None
    if X.dtype != np.float32:
        return None
    kinds = {"euclidean": faiss.METRIC_L2, "manhattan": faiss.METRIC_L1}
    faiss.omp_set_num_threads(threads)
    X, Q = X.copy(), Q.copy()
    if metric == "cosine":
        faiss.normalize_L2(X)
        faiss.normalize_L2(Q)
    index = faiss.IndexFlat(X.shape[1], kinds.get(metric, faiss.METRIC_INNER_PRODUCT))
    index.add(X)
    return lambda: index.search(Q, k)


def true_neighbors(X, Q, metric, k):
    """Return the neighbours by direct differences in float64."""
    X, Q = X.astype(np.float64), Q.astype(np.float64)
    if metric == "cosine":
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        Q /= np.linalg.norm(Q, axis=1, keepdims=True)
    order = 1 if metric == "manhattan" else 2
    distances = [np.linalg.norm(X - q, ord=order, axis=1) for q in Q]
    return np.argsort(distances, axis=1, kind="stable")[:, :k]


def candidates(X, Q, metric, k, threads):
    """Return the searches by name, ours first."""
    ours = NearestNeighbors(n_neighbors=k, metric=metric, n_jobs=threads).fit(X)
    theirs = SklearnNeighbors(n_neighbors=k, metric=metric, algorithm="brute").fit(X)

    def scikit_learn():
        with threadpool_limits(threads):
            return theirs.kneighbors(Q)

    found = {"sknorms": lambda: ours.kneighbors(Q), "scikit-learn": scikit_learn}
    faiss_run = faiss_search(X, Q, metric, k, threads)
    if faiss_run is not None:
        found["faiss flat"] = faiss_run
    if metric != "manhattan":
        found["bare float32 product"] = bare_product(X, Q, threads)
    return found


def compare(title, metric, dtype, options):
    """Run one case and print its table."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((options.rows, options.columns)).astype(dtype)
    Q = rng.standard_normal((options.queries, options.columns)).astype(dtype)
    runs = candidates(X, Q, metric, options.k, options.threads)
    truth = true_neighbors(X, Q[:CHECKED], metric, options.k)
    shape = f"{options.rows} x {options.columns}, {options.queries} queries"
    print_ratios(f"{title}, {shape}, k={options.k}", take_turns(runs, options.rounds))
    for name, run in runs.items():
        if name != "bare float32 product":
            share = (run()[1][:CHECKED] == truth).mean()
            print(f"  {name:28s} agrees with float64 differences: {share:.1%}")


def parse(arguments):
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--columns", type=int, default=128)
    parser.add_argument("--queries", type=int, default=2_000)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--case", choices=CASES, action="append")
    return parser.parse_args(arguments)


def main():
    """Print every case, and Manhattan again without compiled kernels."""
    options = parse(sys.argv[1:])
    compiled = os.environ.get("SKNORMS_NUMBA", "1") != "0"
    if compiled:
        print(describe_machine())
    print(f"{options.threads} threads, kernels {'on' if compiled else 'off'}")
    for title in options.case or CASES:
        compare(title, *CASES[title], options)
    if compiled and not options.case:
        # A fresh interpreter, because kernels are switched on or off for a process.
        sys.stdout.flush()
        again = [sys.executable, __file__, *sys.argv[1:], "--case", "manhattan float32"]
        subprocess.run(again, env={**os.environ, "SKNORMS_NUMBA": "0"}, check=True)


if __name__ == "__main__":
    main()
