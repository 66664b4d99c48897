"""Text for a terminal: tables that fit its width, and nothing that controls it."""

import textwrap
from collections.abc import Iterable, Sequence

__all__ = ["one_line", "table", "visible"]

_GAP = "  "
# A last column that is narrower than this is not wrapped to fit.
_LEAST_WIDTH = 20


def visible(text: str) -> str:
    """Return text with what does not print, escape sequences among it, written out."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Return text as one line that can be shown."""
    return visible(" ".join(text.split()))


def table(
    header: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None
) -> str:
    """Return rows in columns.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    rows : iterable of sequences of str
        Entries; those of the last column may have several lines.
    width : int or None, default=None
        Within how many characters the first line of the last column is wrapped; None is
        not at all. Further ones, such as code, stay whole.
    """
    shown = [[*map(visible, row[:-1]), row[-1]] for row in rows]
    sizes = [max(map(len, column)) for column in zip(header, *shown, strict=True)][:-1]
    room = None
    if width is not None:
        taken = sum(sizes) + len(_GAP) * len(sizes)
        room = max(_LEAST_WIDTH, width - taken)
    lines = [*_lines(header, sizes, room)]
    rule = [*("-" * size for size in sizes), "-" * len(header[-1])]
    lines += _lines(rule, sizes, room)
    for row in shown:
        lines += _lines(row, sizes, room)
    return "\n".join(line.rstrip() for line in lines)


def _lines(row: Sequence[str], sizes: Sequence[int], room: int | None) -> list[str]:
    """Return one row, its last entry on as many lines as it takes."""
    start = "".join(
        entry.ljust(size) + _GAP for entry, size in zip(row, sizes, strict=False)
    )
    text, *whole = row[-1].split("\n")
    first, *others = [*_wrapped(text, room), *map(visible, whole)]
    return [start + first, *(" " * len(start) + line for line in others)]


def _wrapped(text: str, room: int | None) -> list[str]:
    if room is None:
        return [visible(text)]
    return textwrap.wrap(visible(text), room, break_on_hyphens=False) or [""]
