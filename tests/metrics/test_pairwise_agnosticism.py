"""The same bits, however the matrix is cut up and the rows are laid out."""

import joblib
import numpy as np
import pytest
from layouts import LAYOUTS, assert_same_bits
from rows import rows_for
from scipy import sparse
from sklearn import config_context

from sknorms.metrics import (
    get_metric,
    metric_names,
    paired_distances,
    pairwise_distances,
    pairwise_distances_argmin_min,
    pairwise_distances_chunked,
)

pytestmark = pytest.mark.kernels


@pytest.fixture(scope="module", params=metric_names())
def case(request):
    """Return a complete metric, two tables and all values between them."""
    rows = rows_for(request.param, 90, 11)
    other = rows_for(request.param, 70, 11, seed=1)
    record = get_metric(request.param)
    record = record.learn(record.check_rows(rows))
    return record, rows, other, pairwise_distances(rows, other, record)


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1])
def test_number_of_jobs(case, n_jobs):
    metric, rows, other, expected = case
    assert_same_bits(pairwise_distances(rows, other, metric, n_jobs=n_jobs), expected)
    alone = pairwise_distances(rows, metric=metric)
    assert_same_bits(pairwise_distances(rows, metric=metric, n_jobs=n_jobs), alone)


@pytest.mark.parametrize("mebibytes", [0, 0.01, 0.3])
def test_memory_budget(case, mebibytes):
    metric, rows, other, expected = case
    some = slice(0, 9 if mebibytes == 0 else None)
    budget = {"working_memory": mebibytes}
    got = pairwise_distances(rows[some], other, metric, **budget)
    assert_same_bits(got, expected[some])
    chunks = pairwise_distances_chunked(rows[some], other, metric=metric, **budget)
    assert_same_bits(np.vstack(list(chunks)), expected[some])
    with config_context(**budget):
        assert_same_bits(pairwise_distances(rows[some], other, metric), expected[some])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(case, layout):
    metric, rows, other, expected = case
    lay = LAYOUTS[layout]
    assert_same_bits(pairwise_distances(lay(rows), lay(other), metric), expected)
    assert_same_bits(pairwise_distances(lay(rows), other, metric), expected)
    assert_same_bits(pairwise_distances(rows, lay(other), metric), expected)
    pairs = paired_distances(lay(rows[:70]), lay(other), metric=metric)
    assert_same_bits(pairs, np.diagonal(expected))


@pytest.mark.parametrize("density", [0.002, 0.02])
@pytest.mark.parametrize(
    "metric", ["euclidean", "sqeuclidean", "manhattan", "cosine", "dot", "angular"]
)
def test_rows_with_few_entries(metric, density):
    rng = np.random.default_rng(0)
    rows = sparse.random_array((60, 3001), density=density, rng=rng, format="csr")
    rows.data = rng.normal(size=rows.nnz) * 10.0 ** rng.integers(-20, 20, rows.nnz)
    dense = rows.toarray()
    expected = pairwise_distances(dense, metric=metric)
    assert_same_bits(pairwise_distances(rows, metric=metric), expected)
    assert_same_bits(pairwise_distances(rows, rows.copy(), metric), expected)
    assert_same_bits(pairwise_distances(rows, dense, metric), expected)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_explicit_zeros(metric):
    rows = np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 0.0]])
    full = sparse.csr_array((rows.ravel(), np.tile([0, 1, 2], 3), [0, 3, 6, 9]))
    wide = sparse.hstack([full, sparse.csr_array((3, 500))], format="csr")
    assert wide.nnz == 9
    expected = pairwise_distances(rows, metric=metric)
    assert_same_bits(pairwise_distances(full, metric=metric), expected)
    assert_same_bits(pairwise_distances(wide, metric=metric), expected)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_joblib_backends_and_read_only_memmaps(tmp_path, backend):
    rows = np.random.default_rng(0).normal(size=(900, 16)).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    frozen = np.load(tmp_path / "rows.npy", mmap_mode="r")
    expected = pairwise_distances(rows)
    with joblib.parallel_config(backend=backend, n_jobs=2, max_nbytes=0):
        assert_same_bits(pairwise_distances(frozen, n_jobs=2), expected)
        some = pairwise_distances(frozen, frozen[:50], n_jobs=2)
        assert_same_bits(some, expected[:, :50])
    _, closest = pairwise_distances_argmin_min(frozen[:50], frozen[50:])
    assert_same_bits(closest, expected[:50, 50:].min(axis=1))
