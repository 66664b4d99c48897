"""Data frames with columns of labels, under the metric for mixed columns."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from oracles import gower
from scipy import sparse

from sknorms.metrics import get_metric, paired_distances, pairwise_distances
from sknorms.metrics._labels import column_labels, numbers_for_labels

AGES = [20.0, 30.0, None, 60.0, 35.0]
JOBS = ["cook", "dj", "cook", None, "poet"]
SIZES = ["S", "L", "L", "M", "S"]
OWNERS = [True, False, None, True, False]
# The same by hand: numbers, and a number for each label.
CODES = np.array(
    [
        [20.0, 0.0, 0.0, 1.0],
        [30.0, 1.0, 1.0, 0.0],
        [np.nan, 0.0, 1.0, np.nan],
        [60.0, np.nan, 2.0, 1.0],
        [35.0, 2.0, 0.0, 0.0],
    ]
)


def pandas_frame(**changes):
    columns = {
        "age": AGES,
        "job": JOBS,
        "size": pd.Categorical(SIZES),
        "owner": pd.array(OWNERS, dtype="boolean"),
    }
    return pd.DataFrame({**columns, **changes})


def pandas_objects(**changes):
    columns = {"age": pd.array([20, 30, None, 60, 35], dtype="Int64"), "job": JOBS}
    objects = {"size": pd.array(SIZES, dtype="string"), "owner": OWNERS}
    return pd.DataFrame({**columns, **objects, **changes})


def polars_frame(**changes):
    size = pl.Series(SIZES, dtype=pl.Categorical)
    columns = {"age": AGES, "job": JOBS, "size": size, "owner": OWNERS}
    return pl.DataFrame({**columns, **changes})


FRAMES = [pandas_frame, pandas_objects, polars_frame]
frames = pytest.mark.parametrize("frame", FRAMES, ids=lambda make: make.__name__)


@frames
def test_distances_are_the_definition(frame):
    found = pairwise_distances(frame(), metric="gower")
    definition = [
        [gower(x, y, [40.0] * 4, categorical=[1, 2, 3]) for y in CODES] for x in CODES
    ]
    np.testing.assert_allclose(found, definition, rtol=1e-15)


@frames
def test_columns_say_themselves_what_they_are(frame):
    labels = column_labels(frame())
    assert labels == (None, ("cook", "dj", "poet"), ("L", "M", "S"), (False, True))
    numbers = numbers_for_labels(frame(), labels)
    assert type(numbers) is type(frame())
    assert list(numbers.columns) == ["age", "job", "size", "owner"]
    np.testing.assert_array_equal(np.isnan(numbers), np.isnan(CODES))


@frames
def test_a_label_not_seen_before_differs_from_all_others(frame):
    metric = get_metric("gower").learn_table(frame())
    rows = metric.check_rows(frame())
    other = metric.check_rows(frame(job=["pilot"] * 5))
    distances = metric.learn(rows).block_keys(other, rows)
    known = metric.learn(rows).block_keys(rows, rows)
    # Row 0 is as before but for its job, one of four columns.
    assert distances[0, 0] == known[0, 0] + 0.25


@frames
def test_two_frames(frame):
    ranges = [40.0, 1.0, 1.0, 1.0]
    whole = pairwise_distances(frame(), metric="gower")
    apart = pairwise_distances(frame(), frame(), metric="gower", ranges=ranges)
    np.testing.assert_array_equal(apart, whole)
    paired = paired_distances(frame(), frame(), metric="gower", ranges=ranges)
    np.testing.assert_array_equal(paired, np.zeros(5))
    with pytest.raises(ValueError, match="'ranges' parameter is required"):
        pairwise_distances(frame(), frame(), metric="gower")


@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, pd.DataFrame, list])
def test_numbers_stay_numbers(kind):
    rows = kind(np.eye(3))
    assert column_labels(rows) is None
    assert get_metric("gower").learn_table(rows).params["categories"] is None


def test_numbers_in_a_column_of_objects_are_numbers():
    frame = pd.DataFrame({"a": np.array([1, 2.5, None], dtype=object)})
    assert column_labels(frame) is None


def test_labels_without_an_order():
    frame = pd.DataFrame({"a": np.array(["x", 1, ("y",)], dtype=object)})
    assert column_labels(frame) == (("x", 1, ("y",)),)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_single_precision_stays(dtype):
    frame = pandas_frame(age=np.arange(5, dtype=dtype))
    assert get_metric("gower").learn_table(frame).check_rows(frame).dtype == dtype


def test_other_metrics_refuse_words():
    with pytest.raises(ValueError, match="could not convert"):
        pairwise_distances(pandas_frame(), metric="manhattan")


def test_a_frame_with_other_columns_is_refused():
    metric = get_metric("gower").learn_table(pandas_frame())
    with pytest.raises(ValueError, match="could not convert"):
        metric.check_rows(pandas_frame().iloc[:, :2])
    with pytest.raises(ValueError, match="could not convert"):
        metric.check_rows(pandas_frame(age=list("abcde")))


def test_categories_are_labels_or_none_for_each_column():
    metric = get_metric("gower", categories=[("a", "b"), None])
    rows = np.array([[0.0, 1.0], [1.0, 1.0], [5.0, 3.0]])
    distances = metric.learn(rows).block_keys(rows, rows)
    np.testing.assert_array_equal(distances[0], [0.0, 0.5, 1.0])
    with pytest.raises(ValueError, match="got 2 for 3 columns"):
        metric.learn(np.ones((2, 3)))
    for wrong in (3, [1, 2]):
        with pytest.raises(ValueError, match="categories must have one entry a column"):
            get_metric("gower", categories=wrong)
