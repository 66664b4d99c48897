"""Progress is shown where it is wanted, says true things, and nothing otherwise."""

import io
import re
import sys
from types import SimpleNamespace

import joblib
import numpy as np
import pytest

import sknorms._progress as progress
from sknorms._parallel import run_tasks
from sknorms._progress import Progress, Report
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    NearestNeighbors,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
    Retriever,
)

ROWS = np.random.default_rng(0).normal(size=(300, 3))
LABELS = np.arange(300) % 3
# How to ask every estimator for something about all of its rows.
CALLS = {
    "kneighbors": lambda v: NearestNeighbors(verbose=v).fit(ROWS).kneighbors(ROWS),
    "leave one out": lambda v: NearestNeighbors(verbose=v).fit(ROWS).kneighbors(),
    "graph": lambda v: NearestNeighbors(verbose=v).fit(ROWS).kneighbors_graph(ROWS),
    "radius": lambda v: NearestNeighbors(verbose=v).fit(ROWS).radius_neighbors(ROWS),
    "classifier": lambda v: (
        KNeighborsClassifier(verbose=v).fit(ROWS, LABELS).predict(ROWS)
    ),
    "small blocks": lambda v: (
        KNeighborsRegressor(verbose=v, working_memory=0.05)
        .fit(ROWS, LABELS)
        .predict(ROWS)
    ),
    "weights": lambda v: (
        KNeighborsClassifier(verbose=v)
        .fit(ROWS, LABELS, sample_weight=np.full(300, 0.2))
        .predict(ROWS)
    ),
    "radius classifier": lambda v: (
        RadiusNeighborsClassifier(0.1, fallback="nearest", verbose=v)
        .fit(ROWS, LABELS)
        .predict(ROWS)
    ),
    "radius regressor": lambda v: (
        RadiusNeighborsRegressor(verbose=v).fit(ROWS, LABELS).predict(ROWS)
    ),
    "precomputed": lambda v: (
        NearestNeighbors(metric="precomputed", verbose=v)
        .fit(np.abs(ROWS @ ROWS.T))
        .kneighbors(np.abs(ROWS @ ROWS.T))
    ),
    "k transformer": lambda v: KNeighborsTransformer(verbose=v).fit_transform(ROWS),
    "radius transformer": lambda v: RadiusNeighborsTransformer(verbose=v).fit_transform(
        ROWS
    ),
    "search": lambda v: Retriever(verbose=v).fit(ROWS).search(ROWS),
    "search in few pairs": lambda v: (
        Retriever(verbose=v).fit(ROWS).search(ROWS, where=np.eye(300, dtype=bool))
    ),
    "search in parts": lambda v: (
        Retriever(verbose=v).fit(ROWS).partial_fit(ROWS[:9]).search(ROWS, radius=0.1)
    ),
}


class Stream(io.StringIO):
    """Standard error that is a terminal, or is not."""

    def __init__(self, terminal):
        super().__init__()
        self.terminal = terminal

    def isatty(self):
        return self.terminal


class Each(Report):
    """Every task is worth one."""

    def amount(self, task):
        return 1.0


def standard_error(stream, monkeypatch):
    # pytest takes sys.stderr back when a test begins, so its reader is told instead.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream))
    return stream


@pytest.fixture(params=[True, False], ids=["tqdm", "text"])
def has_tqdm(request, monkeypatch):
    if not request.param:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    return request.param


@pytest.fixture
def no_tqdm(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)


@pytest.fixture
def terminal(monkeypatch):
    return standard_error(Stream(True), monkeypatch)


