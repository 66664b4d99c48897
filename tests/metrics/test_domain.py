"""Rows outside a metric's domain are refused by name, and nothing is changed."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from sknorms.metrics import get_metric

NON_NEGATIVE = ["hellinger", "jensenshannon"]
BOOLEAN = ["dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "yule"]


@pytest.mark.parametrize("name", NON_NEGATIVE)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_negative_numbers_are_refused(name, container):
    rows = np.ones((4, 3))
    rows[[1, 3], 2] = -0.5
    message = rf"metric '{name}' .* table has negative values in rows 1, 3\. Shift"
    with pytest.raises(ValueError, match=message):
        get_metric(name).check_rows(container(rows), name="table")
    rows[rows < 0] = -0.0
    assert get_metric(name).check_rows(container(rows)).shape == (4, 3)


@pytest.mark.parametrize("name", BOOLEAN)
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_other_numbers_become_booleans_with_a_warning(name, container):
    rows = container(np.array([[0.0, 2.0], [-1.0, 0.0]]))
    before = rows.copy()
    message = f"converted to boolean for metric {name}: table holds"
    with pytest.warns(DataConversionWarning, match=message):
        truth = get_metric(name).check_rows(rows, name="table")
    assert truth.dtype == np.bool_
    dense = truth.toarray() if sparse.issparse(truth) else truth
    assert dense.tolist() == [[False, True], [True, False]]
    assert (rows != before).sum() == 0


@pytest.mark.parametrize("name", BOOLEAN)
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
def test_zeros_and_ones_are_booleans_without_a_warning(name, dtype):
    rows = np.array([[0, 1, 1], [1, 0, 0]], dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        truth = get_metric(name).check_rows(rows)
        packed = get_metric(name).check_rows(sparse.csr_array(rows))
    assert truth.dtype == packed.dtype == np.bool_
    assert truth.tolist() == packed.toarray().tolist() == rows.astype(bool).tolist()


def test_stored_zeros_of_csr_rows_are_false():
    packed = sparse.csr_array(
        (np.array([0.0, 1.0]), np.array([0, 1]), np.array([0, 2])), shape=(1, 3)
    )
    truth = get_metric("jaccard").check_rows(packed)
    assert truth.nnz == 1
    assert packed.nnz == 2


@pytest.mark.parametrize("n_columns", [1, 3])
def test_points_on_the_globe_have_two_columns(n_columns):
    message = rf"two columns, latitude and longitude; X has {n_columns}\."
    with pytest.raises(ValueError, match=message):
        get_metric("haversine").check_rows(np.zeros((5, n_columns)))


@pytest.mark.parametrize(
    ("units", "good", "bad"),
    [
        ("rad", [[np.pi / 2, -np.pi], [-np.pi / 2, 2 * np.pi]], [[0.0, 0.0], [1.6, 0]]),
        ("deg", [[90.0, -180.0], [-90.0, 360.0]], [[0.0, 0.0], [0.0, 400.0]]),
        ("rad", [[0.5, 0.5]], [[0.0, 0.0], [48.85, 2.35]]),
    ],
)
def test_latitude_and_longitude_must_be_on_the_globe(units, good, bad):
    metric = get_metric("haversine", units=units)
    for dtype in (np.float64, np.float32):
        assert metric.check_rows(np.array(good, dtype=dtype)).dtype == dtype
    with pytest.raises(ValueError, match=r'row 1\. .*radians unless units="deg"'):
        metric.check_rows(bad)


@pytest.mark.parametrize("name", ["nan_euclidean", "gower"])
def test_nan_is_data_where_it_means_missing(name):
    rows = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert get_metric(name).check_rows(rows) is rows


@pytest.mark.parametrize("rows", [np.ones((0, 3)), np.ones((3, 0)), np.ones(3)])
def test_tables_without_rows_or_columns_are_refused(rows):
    with pytest.raises(ValueError, match=r"0 sample|0 feature|Expected 2D"):
        get_metric("manhattan").check_rows(rows)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_a_number_may_stand_for_what_is_missing(container):
    rows = container(np.array([[1, -1], [2, 3]], dtype=np.int8))
    checked = get_metric("nan_euclidean", missing_values=-1).check_rows(rows)
    dense = checked.toarray() if sparse.issparse(checked) else checked
    np.testing.assert_array_equal(dense, [[1.0, np.nan], [2.0, 3.0]])
    assert (rows != container(np.array([[1, -1], [2, 3]]))).sum() == 0


def test_nan_stands_for_itself():
    record = get_metric("nan_euclidean", missing_values=np.nan)
    assert record == get_metric("nan_euclidean")
    with pytest.raises(ValueError, match="missing_values must be a real number"):
        get_metric("nan_euclidean", missing_values="none")
    with pytest.raises(ValueError, match="pass a dense array"):
        get_metric("nan_euclidean", missing_values=0).check_rows(
            sparse.csr_array(np.eye(2))
        )
