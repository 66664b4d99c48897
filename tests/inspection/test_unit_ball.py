"""The picture of unit balls: all points have norm 1, all around the origin."""

import numpy as np
import pytest

from sknorms.inspection import UnitBallDisplay
from sknorms.norms import L1, L2, GroupNorm, LInf, Lp, get_norm

WEIGHTED = GroupNorm([0, 1], weights=[1.0, 2.0])
NORMS = [
    L1(),
    L2(),
    LInf(),
    Lp(0.5),
    Lp(3),
    WEIGHTED,
    WEIGHTED.dual(),
    GroupNorm([0, 0]),
]


@pytest.mark.parametrize("norm", NORMS, ids=repr)
def test_points_have_norm_one(norm):
    display = UnitBallDisplay.from_norms(norm)
    (points,) = display.boundaries
    np.testing.assert_allclose(norm.rows(points), 1.0, rtol=1e-14)
    np.testing.assert_array_equal(display.lines_[0].get_xydata(), points)
    np.testing.assert_array_equal(points[0], points[-1])
    angles = np.unwrap(np.arctan2(*points.T[::-1]))
    assert (np.diff(angles) > 0).all()
    assert angles[-1] - angles[0] == pytest.approx(2 * np.pi)


@pytest.mark.parametrize(
    ("norm", "corner"),
    [("l1", [1, 0]), ("linf", [1, 1]), ("linf", [-1, 1]), (0.5, [0, -1])],
)
def test_corners_are_among_the_points(norm, corner):
    (points,) = UnitBallDisplay.from_norms(norm).boundaries
    assert (points == corner).all(axis=1).any()


def test_ball_is_the_same_in_every_quarter():
    (points,) = UnitBallDisplay.from_norms(3).boundaries
    assert {*map(tuple, -points)} == {*map(tuple, points)}
    assert {*map(tuple, np.abs(points))} == {
        p for p in map(tuple, points) if min(p) >= 0
    }


def test_default_picture():
    display = UnitBallDisplay.from_norms()
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["l1", "l2", "linf"]
    assert display.ax_.get_aspect() == 1.0
    assert display.ax_.get_xlabel() == "first coordinate"
    assert display.ax_.get_ylabel() == "second coordinate"
    looks = {(line.get_color(), line.get_linestyle()) for line in display.lines_}
    assert len(looks) == 3
    assert len({style for _, style in looks}) == 3


def test_names_are_those_of_the_norms_or_given():
    display = UnitBallDisplay.from_norms(["l2", 3, Lp(0.5), L1(), GroupNorm([0, 0])])
    names = [line.get_label() for line in display.lines_]
    assert names[:4] == ["l2", "p = 3", "p = 0.5", "L1"]
    assert names[4].startswith("GroupNorm(groups=(0, 0)")
    display = UnitBallDisplay.from_norms({"mine": "l1"})
    assert [line.get_label() for line in display.lines_] == ["mine"]


@pytest.mark.parametrize("name", ["x", "a very long name of a norm, longer than axes"])
def test_legend_is_within_the_picture(name):
    norms = {f"{name} {p}": p for p in (1, 2, 3, 4)}
    display = UnitBallDisplay.from_norms(norms)
    display.figure_.canvas.draw()
    box = display.ax_.get_legend().get_window_extent()
    whole = display.figure_.bbox
    assert box.x0 >= whole.x0
    assert box.x1 <= whole.x1
    assert box.y1 <= whole.y1
    assert box.y0 >= display.ax_.get_window_extent().y1


def test_one_measurement_is_drawn_often(pyplot):
    ax = pyplot.subplots()[1]
    display = UnitBallDisplay.from_norms(["l1"], ax=ax, linewidth=5, color="black")
    assert display.ax_ is ax
    assert display.lines_[0].get_linewidth() == 5
    assert display.lines_[0].get_color() == "black"
    assert display.plot() is display
    assert display.ax_ is not ax
    assert display.figure_ is display.ax_.get_figure()


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        ([], r"norms must hold at least one norm; got \[\]"),
        (["l3"], r"norm must be one of .*got 'l3'"),
        (-1, r"norm must .* got -1"),
        (["nuclear"], r"norm of vectors.*'?[Nn]uclear"),
        ([GroupNorm([0, 1, 2])], r"3 features.*got 2"),
    ],
)
def test_what_has_no_ball_in_the_plane_is_refused(norms, message):
    with pytest.raises(ValueError, match=message):
        UnitBallDisplay.from_norms(norms)


def test_balls_must_be_in_the_plane():
    display = UnitBallDisplay(boundaries=[np.ones((4, 3))], names=["cube"])
    with pytest.raises(ValueError, match=r"shape \(n_points, 2\); got .*\(4, 3\)"):
        display.plot()


def test_every_ball_needs_a_name():
    display = UnitBallDisplay(boundaries=[np.ones((4, 2))], names=[])
    with pytest.raises(ValueError, match=r"got 0 for 1 balls"):
        display.plot()


def test_records_and_names_have_one_ball():
    balls = UnitBallDisplay.from_norms(["l2", get_norm(2)]).boundaries
    np.testing.assert_array_equal(*balls)
