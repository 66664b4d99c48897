"""The picture of lengths: what is drawn is what the audit measures."""

import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sknorms.audit import check_metric, norm_statistics
from sknorms.inspection import NormDistributionDisplay
from sknorms.preprocessing import Normalizer

X, Y = load_digits(return_X_y=True)


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def heights(display):
    """Return the edges of the bars and their heights."""
    points = display.distribution_.get_xy()
    edges = np.unique(points[:, 0])
    n_bars = len(edges) - 1
    # Up the first bar, then along the top: two points a bar.
    return edges, points[1 : 2 * n_bars : 2, 1]


@pytest.mark.parametrize("rows", [X, sparse.csr_array(X), X.astype(np.float32)])
def test_bars_hold_shares_of_the_measured_norms(rows):
    display = NormDistributionDisplay.from_data(rows)
    found = norm_statistics(rows)
    edges, shares = heights(display)
    counts, _ = np.histogram(found.norms, edges)
    np.testing.assert_allclose(shares, counts / len(found.norms), atol=1e-12)
    assert counts.sum() == len(found.norms)
    assert display.mean_line_.get_xdata()[0] == found.mean
    assert display.ax_.get_xlabel() == "Euclidean norm of a row"
    assert display.ax_.get_ylabel() == "share of rows"
    assert display.figure_ is display.ax_.get_figure()


def test_cumulative_shares_are_those_of_the_norms():
    display = NormDistributionDisplay.from_data(X, kind="ecdf", color="black")
    x, y = display.distribution_.get_data()
    norms = np.sort(display.statistics.norms)
    np.testing.assert_array_equal(x[1:], norms)
    np.testing.assert_allclose(y[1:], np.arange(1, len(norms) + 1) / len(norms))
    assert display.distribution_.get_color() == "black"
    assert display.mean_line_.get_color() == "black"


def test_legend_says_the_statistics():
    Z = np.vstack([X[:50], X[:3], np.zeros((2, 64)), np.full((1, 64), np.nan)])
    display = NormDistributionDisplay.from_data(Z, name="digits")
    found = display.statistics
    rows, mean, unit = legend(display)
    assert rows == "digits (2 zero, 4 repeated, 1 not finite)"
    assert mean == f"mean {found.mean:.3g} (CV {found.cv:.2f})"
    assert unit == "unit length (0% of rows)"


def test_unit_length_is_marked():
    display = NormDistributionDisplay.from_estimator(Normalizer().fit(X), X)
    assert list(display.unit_line_.get_xdata()) == [1.0, 1.0]
    assert legend(display) == [
        "Normalizer",
        "mean 1 (CV 0.00)",
        "unit length (100% of rows)",
    ]
    # Rounding does not look like a spread.
    edges, shares = heights(display)
    assert sorted(shares)[-2:] == [0.0, pytest.approx(1.0)]
    assert edges[-1] - edges[0] > 0.01


def test_unit_length_does_not_squash_what_is_far_from_it():
    display = NormDistributionDisplay.from_data(X + 1e4)
    assert len(display.unit_line_.get_xdata()) == 0
    assert display.ax_.get_xlim()[0] > 1e4
    assert legend(display)[2].endswith("far off")


def test_pipeline_shows_what_its_last_step_sees():
    model = make_pipeline(Normalizer(), LogisticRegression()).fit(X, Y)
    display = NormDistributionDisplay.from_estimator(model, X)
    assert display.statistics.unit_share == 1.0
    assert legend(display)[0] == "Pipeline"


def test_audit_is_drawn_as_it_was_measured():
    audit = check_metric(X)
    display = NormDistributionDisplay.from_audit(audit, kind="ecdf", name="audited")
    assert display.statistics is audit.statistics.norms
    assert legend(display)[0] == "audited"


def test_one_measurement_is_drawn_often(pyplot):
    ax = pyplot.subplots()[1]
    display = NormDistributionDisplay.from_data(X, ax=ax, name="raw", bins=7)
    assert display.ax_ is ax
    assert len(heights(display)[0]) == 8
    first = display.mean_line_.get_color()
    again = display.plot(ax, name="again")
    assert again is display
    assert display.mean_line_.get_color() != first
    assert legend(display)[::3] == ["raw", "again"]
    assert display.plot().ax_ is not ax


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, 2)),
        np.ones((1, 1)),
        load_wine().data * 1e300,
        np.full((4, 3), 1.7e308),
        np.full((4, 3), 5e-324),
    ],
    ids=["zero", "one", "huge", "beyond float64", "tiny"],
)
@pytest.mark.parametrize("kind", ["histogram", "ecdf"])
def test_any_lengths_can_be_drawn(rows, kind):
    display = NormDistributionDisplay.from_data(rows, kind=kind)
    assert np.isfinite(display.statistics.mean)
    display.figure_.canvas.draw()


def test_same_sample_same_picture():
    pair = [NormDistributionDisplay.from_data(X, sample=100) for _ in range(2)]
    other = NormDistributionDisplay.from_data(X, sample=100, random_state=1)
    norms = [display.statistics.norms for display in (*pair, other)]
    np.testing.assert_array_equal(norms[0], norms[1])
    assert not np.array_equal(norms[0], norms[2])


def test_rows_that_are_not_finite_have_no_length():
    with pytest.raises(ValueError, match=r"statistics must .* got none of 3 rows"):
        NormDistributionDisplay.from_data(np.full((3, 2), np.nan))


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"kind must .*'ecdf'; got 'violin'"):
        NormDistributionDisplay.from_data(X, kind="violin")


def test_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        NormDistributionDisplay.from_estimator(LogisticRegression(), X)


def test_what_to_do_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install.*sknorms\[plot\]"):
        NormDistributionDisplay.from_data(X)
