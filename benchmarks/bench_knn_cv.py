"""Choosing metric, number of neighbours and weights, beside a grid search.

``KNeighborsClassifierCV`` against scikit-learn's ``GridSearchCV`` over scikit-learn's
``KNeighborsClassifier``, on the same rows and folds: three metrics, 30 numbers of
neighbours, two weightings, five folds. Both choose what is best and fit it to all rows.
They are run once each, one after the other, because the grid search takes long. Where
that is too long, ``--sample`` gives it a sixth of the candidates, in which every
metric, number and weighting occurs, and multiplies its time by six.

    python benchmarks/bench_knn_cv.py [--rows 5000] [--jobs 1] [--sample]
"""

import argparse
import itertools
import time

import numpy as np
from data import image_like
from harness import describe_machine
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier

from sknorms.neighbors import KNeighborsClassifierCV

METRICS = ["euclidean", "cosine", "manhattan"]
WEIGHTS = ["uniform", "distance"]
NUMBERS = list(range(1, 31))


def whole_grid():
    """Return the grid of all candidates."""
    return {"metric": METRICS, "n_neighbors": NUMBERS, "weights": WEIGHTS}


def sixth_of_grid():
    """Return grids of one candidate each, every number once, the rest in turn."""
    rest = list(itertools.product(METRICS, WEIGHTS))
    settings = [(*rest[k % len(rest)], k) for k in NUMBERS]
    return [
        {"metric": [metric], "weights": [weights], "n_neighbors": [k]}
        for metric, weights, k in settings
    ]


def timed(search, X, y):
    """Return (fitted search, seconds of the clock, seconds of the processor)."""
    starts = time.perf_counter(), time.process_time()
    search.fit(X, y)
    return search, time.perf_counter() - starts[0], time.process_time() - starts[1]


def report(name, search, clock, processor):
    """Print what a search took and chose."""
    print(
        f"  {name:14s} {clock:9.2f} s, {processor:9.2f} s of the processor; "
        f"best {search.best_score_:.4f} {search.best_params_}",
        flush=True,
    )


def disagreements(ours, theirs):
    """Return by how much mean scores of the same candidates differ."""
    means = {}
    for search in (ours, theirs):
        results = search.cv_results_
        for params, mean in zip(
            results["params"], results["mean_test_score"], strict=True
        ):
            means.setdefault(tuple(sorted(params.items())), []).append(mean)
    return np.array([abs(pair[0] - pair[1]) for pair in means.values() if pair[1:]])


def compare(X, y, n_jobs, *, sample):
    """Run both on the grid, print what they took and whether they agree."""
    folds = StratifiedKFold(5)
    ours = KNeighborsClassifierCV(**whole_grid(), cv=folds, n_jobs=n_jobs)
    ours, *our_times = timed(ours, X, y)
    report("sknorms", ours, *our_times)
    grid = sixth_of_grid() if sample else whole_grid()
    theirs = GridSearchCV(KNeighborsClassifier(n_jobs=n_jobs), grid, cv=folds)
    theirs, *their_times = timed(theirs, X, y)
    if sample:
        their_times = [6 * seconds for seconds in their_times]
        print("  (the next line is six times what a sixth of the candidates took)")
    report("GridSearchCV", theirs, *their_times)
    clock, processor = (b / a for a, b in zip(our_times, their_times, strict=True))
    print(f"  ratio          x{clock:.1f} by the clock, x{processor:.1f} by processor")
    apart = disagreements(ours, theirs)
    print(
        f"  mean scores    {(apart > 0).sum()} of {len(apart)} candidates differ, by "
        f"{apart.max():.4f} at most"
    )


def main():
    """Time the grid."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--sample", action="store_true")
    options = parser.parse_args()
    print(describe_machine())
    table = image_like(options.rows, 100, dtype=np.float64)
    X, y = table.rows, table.labels
    print(f"{X.shape[0]:,} x {X.shape[1]} {X.dtype}, {table.note}, {options.jobs} jobs")
    # What is compiled at its first use is no part of a search.
    KNeighborsClassifierCV(3, metric=METRICS).fit(X[:500], y[:500])
    compare(X, y, options.jobs, sample=options.sample)


if __name__ == "__main__":
    main()
