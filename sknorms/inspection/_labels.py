"""Names at the ends of lines, none of them over another."""

from typing import Any

__all__ = ["end_labels", "spread"]


def end_labels(ax: Any, labels: list[tuple[float, str, str]]) -> list[Any]:
    """Write (height, text, colour) right of the axes, apart from each other.

    Returns
    -------
    list of matplotlib Text
    """
    low, high = ax.get_ylim()
    ordered = sorted(labels)
    wanted = [(y - low) / (high - low) for y, _, _ in ordered]
    return [
        ax.annotate(
            text,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize="small",
            annotation_clip=False,
        )
        for place, (_, text, colour) in zip(
            spread(wanted, _line_height(ax)), ordered, strict=True
        )
    ]


def spread(places: list[float], apart: float) -> list[float]:
    """Move sorted places as little as is needed for them to be so far apart.

    They stay within 0 and 1 if there is room. Places that would touch form a block
    around their mean, as in the regression that keeps an order.
    """
    blocks: list[list[float]] = []
    for place in places:
        blocks.append([place])
        while len(blocks) > 1 and _start(blocks[-1], apart) < _end(blocks[-2], apart):
            last = blocks.pop()
            blocks[-1] += last
    found = []
    for block in blocks:
        start = _start(block, apart) + apart / 2
        found += [start + i * apart for i in range(len(block))]
    return _within(found, apart)


def _start(block: list[float], apart: float) -> float:
    return sum(block) / len(block) - apart * len(block) / 2


def _end(block: list[float], apart: float) -> float:
    return sum(block) / len(block) + apart * len(block) / 2


def _within(places: list[float], apart: float) -> list[float]:
    """Push places that lie beyond 0 or 1 back, and those that they meet."""
    for i, place in enumerate(places):
        floor = places[i - 1] + apart if i else 0.0
        places[i] = max(place, floor)
    for i in reversed(range(len(places))):
        last = i + 1 == len(places)
        ceiling = 1.0 if last else places[i + 1] - apart
        places[i] = min(places[i], ceiling)
    return places


def _line_height(ax: Any) -> float:
    """Return the height of a line of small text as a part of the axes'."""
    from matplotlib.font_manager import FontProperties

    points = FontProperties(size="small").get_size_in_points() * 1.25
    inches = ax.get_figure().get_size_inches()[1] * ax.get_position().height
    return float(points / 72.0 / inches)
