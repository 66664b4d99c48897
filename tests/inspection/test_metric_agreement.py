"""The picture of agreement: cells and numbers are the measured overlaps."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from sknorms.audit import check_metric, metric_agreement
from sknorms.inspection import MetricAgreementDisplay
from sknorms.metrics import get_metric
from sknorms.neighbors import NearestNeighbors, Retriever
from sknorms.preprocessing import Normalizer

X, Y = load_digits(return_X_y=True)
X, Y = X[:300], Y[:300]
HALF = get_metric("minkowski", p=0.5)


def names(display):
    across = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert across == [label.get_text() for label in display.ax_.get_yticklabels()]
    return across


def test_cells_are_the_measured_overlaps():
    metrics = ["euclidean", "dot", "chebyshev"]
    display = MetricAgreementDisplay.from_data(X, metrics, n_neighbors=5)
    found = metric_agreement(X, metrics, n_neighbors=5)
    np.testing.assert_array_equal(display.im_.get_array(), found.overlap)
    assert display.im_.get_clim() == (0.0, 1.0)
    for i, j in np.ndindex(3, 3):
        assert display.text_[i, j].get_text() == f"{found.overlap[i, j]:.2f}"
        assert display.text_[i, j].get_position() == (j, i)
    assert names(display) == metrics
    assert "5 neighbours" in display.colorbar_.ax.get_ylabel()
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("metric", "metric")


def test_intervals_are_below_the_numbers():
    display = MetricAgreementDisplay.from_data(X)
    display.plot(include_intervals=True, values_format=".3f")
    overlap, low, high = display.agreement.between("euclidean", "dot")
    told = display.text_[0, 1].get_text()
    assert told == f"{overlap:.3f}\n{low:.3f}\N{EN DASH}{high:.3f}"
    assert display.text_[0, 0].get_text() == "1.000"


@pytest.mark.parametrize("n_metrics", [2, 8])
def test_numbers_fit_their_cells(n_metrics):
    metrics = {
        f"metric {i}": get_metric("minkowski", p=1 + i) for i in range(n_metrics)
    }
    display = MetricAgreementDisplay.from_data(X[:100], metrics)
    display.plot(include_intervals=True)
    display.figure_.canvas.draw()
    cell = display.ax_.get_window_extent().width / n_metrics
    widths = [text.get_window_extent().width for text in display.text_.ravel()]
    assert max(widths) < cell


def test_numbers_stand_out_from_their_cells():
    overlap = np.array([[1.0, 0.02], [0.02, 1.0]])
    display = MetricAgreementDisplay.from_data(X, ["euclidean", "dot"])
    object.__setattr__(display.agreement, "overlap", overlap)
    display.plot()
    assert display.text_[0, 0].get_color() == "black"
    assert display.text_[0, 1].get_color() == "white"


def test_look_is_passed_on(pyplot):
    ax = pyplot.subplots()[1]
    display = MetricAgreementDisplay.from_data(
        X,
        ax=ax,
        cmap="gray",
        colorbar=False,
        im_kw={"vmin": 0.5},
        text_kw={"color": "red", "fontsize": 5},
    )
    assert display.ax_ is ax
    assert display.figure_.axes == [ax]
    assert display.colorbar_ is None
    assert display.im_.get_clim() == (0.5, 1.0)
    assert display.im_.get_cmap().name == "gray"
    text = display.text_[0, 1]
    assert (text.get_color(), text.get_fontsize()) == ("red", 5)
    assert display.plot(include_values=False) is display
    assert display.text_ is None
    assert not display.ax_.texts


def test_names_tell_parameters_or_are_given():
    display = MetricAgreementDisplay.from_data(X, ["euclidean", HALF])
    assert names(display) == ["euclidean", "minkowski (p=0.5)"]
    display = MetricAgreementDisplay.from_data(X, {"l2": "euclidean", "half": HALF})
    assert names(display) == ["l2", "half"]
    display = MetricAgreementDisplay(agreement=display.agreement)
    assert names(display.plot()) == ["euclidean", "minkowski"]


@pytest.mark.parametrize("kind", [NearestNeighbors, KNeighborsClassifier, Retriever])
def test_estimators_metric_comes_first(kind):
    model = kind(metric="manhattan").fit(X, Y)
    display = MetricAgreementDisplay.from_estimator(model, X)
    assert names(display) == ["manhattan", "euclidean", "dot", "cosine"]
    model = kind(metric="cosine").fit(X, Y)
    display = MetricAgreementDisplay.from_estimator(model, X)
    assert names(display) == ["cosine", "euclidean", "dot"]


def test_pipeline_is_compared_on_what_its_last_step_sees():
    model = make_pipeline(Normalizer(), NearestNeighbors()).fit(X)
    display = MetricAgreementDisplay.from_estimator(model, X)
    assert display.agreement.overlap.min() == 1.0


def test_audit_is_drawn_as_it_was_measured():
    audit = check_metric(X)
    display = MetricAgreementDisplay.from_audit(audit, colorbar=False)
    assert display.agreement is audit.statistics.agreement
    assert names(display) == list(audit.statistics.agreement.metrics)


def test_audit_without_neighbours_is_refused():
    audit = check_metric(X[:2])
    with pytest.raises(ValueError, match=r"at least three usable rows; got 2"):
        MetricAgreementDisplay.from_audit(audit)


@pytest.mark.parametrize("metrics", ["euclidean", ["dot"], {"one": "dot"}])
def test_one_metric_agrees_with_itself(metrics):
    with pytest.raises(ValueError, match=r"metrics must name at least two .* got \w+"):
        MetricAgreementDisplay.from_data(X, metrics)


def test_metrics_that_are_the_same_are_refused():
    with pytest.raises(ValueError, match=r"differ .*got euclidean, euclidean.*dict"):
        MetricAgreementDisplay.from_data(X, ["euclidean", "l2"])


def test_no_metrics_are_refused():
    with pytest.raises(ValueError, match=r"metrics must hold at least one .* got \[\]"):
        MetricAgreementDisplay.from_data(X, [])


def test_unknown_metric_is_refused():
    with pytest.raises(ValueError, match=r"'euclidian'.*'euclidean'"):
        MetricAgreementDisplay.from_data(X, ["euclidian", "dot"])


def test_every_metric_needs_a_name():
    agreement = metric_agreement(X)
    display = MetricAgreementDisplay(agreement=agreement, names=["a", "b"])
    with pytest.raises(ValueError, match=r"names must .*got 2 for 3 metrics"):
        display.plot()


def test_estimator_without_metric_is_refused():
    model = Normalizer().fit(X)
    with pytest.raises(ValueError, match=r"got Normalizer\(\).*from_data"):
        MetricAgreementDisplay.from_estimator(model, X)
