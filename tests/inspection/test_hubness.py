"""The picture of hubs: points are shares of the counted lists."""

import numpy as np
import pytest
from sklearn import neighbors as peers
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sknorms.audit import check_metric, hubness, neighbor_pass
from sknorms.inspection import HubnessDisplay
from sknorms.neighbors import (
    KNeighborsClassifier,
    KNeighborsTransformer,
    LocalScaling,
    NearestNeighbors,
    Retriever,
    kneighbors_graph,
)
from sknorms.preprocessing import Normalizer

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], Y[:400]
# Normal rows in many dimensions have hubs, and rows that nobody finds.
N = np.random.default_rng(0).normal(size=(400, 100))


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.mark.parametrize("rows", [X, N], ids=["digits", "normal"])
def test_points_are_shares_of_rows_by_count(rows):
    display = HubnessDisplay.from_data(rows, n_neighbors=7)
    found = hubness(neighbor_pass(rows, n_neighbors=7))
    counts, shares = display.line_.get_data()
    assert shares.sum() == pytest.approx(1.0)
    for count, share in zip(counts, shares, strict=True):
        assert share == np.mean(found.counts == count)
    assert set(counts) == set(found.counts)
    assert display.ax_.get_yscale() == "log"
    assert "7 neighbours" in display.ax_.get_xlabel()
    assert display.ax_.get_ylabel() == "share of rows"


def test_hubs_and_anti_hubs_are_marked():
    display = HubnessDisplay.from_data(N)
    found = display.hubness
    marked = display.hubs_.get_xdata()
    assert set(marked) == set(found.counts[found.hubs])
    assert marked.min() > found.hub_limit == 50.0
    assert display.anti_hubs_.get_xdata().tolist() == [0]
    assert display.anti_hubs_.get_ydata()[0] == found.anti_hub_share
    assert list(display.limit_line_.get_xdata()) == [50.0, 50.0]
    assert legend(display) == [
        f"euclidean: skewness {found.skewness:.2f} (high)",
        f"{found.hubs.sum()} hubs: {found.hub_share:.0%} of all entries",
        f"anti-hubs: {found.anti_hub_share:.0%} of rows",
    ]


def test_without_hubs_nothing_is_marked():
    line = np.arange(1.0, 101.0)[:, np.newaxis]
    display = HubnessDisplay.from_data(line, n_neighbors=4)
    assert len(display.hubs_.get_xdata()) == 0
    assert len(display.anti_hubs_.get_xdata()) == 0
    assert display.limit_line_ is None
    display.figure_.canvas.draw()


def test_before_and_after_share_axes(pyplot):
    ax = pyplot.subplots()[1]
    before = HubnessDisplay.from_data(N, name="before", ax=ax)
    steps = KNeighborsTransformer(n_neighbors=50), LocalScaling(n_neighbors=10)
    graph = make_pipeline(*steps).fit_transform(N)
    after = HubnessDisplay.from_graph(graph, name="after", ax=ax)
    assert before.ax_ is after.ax_ is ax
    assert after.line_.get_color() != before.line_.get_color()
    assert after.hubness.skewness < before.hubness.skewness
    # The limit is the same, and drawn once.
    assert after.limit_line_ is None
    assert [text.split(":")[0] for text in legend(after)][::3] == ["before", "after"]
    assert ax.get_xlim()[1] > before.hubness.counts.max()


@pytest.mark.parametrize("exclude_self", [False, True])
def test_graph_counts_as_rows_do(exclude_self):
    graph = kneighbors_graph(N, 20, mode="distance", exclude_self=exclude_self)
    dense = HubnessDisplay.from_data(N, sample=None)
    display = HubnessDisplay.from_graph(graph, n_neighbors=10)
    np.testing.assert_array_equal(display.hubness.counts, dense.hubness.counts)
    assert display.hubness.skewness == dense.hubness.skewness


@pytest.mark.parametrize("width", [3.0, 6.4, 12.0])
def test_legend_leaves_the_points_free(pyplot, width):
    ax = pyplot.subplots(figsize=(width, 4.8), layout="constrained")[1]
    for name in ("before", "after local scaling"):
        display = HubnessDisplay.from_data(N, name=name, ax=ax)
    display.figure_.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert box.y0 >= ax.get_window_extent().y1
    assert box.y1 <= display.figure_.bbox.y1


