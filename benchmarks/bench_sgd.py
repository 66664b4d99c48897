"""Learning from mini-batches beside scikit-learn's SGD, and what watching costs.

All contestants of a case run in turn, round by round, on the same data. scikit-learn
gets scaled features, made inside the timing, because it diverges on raw ones; sknorms
gets them as they come. Quality is printed beside time, since neither has a certificate.
What the monitor costs is the time of a fit with it over that of the same fit without.

    python benchmarks/bench_sgd.py [--rounds 7]
"""

import argparse
import time
import warnings

import numpy as np
from harness import describe_machine, paired, print_ratios, take_turns
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler

from sknorms.linear_model import ClippedSGDClassifier, ClippedSGDRegressor


def cases():
    """Yield (name, X, y, whether y is classes)."""
    for n_rows, n_columns in ((2_000, 10), (20_000, 50), (4_000, 1_000)):
        X, y = make_regression(n_rows, n_columns, noise=5.0, random_state=0)
        scales = np.logspace(-3, 3, n_columns)
        yield f"regression {n_rows} x {n_columns}", X * scales, y, False
    X = sparse.random(5_000, 5_000, 0.005, format="csr", random_state=0)
    y = X @ np.random.default_rng(0).normal(size=5_000)
    yield "regression 5000 x 5000, CSR", X, y, False
    for name, load in (("digits", load_digits), ("breast cancer", load_breast_cancer)):
        X, y = load(return_X_y=True)
        yield f"{name}, {len(set(y))} classes", X, y, True


def contestants(X, y, classes):
    """Return the models of a case, by name."""
    ours = ClippedSGDClassifier if classes else ClippedSGDRegressor
    scale = MaxAbsScaler() if sparse.issparse(X) else StandardScaler()
    if classes:
        theirs = SGDClassifier(loss="log_loss", random_state=0)
    else:
        theirs = SGDRegressor(random_state=0)
    return {
        "sknorms": ours(random_state=0),
        "scikit-learn, scaled": make_pipeline(scale, theirs),
    }


def compare(name, X, y, classes, rounds):
    """Print times and scores of whole fits."""
    models = contestants(X, y, classes)
    seconds = take_turns(
        {key: lambda model=model: model.fit(X, y) for key, model in models.items()},
        rounds,
    )
    print_ratios(name, seconds)
    for key, model in models.items():
        print(f"  {key:28s} score {model.score(X, y):8.4f}")


def price_of_watching(name, X, y, classes, rounds):
    """Print what the monitor adds to ten epochs, in time of the processor."""
    kind = ClippedSGDClassifier if classes else ClippedSGDRegressor
    spent = {True: [], False: []}
    for turn in range(2 * rounds + 1):
        for watched in (True, False) if turn % 2 else (False, True):
            model = kind(monitor=watched, max_iter=10, tol=None, random_state=0)
            start = time.process_time()
            model.fit(X, y)
            if turn:
                spent[watched].append(time.process_time() - start)
    middle, least, greatest = paired(spent[True], spent[False])
    step = 1e6 * float(np.median(spent[False])) / model.n_steps_
    print(
        f"  {name:30s} x{middle:5.2f} (rounds {least:.2f} to {greatest:.2f}), "
        f"a step without takes {step:5.1f} us"
    )


def main():
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore", ConvergenceWarning)
    print(describe_machine())
    for case in cases():
        compare(*case, rounds)
    print("\nwatched over not watched")
    for case in cases():
        price_of_watching(*case, rounds)


if __name__ == "__main__":
    main()
