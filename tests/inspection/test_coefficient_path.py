"""The picture of a path: what is drawn is what was fitted, on scales that say so."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn import linear_model as peers
from sklearn.datasets import load_diabetes, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknorms.inspection import CoefficientPathDisplay
from sknorms.linear_model import (
    ElasticNet,
    ElasticNetCV,
    Lasso,
    LassoCV,
    lasso_path,
)

X, Y = load_diabetes(return_X_y=True)
ALPHAS = np.array([2.0, 0.5, 0.1, 0.01])
COEFS = np.array([[0.0, 1.0, 2.0, 3.0], [0.0, 0.0, -1.0, -4.0], [0.0, 0.0, 0.0, 0.0]])


def drawn(display):
    """Return {feature: heights of its line}."""
    lines = zip(display.features_, display.lines_, strict=True)
    return {int(feature): line.get_ydata() for feature, line in lines}


def texts(display):
    return [label.get_text() for label in display.labels_]


def test_lines_are_the_coefficients_that_are_used(pyplot):
    display = CoefficientPathDisplay(alphas=ALPHAS, coefs=COEFS)
    assert display.plot() is display
    found = drawn(display)
    assert sorted(found) == [0, 1]
    for feature, heights in found.items():
        np.testing.assert_array_equal(heights, COEFS[feature])
        np.testing.assert_array_equal(display.lines_[0].get_xdata(), ALPHAS)
    assert display.figure_ is display.ax_.get_figure()
    assert pyplot.get_fignums() == [display.figure_.number]


def test_strength_falls_to_the_right_whatever_its_order():
    forward = CoefficientPathDisplay(alphas=ALPHAS, coefs=COEFS).plot()
    backward = CoefficientPathDisplay(alphas=ALPHAS[::-1], coefs=COEFS[:, ::-1]).plot()
    for display in (forward, backward):
        assert display.ax_.get_xscale() == "log"
        assert display.ax_.get_xlim() == (2.0, 0.01)
        np.testing.assert_array_equal(drawn(display)[0], COEFS[0])


def test_the_largest_at_the_end_have_names():
    display = CoefficientPathDisplay(
        alphas=ALPHAS, coefs=COEFS, feature_names=["age", "bmi", "sex"]
    )
    assert texts(display.plot(n_labels=1)) == ["bmi"]
    assert texts(display.plot()) == ["bmi", "age"]  # from below
    assert texts(display.plot(n_labels=0)) == []


def test_names_do_not_touch():
    coefs = np.linspace(1.0, 1.001, 6)[:, None] * np.array([0.0, 1.0])
    coefs = np.vstack([coefs, [[0.0, -5.0]]])
    display = CoefficientPathDisplay(alphas=[1.0, 0.1], coefs=coefs).plot(n_labels=7)
    display.figure_.canvas.draw()
    boxes = [label.get_window_extent() for label in display.labels_]
    for below, above in itertools.pairwise(boxes):
        assert above.y0 >= below.y1 - 1.0


def test_used_coefficients_are_counted_at_the_top():
    display = CoefficientPathDisplay(alphas=ALPHAS, coefs=COEFS).plot()
    labels = [label.get_text() for label in display.count_ax_.get_xticklabels()]
    assert labels == ["0", "1", "2", "2"]


def test_axes_and_line_properties_are_those_given(pyplot):
    ax = pyplot.subplots()[1]
    display = CoefficientPathDisplay(alphas=ALPHAS, coefs=COEFS)
    display.plot(ax, linestyle=":")
    assert display.ax_ is ax
    assert {line.get_linestyle() for line in display.lines_} == {":"}
    assert pyplot.get_fignums() == [ax.get_figure().number]


def test_a_path_of_one_strength_is_drawn():
    display = CoefficientPathDisplay(alphas=[0.1], coefs=COEFS[:, -1:]).plot()
    assert len(display.lines_) == 2


def test_path_of_the_package_is_drawn_as_it_is():
    alphas, coefs, _ = lasso_path(X, Y - Y.mean(), alphas=20)
    display = CoefficientPathDisplay(alphas=alphas, coefs=coefs).plot()
    for feature, heights in drawn(display).items():
        np.testing.assert_array_equal(heights, coefs[feature])
    assert display.chosen_line_ is None


@pytest.mark.parametrize(
    "model",
    [
        LassoCV(cv=3, alphas=15),
        ElasticNetCV(cv=3, alphas=15, l1_ratio=[0.5, 0.9]),
        peers.LassoCV(cv=3, alphas=15),
    ],
    ids=lambda model: type(model).__module__.split(".")[0] + type(model).__name__,
)
def test_cross_validated_model_shows_what_it_tried_and_chose(model):
    model.fit(X, Y)
    before = model.coef_.copy()
    display = CoefficientPathDisplay.from_estimator(model, X, Y)
    assert display.chosen_alpha == model.alpha_
    np.testing.assert_array_equal(display.chosen_line_.get_xdata(), [model.alpha_] * 2)
    assert model.alpha_ in display.alphas
    assert len(display.alphas) == 15
    at = int(np.flatnonzero(display.alphas == model.alpha_)[0])
    np.testing.assert_allclose(display.coefs[:, at], before, rtol=0.05, atol=2.0)
    np.testing.assert_array_equal(model.coef_, before)


@pytest.mark.parametrize("alpha", [0.01, 100.0])
def test_path_begins_where_coefficients_do(alpha):
    model = Lasso(alpha).fit(X, Y)
    display = CoefficientPathDisplay.from_estimator(model, X, Y, alphas=12)
    largest = np.abs(X.T @ (Y - Y.mean())).max() / len(Y)
    assert largest <= display.alphas[0] <= 1.05 * largest
    assert not display.coefs[:, 0].any()
    assert display.coefs[:, 1].any()
    assert display.alphas[-1] <= alpha / 5
    assert len(display.alphas) == 12


def test_columns_of_the_path_are_fits_of_the_estimator():
    model = ElasticNet(0.1, l1_ratio=0.8, tol=1e-8).fit(X, Y)
    display = CoefficientPathDisplay.from_estimator(model, X, Y, alphas=[0.3, 0.05])
    for alpha, coef in zip(display.alphas, display.coefs.T, strict=True):
        again = ElasticNet(alpha, l1_ratio=0.8, tol=1e-10).fit(X, Y)
        np.testing.assert_allclose(coef, again.coef_, rtol=1e-3, atol=1e-3)
    assert model.get_params()["warm_start"] is False


def test_inverse_strengths_are_drawn_as_strengths():
    rows, labels = load_wine(return_X_y=True)
    rows = StandardScaler().fit_transform(rows)
    model = peers.LogisticRegression(C=0.5, l1_ratio=1, solver="saga", max_iter=10_000)
    model.fit(rows, labels)
    display = CoefficientPathDisplay.from_estimator(
        model, rows, labels, alphas=[2.0, 20.0], target=1
    )
    assert display.ax_.get_xlabel() == "1 / C"
    assert display.chosen_alpha == 2.0
    np.testing.assert_allclose(display.coefs[:, 1], model.coef_[1], atol=0.01)


def test_weights_and_sparse_rows_are_fitted():
    weight = np.arange(len(Y), dtype=float)
    table = sparse.csr_array(X)
    model = Lasso(0.1).fit(table, Y, weight)
    display = CoefficientPathDisplay.from_estimator(
        model, table, Y, sample_weight=weight, alphas=[0.1]
    )
    np.testing.assert_allclose(display.coefs[:, 0], model.coef_, atol=2.0)


def test_pipeline_is_asked_for_its_rows_and_its_names():
    frame, target = load_diabetes(return_X_y=True, as_frame=True)
    scaler = StandardScaler().set_output(transform="pandas")
    model = make_pipeline(scaler, Lasso(1.0)).fit(frame, target)
    display = CoefficientPathDisplay.from_estimator(
        model, frame, target, alphas=[1.0], n_labels=2
    )
    np.testing.assert_allclose(display.coefs[:, 0], model[-1].coef_, atol=0.5)
    assert set(texts(display)) == {"bmi", "s5"}


def test_several_targets_need_to_be_told_apart():
    targets = np.column_stack([Y, X[:, 0]])
    model = Lasso(0.1).fit(X, targets)
    display = CoefficientPathDisplay.from_estimator(
        model, X, targets, alphas=[0.1], target=0
    )
    np.testing.assert_allclose(display.coefs[:, 0], model.coef_[0], atol=1.0)
    for target in (None, 2, -1):
        with pytest.raises(ValueError, match=rf"target must .* got {target}"):
            CoefficientPathDisplay.from_estimator(
                model, X, targets, alphas=[0.1], target=target
            )


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"coefs": COEFS[:, :3]}, r"coefs must have shape .*\(3, 3\)"),
        ({"coefs": COEFS[None]}, r"coefs must have shape .*\(1, 3, 4\)"),
        ({"alphas": [2.0, 1.0, 0.5, 0.0]}, r"alphas must be above 0.*got 0"),
        ({"feature_names": ["a"]}, "feature_names must .* got 1 for 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused(fields, message):
    given = {"alphas": ALPHAS, "coefs": COEFS, **fields}
    with pytest.raises(ValueError, match=message):
        CoefficientPathDisplay(**given).plot()


@pytest.mark.parametrize("n_labels", [-1, 1.5])
def test_number_of_names_is_checked(n_labels):
    display = CoefficientPathDisplay(alphas=ALPHAS, coefs=COEFS)
    with pytest.raises(ValueError, match=f"n_labels.*{n_labels}"):
        display.plot(n_labels=n_labels)


def test_estimator_without_a_strength_is_refused():
    for model in (peers.LinearRegression(), peers.Lars()):
        with pytest.raises(ValueError, match="estimator must have a strength"):
            CoefficientPathDisplay.from_estimator(model.fit(X, Y), X, Y)
    model = peers.RidgeCV().fit(X, Y)
    with pytest.raises(ValueError, match="estimator must have a strength"):
        CoefficientPathDisplay.from_estimator(model, X, Y)
    model = peers.LassoLarsCV(cv=3).fit(X, Y)
    with pytest.raises(ValueError, match="must be a cross-validated model of sknorms"):
        CoefficientPathDisplay.from_estimator(model, X, Y)


def test_estimator_must_be_fitted():
    with pytest.raises(NotFittedError):
        CoefficientPathDisplay.from_estimator(Lasso(), X, Y)


def test_a_penalty_without_exact_zeros_has_a_path_too():
    model = peers.Ridge(1.0).fit(X, Y)
    display = CoefficientPathDisplay.from_estimator(model, X, Y, alphas=5)
    assert display.alphas[0] == pytest.approx(100.0)
    assert len(display.lines_) == 10


def test_without_matplotlib_the_error_says_what_to_install():
    script = (
        "import sys\n"
        "sys.modules['matplotlib'] = None\n"
        "from sknorms.inspection import CoefficientPathDisplay\n"
        "try:\n"
        "    CoefficientPathDisplay(alphas=[1.0], coefs=[[1.0]]).plot()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "sknorms[plot]" in run.stdout