def test_one_measurement_is_drawn_often():
    display = HubnessDisplay.from_data(X, marker="x", color="black")
    assert display.line_.get_marker() == "x"
    assert display.hubs_.get_color() == "black"
    first = display.ax_
    assert display.plot(name="again") is display
    assert display.ax_ is not first
    assert display.figure_ is display.ax_.get_figure()
    assert legend(display)[0].startswith("again: skewness")


@pytest.mark.parametrize(
    "kind",
    [NearestNeighbors, KNeighborsClassifier, Retriever, peers.KNeighborsClassifier],
    ids=lambda kind: f"{kind.__module__.split('.')[0]}-{kind.__name__}",
)
def test_estimators_are_shown_under_their_metric(kind):
    model = kind(metric="cosine").fit(X, Y)
    display = HubnessDisplay.from_estimator(model, X)
    expected = hubness(neighbor_pass(X, "cosine"))
    assert display.hubness.metric == "cosine"
    np.testing.assert_array_equal(display.hubness.counts, expected.counts)


def test_metric_that_was_chosen_is_shown():
    model = KNeighborsClassifier(metric="auto").fit(X, Y)
    display = HubnessDisplay.from_estimator(model, X)
    assert display.hubness.metric == model.metric_


def test_pipeline_of_one_step_sees_the_rows():
    model = make_pipeline(NearestNeighbors()).fit(X)
    display = HubnessDisplay.from_estimator(model, X)
    expected = hubness(neighbor_pass(X))
    np.testing.assert_array_equal(display.hubness.counts, expected.counts)


def test_pipeline_is_searched_in_what_its_last_step_sees():
    model = make_pipeline(Normalizer("l1"), NearestNeighbors()).fit(X)
    display = HubnessDisplay.from_estimator(model, X)
    expected = hubness(neighbor_pass(Normalizer("l1").fit_transform(X)))
    np.testing.assert_array_equal(display.hubness.counts, expected.counts)


def test_audit_is_drawn_as_it_was_measured():
    audit = check_metric(X, "cosine")
    known = audit.statistics.hubness
    assert HubnessDisplay.from_audit(audit).hubness is known["cosine"]
    display = HubnessDisplay.from_audit(audit, "dot", name="inner product")
    assert display.hubness is known["dot"]
    assert legend(display)[0].startswith("inner product")


def test_metric_that_was_not_audited_is_refused():
    with pytest.raises(ValueError, match=r"metric must .*euclidean.*got 'gower'"):
        HubnessDisplay.from_audit(check_metric(X), "gower")


def test_audit_without_neighbours_is_refused():
    with pytest.raises(ValueError, match=r"at least three usable rows; got 2"):
        HubnessDisplay.from_audit(check_metric(X[:2]))


def test_precomputed_distances_are_shown_as_a_graph():
    graph = kneighbors_graph(X, 20, mode="distance")
    model = NearestNeighbors(metric="precomputed").fit(graph)
    with pytest.raises(ValueError, match=r"got metric='precomputed'.*from_data"):
        HubnessDisplay.from_estimator(model, X)


def test_short_lists_are_refused():
    graph = kneighbors_graph(X, 5, mode="distance")
    with pytest.raises(ValueError, match=r"neighbors"):
        HubnessDisplay.from_graph(graph, n_neighbors=10)


def test_graph_must_be_square():
    with pytest.raises(ValueError, match=r"square"):
        HubnessDisplay.from_graph(np.ones((5, 4)), n_neighbors=2)


def test_too_few_rows_are_refused():
    with pytest.raises(ValueError, match=r"X must have at least two .*got 1"):
        HubnessDisplay.from_data(X[:1])


def test_number_of_neighbours_is_checked():
    with pytest.raises(ValueError, match=r"n_neighbors must .*got 0"):
        HubnessDisplay.from_data(X, n_neighbors=0)


def test_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        HubnessDisplay.from_estimator(NearestNeighbors(), X)
