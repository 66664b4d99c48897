"""The table that the benchmarks write: which ratio stands where."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    before = set(sys.modules)
    yield importlib.import_module("report")
    for name in set(sys.modules) - before:
        if str(BENCHMARKS) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def result(seconds, **fields):
    common = {
        "case": "words",
        "short": "words",
        "kind": "batch",
        "shape": [400_000, 50],
        "queries": 100,
        "kernels": True,
    }
    return {**common, "seconds": seconds, **fields}


def rows_of(table):
    lines = [line.strip("|").split("|") for line in table.splitlines()]
    heads = [cell.strip() for cell in lines[0]]
    return [
        dict(zip(heads, (c.strip() for c in line), strict=True)) for line in lines[2:]
    ]


def test_ratios_are_paired_round_by_round(report):
    # Machine twice as slow in the second round, for both: the ratio does not move.
    seconds = {"sknorms": [1.0, 2.0, 1.0], "scikit-learn": [3.0, 6.0, 3.0]}
    (row,) = rows_of(report.table([result(seconds)]))
    assert row["scikit-learn"] == "3.0"
    assert row["faiss flat"] == ""
    assert row["ours"] == "1.000 s"


def test_the_bare_product_is_given_the_other_way_round(report):
    seconds = {"sknorms": [1.0], report.BARE: [2.5]}
    (row,) = rows_of(report.table([result(seconds)]))
    assert row[f"ours / {report.BARE}"] == "0.40"


def test_the_faster_of_two_peers_in_one_column_counts(report):
    seconds = {"sknorms": [1.0], "scipy cKDTree": [4.0], "scipy cdist": [2.0]}
    (row,) = rows_of(report.table([result(seconds)]))
    assert row["scipy"] == "2.0"


def test_forced_algorithms_are_no_peers(report):
    seconds = {
        "sknorms": [1.0],
        "sknorms brute": [1.5],
        "sknorms prefix": [0.9],
    }
    (row,) = rows_of(report.table([result(seconds)]))
    assert row["best forced"] == "prefix 0.90"
    assert row["scikit-learn"] == ""


def test_queries_that_come_one_by_one_are_timed_each(report):
    (row,) = rows_of(report.table([result({"sknorms": [0.5]}, kind="single")]))
    assert row["ours"] == "5.00 ms a query"


def test_a_case_without_kernels_says_so(report):
    (row,) = rows_of(report.table([result({"sknorms": [0.5]}, kernels=False)]))
    assert row["case"] == "words, without numba"


def test_only_what_is_between_the_marks_is_replaced(report):
    text = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    once = report.between_marks(text, "new")
    assert once == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    assert report.between_marks(once, "new") == once


@pytest.mark.parametrize("text", ["none", "{BEGIN}", "{END}{BEGIN}", "{BEGIN}" * 2])
def test_a_text_without_the_two_marks_is_refused(report, text):
    text = text.format(BEGIN=report.BEGIN, END=report.END)
    with pytest.raises(ValueError, match="results: "):
        report.between_marks(text, "new")


def test_the_page_has_the_marks(report):
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert report.between_marks(page, "new").startswith("# Benchmarks")


def test_the_picture_has_a_panel_for_each_peer(report, tmp_path):
    seconds = {"sknorms": [1.0], "scikit-learn": [3.0], "faiss flat": [0.5]}
    report.draw([result(seconds)], "a machine", tmp_path / "knn.png")
    assert (tmp_path / "knn.png").stat().st_size > 5_000


def test_all_panels_show_the_least_and_the_greatest_ratio(report):
    near = result({"sknorms": [1.0], "faiss flat": [0.02]})
    far = result({"sknorms": [1.0], "scikit-learn": [40.0], "faiss flat": [1.5]})
    low, high = report.limits([near, far])
    assert 0.01 < low < 0.02
    assert 40.0 < high < 200.0
