"""What a norm calls the same length: unit balls in the plane."""

from collections.abc import Mapping
from dataclasses import fields
from numbers import Real
from typing import Any, Self

import numpy as np

from sknorms._typing import FloatArray
from sknorms.inspection._drawing import (
    COLOURS,
    GREY,
    axes_to_draw_on,
    legend_above,
    tidy,
)
from sknorms.norms import Lp, get_norm
from sknorms.preprocessing import normalize

__all__ = ["UnitBallDisplay"]

# Directions in a quarter of the circle.
_N_DIRECTIONS = 181
# Lines are told apart without colour, too.
_DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))


class UnitBallDisplay:
    """Points of the plane whose norm is 1.

    Corners on the axes are why a penalty makes coefficients zero; corners off the axes,
    why the largest coordinate alone decides. For p below 1 the ball is not convex, and
    what is measured no norm.

    Make one by `from_norms`, which draws it as well; `plot` draws it again.

    Parameters
    ----------
    boundaries : list of array-like of shape (n_points, 2)
        Points around each ball, in order.
    names : sequence of str
        What the norms are called.

    Attributes
    ----------
    ax_ : matplotlib Axes
        What was drawn on.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : list of matplotlib Line2D
        One closed line a norm.

    See Also
    --------
    sknorms.norms.get_norm : Norms by name.
    sknorms.inspection.CoefficientPathDisplay : What corners do to coefficients.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sknorms.inspection import UnitBallDisplay
    >>> display = UnitBallDisplay.from_norms(["l1", "l2", 3, "linf"])
    >>> [line.get_label() for line in display.lines_]
    ['l1', 'l2', 'p = 3', 'linf']

    Norms of groups of coordinates, with weights, under labels of one's own:

    >>> from sknorms.norms import GroupNorm
    >>> display = UnitBallDisplay.from_norms(
    ...     {
    ...         "|x| + 2|y|": GroupNorm([0, 1], weights=[1.0, 2.0]),
    ...         "max(|x|, 2|y|)": GroupNorm(
    ...             [0, 1], weights=[1.0, 2.0], outer=float("inf")
    ...         ),
    ...     }
    ... )
    >>> float(display.boundaries[0][:, 1].max())
    0.5
    """

    ax_: Any
    figure_: Any
    lines_: list[Any]

    def __init__(self, *, boundaries: Any, names: Any) -> None:
        self.boundaries = boundaries
        self.names = names

    @classmethod
    def from_norms(
        cls, norms: Any = ("l1", "l2", "linf"), *, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Find the points of norm 1 and draw them.

        Parameters
        ----------
        norms : str, float or norm record, sequence of such, or dict of label to such, \
default=("l1", "l2", "linf")
            As `sknorms.norms.get_norm` takes them: norms of vectors, and
            `sknorms.norms.GroupNorm` of two coordinates.
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        UnitBallDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no norm, or one is unknown, of matrices or of more than two
            coordinates.
        """
        named = _named_norms(norms)
        directions = _directions()
        boundaries = [normalize(directions, norm) for norm in named.values()]
        return cls(boundaries=boundaries, names=list(named)).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw the balls.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None is a new figure.
        **kwargs : dict
            For ``ax.plot``.

        Returns
        -------
        UnitBallDisplay
            The display itself.

        Raises
        ------
        ValueError
            If there is not one name for each ball, or points are not in the plane.
        """
        balls = self._checked()
        self.ax_ = axes_to_draw_on(ax)
        self.figure_ = self.ax_.get_figure()
        for line in (self.ax_.axhline, self.ax_.axvline):
            line(0.0, color=GREY, linewidth=0.8, zorder=0)
        self.lines_ = []
        for i, (name, ball) in enumerate(zip(self.names, balls, strict=True)):
            style = {"color": COLOURS[i % len(COLOURS)], "linewidth": 2.0}
            style |= {"linestyle": _DASHES[i % len(_DASHES)], "label": str(name)}
            self.lines_ += self.ax_.plot(*ball.T, **{**style, **kwargs})
        self.ax_.set(xlabel="first coordinate", ylabel="second coordinate")
        # Balls fill the axes, so their names go above. The layout makes room for them
        # there if the axes are at the top of their place.
        self.ax_.set_aspect("equal", anchor="N")
        self.ax_.locator_params(nbins=5)
        legend_above(self.ax_, most_columns=4)
        tidy(self.ax_)
        return self

    def _checked(self) -> list[FloatArray]:
        balls = [np.asarray(ball, dtype=np.float64) for ball in self.boundaries]
        for ball in balls:
            if ball.ndim != 2 or ball.shape[1] != 2:
                raise ValueError(
                    "boundaries must be arrays of shape (n_points, 2); got one of "
                    f"shape {ball.shape}."
                )
        if len(balls) != len(self.names):
            raise ValueError(
                f"names must have one name a ball; got {len(self.names)} for "
                f"{len(balls)} balls."
            )
        return balls


def _named_norms(norms: Any) -> dict[str, Any]:
    """Return norms by what the legend calls them."""
    if isinstance(norms, Mapping):
        named = {str(name): get_norm(norm) for name, norm in norms.items()}
    else:
        single = isinstance(norms, str | Real) or not hasattr(norms, "__iter__")
        each = [norms] if single else list(norms)
        named = {_label(norm): get_norm(norm) for norm in each}
    if not named:
        raise ValueError(f"norms must hold at least one norm; got {norms!r}.")
    return named


def _label(norm: Any) -> str:
    if isinstance(norm, str):
        return norm
    if isinstance(norm, Real | Lp):
        return f"p = {getattr(norm, 'p', norm):g}"
    values = {field.name: getattr(norm, field.name) for field in fields(norm)}
    told = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"{type(norm).__name__}({told})" if told else type(norm).__name__


def _directions() -> FloatArray:
    """Return points around the circle, the first one again at the end.

    They are close to each other near the axes, where balls may have cusps. Corners on
    the axes and on the diagonals are among them, and the quarters are the same but for
    signs.
    """
    t = np.linspace(0.0, 1.0, _N_DIRECTIONS)
    angles = 0.5 * np.pi * t * t * (3.0 - 2.0 * t)
    x = np.cos(angles)
    x[-1], x[_N_DIRECTIONS // 2] = 0.0, np.sqrt(0.5)
    quarter = np.column_stack([x, x[::-1]])[:-1]
    around = [quarter, _turned(quarter), -quarter, -_turned(quarter), quarter[:1]]
    return np.concatenate(around)


def _turned(points: FloatArray) -> FloatArray:
    return np.column_stack([-points[:, 1], points[:, 0]])
