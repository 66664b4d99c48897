"""What metrics learn from columns is the textbook statistic, without cancellation."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from sknorms.metrics import _statistics as statistics


@pytest.mark.parametrize("offset", [0.0, 1e8])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_statistics_are_numpys(offset, container):
    rows = np.random.default_rng(0).integers(-50, 50, size=(41, 6)) + offset
    variances = statistics.column_variances(container(rows))
    np.testing.assert_allclose(variances, np.var(rows, axis=0, ddof=1), rtol=1e-13)
    covariance = statistics.covariance(container(rows))
    np.testing.assert_allclose(covariance, np.cov(rows.T), rtol=1e-12, atol=1e-10)
    np.testing.assert_array_equal(covariance, covariance.T)


def test_a_constant_column_has_no_variance_at_all():
    rows = np.random.default_rng(0).normal(size=(1000, 3))
    rows[:, 1] = 0.1
    assert statistics.column_variances(rows)[1] == 0.0
    covariance = statistics.covariance(rows)
    assert (covariance[1] == 0.0).all()
    assert (covariance[:, 1] == 0.0).all()
    assert (statistics.covariance(load_digits().data)[0] == 0.0).all()


def test_blocks_of_rows_add_up_to_all_of_them(monkeypatch):
    rows = np.random.default_rng(1).normal(size=(103, 4))
    whole = statistics.column_variances(rows), statistics.covariance(rows)
    monkeypatch.setattr(statistics, "_BLOCK_BYTES", 8 * 4 * 10)
    np.testing.assert_allclose(statistics.column_variances(rows), whole[0], rtol=1e-14)
    np.testing.assert_allclose(statistics.covariance(rows), whole[1], rtol=1e-13)


def test_small_integers_do_not_wrap():
    rows = np.array([[0, 250], [250, 0], [255, 3]], dtype=np.uint8)
    np.testing.assert_allclose(
        statistics.covariance(rows), np.cov(rows.astype(float).T), rtol=1e-14
    )


def test_one_row_varies_nowhere():
    assert statistics.column_variances(np.ones((1, 2))).tolist() == [0.0, 0.0]
    assert statistics.covariance(np.ones((1, 2))).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_missing_values_are_left_out_of_a_variance():
    rows = np.array([[1.0, np.nan], [2.0, 5.0], [np.nan, 9.0]])
    assert statistics.column_variances(rows).tolist() == [0.5, 8.0]


@pytest.mark.parametrize("size", [1e300, 1e-200])
def test_a_covariance_beyond_float64_is_an_error(size):
    rows = np.random.default_rng(0).normal(size=(9, 3))
    rows[:, 2] *= size
    with pytest.raises(ValueError, match=r"float64 holds in column.* 2\. Scale"):
        statistics.covariance(rows)
