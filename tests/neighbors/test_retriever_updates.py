"""After any sequence of additions and removals: what a fresh fit would answer."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts import assert_same_bits
from rows import rows_for
from scipy import sparse

from sknorms.metrics import metric_names
from sknorms.neighbors import Retriever

pytestmark = pytest.mark.kernels

LEARNING = ["seuclidean", "mahalanobis", "gower"]
POOL = 400
QUERIES = 5


def assert_like_fresh(model, rows, names, groups, queries, metric):
    """Compare with a fit on the surviving rows, under every kind of search."""
    fresh = Retriever(metric, n_neighbors=4).fit(rows, names, groups=groups)
    n_rows = len(names)
    assert model.n_samples_fit_ == n_rows
    assert model.ids_.tolist() == names.tolist()
    rng = np.random.default_rng(n_rows)
    masks = rng.random((len(queries), n_rows)) < 0.4
    for filters in (
        {},
        {"k": n_rows},
        {"where": masks},
        {"where": sparse.csr_array(masks & (rng.random(masks.shape) < 0.1))},
        {"where": masks[0]},
        {"exclude_groups": groups[: len(queries)]},
    ):
        assert_same_result(
            model.search(queries, **filters), fresh.search(queries, **filters)
        )
    name = "min_score" if model.search(queries).higher_is_better else "radius"
    limit = {name: float(np.abs(np.median(fresh.search(queries).all_values)))}
    assert_same_result(model.search(queries, **limit), fresh.search(queries, **limit))
    for key, value in fresh.effective_metric_params_.items():
        np.testing.assert_array_equal(model.effective_metric_params_[key], value)


def assert_same_result(mine, theirs):
    np.testing.assert_array_equal(mine.starts, theirs.starts)
    np.testing.assert_array_equal(mine.all_indices, theirs.all_indices)
    assert mine.all_ids.tolist() == theirs.all_ids.tolist()
    assert_same_bits(mine.all_values, theirs.all_values)


def apply_steps(model, steps, rows, names, groups):
    """Add (positive) and remove (negative) as many rows as each step says."""
    start = 20
    alive, added = list(range(start)), start
    model.fit(rows[:start], names[:start], groups=groups[:start])
    rng = np.random.default_rng(len(steps))
    for step in steps:
        if step > 0:
            new = slice(added, added + step)
            model.partial_fit(rows[new], names[new], groups=groups[new])
            alive += range(new.start, new.stop)
            added += step
        else:
            gone = rng.choice(alive, min(-step, len(alive) - 10), replace=False)
            model.remove(names[gone])
            alive = [row for row in alive if row not in set(gone.tolist())]
        if rng.random() < 0.5:
            model.search(rows[:2])  # settles, so that later steps find large blocks
    return np.array(alive)


@pytest.mark.parametrize("metric", metric_names())
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_every_metric(metric, layout):
    rows = rows_for(metric, POOL, whole=True)
    names = np.array([f"id {i}" for i in range(POOL)])
    groups = np.arange(POOL) % 3
    model = Retriever(metric, n_neighbors=4)
    steps = [1, 1, -3, 60, 2, -20, 1, 100, -90, 3]
    alive = apply_steps(model, steps, layout(rows), names, groups)
    queries = rows_for(metric, QUERIES, seed=1, whole=True)
    assert_like_fresh(
        model, layout(rows[alive]), names[alive], groups[alive], queries, metric
    )


@pytest.mark.parametrize("metric", ["cosine", "dot", "manhattan", *LEARNING])
@settings(max_examples=25)
@given(steps=st.lists(st.integers(-25, 25).filter(bool), max_size=12))
def test_any_sequence(metric, steps):
    rows = rows_for(metric, POOL, whole=True)
    names, groups = np.arange(POOL) * 7, np.arange(POOL) % 3
    model = Retriever(metric, n_neighbors=4)
    alive = apply_steps(model, steps, rows, names, groups)
    queries = rows_for(metric, QUERIES, seed=1, whole=True)
    assert_like_fresh(model, rows[alive], names[alive], groups[alive], queries, metric)


def test_one_row_at_a_time():
    rows = np.random.default_rng(0).normal(size=(150, 3))
    model = Retriever(n_neighbors=5)
    for row in rows:
        model.partial_fit(row[None])
        model.search(rows[:1])
    # What was prepared once stays: a few blocks, each much larger than the next.
    assert len(model._store.blocks) < 6
    result = model.search(rows)
    expected = Retriever(n_neighbors=5).fit(rows).search(rows)
    assert_same_result(result, expected)


def test_the_large_block_is_not_prepared_again():
    model = Retriever().fit(np.eye(50))
    corpus = model._store.blocks[0].index.corpus
    model.partial_fit(np.ones((2, 50))).remove([3, 51])
    assert model.search(np.eye(50)[[4]], 1).indices.tolist() == [[3]]
    assert model._store.blocks[0].index.corpus is corpus


def test_removed_rows_are_dropped_in_the_end():
    model = Retriever().fit(np.eye(40)).remove(range(30))
    model.search(np.eye(40))
    assert [len(block.labels) for block in model._store.blocks] == [10]


# ---- ids ----


def test_numbers_are_not_given_again():
    model = Retriever().fit(np.eye(3)).remove([1, 2])
    model.partial_fit(np.eye(3)[1:])
    assert model.ids_.tolist() == [0, 3, 4]
    assert model.search(np.eye(3), 1).ids.ravel().tolist() == [0, 3, 4]
    assert model.search(np.eye(3), 1).indices.ravel().tolist() == [0, 1, 2]


def test_ids_of_several_types_stay_what_they_are():
    model = (
        Retriever().fit(np.eye(4)[:2], [1, 2]).partial_fit(np.eye(4)[2:], ["1", "x"])
    )
    assert model.ids_.tolist() == [1, 2, "1", "x"]
    assert model.remove("1").ids_.tolist() == [1, 2, "x"]
    assert model.remove(1).ids_.tolist() == [2, "x"]


def test_longer_strings_are_not_cut():
    model = Retriever().fit(np.eye(2)[:1], ["a"]).partial_fit(np.eye(2)[1:], ["longer"])
    assert model.ids_.tolist() == ["a", "longer"]


def test_index_of_frames():
    frame = pd.DataFrame(np.eye(4), index=list("abcd"), columns=list("wxyz"))
    model = Retriever().fit(frame[:2]).partial_fit(frame[2:]).remove(["b"])
    assert model.ids_.tolist() == ["a", "c", "d"]


def test_dates_are_ids():
    days = pd.date_range("2024-01-01", periods=3)
    model = Retriever().fit(np.eye(3), days).remove([days[1]])
    assert model.ids_.tolist() == days[[0, 2]].to_numpy().tolist()
    assert len(model.remove(days[0]).ids_) == 1


def test_an_id_may_come_back():
    model = Retriever().fit(np.eye(3), ["a", "b", "c"]).remove(["b"])
    model.partial_fit(np.ones((1, 3)), ["b"])
    assert model.ids_.tolist() == ["a", "c", "b"]
    assert model.remove("b").ids_.tolist() == ["a", "c"]


# ---- data frames with labels ----


def people(n_rows, seed, jobs):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, n_rows),
            "job": rng.choice(jobs, n_rows),
            "member": rng.random(n_rows) < 0.5,
        }
    )


@pytest.mark.parametrize("ranges", [None, [40.0, 1.0, 1.0]])
def test_labels_of_later_frames(ranges):
    parts = [people(20, i, ["cook", "dj", "nurse", "pilot"][: i + 2]) for i in range(3)]
    queries = people(9, 7, ["cook", "dj", "pilot", "judge"])
    params = {} if ranges is None else {"ranges": ranges}
    model = Retriever("gower", metric_params=params).fit(parts[0], np.arange(20))
    for i in (1, 2):
        model.partial_fit(parts[i], np.arange(20 * i, 20 * i + 20))
        if i == 1:
            model.search(queries)
    model.remove(range(10))
    whole = pd.concat(parts).iloc[10:]
    fresh = Retriever("gower", metric_params=params).fit(whole, np.arange(10, 60))
    for k in (1, 50):
        assert_same_result(model.search(queries, k), fresh.search(queries, k))


def test_labels_that_were_named_are_all_there_are():
    known = {"categories": [None, ["cook", "dj"], [False, True]]}
    model = Retriever("gower", metric_params=known).fit(people(9, 0, ["cook", "dj"]))
    model.partial_fit(people(9, 1, ["nurse"]))
    categories = model.effective_metric_params_["categories"]
    assert list(categories[1]) == ["cook", "dj"]


# ---- dtypes, layouts, emptiness ----


@pytest.mark.parametrize("first", [np.float32, np.float64, np.int8, np.float16])
@pytest.mark.parametrize("second", [np.float32, np.float64, np.uint8])
def test_rows_of_two_dtypes_are_like_rows_of_their_common_one(first, second):
    rng = np.random.default_rng(0)
    one = rng.integers(0, 9, (20, 4)).astype(first)
    two = rng.integers(0, 9, (20, 4)).astype(second)
    queries = rng.normal(size=(3, 4)).astype(np.float32)
    for settle in (False, True):
        model = Retriever("euclidean").fit(one)
        if settle:
            model.partial_fit(two[:10]).search(queries)
        model.partial_fit(two[10 * settle :])
        fresh = Retriever("euclidean").fit(np.concatenate([one, two]))
        assert_same_result(model.search(queries), fresh.search(queries))


@pytest.mark.parametrize("first", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("second", [np.asarray, sparse.csr_array, sparse.coo_matrix])
def test_dense_and_sparse_rows_may_be_mixed(first, second):
    rows = rows_for("cosine", 60, whole=True)
    model = Retriever().fit(first(rows[:40])).partial_fit(second(rows[40:]))
    fresh = Retriever().fit(first(rows))
    assert_same_result(model.search(rows), fresh.search(rows))
    assert sparse.issparse(model._store.blocks[-1].index.rows) is sparse.issparse(
        first(rows)
    )


def test_added_rows_are_a_copy():
    buffer = np.eye(3)
    model = Retriever().fit(np.ones((1, 3)))
    for _ in range(2):
        model.partial_fit(buffer[:1])
        buffer[0] = [0.0, 1.0, 0.0]
    assert model.search([[1.0, 0.0, 0.0]], 1).indices.tolist() == [[1]]


@pytest.mark.parametrize("metric", ["cosine", "seuclidean"])
def test_without_any_row_nothing_is_found(metric):
    model = Retriever(metric).fit(np.eye(3) + 1).remove([0, 1, 2])
    result = model.search(np.eye(3))
    assert result.counts.tolist() == [0, 0, 0]
    assert result.ids.shape == (3, 0)
    assert model.transform(np.eye(3)).shape == (3, 0)
    model.partial_fit(np.eye(3) + 2)
    assert model.ids_.tolist() == [3, 4, 5]
    fresh = Retriever(metric).fit(np.eye(3) + 2)
    np.testing.assert_array_equal(
        model.search(np.eye(3)).indices, fresh.search(np.eye(3)).indices
    )


def test_the_first_partial_fit_is_a_fit():
    model = Retriever().partial_fit(np.eye(3), ["a", "b", "c"])
    assert model.n_features_in_ == 3
    assert model.ids_.tolist() == ["a", "b", "c"]


def test_fit_forgets():
    model = Retriever().fit(np.eye(3)).partial_fit(np.eye(3)).fit(np.eye(2))
    assert model.ids_.tolist() == [0, 1]


def test_pickle_between_changes():
    model = Retriever("mahalanobis").fit(np.random.default_rng(0).normal(size=(30, 3)))
    model.partial_fit(np.eye(3)).remove([0, 31])
    again = pickle.loads(pickle.dumps(model))
    assert_same_result(again.search(np.eye(3)), model.search(np.eye(3)))


# ---- mistakes ----


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["z"], "got 'z', which no row has"),
        (["a", "z"], "got 'z', which no row has"),
        ("shared", "got 'shared', which several rows share"),
        ([1], "got 1, which no row has"),
        ({"a"}, "ids must be 1-dimensional.* got set"),
        ([["a"]], "ids that are looked up must be hashable.* list"),
    ],
)
def test_ids_that_cannot_be_removed(ids, message):
    model = Retriever().fit(np.eye(3), ["a", "shared", "shared"])
    with pytest.raises((ValueError, TypeError), match=message):
        model.remove(ids)
    assert model.n_samples_fit_ == 3
    assert len(model.search(np.eye(3), 3).all_ids) == 9


def test_ids_that_cannot_be_looked_up():
    model = Retriever().fit(np.eye(2), [{"text": "a"}, {"text": "b"}])
    with pytest.raises(TypeError, match="ids that are looked up must be hashable"):
        model.remove([1])
    with pytest.raises(TypeError, match="ids that are looked up must be hashable"):
        model.score(np.eye(2), ["a", "b"])


def test_removing_twice_is_a_mistake():
    model = Retriever().fit(np.eye(3)).remove(0)
    with pytest.raises(ValueError, match="got 0, which no row has"):
        model.remove(0)
    assert model.remove([1, 1]).ids_.tolist() == [2]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"y": ["a"]}, {}, "have ids .*, these have none"),
        ({}, {"y": ["a"]}, "have no ids .*, these have some"),
        ({"groups": ["a"]}, {}, "have groups, these have none"),
        ({}, {"groups": ["a"]}, "have no groups, these have some"),
        (
            {"y": pd.DataFrame({"a": [1]})},
            {"y": ["a"]},
            "have a DataFrame of payload as y, these have none",
        ),
        (
            {"y": pd.DataFrame({"a": [1]})},
            {"y": pd.DataFrame({"b": [1]})},
            r"same columns as before, \['pandas', 'a'\]; got \['pandas', 'b'\]",
        ),
        (
            {"y": pd.DataFrame({"a": [1]})},
            {"y": pl.DataFrame({"a": [1]})},
            r"\['pandas', 'a'\]; got \['polars', 'a'\]|ids .*, these have none",
        ),
    ],
)
def test_later_rows_say_as_much_as_earlier_ones(first, second, message):
    model = Retriever().fit(np.eye(3)[:1], **first)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(np.eye(3)[1:2], **second)


def test_later_rows_are_checked_when_they_come():
    model = Retriever("hellinger").fit(np.eye(3))
    with pytest.raises(ValueError, match="non-negative"):
        model.partial_fit(-np.eye(3))
    with pytest.raises(ValueError, match="2 features"):
        model.partial_fit(np.eye(2))
    assert model.n_samples_fit_ == 3
