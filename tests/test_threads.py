"""No more threads than asked for, no second runtime of threads, no writable memory."""

import subprocess
import sys
import threading

import joblib
import numpy as np
import pytest
from sklearn.model_selection import cross_val_predict, cross_val_score
from threadpoolctl import ThreadpoolController, threadpool_limits

from sknorms.metrics import BlockDistance, pairwise_distances
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    NearestNeighbors,
)


class Watch:
    """Squared distances of blocks, and how many threads work on them."""

    def __init__(self):
        self.threads, self.blas = set(), set()
        self.now, self.most, self.lock = 0, 0, threading.Lock()
        self.libraries = ThreadpoolController().select(user_api="blas")

    def __call__(self, X, Y):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.blas.update(one["num_threads"] for one in self.libraries.info())
        self.threads.add(threading.get_ident())
        values = np.square(X[:, None] - Y).sum(axis=2)
        with self.lock:
            self.now -= 1
        return values


@pytest.mark.parametrize("n_jobs", [1, 2, 3])
def test_threads_do_not_multiply(n_jobs):
    rows = np.random.default_rng(0).normal(size=(300, 3))
    watch = Watch()
    model = NearestNeighbors(
        metric=BlockDistance(watch), n_jobs=n_jobs, working_memory=0.3
    ).fit(rows)
    with threadpool_limits(2, user_api="blas"):
        model.kneighbors(rows)
        model.radius_neighbors(rows, 0.1)
        pairwise_distances(
            rows, metric=BlockDistance(watch), n_jobs=n_jobs, working_memory=0.3
        )
    assert watch.most <= n_jobs
    assert len(watch.threads) >= min(n_jobs, 2)
    # Some systems have a BLAS that nobody can limit, and that is not seen.
    assert watch.blas <= {1}


# In a process of its own: what other tests have loaded does not count.
RUNTIMES = """
import numpy, scipy.sparse, sklearn.neighbors, sklearn.linear_model
from threadpoolctl import threadpool_info
def runtimes():
    return {one["filepath"] for one in threadpool_info() if one["user_api"] == "openmp"}
before = runtimes()
import sknorms.datasets, sknorms.metrics, sknorms.neighbors, sknorms.norms
import sknorms.preprocessing
assert runtimes() == before, "import"
rows = numpy.random.default_rng(0).normal(size=(400, 8))
for metric in ("euclidean", "manhattan"):
    sknorms.neighbors.NearestNeighbors(metric=metric, n_jobs=2).fit(rows).kneighbors()
sknorms.preprocessing.Normalizer(n_jobs=2).fit_transform(numpy.tile(rows, (200, 1)))
assert runtimes() == before, "use"
"""


def test_no_second_openmp_is_loaded():
    done = subprocess.run(
        [sys.executable, "-c", RUNTIMES], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("predictor", [KNeighborsClassifier, KNeighborsRegressor])
@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "seuclidean"])
def test_read_only_memory_handed_over_by_joblib(backend, predictor, metric):
    rng = np.random.default_rng(0)
    rows, y = rng.normal(size=(120, 5)), rng.integers(0, 3, 120)
    model = predictor(3, metric=metric, weights="distance")
    scores = cross_val_score(model, rows, y, cv=3)
    predicted = cross_val_predict(model, rows, y, cv=3)
    with joblib.parallel_config(backend=backend, n_jobs=2, max_nbytes=0):
        np.testing.assert_array_equal(cross_val_score(model, rows, y, cv=3), scores)
        again = cross_val_predict(model, rows, y, cv=3)
    np.testing.assert_array_equal(again, predicted)
