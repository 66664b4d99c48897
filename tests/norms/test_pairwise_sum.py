"""Sparse sums in NumPy's own order."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.norms import _rows
from sknorms.norms._pairwise_sum import follows_numpy, sparse_row_sums
from sknorms.norms._scaled import scaled_row_norms

LENGTHS = (
    1,
    5,
    7,
    8,
    9,
    15,
    16,
    127,
    128,
    129,
    136,
    200,
    257,
    1000,
    1031,
    4096,
    50_003,
)


@pytest.mark.parametrize("n_columns", LENGTHS)
@pytest.mark.parametrize("density", [0.0, 0.001, 0.1, 1.0])
def test_sums_are_those_of_the_dense_rows_to_the_bit(n_columns, density):
    rng = np.random.default_rng(n_columns)
    dense = np.exp2(rng.uniform(-50, 0, size=(6, n_columns)))
    dense[rng.random(dense.shape) >= density] = 0.0
    X = sparse.csr_array(dense)
    sums = sparse_row_sums(X.data, X.indices, X.indptr, n_columns)
    assert sums.tobytes() == np.add.reduce(dense, axis=-1).tobytes()


def test_the_check_passes_here_and_would_notice_another_order(monkeypatch):
    assert all(follows_numpy(n) for n in LENGTHS)
    follows_numpy.cache_clear()
    monkeypatch.setattr(np, "add", np.subtract)
    assert not follows_numpy(1000)
    follows_numpy.cache_clear()


@pytest.mark.parametrize("followed", [True, False])
def test_norms_do_not_depend_on_which_way_is_taken(monkeypatch, followed):
    rng = np.random.default_rng(0)
    dense = np.where(rng.random((30, 5000)) < 0.002, rng.normal(size=(30, 5000)), 0.0)
    X = sparse.csr_array(dense)
    expected = scaled_row_norms(dense)
    monkeypatch.setattr(_rows, "_WORTH_FOLLOWING", 0.01 if followed else 1e9)
    assert scaled_row_norms(X).norm.tobytes() == expected.norm.tobytes()
    monkeypatch.setattr(_rows, "follows_numpy", lambda n_columns: False)
    assert scaled_row_norms(X).norm.tobytes() == expected.norm.tobytes()


def test_a_million_columns_cost_no_million_elements_a_row():
    columns = np.arange(0, 1_000_000, 10_007, dtype=np.int64)
    X = sparse.csr_array(
        (np.ones(len(columns)), columns, np.array([0, len(columns)])),
        shape=(1, 1_000_000),
    )
    assert scaled_row_norms(X).values[0] == 10.0
