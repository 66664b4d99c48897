"""What the script on mistakes counts, and the table that it writes into the guide."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).parents[1]
BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture
def mistakes(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    yield importlib.import_module("bench_mistakes")
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def cells_of(table):
    """Return the rows of a list-table, each a list of cells."""
    rows = []
    for line in table.splitlines():
        mark, dash, cell = line[3:4], line[5:7], line[7:]
        if dash == "- ":
            rows = [*rows, []] if mark == "*" else rows
            rows[-1].append(cell)
    return rows


def test_table_has_a_row_for_each_mistake(mistakes):
    costs = [mistakes.Cost("one", "on a", "1", "2"), mistakes.Cost("b", "c", "d", "e")]
    head, *rows = cells_of(mistakes.as_rst(costs))
    assert head == list(mistakes.HEADS)
    assert rows == [["one", "on a", "1", "2"], ["b", "c", "d", "e"]]


def test_guide_has_a_table_of_the_script(mistakes):
    page = mistakes.PAGE.read_text()
    inner = page.split(mistakes.BEGIN)[1].split(mistakes.END)[0]
    head, *rows = cells_of(inner)
    assert head == list(mistakes.HEADS)
    assert len(rows) >= len(mistakes.QUESTIONS)
    costs = [mistakes.Cost(*row) for row in rows]
    again = mistakes.between_marks(
        page, f"\n{mistakes.as_rst(costs)}\n", mistakes.BEGIN, mistakes.END
    )
    assert again == page


def test_rows_that_tie_with_the_last_count_as_nearest(mistakes, monkeypatch):
    monkeypatch.setattr(mistakes, "K", 2)
    X = np.array([[0.0], [1.0], [-1.0], [5.0]])
    # From the first row, the second and the third are equally far.
    own = [[0, 1], [1, 0], [2, 0], [3, 1]]
    assert mistakes.share_nearest(X, np.array(own)) == 1.0
    assert mistakes.share_nearest(X, np.array([[0, 2], *own[1:]])) == 1.0
    assert mistakes.share_nearest(X, np.array([[0, 3], *own[1:]])) == 7 / 8


def test_lists_in_another_order_have_everything_in_common(mistakes):
    want = np.array([[1, 2], [3, 4]])
    assert mistakes.in_common(want[:, ::-1], want) == 1.0
    assert mistakes.in_common(np.array([[1, 5], [6, 7]]), want) == 0.25


def test_phrases_find_their_class_and_nothing_beyond_a_radius(mistakes, monkeypatch):
    monkeypatch.setattr(mistakes, "K", 1)
    rows = mistakes.Phrases(
        classes=np.array([[3.0, 0.0], [0.0, 1.0]]),
        phrases=np.array([[0.1, 1.0], [0.0, 0.2], [1.0, 0.9]]),
        right=np.array([1, 1, 0]),
    )
    assert rows.recall("cosine") == 1.0
    assert rows.recall("euclidean") == pytest.approx(2 / 3)
    assert rows.answered("euclidean", 0.5) == "33%"
    assert rows.changed(lambda table: table[:, :1]).recall("euclidean") < 1.0
