"""The picture of a run: what is drawn is what was recorded, and the verdict is read."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.inspection import GradientNormDisplay
from sknorms.linear_model import (
    ClippedSGDClassifier,
    ClippedSGDRegressor,
    GradientMonitor,
)

X, Y = load_wine(return_X_y=True)


def watched(norms, **step):
    monitor = GradientMonitor(on_divergence="ignore")
    for norm in norms:
        monitor.record(norm, **step)
    return monitor


def lines(display):
    return {line.get_label(): line for line in display.ax_.get_lines()}


@pytest.mark.parametrize("kind", [ClippedSGDClassifier, ClippedSGDRegressor])
def test_norms_of_a_learner_are_drawn(kind):
    model = kind(random_state=0).fit(X, Y)
    display = GradientNormDisplay.from_estimator(model)
    history = model.grad_history_
    drawn = lines(display)["gradient"]
    np.testing.assert_array_equal(drawn.get_xdata(), history["step"])
    np.testing.assert_array_equal(drawn.get_ydata(), history["norm"])
    assert display.ax_.get_yscale() == "log"
    assert display.ax_.get_title(loc="left").startswith(f"{kind.__name__}: ok: ")
    assert display.figure_ is display.ax_.figure


def test_clipped_steps_are_shown_where_they_end():
    display = GradientNormDisplay.from_monitor(watched([1.0, 5.0, 3.0], max_norm=2.0))
    clipped = lines(display)["after clipping (67% of steps)"]
    assert clipped.get_xdata().tolist() == [1, 2]
    np.testing.assert_allclose(clipped.get_ydata(), 2.0)


def test_steps_that_are_not_finite_are_marked():
    display = GradientNormDisplay.from_monitor(watched([1.0, np.nan, np.inf, 1.0]))
    assert lines(display)["not finite"].get_xdata().tolist() == [1, 2]
    assert "nonfinite" in display.ax_.get_title(loc="left")


@pytest.mark.parametrize("norms", [[1.0], [0.0], [np.nan], [1.0, 0.0], [1e-300, 1e300]])
def test_any_stream_can_be_drawn(norms, pyplot):
    GradientNormDisplay.from_monitor(watched(norms)).figure_.canvas.draw()


def test_given_axes_are_drawn_on(pyplot):
    _, (left, right) = pyplot.subplots(1, 2)
    monitor = watched([1.0, 2.0])
    display = GradientNormDisplay.from_monitor(monitor, ax=right, name="mine")
    assert display.ax_ is right
    assert not left.get_lines()
    assert right.get_title(loc="left").startswith("mine: ok")
    again = display.plot(ax=left, name="other")
    assert again is display
    assert left.get_title(loc="left").startswith("other: ok")


def test_last_step_of_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), ClippedSGDClassifier(random_state=0))
    display = GradientNormDisplay.from_estimator(pipeline.fit(X, Y))
    assert "ClippedSGDClassifier" in display.ax_.get_title(loc="left")


def test_an_explosion_can_be_read():
    model = ClippedSGDRegressor(
        learning_rate="constant", clip=None, random_state=0, on_divergence="ignore"
    ).fit(X, Y)
    display = GradientNormDisplay.from_estimator(model, name="no clipping")
    display.figure_.canvas.draw()
    assert "exploding" in display.ax_.get_title(loc="left")


def test_not_fitted():
    with pytest.raises(NotFittedError):
        GradientNormDisplay.from_estimator(ClippedSGDClassifier())


def test_nothing_was_recorded():
    model = ClippedSGDClassifier(monitor=False, random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match=r"must have recorded.*monitor=True"):
        GradientNormDisplay.from_estimator(model)
    with pytest.raises(ValueError, match="must have recorded"):
        GradientNormDisplay.from_estimator(StandardScaler().fit(X))
    with pytest.raises(ValueError, match="at least one step; got none"):
        GradientNormDisplay.from_monitor(GradientMonitor())


def test_what_to_do_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install.*sknorms\[plot\]"):
        GradientNormDisplay.from_monitor(watched([1.0]))


def test_drawing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = GradientNormDisplay.from_monitor(watched([1.0, np.nan, 0.0, 2.0]))
        display.figure_.canvas.draw()


def test_matplotlib_is_not_imported_before():
    script = (
        "import sys, sknorms.inspection; print('matplotlib' in sys.modules, end='')"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert run.stdout == "False"
