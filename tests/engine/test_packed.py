"""Sums over rows of bytes, by instructions and without them."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from sknorms.engine import _packed
from sknorms.engine._packed import PackedRows, byte_groups, can_pack, packed_scores

pytestmark = pytest.mark.kernels

KINDS = pytest.mark.parametrize("kind", [np.int32, np.int64], ids=["dot", "difference"])


@pytest.fixture(params=["as here", "without instructions"])
def ways(request, monkeypatch):
    if request.param != "as here":
        monkeypatch.setattr(_packed, "can_pack", lambda: False)


def some(kind, n_queries, n_rows, width, seed=0):
    """Return queries and unsigned rows as their sums take them."""
    rng = np.random.default_rng(seed)
    queries = rng.integers(0, 256, (n_queries, width)).astype(np.uint8)
    rows = rng.integers(0, 256, (n_rows, width)).astype(np.uint8)
    return queries.view(np.int8) if kind == np.int32 else queries, rows


def naive(queries, rows, kind):
    """Return all sums, one pair at a time."""
    x, y = queries.astype(int), rows.astype(int)
    if kind == np.int32:
        return np.array([[sum(a * b) for b in y] for a in x], dtype=np.float32)
    return np.array([[sum(abs(a - b)) for b in y] for a in x], dtype=np.float32)


def scored(queries, packed, kind):
    out = np.full((len(queries), len(packed)), np.nan, dtype=np.float32)
    packed_scores(byte_groups(queries, kind), packed, out)
    return out


@KINDS
@pytest.mark.parametrize("n_queries", [1, 11, 12, 13, 25])
@pytest.mark.parametrize("n_rows", [1, 15, 16, 31, 33, 70])
@pytest.mark.parametrize("width", [1, 4, 7, 24, 100])
def test_sums_of_every_shape_are_those_of_pairs(kind, n_queries, n_rows, width, ways):
    queries, rows = some(kind, n_queries, n_rows, width)
    packed = PackedRows.of(byte_groups(rows, kind))
    np.testing.assert_array_equal(
        scored(queries, packed, kind), naive(queries, rows, kind)
    )


@KINDS
def test_the_largest_sums_do_not_overflow(kind, ways):
    rows = np.full((2, 5000), 255, dtype=np.uint8)
    queries = np.full((2, 5000), -128, dtype=np.int8)
    if kind == np.int64:
        queries = np.zeros((2, 5000), dtype=np.uint8)
    packed = PackedRows.of(byte_groups(rows, kind))
    np.testing.assert_array_equal(
        scored(queries, packed, kind), naive(queries, rows, kind)
    )


@KINDS
@pytest.mark.parametrize(
    "part", [slice(0, 5), slice(3, 40), slice(32, 64), slice(63, 90), slice(90, None)]
)
def test_a_slice_scores_its_rows_wherever_it_begins(kind, part, ways):
    queries, rows = some(kind, 13, 95, 20)
    packed = PackedRows.of(byte_groups(rows, kind))
    expected = naive(queries, rows[part], kind)
    np.testing.assert_array_equal(scored(queries, packed[part], kind), expected)
    np.testing.assert_array_equal(
        scored(queries, packed[part][1:], kind), expected[:, 1:]
    )


@KINDS
def test_chosen_rows_are_scored_in_the_order_they_are_named(kind, ways):
    queries, rows = some(kind, 5, 95, 20)
    packed = PackedRows.of(byte_groups(rows, kind))
    chosen = np.array([80, 3, 3, 0, 64])
    expected = naive(queries, rows[10:][chosen], kind)
    found = scored(queries, packed[10:][chosen], kind)
    np.testing.assert_array_equal(found, expected)


@KINDS
def test_blocks_are_written_in_place(kind):
    _, rows = some(kind, 1, 70, 16)
    whole = PackedRows.of(byte_groups(rows, kind))
    written = PackedRows.empty(70, whole.words.shape[1], kind)
    for start in (0, 32, 64):
        written[start : start + 32] = PackedRows.of(
            byte_groups(rows[start : start + 32], kind)
        )
    np.testing.assert_array_equal(written.words, whole.words)
    with pytest.raises(ValueError, match="whole blocks"):
        written[5:37] = PackedRows.of(byte_groups(rows[5:37], kind))


def test_packed_rows_pickle():
    _, rows = some(np.int32, 1, 40, 16)
    packed = PackedRows.of(byte_groups(rows, np.int32))[7:]
    again = pickle.loads(pickle.dumps(packed))
    np.testing.assert_array_equal(again.words, packed.words)
    assert (again.start, again.stop) == (packed.start, packed.stop)


def test_bytes_are_not_packed_for_a_processor_that_numba_was_told_of():
    code = "from sknorms.engine._packed import can_pack; print(can_pack())"
    told = {**os.environ, "NUMBA_CPU_NAME": "x86-64"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=told,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


def test_instructions_have_no_plain_form():
    with pytest.raises(TypeError, match="no Python form; call the kernel"):
        _packed._tile()


def test_what_is_said_of_the_processor_is_a_fact_of_the_process():
    assert can_pack() in (True, False)
    assert can_pack() is can_pack()
