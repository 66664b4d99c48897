"""The linear benchmark: gaps by definition, and which ratio counts for which aim."""

import importlib
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from sknorms.linear_model import ElasticNet, Lasso, LogisticRegression

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 12)) + 1.0
Y = X[:, 0] - 2.0 * X[:, 1] + RNG.normal(size=40)


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    names = [path.stem for path in BENCHMARKS.glob("*.py")]
    for name in names:
        # What tests share may have the same name.
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def gaps(load):
    return load("linear_gaps")


def problems(gaps):
    """Return a problem of each kind, with a strength that leaves some coefficients."""
    base = gaps.Problem(X, Y)
    kinds = [
        base,
        replace(base, X=sparse.csc_matrix(np.where(X > 1.0, X, 0.0))),
        replace(base, fit_intercept=False),
        replace(base, l1_ratio=0.5),
        replace(base, group_size=3),
        replace(base, weights=np.arange(40.0)),
        replace(base, loss="logistic", y=np.sign(Y - np.median(Y) + 1e-9)),
        replace(base, loss="multinomial", y=np.arange(40) % 3),
    ]
    return [one.with_alpha(0.1 * gaps.largest_alpha(one)) for one in kinds]


def test_largest_alpha_is_where_zero_is_optimal(gaps):
    for problem in problems(gaps):
        n_scores = 3 if problem.loss == "multinomial" else 1
        w = np.squeeze(np.zeros((12, n_scores)))
        b = gaps.null_scores(problem)[0]
        most = problem.with_alpha(gaps.largest_alpha(problem))
        assert gaps.relative_gap(most, w, b) == pytest.approx(0.0, abs=1e-12)
        assert gaps.relative_gap(problem, w, b) > 1e-3


def test_gap_is_never_below_what_a_model_is_above_another(gaps):
    for problem in problems(gaps):
        shape = (12, 3) if problem.loss == "multinomial" else (12,)
        null = gaps.null_scores(problem)
        scale = problem.share @ gaps.LOSSES[problem.loss].value(null, problem.y)
        tried = [0.1 * RNG.normal(size=shape) for _ in range(20)]
        least = min(gaps.objective(problem, w, null[0]) for w in tried)
        for w in tried:
            above = gaps.objective(problem, w, null[0]) - least
            assert gaps.relative_gap(problem, w, null[0]) >= above / scale - 1e-12


def test_gap_of_a_solution_is_small_and_that_of_a_worse_one_is_not(gaps):
    squared, _, _, mixed, _, _, logistic, _ = problems(gaps)
    models = [
        (squared, Lasso(squared.alpha, tol=1e-9).fit(X, Y)),
        (mixed, ElasticNet(mixed.alpha, l1_ratio=0.5, tol=1e-9).fit(X, Y)),
        (
            logistic,
            LogisticRegression(C=1.0 / (40 * logistic.alpha), l1_ratio=1, tol=1e-9).fit(
                X, logistic.y
            ),
        ),
    ]
    for problem, model in models:
        w, b = np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])
        assert abs(gaps.relative_gap(problem, w, b)) <= 2e-9
        assert gaps.relative_gap(problem, 1.01 * w, b) > 1e-6
        assert gaps.relative_gap(problem, w, b + 0.1) > 1e-6


def result(**fields):
    """Return a result in which celer is faster but wrong, and skglm is right."""
    common = {
        "case": "lasso-wide",
        "family": "grid",
        "title": "lasso",
        "label": "0.2",
        "shape": [200, 5000],
        "support": 7,
        "tol": 1e-6,
        "machine": "a machine",
        "threads": 1,
        "seconds": {"sknorms": [1.0, 2.0], "celer": [0.5, 1.0], "skglm": [3.0, 6.0]},
        "gaps": {"sknorms": 5e-7, "celer": 1e-3, "skglm": 1e-6},
    }
    return common | fields


def test_a_library_that_did_not_solve_it_is_no_best_peer(load):
    report = load("linear_report")
    assert report.best_peer(result()) == (3.0, "skglm")
    row = report.table([result()]).splitlines()[-1]
    assert "| 0.50 * | 3.00 |" in row


def test_a_library_that_was_timed_once_is_compared_with_our_median(load):
    report = load("linear_report")
    once = result(seconds={"sknorms": [1.0, 2.0, 3.0], "skglm": [30.0]})
    assert report.ratio(once, "skglm") == 15.0
    assert report.ratio(once, "celer") is None


def test_aims_are_reached_or_missed(load):
    report = load("linear_report")
    lines = "\n".join(report.aims([result()]))
    assert "tol: 0.5 (aim at most 1): reached" in lines
    assert "skglm / ours: 3 (aim at least 1.5): reached" in lines
    slow = result(seconds={"sknorms": [9.0], "skglm": [3.0]})
    lines = "\n".join(report.aims([slow]))
    assert "level with celer and skglm: 0 (aim at least 0.8): MISSED" in lines


def test_the_page_has_the_marks(load):
    report, marks = load("linear_report"), load("report").between_marks
    page = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    text = marks(page, report.section([result()]), report.BEGIN, report.END)
    assert "a machine; processor time of one thread, medians of 2 rounds." in text


def test_cases_have_names_and_a_family_with_an_aim(load):
    cases, report = load("linear_cases"), load("linear_report")
    assert set(cases.FIRST) <= set(cases.CASES)
    aimed = {family for aim in report.AIMS for family in aim.families}
    families = {case.family for case in cases.CASES.values()}
    assert aimed <= families | {"first"}
