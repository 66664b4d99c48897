"""The libraries that are compared, each behind the same three questions.

A peer is made for a `Task`, which is when it builds its index, and then answers
`search` (k neighbours), `within` (a radius) or `predict` for blocks of queries. All of
them get the same rows and the same number of threads. `contestants` lists those that
can do a task with what is installed.
"""

import importlib.util
import time
import warnings
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier as SklearnClassifier
from sklearn.neighbors import NearestNeighbors as SklearnNeighbors

from sknorms.neighbors import KNeighborsClassifier, NearestNeighbors

__all__ = ["BARE", "OURS", "Task", "contestants", "forced"]

OURS = "sknorms"
BARE = "bare float32 product"
# Blocks in which peers that would make a full table are asked.
BLOCK = 200
# Up to here trees are the peers, and beyond it brute force.
LOW_DIMENSION = 10


@dataclass(frozen=True)
class Task:
    """What is to be found.

    Attributes
    ----------
    rows : ndarray or csr_array
    metric : str
        "euclidean", "cosine", "dot" or "manhattan".
    k : int
    threads : int
    radius : float or None
    labels : ndarray or None
    kind : {"batch", "single", "radius", "predict"}
    """

    rows: object
    metric: str
    k: int
    threads: int
    radius: float | None = None
    labels: object = None
    kind: str = "batch"

    @property
    def dense32(self):
        """Whether the rows are what the compiled float32 libraries take."""
        return not sparse.issparse(self.rows) and self.rows.dtype == np.float32

    @property
    def finds_k(self):
        """Whether the answer is a table of k neighbours a query."""
        return self.kind in ("batch", "single")


def installed(module):
    """Whether a module can be imported."""
    return importlib.util.find_spec(module) is not None


class Ours:
    """sknorms, with the algorithm of its choice or a forced one."""

    name = OURS
    algorithm = "auto"

    def __init__(self, task):
        options = {
            "n_neighbors": task.k,
            "metric": task.metric,
            "algorithm": self.algorithm,
            "n_jobs": task.threads,
        }
        if task.kind == "predict":
            self.model = KNeighborsClassifier(**options).fit(task.rows, task.labels)
        else:
            self.model = NearestNeighbors(**options).fit(task.rows)
        self.radius = task.radius

    @staticmethod
    def takes(task):
        return True

    def search(self, queries):
        return self.model.kneighbors(queries)

    def within(self, queries):
        return self.model.radius_neighbors(queries, self.radius)

    def predict(self, queries):
        return self.model.predict(queries)


class Sklearn(Ours):
    """scikit-learn's brute force."""

    name = "scikit-learn"
    algorithm = "brute"

    def __init__(self, task):
        # Its dense brute force has threads of its own; trees and CSR need to be told.
        own = self.algorithm == "brute" and not sparse.issparse(task.rows)
        options = {
            "n_neighbors": task.k,
            "metric": task.metric,
            "algorithm": self.algorithm,
            "n_jobs": None if own else task.threads,
        }
        if task.kind == "predict":
            self.model = SklearnClassifier(**options).fit(task.rows, task.labels)
        else:
            self.model = SklearnNeighbors(**options).fit(task.rows)
        self.radius = task.radius

    @staticmethod
    def takes(task):
        return task.metric != "dot" and task.rows.shape[1] > LOW_DIMENSION


class SklearnTree(Sklearn):
    """scikit-learn's k-d tree, where the dimension is low."""

    name = "scikit-learn kd_tree"
    algorithm = "kd_tree"

    @staticmethod
    def takes(task):
        return task.rows.shape[1] <= LOW_DIMENSION


class ScipyTree:
    """scipy's k-d tree, where the dimension is low."""

    name = "scipy cKDTree"

    def __init__(self, task):
        self.tree, self.task = cKDTree(task.rows), task

    @staticmethod
    def takes(task):
        return task.rows.shape[1] <= LOW_DIMENSION and task.finds_k

    def search(self, queries):
        return self.tree.query(queries, k=self.task.k, workers=self.task.threads)


class ScipyCdist:
    """scipy's table of distances, and NumPy's choice of the smallest."""

    name = "scipy cdist"

    def __init__(self, task):
        self.task = task

    @staticmethod
    def takes(task):
        return task.metric == "manhattan" and task.finds_k

    def search(self, queries):
        parts = [queries[i : i + BLOCK] for i in range(0, len(queries), BLOCK)]
        found = [smallest(self.distances(part), self.task.k) for part in parts]
        return tuple(np.concatenate(side) for side in zip(*found, strict=True))

    def distances(self, queries):
        return cdist(queries, self.task.rows, "cityblock")


