"""Products of CSR rows, held by column on one side, are products."""

import numpy as np
import pytest
from scipy import sparse

from sknorms.engine._sparse_scores import turn_over

pytestmark = pytest.mark.kernels


def table(n, d, density, seed=0, index=np.int32):
    rng = np.random.default_rng(seed)
    # Columns of very different popularity, as the words of texts are.
    chance = density * d / (1.0 + np.arange(d)) / np.log(d + 1.0)
    dense = np.where(rng.random((n, d)) < chance, rng.normal(size=(n, d)), 0.0)
    rows = sparse.csr_array(dense.astype(np.float32))
    rows.indices, rows.indptr = rows.indices.astype(index), rows.indptr.astype(index)
    return rows


def scores(queries, corpus):
    out = np.full((queries.shape[0], corpus.shape[0]), np.nan, dtype=np.float32)
    turn_over(queries).score(corpus, out)
    return out


@pytest.mark.parametrize("n_queries", [1, 3, 40, 100])
@pytest.mark.parametrize("n_corpus", [1, 15, 16, 17, 50])
@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 2.0])
def test_scores_are_products(n_queries, n_corpus, density):
    queries, corpus = table(n_queries, 60, density), table(n_corpus, 60, density, 1)
    wide = [side.toarray().astype(np.float64) for side in (queries, corpus)]
    room = 60 * 2.0**-24 * (np.abs(wide[0]) @ np.abs(wide[1]).T)
    difference = np.abs(scores(queries, corpus) - wide[0] @ wide[1].T)
    assert (difference <= room).all()


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_indices_of_any_width(index):
    queries, corpus = table(30, 50, 0.2, index=index), table(40, 50, 0.2, 1, index)
    np.testing.assert_array_equal(
        scores(queries, corpus), scores(table(30, 50, 0.2), table(40, 50, 0.2, 1))
    )


def test_read_only_rows():
    queries, corpus = table(30, 50, 0.2), table(40, 50, 0.2, 1)
    expected = scores(queries, corpus)
    for side in (queries, corpus):
        for part in (side.data, side.indices, side.indptr):
            part.flags.writeable = False
    np.testing.assert_array_equal(scores(queries, corpus), expected)


def test_one_column_and_very_many():
    one = sparse.csr_array(np.array([[2.0], [0.0], [-3.0]], dtype=np.float32))
    np.testing.assert_array_equal(scores(one, one), [[4, 0, -6], [0, 0, 0], [-6, 0, 9]])
    wide = sparse.csr_array(
        (np.array([2.0, 5.0], np.float32), ([0, 1], [999_999, 7])), shape=(3, 10**6)
    )
    np.testing.assert_array_equal(scores(wide, wide), np.diag([4.0, 25.0, 0.0]))


def test_rows_held_by_column_take_no_more_than_a_few_times_what_they_store():
    queries = table(200, 3000, 0.01)
    turned = turn_over(queries)
    assert turned.head.size <= 16 * queries.nnz
    assert turned.tail.nnz + np.count_nonzero(turned.head) == queries.nnz
    assert len(turned) == 200