@pytest.fixture
def log(monkeypatch):
    return standard_error(Stream(False), monkeypatch)


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock by one that is set by hand."""

    class Clock:
        now = 100.0

        def monotonic(self):
            return self.now

    made = Clock()
    monkeypatch.setattr(progress, "time", made)
    return made


# ---- silence ----


@pytest.mark.parametrize("call", CALLS)
def test_nothing_is_shown_unless_asked_for(call, has_tqdm, terminal):
    CALLS[call](0)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("call", CALLS)
def test_verbose_1_is_silent_where_there_is_no_terminal(call, has_tqdm, log, capsys):
    CALLS[call](1)
    assert log.getvalue() == ""
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("call", ["kneighbors", "search"])
def test_verbose_1_is_silent_about_short_work(call, has_tqdm, terminal, monkeypatch):
    monkeypatch.setattr(progress, "_DELAY", 1e6)
    CALLS[call](1)
    assert terminal.getvalue() == ""


# ---- what is shown ----


@pytest.mark.parametrize("call", CALLS)
def test_verbose_2_shows_all_queries_answered_once(call, has_tqdm, log):
    CALLS[call](2)
    text = log.getvalue()
    assert text.endswith("\n")
    if has_tqdm:
        assert "300/300" in text
        assert re.search(r"queries/s|s/ queries", text)
        assert text.count("\n") == 1
    else:
        shown = [int(n) for n in re.findall(r"^(\d+) of 300 queries", text, re.M)]
        assert shown == sorted(set(shown))
        assert shown[-1] == 300


@pytest.mark.parametrize("call", ["kneighbors", "search in parts"])
@pytest.mark.parametrize("verbose", [1, True, 2])
def test_on_a_terminal(call, verbose, has_tqdm, terminal, monkeypatch):
    monkeypatch.setattr(progress, "_DELAY", 0.0)
    CALLS[call](verbose)
    text = terminal.getvalue()
    assert text.startswith("\r")
    assert text.endswith("\n")
    assert ("300/300" if has_tqdm else "300 of 300 queries (100%)") in text


def test_answers_do_not_depend_on_it(has_tqdm, log):
    for n_jobs in (1, 3):
        loud = NearestNeighbors(verbose=2, n_jobs=n_jobs).fit(ROWS).kneighbors(ROWS)
        quiet = NearestNeighbors(n_jobs=n_jobs).fit(ROWS).kneighbors(ROWS)
        for mine, theirs in zip(loud, quiet, strict=True):
            np.testing.assert_array_equal(mine, theirs)


# ---- the line of text ----


def test_text_says_share_rate_and_time_left(no_tqdm, terminal, clock):
    handle = Progress.of(2, 2000)
    handle.begin()
    for seconds, done in ((2.0, 500), (0.01, 500), (2.0, 500), (0.0, 500)):
        clock.now += seconds
        handle.advance(done)
    lines = terminal.getvalue().rstrip("\n").split("\r")[1:]
    assert [line.rstrip() for line in lines] == [
        "500 of 2,000 queries (25%), 250 queries/s, 0:06 left",
        "1,500 of 2,000 queries (75%), 374 queries/s, 0:01 left",
        "2,000 of 2,000 queries (100%), 499 queries/s, took 0:04",
    ]


def test_a_shorter_line_covers_a_longer_one(no_tqdm, terminal, clock):
    handle = Progress.of(2, 10_000)
    handle.begin()
    for _ in range(4):
        clock.now += 9999.0
        handle.advance(2500)
    widths = [len(line) for line in terminal.getvalue().rstrip("\n").split("\r")[1:]]
    assert widths == sorted(widths)


def test_hours(no_tqdm, log, clock):
    handle = Progress.of(2, 100)
    handle.begin()
    clock.now += 100.0
    handle.advance(2)
    assert "0.02 queries/s, 1:21:40 left" in log.getvalue()


def test_a_log_gets_few_lines(no_tqdm, log, clock):
    handle = Progress.of(2, 1000)
    handle.begin()
    for _ in range(1000):
        clock.now += 0.1
        handle.advance(1)
    assert 5 <= log.getvalue().count("\n") <= 12


def test_short_work_is_shown_when_it_gets_long(no_tqdm, terminal, clock):
    handle = Progress.of(1, 3)
    handle.begin()
    clock.now += 0.4
    handle.advance(1)
    assert terminal.getvalue() == ""
    clock.now += 0.4
    handle.advance(1)
    assert "2 of 3 queries" in terminal.getvalue()


def test_other_units(no_tqdm, log):
    handle = Progress.of(2, 3, "rows")
    handle.begin()
    handle.advance(3)
    assert "3 of 3 rows" in log.getvalue()


def test_parts_add_up(no_tqdm, log):
    handle = Progress.of(2, 10)
    for share in (0.1, 0.7, 0.2):
        part = handle.part(share)
        part.begin()
        for _ in range(10):
            part.advance(1)
    assert "10 of 10 queries" in log.getvalue()


def test_what_is_done_twice_counts_once(no_tqdm, log):
    handle = Progress.of(2, 10)
    for _ in range(2):
        handle.begin()
        handle.advance(10)
    assert log.getvalue().count("10 of 10") == 1


# ---- tasks ----


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize(
    "backend", ["threading", "loky", "multiprocessing", "sequential"]
)
def test_tasks_are_reported_under_any_backend(n_jobs, backend, no_tqdm, log):
    with joblib.parallel_config(backend=backend):
        results = run_tasks(abs, range(-7, 0), n_jobs, report=Each(Progress.of(2, 7)))
    assert results == [7, 6, 5, 4, 3, 2, 1]
    assert "7 of 7 queries" in log.getvalue()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_error_ends_the_line(n_jobs, has_tqdm, terminal):
    def fail_late(task):
        if task == 6:
            raise ValueError("task 6")
        return task

    with pytest.raises(ValueError, match="task 6"):
        run_tasks(fail_late, range(8), n_jobs, report=Each(Progress.of(2, 8)))
    # In threads the error may come before any task is reported.
    assert terminal.getvalue()[-1:] in ({"\n"} if n_jobs == 1 else {"\n", ""})
    assert "8 of 8" not in terminal.getvalue()
    assert "8/8" not in terminal.getvalue()


# ---- mistakes ----


@pytest.mark.parametrize("verbose", [-1, 1.5, "yes", None])
@pytest.mark.parametrize("estimator", [NearestNeighbors, Retriever])
def test_verbose_is_a_level(verbose, estimator):
    with pytest.raises(ValueError, match="verbose must be"):
        estimator(verbose=verbose).fit(ROWS)