class NumpyProduct(ScipyCdist):
    """The product of NumPy, and its choice of the largest: inner products."""

    name = "numpy product"

    @staticmethod
    def takes(task):
        return task.metric == "dot" and task.finds_k

    def distances(self, queries):
        return -(queries @ self.task.rows.T)


def smallest(distances, k):
    """Return the k smallest of every row, in order."""
    indices = np.argpartition(distances, k, axis=1)[:, :k]
    near = np.take_along_axis(distances, indices, axis=1)
    order = np.argsort(near, axis=1)
    return (
        np.take_along_axis(near, order, axis=1),
        np.take_along_axis(indices, order, axis=1),
    )


class Faiss:
    """faiss's flat index: exact but for rounding. Cosine rows are made unit length."""

    name = "faiss flat"

    def __init__(self, task):
        import faiss

        kinds = {"euclidean": faiss.METRIC_L2, "manhattan": faiss.METRIC_L1}
        kind = kinds.get(task.metric, faiss.METRIC_INNER_PRODUCT)
        faiss.omp_set_num_threads(task.threads)
        self.task, self.normalize = task, faiss.normalize_L2
        self.index = faiss.IndexFlat(task.rows.shape[1], kind)
        self.index.add(self.prepared(task.rows))
        if task.radius is not None:
            r = task.radius
            self.threshold = {"euclidean": r * r, "cosine": 1 - r}.get(task.metric, r)

    @staticmethod
    def takes(task):
        return installed("faiss") and task.dense32 and task.kind != "predict"

    def prepared(self, rows):
        if self.task.metric != "cosine":
            return rows
        rows = rows.copy()
        self.normalize(rows)
        return rows

    def search(self, queries):
        return self.index.search(self.prepared(queries), self.task.k)

    def within(self, queries):
        prepared = self.prepared(queries)
        starts, near, indices = self.index.range_search(prepared, self.threshold)
        cuts = starts[1:-1].astype(np.intp)
        return np.split(near, cuts), np.split(indices, cuts)


class Usearch:
    """usearch's exact search, which has no Manhattan distance."""

    name = "usearch exact"

    def __init__(self, task):
        from usearch.index import MetricKind

        kinds = {
            "euclidean": MetricKind.L2sq,
            "cosine": MetricKind.Cos,
            "dot": MetricKind.IP,
        }
        self.kind, self.task = kinds[task.metric], task

    @staticmethod
    def takes(task):
        fits = task.dense32 and task.metric != "manhattan" and task.finds_k
        return fits and installed("usearch")

    def search(self, queries):
        from usearch.index import search

        rows, k, threads = self.task.rows, self.task.k, self.task.threads
        found = search(rows, queries, k, self.kind, exact=True, threads=threads)
        shape = (len(queries), k)
        return found.distances.reshape(shape), found.keys.reshape(shape)


class BareProduct:
    """The float32 product of all queries with all rows, and nothing else."""

    name = BARE
    block = 500

    def __init__(self, task):
        self.rows = task.rows.astype(np.float32, copy=False)
        self.out = np.empty((self.block, len(self.rows)), np.float32)

    @staticmethod
    def takes(task):
        product = not sparse.issparse(task.rows) and task.metric != "manhattan"
        return product and task.rows.shape[1] > LOW_DIMENSION

    def search(self, queries):
        queries = queries.astype(np.float32, copy=False)
        for start in range(0, len(queries), self.block):
            block = queries[start : start + self.block]
            np.matmul(block, self.rows.T, out=self.out[: len(block)])

    within = predict = search


PEERS = (
    Ours,
    Sklearn,
    SklearnTree,
    Faiss,
    Usearch,
    ScipyTree,
    ScipyCdist,
    NumpyProduct,
    BareProduct,
)
# Choices of ``algorithm`` to force. What an estimator refuses for a metric, or replaces
# with a warning, is left out.
ALGORITHMS = ("brute", "prefix", "kd_tree")


def timed(make, task):
    """Return (peer, seconds to build it)."""
    start = time.perf_counter()
    peer = make(task)
    return peer, time.perf_counter() - start


def contestants(task, only=None):
    """Return {name: (peer, seconds to build it)} for a task, ours first."""
    chosen = [p for p in PEERS if p.takes(task) and (only is None or p.name in only)]
    return {p.name: timed(p, task) for p in chosen}


def forced(task):
    """Return the same for sknorms with its algorithms forced."""
    found, seen = {}, set()
    for algorithm in ALGORITHMS:
        make = type("Forced", (Ours,), {"algorithm": algorithm})
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)
                peer, seconds = timed(make, task)
        except (UserWarning, ValueError):
            continue
        effective = peer.model.effective_algorithm_
        if effective not in seen:
            seen.add(effective)
            found[f"{OURS} {effective}"] = (peer, seconds)
    return found
