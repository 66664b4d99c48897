"""What all pictures share: where they are drawn, their colours, their frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "BLUE",
    "COLOURS",
    "GREY",
    "ORANGE",
    "axes_to_draw_on",
    "detached_axes",
    "free_colour",
    "has_line",
    "legend",
    "legend_above",
    "tidy",
]

# Okabe and Ito's colours without yellow and black: told apart without colour vision,
# and on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#9a9a9a"

# Of legends: points that a letter takes, and letters that a line before a name takes.
_LETTER_WIDTH, _KEY_WIDTH = 5.2, 7


def axes_to_draw_on(ax: Any) -> Any:
    """Return axes: those that are given, or those of a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    with _needing_matplotlib():
        from matplotlib import pyplot
    if ax is not None:
        return ax
    return pyplot.subplots(layout="constrained")[1]


def detached_axes(size: tuple[float, float]) -> Any:
    """Return axes of a figure that pyplot does not know of: to save, not to show.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    with _needing_matplotlib():
        from matplotlib.figure import Figure
    return Figure(figsize=size, layout="constrained").subplots()


@contextmanager
def _needing_matplotlib() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which is not installed: "
            "python -m pip install 'sknorms[plot]'."
        ) from error


def free_colour(ax: Any) -> str:
    """Return the first colour that no line on the axes has, for pictures laid over."""
    from matplotlib.colors import to_hex

    used = {to_hex(line.get_color()) for line in ax.get_lines()}
    free = [colour for colour in COLOURS if colour not in used]
    return free[0] if free else COLOURS[len(used) % len(COLOURS)]


def has_line(ax: Any, label: str) -> bool:
    """Whether a line with this label is on the axes, put there by an earlier plot."""
    return any(line.get_label() == label for line in ax.get_lines())


def legend(ax: Any) -> Any:
    """Draw the legend, its words readable over lines that no place is free of."""
    return ax.legend(
        fontsize="small", facecolor="white", edgecolor="none", framealpha=0.85
    )


def legend_above(ax: Any, most_columns: int) -> Any:
    """Draw the legend above the axes, where what fills them leaves no place.

    It has as many columns as are about as wide as the axes.
    """
    names = ax.get_legend_handles_labels()[1]
    letters = max(map(len, names)) + _KEY_WIDTH
    points = 72.0 * ax.get_figure().get_size_inches()[0] * ax.get_position().width
    columns = int(points / (_LETTER_WIDTH * letters))
    return ax.legend(
        frameon=False,
        fontsize="small",
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=max(1, min(columns, most_columns, len(names))),
    )


def tidy(ax: Any) -> None:
    """Take away the two sides of the frame that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)
