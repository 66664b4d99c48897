"""What all pictures share: where they are drawn, their colours, their frames."""

from typing import Any

__all__ = ["BLUE", "COLOURS", "GREY", "ORANGE", "axes_to_draw_on", "tidy"]

# Okabe and Ito's colours without yellow and black: told apart without colour vision,
# and on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#9a9a9a"


def axes_to_draw_on(ax: Any) -> Any:
    """Return axes: those that are given, or those of a new figure.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "Drawing needs matplotlib, which is not installed: "
            "python -m pip install 'sknorms[plot]'."
        ) from error
    if ax is not None:
        return ax
    return pyplot.subplots(layout="constrained")[1]


def tidy(ax: Any) -> None:
    """Take away the two sides of the frame that carry no scale."""
    ax.spines[["top", "right"]].set_visible(False)
