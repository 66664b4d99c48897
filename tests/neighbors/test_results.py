"""Results say what their numbers are, and never hold what is no hit."""

import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from rows import rows_for

from sknorms.metrics import get_metric, metric_names
from sknorms.neighbors import Retriever

ROWS = np.random.default_rng(0).normal(size=(30, 4))
NAMES = np.array([f"row {i}" for i in range(30)])
MODEL = Retriever().fit(ROWS, NAMES)
EVEN = MODEL.search(ROWS[:3], 4)
RAGGED = MODEL.search(ROWS[:3], where=np.arange(30) < np.array([[2], [0], [9]]))


@pytest.mark.parametrize("metric", metric_names())
def test_every_metric_says_which_way_is_better(metric):
    rows = rows_for(metric, 30)
    found = Retriever(metric).fit(rows).search(rows[:5], 30)
    ways = {"distances": 1, "similarities": -1}
    own = "similarities" if found.higher_is_better else "distances"
    np.testing.assert_array_equal(getattr(found, own), found.values)
    for name, way in ways.items():
        if name == own or get_metric(metric).complementary:
            assert (np.diff(way * getattr(found, name), axis=1) >= 0).all()
        else:
            with pytest.raises(
                AttributeError, match=rf"{found.metric}.*no {name} of its own"
            ):
                getattr(found, name)
    assert found.metric == ("euclidean" if metric == "minkowski" else metric)


def test_euclidean_is_not_squared_unless_asked_for():
    for metric, expected in (("euclidean", 5.0), ("sqeuclidean", 25.0)):
        found = Retriever(metric).fit([[3.0, 4.0]]).search([[0.0, 0.0]])
        assert found.distances.tolist() == [[expected]]


def test_cosine_has_both():
    np.testing.assert_array_equal(EVEN.similarities, 1.0 - EVEN.distances)
    same = Retriever("cosine_similarity").fit(ROWS).search(ROWS[:3], 4)
    np.testing.assert_array_equal(same.similarities, EVEN.similarities)


def test_lists_of_one_length_are_tables():
    for name in ("ids", "indices", "values", "distances", "similarities"):
        assert getattr(EVEN, name).shape == (3, 4)
    assert EVEN.indices.dtype == np.intp
    assert EVEN.counts.tolist() == [4, 4, 4]


def test_lists_of_several_lengths_are_not_filled_up():
    for name in ("ids", "indices", "values", "distances", "similarities"):
        lists = getattr(RAGGED, name)
        assert lists.dtype == object
        assert [len(each) for each in lists] == [2, 0, 9]
    assert (RAGGED.all_indices >= 0).all()
    assert np.isfinite(RAGGED.all_values).all()


def test_iteration_gives_hits():
    for query, hits in enumerate(RAGGED):
        assert [hit.id for hit in hits] == RAGGED.ids[query].tolist()
        assert [hit.index for hit in hits] == RAGGED.indices[query].tolist()
        assert [hit.distance for hit in hits] == RAGGED.distances[query].tolist()
        similarities = RAGGED.similarities[query].tolist()
        assert [hit.similarity for hit in hits] == similarities
        assert [NAMES[hit.index] for hit in hits] == [hit.id for hit in hits]


def test_hits_say_what_the_metric_says():
    for metric, values in {
        "cosine": (0.0, 1.0),
        "cosine_similarity": (0.0, 1.0),
        "dot": (None, 6.0),
        "euclidean": (1.0, None),
    }.items():
        found = Retriever(metric).fit([[2.0, 0.0]]).search([[3.0, 0.0]])
        (hit,) = found[0]
        assert (hit.distance, hit.similarity) == values


def test_a_result_is_a_sequence():
    assert len(RAGGED) == 3
    assert RAGGED[-1] == RAGGED[2] == list(RAGGED)[2]
    assert [len(hits) for hits in RAGGED[::-1]] == [9, 0, 2]
    assert list(RAGGED[1:]) == list(RAGGED)[1:]
    assert len(RAGGED[3:]) == 0
    with pytest.raises(IndexError, match="query 3 is not among the 3 queries"):
        RAGGED[3]
    with pytest.raises(TypeError):
        RAGGED["a"]


def test_repr():
    assert repr(RAGGED) == (
        "SearchResult(3 queries, 11 hits, metric='cosine', higher_is_better=False)"
    )


def test_a_result_cannot_be_changed():
    with pytest.raises(AttributeError):
        EVEN.metric = "dot"


@pytest.mark.parametrize("result", [EVEN, RAGGED, RAGGED[1:2]])
def test_frames(result):
    pandas, polars = result.to_frame(), result.to_frame("polars")
    assert isinstance(pandas, pd.DataFrame)
    assert isinstance(polars, pl.DataFrame)
    assert pandas.columns.tolist() == polars.columns == ["query", "rank", "id", "value"]
    expected = [
        (query, rank, hit.id, hit.distance)
        for query, hits in enumerate(result)
        for rank, hit in enumerate(hits, start=1)
    ]
    assert list(pandas.itertuples(index=False, name=None)) == expected
    assert polars.rows() == expected


def test_frames_of_objects():
    found = Retriever().fit(np.eye(3), [("a", 1), "b", 3]).search(np.eye(3), 1)
    assert found.to_frame()["id"].tolist() == [("a", 1), "b", 3]
    strings = Retriever().fit(np.eye(2), pd.Series(["a", "b"], dtype=object))
    assert strings.search(np.eye(2), 1).to_frame("polars")["id"].to_list() == ["a", "b"]


def test_frames_keep_the_types_of_the_payload():
    payload = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b"]),
            "time": pd.date_range("2024", periods=2, tz="UTC"),
            "count": pd.array([1, None], dtype="Int64"),
        },
        index=[7, 8],
    )
    found = Retriever().fit(np.eye(2), payload).search(np.eye(2), 1)
    frame = found.to_frame()
    assert frame["id"].tolist() == [7, 8]
    pd.testing.assert_frame_equal(
        frame[["kind", "time", "count"]], payload.reset_index(drop=True)
    )
    assert found.to_frame("polars")["count"].to_list() == [1, None]
    own = pl.DataFrame({"kind": ["a", "b"]}, schema={"kind": pl.Categorical})
    found = Retriever().fit(np.eye(2), own).search(np.eye(2), 1)
    assert found.to_frame("polars")["kind"].dtype == pl.Categorical
    assert found.to_frame()["kind"].tolist() == ["a", "b"]


def test_frames_of_another_library():
    with pytest.raises(ValueError, match="library must be one of 'pandas', 'polars'"):
        EVEN.to_frame("numpy")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_library_that_is_missing_is_named_with_what_to_do(library, monkeypatch):
    result = Retriever().fit(np.eye(3)).search(np.eye(3), k=1)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=f"pip install {library}, or use what"):
        result.to_frame(library)
