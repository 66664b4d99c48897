"""The picture of concentration: lines are means of measured contrasts."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.pipeline import make_pipeline

from sknorms.audit import neighbor_pass, relative_contrast
from sknorms.inspection import DistanceConcentrationDisplay
from sknorms.metrics import get_metric
from sknorms.neighbors import NearestNeighbors
from sknorms.preprocessing import Normalizer

N = np.random.default_rng(0).normal(size=(200, 30))
DIGITS = load_digits().data[:300]


def labels(display):
    return [line.get_label() for line in display.lines_]


def test_in_all_dimensions_the_contrast_is_that_of_the_rows():
    metrics = ["euclidean", "manhattan", "cosine"]
    display = DistanceConcentrationDisplay.from_data(N, metrics, dimensions=30)
    assert display.contrasts.shape == (3, 1, 5)
    for metric, draws in zip(metrics, display.contrasts, strict=True):
        np.testing.assert_allclose(draws, relative_contrast(neighbor_pass(N, metric)))
    assert labels(display) == metrics


def test_lines_are_means_and_bands_hold_all_draws():
    display = DistanceConcentrationDisplay.from_data(N, n_repeats=4)
    (line,), (band,) = display.lines_, display.bands_
    np.testing.assert_array_equal(line.get_xdata(), display.dimensions)
    np.testing.assert_allclose(line.get_ydata(), display.contrasts[0].mean(axis=1))
    heights = band.get_paths()[0].vertices[:, 1]
    assert heights.min() == display.contrasts.min()
    assert heights.max() == display.contrasts.max()
    assert display.dimensions.tolist() == sorted({2, *display.dimensions, 30})
    assert display.ax_.get_xscale() == display.ax_.get_yscale() == "log"
    assert display.ax_.get_xlabel() == "number of columns, drawn at random"
    assert "contrast" in display.ax_.get_ylabel()
    ticks = [text.get_text() for text in display.ax_.get_xticklabels()]
    assert ticks == [str(size) for size in display.dimensions]


def test_distances_concentrate():
    display = DistanceConcentrationDisplay.from_data(N, ["euclidean", "chebyshev"])
    for line in display.lines_:
        assert (np.diff(line.get_ydata()) < 0).all()
    assert list(display.floor_line_.get_ydata()) == [1.0, 1.0]


@pytest.mark.parametrize("by", ["columns", "projections"])
def test_sparse_rows_are_measured_as_dense_ones(by):
    asked = {"by": by, "dimensions": [8, 64], "n_repeats": 2}
    dense = DistanceConcentrationDisplay.from_data(DIGITS, **asked)
    rows = sparse.csr_array(DIGITS)
    found = DistanceConcentrationDisplay.from_data(rows, **asked)
    np.testing.assert_allclose(found.contrasts, dense.contrasts, rtol=1e-10)


def test_projections_are_made_for_wide_rows():
    rows = sparse.random_array(
        (100, 5000), density=0.01, format="csr", rng=np.random.default_rng(0)
    )
    display = DistanceConcentrationDisplay.from_data(rows, by="projections")
    assert display.dimensions[-1] == 256
    assert display.ax_.get_xlabel() == "number of random projections"
    assert np.isfinite(display.contrasts).all()


def test_draws_without_rows_are_left_out():
    # Most pixels at the edge are always 0, so that no row is left.
    edge = np.zeros((50, 10))
    edge[:, 0] = np.arange(50.0)
    display = DistanceConcentrationDisplay.from_data(edge, dimensions=[1, 2, 10])
    missing = np.isnan(display.contrasts)
    assert missing[0, 0].any()
    assert not missing[0, 2].any()
    usable = [draws[~np.isnan(draws)] for draws in display.contrasts[0]]
    means = [draws.mean() for draws in usable if len(draws)]
    np.testing.assert_allclose(display.lines_[0].get_ydata(), means)


def test_same_state_same_draws():
    pair = [
        DistanceConcentrationDisplay.from_data(N, sample=50, random_state=state)
        for state in (0, 0, 1)
    ]
    np.testing.assert_array_equal(pair[0].contrasts, pair[1].contrasts)
    assert not np.array_equal(pair[0].contrasts, pair[2].contrasts)


def test_one_measurement_is_drawn_often(pyplot):
    ax = pyplot.subplots()[1]
    display = DistanceConcentrationDisplay.from_data(
        N, {"half": get_metric("minkowski", p=0.5)}, ax=ax, n_repeats=1, color="black"
    )
    assert display.ax_ is ax
    assert display.bands_ == []
    assert labels(display) == ["half"]
    assert display.lines_[0].get_color() == "black"
    assert display.plot() is display
    assert display.ax_ is not ax
    assert display.figure_ is display.ax_.get_figure()


def test_estimators_are_shown_under_their_metric():
    model = make_pipeline(Normalizer(), NearestNeighbors(metric="manhattan")).fit(N)
    display = DistanceConcentrationDisplay.from_estimator(model, N, dimensions=[30])
    expected = relative_contrast(
        neighbor_pass(Normalizer().fit_transform(N), "manhattan")
    )
    assert labels(display) == ["manhattan"]
    np.testing.assert_allclose(display.contrasts, expected)


def test_contrasts_from_elsewhere_are_drawn():
    display = DistanceConcentrationDisplay(
        dimensions=[1, 10], contrasts=[[[5.0], [np.inf]]], names=["mine"]
    ).plot()
    assert display.lines_[0].get_xdata().tolist() == [1]
    assert display.ax_.get_xlabel() == "dimensions"
    display.figure_.canvas.draw()


@pytest.mark.parametrize("metrics", ["dot", ["euclidean", "cosine_similarity"]])
def test_similarities_have_no_contrast(metrics):
    with pytest.raises(
        ValueError, match=r"must be distances.*got (dot|cosine_sim).*'cos"
    ):
        DistanceConcentrationDisplay.from_data(N, metrics)


def test_estimator_with_a_similarity_is_refused():
    model = NearestNeighbors(metric="dot").fit(N)
    with pytest.raises(ValueError, match=r"must be distances.*got dot"):
        DistanceConcentrationDisplay.from_estimator(model, N)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"dimensions": 31}, r"dimensions must be between 1 and 30; got 31"),
        ({"dimensions": [0, 5]}, r"dimensions must be between 1 and 30; got 0"),
        ({"dimensions": 2.5}, r"dimensions must be an integer; got 2.5"),
        ({"dimensions": []}, r"dimensions must hold at least one number; got \[\]"),
        ({"n_repeats": 0}, r"n_repeats must be >= 1; got 0"),
        ({"by": "rows"}, r"by must be one of 'columns', 'projections'; got 'rows'"),
        ({"metrics": "euclidian"}, r"got 'euclidian'"),
    ],
)
def test_bad_parameters_are_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        DistanceConcentrationDisplay.from_data(N, **asked)


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match=r"finite number; got none.*projections"):
        DistanceConcentrationDisplay.from_data(np.ones((5, 3)))


@pytest.mark.parametrize("shape", [(1, 2), (2, 2, 1), (1, 3, 1)])
def test_shapes_must_fit(shape):
    display = DistanceConcentrationDisplay(
        dimensions=[1, 2], contrasts=np.ones(shape), names=["one"]
    )
    with pytest.raises(ValueError, match=r"contrasts must have shape .*1 names and 2"):
        display.plot()
