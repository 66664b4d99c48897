"""The picture of a gap: the history of the fit, on a logarithmic scale."""

import numpy as np
import pytest
from sklearn import linear_model as peers
from sklearn.datasets import load_diabetes
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.inspection import DualGapDisplay
from sknorms.linear_model import Lasso, LassoCV

X, Y = load_diabetes(return_X_y=True)


@pytest.mark.parametrize("model", [Lasso(0.01, tol=1e-8), LassoCV(cv=3)], ids=repr)
def test_curve_is_the_history_of_the_fit(model):
    model.fit(X, Y)
    display = DualGapDisplay.from_estimator(model)
    (line,) = display.lines_
    gaps = model.gap_history_["relative_gap"]
    np.testing.assert_array_equal(line.get_ydata(), np.maximum(gaps, 1e-17))
    np.testing.assert_array_equal(line.get_xdata(), np.arange(1, len(gaps) + 1))
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_xlabel() == "readings of all of X"
    assert display.ax_.get_ylabel()
    assert line.get_label() == type(model).__name__
    np.testing.assert_array_equal(display.tol_line_.get_ydata(), [model.tol] * 2)
    assert display.figure_ is display.ax_.get_figure()


def test_curve_against_time():
    model = Lasso(0.01, tol=1e-8).fit(X, Y)
    display = DualGapDisplay.from_estimator(model, x="seconds")
    seconds = model.gap_history_["seconds"]
    np.testing.assert_array_equal(display.lines_[0].get_xdata(), seconds)
    assert "seconds" in display.ax_.get_xlabel()


def test_each_target_has_a_curve_of_its_colour():
    model = Lasso(0.1).fit(X, np.column_stack([Y, X[:, 0]]))
    display = DualGapDisplay.from_estimator(model, name="both")
    labels = [line.get_label() for line in display.lines_]
    assert labels == ["both, target 0", "both, target 1"]
    assert len({line.get_color() for line in display.lines_}) == 2


def test_curves_of_several_models_share_axes(pyplot):
    ax = pyplot.subplots()[1]
    for tol in (1e-3, 1e-8):
        model = Lasso(0.01, tol=tol).fit(X, Y)
        display = DualGapDisplay.from_estimator(model, ax=ax, name=f"{tol}", marker="s")
        assert display.ax_ is ax
        assert display.lines_[0].get_marker() == "s"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["0.001", "1e-08"]


def test_pipeline_shows_its_last_step():
    model = make_pipeline(StandardScaler(), Lasso(0.1)).fit(X, Y)
    display = DualGapDisplay.from_estimator(model)
    assert display.estimator_name == "Lasso"


def test_gaps_from_elsewhere_are_drawn_without_tolerance_and_name():
    display = DualGapDisplay(relative_gaps=[1.0, 1e-3, 0.0])
    assert display.plot() is display
    assert display.tol_line_ is None
    assert display.ax_.get_legend() is None
    assert display.lines_[0].get_ydata().tolist() == [1.0, 1e-3, 1e-17]


def test_time_that_is_not_known_is_refused():
    display = DualGapDisplay(relative_gaps=[1.0, 0.1])
    with pytest.raises(ValueError, match=r"x='seconds'.*got seconds=None.*passes"):
        display.plot(x="seconds")


def test_unknown_scale_is_refused():
    display = DualGapDisplay(relative_gaps=[1.0, 0.1])
    with pytest.raises(ValueError, match=r"x must .*'hours'"):
        display.plot(x="hours")


def test_estimator_without_gaps_is_refused():
    model = peers.Lasso().fit(X, Y)
    with pytest.raises(ValueError, match=r"gap_history_; got Lasso\(\)"):
        DualGapDisplay.from_estimator(model)


def test_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        DualGapDisplay.from_estimator(Lasso())
