"""Pairs of CSR rows have the keys of dense rows, to the last bit."""

import tracemalloc

import numpy as np
import pytest
from layouts import assert_same_bits
from rows import rows_for
from scipy import sparse

from sknorms.metrics import get_metric, metric_names
from sknorms.metrics._domain import Boolean

pytestmark = pytest.mark.kernels

FEW = sparse.csr_array((2, 5))
SPARSE = [name for name in metric_names() if get_metric(name).pairs_stay_sparse(FEW)]
# Around places where the order of summation changes its shape, and well beyond.
WIDTHS = [1, 2, 7, 9, 129, 264, 1031, 40_000]


def thin(metric, n, width, seed=0):
    """Return CSR rows with few entries, some rows empty, some equal, some zeros."""
    rng = np.random.default_rng(seed)
    rows = rows_for(metric, n, min(width, 30), seed=seed)
    rows[rng.random(rows.shape) < 0.5] = 0.0
    rows[[3, 17]] = 0.0
    rows[[5, 9]] = rows[11]
    places = np.sort(rng.choice(width, rows.shape[1], replace=False))
    wide = np.zeros((n, width))
    wide[:, places] = rows
    # Other columns for half of the rows, so that few are shared.
    if width > 60:
        wide[::2] = np.roll(wide[::2], 1, axis=1)
    return wide


def pairs(n, m, size=80, seed=1):
    rng = np.random.default_rng(seed)
    return np.sort(rng.integers(0, n, size)), rng.integers(0, m, size)


def learned(name, rows):
    metric = get_metric(name)
    return metric.learn(metric.check_rows(rows))


def keys(metric, queries, rows, corpus, indices):
    x = metric.represent_queries(queries)
    return metric.pair_keys(x, rows, corpus, indices)


def naive(metric, queries, rows, corpus, indices):
    x, y = metric.represent(queries), metric.represent(corpus)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return metric.keys(x[rows], y[indices])


@pytest.mark.parametrize("metric", SPARSE)
@pytest.mark.parametrize("width", WIDTHS)
def test_keys_are_those_of_dense_rows(metric, width):
    Q, X = thin(metric, 25, width), thin(metric, 40, width, seed=2)
    X[7] = Q[2]
    record = learned(metric, X)
    rows, indices = pairs(25, 40)
    rows[:4], indices[:4] = [2, 3, 3, 2], [7, 3, 4, 3]
    got = keys(record, sparse.csr_array(Q), rows, sparse.csr_array(X), indices)
    assert_same_bits(got, naive(record, Q, rows, X, indices))


@pytest.mark.parametrize("metric", SPARSE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.bool_])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_storage(metric, dtype, index):
    Q, X = (np.abs(thin(metric, 20, 300, seed)).astype(dtype) for seed in (0, 2))
    record = learned(metric, X)
    rows, indices = pairs(20, 20)
    packed = []
    for side in (Q, X):
        table = sparse.csr_array(side)
        structure = table.indices.astype(index), table.indptr.astype(index)
        packed.append(sparse.csr_array((table.data, *structure), shape=side.shape))
    got = keys(record, packed[0], rows, packed[1], indices)
    assert_same_bits(got, naive(record, Q, rows, X, indices))


@pytest.mark.parametrize("metric", SPARSE)
@pytest.mark.parametrize("scale", [1e-320, 1e-200, 1e-160, 1e150, 1e200, 1e307])
def test_sizes_at_the_ends_of_the_range(metric, scale):
    if isinstance(get_metric(metric).domain, Boolean):
        scale = 10.0
    Q, X = (thin(metric, 20, 300, seed) for seed in (0, 2))
    with np.errstate(over="ignore", under="ignore"):
        Q, X = Q * scale / 10.0, X * scale / 10.0
    X[4] = Q[4]
    record = get_metric(metric)
    if record.learned:
        record = type(record)(np.ones(300))
    rows, indices = pairs(20, 20)
    rows[0], indices[0] = 4, 4
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        got = keys(record, sparse.csr_array(Q), rows, sparse.csr_array(X), indices)
    assert_same_bits(got, naive(record, Q, rows, X, indices))


@pytest.mark.parametrize("metric", SPARSE)
def test_stored_zeros_are_zeros(metric):
    Q, X = (thin(metric, 20, 70, seed) for seed in (0, 2))
    record = learned(metric, X)
    rows, indices = pairs(20, 20)
    full = []
    for side in (Q, X):
        table = sparse.csr_array(np.ones_like(side))
        table.data[:] = side.ravel()
        full.append(table)
    assert full[0].nnz == Q.size
    got = keys(record, full[0], rows, full[1], indices)
    assert_same_bits(got, naive(record, Q, rows, X, indices))


@pytest.mark.parametrize("metric", SPARSE)
def test_no_pairs(metric):
    X = sparse.csr_array(thin(metric, 20, 70))
    none = np.empty(0, dtype=np.intp)
    assert keys(learned(metric, X), X, none, X, none).shape == (0,)


@pytest.mark.parametrize("metric", SPARSE)
def test_wide_rows_are_not_laid_out(metric):
    Q = thin(metric, 25, 300)
    Q = sparse.csr_array(Q)
    Q.resize((25, 1_000_000))
    record = learned(metric, Q) if metric != "seuclidean" else get_metric(metric)
    if metric == "seuclidean":
        record = type(record)(np.ones(1_000_000))
    rows, indices = pairs(25, 25, size=2000)
    keys(record, Q, rows, Q, indices)  # compiles, and learns NumPy's order
    tracemalloc.start()
    x = record.represent_queries(Q)
    record.pair_keys(x, rows, Q, indices)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # One dense row is 8 MB; the square roots of one million variances as well.
    assert peak < (20e6 if metric == "seuclidean" else 7e6)


def test_the_metrics_for_text_are_among_them():
    expected = {"cosine", "cosine_similarity", "angular", "dot", "euclidean"}
    expected |= {"sqeuclidean", "seuclidean", "jaccard", "dice", "tanimoto"}
    expected |= {"hellinger", "hamming"}
    assert expected <= set(SPARSE)
