"""The matrix a chunk at a time, and what a reducing function may return."""

from types import GeneratorType

import numpy as np
import pytest
from rows import rows_for
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import EfficiencyWarning

from sknorms.metrics import get_metric, metric_names, pairwise_distances
from sknorms.metrics import pairwise_distances_chunked as chunked

X = np.random.default_rng(0).normal(size=(200, 5))
Y = np.random.default_rng(1).normal(size=(90, 5))


@pytest.mark.parametrize("metric", metric_names())
@pytest.mark.parametrize("mebibytes", [0, 0.02, None])
def test_chunks_are_the_matrix(metric, mebibytes):
    rows = rows_for(metric, 60)
    chunks = list(chunked(rows, metric=metric, working_memory=mebibytes))
    whole = pairwise_distances(rows, metric=metric)
    np.testing.assert_array_equal(np.vstack(chunks), whole)


@pytest.mark.parametrize("metric", [n for n in metric_names() if get_metric(n).learned])
def test_what_is_learnt_is_learnt_from_all_rows(metric):
    rows = rows_for(metric, 60)
    first = next(chunked(rows, metric=metric, working_memory=0.001))
    assert len(first) < 60
    whole = pairwise_distances(rows, metric=metric)
    np.testing.assert_array_equal(first, whole[: len(first)])
    with pytest.raises(ValueError, match="required"):
        chunked(rows, rows.copy(), metric=metric)


def test_it_is_a_generator():
    chunks = chunked(X, Y, working_memory=0)
    assert isinstance(chunks, GeneratorType)
    assert next(chunks).shape == (1, 90)
    assert len(list(chunks)) == 199


@pytest.mark.parametrize("mebibytes", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_chunks_fit_into_the_budget(mebibytes, dtype):
    rows, other = X.astype(dtype), Y.astype(dtype)
    with config_context(working_memory=mebibytes):
        sizes = [chunk.nbytes for chunk in chunked(rows, other)]
    assert max(sizes) <= mebibytes * 2**20
    assert sum(sizes) == 200 * 90 * rows.itemsize
    # And use a fair part of it: two chunks and what computing one takes share it.
    assert max(sizes) >= min(sum(sizes), 0.25 * mebibytes * 2**20)


def test_working_memory_is_kept():
    import tracemalloc

    rows = np.random.default_rng(0).normal(size=(2000, 30))
    list(chunked(rows[:50]))
    tracemalloc.start()
    for chunk in chunked(rows, working_memory=2.0, n_jobs=2):
        assert chunk.shape[1] == 2000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 2.0 * 2**20


def test_the_diagonal_is_zero_in_chunks():
    rows = 1e10 * (1 + 1e-9 * X)
    for metric in ("euclidean", "l2", "sqeuclidean", "cosine"):
        values = np.vstack(list(chunked(rows, metric=metric, working_memory=0.02)))
        assert (np.diagonal(values) == 0).all()


def test_values_are_computed_when_asked_for():
    calls = []

    def note(x, y):
        calls.append(1)
        return 1.0

    with pytest.warns(EfficiencyWarning, match="6 times") as caught:
        chunks = chunked([[1.0], [2.0]], [[0.0]] * 3, metric=note, working_memory=0)
    assert caught[0].filename == __file__
    assert calls == []
    next(chunks)
    assert len(calls) == 3


# ---- reducing ----


@pytest.mark.parametrize(
    "reduce_func",
    [
        lambda D, start: list(D),
        lambda D, start: D.argmin(axis=1),
        lambda D, start: sparse.csr_array(D > 1),
        lambda D, start: sparse.lil_matrix(D > 1),
        lambda D, start: [1] * len(D),
        lambda D, start: "x" * len(D),
    ],
)
def test_sequences_as_long_as_the_chunk_pass_through(reduce_func):
    whole = pairwise_distances(X, Y)
    start = 0
    for got in chunked(X, Y, reduce_func=reduce_func, working_memory=0.02):
        length = got.shape[0] if hasattr(got, "shape") else len(got)
        expected = reduce_func(whole[start : start + length], start)
        assert type(got) is type(expected)
        if sparse.issparse(got):
            assert abs(got - expected).max() == 0
        else:
            np.testing.assert_array_equal(got, expected)
        start += length
    assert start == 200


def test_tuples_pass_through_part_by_part():
    def reduce_func(D, start):
        return D.min(axis=1), list(range(start, start + len(D))), sparse.coo_array(D)

    parts = list(chunked(X, reduce_func=reduce_func, working_memory=0.05))
    assert len(parts) > 1
    assert all(isinstance(part, tuple) for part in parts)
    assert [row for part in parts for row in part[1]] == list(range(200))


def test_nothing_may_be_returned():
    starts = []

    def reduce_func(D, start):
        starts.append((start, len(D)))
        D[:] = 0  # a chunk belongs to the function

    before = X.copy()
    assert set(chunked(X, reduce_func=reduce_func, working_memory=0.05)) == {None}
    assert [s for s, _ in starts[1:]] == list(np.cumsum([n for _, n in starts])[:-1])
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("bad", [1, 1.5, (1, 2), ([1], 2), object(), np.array(3.0)])
def test_what_is_no_sequence_is_refused(bad):
    with pytest.raises(
        TypeError, match=r"returned .*Expected sequence\(s\) of length 3"
    ):
        next(chunked(X[:3], reduce_func=lambda D, start: bad))


def test_nested_tuples_are_refused():
    with pytest.raises(TypeError, match=r"Expected sequence"):
        next(chunked(X[:2], reduce_func=lambda D, start: (D, (1, 2))))


@pytest.mark.parametrize(
    ("reduce_func", "shown"),
    [
        (lambda D, start: D[:-1], "2"),
        (lambda D, start: [*D, 0], "4"),
        (lambda D, start: sparse.csr_array(D)[:2], "2"),
        (lambda D, start: (D, D[:1]), r"\(3, 1\)"),
        (lambda D, start: np.zeros((1, 3)), "1"),
    ],
)
def test_wrong_lengths_are_refused(reduce_func, shown):
    message = rf"object of length {shown}\. Expected same length as input: 3\."
    with pytest.raises(ValueError, match=message):
        next(chunked(X[:3], reduce_func=reduce_func))


# ---- input ----


def test_precomputed_comes_as_one_chunk():
    D = pairwise_distances(X)
    chunks = list(chunked(D, metric="precomputed", working_memory=0))
    assert len(chunks) == 1
    assert chunks[0] is D
    (lengths,) = chunked(
        D, metric="precomputed", reduce_func=lambda D, s: D.sum(axis=1)
    )
    np.testing.assert_array_equal(lengths, D.sum(axis=1))
    with pytest.raises(ValueError, match=r"requires shape"):
        chunked(D[:4], metric="precomputed")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"reduce_func": 3}, TypeError, r"reduce_func must be callable or None; got 3"),
        ({"working_memory": -1}, ValueError, r"working_memory"),
        ({"working_memory": "1"}, TypeError, r"working_memory"),
        ({"metric": "nearby"}, ValueError, r"'nearby'.*[Kk]nown names"),
        ({"metric": "cosine", "p": 2}, ValueError, r"'p'"),
        ({"Y": [[1.0]]}, ValueError, r"Incompatible dimension"),
        ({"Y": [[np.nan] * 5]}, ValueError, r"Input Y contains NaN"),
    ],
)
def test_bad_input_is_refused_at_the_call(params, error, message):
    with pytest.raises(error, match=message):
        chunked(X, **params)
