"""Normalising rows beside scikit-learn, faiss and a bare memory copy.

All contestants of a case run in turn, round by round, on the same table, so that a
busy machine is busy for all of them. A ratio above 1 means that sknorms is faster.
Copies are included: every contestant gets a table and returns another one (faiss, which
works in place, gets a copy made inside the timing).

    python benchmarks/bench_rows.py [--rows 1000000] [--columns 128] [--rounds 7]
"""

import argparse
import importlib.util

import numpy as np
import sklearn.preprocessing
from harness import describe_machine, print_ratios, take_turns
from scipy import sparse

from sknorms.preprocessing import normalize

NORMS = ("l2", "l1", "max")
STORED_A_ROW = 50
SPARSE_COLUMNS = (1_000, 20_000, 200_000)


def with_faiss(X):
    """Return a copy of X with rows of unit length, by faiss."""
    import faiss

    unit = X.copy()
    faiss.normalize_L2(unit)
    return unit


def contestants(X, norm):
    """Return the functions to time, by name."""
    functions = {
        "sknorms": lambda: normalize(X, norm),
        "sknorms, one thread": lambda: normalize(X, norm, n_jobs=1),
        "scikit-learn": lambda: sklearn.preprocessing.normalize(X, norm),
        "bare copy": lambda: X.copy(),
    }
    dense32 = not sparse.issparse(X) and X.dtype == np.float32
    if norm == "l2" and dense32 and importlib.util.find_spec("faiss") is not None:
        functions["faiss"] = lambda: with_faiss(X)
    return functions


def sparse_table(n_rows, n_columns):
    """Return CSR rows of equally many entries at random places."""
    rng = np.random.default_rng(0)
    step = n_columns // STORED_A_ROW
    # One entry in every stretch of columns: distinct and sorted without a search.
    places = rng.integers(step, size=(n_rows, STORED_A_ROW))
    places += step * np.arange(STORED_A_ROW)
    starts = STORED_A_ROW * np.arange(n_rows + 1)
    values = rng.standard_normal(places.size)
    return sparse.csr_array((values, places.ravel(), starts), (n_rows, n_columns))


def tables(n_rows, n_columns):
    """Yield (description, table), one in memory at a time."""
    rng = np.random.default_rng(0)
    yield "dense float32", rng.standard_normal((n_rows, n_columns), dtype=np.float32)
    yield "dense float64", rng.standard_normal((n_rows, n_columns))
    for columns in SPARSE_COLUMNS:
        table = sparse_table(max(1, n_rows // 10), columns)
        yield f"CSR float64, {STORED_A_ROW} stored a row", table


def main():
    """Time every case and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(describe_machine())
    for kind, X in tables(options.rows, options.columns):
        for norm in NORMS:
            title = f"normalize {norm}, {kind}, {X.shape[0]:,} x {X.shape[1]:,}"
            print_ratios(title, take_turns(contestants(X, norm), options.rounds))


if __name__ == "__main__":
    main()
